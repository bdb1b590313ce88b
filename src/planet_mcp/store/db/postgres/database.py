"""One database on a server in use: its connections and transactions."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg_pool import ConnectionPool

from planet_mcp.errors import NewerDatabaseError, StoreError
from planet_mcp.store.db.database import DatabaseLimits
from planet_mcp.store.db.engine import Connection, Values
from planet_mcp.store.db.postgres.connections import PostgresConnection
from planet_mcp.store.db.postgres.schema import SCHEMA, STEPS
from planet_mcp.store.db.postgres.translation import translated_errors
from planet_mcp.store.db.together import Together
from planet_mcp.urls import ServerAddress

T = TypeVar("T")

OLDEST_SERVER = 160_000
_MOST_CONNECTIONS, _WAIT_SECONDS = 10, 10.0
# Two processes that make or change the tables at once wait for each other by this number.
_LOCK_OF_STEPS = 0x504D4350
_NEXT_WRITE = "UPDATE last_ids SET writes = writes + 1"
_HERE = f"SET LOCAL search_path = {SCHEMA}, pg_catalog"


class PostgresDatabase:
    """Connections to one database: as many as needed, of which one at a time writes.

    Raises:
        StoreError: The server cannot be reached, is too old, or its tables are newer than this.
    """

    read_only: str | None = None
    was_cut_off = False

    def __init__(
        self,
        address: ServerAddress,
        *,
        limits: DatabaseLimits | None = None,
        steps: Sequence[str] = STEPS,
    ) -> None:
        self.path = address
        self.limits = limits or DatabaseLimits()
        self._steps = steps
        self._write_lock = threading.Lock()
        self._together = Together(self.writing)
        self._view = threading.local()
        self._seen: dict[int, PostgresConnection] = {}
        self._pool: ConnectionPool[psycopg.Connection[Any]] = ConnectionPool(
            address.uri,
            kwargs={"autocommit": True, "application_name": "planet-mcp", "prepare_threshold": 2},
            min_size=0,
            max_size=_MOST_CONNECTIONS,
            timeout=_WAIT_SECONDS,
            check=ConnectionPool.check_connection,
            open=False,
        )
        with self._translated():
            # First without the pool, which would try again and hide what is wrong.
            with psycopg.connect(address.uri, autocommit=True, connect_timeout=10) as first:
                self._prepare(first)
            self._pool.open()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One write transaction: committed at the end, undone when anything is raised.

        The row of `last_ids` keeps all others waiting, so that ids are in the order of commits.
        """
        with (
            self._write_lock,
            self._translated(),
            self._transaction(
                f"BEGIN; {_HERE}; SET LOCAL lock_timeout = '10s'; {_NEXT_WRITE}"
            ) as connection,
        ):
            yield connection
            connection.index_changed()

    def write(self, work: Callable[[Connection], T], *, weight: int = 1) -> T:
        """Do some work in a transaction, which it shares with what other threads write then."""

        def translating(connection: Connection) -> T:
            with self._translated():
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
        allowed = self.limits.query_seconds if seconds is None else seconds
        milliseconds = 0 if allowed == float("inf") else max(int(allowed * 1_000), 1)
        with (
            self._translated(),
            self._transaction(
                f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {_HERE}; "
                f"SET LOCAL statement_timeout = {milliseconds}"
            ) as connection,
        ):
            self._view.connection = connection
            try:
                yield connection
            finally:
                self._view.connection = None

    def at_once(self, sql: str, values: Values) -> list[Any]:
        """Execute one statement by itself, which waits for no other writer; returns its rows."""
        with self._translated(), self._pool.connection() as raw:
            return self._seen_of(raw).all(sql, values)

    def preallocate(self) -> None:
        """Make sure that the server can be written; the space is left to it."""
        with self.writing():
            pass

    def give_back(self) -> None:
        """Leave the memory to the server."""

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def _translated(self) -> Any:
        return translated_errors(self.path, query_seconds=self.limits.query_seconds)

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[PostgresConnection]:
        with self._pool.connection() as raw:
            connection = self._seen_of(raw)
            try:
                raw.execute(begin)
                yield connection
                raw.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    raw.execute("ROLLBACK")
                raise

    def _seen_of(self, raw: "psycopg.Connection[Any]") -> PostgresConnection:
        """Return what the store sees of a connection of the pool: one as long as that lives."""
        known = self._seen.get(id(raw))
        if known is None or known.raw is not raw:
            if len(self._seen) > 2 * _MOST_CONNECTIONS:
                self._seen = {}
            known = self._seen[id(raw)] = PostgresConnection(raw)
        return known

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
                raw.execute(step)
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
