"""Which entry of a story is shown: its representative, with the story's title and time."""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from planet_mcp.store.db import Connection, Row
from planet_mcp.store.sql import IN_STORIES

# The share of the fullest text that is as full: what is slightly longer has a footer more.
NEARLY_AS_FULL = 0.9
# The newest id of all entries that there ever were.
_NEWEST = "(SELECT entry_id FROM last_ids)"


def choose_representatives(connection: Connection, stories: Collection[int]) -> None:
    """Let the fullest entry represent each story, with a real title and date if any entry has one.

    The time by which a story is ordered does not change, unless its first entry came without a
    date. Of entries that are nearly as full as the fullest, the first one represents the story.
    """
    if not stories:
        return
    rows = connection.execute(
        f"""
        SELECT e.story_id, e.id, e.words, e.title_derived, e.ordered_at, c.title,
               NOT e.undated AND e.ordered_at < e.first_seen_at AS dated
        FROM entries AS e JOIN contents AS c ON c.entry_id = e.id
        WHERE e.id IN {IN_STORIES} ORDER BY e.id
        """,
        {"stories": json.dumps([*stories])},
    ).fetchall()
    entries = defaultdict[int, list[Row]](list)
    for row in rows:
        entries[row["story_id"]].append(row)
    connection.executemany(
        f"""
        UPDATE entries SET
            representative_id = :representative, story_title = :title, ordered_at = :time,
            undated = undated AND NOT :takes_date,
            moved_by = CASE WHEN ordered_at = :time THEN moved_by ELSE {_NEWEST} END,
            moved_from = CASE WHEN ordered_at = :time THEN moved_from ELSE ordered_at END
        WHERE id = :story
        """,
        [{"story": story, **_representation(own)} for story, own in entries.items()],
    )


def _representation(entries: Sequence[Row]) -> dict[str, Any]:
    """Choose representative, title and time of a story from its entries, the first one first."""
    fullest = max(each["words"] for each in entries)
    chosen = next(each for each in entries if each["words"] >= fullest * NEARLY_AS_FULL)
    titles = [each["title"] for each in entries if not each["title_derived"]]
    # Entries without a date, and those of the future, are ordered by when they were first seen.
    dates = [each["ordered_at"] for each in entries if each["dated"]]
    first = entries[0]
    takes_date = bool(dates) and not first["dated"]
    return {
        "representative": chosen["id"],
        "title": titles[0] if titles and chosen["title_derived"] else None,
        "time": min(dates) if takes_date else first["ordered_at"],
        "takes_date": takes_date,
    }
