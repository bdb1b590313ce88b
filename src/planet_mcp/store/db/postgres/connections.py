"""Connections to a PostgreSQL server, which take the store's statements as SQLite does."""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8Dumper

from planet_mcp.store.db.engine import Cursor, Values
from planet_mcp.store.db.postgres.expressions import Leaf, as_tsquery, leaves
from planet_mcp.store.db.postgres.words import quoted, vectors, words_of

_PLACE = re.compile(
    r"'(?:[^']|'')*'|--[^\n]*|%|\?|entries_index\(:(?P<match>\w+)\)|(?<![:\w]):(?P<name>[a-z]\w*)"
)
# Of bm25, as FTS5 has them (sqlite.org/fts5.html, section 5.1.1).
_K1, _B = 1.2, 0.75
_AT_ONCE = 200


@lru_cache(maxsize=2_000)
def translated(sql: str) -> tuple[str, frozenset[str]]:
    """Return a statement with psycopg's placeholders, and which values are expressions of FTS5."""
    expressions = set()

    def place(found: re.Match[str]) -> str:
        if found["match"]:
            expressions.add(found["match"])
            return f"entries_index(%({found['match']})s)"
        if found["name"]:
            return f"%({found['name']})s"
        text = found[0]
        if text == "?":
            return "%s"
        return "" if text.startswith("--") else text.replace("%", "%%")

    return _PLACE.sub(place, sql), frozenset(expressions)


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
        cursor: Cursor = self.raw.execute(text, _adapted(values, expressions))
        return cursor

    def executemany(self, sql: str, values: Iterable[Values], /) -> None:
        """Execute a statement for each of some values, in one round trip."""
        text, expressions = translated(sql)
        adapted = [_adapted(each, expressions) for each in values]
        if adapted:
            self.raw.cursor().executemany(text, adapted)

    def all(self, sql: str, values: Values) -> list[Any]:
        """Return the rows of a statement; none of one that returns none."""
        text, expressions = translated(sql)
        cursor = self.raw.execute(text, _adapted(values, expressions))
        return cursor.fetchall() if cursor.description else []

    def tuples(self, sql: str, values: Values, /) -> list[Any]:
        """Return rows as tuples."""
        return [tuple(row) for row in self.execute(sql, values).fetchall()]

    def state(self) -> int:
        """Return how many transactions have written."""
        return int(self.execute("SELECT writes FROM last_ids").fetchone()[0])

    def score(self, expression: str, frequency: Callable[[str], int]) -> str:
        """Return the SQL of bm25, made of what `ts_rank` says of each word."""
        (newest,) = self.execute("SELECT entry_id - skipped FROM last_ids").fetchone()
        parts = [_score(leaf, frequency(leaf.text), newest) for leaf in leaves(expression)]
        return f"CAST({' + '.join(parts)} AS DOUBLE PRECISION)"

    def highest_score(self, expression: str, frequency: Callable[[str], int]) -> str:
        """Return the SQL of bm25 where words stand in a text so often that nothing else counts."""
        (newest,) = self.execute("SELECT entry_id FROM last_ids").fetchone()
        rarities = (_rarity(frequency(leaf.text), newest) for leaf in leaves(expression))
        return str(sum(rarities) * (_K1 + 1))

    def counted(self, words: Iterable[str], most: int) -> list[Any]:
        """Return the words that entries have, with how many have them, the most first."""
        queries = {word: " & ".join(map(quoted, words_of(word))) for word in words}
        return self.tuples(
            """
            SELECT word, entries FROM (
                SELECT w.word, (SELECT count(*) FROM (
                    SELECT 1 FROM entry_words WHERE words @@ CAST(w.query AS tsquery) LIMIT :most
                ) AS found) AS entries
                FROM jsonb_each_text(CAST(:queries AS jsonb)) AS w (word, query)
            ) AS counted WHERE entries > 0 ORDER BY entries DESC
            """,
            {"queries": json.dumps(queries), "most": most},
        )

    def terms(self, start: str, *, least: int, most: int) -> list[str]:
        """Return terms that begin so, of those that PostgreSQL's statistics have."""
        rows = self.tuples(
            """
            SELECT term FROM (
                SELECT unnest(CAST(CAST(most_common_elems AS TEXT) AS TEXT[])) AS term,
                       unnest(most_common_elem_freqs) AS share
                FROM pg_stats WHERE schemaname = current_schema()
                AND tablename = 'entry_words' AND attname = 'words'
            ) AS known
            WHERE starts_with(term, :start)
            AND share * (SELECT count(*) FROM entry_words) >= :least LIMIT :most
            """,
            {"start": start, "least": least, "most": most},
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
        while changed := self.tuples(
            """
            DELETE FROM changed_words WHERE entry_id IN (
                SELECT entry_id FROM changed_words ORDER BY entry_id LIMIT :most
            ) RETURNING entry_id
            """,
            {"most": _AT_ONCE},
        ):
            texts = self.tuples(
                """
                SELECT entry_id, heading, coalesce(indexed_authors, authors),
                       coalesce(indexed_tags, tags), feed, terms, coalesce(indexed_text, text)
                FROM contents
                WHERE entry_id IN (SELECT CAST(value AS BIGINT) FROM json_each(:ids))
                """,
                {"ids": json.dumps([entry_id for (entry_id,) in changed])},
            )
            held = zip(texts, vectors([row[1:] for row in texts]), strict=True)
            self.executemany(
                "INSERT INTO entry_words (rowid, size, words) VALUES (?, ?, CAST(? AS tsvector)) "
                "ON CONFLICT (rowid) DO UPDATE SET size = excluded.size, words = excluded.words",
                [(row[0], size, vector) for row, (size, vector) in held],
            )


def _score(leaf: Leaf, count: int, newest: int) -> str:
    """Return bm25 of one word or phrase.

    `ts_rank` of a word is the sum of 1/n² of its first places, over π²/6: nearly 1 - 1/(1.645 n).
    So it tells how often the word is there, and with weights how often in the title, where it
    counts three times. A phrase counts once.
    """
    query = f"CAST('{leaf.query.replace(chr(39), chr(39) * 2)}' AS tsquery)"
    if leaf.is_word:
        every, titled = (
            f"ts_rank('{weights}', entries_index.words, {query})"
            for weights in ("{1,1,1,1}", "{0,0,0,1}")
        )
        times = f"({every} / (1.645 * (1 - {every})) + 2 * {titled} / (1.645 * (1 - {titled})))"
    else:
        times = f"(CASE WHEN entries_index.words @@ {query} THEN 1.0 ELSE 0.0 END)"
    usual = "(SELECT avg(size) FROM (SELECT size FROM entry_words ORDER BY rowid DESC LIMIT 500))"
    length = f"{_K1} * ({1 - _B} + {_B} * entries_index.size / {usual})"
    return f"{_rarity(count, newest)} * {times} * {_K1 + 1} / ({times} + {length})"


def _rarity(count: int, newest: int) -> float:
    """Return what a word that so many entries have says of one (the IDF of bm25)."""
    return max(math.log((max(newest, count) - count + 0.5) / (count + 0.5)), 1e-6)


def _adapted(values: Values, expressions: frozenset[str]) -> Any:
    if isinstance(values, Mapping):
        return {
            name: as_tsquery(value) if name in expressions and value else _text(value)
            for name, value in values.items()
        }
    return [_text(value) for value in values]


def _text(value: Any) -> Any:
    """Return a value without the character that PostgreSQL's texts cannot have."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value
