"""What the work on a document may cost, and when a child process is replaced (pure)."""

from dataclasses import dataclass
from datetime import timedelta

# The ends of an answer, written as lengths that no part has. LAST also asks that the child be
# replaced.
END, LAST = 0, 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of documents and child processes that a worker enforces.

    `start_seconds` is how long a child may take to be ready, `wall_seconds` a document to be
    parsed, and `idle_seconds` how long a child without work is kept. There are at most `children`,
    and more than one only while `waiting` documents wait. `answer_bytes` is what a parsed document
    may weigh. A source whose documents cost `deaths` children in a row is refused
    for the time of `quarantine`, or until it changes.

    Both times are long, since a busy machine gives a child little of its CPU, which is no
    document's fault: a document's own limit is `ChildLimits.cpu_seconds`.
    """

    start_seconds: float = 60.0
    wall_seconds: float = 180.0
    idle_seconds: float = 30.0
    children: int = 2
    waiting: int = 4
    documents: int = 500
    answer_bytes: int = 64 * 2**20
    deaths: int = 3
    quarantine: timedelta = timedelta(days=1)
    sources_remembered: int = 1_000


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """The limits that a child process sets for itself; the CPU time is that of one document.

    A document gets `cpu_seconds`, and `cpu_seconds_a_mb` for each whole MB that it has: twice what
    the densest feeds take, and for the largest document that is fetched no more than 20 seconds.

    A process that grew over `grown_bytes` asks to be replaced, since libraries rarely give memory
    back.
    """

    memory_bytes: int = 768 * 2**20
    grown_bytes: int = 256 * 2**20
    cpu_seconds: int = 10
    cpu_seconds_a_mb: int = 1
    open_files: int = 64

    def cpu_seconds_for(self, size: int) -> int:
        """Return the seconds of CPU time that a document of so many bytes may take."""
        return self.cpu_seconds + size // 2**20 * self.cpu_seconds_a_mb


# The limits with a model: one of 140 MB takes twice that in memory, and some texts at a time 100
# MB.
ENCODING = ChildLimits(memory_bytes=2**31, grown_bytes=2**30, cpu_seconds=60)
