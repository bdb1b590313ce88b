"""The SQLite file: opening, migrating, connections and transactions."""

import math
import os
import re
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from queue import Empty, LifoQueue

from planet_mcp.errors import ForeignDatabaseError, NewerDatabaseError, StoreError
from planet_mcp.store.db import journal, schema

BUSY_SECONDS = 10.0
OPEN_SECONDS = 60.0
QUERY_SECONDS = 5.0
# So many of SQLite's own steps, some milliseconds, pass between two looks at the clock.
STEPS_BETWEEN_LOOKS = 500_000
# Each may hold 16 MB of the file in memory.
MOST_IDLE_READERS = 4
COPIES_KEPT = 3
_PREALLOCATED = 1_000_000
_HELP = "Set PLANET_MCP_DATABASE (or --database) to another file."
_SAFE = "What was stored before is safe."
_REPAIR = "`planet-mcp check --repair` looks what can be mended."


class Database:
    """Connections to one planet-mcp database: one that writes, and as many as needed that read.

    `read_only` says in words why this process may not write it, if so. `was_cut_off` says that a
    write was undone in the middle of which another process, or the machine, had stopped.

    Raises:
        StoreError: The file cannot be opened, created or migrated; nothing was changed in it.
    """

    def __init__(self, path: Path, *, torn: bool = False) -> None:
        # One name for all: lock files and journals are beside the file that a link leads to.
        self.path = Path(os.path.realpath(path))
        self.was_cut_off = False
        with _words(self.path):
            self.read_only = _prohibition(self.path)
            self._writer: sqlite3.Connection | None = None
            if self.read_only:
                _connect_to_read(self.path)[0].close()
            else:
                self.was_cut_off = _prepare(self.path, torn=torn)
                self._writer = _connect(self.path)
            self._place = _place(self.path)
        self._write_lock = threading.Lock()
        self._view = threading.local()
        self._readers: LifoQueue[_Reader] = LifoQueue()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One write transaction: committed at the end, undone when anything is raised."""
        with self._write_lock, _words(self.path):
            writer = self._permitted()
            with transaction(writer, "IMMEDIATE"):
                yield writer

    @contextmanager
    def maintaining(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection for work on the whole database: it is patient, and saves memory."""
        with self._write_lock, _words(self.path):
            self._permitted()
            with closing(_connect(self.path, seconds=OPEN_SECONDS)) as connection:
                connection.execute("PRAGMA cache_spill = on")
                yield connection

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes from preparing or repairing the database meanwhile."""
        with _words(self.path):
            self._permitted()
            with _locked(self.path):
                yield

    def preallocate(self) -> None:
        """Make sure that the disk has room for the next writes.

        Raises:
            StoreError: It has not, or the database cannot be written for another reason.
        """
        for statement in (
            f"INSERT OR REPLACE INTO meta VALUES ('space', hex(zeroblob({_PREALLOCATED // 2})))",
            # Its pages stay with the file, for whatever is stored next.
            "DELETE FROM meta WHERE key = 'space'",
        ):
            with self.writing() as connection:
                connection.execute(statement)

    def _permitted(self) -> sqlite3.Connection:
        """Return the connection that writes, if the database may be written at all."""
        if self._writer is None:
            raise StoreError(self.read_only or f"The database {self.path} is closed.")
        self._seen()
        return self._writer

    @contextmanager
    def reading(self, *, seconds: float | None = None) -> Iterator[sqlite3.Connection]:
        """One consistent view of the database, whatever is written meanwhile, for some seconds.

        Within a thread, inner blocks share the view of the outermost one.
        """
        outer: sqlite3.Connection | None = getattr(self._view, "connection", None)
        if outer is not None:
            yield outer
            return
        with _words(self.path), self._lent(QUERY_SECONDS if seconds is None else seconds) as lent:
            self._view.connection = lent
            try:
                with transaction(lent, "DEFERRED"):
                    yield lent
            finally:
                self._view.connection = None

    @contextmanager
    def _lent(self, seconds: float) -> Iterator[sqlite3.Connection]:
        reader = self._reader()
        reader.deadline.moment = time.monotonic() + seconds
        try:
            yield reader.connection
        finally:
            reader.deadline.moment = math.inf
            if self._readers.qsize() < MOST_IDLE_READERS:
                self._readers.put(reader)
            else:
                reader.connection.close()

    def _reader(self) -> "_Reader":
        seen = self._seen()
        while True:
            try:
                reader = self._readers.get_nowait()
            except Empty:
                return self._new_reader(seen)
            if reader.seen == seen[: len(reader.seen)]:
                return reader
            reader.connection.close()

    def _new_reader(self, seen: tuple[int, ...]) -> "_Reader":
        frozen = False
        if self.read_only:
            connection, frozen = _connect_to_read(self.path)
        else:
            connection = _connect(self.path)
        connection.execute("PRAGMA query_only = on")
        return _Reader(connection, seen if frozen else seen[: len(self._place)])

    def _seen(self) -> tuple[int, ...]:
        """Return what tells whether this is still the file that was opened, and as it was then.

        One that is only read may be replaced. But a journal is found by the file's name: who wrote
        on to a file whose name another has taken would damage that one.
        """
        place = _place(self.path)
        if self.read_only:
            found = self.path.stat()
            return (*place, found.st_mtime_ns, found.st_size, _beside(self.path, "-wal").exists())
        if place != self._place:
            raise StoreError(
                f"The database {self.path} was moved or replaced while planet-mcp was using it: "
                "start planet-mcp again."
            )
        return place

    def close(self) -> None:
        """Close all connections that are not in use."""
        with self._write_lock:
            if self._writer:
                self._writer.close()
        with suppress(Empty):
            while True:
                self._readers.get_nowait().connection.close()


class _Deadline:
    """Stops what a connection does when its time is over; nobody else's, as a timer could."""

    def __init__(self) -> None:
        self.moment = math.inf

    def __call__(self) -> bool:
        return time.monotonic() > self.moment


class _Reader:
    """A connection that reads as long as the file is as it was `seen`."""

    def __init__(self, connection: sqlite3.Connection, seen: tuple[int, ...]) -> None:
        self.connection = connection
        self.seen = seen
        self.deadline = _Deadline()
        connection.set_progress_handler(self.deadline, STEPS_BETWEEN_LOOKS)


def _place(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


class _Connection(sqlite3.Connection):
    """A connection of which something can be remembered as long as it is there."""


def _open(path: Path, *, mode: str, seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=seconds,
        isolation_level=None,
        check_same_thread=False,
        factory=_Connection,
    )


def _connect(path: Path, *, mode: str = "rw", seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    connection = _open(path, mode=mode, seconds=seconds)
    try:
        for pragma in (
            "foreign_keys = on",
            "recursive_triggers = on",
            # FULL, and a journal that was deleted stays so: else a power cut could bring it back,
            # and with it undo what was acknowledged (sqlite.org/pragma.html#pragma_synchronous).
            "synchronous = EXTRA",
            "cache_size = -16384",
            # In rollback-journal mode a spill would lock readers out long before the commit.
            "cache_spill = off",
        ):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    connection.row_factory = sqlite3.Row
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection, kind: str) -> Iterator[None]:
    """Make a block one transaction."""
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


# Opening a file that may not be written


def _prohibition(path: Path) -> str | None:
    """Say why this process may not write the database; None if it may, or is to create it."""
    if not path.is_file():
        return None
    # Every write needs a journal beside the file.
    sealed = [each for each in (path, path.parent) if not os.access(each, os.W_OK)]
    if not sealed:
        return None
    return (
        f"The database {path} is only read, since this user may not write to {sealed[-1]}: "
        "nothing is refreshed, added or removed here."
    )


def _connect_to_read(path: Path) -> tuple[sqlite3.Connection, bool]:
    """Connect to a file that may not be written; the second value says that it is held frozen.

    A WAL database that nobody has open needs files beside it, even to be read; where these cannot
    be made, SQLite reads it if it is told that nobody writes it.
    """
    try:
        return _checked(path, _connect(path, mode="ro")), False
    except sqlite3.OperationalError as error:
        needs_files = _code(error) & 0xFF in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
        is_cut_off = _code(error) == sqlite3.SQLITE_READONLY_ROLLBACK
        if is_cut_off or not needs_files or _beside(path, "-wal").exists():
            raise
    return _checked(path, _connect(path, mode="ro&immutable=1")), True


def _checked(path: Path, connection: sqlite3.Connection) -> sqlite3.Connection:
    try:
        version = _checked_version(path, connection)
    except BaseException:
        connection.close()
        raise
    if version == len(schema.STEPS):
        return connection
    connection.close()
    raise StoreError(
        f"{path} was written by an older planet-mcp, and cannot be brought up to date since this "
        f"user may not write to it. It was left as it is. {_HELP}"
    )


# Opening a file that may be written


class _State(Enum):
    """What a file needs before it can be used."""

    NEW = "to be made"
    BEHIND = "older tables, or another journal mode"
    CUT_OFF = "a write to be undone"
    READY = "nothing"


def _prepare(path: Path, *, torn: bool) -> bool:
    """Create, check and migrate the file; only one process at a time does more than look.

    Returns whether a write was undone in the middle of which another process had stopped; with
    `torn`, also one whose journal is not whole.
    """
    if path.is_dir():
        raise StoreError(f"{path} is a folder, not a database file. {_HELP}")
    if path.exists() and not path.is_file():
        raise StoreError(f"{path} is not a regular file. {_HELP}")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _state(path) is _State.READY:
        return False
    with _locked(path):
        state = _state(path)
        if state is _State.CUT_OFF and not torn:
            _refuse_torn_journal(path)
        if state is not _State.READY:
            _migrate(path)
    return state is _State.CUT_OFF


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout  # deferred: few starts have anything to prepare

    try:
        with FileLock(f"{path}.lock", timeout=OPEN_SECONDS):
            yield
    except Timeout:
        raise StoreError(
            f"Another process has been preparing {path} for over {OPEN_SECONDS:.0f} s; try again."
        ) from None


def _state(path: Path) -> _State:
    """Look what the file needs, without a change of it; refuse it if it is not ours."""
    if not path.exists() or path.stat().st_size == 0:
        return _State.NEW
    _refuse_unopened(path)
    try:
        with closing(_open(path, mode="ro")) as connection, transaction(connection, "DEFERRED"):
            version = _checked_version(path, connection)
            # These read the tables' definitions, which a cut may leave without an end.
            with _naming_damage(path):
                mode: str = connection.execute("PRAGMA journal_mode").fetchone()[0]
                if mode != "wal":
                    _refuse_cut(path, connection)
    except sqlite3.OperationalError as error:
        if _code(error) != sqlite3.SQLITE_READONLY_ROLLBACK:
            raise
        return _State.CUT_OFF
    ready = version == len(schema.STEPS) and mode == journal_mode()
    return _State.READY if ready else _State.BEHIND


def _refuse_unopened(path: Path) -> None:
    """Refuse a file that is not ours before anything is played back from its journal.

    To open it properly could do that, or leave a journal beside it.
    """
    if path.stat().st_size == 1:  # which SQLite takes for empty
        raise ForeignDatabaseError(f"{path} is no SQLite database. It was left as it is. {_HELP}")
    if _beside(path, "-wal").exists():
        return  # without it the file says little
    with closing(_open(path, mode="ro&immutable=1")) as connection:
        # Lets a file be looked at that somebody writes now, or was stopped in writing.
        connection.execute("PRAGMA writable_schema = on")
        _checked_version(path, connection)


def _refuse_cut(path: Path, connection: sqlite3.Connection) -> None:
    """Refuse a file whose last page is not whole: SQLite takes what is missing for zeros."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    if path.stat().st_size < pages * size:
        raise ForeignDatabaseError(
            f"{path} is damaged: its end is missing. It was left as it is. {_HELP}"
        )


def _checked_version(path: Path, connection: sqlite3.Connection) -> int:
    with _naming_damage(path):
        application: int = connection.execute("PRAGMA application_id").fetchone()[0]
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        ours = application == schema.APPLICATION_ID
        if not application and not version:
            # An empty database is as good as none.
            ours = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    _refuse_others(path, version, ours=ours)
    return version


@contextmanager
def _naming_damage(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise ForeignDatabaseError(
            f"{path} is not an SQLite database, or is damaged ({error}). "
            f"It was left as it is. {_HELP}"
        ) from error


def _refuse_others(path: Path, version: int, *, ours: bool) -> None:
    if not ours:
        raise ForeignDatabaseError(
            f"{path} is a database of another program. It was left as it is. {_HELP}"
        )
    if version > len(schema.STEPS):
        raise NewerDatabaseError(
            f"{path} was written by a newer planet-mcp (tables {version}, this version knows "
            f"{len(schema.STEPS)}). It was left as it is. Update planet-mcp. {_HELP}"
        )


def _migrate(path: Path) -> None:
    with closing(_connect(path, mode="rwc")) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal_mode()}")
        version = _checked_version(path, connection)
        if not version:
            # First of all: whoever is stopped from here on leaves a file that is known as ours.
            connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        elif version < len(schema.STEPS):
            back_up(path, connection, reason=f"tables{version}")
        # A step may write all of the index anew, which is not to be held in memory.
        connection.execute("PRAGMA cache_spill = on")
        if version < len(schema.STEPS):
            schema.migrate(connection)


# Journals of those who were stopped in the middle of a write


def _refuse_torn_journal(path: Path) -> None:
    """Refuse to undo a write by halves.

    SQLite stops at the first page of a journal that is missing or has a wrong checksum, says
    nothing, and deletes the journal; what it leaves is neither the old state nor the new.
    """
    try:
        whole = journal.is_whole(_beside(path, "-journal"))
    except FileNotFoundError:
        return  # another process has undone it meanwhile
    # Or has, and writes again: the journal of a write under way is not whole yet.
    if not whole and _state(path) is _State.CUT_OFF:
        raise StoreError(
            f"{path} was left in the middle of a write, and its journal, which would undo that, is "
            f"damaged. Both were left as they are: put an earlier copy in their place. {_REPAIR}"
        )


# Copies


def back_up(path: Path, connection: sqlite3.Connection, *, reason: str) -> Path:
    """Keep a verified copy beside the database, and of our earlier ones the newest."""
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
    copy = _beside(path, f".{reason}-{moment}.backup")
    making = _beside(copy, ".part")
    try:
        making.touch()
        # What only its owner may read is not laid open in a copy.
        making.chmod(stat.S_IMODE(path.stat().st_mode))
        connection.execute("VACUUM INTO ?", (str(making),))
        _verify(making)
        making.replace(copy)
    finally:
        making.unlink(missing_ok=True)
    _remove_old_copies(path)
    return copy


def _verify(copy: Path) -> None:
    """Make sure that a copy is sound and on disk."""
    with closing(_open(copy, mode="ro")) as made:
        verdicts = [row[0] for row in made.execute("PRAGMA integrity_check")]
        (application,) = made.execute("PRAGMA application_id").fetchone()
    # Newer SQLite looks into the index too, which may be what is to be repaired.
    verdicts = [verdict for verdict in verdicts if "entries_index" not in verdict]
    if application != schema.APPLICATION_ID or set(verdicts) - {"ok"}:
        raise StoreError(f"A copy of the database is not sound: {verdicts[0]}.")
    with copy.open("r+b") as file:
        os.fsync(file.fileno())


def _remove_old_copies(path: Path) -> None:
    ours = re.compile(
        rf"{re.escape(path.name)}\.(?:tables\d+|repair)-(\d{{8}}T\d{{6,9}})\.backup(?:\.part)?"
    )
    named = ((ours.fullmatch(each.name), each) for each in path.parent.iterdir())
    found = sorted(((name[1], each) for name, each in named if name), reverse=True)
    whole = [each for _, each in found if each.suffix != ".part"]
    for _, each in found:
        # A part was left by a process that ended while it made the copy.
        if each not in whole[:COPIES_KEPT]:
            each.unlink(missing_ok=True)


# Words

_ADVICE = {
    sqlite3.SQLITE_FULL: f"The disk is full: free some space. {_SAFE}",
    sqlite3.SQLITE_IOERR: f"The disk may be full, over a quota, or failing. {_SAFE}",
    sqlite3.SQLITE_BUSY: "Another process has held it for long; try again.",
    sqlite3.SQLITE_LOCKED: "Another process has held it for long; try again.",
    sqlite3.SQLITE_READONLY: f"This user may not write to it, or to its folder. {_SAFE}",
    sqlite3.SQLITE_READONLY_ROLLBACK: (
        "A process was stopped in the middle of a write: start planet-mcp once as a user who may "
        "write to it, and it will undo that."
    ),
}


@contextmanager
def _words(path: Path) -> Iterator[None]:
    """Translate what SQLite and the file system say into what the reader can do about it."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise StoreError(_explained(path, error)) from error
    except OSError as error:
        raise StoreError(
            f"The database {path} cannot be opened: {error.strerror or error}. {_HELP}"
        ) from error


def _explained(path: Path, error: sqlite3.DatabaseError) -> str:
    code = _code(error)
    if code == sqlite3.SQLITE_INTERRUPT:
        return (
            f"This would take longer than {QUERY_SECONDS:.0f} s, and was stopped. Ask for less: "
            "fewer or rarer words, no word*, a shorter period (since, until), or one feed."
        )
    if isinstance(error, sqlite3.OperationalError):
        advice = _ADVICE.get(code, _ADVICE.get(code & 0xFF, _HELP))
        return f"The database {path} cannot be used: {error}. {advice}"
    return f"The database {path} is damaged or inconsistent: {error}. {_REPAIR}"


def _code(error: sqlite3.Error) -> int:
    """Return SQLite's result code (sqlite.org/rescode.html); 0 for errors of Python's module."""
    return getattr(error, "sqlite_errorcode", 0)
