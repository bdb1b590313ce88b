"""One database on a server in use: its connections and transactions."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg

from planet_mcp.errors import NewerDatabaseError, StaleViewError, StoreError
from planet_mcp.store.db.database import DatabaseLimits
from planet_mcp.store.db.engine import Connection, Values
from planet_mcp.store.db.postgres.pool import Pool, Replica
from planet_mcp.store.db.postgres.schema import SCHEMA, STEPS, Step
from planet_mcp.store.db.together import Together
from planet_mcp.urls import ServerAddress

logger = logging.getLogger(__name__)

T = TypeVar("T")

OLDEST_SERVER = 160_000
_LOOK_SECONDS = 1.0
# Two processes that make or change the tables at once wait for each other by this number.
_LOCK_OF_STEPS = 0x504D4350
_IDENTITY = "SELECT value FROM meta WHERE key = 'identity'"
_NEXT_WRITE = "SELECT begin_write()"
# To compile a statement takes longer than to execute any of ours.
_HERE = f"SET LOCAL search_path = {SCHEMA}, pg_catalog; SET LOCAL jit = off"
# Where the matches of a frequent word do not find room, all words of their neighbours are read,
# too. To start other processes takes longer than most statements.
_BY_INDEX = """SET LOCAL enable_seqscan = off; SET LOCAL random_page_cost = 1.1;
SET LOCAL work_mem = '64MB'; SET LOCAL max_parallel_workers_per_gather = 0"""


class PostgresDatabase:
    """Connections to one database: as many as needed, of which one at a time writes.

    Answers are read from a `replica`, if there is one.

    Raises:
        StoreError: The server cannot be reached, is too old, or its tables are newer than this.
    """

    read_only: str | None = None
    was_cut_off = False

    def __init__(
        self,
        address: ServerAddress,
        *,
        replica: ServerAddress | None = None,
        limits: DatabaseLimits | None = None,
        steps: Sequence[Step] = STEPS,
    ) -> None:
        self.path = address
        self.limits = limits or DatabaseLimits()
        self._steps = steps
        self._write_lock = threading.Lock()
        self._together = Together(self.writing)
        self._view = threading.local()
        self._pool = Pool(address, self.limits)
        with self._pool.translated():
            # First without the pool, which would try again and hide what is wrong.
            with psycopg.connect(address.uri, autocommit=True, connect_timeout=10) as first:
                self._prepare(first)
            self._pool.open()
        self._replica = self._of_this_planet(replica) if replica else None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One write transaction: committed at the end, undone when anything is raised.

        The row of `last_ids` keeps all others waiting, so that ids are in the order of commits. The
        first write after a failover skips ids, as some may have been given before.
        """
        with (
            self._write_lock,
            self._pool.transaction(
                f"BEGIN; {_HERE}; SET LOCAL lock_timeout = '10s'; {_NEXT_WRITE}"
            ) as connection,
        ):
            yield connection
            connection.index_changed()

    def write(self, work: Callable[[Connection], T], *, weight: int = 1) -> T:
        """Do some work in a transaction, which it shares with what other threads write then."""

        def translating(connection: Connection) -> T:
            with self._pool.translated():
                return work(connection)

        return self._together.write(translating, weight=weight)

    @contextmanager
    def reading(self, *, seconds: float | None = None) -> Iterator[Connection]:
        """One consistent view of the database, whatever is written meanwhile.

        No statement takes longer than `seconds`. Within a thread, inner blocks share the view of
        the outermost one.
        """
        outer: Connection | None = getattr(self._view, "connection", None)
        if outer is not None:
            yield outer
            return
        with (
            self._pool.transaction(self._begin_reading(seconds)) as connection,
            self._as_view(connection),
        ):
            yield connection

    @contextmanager
    def viewing(self, *, fresh: bool) -> Iterator[Connection]:
        """One consistent view for an answer: of a replica if there is one, unless it is `fresh`.

        Raises:
            StaleViewError: The replica cannot be read now.
        """
        within = getattr(self._view, "connection", None) is not None
        self._view.may_lag = not fresh
        try:
            if fresh or within or self._replica is None or self._replica.is_away:
                with self.reading() as connection:
                    yield connection
            else:
                with (
                    self._replica.transaction(self._begin_reading(None)) as connection,
                    self._as_view(connection),
                ):
                    yield connection
        finally:
            self._view.may_lag = False

    @property
    def may_lag(self) -> bool:
        """Return whether this thread's view may be older than what readers were told."""
        return bool(getattr(self._view, "may_lag", False))

    def at_once(self, sql: str, values: Values) -> list[Any]:
        """Execute one statement by itself, which waits for no other writer; returns its rows."""
        with self._pool.connection() as connection:
            return connection.all(sql, values)

    def why_not_writable(self) -> str | None:
        """Return in words why nothing can be written now; None if it can, or waits for its turn."""
        try:
            with self._pool.connection(_LOOK_SECONDS) as connection:
                is_standby = connection.all("SELECT pg_is_in_recovery()", ())[0][0]
        except StoreError as error:
            return str(error)
        return (
            f"The server at {self.path} is a standby, which is only read." if is_standby else None
        )

    def preallocate(self) -> None:
        """Make sure that the server can be written; the space is left to it."""
        with self.writing():
            pass

    def give_back(self) -> None:
        """Leave the memory to the server."""

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()
        if self._replica:
            self._replica.close()

    def _begin_reading(self, seconds: float | None) -> str:
        allowed = self.limits.query_seconds if seconds is None else seconds
        milliseconds = 0 if allowed == float("inf") else max(int(allowed * 1_000), 1)
        return (
            f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {_HERE}; "
            f"SET LOCAL statement_timeout = {milliseconds}; {_BY_INDEX}"
        )

    @contextmanager
    def _as_view(self, connection: Connection) -> Iterator[None]:
        """Let all reading of this thread be of one view."""
        self._view.connection = connection
        try:
            yield
        finally:
            self._view.connection = None

    def _of_this_planet(self, address: ServerAddress) -> Replica:
        """Return a replica, unless it is one of another planet; one may be away for a while."""
        replica = Replica(address, self.limits)
        try:
            with replica.transaction(self._begin_reading(None)) as there:
                its_own = there.all(_IDENTITY, ())
        except StaleViewError as error:
            logger.warning("The replica is not read for now: %s", error)
            return replica
        with self.reading() as here:
            ours = here.tuples(_IDENTITY, ())
        if its_own != ours:
            replica.close()
            self._pool.close()
            raise StoreError(f"{address} has another planet than {self.path}: it is no replica.")
        return replica

    def _prepare(self, raw: "psycopg.Connection[Any]") -> None:
        """Make the tables or bring them up to date; one process at a time does more than look."""
        if raw.info.server_version < OLDEST_SERVER:
            raise StoreError(
                f"{self.path} is a PostgreSQL older than 16: planet-mcp needs a newer."
            )
        if self._version(raw) == len(self._steps):
            return
        with raw.transaction():
            # Of the transaction, not of the session, which a pooler may lend to others.
            raw.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK_OF_STEPS,))
            raw.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}; {_HERE}")
            raw.execute("CREATE TABLE IF NOT EXISTS steps (applied BIGINT NOT NULL)")
            for step in self._steps[self._version(raw) :]:
                if isinstance(step, str):
                    raw.execute(step)
                else:
                    step(raw)
            raw.execute("DELETE FROM steps")
            raw.execute("INSERT INTO steps VALUES (%s)", (len(self._steps),))

    def _version(self, raw: "psycopg.Connection[Any]") -> int:
        if raw.execute("SELECT to_regclass(%s)", (f"{SCHEMA}.steps",)).fetchone() == (None,):
            return 0
        row = raw.execute(f"SELECT max(applied) FROM {SCHEMA}.steps").fetchone()
        version = (row and row[0]) or 0
        if version > len(self._steps):
            raise NewerDatabaseError(
                f"{self.path} was written by a newer planet-mcp (tables {version}, this version "
                f"knows {len(self._steps)}). It was left as it is. Update planet-mcp."
            )
        return int(version)
