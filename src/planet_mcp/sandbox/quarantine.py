"""Documents that cost a child process its life several times in a row are kept from others."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from planet_mcp.errors import ParserDiedError
from planet_mcp.sandbox.limits import Limits
from planet_mcp.times import stamp


@dataclass(frozen=True)
class _Deaths:
    """How often in a row a source cost a child its life, and the last time with which document."""

    count: int
    body: bytes
    until: datetime

    def __str__(self) -> str:
        return (
            f"It is quarantined until it changes, or until {stamp(self.until)}: it cost the "
            f"parser its process {self.count} times in a row."
        )


class Quarantine:
    """Refuses the documents of a source that killed several children, for a time or until a change.

    It is kept in memory. That a restart forgets it costs little: the pauses between the checks of a
    feed that fails are stored, and grow.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._deaths: dict[str, _Deaths] = {}

    def refuse(self, source: str, body: bytes, *, now: datetime) -> None:
        """Refuse a document that is in quarantine.

        Raises:
            ParserDiedError: It is.
        """
        known = self._deaths.get(source)
        if known is None or known.count < self._limits.deaths or now >= known.until:
            return
        if known.body == _hash(body):
            raise ParserDiedError(str(known))

    def note(self, source: str, body: bytes, *, now: datetime) -> str:
        """Note that a document killed a child; return a sentence if it is in quarantine now."""
        known = self._deaths.pop(source, None)
        count = known.count + 1 if known else 1
        self._deaths[source] = _Deaths(count, _hash(body), now + self._limits.quarantine)
        while len(self._deaths) > self._limits.sources_remembered:
            del self._deaths[next(iter(self._deaths))]
        return f" {self._deaths[source]}" if count >= self._limits.deaths else ""

    def forget(self, source: str) -> None:
        """Note that a document of this source killed nobody."""
        self._deaths.pop(source, None)


def _hash(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()
