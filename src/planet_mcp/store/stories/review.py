"""Stories that were joined by rules that hold no longer: looked at again, once, and taken apart.

What earlier versions joined was found by step 12 of `planet_mcp.store.db`, which leaves in
`meta` up to which story it was reviewed.
"""

import json
import logging
from time import monotonic

from planet_mcp.store.db import Connection, Engine
from planet_mcp.store.sql import ids_of, in_story
from planet_mcp.store.stories.alike import Written
from planet_mcp.store.stories.joining import join_stories

logger = logging.getLogger(__name__)

# A transaction of so many takes some tenths of a second; others may read and write between two.
STORIES_AT_ONCE = 50
_REVIEWED = "joins_reviewed"


def review_joins(database: Engine, *, seconds: float) -> None:
    """Take stories apart that have several entries of one feed, and join them by today's rules.

    After so many seconds it leaves the rest to the next start. Costs nothing when all is reviewed.
    """
    until = monotonic() + seconds
    with database.reading() as connection:
        waits = _reviewed_to(connection) is not None
    if waits:
        logger.info("Looking again at which entries of a feed are the same.")
    while waits:
        with database.writing() as connection:
            waits = _review_some(connection) and monotonic() < until


def _reviewed_to(connection: Connection) -> int | None:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_REVIEWED,)).fetchone()
    return None if row is None else int(row[0])


def _review_some(connection: Connection) -> bool:
    """Review the next stories; return whether there are more."""
    reviewed_to = _reviewed_to(connection)
    if reviewed_to is None:
        return False
    rows = connection.execute(
        f"""
        SELECT s.story_id, (
            SELECT count(*) > count(DISTINCT d.feed_id) FROM entries AS d
            WHERE {in_story("s.story_id")}
        )
        FROM (
            SELECT DISTINCT story_id FROM entries
            WHERE story_id <> id AND story_id > ? ORDER BY story_id LIMIT {STORIES_AT_ONCE}
        ) AS s
        """,
        (reviewed_to,),
    ).fetchall()
    for story, repeats_a_feed in rows:
        if repeats_a_feed:
            _join_anew(connection, story)
    if not rows:
        connection.execute("DELETE FROM meta WHERE key = ?", (_REVIEWED,))
        return False
    connection.execute("UPDATE meta SET value = ? WHERE key = ?", (str(rows[-1][0]), _REVIEWED))
    return True


def _join_anew(connection: Connection, story: int) -> None:
    """Let each entry of a story have one of its own, and find its duplicates again.

    An entry without a date may have taken that of another, which it gives back.
    """
    members = connection.execute(
        f"SELECT d.id FROM entries AS d WHERE {in_story(':story')} ORDER BY d.id", {"story": story}
    ).fetchall()
    connection.executemany(
        """
        UPDATE entries SET
            story_id = id, representative_id = id, story_title = NULL,
            ordered_at = CASE WHEN undated OR credible_date IS NOT NULL THEN ordered_at
                              ELSE coalesce(moved_from, first_seen_at) END,
            undated = credible_date IS NULL
        WHERE id = ?
        """,
        members,
    )
    ids = [entry_id for (entry_id,) in members]
    connection.execute(
        f"DELETE FROM joins WHERE entry_id IN {ids_of(':ids')} AND other_id IN {ids_of(':ids')}",
        {"ids": json.dumps(ids)},
    )
    join_stories(connection, map(Written, ids))
