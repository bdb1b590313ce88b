"""When a domain may be asked, where several processes share that."""

from dataclasses import dataclass
from typing import Protocol

from planet_mcp.models import Turn


@dataclass(frozen=True, slots=True)
class Pace:
    """How often one domain is asked: `concurrency` at a time, `delay` seconds apart."""

    delay: float = 2.0
    concurrency: int = 1


class Turns(Protocol):
    """The turns of registrable domains, each kept by one process at a time; the calls block.

    A turn that is not given back, since its process was killed, ends after `seconds`. Who asks at
    another pace says so; one that is slower than most is kept by each process for itself.
    """

    @property
    def seconds(self) -> float:
        """Return for how long a turn is kept at most."""

    def take(self, domain: str, pace: Pace) -> Turn:
        """Take the turn of a domain if it may be asked now."""

    def give_back(self, turn: Turn, pace: Pace) -> None:
        """Let others ask the domain when its delay is over, and its pause, if there is one."""

    def pause(self, turn: Turn) -> None:
        """Let nobody ask a domain as long as its pause lasts."""
