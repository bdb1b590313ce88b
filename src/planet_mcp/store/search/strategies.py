"""Full-text search: filters inside the query, best or newest first, snippets."""

import json
import math
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from planet_mcp.store.db import (
    Database,
    split_names,
    to_optional_time,
    to_time,
)
from planet_mcp.store.entries import SHOWN_AT, TOLD_IN_FEED, TOLD_TITLE, retellings
from planet_mcp.store.search.filters import Filters
from planet_mcp.store.search.query import Query
from planet_mcp.text import beginning, snippet

CANDIDATES = 200
# So many matches are ranked, the newest of all and the newest by title; a word that more entries
# have says little about any.
MOST_RANKED, MOST_RANKED_BY_TITLE = 4_000, 1_000
MOST_COUNTED = 1_000
# Looking up one entry costs as much as reading past a few hundred.
PROBE_COST = 500
# Up to so many entries of a period are kept aside while the index is read; where there are more,
# the next of them is never far.
MOST_ASIDE = 50_000
# A question asks for more words than any text needs to have.
QUESTION_WORDS = 4
ENOUGH = 10
SEARCHED_CHARS = 20_000

# Title, authors, tags, feed, names, text: a word in the title says more than one in the text.
_RANK = "bm25(entries_index, 3.0, 2.0, 2.0, 1.0, 1.0, 1.0)"
_YEAR = timedelta(days=365)
# What is left of the rank of something very old: less for a word or two, as news are looked for,
# than for a question that says what it is about.
_FLOOR, _FLOOR_OF_QUESTIONS = 0.4, 0.7
# Entries without a date may be of any age.
_PLACE = f"""CASE WHEN e.ordered_at < e.first_seen_at THEN e.ordered_at
    ELSE e.ordered_at - {2 * 365 * 86_400} END"""
_PROBE = "SELECT 1 FROM entries_index WHERE entries_index MATCH :match"
# Entries without a rank are ordered by age alone.
_NO_RANK = -1.0

_Match = tuple[int, int, float]


@dataclass(frozen=True, slots=True)
class Hit:
    """One story that was found; `id` is the entry that tells it, `first_id` the story's first.

    `ordered_at` is the story's place in time, `published_at` when this telling was published.
    """

    id: int
    first_id: int
    feed_id: int | None
    feed: str | None
    title: str
    url: str | None
    authors: tuple[str, ...]
    ordered_at: datetime
    published_at: datetime
    revised_at: datetime | None
    snippet: str
    words: int
    also_in: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The stories that a search shows, how many match, and whether more are left.

    `total` is at most `MOST_COUNTED`; `strict` is how many of them have all the words.
    """

    hits: list[Hit]
    total: int
    more: bool
    strict: int


class Search:
    """Search over the entries of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def best(
        self,
        query: Query,
        filters: Filters,
        *,
        shown: Collection[int],
        limit: int,
        now: datetime,
    ) -> Found:
        """Return the best stories that are not in `shown`: those with all words, then with any.

        The best matches by bm25 are ordered anew by match and age: a story of today counts 2.5
        times one that is many years old.
        """
        with self._database.reading() as connection:
            looking = _Looking(connection, filters, most=CANDIDATES + 2 * len(shown))
            matches, strict = looking.ranked(query.strict or "")
            floor = _FLOOR_OF_QUESTIONS if _is_question(query) else _FLOOR
            chosen, total = _blended(matches, floor, now), strict
            if _is_to_relax(query, strict):
                relaxed, total = looking.ranked(looking.telling(query.any_of))
                chosen += _blended(relaxed, floor, now)
            left = [story for story in dict.fromkeys(chosen) if story not in shown]
            hits = _hits(connection, left[:limit], query.words, filters.feed_id)
            return Found(hits, max(total, strict), more=len(left) > limit, strict=strict)

    def newest(
        self,
        query: Query,
        filters: Filters,
        *,
        before: tuple[int, int] | None,
        limit: int,
    ) -> Found:
        """Return the newest stories with all words, or with any where no story has all.

        `before` is the (time, id) of the last story that was shown already.
        """
        with self._database.reading() as connection:
            looking = _Looking(connection, filters, most=limit + 1)
            chosen, total = looking.newest(query.strict, before)
            strict = total
            if not total and len(query.any_of) > 1:
                chosen, total = looking.newest(query.relaxed, before)
            hits = _hits(connection, chosen[:limit], query.words, filters.feed_id)
            return Found(hits, total, more=len(chosen) > limit, strict=strict)


def _is_to_relax(query: Query, strict: int) -> bool:
    if len(query.any_of) < 2:  # noqa: PLR2004 - there is nothing to choose from
        return False
    return not strict or (_is_question(query) and strict < ENOUGH)


def _is_question(query: Query) -> bool:
    return len(query.any_of) >= QUESTION_WORDS


class _Looking:
    """One search through one view of the database, with bounded work for frequent words."""

    def __init__(self, connection: sqlite3.Connection, filters: Filters, *, most: int) -> None:
        self._connection = connection
        self._filters = filters
        self._most = most
        self._long: bool | None = None
        self._ids: str | None = None

    def ranked(self, match: str) -> tuple[list[_Match], int]:
        """Return the best matches by bm25, and how many stories match."""
        expression = self._filters.expression(match)
        if self._is_frequent(expression):
            return self._ranked_of_many(expression)
        source, values = self._source(expression)
        rows = self._rows(
            f"SELECT e.story_id, {_PLACE}, {_RANK} AS rank {source} "
            f"ORDER BY rank LIMIT {self._most}",
            values,
        )
        if len(rows) < self._most:
            return rows, len({story for story, _, _ in rows})
        return rows, self._count(source, values)

    def _ranked_of_many(self, expression: str) -> tuple[list[_Match], int]:
        """Rank the newest of many matches, and the newest of those by title."""
        few = self._few_filtered()
        if few is not None:
            rows = self._matching(few, expression) if few else []
            return rows, min(len({story for story, _, _ in rows}), MOST_COUNTED)
        expression = self._within_feed(expression)
        rows = self._newest_ranked(expression, MOST_RANKED)
        if len(rows) < MOST_RANKED:
            return rows[: self._most], min(len({story for story, _, _ in rows}), MOST_COUNTED)
        rows += self._newest_ranked(f"heading : ({expression})", MOST_RANKED_BY_TITLE)
        found: dict[int, _Match] = {}
        for row in rows:
            found[row[0]] = min(row, found.get(row[0], row), key=lambda each: each[2])
        best = sorted(found.values(), key=lambda row: row[2])
        return best[: self._most], self._count(*self._source(expression))

    def _newest_ranked(self, expression: str, most: int) -> list[_Match]:
        """Rank the newest of those that match, the best first."""
        source, values = self._source(expression)
        newest = f"ORDER BY entries_index.rowid DESC LIMIT {most}"
        rows = self._rows(f"SELECT e.story_id, {_PLACE}, {_RANK} {source} {newest}", values)
        return sorted(rows, key=lambda row: row[2])

    def telling(self, parts: Sequence[str]) -> str:
        """Return an expression for any of these that tells something: rare ones, if there are."""
        rare = [part for part in parts if not self._is_frequent(part)]
        return " OR ".join(rare or parts)

    def newest(self, match: str | None, before: tuple[int, int] | None) -> tuple[list[int], int]:
        """Return the newest stories that match, and how many do."""
        expression = self._filters.expression(match)
        many = self._is_frequent(expression)
        if many:
            expression = self._within_feed(expression)
        counted, values = self._source(expression) if expression else self._walk()
        total = self._count(counted, values)
        everywhere = self._filters.feed_id is None
        # By time, looking each up: the next entry with a frequent word is never far.
        walks = not expression or (many and everywhere)
        source, values = (
            self._walk(expression) if walks else self._source(expression, by_story=True)
        )
        more = " AND (s.ordered_at, s.id) < (:time, :id)" if before else ""
        values |= {"time": before[0], "id": before[1]} if before else {}
        # A walk by time stops at its limit; grouping it would read all there is.
        grouped = "" if walks and everywhere else "GROUP BY s.id"
        rows = self._rows(
            f"""
            SELECT s.id {source}{more} {grouped}
            ORDER BY s.ordered_at DESC, s.id DESC LIMIT {self._most}
            """,
            values,
        )
        return [story for (story,) in rows], total

    def _is_frequent(self, expression: str | None) -> bool:
        """Say whether more entries match than can be ranked; looks no further than that."""
        if not expression or self._filters.snapshot <= MOST_RANKED:
            return False
        (count,) = self._connection.execute(
            f"""
            SELECT count(*) FROM (
                SELECT 1 FROM entries_index WHERE entries_index MATCH ? LIMIT {MOST_RANKED + 1}
            )
            """,
            (expression,),
        ).fetchone()
        return bool(count > MOST_RANKED)

    def _few_filtered(self) -> list[tuple[int, int, int]] | None:
        """Return the entries that pass the filters, if these leave few; else None."""
        filters = self._filters
        if not filters.of_story():
            return None
        # Counted first by the entries' own times, which an index tells alone.
        own, values = _narrowed(filters)
        some = f"SELECT 1 FROM entries AS e WHERE {own} LIMIT {MOST_RANKED + 1}"
        ((count,),) = self._rows(f"SELECT count(*) FROM ({some})", values)
        if count > MOST_RANKED:
            return None
        its_story, _ = _narrowed(filters, story="s")
        told = "SELECT e.id, e.story_id, s.ordered_at FROM entries AS e CROSS JOIN entries AS s"
        return self._rows(
            f"""
            {told} ON s.id = e.story_id WHERE {own} AND {its_story}
            UNION
            {told} ON s.id = e.story_id WHERE e.story_id <> e.id AND {its_story}
            """,
            values,
        )

    def _matching(self, entries: Sequence[tuple[int, int, int]], expression: str) -> list[_Match]:
        """Return which of a few entries match, without a rank: the word is in most of all."""
        if len(entries) * PROBE_COST <= self._filters.snapshot:
            probe = f"{_PROBE} AND rowid = :entry"
            return [
                (story, time, _NO_RANK)
                for entry, story, time in entries
                if self._rows(probe, {"match": expression, "entry": entry})
            ]
        matching = {
            entry
            for (entry,) in self._rows(
                """
                SELECT rowid FROM entries_index
                WHERE entries_index MATCH :match AND rowid BETWEEN :first AND :last
                """,
                {"match": expression, "first": min(entries)[0], "last": max(entries)[0]},
            )
        }
        return [(story, time, _NO_RANK) for entry, story, time in entries if entry in matching]

    def _within_feed(self, expression: str) -> str:
        """Let the index leave out other feeds, before each match is looked at."""
        if self._filters.feed_id is None:
            return expression
        (name,) = self._connection.execute(
            "SELECT indexed_name FROM feeds WHERE id = ?", (self._filters.feed_id,)
        ).fetchone()
        if not any(map(str.isalnum, name)):
            return expression
        quoted = name.replace('"', " ")
        return f'({expression}) AND feed : "{quoted}"'

    def _walk(self, expression: str = "") -> tuple[str, dict[str, object]]:
        """Write a walk through all stories by time that match, or through those of a feed."""
        where, values = _narrowed(self._filters, story="s")
        if self._filters.feed_id is not None:
            return f"FROM entries AS e JOIN entries AS s ON s.id = e.story_id WHERE {where}", values
        # CROSS keeps SQLite from turning the walk around (sqlite.org/optoverview.html, section 7).
        source = f"""
            FROM entries AS s CROSS JOIN entries AS e ON e.id = s.id
            WHERE s.story_id = s.id AND {where}
        """
        if expression:
            source += f" AND EXISTS ({_PROBE} AND entries_index.rowid = e.id)"
        return source, {**values, "match": expression}

    def _source(self, expression: str, *, by_story: bool = False) -> tuple[str, dict[str, object]]:
        """Write the FROM and WHERE of a search; `s`, the story, is joined where its time counts."""
        period = None if by_story else self._period()
        timed = by_story or (self._filters.of_story() and period is None)
        where, values = _narrowed(self._filters, story="s" if timed else None)
        story = "JOIN entries AS s ON s.id = e.story_id" if timed else ""
        if period is not None:
            where += " AND +entries_index.rowid IN (SELECT value FROM json_each(:period))"
        source = f"""
            FROM entries_index JOIN entries AS e ON e.id = entries_index.rowid {story}
            WHERE entries_index MATCH :match AND {where}
        """
        return source, {**values, "match": expression, "period": period}

    def _period(self) -> str | None:
        """Return the ids of all entries of the period as JSON, if it has few; None else.

        To look up the time of each match costs ten times as much as to look for it among these.
        """
        times = self._filters.of_story()
        if not times or self._is_long(times):
            return None
        if self._ids is None:
            period = " AND ".join(times)
            ((self._ids,),) = self._rows(
                f"""
                SELECT json_group_array(id) FROM (
                    SELECT s.id FROM entries AS s WHERE {period}
                    AND s.id NOT IN (SELECT r.id FROM entries AS r WHERE r.story_id <> r.id)
                    UNION ALL
                    SELECT r.id FROM entries AS r CROSS JOIN entries AS s ON s.id = r.story_id
                    WHERE r.story_id <> r.id AND {period}
                )
                """,
                self._filters.values(),
            )
        return self._ids

    def _is_long(self, times: Sequence[str]) -> bool:
        """Say whether more entries are of the period than can be kept aside."""
        if self._long is None:
            source = f"FROM entries AS s WHERE {' AND '.join(times)} LIMIT {MOST_ASIDE + 1}"
            ((count,),) = self._rows(
                f"SELECT count(*) FROM (SELECT 1 {source})", self._filters.values()
            )
            self._long = count > MOST_ASIDE
        return self._long

    def _count(self, source: str, values: dict[str, object]) -> int:
        (total,) = self._connection.execute(
            f"SELECT count(*) FROM (SELECT DISTINCT e.story_id {source} LIMIT {MOST_COUNTED})",
            values,
        ).fetchone()
        return int(total)

    def _rows(self, sql: str, values: dict[str, object]) -> list[Any]:
        """Return rows as tuples: quicker where there are hundreds."""
        cursor = self._connection.cursor()
        cursor.row_factory = None
        return cursor.execute(sql, values).fetchall()


def _blended(matches: Sequence[_Match], floor: float, now: datetime) -> list[int]:
    """Order the stories of matches by rank and age; of the rank of an old one `floor` is left."""
    moment, year = now.timestamp(), _YEAR.total_seconds()
    # bm25 is negative, and lower is better; so the best come first.
    scored = sorted(
        (rank * (floor + (1 - floor) * math.exp(min(time - moment, 0.0) / year)), story)
        for story, time, rank in matches
    )
    return list(dict.fromkeys(story for _, story in scored))


def _narrowed(filters: Filters, *, story: str | None = "e") -> tuple[str, dict[str, object]]:
    """Write the conditions of the filters for entries `e`; times for `story`, if it is given."""
    clauses = filters.of_entry() + (filters.of_story(story) if story else [])
    return " AND ".join(clauses), filters.values()


def _hits(
    connection: sqlite3.Connection, ids: Sequence[int], words: Sequence[str], feed_id: int | None
) -> list[Hit]:
    """Read what is shown of these stories, in their order."""
    rows = connection.execute(
        f"""
        SELECT e.id, s.id AS first_id, e.feed_id, f.name AS feed,
               {TOLD_TITLE} AS title, e.url, c.authors, s.ordered_at, {SHOWN_AT} AS shown_at,
               e.revised_at, c.excerpt, e.words,
               CASE WHEN :found THEN substr(c.text, 1, :chars) ELSE '' END AS text
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
        published_at=to_time(row["shown_at"]),
        revised_at=to_optional_time(row["revised_at"]),
        snippet=snippet(row["text"], words) or beginning(row["excerpt"]),
        words=row["words"],
        also_in=also_in,
    )
