"""The connections to one server, and transactions on them."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool

from planet_mcp.errors import DatabaseAccessError, DatabaseBusyError, StaleViewError
from planet_mcp.store.db.postgres.connections import PostgresConnection
from planet_mcp.store.db.postgres.translation import translated_errors
from planet_mcp.urls import ServerAddress

_MOST_CONNECTIONS = 10
# Who waits for a connection of a replica could be answered by the primary.
_WAIT_SECONDS, _REPLICA_SECONDS, _AWAY_SECONDS = 10.0, 1.0, 30.0


class Pool:
    """As many connections to a server as are needed at a time, made when they are."""

    def __init__(self, address: ServerAddress, *, query_seconds: float) -> None:
        self.address = address
        self._query_seconds = query_seconds
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

    def open(self) -> None:
        """Let connections be made."""
        self._pool.open()

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def translated(self) -> AbstractContextManager[None]:
        """Raise what the server or the way to it says as a `StoreError`."""
        return translated_errors(self.address, query_seconds=self._query_seconds)

    @contextmanager
    def connection(self, seconds: float = _WAIT_SECONDS) -> Iterator[PostgresConnection]:
        """Lend a connection, once there is one."""
        with self.translated(), self._pool.connection(timeout=seconds) as raw:
            yield self._seen_of(raw)

    @contextmanager
    def transaction(
        self, begin: str, seconds: float = _WAIT_SECONDS
    ) -> Iterator[PostgresConnection]:
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


class Replica:
    """A server that follows the primary, and is read where that is enough."""

    def __init__(self, address: ServerAddress, *, query_seconds: float) -> None:
        self._pool = Pool(address, query_seconds=query_seconds)
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
