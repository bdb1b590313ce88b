"""Connections to a PostgreSQL server, which take the store's statements as SQLite does."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from functools import lru_cache
from itertools import chain
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8Dumper

from planet_mcp.store.db.engine import Cursor, Values
from planet_mcp.store.db.postgres.expressions import compiled
from planet_mcp.store.db.postgres.overview import Overview
from planet_mcp.store.db.postgres.ranking import bm25, condition, held, highest
from planet_mcp.store.db.postgres.words import quoted, vectors, words_of

_PLACE = re.compile(
    r"'(?:[^']|'')*'|--[^\n]*|%|\?|entries_index\(:(?P<match>\w+)\)|(?<![:\w]):(?P<name>[a-z]\w*)"
)
# The newest that match: found by the index of words and sorted, as whoever walks down all entries
# reads the words of each.
_BY_ROWID = re.compile(r"ORDER BY (entries_index\.)?rowid")
# A list of ids: as an array, of which PostgreSQL knows how long it is, so that it begins with the
# ids where these are few, and not with all entries that have a frequent word.
_LISTED = re.compile(r"(NOT )?IN \(SELECT CAST\(value AS BIGINT\) FROM json_each\((:\w+|\?)\)\)")
_NOT_BY_ID = re.compile(r"\+(?=entries_index\.rowid = ANY)")
_AT_ONCE = 200
_TAKE_CHANGED = """
WITH changed AS (
    DELETE FROM changed_words WHERE entry_id IN (
        SELECT entry_id FROM changed_words ORDER BY entry_id LIMIT :most
    ) RETURNING entry_id
)
SELECT entry_id, heading, coalesce(indexed_authors, authors), coalesce(indexed_tags, tags), feed,
       terms, coalesce(indexed_text, text)
FROM contents WHERE entry_id IN (SELECT entry_id FROM changed)
"""
# So many of the newest entries show which words there are.
_LOOKED_INTO = 1_000


def _array(found: re.Match[str]) -> str:
    comparison = "<> ALL" if found[1] else "= ANY"
    return f"{comparison} (CAST(translate({found[2]}, '[]', '{{}}') AS BIGINT[]))"


@lru_cache(maxsize=2_000)
def translated(sql: str) -> tuple[str, frozenset[str]]:
    """Return a statement with psycopg's placeholders, and which values are expressions of FTS5."""
    expressions = set()

    def place(found: re.Match[str]) -> str:
        if found["match"]:
            expressions.add(found["match"])
            return "entries_index(%({0})s, %({0}_near)s)".format(found["match"])
        if found["name"]:
            return f"%({found['name']})s"
        text = found[0]
        if text == "?":
            return "%s"
        return "" if text.startswith("--") else text.replace("%", "%%")

    text = _PLACE.sub(place, _NOT_BY_ID.sub("", _LISTED.sub(_array, sql)))
    return _BY_ROWID.sub(r"\g<0> + 0", text) if expressions else text, frozenset(expressions)


@lru_cache(maxsize=500)
def _row_class(names: tuple[str, ...]) -> type[tuple[Any, ...]]:
    places = {name: place for place, name in enumerate(names)}

    class Row(tuple[Any, ...]):
        """A row whose values are found by place or name."""

        __slots__ = ()

        def __getitem__(self, key: Any) -> Any:
            return tuple.__getitem__(self, places[key] if isinstance(key, str) else key)

        def keys(self) -> Iterable[str]:
            return places

    return Row


def rows(cursor: psycopg.Cursor[Any]) -> Callable[[Iterable[Any]], Any]:
    """Make rows of what a cursor returns (psycopg.org, row factories)."""
    return _row_class(tuple(each.name for each in cursor.description or ()))


class PostgresConnection:
    """A connection to a server, as `planet_mcp.store.db.engine` says."""

    def __init__(self, raw: "psycopg.Connection[Any]") -> None:
        self.raw = raw
        self._overview = Overview(self)
        raw.row_factory = rows
        raw.adapters.register_dumper(int, Int8Dumper)

    @property
    def in_transaction(self) -> bool:
        """Return whether a transaction is open, be it one that failed."""
        status = self.raw.info.transaction_status
        return status in {TransactionStatus.INTRANS, TransactionStatus.INERROR}

    def execute(self, sql: str, values: Values = (), /) -> Cursor:
        """Execute a statement as SQLite takes it."""
        text, expressions = translated(sql)
        # How many entries match is known where a plan is made for these words alone.
        prepare = False if expressions else None
        cursor: Cursor = self.raw.execute(text, _adapted(values, expressions), prepare=prepare)
        return cursor

    def executemany(self, sql: str, values: Iterable[Values], /) -> None:
        """Execute a statement for each of some values, in one round trip."""
        self._many(sql, values, returning=False)

    def together(self) -> AbstractContextManager[object]:
        """Let a block execute statements that return nothing: all in one round trip."""
        return self.raw.pipeline()

    def each(self, sql: str, values: Iterable[Values], /) -> list[list[Any]]:
        """Return the rows of a statement for each of some values, in one round trip."""
        cursor = self._many(sql, values, returning=True)
        found = [[tuple(row) for row in cursor.fetchall()]] if cursor else []
        while cursor and cursor.nextset():
            found.append([tuple(row) for row in cursor.fetchall()])
        return found

    def all(self, sql: str, values: Values) -> list[Any]:
        """Return the rows of a statement; none of one that returns none."""
        text, expressions = translated(sql)
        cursor = self.raw.execute(text, _adapted(values, expressions))
        return cursor.fetchall() if cursor.description else []

    def tuples(self, sql: str, values: Values, /) -> list[Any]:
        """Return rows as tuples."""
        return [tuple(row) for row in self.execute(sql, values).fetchall()]

    def _many(
        self, sql: str, values: Iterable[Values], *, returning: bool
    ) -> "psycopg.Cursor[Any] | None":
        """Execute a statement for each of some values in a pipeline; None if there are none.

        What they are made of is not kept: texts of thousands of entries.
        """
        text, expressions = translated(sql)
        adapted = (_adapted(each, expressions) for each in values)
        first = next(adapted, None)
        if first is None:
            return None
        cursor = self.raw.cursor()
        cursor.executemany(text, chain([first], adapted), returning=returning)
        return cursor

    def state(self) -> int:
        """Return how many transactions have written."""
        return int(self.execute("SELECT writes FROM last_ids").fetchone()[0])

    def score(self, expression: str, frequency: Callable[[str], int]) -> str:
        """Return the SQL of bm25."""
        entries = self._overview.entries()
        usual_size = self._overview.usual_size(entries)
        leaves = compiled(expression).leaves
        return bm25(leaves, frequency, entries=entries, usual_size=usual_size)

    def highest_score(self, expression: str, frequency: Callable[[str], int]) -> str:
        """Return the SQL of bm25 where words stand in a text so often that nothing else counts."""
        leaves = compiled(expression).leaves
        return highest(leaves, frequency, entries=self._overview.entries())

    def held(self, source: str) -> str:
        """Return a source whose rows have their words at hand."""
        return held(source)

    def has(self, expression: str) -> str:
        """Return the SQL of whether a row matches."""
        return condition(compiled(expression))

    def about(self, expression: str, entries: int) -> int | None:
        """Return about how many of so many entries match, where a part of all tells that."""
        return self._overview.matching(expression, entries)

    def scored_after(
        self, expression: str, frequency: Callable[[str], int], *, most: int, newest: int
    ) -> int:
        """Return the id after which about so many match."""
        matching, entries = frequency(expression), self._overview.entries()
        if not all(leaf.is_word for leaf in compiled(expression).leaves):
            most //= 2  # a phrase costs twice as much, to find and to score
        if matching <= most:
            return 0
        # Ids that were skipped may be among these; of those that were deleted are the oldest.
        skipped = max(newest - entries, 0)
        return max(newest - skipped - entries * most // matching, 0)

    def most_listed(self, usual: int) -> int:
        """Return more than is usual: the rows of all entries would be read for their times."""
        return 4 * usual

    def counted(self, words: Iterable[str], most: int) -> list[Any]:
        """Return the words that entries have, with how many have them, the most first."""
        queries = {word: " & ".join(map(quoted, words_of(word))) for word in words}
        return self.tuples(
            """
            SELECT word, entries FROM (
                SELECT word, matching(query, CAST(:most AS BIGINT)) AS entries
                FROM jsonb_each_text(CAST(:queries AS jsonb)) AS words (word, query) OFFSET 0
            ) AS counted WHERE entries > 0 ORDER BY entries DESC
            """,
            {"queries": json.dumps(queries), "most": most},
        )

    def terms(self, start: str, *, least: int, most: int) -> list[str]:
        """Return terms that begin so, of the newest entries that have any."""
        rows = self.tuples(
            """
            WITH newest AS (
                SELECT words FROM entry_words WHERE words @@ CAST(:query AS tsquery)
                ORDER BY rowid DESC LIMIT :looked_into
            )
            SELECT term FROM newest, unnest(tsvector_to_array(words)) AS term
            WHERE starts_with(term, :start) GROUP BY term
            HAVING count(*) >= :least OR (SELECT count(*) FROM newest) = :looked_into LIMIT :most
            """,
            {
                "query": f"{quoted(start)}:*",
                "start": start,
                "least": least,
                "most": most,
                "looked_into": _LOOKED_INTO,
            },
        )
        return [term for (term,) in rows]

    def merge_index(self, _pages: int) -> bool:
        """Leave the index to the server's own vacuum."""
        return False

    def columns(self, table: str) -> dict[str, bool]:
        """Return the columns that rows are written with, and which of them are booleans."""
        rows = self.tuples(
            """
            SELECT column_name, data_type = 'boolean' FROM information_schema.columns
            WHERE table_schema = current_schema() AND table_name = ? AND is_generated = 'NEVER'
            ORDER BY ordinal_position
            """,
            (table,),
        )
        return dict(rows)

    def continue_ids(self) -> None:
        """Let sequences go on after the largest ids."""
        for table in ("feeds", "vectors", "feed_changes"):
            self.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), "
                f"greatest(max(id), 1), max(id) IS NOT NULL) FROM {table}"
            )

    def index_changed(self) -> None:
        """Put the words of entries into the index whose texts this transaction has changed."""
        while changed := self.tuples(_TAKE_CHANGED, {"most": _AT_ONCE}):
            held = zip(changed, vectors([row[1:] for row in changed]), strict=True)
            self.executemany(
                "INSERT INTO entry_words (rowid, size, words) VALUES (?, ?, CAST(? AS tsvector)) "
                "ON CONFLICT (rowid) DO UPDATE SET size = excluded.size, words = excluded.words",
                ((row[0], size, vector) for row, (size, vector) in held),
            )
            if len(changed) < _AT_ONCE:
                return


def _adapted(values: Values, expressions: frozenset[str]) -> Any:
    if not isinstance(values, Mapping):
        return [_text(value) for value in values]
    adapted = {name: _text(value) for name, value in values.items()}
    for name in expressions:
        found = compiled(values[name]) if values[name] else None
        adapted |= {
            name: found and found.query,
            f"{name}_near": found and found.near and [*found.near],
        }
    return adapted


def _text(value: Any) -> Any:
    """Return a value without the character that PostgreSQL's texts cannot have."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value
