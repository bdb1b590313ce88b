"""SQLite's errors in words: one table of its result codes (sqlite.org/rescode.html).

A test compares `KINDS` with the codes that Python's sqlite3 knows.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from planet_mcp.errors import (
    DamagedDatabaseError,
    DatabaseAccessError,
    DatabaseBusyError,
    DiskError,
    SlowQueryError,
    StoreError,
)

ANOTHER_FILE = "Set PLANET_MCP_DATABASE (or --database) to another file."
TRY_REPAIR = "`planet-mcp check --repair` looks what can be mended."
_SAFE = "What was stored before is safe."
HELD = "Another process has held it for long; try again."
FAULT = "This is a fault of planet-mcp: please report it."
_FULL = "The disk may be full, over a quota, or failing."
ASK_FOR_LESS = (
    "Ask for less: fewer or rarer words, no word*, a shorter period (since, until), or one feed."
)
_NOT_ALLOWED = "This user may not write to it, or to its folder."

_CUT_OFF = (
    "A process was stopped in the middle of a write: start planet-mcp once as a user who may write "
    "to it, and it will undo that."
)

Kind = tuple[type[StoreError], str]

# What an error is, and what to do next, by its primary result code.
KINDS: Mapping[int, Kind] = {
    sqlite3.SQLITE_ERROR: (StoreError, ANOTHER_FILE),
    sqlite3.SQLITE_INTERNAL: (DamagedDatabaseError, TRY_REPAIR),
    sqlite3.SQLITE_PERM: (DatabaseAccessError, ANOTHER_FILE),
    sqlite3.SQLITE_ABORT: (StoreError, "Try again."),
    sqlite3.SQLITE_BUSY: (DatabaseBusyError, HELD),
    sqlite3.SQLITE_LOCKED: (DatabaseBusyError, HELD),
    sqlite3.SQLITE_NOMEM: (StoreError, "There is not enough memory for it."),
    sqlite3.SQLITE_READONLY: (DatabaseAccessError, f"{_NOT_ALLOWED} {_SAFE}"),
    sqlite3.SQLITE_INTERRUPT: (SlowQueryError, ASK_FOR_LESS),
    sqlite3.SQLITE_IOERR: (DiskError, f"{_FULL} {_SAFE}"),
    sqlite3.SQLITE_CORRUPT: (DamagedDatabaseError, TRY_REPAIR),
    sqlite3.SQLITE_NOTFOUND: (StoreError, FAULT),
    sqlite3.SQLITE_FULL: (DiskError, f"The disk is full: free some space. {_SAFE}"),
    sqlite3.SQLITE_CANTOPEN: (DatabaseAccessError, ANOTHER_FILE),
    sqlite3.SQLITE_PROTOCOL: (DatabaseBusyError, HELD),
    sqlite3.SQLITE_EMPTY: (StoreError, FAULT),
    sqlite3.SQLITE_SCHEMA: (StoreError, "Try again."),
    sqlite3.SQLITE_TOOBIG: (StoreError, FAULT),
    sqlite3.SQLITE_CONSTRAINT: (DamagedDatabaseError, TRY_REPAIR),
    sqlite3.SQLITE_MISMATCH: (DamagedDatabaseError, TRY_REPAIR),
    sqlite3.SQLITE_MISUSE: (StoreError, FAULT),
    sqlite3.SQLITE_NOLFS: (DiskError, f"The file system takes no file of that size. {_SAFE}"),
    sqlite3.SQLITE_AUTH: (DatabaseAccessError, ANOTHER_FILE),
    sqlite3.SQLITE_FORMAT: (DamagedDatabaseError, TRY_REPAIR),
    sqlite3.SQLITE_RANGE: (StoreError, FAULT),
    sqlite3.SQLITE_NOTADB: (DamagedDatabaseError, TRY_REPAIR),
    sqlite3.SQLITE_NOTICE: (StoreError, FAULT),
    sqlite3.SQLITE_WARNING: (StoreError, FAULT),
}
# Errors without a code are those of Python's module: a closed connection, a value of no SQL type.
NO_CODE: Kind = (StoreError, FAULT)
# Extended codes that ask for something else than their primary ones do.
KINDS_EXTENDED: Mapping[int, Kind] = {
    sqlite3.SQLITE_READONLY_ROLLBACK: (
        DatabaseAccessError,
        _CUT_OFF,
    ),
}


@contextmanager
def translated(path: Path, *, query_seconds: float) -> Iterator[None]:
    """Raise what SQLite and the file system say of a database as a `StoreError`."""
    try:
        yield
    # Python's module raises a MemoryError for SQLITE_NOMEM.
    except (sqlite3.Error, sqlite3.Warning, MemoryError) as error:
        code = code_of(error)
        kind, advice = KINDS_EXTENDED.get(code) or KINDS.get(code & 0xFF, NO_CODE)
        raise kind(f"{_said(path, kind, error, query_seconds)} {advice}") from error
    except OSError as error:
        raise DatabaseAccessError(
            f"The database {path} cannot be opened: {error.strerror or error}. {ANOTHER_FILE}"
        ) from error


def code_of(error: BaseException) -> int:
    """Return SQLite's extended result code; 0 for errors that only Python's module has."""
    return getattr(error, "sqlite_errorcode", 0)


def stopped(query_seconds: float) -> str:
    """Say that a query was ended by its limit."""
    return f"This would take longer than {query_seconds:.0f} s, and was stopped."


def _said(path: Path, kind: type[StoreError], error: BaseException, query_seconds: float) -> str:
    if kind is SlowQueryError:
        return stopped(query_seconds)
    state = "is damaged or inconsistent" if kind is DamagedDatabaseError else "cannot be used"
    return f"The database {path} {state}: {str(error) or type(error).__name__}."
