"""What one process at a time does, as rows that lapse when their process is gone.

A number that only its row has keeps out who comes late: a process that was stopped, woke, and
does not know that another one took over. The times are the server's own.
"""

import os
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from planet_mcp.errors import LateAnswerError, StoreError
from planet_mcp.store.db.engine import Connection
from planet_mcp.store.db.postgres.database import PostgresDatabase

# An integer of PostgreSQL's has so many bits besides its sign.
_BITS = 63
_TAKE = """
INSERT INTO planet_mcp.claims AS c (subject, number, process, until)
VALUES (:subject, :number, :process, clock_timestamp() + make_interval(secs => :seconds))
ON CONFLICT (subject) DO UPDATE
SET number = excluded.number, process = excluded.process, until = excluded.until
WHERE c.until <= clock_timestamp()
RETURNING number
"""
_RENEW = """
UPDATE planet_mcp.claims SET until = clock_timestamp() + make_interval(secs => :seconds)
WHERE number = ANY(:numbers) RETURNING number
"""
_RELEASE = "DELETE FROM planet_mcp.claims WHERE subject = :subject AND number = :number"
_HOLDER = (
    "SELECT process FROM planet_mcp.claims WHERE subject = :subject AND until > clock_timestamp()"
)
# The row's lock keeps others from taking over before the transaction is committed.
_CONFIRM = (
    "SELECT 1 FROM planet_mcp.claims WHERE subject = :subject AND number = :number FOR UPDATE"
)


@dataclass(slots=True)
class _Claim:
    """A claim of this process; `until` is how long it surely lasts, by this process's clock."""

    number: int
    until: float


class Claims:
    """The claims of one process, which a thread renews as long as there are any."""

    def __init__(self, database: PostgresDatabase, *, seconds: float) -> None:
        self._database = database
        self._seconds = seconds
        self._claims: dict[str, _Claim] = {}
        self._guard = threading.Lock()
        self._renewing = False
        self._closed = threading.Event()

    def take(self, subject: str) -> bool:
        """Claim a subject if no process has it, this one or another; never waits.

        Raises:
            StoreError: The database cannot be written.
        """
        number, begun = secrets.randbits(_BITS), time.monotonic()
        values = {"subject": subject, "number": number, "process": os.getpid()}
        if not self._database.at_once(_TAKE, {**values, "seconds": self._seconds}):
            return False
        with self._guard:
            self._claims[subject] = _Claim(number, begun + self._seconds)
            if not self._renewing:
                self._renewing = True
                threading.Thread(target=self._renew, name="claims", daemon=True).start()
        return True

    def is_held(self, subject: str) -> bool:
        """Return whether this process has a subject, and surely no other one took it over."""
        claim = self._claims.get(subject)
        return claim is not None and time.monotonic() < claim.until

    def holder(self, subject: str) -> int | None:
        """Return the id of the process that has a subject, on whichever machine."""
        # In the view of an answer, which a replica may have.
        with self._database.reading() as connection:
            row = connection.execute(_HOLDER, {"subject": subject}).fetchone()
        return int(row[0]) if row else None

    def confirm(self, connection: Connection, subject: str, *, ends: bool) -> None:
        """Make sure, within a transaction, that a claim of this process was not taken over.

        It `ends` with the transaction, or is kept.

        Raises:
            LateAnswerError: Another process took it over.
        """
        claim = self._claims.get(subject)
        if claim is None:
            return
        values = {"subject": subject, "number": claim.number}
        if not connection.execute(_RELEASE if ends else _CONFIRM, values).rowcount:
            raise LateAnswerError("Another process has taken this over, as it took too long here.")

    def forget(self, subject: str) -> None:
        """Forget a claim that ended with a transaction."""
        with self._guard:
            self._claims.pop(subject, None)

    def release(self, subject: str) -> None:
        """Give a claim back, if this process has it still.

        Raises:
            StoreError: The database cannot be written; the claim lapses then.
        """
        with self._guard:
            claim = self._claims.pop(subject, None)
        if claim:
            self._database.at_once(_RELEASE, {"subject": subject, "number": claim.number})

    def close(self) -> None:
        """Let all claims lapse."""
        self._closed.set()

    def _renew(self) -> None:
        while not self._closed.wait(self._seconds / 3):
            with self._guard:
                held = [claim.number for claim in self._claims.values()]
                if not held:
                    self._renewing = False
                    return
            begun = time.monotonic()
            try:
                renewed = self._renewed(held)
            except StoreError:
                continue
            for claim in [*self._claims.values()]:
                if claim.number in renewed:
                    claim.until = begun + self._seconds

    def _renewed(self, numbers: Sequence[int]) -> set[int]:
        values: dict[str, Any] = {"numbers": [*numbers], "seconds": self._seconds}
        return {row[0] for row in self._database.at_once(_RENEW, values)}
