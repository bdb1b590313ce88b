"""The connections to one server, and transactions on them."""

import logging
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from math import inf
from typing import Any

import psycopg
import psycopg_pool
from psycopg_pool import ConnectionPool

from planet_mcp.errors import DatabaseAccessError, DatabaseBusyError, StaleViewError
from planet_mcp.store.db.database import DatabaseLimits
from planet_mcp.store.db.postgres.connections import PostgresConnection
from planet_mcp.store.db.postgres.translation import translated_errors
from planet_mcp.urls import ServerAddress

_MOST_CONNECTIONS = 10
# Who waits for a connection of a replica could be answered by the primary.
_REPLICA_SECONDS, _AWAY_SECONDS = 1.0, 30.0
# How often it is tried to connect to a server that is away. Where it was away for long a moment
# ago, it is waited for no longer than that.
_LOOK_SECONDS = 1.0
# Whoever waited says it in our words.
logging.getLogger("psycopg.pool").setLevel(logging.ERROR)


class Pool:
    """As many connections to a server as are needed at a time, made when they are.

    A server that starts again is waited for; where it did not come back in that time, whoever comes
    later waits but a moment.
    """

    def __init__(self, address: ServerAddress, limits: DatabaseLimits) -> None:
        self.address = address
        self._limits = limits
        self._is_away = False
        self._seen: dict[int, PostgresConnection] = {}
        self._pool: ConnectionPool[psycopg.Connection[Any]] = ConnectionPool(
            address.uri,
            kwargs={"autocommit": True, "application_name": "planet-mcp", "prepare_threshold": 2},
            min_size=0,
            max_size=_MOST_CONNECTIONS,
            # Whoever waits tries again. The pool itself would pause for ever longer, so that a
            # server that is back would stay away for as long as it had been.
            reconnect_timeout=0,
            configure=_prepare_nothing_through_poolers,
            check=ConnectionPool.check_connection,
            open=False,
        )

    def open(self) -> None:
        """Let connections be made."""
        self._pool.open()

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def translated(self) -> AbstractContextManager[None]:
        """Raise what the server or the way to it says as a `StoreError`."""
        return translated_errors(self.address, query_seconds=self._limits.query_seconds)

    @contextmanager
    def connection(self, seconds: float = inf) -> Iterator[PostgresConnection]:
        """Lend a connection, once there is one."""
        with self.translated():
            raw = self._borrowed(seconds)
            try:
                with raw:
                    yield self._seen_of(raw)
            finally:
                self._pool.putconn(raw)

    def _borrowed(self, seconds: float) -> "psycopg.Connection[Any]":
        patience = self._limits.connect_seconds
        until = time.monotonic() + min(seconds, _LOOK_SECONDS if self._is_away else patience)
        while True:
            try:
                raw = self._pool.getconn(min(_LOOK_SECONDS, max(until - time.monotonic(), 0)))
            except psycopg_pool.PoolTimeout:
                if time.monotonic() < until:
                    continue
                self._is_away = self._is_away or seconds >= patience
                raise
            self._is_away = False
            return raw

    @contextmanager
    def transaction(self, begin: str, seconds: float = inf) -> Iterator[PostgresConnection]:
        """One transaction, which begins with some statements; undone when anything is raised."""
        with self.connection(seconds) as connection:
            raw = connection.raw
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


def _prepare_nothing_through_poolers(raw: "psycopg.Connection[Any]") -> None:
    """Let no statement be prepared where a pooler may lend another session to each transaction.

    A pooler gives its clients numbers of its own to cancel by, not those of the server's processes
    (postgresql.org/docs/current/protocol-flow.html, 54.2.1).
    """
    ((process,),) = raw.execute("SELECT pg_backend_pid()").fetchall()
    if process != raw.info.backend_pid:
        raw.prepare_threshold = None


class Replica:
    """A server that follows the primary, and is read where that is enough."""

    def __init__(self, address: ServerAddress, limits: DatabaseLimits) -> None:
        self._pool = Pool(address, limits)
        self._pool.open()
        self._away_until = 0.0

    @property
    def is_away(self) -> bool:
        """Return whether it could not be reached a moment ago, so that it is left alone."""
        return time.monotonic() < self._away_until

    @contextmanager
    def transaction(self, begin: str) -> Iterator[PostgresConnection]:
        """One transaction that reads.

        Raises:
            StaleViewError: It cannot be reached, or what it had to apply hindered the reading.
        """
        try:
            with self._pool.transaction(begin, _REPLICA_SECONDS) as connection:
                yield connection
        except (DatabaseAccessError, DatabaseBusyError) as error:
            if isinstance(error, DatabaseAccessError):
                self._away_until = time.monotonic() + _AWAY_SECONDS
            raise StaleViewError(str(error)) from None

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()
