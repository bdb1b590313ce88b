"""When a domain may be asked: few requests at once, fewer to one domain, with time between."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace

import anyio

from planet_mcp.models import Turn
from planet_mcp.network.limits import Limits
from planet_mcp.network.pauses import Pause, Pauses
from planet_mcp.network.turns import Pace, Turns


@dataclass(slots=True)
class _Domain:
    slots: anyio.Semaphore
    free_at: float = 0.0
    back_off_until: float = 0.0


class Limiter:
    """Limits the requests of those who share it, in all and for each domain.

    A request that waits for its domain takes none of the slots `in_flight`, so that one slow host
    delays no other. While `held_bodies` are held, none begins, which bounds memory. Those that wait
    for a domain when one of its `pauses` begins are refused at once. With `turns`, those of other
    processes are waited for, too.
    """

    def __init__(
        self,
        pace: Pace,
        limits: Limits,
        pauses: Pauses | None = None,
        turns: Turns | None = None,
    ) -> None:
        self._pauses = pauses or Pauses()
        self._turns = turns
        self._pace = pace
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
            turn = await self._begin(domain, state)
            try:
                yield
            finally:
                self._in_flight.release()
                state.free_at = max(state.free_at, anyio.current_time() + self._pace.delay)
                await self._give_back(turn)

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

    async def _begin(self, domain: str, state: _Domain) -> Turn:
        while True:
            self._pauses.refuse(domain)
            await anyio.sleep_until(state.free_at)
            await self._has_memory.wait()
            self._pauses.refuse(domain)
            await self._in_flight.acquire()
            try:
                turn = await self._turn_now(domain, state)
            except BaseException:
                self._in_flight.release()
                raise
            if turn:
                state.free_at = anyio.current_time() + self._pace.delay
                return turn
            self._in_flight.release()

    async def _turn_now(self, domain: str, state: _Domain) -> Turn | None:
        """Return the turn of a domain; None, and when to look again, if it is not to be asked yet.

        While this one waited for a slot, another of its domain was quicker, or the held bodies
        became too many; or another process asks it.
        """
        begun = anyio.current_time()
        if begun < state.free_at or not self._has_memory.is_set():
            return None
        if self._turns is None:
            return Turn(domain)
        turn = await anyio.to_thread.run_sync(self._turns.take, domain, self._pace)
        self._pauses.resume(Pause(domain, turn.paused, turn.pauses))
        if not turn.held_until:
            state.free_at = max(state.free_at, anyio.current_time() + turn.wait)
            return None
        # A process that was stopped meanwhile has lost the turn.
        return turn if anyio.current_time() < begun + self._turns.seconds / 2 else None

    async def _give_back(self, turn: Turn) -> None:
        if self._turns is None:
            return
        last = self._pauses.last_of(turn.domain)
        ended = replace(turn, paused=last.seconds, pauses=last.times)
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._turns.give_back, ended, self._pace)


def _is_set() -> anyio.Event:
    event = anyio.Event()
    event.set()
    return event
