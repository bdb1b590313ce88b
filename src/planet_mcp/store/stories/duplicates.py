"""Which other feeds have the story of an entry."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from planet_mcp.store.sql import in_story


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Another feed that has the same story, and its first entry of it."""

    entry_id: int
    feed_id: int
    feed: str


# SELECT e.id, min(d.id), d.feed_id, f.name
# FROM entries AS e
# JOIN entries AS d ON (d.id = e.story_id OR (d.story_id = e.story_id AND d.story_id <> d.id))
# JOIN feeds AS f ON f.id = d.feed_id
# WHERE e.id IN (17, 42) AND d.feed_id IS NOT e.feed_id
# GROUP BY e.id, d.feed_id ORDER BY f.name
def duplicates_elsewhere(
    connection: sqlite3.Connection, ids: Sequence[int]
) -> dict[int, tuple[Duplicate, ...]]:
    """Return the other feeds that have the stories of entries, by entry and in order of name."""
    rows = connection.execute(
        f"""
        SELECT e.id, min(d.id), d.feed_id, f.name
        FROM entries AS e
        JOIN entries AS d ON {in_story("e.story_id")}
        JOIN feeds AS f ON f.id = d.feed_id
        WHERE e.id IN (SELECT value FROM json_each(?)) AND d.feed_id IS NOT e.feed_id
        GROUP BY e.id, d.feed_id ORDER BY f.name
        """,
        (json.dumps(ids),),
    ).fetchall()
    found: dict[int, tuple[Duplicate, ...]] = {}
    for entry_id, duplicate_id, feed_id, feed in rows:
        duplicate = Duplicate(duplicate_id, feed_id, feed)
        found[entry_id] = (*found.get(entry_id, ()), duplicate)
    return found


def other_feeds(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return the names of the other feeds that have the stories of entries, each name once."""
    return {
        entry_id: tuple(dict.fromkeys(duplicate.feed for duplicate in duplicates))
        for entry_id, duplicates in duplicates_elsewhere(connection, ids).items()
    }
