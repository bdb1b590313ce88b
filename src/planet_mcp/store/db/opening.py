"""A database file before it is used: whose it is, what state it is in, and bringing it up to date.

A file that is refused is left exactly as it is.
"""

import logging
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from planet_mcp.errors import (
    DatabaseBusyError,
    ForeignDatabaseError,
    NewerDatabaseError,
    StoreError,
)
from planet_mcp.store.db import journal, schema
from planet_mcp.store.db.connections import (
    SQLiteConnection,
    beside,
    connect,
    journal_mode,
    open_file,
    transaction,
)
from planet_mcp.store.db.copies import back_up
from planet_mcp.store.db.translation import ANOTHER_FILE, TRY_REPAIR, code_of

logger = logging.getLogger(__name__)

OPEN_SECONDS = 60.0
_LEFT = f"It was left as it is. {ANOTHER_FILE}"


class _State(Enum):
    """What a file needs before it can be used."""

    NEW = "to be made"
    BEHIND = "older tables, or another journal mode"
    CUT_OFF = "a write to be undone"
    READY = "nothing"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes from preparing or repairing the database meanwhile."""
    from filelock import FileLock, Timeout  # deferred: few starts have anything to prepare

    try:
        with FileLock(f"{path}.lock", timeout=OPEN_SECONDS):
            yield
    except Timeout:
        raise DatabaseBusyError(
            f"Another process has been preparing {path} for over {OPEN_SECONDS:.0f} s; try again."
        ) from None


@dataclass(frozen=True, slots=True)
class DatabaseFile:
    """A file that is to be opened; `steps` are the migrations that its tables are to have."""

    path: Path
    steps: Sequence[schema.Step] = schema.STEPS

    def why_read_only(self) -> str | None:
        """Return in words why this process may not write the database; None if it may."""
        if not self.path.is_file():
            return None
        # Every write needs a journal beside the file.
        sealed = [each for each in (self.path, self.path.parent) if not os.access(each, os.W_OK)]
        if not sealed:
            return None
        return (
            f"The database {self.path} is only read, since this user may not write to "
            f"{sealed[-1]}: nothing is refreshed, added or removed here."
        )

    def connect_to_read(self) -> tuple[SQLiteConnection, bool]:
        """Connect to a file that may not be written; the second value is whether it is held frozen.

        A WAL database that nobody has open needs files beside it, even to be read; where these
        cannot be made, SQLite reads it if it is told that nobody writes it.
        """
        try:
            return self._current(connect(self.path, mode="ro")), False
        except sqlite3.OperationalError as error:
            code = code_of(error)
            needs_files = code & 0xFF in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
            is_cut_off = code == sqlite3.SQLITE_READONLY_ROLLBACK
            if is_cut_off or not needs_files or beside(self.path, "-wal").exists():
                raise
        return self._current(connect(self.path, mode="ro&immutable=1")), True

    def prepare(self, *, to_repair: bool) -> bool:
        """Create, check and migrate the file; only one process at a time does more than look.

        Returns whether a write was undone in the middle of which another process had stopped.
        With `to_repair`, also one whose journal is not whole is undone.
        """
        if self.path.is_dir():
            raise StoreError(f"{self.path} is a folder, not a database file. {ANOTHER_FILE}")
        if self.path.exists() and not self.path.is_file():
            raise StoreError(f"{self.path} is not a regular file. {ANOTHER_FILE}")
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._state() is _State.READY:
            return False
        with locked(self.path):
            state = self._state()
            if state is _State.CUT_OFF and not to_repair:
                self._refuse_broken_journal()
            if state is not _State.READY:
                self._migrate()
        return state is _State.CUT_OFF

    def _state(self) -> _State:
        """Look what the file needs, without a change of it; refuse it if it is not ours."""
        if not self.path.exists() or self.path.stat().st_size == 0:
            return _State.NEW
        self._refuse_unopened()
        try:
            with (
                closing(open_file(self.path, mode="ro")) as connection,
                transaction(connection, "DEFERRED"),
            ):
                version = self._version(connection)
                # These read the tables' definitions, which a cut may leave without an end.
                with self._naming_damage():
                    mode: str = connection.execute("PRAGMA journal_mode").fetchone()[0]
                    if mode != "wal":
                        self._refuse_cut(connection)
        except sqlite3.OperationalError as error:
            if code_of(error) != sqlite3.SQLITE_READONLY_ROLLBACK:
                raise
            return _State.CUT_OFF
        ready = version == len(self.steps) and mode == journal_mode()
        return _State.READY if ready else _State.BEHIND

    def _migrate(self) -> None:
        with closing(connect(self.path, mode="rwc")) as connection:
            self._set_journal(connection)
            version = self._version(connection)
            if not version:
                # First of all: whoever is stopped from here on leaves a file that is known as ours.
                connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
            elif version < len(self.steps):
                back_up(self.path, connection, reason=f"tables{version}")
            # A step may write all of the index anew, which is not to be held in memory.
            connection.execute("PRAGMA cache_spill = on")
            # A file without tables takes them in one transaction, and waits for its disk once.
            with nullcontext() if version else transaction(connection, "IMMEDIATE"):
                if version < len(self.steps):
                    schema.migrate(connection, self.steps)

    def _set_journal(self, connection: SQLiteConnection) -> None:
        try:
            connection.execute(f"PRAGMA journal_mode = {journal_mode()}")
        except sqlite3.OperationalError as error:
            (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
            if mode != "wal" or code_of(error) & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            # The mode stays as long as another program has the file open, such as one that copies
            # it.
            logger.warning(
                "%s stays in SQLite's WAL mode, since another program uses it so. With SQLite %s, "
                "several processes that write it can damage it: let one server write, or take "
                "SQLite 3.51.3.",
                self.path,
                sqlite3.sqlite_version,
            )

    def _current(self, connection: SQLiteConnection) -> SQLiteConnection:
        """Return the connection if the tables are up to date; refuse the file else."""
        try:
            version = self._version(connection)
        except BaseException:
            connection.close()
            raise
        if version == len(self.steps):
            return connection
        connection.close()
        raise StoreError(
            f"{self.path} was written by an older planet-mcp, and cannot be brought up to date "
            f"since this user may not write to it. {_LEFT}"
        )

    def _version(self, connection: sqlite3.Connection) -> int:
        """Return how many migrations the tables have had; refuse a file that is not ours."""
        with self._naming_damage():
            application: int = connection.execute("PRAGMA application_id").fetchone()[0]
            version: int = connection.execute("PRAGMA user_version").fetchone()[0]
            ours = application == schema.APPLICATION_ID
            if not application and not version:
                # An empty database is as good as none.
                ours = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
        if not ours:
            raise ForeignDatabaseError(f"{self.path} is a database of another program. {_LEFT}")
        if version > len(self.steps):
            raise NewerDatabaseError(
                f"{self.path} was written by a newer planet-mcp (tables {version}, this version "
                f"knows {len(self.steps)}). It was left as it is. Update planet-mcp. {ANOTHER_FILE}"
            )
        return version

    def _refuse_unopened(self) -> None:
        """Refuse a file that is not ours before SQLite undoes a write with its journal.

        To open it properly could do that, or leave a journal beside it.
        """
        if self.path.stat().st_size == 1:  # which SQLite takes for empty
            raise ForeignDatabaseError(f"{self.path} is no SQLite database. {_LEFT}")
        if beside(self.path, "-wal").exists():
            return  # without it the file says little
        with closing(open_file(self.path, mode="ro&immutable=1")) as connection:
            # Lets a file be looked at that somebody writes now, or was stopped in writing.
            connection.execute("PRAGMA writable_schema = on")
            self._version(connection)

    def _refuse_cut(self, connection: sqlite3.Connection) -> None:
        """Refuse a file whose last page is not whole: SQLite takes what is missing for zeros."""
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        if self.path.stat().st_size < pages * size:
            raise ForeignDatabaseError(f"{self.path} is damaged: its end is missing. {_LEFT}")

    def _refuse_broken_journal(self) -> None:
        """Refuse to undo a write by halves.

        SQLite stops at the first page of a journal that is missing or has a wrong checksum, says
        nothing, and deletes the journal; what it leaves is neither the old state nor the new.
        """
        try:
            whole = journal.is_whole(beside(self.path, "-journal"))
        except FileNotFoundError:
            return  # another process has undone the write meanwhile
        # Or has, and writes again: the journal of a write under way is not whole yet.
        if not whole and self._state() is _State.CUT_OFF:
            raise StoreError(
                f"{self.path} was left in the middle of a write, and its journal, which would undo "
                "that, is damaged. Both were left as they are: put an earlier copy in their place. "
                f"{TRY_REPAIR}"
            )

    @contextmanager
    def _naming_damage(self) -> Iterator[None]:
        """Raise what SQLite finds wrong with the content as a `ForeignDatabaseError`."""
        try:
            yield
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            raise ForeignDatabaseError(
                f"{self.path} is not an SQLite database, or is damaged ({error}). {_LEFT}"
            ) from error
