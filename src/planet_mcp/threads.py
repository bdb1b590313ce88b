"""Blocking work in a few daemon threads, and how many processors there are.

Work that cannot be cancelled, such as a name look-up, would hold up the end of the process in the
threads of an executor or of anyio; and the hop to these costs less than half of theirs.
"""

import asyncio
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

_Job = tuple[asyncio.AbstractEventLoop, asyncio.Future[Any], Callable[[], Any]]


class DaemonThreads:
    """At most `count` threads, started as they are needed."""

    def __init__(self, count: int, *, name: str) -> None:
        self._count = count
        self._name = name
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._started = 0
        self._busy = 0

    async def run(self, work: Callable[[], T]) -> T:
        """Do work in a thread; when this is cancelled, the thread goes on by itself."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._busy += 1
        if self._busy > self._started < self._count:
            self._started += 1
            threading.Thread(target=self._serve, name=self._name, daemon=True).start()
        self._jobs.put((loop, done, work))
        return await done

    def close(self) -> None:
        """Let the threads end once they have nothing to do."""
        for _ in range(self._started):
            self._jobs.put(None)

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            loop, done, work = job
            result, failure = None, None
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001 - it is raised where it is awaited
                failure = error
            # A loop that has ended has nobody left who waits.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._settle, done, result, failure)

    def _settle(
        self, done: asyncio.Future[Any], result: object, failure: BaseException | None
    ) -> None:
        self._busy -= 1
        if done.done():
            return
        if failure is None:
            done.set_result(result)
        else:
            done.set_exception(failure)


def cores() -> int:
    """Return how many processors this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(allowed(0)) if allowed else os.cpu_count() or 1
