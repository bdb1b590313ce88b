"""Which other feeds have the story of an entry, and why entries are one story."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from planet_mcp.store.db import Connection
from planet_mcp.store.sql import ids_of, in_story

_UNKNOWN = "joined before reasons were kept"


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Another feed that has the same story, and its first entry of it."""

    entry_id: int
    feed_id: int
    feed: str


@dataclass(frozen=True, slots=True)
class Join:
    """Two entries that are one story, each as its id, feed, title and URL, and the reason."""

    entry_id: int
    feed: str
    title: str
    url: str | None
    other_id: int
    other_feed: str
    other_title: str
    other_url: str | None
    reason: str


# SELECT e.id, min(d.id), d.feed_id, f.name
# FROM entries AS e
# JOIN entries AS d ON (d.id = e.story_id OR (d.story_id = e.story_id AND d.story_id <> d.id))
# JOIN feeds AS f ON f.id = d.feed_id
# WHERE e.id IN (17, 42) AND (e.feed_id IS NULL OR d.feed_id <> e.feed_id)
# GROUP BY e.id, d.feed_id, f.name ORDER BY f.name, d.feed_id
def duplicates_elsewhere(
    connection: Connection, ids: Sequence[int]
) -> dict[int, tuple[Duplicate, ...]]:
    """Return the other feeds that have the stories of entries, by entry and in order of name."""
    rows = connection.execute(
        f"""
        SELECT e.id, min(d.id), d.feed_id, f.name
        FROM entries AS e
        JOIN entries AS d ON {in_story("e.story_id")}
        JOIN feeds AS f ON f.id = d.feed_id
        WHERE e.id IN {ids_of("?")}
          AND (e.feed_id IS NULL OR d.feed_id <> e.feed_id)
        GROUP BY e.id, d.feed_id, f.name ORDER BY f.name, d.feed_id
        """,
        (json.dumps(ids),),
    ).fetchall()
    found: dict[int, tuple[Duplicate, ...]] = {}
    for entry_id, duplicate_id, feed_id, feed in rows:
        duplicate = Duplicate(duplicate_id, feed_id, feed)
        found[entry_id] = (*found.get(entry_id, ()), duplicate)
    return found


def other_feeds(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return the names of the other feeds that have the stories of entries, each name once."""
    return {
        entry_id: tuple(dict.fromkeys(duplicate.feed for duplicate in duplicates))
        for entry_id, duplicates in duplicates_elsewhere(connection, ids).items()
    }


# SELECT e.id, f.name, c.title, e.url, o.id, g.name, b.title, o.url, j.reason
# FROM (
#     SELECT entry_id, other_id, reason FROM joins
#     UNION ALL
#     SELECT id, story_id, '…' FROM entries WHERE story_id <> id AND …
#     ORDER BY 1 DESC, 2 DESC LIMIT 100
# ) AS j
# JOIN entries AS e ON e.id = j.entry_id JOIN contents AS c ON c.entry_id = e.id …
def newest_joins(connection: Connection, *, limit: int) -> list[Join]:
    """Return why entries are one story, the newest entries first."""
    rows = connection.execute(
        f"""
        SELECT e.id, f.name, c.title, e.url, o.id, g.name, b.title, o.url, j.reason
        FROM (
            SELECT j.entry_id, j.other_id, j.reason FROM joins AS j
            JOIN entries AS e ON e.id = j.entry_id JOIN entries AS o ON o.id = j.other_id
            WHERE e.story_id = o.story_id
            UNION ALL
            SELECT id, story_id, '{_UNKNOWN}' FROM entries
            WHERE story_id <> id AND NOT EXISTS (
                SELECT 1 FROM joins AS j WHERE j.entry_id = entries.id OR j.other_id = entries.id
            )
            ORDER BY 1 DESC, 2 DESC LIMIT ?
        ) AS j
        JOIN entries AS e ON e.id = j.entry_id
        JOIN contents AS c ON c.entry_id = e.id
        JOIN feeds AS f ON f.id = e.feed_id
        JOIN entries AS o ON o.id = j.other_id
        JOIN contents AS b ON b.entry_id = o.id
        JOIN feeds AS g ON g.id = o.feed_id
        ORDER BY e.id DESC, o.id DESC
        """,
        (limit,),
    )
    return [Join(*row) for row in rows]
