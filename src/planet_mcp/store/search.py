"""Full-text search: filters inside the query, best or newest first, snippets."""

import json
import math
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from planet_mcp.snippets import beginning, snippet
from planet_mcp.store.database import Database
from planet_mcp.store.entries import TOLD_IN_FEED, TOLD_TITLE, retellings
from planet_mcp.store.rows import (
    split_names,
    to_optional_time,
    to_seconds,
    to_time,
)

CANDIDATES = 200
SEARCHED_CHARS = 20_000

# Title, authors, tags, text: a word in the title says more than one in the text.
_RANK = "bm25(entries_index, 6.0, 3.0, 3.0, 1.0)"
_YEAR = timedelta(days=365)
_FLOOR = 0.4


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a search; `snapshot` is the newest entry id that takes part.

    `author` and `tag` are FTS5 strings, `exclude` an FTS5 expression.
    """

    snapshot: int
    feed_id: int | None = None
    author: str | None = None
    tag: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    exclude: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One story that was found; `id` is the entry that tells it, `first_id` the story's first."""

    id: int
    first_id: int
    feed_id: int | None
    feed: str | None
    title: str
    url: str | None
    authors: tuple[str, ...]
    ordered_at: datetime
    revised_at: datetime | None
    snippet: str
    words: int
    also_in: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The stories that a search shows, how many match in all, and whether more are left."""

    hits: list[Hit]
    total: int
    more: bool


class Search:
    """Search over the entries of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def best(
        self,
        match: str,
        filters: Filters,
        *,
        words: Sequence[str],
        shown: Collection[int],
        limit: int,
        now: datetime,
    ) -> Found:
        """Return the best stories that are not in `shown`, and how many match in all.

        The best matches by bm25 are ordered anew by match and age: a story of today counts 2.5
        times one that is many years old.
        """
        with self._database.reading() as connection:
            source, values = _source(match, filters)
            most = CANDIDATES + 2 * len(shown)
            ranked = f"SELECT e.story_id, e.ordered_at, {_RANK} AS rank {source}"
            rows = _tuples(connection).execute(f"{ranked} ORDER BY rank LIMIT {most}", values)
            matches = rows.fetchall()
            if len(matches) < most:
                total = len({story_id for story_id, _, _ in matches})
            else:
                total = _count(connection, source, values)
            chosen = _blend(matches, shown, now)
            hits = _hits(connection, chosen[:limit], words, filters.feed_id)
            return Found(hits, total, more=len(chosen) > limit)

    def newest(
        self,
        match: str | None,
        filters: Filters,
        *,
        words: Sequence[str],
        before: tuple[int, int] | None,
        limit: int,
    ) -> Found:
        """Return the newest matching stories (all, without a match) and how many there are.

        `before` is the (time, id) of the last story that was shown already.
        """
        with self._database.reading() as connection:
            source, values = _source(match, filters, by_story=True)
            total = _count(connection, source, values)
            more = " AND (s.ordered_at, s.id) < (:time, :id)" if before else ""
            values |= {"time": before[0], "id": before[1]} if before else {}
            rows = connection.execute(
                f"""
                SELECT e.story_id {source}{more}
                GROUP BY s.id ORDER BY s.ordered_at DESC, s.id DESC LIMIT :limit
                """,
                {**values, "limit": limit + 1},
            ).fetchall()
            chosen = [row["story_id"] for row in rows]
            hits = _hits(connection, chosen[:limit], words, filters.feed_id)
            return Found(hits, total, more=len(chosen) > limit)


def _count(connection: sqlite3.Connection, source: str, values: dict[str, object]) -> int:
    total: int = connection.execute(
        f"SELECT count(DISTINCT e.story_id) {source}", values
    ).fetchone()[0]
    return total


def _source(
    match: str | None, filters: Filters, *, by_story: bool = False
) -> tuple[str, dict[str, object]]:
    """Write the FROM and WHERE of a search; `s`, the story, is joined where its time counts."""
    index, clauses = "", ["e.id <= :snapshot"]
    expression = _expression(match, filters)
    if expression:
        index = "entries_index JOIN entries AS e ON e.id = entries_index.rowid"
        clauses.append("entries_index MATCH :match")
    optional = {
        "e.feed_id = :feed_id": filters.feed_id,
        "s.ordered_at >= :since": to_seconds(filters.since),
        "s.ordered_at < :until": to_seconds(filters.until),
        "e.id NOT IN (SELECT rowid FROM entries_index WHERE entries_index MATCH :exclude)": (
            filters.exclude
        ),
    }
    clauses += [clause for clause, value in optional.items() if value is not None]
    timed = by_story or filters.since is not None or filters.until is not None
    story = "JOIN entries AS s ON s.id = e.story_id" if timed else ""
    source = f"FROM {index or 'entries AS e'} {story} WHERE {' AND '.join(clauses)}"
    return source, {
        "match": expression,
        "snapshot": filters.snapshot,
        "feed_id": filters.feed_id,
        "since": to_seconds(filters.since),
        "until": to_seconds(filters.until),
        "exclude": filters.exclude,
    }


def _expression(match: str | None, filters: Filters) -> str | None:
    parts = [f"({match})"] if match else []
    parts += [f"(authors : {filters.author})"] if filters.author else []
    parts += [f"(tags : {filters.tag})"] if filters.tag else []
    return " AND ".join(parts) or None


def _tuples(connection: sqlite3.Connection) -> sqlite3.Cursor:
    """Return a cursor whose rows are tuples: quicker where there are hundreds."""
    cursor = connection.cursor()
    cursor.row_factory = None
    return cursor


def _blend(
    matches: Sequence[tuple[int, int, float]], shown: Collection[int], now: datetime
) -> list[int]:
    """Order the stories of matches by rank and age, without those in `shown`."""
    moment, year = now.timestamp(), _YEAR.total_seconds()
    # bm25 is negative, and lower is better; so the best come first.
    scored = sorted(
        (rank * (_FLOOR + (1 - _FLOOR) * math.exp(min(ordered_at - moment, 0.0) / year)), story_id)
        for story_id, ordered_at, rank in matches
    )
    return [story for story in dict.fromkeys(story for _, story in scored) if story not in shown]


def _hits(
    connection: sqlite3.Connection, ids: Sequence[int], words: Sequence[str], feed_id: int | None
) -> list[Hit]:
    """Read what is shown of these stories, in their order."""
    rows = connection.execute(
        f"""
        SELECT e.id, s.id AS first_id, e.feed_id, coalesce(f.label, f.title, f.url) AS feed,
               {TOLD_TITLE} AS title, e.url, c.authors, s.ordered_at, e.revised_at, c.excerpt,
               e.words, CASE WHEN :found THEN substr(c.text, 1, :chars) ELSE '' END AS text
        FROM entries AS s
        JOIN entries AS e ON e.id = {TOLD_IN_FEED if feed_id else "s.told_by"}
        JOIN contents AS c ON c.entry_id = e.id
        LEFT JOIN feeds AS f ON f.id = e.feed_id
        WHERE s.id IN (SELECT value FROM json_each(:ids))
        """,
        {
            "found": bool(words),
            "chars": SEARCHED_CHARS,
            "ids": json.dumps(ids),
            "feed_id": feed_id,
        },
    ).fetchall()
    by_story = {row["first_id"]: row for row in rows}
    retold = retellings(connection, [row["id"] for row in rows])
    return [
        _hit(row, words=words, also_in=retold.get(row["id"], ()))
        for row in (by_story[story] for story in ids)
    ]


def _hit(row: sqlite3.Row, *, words: Sequence[str], also_in: tuple[str, ...]) -> Hit:
    return Hit(
        id=row["id"],
        first_id=row["first_id"],
        feed_id=row["feed_id"],
        feed=row["feed"],
        title=row["title"],
        url=row["url"],
        authors=split_names(row["authors"]),
        ordered_at=to_time(row["ordered_at"]),
        revised_at=to_optional_time(row["revised_at"]),
        snippet=snippet(row["text"], words) or beginning(row["excerpt"]),
        words=row["words"],
        also_in=also_in,
    )
