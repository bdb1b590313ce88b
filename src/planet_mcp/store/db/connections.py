"""Connections to an SQLite file, their settings, and transactions on them."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

BUSY_SECONDS = 10.0

_SETTINGS = (
    "foreign_keys = on",
    "recursive_triggers = on",
    # FULL, and a journal that was deleted stays so: else a power cut could bring it back, and with
    # it undo what was acknowledged (sqlite.org/pragma.html#pragma_synchronous).
    "synchronous = EXTRA",
    "cache_size = -16384",
    # In rollback-journal mode a spill would lock readers out long before the commit.
    "cache_spill = off",
)


# Columns: heading, authors, tags, feed, terms, text. A word in the title says more than one in the
# text.
_BM25 = "-bm25(entries_index, 3.0, 2.0, 2.0, 1.0, 1.0, 1.0)"
_HIGHEST = "-bm25(entries_index, 1e12, 1e12, 1e12, 1e12, 1e12, 1e12)"


class SQLiteConnection(sqlite3.Connection):
    """A connection to an SQLite file, as `planet_mcp.store.db.engine` says."""

    def tuples(self, sql: str, values: Any) -> list[Any]:
        """Return rows as tuples."""
        cursor = self.cursor()
        cursor.row_factory = None
        return cursor.execute(sql, values).fetchall()

    def together(self) -> AbstractContextManager[object]:
        """Do nothing else: no statement goes over a network."""
        return nullcontext()

    def each(self, sql: str, values: Iterable[Any]) -> list[list[Any]]:
        """Return the rows of a statement for each of some values, as tuples."""
        cursor = self.cursor()
        cursor.row_factory = None
        return [cursor.execute(sql, each).fetchall() for each in values]

    def state(self) -> int:
        """Return what is another number after any other connection has written."""
        # Counts the commits of all other connections, as this one sees them.
        return int(self.execute("PRAGMA data_version").fetchone()[0])

    def score(self, _expression: str, _frequency: Callable[[str], int]) -> str:
        """Return the SQL of bm25."""
        return _BM25

    def highest_score(self, _expression: str, _frequency: Callable[[str], int]) -> str:
        """Return the SQL of bm25 of a row that had its words so often that nothing else counts."""
        return _HIGHEST

    def held(self, source: str) -> str:
        """Return the same source."""
        return source

    def has(self, _expression: str) -> str | None:
        """Return None: the index tells ids alone."""
        return None

    def about(self, _expression: str, _entries: int) -> int | None:
        """Leave it to be counted, which the index does by itself."""
        return None

    def scored_after(
        self, _expression: str, _frequency: Callable[[str], int], *, most: int, newest: int
    ) -> int:
        """Return 0: to score all that match costs little."""
        return 0

    def most_listed(self, usual: int) -> int:
        """Return the usual number of entries in a list."""
        return usual

    def counted(self, words: Iterable[str], most: int) -> list[Any]:
        """Return the words that entries have, with how many have them, the most first."""
        return self.tuples(
            """
            SELECT value, (
                SELECT count(*) FROM (SELECT 1 FROM entries_index('"' || value || '"') LIMIT :most)
            ) AS entries
            FROM json_each(:words) WHERE entries ORDER BY entries DESC
            """,
            {"words": json.dumps([*words]), "most": most},
        )

    def terms(self, start: str, *, least: int, most: int) -> list[str]:
        """Return terms of the index that begin so and are in enough entries."""
        rows = self.tuples(
            """
            SELECT term FROM (SELECT term, doc FROM entries_vocabulary
                              WHERE term >= :start AND term < :end LIMIT :most)
            WHERE doc >= :least
            """,
            # { is the character after z.
            {"start": start, "end": f"{start}{{", "least": least, "most": most},
        )
        return [term for (term,) in rows]

    def merge_index(self, pages: int) -> bool:
        """Merge some segments of the index; False when all is done."""
        before = self.total_changes
        self.execute(
            "INSERT INTO entries_index (entries_index, rank) VALUES ('merge', ?)", (pages,)
        )
        return self.total_changes - before > 1

    def columns(self, table: str) -> dict[str, bool]:
        """Return the columns that rows are written with; SQLite has no booleans."""
        return {
            name: False
            for (name,) in self.tuples(f"SELECT name FROM pragma_table_info('{table}')", ())
        }

    def continue_ids(self) -> None:
        """Leave the ids to SQLite, which goes on after the largest by itself."""


def open_file(path: Path, *, mode: str, seconds: float = BUSY_SECONDS) -> SQLiteConnection:
    """Open a file with the `mode` of an SQLite URI (sqlite.org/uri.html): ro, rw, rwc."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=seconds,
        isolation_level=None,
        check_same_thread=False,
        factory=SQLiteConnection,
    )


def connect(path: Path, *, mode: str = "rw", seconds: float = BUSY_SECONDS) -> SQLiteConnection:
    """Open a file of ours with the settings that all connections have."""
    connection = open_file(path, mode=mode, seconds=seconds)
    try:
        for setting in _SETTINGS:
            connection.execute(f"PRAGMA {setting}")
    except BaseException:
        connection.close()
        raise
    connection.row_factory = sqlite3.Row
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection, kind: str) -> Iterator[None]:
    """Make a block one transaction: DEFERRED or IMMEDIATE (sqlite.org/lang_transaction.html)."""
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def journal_mode(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> str:
    """Return the journal mode that is safe for several processes with this SQLite.

    Versions from 3.7.0 to 3.51.2 can damage a WAL database when several processes write and
    checkpoint it; the fix is in 3.51.3, 3.50.7 and 3.44.6.
    """
    fixed = (
        version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    )
    return "wal" if fixed else "delete"


def beside(path: Path, ending: str) -> Path:
    """Return the file that has a database's name and an ending, as its journal has."""
    return path.with_name(path.name + ending)
