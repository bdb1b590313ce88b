"""Connections to an SQLite file, their settings, and transactions on them."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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


class _Connection(sqlite3.Connection):
    """A connection that can be the key of a weak dictionary."""


def open_file(path: Path, *, mode: str, seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    """Open a file with the `mode` of an SQLite URI (sqlite.org/uri.html): ro, rw, rwc."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=seconds,
        isolation_level=None,
        check_same_thread=False,
        factory=_Connection,
    )


def connect(path: Path, *, mode: str = "rw", seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
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
