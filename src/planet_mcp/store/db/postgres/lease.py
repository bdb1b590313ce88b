"""The right to do what one process alone does, as a claim."""

import threading
from contextlib import suppress

from planet_mcp.errors import StoreError
from planet_mcp.store.db.postgres.claims import Claims

_SUBJECT = "what one does alone"


class ServerLease:
    """The right to delete, encode and fetch unasked for one database.

    Within a process it may be taken several times, and is given back after the last release.
    """

    def __init__(self, claims: Claims) -> None:
        self._claims = claims
        self._holders = 0
        self._guard = threading.RLock()

    @property
    def held(self) -> bool:
        """Return whether this process holds the lease, and nobody took it over meanwhile."""
        return self._holders > 0 and self._claims.is_held(_SUBJECT)

    def acquire(self) -> bool:
        """Take the lease if no other process holds it; never waits for one that does."""
        with self._guard:
            if self._holders and not self.held:
                return False  # lost: whoever acquired it in this process stands down soon
            if not self._holders and not self._claims.take(_SUBJECT):
                return False
            self._holders += 1
            return True

    def release(self) -> None:
        """Give the lease back once."""
        with self._guard:
            self._holders -= 1
            if not self._holders:
                # Where the server is away, it lapses.
                with suppress(StoreError):
                    self._claims.release(_SUBJECT)

    def is_taken(self) -> bool:
        """Return whether some process, this one or another, holds the lease."""
        return self.held or self.holder() is not None

    def holder(self) -> int | None:
        """Return the id of the process that holds the lease, on whichever machine."""
        try:
            return self._claims.holder(_SUBJECT)
        except StoreError:
            return None
