"""The domains that asked not to be asked for a while: none of this process asks them meanwhile."""

from dataclasses import dataclass
from datetime import timedelta

import anyio

from planet_mcp.errors import PausedError
from planet_mcp.times import stamp, utc_now

FIRST_SECONDS = 900.0
SHORTEST_SECONDS = 60.0
LONGEST_UNASKED_SECONDS = 86_400.0
LONGEST_SECONDS = 604_800.0


@dataclass(frozen=True, slots=True)
class Pause:
    """What is left of a domain's pause, in seconds; `times` counts its pauses since it answered."""

    domain: str
    seconds: float
    times: int


@dataclass(slots=True)
class _State:
    until: float
    times: int


class Pauses:
    """The pauses of registrable domains.

    With a Retry-After a pause is as long as that, from a minute to a week; without one it is a
    quarter of an hour at first, and twice as long each time, up to a day.
    """

    def __init__(self) -> None:
        self._domains: dict[str, _State] = {}

    def begin(self, domain: str, retry_after: float | None) -> None:
        """Note that a domain refused a request since there were too many, or it is too busy."""
        now = anyio.current_time()
        state = self._domains.setdefault(domain, _State(now, 0))
        if state.until <= now:
            # Refusals within a pause do not count: these requests were under way when it began.
            state.times += 1
        doubled = min(FIRST_SECONDS * 2 ** min(state.times - 1, 10), LONGEST_UNASKED_SECONDS)
        seconds = min(max(retry_after or doubled, SHORTEST_SECONDS), LONGEST_SECONDS)
        state.until = max(state.until, now + seconds)

    def resume(self, known: Pause) -> None:
        """Take over a pause that began before, or in another process."""
        if not known.times:
            return
        until = anyio.current_time() + known.seconds
        state = self._domains.setdefault(known.domain, _State(until, known.times))
        state.until, state.times = max(state.until, until), max(state.times, known.times)

    def answered(self, domain: str) -> None:
        """Note that a domain answered as it should: its next pause is a short first one again."""
        if domain in self._domains and not self.of(domain):
            del self._domains[domain]

    def of(self, domain: str) -> Pause | None:
        """Return the pause of a domain; None when it may be asked."""
        state = self._domains.get(domain)
        seconds = state.until - anyio.current_time() if state else 0.0
        return Pause(domain, seconds, state.times) if state and seconds > 0 else None

    def last_of(self, domain: str) -> Pause:
        """Return the last pause of a domain, be it over; one of no times if it answered since."""
        asked = self._domains.get(domain)
        if asked is None:
            return Pause(domain, 0.0, 0)
        return Pause(domain, asked.until - anyio.current_time(), asked.times)

    def refuse(self, domain: str) -> None:
        """Raise a PausedError if a domain is not to be asked."""
        pause = self.of(domain)
        if pause:
            until = stamp(utc_now() + timedelta(seconds=pause.seconds))
            reason = f"{domain} asked us to wait until {until}: nothing was asked of it."
            raise PausedError(reason, domain=domain, seconds=pause.seconds)
