"""The threads that read the store."""

from collections.abc import Callable
from typing import TypeVar

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

    async def answer(self, work: Callable[[], T]) -> T:
        """Read for an answer, all from one state of the database."""
        return await self._answers.run(lambda: self._from_one_state(work))

    async def make_page(self, work: Callable[[], T]) -> T:
        """Read for a page, all from one state of the database."""
        return await self._pages.run(lambda: self._from_one_state(work))

    def close(self) -> None:
        """End the threads."""
        self._answers.close()
        self._pages.close()

    def _from_one_state(self, work: Callable[[], T]) -> T:
        with self._store.view():
            return work()
