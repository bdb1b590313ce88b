"""The river: the stories of all feeds, or of one, in the order of time or of storing.

Aliases are those of `planet_mcp.store.sql`.
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from planet_mcp.store.db import Database, to_seconds, to_time
from planet_mcp.store.sql import FIRST, FIRST_OF_FEED, REPRESENTATIVE_IN_FEED, SHOWN_TITLE
from planet_mcp.store.stories import other_feeds

# The feed of the representative of `s`, which is nearly always that of `s`.
_SHOWN_FEED = """CASE WHEN s.representative_id = s.id THEN s.feed_id
ELSE (SELECT e.feed_id FROM entries AS e WHERE e.id = s.representative_id) END"""
# The time by which `s` was ordered when the first part of a list was read.
_ORDERED_AT_FIRST = "coalesce((SELECT value FROM json_each(:moved) WHERE key = s.id), s.ordered_at)"


@dataclass(frozen=True, slots=True)
class RiverEntry:
    """One line of the river.

    `id` is the entry that is shown, `first_id` the one by which the story is ordered.
    """

    id: int
    first_id: int
    feed_id: int
    feed: str
    title: str
    url: str | None
    ordered_at: datetime
    excerpt: str
    also_in: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """Part of the river, as it was when `snapshot` was the newest entry.

    It has the stories since a moment, newest first; or, where `since` is None, those stored
    after an entry, in the order of storing. `shown` is the (time, id) of the last that was shown.
    """

    snapshot: int
    feed_id: int | None
    since: datetime | None = None
    after: int = 0
    shown: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class FeedCount:
    """A feed and how many stories are shown as its."""

    feed_id: int
    feed: str
    entries: int


class River:
    """The river of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # SELECT count(*) FROM entries AS s
    # WHERE s.ordered_at >= 1795000000 AND +s.id <= 17603
    # AND s.story_id = s.id AND s.feed_id IS NOT NULL
    def total(self, window: Window) -> int:
        """Return how many stories a window has, with those that were shown already."""
        with self._database.reading() as connection:
            part = _slice(connection, window)
            row = connection.execute(
                f"SELECT count(*) FROM entries AS s WHERE {part.whole}", part.values
            ).fetchone()
        return int(row[0])

    # SELECT e.id, s.id AS first_id, e.feed_id, f.name AS feed, …, c.excerpt
    # FROM (
    #     SELECT s.*, s.ordered_at AS sort_key FROM entries AS s
    #     WHERE s.ordered_at >= 1795000000 AND +s.id <= 17603
    #     AND s.story_id = s.id AND s.feed_id IS NOT NULL
    #     ORDER BY sort_key DESC, s.id DESC LIMIT 50
    # ) AS s
    # JOIN entries AS e ON e.id = s.representative_id
    # JOIN feeds AS f ON f.id = e.feed_id
    # JOIN contents AS c ON c.entry_id = e.id
    # ORDER BY sort_key DESC, s.id DESC
    def slice(self, window: Window, *, limit: int) -> list[RiverEntry]:
        """Return the next stories of a window, in its order."""
        with self._database.reading() as connection:
            part = _slice(connection, window)
            shown = REPRESENTATIVE_IN_FEED if window.feed_id else "s.representative_id"
            rows = connection.execute(
                f"""
                SELECT e.id, s.id AS first_id, e.feed_id, f.name AS feed,
                       {SHOWN_TITLE} AS title, e.url, sort_key, c.excerpt
                FROM (
                    SELECT s.*, {part.sort_key} AS sort_key FROM entries AS s
                    WHERE {part.whole} AND {part.rest} ORDER BY {part.order} LIMIT :limit
                ) AS s
                JOIN entries AS e ON e.id = {shown}
                JOIN feeds AS f ON f.id = e.feed_id
                JOIN contents AS c ON c.entry_id = e.id
                ORDER BY {part.order}
                """,
                {**part.values, "limit": limit},
            ).fetchall()
            also_in = other_feeds(connection, [row["id"] for row in rows])
        return [_river_entry(row, also_in.get(row["id"], ())) for row in rows]

    # SELECT f.id, f.name, g.entries
    # FROM (
    #     SELECT s.feed_id AS shown_feed, count(*) AS entries FROM entries AS s
    #     WHERE … GROUP BY shown_feed
    # ) AS g
    # JOIN feeds AS f ON f.id = g.shown_feed
    def waiting(self, window: Window) -> list[FeedCount]:
        """Count the stories of a window that were not shown yet, by the feed that is shown."""
        with self._database.reading() as connection:
            part = _slice(connection, window)
            rows = connection.execute(
                f"""
                SELECT f.id, f.name, g.entries
                FROM (
                    SELECT {"s.feed_id" if window.feed_id else _SHOWN_FEED} AS shown_feed,
                           count(*) AS entries
                    FROM entries AS s WHERE {part.whole} AND {part.rest} GROUP BY shown_feed
                ) AS g
                JOIN feeds AS f ON f.id = g.shown_feed
                """,
                part.values,
            ).fetchall()
        return [FeedCount(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class _Slice:
    """A window as SQL over entries `s`: all of it, what was not shown, and its order."""

    whole: str
    rest: str
    sort_key: str
    order: str
    values: Mapping[str, object]


def _slice(connection: sqlite3.Connection, window: Window) -> _Slice:
    first = FIRST_OF_FEED if window.feed_id else FIRST
    time, last = window.shown or (0, window.after)
    values = {
        "snapshot": window.snapshot,
        "feed_id": window.feed_id,
        "after": window.after,
        "time": time,
        "last": last,
    }
    if window.since is None:
        whole = f"s.id > :after AND s.id <= :snapshot AND {first}"
        return _Slice(whole, "s.id > :last", "s.ordered_at", "s.id", values)
    moved = _moved_since(connection, window.snapshot) if window.shown else {}
    sort_key = _ORDERED_AT_FIRST if moved else "s.ordered_at"
    return _Slice(
        # The + keeps SQLite from going through all ids instead of the period.
        f"{sort_key} >= :since AND +s.id <= :snapshot AND {first}",
        f"({sort_key}, s.id) < (:time, :last)" if window.shown else "TRUE",
        sort_key,
        "sort_key DESC, s.id DESC",
        {**values, "since": to_seconds(window.since), "moved": json.dumps(moved)},
    )


def _moved_since(connection: sqlite3.Connection, snapshot: int) -> dict[int, int]:
    """Return the earlier time of each story that took another one from a duplicate since then.

    A story whose first entry has no date takes the date of a duplicate. A list that is read in
    parts goes by the times that its stories had when its first part was read, or it would show
    some twice and others never.
    """
    rows = connection.execute(
        "SELECT id, moved_from FROM entries WHERE moved_by > :snapshot AND id <= :snapshot",
        {"snapshot": snapshot},
    ).fetchall()
    return {row[0]: row[1] for row in rows}


def _river_entry(row: sqlite3.Row, also_in: tuple[str, ...]) -> RiverEntry:
    return RiverEntry(
        id=row["id"],
        first_id=row["first_id"],
        feed_id=row["feed_id"],
        feed=row["feed"],
        title=row["title"],
        url=row["url"],
        ordered_at=to_time(row["sort_key"]),
        excerpt=row["excerpt"],
        also_in=also_in,
    )
