"""Writes that wait for their turn, in one transaction: the disk is waited for once."""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

from planet_mcp.store.db.engine import Connection

T = TypeVar("T")

# How many writes, and of what weight, share a transaction: so it lasts some tenths of a second, in
# which no other process can write.
MOST_WRITES, MOST_WEIGHT = 32, 200


@dataclass(slots=True)
class _Write:
    work: Callable[[Connection], Any]
    weight: int
    is_done: bool = False
    result: Any = None
    error: BaseException | None = None


class Together:
    """Lets threads that write at the same time share a transaction of `writing`."""

    def __init__(self, writing: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._writing = writing
        self._turn = threading.Lock()
        self._waiting: deque[_Write] = deque()

    @property
    def waiting(self) -> int:
        """Return how many writes wait for their turn."""
        return len(self._waiting)

    def write(self, work: Callable[[Connection], T], *, weight: int) -> T:
        """Do some work in a transaction, and return what it returns once that is committed.

        What it raises undoes this work alone. `weight` says how much it writes.
        """
        write = _Write(work, weight)
        self._waiting.append(write)
        # The thread that has the lock writes for all that wait; they find their work done.
        with self._turn:
            while not write.is_done:
                self._write_some()
        if write.error is not None:
            raise write.error
        result: T = write.result
        return result

    def _write_some(self) -> None:
        chosen = self._next()
        try:
            with self._writing() as connection:
                if len(chosen) == 1:
                    chosen[0].result = chosen[0].work(connection)
                else:
                    for write in chosen:
                        _write_apart(connection, write)
        except BaseException as error:  # noqa: BLE001 - it is raised to each of them
            for write in chosen:
                write.error = error
        for write in chosen:
            write.is_done = True

    def _next(self) -> list[_Write]:
        chosen = [self._waiting.popleft()]
        weight = chosen[0].weight
        while self._waiting and len(chosen) < MOST_WRITES:
            weight += self._waiting[0].weight
            if weight > MOST_WEIGHT:
                break
            chosen.append(self._waiting.popleft())
        return chosen


def _write_apart(connection: Connection, write: _Write) -> None:
    """Write so that a failure undoes no more than this; one that ends the transaction is raised."""
    connection.execute("SAVEPOINT apart")
    try:
        write.result = write.work(connection)
    except BaseException as error:
        if not connection.in_transaction:
            raise
        connection.execute("ROLLBACK TO apart")
        write.error = error
    connection.execute("RELEASE apart")
