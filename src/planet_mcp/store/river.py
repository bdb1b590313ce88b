"""The river: the stories of all feeds, or of one, in the order of time or of storing.

Aliases are those of `planet_mcp.store.sql`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from planet_mcp.store.db import Connection, Engine, Row, to_optional_time, to_seconds, to_time
from planet_mcp.store.sql import (
    FIRST,
    FIRST_NEWS,
    HAS_DAY,
    PUBLISHED,
    SHOWN_TITLE,
    Chosen,
    first_news_of,
    first_of,
    in_story,
    of_feeds,
    of_topic,
    representative_of,
)
from planet_mcp.store.stories import other_feeds

# The representative of the story of `s`, which need not be the story's first entry.
_REPRESENTATIVE = """CASE WHEN s.story_id = s.id THEN s.representative_id
ELSE (SELECT first.representative_id FROM entries AS first WHERE first.id = s.story_id) END"""
# The feed of that one, which is nearly always that of `s`.
_SHOWN_FEED = f"""CASE WHEN s.story_id = s.id AND s.representative_id = s.id THEN s.feed_id
ELSE (SELECT e.feed_id FROM entries AS e WHERE e.id = {_REPRESENTATIVE}) END"""
# A time before any period: that of entries of an archive without dates, which are on no day.
_ON_NO_DAY = -(1 << 50)
# Of the archived entries `e`: those that came after an entry, and those that came in a period and
# are on none of its days.
_ARRIVED = "e.id > :after AND e.id <= :upto"
_CAME_IN_PERIOD = """e.first_seen_at >= :since AND +e.id <= :upto
AND (e.undated OR e.ordered_at < :since)"""


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
    round: int
    published: datetime | None
    first_seen_at: datetime
    excerpt: str
    also_in: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """Part of the river, as it was when `snapshot` was the newest entry, of all feeds or of some.

    It has the stories since a moment, the newest of each feed before the second of any; or, where
    `since` is None, the news stored after an entry, in the order of storing. `shown` is the (time,
    id) of the last that was shown, and `round` the place of that one in its feed. `topic` is an
    FTS5 expression. `began` is a moment and the newest entry of a window of a period that was
    shown before: its stories are news no more.
    """

    snapshot: int
    feeds: tuple[int, ...] | None = None
    since: datetime | None = None
    after: int = 0
    shown: tuple[int, int] | None = None
    round: int = 0
    topic: str | None = None
    began: tuple[datetime, int] | None = None

    @property
    def chosen(self) -> Chosen | None:
        """Return which entries it is about; None if all are."""
        chosen = [*([of_feeds(self.feeds)] if self.feeds else []), *([of_topic] * bool(self.topic))]
        return (lambda entry: " AND ".join(each(entry) for each in chosen)) if chosen else None


@dataclass(frozen=True, slots=True)
class FeedCount:
    """A feed and how many stories are shown as its."""

    feed_id: int
    feed: str
    entries: int


@dataclass(frozen=True, slots=True)
class Archive:
    """How many entries a feed turned out to have had before; `is_new` if it had none here."""

    feed_id: int
    feed: str
    entries: int
    is_new: bool


class River:
    """The river of one database."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    # SELECT count(*) FROM entries AS s
    # WHERE s.ordered_at >= 1795000000 AND +s.id <= 17603
    # AND s.story_id = s.id AND s.feed_id IS NOT NULL AND NOT (s.archived AND s.undated)
    def total(self, window: Window) -> int:
        """Return how many stories a window has, with those that were shown already."""
        with self._database.reading() as connection:
            part = _slice(connection, window)
            row = connection.execute(f"SELECT count(*) {part.whole}", part.values).fetchone()
        return int(row[0])

    # SELECT e.id, s.id AS first_id, e.feed_id, f.name AS feed, …, c.excerpt
    # FROM (
    #     SELECT s.* FROM (
    #         SELECT s.id, s.story_id, …, s.ordered_at AS sort_key,
    #                row_number() OVER (PARTITION BY s.feed_id ORDER BY …) AS round
    #         FROM entries AS s
    #         WHERE s.ordered_at >= 1795000000 AND +s.id <= 17603 AND s.feed_id IS NOT NULL
    #         AND NOT (s.archived AND s.undated)
    #     ) AS s
    #     WHERE s.story_id = s.id ORDER BY round, sort_key DESC, s.id DESC LIMIT 50
    # ) AS s
    # JOIN entries AS e ON e.id = s.representative_id
    # JOIN feeds AS f ON f.id = e.feed_id
    # JOIN contents AS c ON c.entry_id = e.id
    # ORDER BY round, sort_key DESC, s.id DESC
    def slice(self, window: Window, *, limit: int) -> list[RiverEntry]:
        """Return the next stories of a window, in its order."""
        with self._database.reading() as connection:
            part = _slice(connection, window)
            rows = connection.execute(
                f"""
                SELECT e.id, s.id AS first_id, e.feed_id, f.name AS feed,
                       {SHOWN_TITLE} AS title, e.url, sort_key, round, {PUBLISHED} AS published,
                       e.first_seen_at, c.excerpt
                FROM (
                    SELECT {part.columns} {part.rest} ORDER BY {part.order} LIMIT :limit
                ) AS s
                JOIN entries AS e ON e.id = {_shown(window)}
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
                    SELECT {_shown_feed(window)} AS shown_feed,
                           count(*) AS entries
                    {part.rest} GROUP BY shown_feed
                ) AS g
                JOIN feeds AS f ON f.id = g.shown_feed
                """,
                part.values,
            ).fetchall()
        return [FeedCount(*row) for row in rows]

    # SELECT f.id, f.name, g.entries, NOT EXISTS (…) AS is_new
    # FROM (
    #     SELECT +e.feed_id AS of_feed, count(*) AS entries, min(e.id) AS first FROM entries AS e
    #     WHERE e.archived AND e.id > 17000 AND e.id <= 17603 GROUP BY of_feed
    # ) AS g
    # JOIN feeds AS f ON f.id = g.of_feed ORDER BY g.entries DESC, f.id
    def archives(self, window: Window, *, upto: int) -> list[Archive]:
        """Return what feeds turned out to have had before, the most entries first.

        Of a period: what came in it and belongs to none of its days. In the order of storing: what
        came between the last entry that was shown and `upto`.
        """
        if window.topic:
            return []
        condition = _ARRIVED if window.since is None else _CAME_IN_PERIOD
        values = {
            "after": window.shown[1] if window.shown else window.after,
            "upto": upto,
            "since": to_seconds(window.since),
        }
        chosen = window.chosen("e") if window.chosen else "TRUE"
        # `+e.feed_id` keeps SQLite from reading all entries by feed so that it need not sort these.
        with self._database.reading() as connection:
            rows = connection.execute(
                f"""
                SELECT f.id, f.name, g.entries, NOT EXISTS (
                    SELECT 1 FROM entries AS e WHERE e.feed_id = f.id AND e.id < g.first
                ) AS is_new
                FROM (
                    SELECT +e.feed_id AS of_feed, count(*) AS entries, min(e.id) AS first
                    FROM entries AS e WHERE e.archived AND {condition} AND {chosen}
                    GROUP BY of_feed
                ) AS g
                JOIN feeds AS f ON f.id = g.of_feed ORDER BY g.entries DESC, f.id
                """,
                values,
            ).fetchall()
        return [Archive(row[0], row[1], row[2], bool(row[3])) for row in rows]


@dataclass(frozen=True, slots=True)
class _Slice:
    """A window as SQL over entries `s`: FROM and WHERE of all of it, and of what was not shown."""

    whole: str
    rest: str
    columns: str
    order: str
    values: Mapping[str, object]


def _shown(window: Window) -> str:
    """Return the id of the entry that is shown for `s`."""
    if window.chosen:
        return representative_of(window.chosen)
    return "s.representative_id" if window.since else _REPRESENTATIVE


def _shown_feed(window: Window) -> str:
    """Return the id of the feed that is shown for `s`."""
    if window.chosen is None:
        return _SHOWN_FEED
    return f"(SELECT e.feed_id FROM entries AS e WHERE e.id = {_shown(window)})"


def _slice(connection: Connection, window: Window) -> _Slice:
    time, last = window.shown or (0, window.after)
    values: dict[str, object] = {
        "snapshot": window.snapshot,
        "after": window.after,
        "round": window.round,
        "time": time,
        "last": last,
        "topic": window.topic,
        "began": to_seconds(window.began[0]) if window.began else None,
        "began_upto": window.began[1] if window.began else None,
    }
    if window.since is None:
        return _by_arrival(window, values)
    values |= {"since": to_seconds(window.since)}
    has_moved = window.shown is not None and _has_moved_since(connection, window.snapshot)
    return _by_time(window, _ORDERED_AT_FIRST if has_moved else "s.ordered_at", values)


def _by_arrival(window: Window, values: Mapping[str, object]) -> _Slice:
    news = first_news_of(window.chosen) if window.chosen else FIRST_NEWS
    seen = f"AND NOT {_shown_in_period(window.chosen)}" if window.began else ""
    whole = f"FROM entries AS s WHERE s.id > :after AND s.id <= :snapshot AND {news} {seen}"
    columns = "s.*, s.ordered_at AS sort_key, 0 AS round"
    return _Slice(whole, f"{whole} AND s.id > :last", columns, "s.id", values)


def _shown_in_period(chosen: Chosen | None) -> str:
    """Return the condition that a window of the period since `:began` showed the story of `s`.

    It goes by the story's first entry, and where that one stood then.
    """
    first = "d.id = s.story_id"
    if chosen:
        first = f"""d.id = (
            SELECT x.id FROM entries AS x WHERE {in_story("s.story_id", "x")} AND {chosen("x")}
            ORDER BY x.id LIMIT 1
        )"""
    stood_at = f"CASE WHEN d.moved_by > :began_upto THEN {_stood_at('d')} ELSE d.ordered_at END"
    return f"""EXISTS (
        SELECT 1 FROM entries AS d
        WHERE {first} AND d.id <= :began_upto AND NOT (d.archived AND d.undated)
          AND {stood_at} >= :began
    )"""


def _stood_at(entry: str) -> str:
    """Return the time of a story before it took another one from a duplicate."""
    return f"""CASE WHEN {entry}.archived AND {entry}.credible_date IS NULL THEN {_ON_NO_DAY}
        ELSE {entry}.moved_from END"""


# The time by which `s` was ordered when the first part of a list was read.
_ORDERED_AT_FIRST = (
    f"coalesce(CASE WHEN s.moved_by > :snapshot THEN {_stood_at('s')} END, s.ordered_at)"
)


def _by_time(window: Window, sort_key: str, values: Mapping[str, object]) -> _Slice:
    """Deal entries out: the newest of each feed first, then the second of each, and so on.

    Rounds are counted over all entries of a feed: those of a story may become those of another
    between two parts of a list, while an entry stays where it is.
    """
    # The + keeps SQLite from going through all ids instead of the period.
    period = f"{sort_key} >= :since AND +s.id <= :snapshot AND {HAS_DAY}"
    chosen = window.chosen
    first = first_of(chosen) if chosen else FIRST
    whole = f"FROM entries AS s WHERE {period} AND {first}"
    if window.feeds and len(window.feeds) == 1:
        rest = f"({sort_key}, s.id) < (:time, :last)" if window.shown else "TRUE"
        columns = f"s.*, {sort_key} AS sort_key, 0 AS round"
        return _Slice(whole, f"{whole} AND {rest}", columns, "sort_key DESC, s.id DESC", values)
    in_rounds = f"""FROM (
        SELECT s.id, s.story_id, s.representative_id, s.feed_id, s.ordered_at, s.undated,
               {sort_key} AS sort_key,
               row_number() OVER (PARTITION BY s.feed_id ORDER BY {sort_key} DESC, s.id DESC)
                   AS round
        FROM entries AS s
        WHERE {period} AND s.feed_id IS NOT NULL AND {chosen("s") if chosen else "TRUE"}
    ) AS s WHERE {first if chosen else "s.story_id = s.id"}"""
    rest = "(round, -sort_key, -s.id) > (:round, -:time, -:last)" if window.shown else "TRUE"
    order = "round, sort_key DESC, s.id DESC"
    return _Slice(whole, f"{in_rounds} AND {rest}", "s.*", order, values)


def _has_moved_since(connection: Connection, snapshot: int) -> bool:
    """Return whether any story took the time of a duplicate since then.

    A story whose first entry has no date takes the date of a duplicate. A list that is read in
    parts goes by the times that its stories had when its first part was read, or it would show
    some twice and others never.
    """
    row = connection.execute(
        "SELECT 1 FROM entries WHERE moved_by > :snapshot AND id <= :snapshot LIMIT 1",
        {"snapshot": snapshot},
    ).fetchone()
    return row is not None


def _river_entry(row: Row, also_in: tuple[str, ...]) -> RiverEntry:
    return RiverEntry(
        id=row["id"],
        first_id=row["first_id"],
        feed_id=row["feed_id"],
        feed=row["feed"],
        title=row["title"],
        url=row["url"],
        ordered_at=to_time(row["sort_key"]),
        round=row["round"],
        published=to_optional_time(row["published"]),
        first_seen_at=to_time(row["first_seen_at"]),
        excerpt=row["excerpt"],
        also_in=also_in,
    )
