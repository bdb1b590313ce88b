"""One database in use: its connections and transactions."""

import math
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, LifoQueue
from typing import TypeVar

from planet_mcp.errors import DatabaseAccessError
from planet_mcp.store.db.connections import (
    BUSY_SECONDS,
    SQLiteConnection,
    beside,
    connect,
    transaction,
)
from planet_mcp.store.db.engine import Connection
from planet_mcp.store.db.opening import OPEN_SECONDS, DatabaseFile, locked
from planet_mcp.store.db.schema import STEPS, Step
from planet_mcp.store.db.together import Together
from planet_mcp.store.db.translation import translated

T = TypeVar("T")

_PREALLOCATED = 1_000_000
# Seconds that who may read for ever waits for a commit: a disk may be slow, but not that slow.
_LONGEST_WAIT = 120.0
# What was written is seldom read again: with 16 MB of pages entries are stored no sooner.
_PAGES_OF_WRITER = "PRAGMA cache_size = -4096"


@dataclass(frozen=True, slots=True)
class DatabaseLimits:
    """How long a question may take, and how many connections are kept open.

    Who reads waits `busy_seconds` for a commit, or as long as may be read; a commit waits
    `commit_seconds` for readers, some of whom read the facts of a long document. `clock_steps` are
    the steps of SQLite's machine, some milliseconds, between two looks at the clock. Each idle
    reader may hold 16 MB of the file in memory. A server that starts again is waited for
    `connect_seconds`.
    """

    query_seconds: float = 5.0
    busy_seconds: float = BUSY_SECONDS
    commit_seconds: float = 60.0
    clock_steps: int = 500_000
    idle_readers: int = 4
    connect_seconds: float = 10.0


class Database:
    """Connections to one planet-mcp database: one that writes, and as many as needed that read.

    `read_only` is why this process may not write it, in words, if so. `was_cut_off` is whether a
    write was undone in the middle of which another process, or the machine, had stopped.

    Raises:
        StoreError: The file cannot be opened, created or migrated; nothing was changed in it.
    """

    may_lag = False

    def __init__(
        self,
        path: Path,
        *,
        to_repair: bool = False,
        limits: DatabaseLimits | None = None,
        steps: Sequence[Step] = STEPS,
    ) -> None:
        # The file that a link leads to: lock files and journals are beside that one.
        self.path = Path(os.path.realpath(path))
        self.limits = limits or DatabaseLimits()
        self.was_cut_off = False
        self._file = DatabaseFile(self.path, steps)
        self._writer: SQLiteConnection | None = None
        with self._translated():
            self.read_only = self._file.why_read_only()
            if self.read_only:
                self._file.connect_to_read()[0].close()
            else:
                self.was_cut_off = self._file.prepare(to_repair=to_repair)
                self._writer = connect(self.path, seconds=self.limits.commit_seconds)
                self._writer.execute(_PAGES_OF_WRITER)
            self._file_id = _file_id(self.path)
        self._write_lock = threading.Lock()
        self._together = Together(self.writing)
        self._view = threading.local()
        self._readers: LifoQueue[_Reader] = LifoQueue()

    @contextmanager
    def writing(self) -> Iterator[SQLiteConnection]:
        """One write transaction: committed at the end, undone when anything is raised."""
        with self._write_lock, self._translated():
            writer = self._permitted()
            with transaction(writer, "IMMEDIATE"):
                yield writer

    def write(self, work: Callable[[Connection], T], *, weight: int = 1) -> T:
        """Do some work in a transaction, which it shares with what other threads write then.

        `weight` is about how many entries it writes.
        """

        def translating(connection: Connection) -> T:
            # Translated here, since each of those that share a transaction has errors of its own.
            with self._translated():
                return work(connection)

        return self._together.write(translating, weight=weight)

    @contextmanager
    def maintaining(self) -> Iterator[SQLiteConnection]:
        """Lend a connection for work on the whole database: it is patient, and saves memory."""
        with self._write_lock, self._translated():
            self._permitted()
            with closing(connect(self.path, seconds=OPEN_SECONDS)) as connection:
                connection.execute("PRAGMA cache_spill = on")
                yield connection

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes from preparing or repairing the database meanwhile."""
        with self._translated():
            self._permitted()
            with locked(self.path):
                yield

    def preallocate(self) -> None:
        """Make sure that the disk has space for the next writes.

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

    @contextmanager
    def reading(self, *, seconds: float | None = None) -> Iterator[SQLiteConnection]:
        """One consistent view of the database, whatever is written meanwhile, for some seconds.

        Within a thread, inner blocks share the view of the outermost one.
        """
        outer: SQLiteConnection | None = getattr(self._view, "connection", None)
        if outer is not None:
            yield outer
            return
        allowed = self.limits.query_seconds if seconds is None else seconds
        with self._translated(), self._lent(allowed) as lent:
            self._view.connection = lent
            try:
                with transaction(lent, "DEFERRED"):
                    yield lent
            finally:
                self._view.connection = None

    def why_not_writable(self) -> str | None:
        """Return in words why this process may not write the file; None if it may."""
        return self.read_only

    def viewing(self, *, fresh: bool) -> AbstractContextManager[Connection]:
        """One consistent view, which is always fresh."""
        return self.reading()

    @property
    def idle_readers(self) -> int:
        """Return how many connections wait for something to read."""
        return self._readers.qsize()

    def give_back(self) -> None:
        """Forget the pages of the file that are held in memory, after much was written or read."""
        with self._write_lock:
            if self._writer:
                self._writer.execute("PRAGMA shrink_memory")
        self._close_readers()

    def close(self) -> None:
        """Close all connections that are not in use."""
        with self._write_lock:
            if self._writer:
                self._writer.close()
                self._writer = None
        self._close_readers()

    def _close_readers(self) -> None:
        with suppress(Empty):
            while True:
                self._readers.get_nowait().connection.close()

    def _translated(self) -> AbstractContextManager[None]:
        return translated(self.path, query_seconds=self.limits.query_seconds)

    def _permitted(self) -> SQLiteConnection:
        """Return the connection that writes, if the database may be written at all."""
        if self._writer is None:
            raise DatabaseAccessError(self.read_only or f"The database {self.path} is closed.")
        self._version_of_file()
        return self._writer

    @contextmanager
    def _lent(self, seconds: float) -> Iterator[SQLiteConnection]:
        reader = self._reader()
        reader.wait_for_commits(min(max(seconds, self.limits.busy_seconds), _LONGEST_WAIT))
        reader.deadline.moment = time.monotonic() + seconds
        try:
            yield reader.connection
        finally:
            reader.deadline.moment = math.inf
            if self._readers.qsize() < self.limits.idle_readers:
                self._readers.put(reader)
            else:
                reader.connection.close()

    def _reader(self) -> "_Reader":
        version = self._version_of_file()
        while True:
            try:
                reader = self._readers.get_nowait()
            except Empty:
                return self._new_reader(version)
            if reader.version == version[: len(reader.version)]:
                return reader
            reader.connection.close()

    def _new_reader(self, version: tuple[int, ...]) -> "_Reader":
        frozen = False
        if self.read_only:
            connection, frozen = self._file.connect_to_read()
        else:
            connection = connect(self.path)
        connection.execute("PRAGMA query_only = on")
        reader = _Reader(connection, version if frozen else version[: len(self._file_id)])
        connection.set_progress_handler(reader.deadline, self.limits.clock_steps)
        return reader

    def _version_of_file(self) -> tuple[int, ...]:
        """Return what differs when this is no longer the file that was opened, as it was then.

        One that is only read may be replaced. But a journal is found by the file's name: who wrote
        on to a file whose name another has taken would damage that one.
        """
        file_id = _file_id(self.path)
        if self.read_only:
            found = self.path.stat()
            wal = beside(self.path, "-wal").exists()
            return (*file_id, found.st_mtime_ns, found.st_size, wal)
        if file_id != self._file_id:
            raise DatabaseAccessError(
                f"The database {self.path} was moved or replaced while planet-mcp was using it: "
                "start planet-mcp again."
            )
        return file_id


@dataclass(slots=True)
class _Deadline:
    """Stops what a connection does when its time is over; nobody else's, as a timer could."""

    moment: float = math.inf

    def __call__(self) -> bool:
        return time.monotonic() > self.moment


@dataclass(frozen=True, slots=True)
class _Reader:
    """A connection that reads as long as the file has this `version`."""

    connection: SQLiteConnection
    version: tuple[int, ...]
    deadline: _Deadline = field(default_factory=_Deadline)

    def wait_for_commits(self, seconds: float) -> None:
        """Give up after so many seconds in which the file may not be read."""
        self.connection.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")


def _file_id(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino
