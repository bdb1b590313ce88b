"""What one search knows of the index, and the sources that its strategies read from.

Aliases are those of `planet_mcp.store.sql`.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from planet_mcp.requests import MOST_NAMED
from planet_mcp.store.search.filters import Filters
from planet_mcp.store.search.query import fts_string

MOST_COUNTED = 1_000
_PROBE = "SELECT 1 FROM entries_index WHERE entries_index MATCH :match"

# The id of a story, a time in seconds since 1970 and a rank by bm25: negative, lower is better.
Match = tuple[int, int, float]


@dataclass(frozen=True, slots=True)
class SearchLimits:
    """Bounds of what a search reads where a word is in very many entries.

    Of more than `ranked` matches, only so many of the newest are ranked, and so many of the newest
    by title: a word that more entries have says little about any. Up to `kept_aside` entries of a
    period are kept aside while the index is read; where there are more, the next of them is never
    far.
    """

    ranked: int = 4_000
    ranked_by_title: int = 1_000
    kept_aside: int = 50_000


@dataclass(frozen=True, slots=True)
class Source:
    """FROM and WHERE of a statement, with the values of its placeholders."""

    sql: str
    values: dict[str, object]


class SearchPlan:
    """One search through one view of the database: facts that decide how to read it."""

    def __init__(
        self, connection: sqlite3.Connection, filters: Filters, limits: SearchLimits
    ) -> None:
        self._connection = connection
        self.filters = filters
        self.limits = limits
        self._is_period_long: bool | None = None
        self._period: str | None = None

    def is_frequent(self, expression: str) -> bool:
        """Return whether more entries match than are ranked; counts no further than that.

        SELECT count(*) FROM (
            SELECT 1 FROM entries_index WHERE entries_index MATCH '("python")' LIMIT 4001
        )
        """
        most = self.limits.ranked
        if not expression or self.filters.snapshot <= most:
            return False
        matching = f"{_PROBE} LIMIT {most + 1}"
        ((count,),) = self.rows(f"SELECT count(*) FROM ({matching})", {"match": expression})
        return bool(count > most)

    def selective_terms(self, terms: Sequence[str]) -> str:
        """Return an expression for any of the terms; without the frequent ones, if others are left.

        A frequent word selects too many entries to say what a question is about.
        """
        rare = [term for term in terms if not self.is_frequent(term)]
        return " OR ".join(rare or terms)

    def within_feeds(self, expression: str) -> str:
        """Let the index leave out other feeds, by the name that it has of each entry's feed."""
        feeds = self.filters.feeds
        if feeds is None or len(feeds) > MOST_NAMED:
            return expression
        names = self.rows(
            "SELECT indexed_name FROM feeds WHERE id IN (SELECT value FROM json_each(:feeds))",
            self.filters.values(),
        )
        if not all(any(map(str.isalnum, name)) for (name,) in names):
            return expression
        wanted = " OR ".join(fts_string(name.replace('"', " ")) for (name,) in names)
        return f"({expression}) AND feed : ({wanted})"

    def matching(self, expression: str) -> Source:
        """Return the entries `e` that match and pass the filters.

        In a period they are looked up in the list of its entries: to read the time of each
        match's story costs ten times as much.
        """
        if not self.filters.of_story():
            return self._matching(expression)
        if self._has_long_period():
            return self.matching_stories(expression)
        period = "+entries_index.rowid IN (SELECT value FROM json_each(:period))"
        return self._matching(expression, conditions=[period], period=self._ids_of_period())

    def matching_stories(self, expression: str) -> Source:
        """Return the entries `e` that match and pass the filters, with their stories `s`."""
        return self._matching(
            expression,
            join="JOIN entries AS s ON s.id = e.story_id",
            conditions=self.filters.of_story(),
        )

    def stories(self, expression: str = "") -> Source:
        """Return all stories `s` that pass the filters, in the order in which SQLite walks them.

        With an expression, those whose first entry `e` matches it. CROSS keeps SQLite from turning
        the walk around (sqlite.org/optoverview.html, section 7).
        """
        probe = f"EXISTS ({_PROBE} AND entries_index.rowid = e.id)"
        conditions = ["s.story_id = s.id", *self._narrowed(), *([probe] if expression else [])]
        return Source(
            "FROM entries AS s CROSS JOIN entries AS e ON e.id = s.id "
            f"WHERE {' AND '.join(conditions)}",
            {**self.filters.values(), "match": expression},
        )

    def stories_of_feeds(self) -> Source:
        """Return the entries `e` of the filters' feeds, with their stories `s`."""
        return Source(
            "FROM entries AS e JOIN entries AS s ON s.id = e.story_id "
            f"WHERE {' AND '.join(self._narrowed())}",
            self.filters.values(),
        )

    def count(self, source: Source) -> int:
        """Return how many stories a source has, at most `MOST_COUNTED`."""
        distinct = f"SELECT DISTINCT e.story_id {source.sql} LIMIT {MOST_COUNTED}"
        ((total,),) = self.rows(f"SELECT count(*) FROM ({distinct})", source.values)
        return int(total)

    def few_of_period(self) -> list[tuple[int, int, int]] | None:
        """Return id, story and time of all entries that pass the filters of time, if few do.

        SELECT e.id, e.story_id, s.ordered_at
        FROM entries AS e CROSS JOIN entries AS s ON s.id = e.story_id
        WHERE e.ordered_at >= 1795000000 AND s.ordered_at >= 1795000000
        UNION the same of entries that are not the first of a story of the period
        """
        if not self.filters.of_story():
            return None
        # Counted first by the entries' own times, which an index knows without the rows.
        own = " AND ".join([*self.filters.of_entry(), *self.filters.of_story("e")])
        some = f"SELECT 1 FROM entries AS e WHERE {own} LIMIT {self.limits.ranked + 1}"
        ((count,),) = self.rows(f"SELECT count(*) FROM ({some})", self.filters.values())
        if count > self.limits.ranked:
            return None
        story = " AND ".join(self._narrowed())
        found = (
            "SELECT e.id, e.story_id, s.ordered_at "
            "FROM entries AS e CROSS JOIN entries AS s ON s.id = e.story_id"
        )
        return self.rows(
            f"{found} WHERE {own} AND {story} UNION {found} WHERE e.story_id <> e.id AND {story}",
            self.filters.values(),
        )

    def rows(self, sql: str, values: dict[str, object]) -> list[Any]:
        """Return rows as tuples: quicker where there are thousands."""
        cursor = self._connection.cursor()
        cursor.row_factory = None
        return cursor.execute(sql, values).fetchall()

    def _narrowed(self) -> list[str]:
        return [*self.filters.of_entry(), *self.filters.of_story()]

    def _matching(
        self, expression: str, *, join: str = "", conditions: Sequence[str] = (), **values: object
    ) -> Source:
        where = ["entries_index MATCH :match", *self.filters.of_entry(), *conditions]
        return Source(
            f"FROM entries_index JOIN entries AS e ON e.id = entries_index.rowid {join} "
            f"WHERE {' AND '.join(where)}",
            {**self.filters.values(), "match": expression, **values},
        )

    def _has_long_period(self) -> bool:
        """Return whether more entries are of the period than can be kept aside."""
        if self._is_period_long is None:
            period, most = " AND ".join(self.filters.of_story()), self.limits.kept_aside
            some = f"SELECT 1 FROM entries AS s WHERE {period} LIMIT {most + 1}"
            ((count,),) = self.rows(f"SELECT count(*) FROM ({some})", self.filters.values())
            self._is_period_long = count > most
        return self._is_period_long

    def _ids_of_period(self) -> str:
        """Return the ids of all entries of the period's stories as a JSON list."""
        if self._period is None:
            period = " AND ".join(self.filters.of_story())
            ((self._period,),) = self.rows(
                f"""
                SELECT json_group_array(id) FROM (
                    SELECT s.id FROM entries AS s WHERE {period}
                    AND s.id NOT IN (SELECT d.id FROM entries AS d WHERE d.story_id <> d.id)
                    UNION ALL
                    SELECT d.id FROM entries AS d CROSS JOIN entries AS s ON s.id = d.story_id
                    WHERE d.story_id <> d.id AND {period}
                )
                """,
                self.filters.values(),
            )
        return str(self._period)
