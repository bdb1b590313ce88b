"""The threads that read the store."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from planet_mcp.errors import StaleViewError, StoreError
from planet_mcp.store import Store
from planet_mcp.threads import DaemonThreads

ANSWERING, MAKING_PAGES = 4, 2

T = TypeVar("T")


class Readers:
    """A few threads that read one store; their number bounds the connections to the database."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._answers = DaemonThreads(ANSWERING, name="reader")
        # Pages take longer to make than answers, which are not to wait behind them.
        self._pages = DaemonThreads(MAKING_PAGES, name="page")

    async def answer(self, work: Callable[[], T], *, fresh: bool = False) -> T:
        """Read for an answer, all from one state of the database: the newest, if it is `fresh`."""
        return await self._answers.run(lambda: self._from_one_state(work, fresh=fresh))

    async def make_page(self, work: Callable[[], T]) -> T:
        """Read for a page, all from one state of the database."""
        return await self._pages.run(lambda: self._from_one_state(work))

    def close(self) -> None:
        """End the threads."""
        self._answers.close()
        self._pages.close()

    def _from_one_state(self, work: Callable[[], T], *, fresh: bool = False) -> T:
        try:
            with self._store.view(fresh=fresh):
                return work()
        except StaleViewError:
            # After a failover, the first write skips the ids that readers have heard of.
            with suppress(StoreError):
                self._store.preallocate()
            with self._store.view(fresh=True):
                return work()
