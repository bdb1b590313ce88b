"""Which of several processes on one database refreshes it: the one that holds a lease."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from planet_mcp.store import RefreshLease, Store

if TYPE_CHECKING:
    from filelock import SoftFileLease

# A holder that was killed is followed at once; one that is stopped, or on another machine, after
# it has not renewed its lease for so long.
LEASE_SECONDS = 30.0


def lease_of(store: Store, *, seconds: float = LEASE_SECONDS) -> "Lease | RefreshLease":
    """Return the right to do what one process does for a store: a file beside its own, or a claim.

    The `seconds` are a file's; what is claimed on a server lapses as the store says.
    """
    if store.sharing:
        return store.sharing.lease()
    return Lease(Path(str(store.path)), seconds=seconds)


class Lease:
    """The right to fetch the feeds of one database; it expires when its holder does not renew it.

    Within a process it may be taken several times, and is given back after the last release. A
    thread renews it meanwhile. All processes on one database use the same `seconds`.
    """

    def __init__(self, database: Path, *, seconds: float = LEASE_SECONDS) -> None:
        self._seconds = seconds
        self._path = f"{database}.refresh.lease"
        self._lease: SoftFileLease | None = None
        self._holders = 0
        # Readers in other threads ask who refreshes.
        self._guard = threading.RLock()

    @property
    def held(self) -> bool:
        """Return whether this process holds the lease, and nobody took it over meanwhile."""
        lease = self._lease
        return self._holders > 0 and lease is not None and lease.compromise is None

    def acquire(self) -> bool:
        """Take the lease if no other process holds it; never waits."""
        from filelock import LeaseSettingsMismatch, Timeout  # deferred, as below

        with self._guard:
            if not self._holders:
                try:
                    self._file().acquire(timeout=0)
                except (Timeout, LeaseSettingsMismatch):
                    # LeaseSettingsMismatch: from a version of planet-mcp with other seconds.
                    return False
            elif not self.held:
                return False  # lost: whoever acquired it in this process stands down soon
            self._holders += 1
            return True

    def release(self) -> None:
        """Give the lease back once."""
        with self._guard:
            self._holders -= 1
            if not self._holders:
                self._file().release()

    def is_taken(self) -> bool:
        """Return whether some process, this one or another, holds the lease."""
        with self._guard:
            if self._holders:
                return True
            if self.holder() is None:
                return False
            # What a process left that was killed is no lease.
            if not self.acquire():
                return True
            self.release()
            return False

    def holder(self) -> int | None:
        """Return the id of the process that holds the lease, or held it when it was killed."""
        return self._file().pid

    def _file(self) -> "SoftFileLease":
        from filelock import SoftFileLease  # deferred: no host waits for the first refresh

        if self._lease is None:
            self._lease = SoftFileLease(
                self._path, lease_duration=self._seconds, thread_local=False
            )
        return self._lease
