"""The SQLite file: opening, migrating, connections and transactions."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, LifoQueue

from planet_mcp import schema
from planet_mcp.errors import ForeignDatabaseError, NewerDatabaseError, StoreError

BUSY_SECONDS = 10.0
OPEN_SECONDS = 60.0
_HELP = "Set PLANET_MCP_DATABASE (or --database) to another file."


class Database:
    """Connections to one planet-mcp database: one that writes, and as many as needed that read.

    Raises:
        StoreError: The file cannot be opened, created or migrated; nothing was changed in it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with _words(path):
            _prepare(path)
            self._writer = _connect(path)
        self._write_lock = threading.Lock()
        self._view = threading.local()
        self._readers: LifoQueue[sqlite3.Connection] = LifoQueue()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One write transaction: committed at the end, undone when anything is raised."""
        with self._write_lock, _words(self.path), _transaction(self._writer, "IMMEDIATE"):
            yield self._writer

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent view of the database, whatever is written meanwhile.

        Within a thread, inner blocks share the view of the outermost one.
        """
        outer: sqlite3.Connection | None = getattr(self._view, "connection", None)
        if outer is not None:
            yield outer
            return
        with _words(self.path):
            connection = self._reader()
            self._view.connection = connection
            try:
                with _transaction(connection, "DEFERRED"):
                    yield connection
            finally:
                self._view.connection = None
                self._readers.put(connection)

    def _reader(self) -> sqlite3.Connection:
        try:
            return self._readers.get_nowait()
        except Empty:
            connection = _connect(self.path)
            connection.execute("PRAGMA query_only = on")
            return connection

    def close(self) -> None:
        """Close all connections that are not in use."""
        with self._write_lock:
            self._writer.close()
        with suppress(Empty):
            while True:
                self._readers.get_nowait().close()


def _open(path: Path, *, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )


def _connect(path: Path, *, mode: str = "rw") -> sqlite3.Connection:
    connection = _open(path, mode=mode)
    for pragma in (
        "foreign_keys = on",
        "recursive_triggers = on",
        "synchronous = FULL",
        "cache_size = -16384",
        # In rollback-journal mode a spill would lock readers out long before the commit.
        "cache_spill = off",
    ):
        connection.execute(f"PRAGMA {pragma}")
    connection.row_factory = sqlite3.Row
    return connection


@contextmanager
def _transaction(connection: sqlite3.Connection, kind: str) -> Iterator[None]:
    connection.execute(f"BEGIN {kind}")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    try:
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


def _prepare(path: Path) -> None:
    """Create, check and migrate the file; only one process at a time does more than look."""
    if path.is_dir():
        raise StoreError(f"{path} is a folder, not a database file. {_HELP}")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _is_ready(path):
        return
    from filelock import FileLock, Timeout  # deferred: few starts have anything to prepare

    try:
        with FileLock(f"{path}.lock", timeout=OPEN_SECONDS):
            if not _is_ready(path):
                _migrate(path)
    except Timeout:
        raise StoreError(
            f"Another process has been preparing {path} for over {OPEN_SECONDS:.0f} s; try again."
        ) from None


def _is_ready(path: Path) -> bool:
    """Say whether the file has the newest tables and journal mode; refuse it if it is not ours."""
    if not path.exists() or path.stat().st_size == 0:
        return False
    with closing(_open(path, mode="ro")) as connection:
        version = _checked_version(path, connection)
        mode: str = connection.execute("PRAGMA journal_mode").fetchone()[0]
    return version == len(schema.STEPS) and mode == journal_mode()


def _checked_version(path: Path, connection: sqlite3.Connection) -> int:
    try:
        application: int = connection.execute("PRAGMA application_id").fetchone()[0]
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        tables: int = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise ForeignDatabaseError(
            f"{path} is not an SQLite database, or is damaged ({error}). "
            f"It was left as it is. {_HELP}"
        ) from error
    if tables and application != schema.APPLICATION_ID:
        raise ForeignDatabaseError(
            f"{path} is a database of another program. It was left as it is. {_HELP}"
        )
    if version > len(schema.STEPS):
        raise NewerDatabaseError(
            f"{path} was written by a newer planet-mcp (tables {version}, this version knows "
            f"{len(schema.STEPS)}). It was left as it is. Update planet-mcp. {_HELP}"
        )
    return version


def _migrate(path: Path) -> None:
    with closing(_connect(path, mode="rwc")) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal_mode()}")
        version = _checked_version(path, connection)
        if 0 < version < len(schema.STEPS):
            _back_up(path, connection, version=version)
        schema.migrate(connection)


def _back_up(path: Path, connection: sqlite3.Connection, *, version: int) -> None:
    """Keep a verified copy beside the database before its tables change."""
    today = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    copy = path.with_name(f"{path.name}.tables{version}-{today}.backup")
    connection.execute("VACUUM INTO ?", (str(copy),))
    with closing(sqlite3.connect(copy)) as made:
        verdict = made.execute("PRAGMA integrity_check").fetchone()[0]
    if verdict != "ok":
        raise StoreError(f"The copy of {path} before its upgrade is not sound: {verdict}.")


@contextmanager
def _words(path: Path) -> Iterator[None]:
    """Translate what SQLite and the file system say into what the reader can do about it."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreError(
            f"The database {path} cannot be used: {error}. {_advice(error)}"
        ) from error
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"The database {path} is damaged or inconsistent: {error}. {_HELP}"
        ) from error
    except OSError as error:
        raise StoreError(
            f"The database {path} cannot be opened: {error.strerror or error}. {_HELP}"
        ) from error


def _advice(error: sqlite3.OperationalError) -> str:
    text = str(error)
    if "full" in text:
        return "The disk is full: free some space; what was stored before is safe."
    if "locked" in text:
        return "Another process has held it for long; try again."
    return _HELP
