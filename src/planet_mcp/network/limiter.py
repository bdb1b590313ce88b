"""Whose turn it is: few requests in flight, few at a time to one domain, and some time apart."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import anyio

IN_FLIGHT = 16
MAX_UNREAD = 8


@dataclass(slots=True)
class _Lane:
    slots: anyio.Semaphore
    free_at: float = 0.0
    held_until: float = 0.0


class Gate:
    """Keeps the publishers' rules for one process: `concurrency` at a time, `delay` seconds apart.

    A domain that is waited for takes none of the `IN_FLIGHT` places, so one slow host holds no
    other back. While `MAX_UNREAD` bodies wait to be read, no request begins, which bounds memory.
    """

    def __init__(self, *, delay: float, concurrency: int) -> None:
        self._delay = delay
        self._places = anyio.Semaphore(IN_FLIGHT)
        self._unread = 0
        self._room = _is_set()
        self._lanes: defaultdict[str, _Lane] = defaultdict(
            lambda: _Lane(anyio.Semaphore(concurrency))
        )

    def hold(self, domain: str, seconds: float) -> None:
        """Leave a domain alone for a while, because it asked for that."""
        lane = self._lanes[domain]
        lane.held_until = max(lane.held_until, anyio.current_time() + seconds)

    def held_for(self, domain: str) -> float:
        """Return for how many seconds a domain is to be left alone still; 0 when it is not."""
        lane = self._lanes.get(domain)
        return max(lane.held_until - anyio.current_time(), 0.0) if lane else 0.0

    @asynccontextmanager
    async def turn(self, domain: str) -> AsyncIterator[None]:
        """Wait until this domain may be asked, and hold the place while it is."""
        lane = self._lanes[domain]
        async with lane.slots:
            await self._take_place(lane)
            try:
                yield
            finally:
                self._places.release()
                lane.free_at = max(lane.free_at, anyio.current_time() + self._delay)

    @contextmanager
    def unread(self) -> Iterator[None]:
        """Count a body that was fetched until it was read."""
        self._unread += 1
        if self._unread == MAX_UNREAD:
            self._room = anyio.Event()
        try:
            yield
        finally:
            self._unread -= 1
            if self._unread < MAX_UNREAD:
                self._room.set()

    async def _take_place(self, lane: _Lane) -> None:
        while True:
            await anyio.sleep_until(lane.free_at)
            await self._room.wait()
            await self._places.acquire()
            if anyio.current_time() >= lane.free_at and self._room.is_set():
                lane.free_at = anyio.current_time() + self._delay
                return
            # While this one waited for a place, another of its domain was quicker, or the bodies
            # became too many.
            self._places.release()


def _is_set() -> anyio.Event:
    event = anyio.Event()
    event.set()
    return event
