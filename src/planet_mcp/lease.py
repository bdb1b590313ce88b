"""Which of several processes on one database refreshes it: the one that holds a lock file."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import BaseFileLock


class Lease:
    """The right to fetch the feeds of one database; the system frees it when its holder dies.

    Within a process it may be taken several times, and is given back after the last release.
    """

    def __init__(self, database: Path) -> None:
        self._path = f"{database}.refresh.lock"
        self._lock: BaseFileLock | None = None
        self._holders = 0
        # Readers in other threads ask who refreshes.
        self._guard = threading.RLock()

    @property
    def held(self) -> bool:
        """Say whether this process holds the lease."""
        return self._holders > 0

    def acquire(self) -> bool:
        """Take the lease if no other process holds it; never waits."""
        from filelock import FileLock, Timeout  # deferred: no host waits for the first refresh

        with self._guard:
            if not self._holders:
                self._lock = self._lock or FileLock(self._path, thread_local=False)
                try:
                    self._lock.acquire(timeout=0)
                except Timeout:
                    return False
            self._holders += 1
            return True

    def release(self) -> None:
        """Give the lease back once."""
        with self._guard:
            self._holders -= 1
            if not self._holders and self._lock:
                self._lock.release()

    def is_taken(self) -> bool:
        """Say whether some process, this one or another, holds the lease."""
        with self._guard:
            if self._holders:
                return True
            if not self.acquire():
                return True
            self.release()
            return False

    def holder(self) -> int | None:
        """Return the id of the process that holds the lease, where the system tells (Linux)."""
        try:
            inode = str(Path(self._path).stat().st_ino)
            locks = Path("/proc/locks").read_text(encoding="ascii").splitlines()
        except OSError:
            return None
        for fields in map(str.split, locks):
            # 7: FLOCK ADVISORY WRITE 4711 08:01:131090 0 EOF (proc_locks(5))
            if fields[1] == "FLOCK" and fields[5].endswith(f":{inode}"):
                return int(fields[4])
        return None
