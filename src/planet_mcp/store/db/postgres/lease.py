"""The right to refresh feeds, for as long as a connection to the server lives."""

import os
import threading
from contextlib import suppress
from typing import Any

import psycopg

from planet_mcp.urls import ServerAddress

# The number of the server's lock (postgresql.org/docs/current/explicit-locking.html, 13.3.5).
_LOCK = 0x504D4C45
_NAME = "planet-mcp refreshes: "
_TAKE = "SELECT pg_try_advisory_lock(%s)"
_GIVE_BACK = "SELECT pg_advisory_unlock(%s)"
_HOLDER = """
SELECT a.application_name FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.objid = %s AND l.granted
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class ServerLease:
    """The right to fetch the feeds of one database: the server gives it back when we are gone.

    Within a process it may be taken several times. A thread looks every `seconds` / 3 whether the
    connection is there still.
    """

    def __init__(self, address: ServerAddress, *, seconds: float) -> None:
        self._address = address
        self._seconds = seconds
        self._raw: psycopg.Connection[Any] | None = None
        self._holders = 0
        self._guard = threading.RLock()
        self._given_back = threading.Event()

    @property
    def held(self) -> bool:
        """Return whether this process holds the lease, and its connection was not lost."""
        raw = self._raw
        return self._holders > 0 and raw is not None and not raw.closed

    def acquire(self) -> bool:
        """Take the lease if no other process holds it; never waits for one that does."""
        with self._guard:
            if self._holders and not self.held:
                return False  # lost: whoever acquired it in this process stands down soon
            if not self._holders and not self._take():
                return False
            self._holders += 1
            return True

    def release(self) -> None:
        """Give the lease back once."""
        with self._guard:
            self._holders -= 1
            if not self._holders and self._raw is not None:
                self._given_back.set()
                # Unlocked first: the server ends a session some time after its connection closed.
                with self._raw, suppress(psycopg.Error):
                    self._raw.execute(_GIVE_BACK, (_LOCK,))
                self._raw = None

    def is_taken(self) -> bool:
        """Return whether some process, this one or another, holds the lease."""
        return self.held or self.holder() is not None

    def holder(self) -> int | None:
        """Return the id of the process that holds the lease, on whichever machine."""
        try:
            with psycopg.connect(self._address.uri, autocommit=True) as raw:
                row = raw.execute(_HOLDER, (_LOCK,)).fetchone()
        except psycopg.Error:
            return None
        number = str(row[0]).removeprefix(_NAME) if row else ""
        return int(number) if number.isdigit() else None

    def _take(self) -> bool:
        try:
            raw = psycopg.connect(
                self._address.uri, autocommit=True, application_name=f"{_NAME}{os.getpid()}"
            )
        except psycopg.Error:
            return False
        row = raw.execute(_TAKE, (_LOCK,)).fetchone()
        if not (row and row[0]):
            raw.close()
            return False
        self._raw, self._given_back = raw, threading.Event()
        threading.Thread(target=self._watch, args=(raw, self._given_back), daemon=True).start()
        return True

    def _watch(self, raw: "psycopg.Connection[Any]", given_back: threading.Event) -> None:
        """Close a connection that was lost, which ends the lease here as it did on the server."""
        while not given_back.wait(self._seconds / 3):
            try:
                raw.execute("SELECT 1")
            except psycopg.Error:
                raw.close()
                return
