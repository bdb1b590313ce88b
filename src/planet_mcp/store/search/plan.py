"""What one search knows of the index, and the sources that its strategies read from.

Aliases are those of `planet_mcp.store.sql`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from planet_mcp.requests import MOST_NAMED
from planet_mcp.store.db import Connection
from planet_mcp.store.search.filters import Filters
from planet_mcp.store.search.words import fts_string
from planet_mcp.store.sql import ids_of

MOST_COUNTED = 1_000
MOST_REMEMBERED = 5_000
MOST_DUPLICATES = 5_000
# So many entries are of enough stories: none of them has twenty on average.
_SURELY_ENOUGH = 20 * MOST_COUNTED
_ENTRIES_COUNTED = MOST_COUNTED * 5 // 4
# So many times more matches than are ranked may be read of words that only rank.
RANKING = 5
_PROBE = "SELECT 1 FROM entries_index(:match)"


@dataclass(frozen=True, slots=True)
class SearchLimits:
    """Bounds of what a search reads where its words are in very many entries.

    A question's rarest words choose the entries, as long as no more than `chosen` match them
    together. Of more than `ranked` entries only so many of the newest are ranked. Up to
    `kept_aside` entries of a period are kept aside while the index is read; where there are more,
    the next of them is never far.

    PostgreSQL scores each entry by itself, and its index knows no frequencies: of more than
    `scored` matches it scores about so many of the newest, and of more than `counted` entries it
    estimates how many have a frequent word.
    """

    chosen: int = 4_000
    ranked: int = 20_000
    kept_aside: int = 50_000
    scored: int = 5_000
    counted: int = 100_000


class Frequencies:
    """How many entries match expressions: counted once, and remembered for a while.

    They decide what is read and how, and no answer depends on their being exact.
    """

    def __init__(self) -> None:
        self._counted: dict[str, tuple[int, int]] = {}

    def get(self, expression: str, snapshot: int) -> int | None:
        """Return what was counted when there were about as many entries as now."""
        count, then = self._counted.get(expression, (0, -1))
        # A count of 0 holds for no other snapshot: the next entry may have the word.
        apart = 0 if not count else then // 20
        return count if abs(snapshot - then) <= apart else None

    def put(self, expression: str, snapshot: int, count: int) -> None:
        """Remember a count."""
        if len(self._counted) >= MOST_REMEMBERED:
            self._counted.clear()
        self._counted[expression] = (count, snapshot)


@dataclass(frozen=True, slots=True)
class Source:
    """FROM and WHERE of a statement, with the values of its placeholders."""

    sql: str
    values: dict[str, object]


class SearchPlan:
    """One search through one view of the database: facts that decide how to read it."""

    def __init__(
        self,
        connection: Connection,
        filters: Filters,
        limits: SearchLimits,
        frequencies: Frequencies,
    ) -> None:
        self._connection = connection
        self._frequencies = frequencies
        self.filters = filters
        self.limits = limits
        self._is_period_long: bool | None = None
        self._periods: dict[int | None, str] = {}

    def frequency(self, expression: str) -> int:
        """Return how many entries match, whatever the filters; about, and no more than can count.

        SELECT count(*) FROM (
            SELECT 1 FROM entries_index('"python"') LIMIT 20001
        )
        """
        snapshot = self.filters.snapshot
        known = self._known(expression)
        if known is None:
            most = max(self.limits.ranked, snapshot // 2)
            known = self._counted(expression, min(most, RANKING * self.limits.ranked) + 1)
            self._frequencies.put(expression, snapshot, known)
        return known

    def _known(self, expression: str) -> int | None:
        """Return about how many entries match, as far as that is known without counting."""
        snapshot = self.filters.snapshot
        known = self._frequencies.get(expression, snapshot)
        if known is None and snapshot > self.limits.counted:
            known = self._connection.about(expression, snapshot)
            if known is not None:
                self._frequencies.put(expression, snapshot, known)
        return known

    def newest_scored(self, expression: str, rarest: Sequence[str]) -> str:
        """Return the condition of those that are scored of the entries that match; "" of all.

        Where these are too many, they are the newest, and all that have any of the rarest words.
        """
        if self._reads_other_tables:
            return ""
        after, most = self._scored_after(expression), self.limits.scored
        if not after:
            return ""
        some: list[str] = []
        for word in rarest:
            most -= self.frequency(word)
            if most < 0:
                break
            some.append(word)
        having = f" OR {self.has(' OR '.join(some))}" if some else ""
        return f" AND (entries_index.rowid > {after}{having})"

    def is_in_more(self, expression: str, most: int) -> bool:
        """Return whether more entries match than `most`; counts no further than that."""
        if not expression or self.filters.snapshot <= most:
            return False
        known = self._known(expression)
        return (self._counted(expression, most + 1) if known is None else known) > most

    def _counted(self, expression: str, most: int) -> int:
        counted = f"SELECT count(*) FROM ({_PROBE} LIMIT {most})"
        ((count,),) = self.rows(counted, {"match": expression})
        return int(count)

    @property
    def is_narrow(self) -> bool:
        """Return whether the filters leave so few entries that all of them can be looked at."""
        if self.filters.of_story():
            return not self._has_long_period()
        return self.filters.feeds is not None

    def ids(self, expression: str, most: int) -> str:
        """Return the newest entries that match, whatever the filters, as a JSON list.

        SELECT json_group_array(rowid) FROM (
            SELECT rowid FROM entries_index('heading : ("python")')
            ORDER BY rowid DESC LIMIT 1000
        )
        """
        newest = f"{_PROBE.replace('1', 'rowid', 1)} ORDER BY rowid DESC LIMIT {most}"
        ((found,),) = self.rows(
            f"SELECT json_group_array(rowid) FROM ({newest})", {"match": expression}
        )
        return str(found)

    def within_feeds(self, expression: str) -> str:
        """Let the index leave out other feeds, by the name that it has of each entry's feed."""
        names = self._names_of_feeds
        return f"({expression}) AND feed : ({names})" if names else expression

    @cached_property
    def _names_of_feeds(self) -> str | None:
        """Return an expression for the feeds' names; None where it would not leave out others."""
        feeds = self.filters.feeds
        if feeds is None or len(feeds) > MOST_NAMED:
            return None
        names = self.rows(
            f"SELECT indexed_name FROM feeds WHERE id IN {ids_of(':feeds')}",
            self.filters.values(),
        )
        if not all(any(map(str.isalnum, name)) for (name,) in names):
            return None
        return " OR ".join(fts_string(name) for (name,) in names)

    def ranked(self, expression: str) -> Source:
        """Return the index's entries that match and pass the filters; other tables only if needed.

        To read the row of each match takes a quarter of the time of a ranking.
        """
        if self._reads_other_tables:
            return self.matching(expression)
        return Source(
            "FROM entries_index(:match) WHERE entries_index.rowid <= :snapshot",
            {**self.filters.values(), "match": expression},
        )

    @property
    def _reads_other_tables(self) -> bool:
        filters = self.filters
        return bool(filters.feeds is not None or filters.of_story() or filters.of_shown())

    def matching(self, expression: str) -> Source:
        """Return the entries `e` that match and pass the filters.

        In a period they are looked up in the list of its entries: to read the time of each
        match's story costs ten times as much.
        """
        if not self.filters.of_story():
            return self._matching(expression)
        newest = self._newest_of_period(expression)
        if newest is None and self._has_long_period():
            return self._matching(expression, conditions=self.filters.of_story())
        period = f"+entries_index.rowid IN {ids_of(':period')}"
        return self._matching(expression, conditions=[period], period=self._ids_of_period(newest))

    def matching_stories(self, expression: str) -> Source:
        """Return the entries `e` that match and pass the filters, with their stories `s`."""
        return self._matching(expression, conditions=self.filters.of_story(), stories=True)

    def stories(self, expression: str = "") -> Source:
        """Return all stories `s` that pass the filters, in the order in which SQLite walks them.

        With an expression, those of which any entry matches it. CROSS keeps SQLite from turning
        the walk around (sqlite.org/optoverview.html, section 7).
        """
        probe = f"EXISTS ({_PROBE} WHERE entries_index.rowid = {{id}})"
        duplicate = (
            "SELECT 1 FROM entries AS d WHERE d.story_id = s.id AND d.story_id <> d.id"
            f" AND d.id <= :snapshot AND {probe.format(id='d.id')}"
        )
        either = f"({probe.format(id='e.id')} OR EXISTS ({duplicate}))"
        conditions = [
            "e.id = s.id AND s.story_id = s.id",
            *self.filters.conditions(),
            *([either] if expression else []),
        ]
        return Source(
            f"FROM entries AS s CROSS JOIN entries AS e WHERE {' AND '.join(conditions)}",
            {**self.filters.values(), "match": expression},
        )

    def stories_of_feeds(self) -> Source:
        """Return the entries `e` of the filters' feeds, with their stories `s`."""
        return Source(
            "FROM entries AS e JOIN entries AS s ON s.id = e.story_id "
            f"WHERE {' AND '.join(self.filters.conditions())}",
            self.filters.values(),
        )

    # SELECT s.id, min(e.id) FROM entries AS e JOIN entries AS s ON s.id = e.story_id
    # WHERE e.canonical_url = 'example.org/post' AND +e.id <= 17603
    # GROUP BY s.id, s.ordered_at ORDER BY s.ordered_at DESC, s.id DESC LIMIT 200
    def stories_where(self, condition: str, most: int, **values: object) -> list[int]:
        """Return the stories of the entries `e` that a condition holds for, the newest first."""
        return [story for story, _ in self._stories_where(condition, "e.id", most, **values)]

    def stories_titled(self, keys: Sequence[int], most: int) -> list[int]:
        """Return the stories that have the first of these keys of whole titles that any has."""
        if not keys:
            return []
        condition = f"e.title_key IN {ids_of(':titles')} AND NOT e.title_derived"
        titled = json.dumps(keys)
        found = self._stories_where(condition, "e.title_key", most, titles=titled)
        having = {key for _, key in found}
        first = next((key for key in keys if key in having), None)
        return [story for story, key in found if key == first]

    def _stories_where(
        self, condition: str, column: str, most: int, **values: object
    ) -> list[tuple[int, int]]:
        named = self.filters.expression(None)
        conditions = [condition, *self.filters.conditions()]
        if named:
            conditions.append("e.id IN (SELECT rowid FROM entries_index(:named))")
        return self.rows(
            f"SELECT s.id, min({column}) FROM entries AS e JOIN entries AS s ON s.id = e.story_id "
            f"WHERE {' AND '.join(conditions)} "
            f"GROUP BY s.id, s.ordered_at ORDER BY s.ordered_at DESC, s.id DESC LIMIT {most}",
            {**self.filters.values(), "named": named, **values},
        )

    def count(self, source: Source) -> int:
        """Return how many stories a source has, at most `MOST_COUNTED`.

        So many entries mostly have enough stories; PostgreSQL would sort all for the first ones.
        """
        some = f"SELECT e.story_id {source.sql} LIMIT {_ENTRIES_COUNTED}"
        ((stories, entries),) = self.rows(
            f"SELECT count(DISTINCT story_id), count(*) FROM ({some}) AS matching", source.values
        )
        if stories < MOST_COUNTED and entries == _ENTRIES_COUNTED:
            distinct = f"SELECT DISTINCT e.story_id {source.sql} LIMIT {MOST_COUNTED}"
            ((stories,),) = self.rows(f"SELECT count(*) FROM ({distinct})", source.values)
        return min(int(stories), MOST_COUNTED)

    def count_matching(self, expression: str) -> int:
        """Return how many stories have an entry that matches, as `count` does.

        Where more match than could be too few stories, no row of theirs is read.
        """
        if not self._reads_other_tables and (self._known(expression) or 0) > _SURELY_ENOUGH:
            return MOST_COUNTED
        if not self._reads_other_tables and self._duplicates <= MOST_DUPLICATES:
            enough, source = MOST_COUNTED + self._duplicates, self.ranked(expression)
            some = f"SELECT 1 {source.sql} LIMIT {enough}"
            ((found,),) = self.rows(f"SELECT count(*) FROM ({some})", source.values)
            if found == enough:
                return MOST_COUNTED
            if not found or not self._duplicates:
                return int(found)
        return self.count(self.matching(expression))

    @cached_property
    def _duplicates(self) -> int:
        """Return how many entries are of the story of another one, as far as that is counted."""
        some = f"SELECT 1 FROM entries WHERE story_id <> id LIMIT {MOST_DUPLICATES + 1}"
        ((count,),) = self.rows(f"SELECT count(*) FROM ({some})", {})
        return int(count)

    def rows(self, sql: str, values: dict[str, object]) -> list[Any]:
        """Return rows as tuples."""
        return self._connection.tuples(sql, values)

    def score(self, expression: str) -> str:
        """Return the SQL of bm25 of the index's entries that match an expression."""
        return self._connection.score(expression, self.frequency)

    def held(self, source: str) -> str:
        """Return the SQL of a source by which rows are scored."""
        return self._connection.held(source)

    def has(self, expression: str) -> str | None:
        """Return the SQL of whether a row that is scored matches; None where `ids` is to tell."""
        return self._connection.has(expression)

    def highest_score(self, expression: str) -> str:
        """Return the SQL of what no score comes up to, of entries that have the same words."""
        return self._connection.highest_score(expression, self.frequency)

    def _matching(
        self,
        expression: str,
        *,
        conditions: Sequence[str] = (),
        stories: bool = False,
        **values: object,
    ) -> Source:
        of_entry, of_shown = self.filters.of_entry(), self.filters.of_shown()
        stories = stories or bool(of_shown) or (bool(conditions) and not values)
        joins = "JOIN entries AS e ON e.id = entries_index.rowid"
        joins += " JOIN entries AS s ON s.id = e.story_id" if stories else ""
        where = [*of_entry, *conditions, *of_shown]
        return Source(
            f"FROM entries_index(:match) {joins} WHERE {' AND '.join(where)}",
            {**self.filters.values(), "match": expression, **values},
        )

    def _has_long_period(self) -> bool:
        """Return whether more entries are of the period than can be kept aside."""
        if self._is_period_long is None:
            period, most = " AND ".join(self.filters.of_story()), self._most_listed
            some = f"SELECT 1 FROM entries AS s WHERE {period} LIMIT {most + 1}"
            ((count,),) = self.rows(f"SELECT count(*) FROM ({some})", self.filters.values())
            self._is_period_long = count > most
        return self._is_period_long

    def _newest_of_period(self, expression: str) -> int | None:
        """Return how many of a period's newest stories are enough to score; None for all of them.

        Where not all that match are scored, as `newest_scored` says, these are the newest of the
        period.
        """
        if self.filters.feeds is not None or self.filters.of_shown():
            return None
        after = self._scored_after(expression)
        newest = self.filters.snapshot - after
        return newest if after and newest <= self._most_listed else None

    def _scored_after(self, expression: str) -> int:
        return self._connection.scored_after(
            expression, self.frequency, most=self.limits.scored, newest=self.filters.snapshot
        )

    @property
    def _most_listed(self) -> int:
        return self._connection.most_listed(self.limits.kept_aside)

    def _ids_of_period(self, newest: int | None) -> str:
        """Return the ids of all entries of the period's stories, or the newest, as a JSON list."""
        if newest not in self._periods:
            period = " AND ".join(self.filters.of_story())
            limit = f"ORDER BY s.ordered_at DESC LIMIT {newest}" if newest else ""
            ((self._periods[newest],),) = self.rows(
                f"""
                WITH period AS (SELECT s.id FROM entries AS s WHERE {period} {limit})
                SELECT json_group_array(id) FROM (
                    SELECT id FROM period
                    WHERE id NOT IN (SELECT d.id FROM entries AS d WHERE d.story_id <> d.id)
                    UNION ALL
                    SELECT d.id FROM entries AS d CROSS JOIN period
                    WHERE period.id = d.story_id AND d.story_id <> d.id
                )
                """,
                self.filters.values(),
            )
        return str(self._periods[newest])
