"""When a domain may be asked: few requests at once, fewer to one domain, with time between."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import anyio

from planet_mcp.network.limits import Limits
from planet_mcp.network.pauses import Pauses


@dataclass(frozen=True, slots=True)
class Pace:
    """How often one domain is asked: `concurrency` at a time, `delay` seconds apart."""

    delay: float = 2.0
    concurrency: int = 1


@dataclass(slots=True)
class _Domain:
    slots: anyio.Semaphore
    free_at: float = 0.0
    back_off_until: float = 0.0


class Limiter:
    """Limits the requests of those who share it, in all and for each domain.

    A request that waits for its domain takes none of the slots `in_flight`, so that one slow host
    delays no other. While `held_bodies` are held, none begins, which bounds memory. Those that wait
    for a domain when one of its `pauses` begins are refused at once.
    """

    def __init__(self, pace: Pace, limits: Limits, pauses: Pauses | None = None) -> None:
        self._pauses = pauses or Pauses()
        self._delay = pace.delay
        self._in_flight = anyio.Semaphore(limits.in_flight)
        self._max_held = limits.held_bodies
        self._held_bodies = 0
        self._has_memory = _is_set()
        self._domains: defaultdict[str, _Domain] = defaultdict(
            lambda: _Domain(anyio.Semaphore(pace.concurrency))
        )

    def back_off(self, domain: str, seconds: float) -> None:
        """Note that a domain is not to be asked for a while."""
        state = self._domains[domain]
        state.back_off_until = max(state.back_off_until, anyio.current_time() + seconds)

    def backed_off_for(self, domain: str) -> float:
        """Return for how many seconds a domain is still not to be asked; 0 when it may be."""
        state = self._domains.get(domain)
        return max(state.back_off_until - anyio.current_time(), 0.0) if state else 0.0

    @asynccontextmanager
    async def acquire(self, domain: str) -> AsyncIterator[None]:
        """Wait until this domain may be asked, and keep its slot while it is.

        Raises:
            PausedError: It asked not to be asked for a while.
        """
        state = self._domains[domain]
        async with state.slots:
            await self._acquire_in_flight(domain, state)
            try:
                yield
            finally:
                self._in_flight.release()
                state.free_at = max(state.free_at, anyio.current_time() + self._delay)

    @contextmanager
    def holding_body(self) -> Iterator[None]:
        """Count a fetched body as held in memory while the block runs."""
        self._held_bodies += 1
        if self._held_bodies == self._max_held:
            self._has_memory = anyio.Event()
        try:
            yield
        finally:
            self._held_bodies -= 1
            if self._held_bodies < self._max_held:
                self._has_memory.set()

    async def _acquire_in_flight(self, domain: str, state: _Domain) -> None:
        while True:
            self._pauses.refuse(domain)
            await anyio.sleep_until(state.free_at)
            await self._has_memory.wait()
            self._pauses.refuse(domain)
            await self._in_flight.acquire()
            if anyio.current_time() >= state.free_at and self._has_memory.is_set():
                state.free_at = anyio.current_time() + self._delay
                return
            # The slot is given back: meanwhile another request of the domain was quicker, or the
            # held bodies became too many.
            self._in_flight.release()


def _is_set() -> anyio.Event:
    event = anyio.Event()
    event.set()
    return event
