"""Writes that wait for their turn share a transaction, and fail each for itself."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from planet_mcp.errors import StoreError
from planet_mcp.store.db import Connection, Database
from planet_mcp.store.db.together import MOST_WRITES, Together
from tests.support.programs import PATIENCE_SECONDS

Work = Callable[[Connection], object]


@pytest.fixture
def opened(database: Path) -> Iterator[Database]:
    opened = Database(database)
    yield opened
    opened.close()


@contextmanager
def at_once(opened: Database, *works: Work, weight: int = 1) -> Iterator[list[Future[object]]]:
    """Let works wait behind one that lasts, and do them then."""
    together, held = Together(opened.writing), threading.Event()
    with ThreadPoolExecutor(len(works) + 1) as threads:
        threads.submit(together.write, lambda _: held.wait(PATIENCE_SECONDS), weight=1)
        done = []
        for number, work in enumerate(works):
            while together.waiting < number:
                time.sleep(0.001)
            done.append(threads.submit(together.write, work, weight=weight))
        while together.waiting < len(works):
            time.sleep(0.001)
        held.set()
        yield done


def note(name: str) -> Work:
    def work(connection: Connection) -> str:
        connection.execute("INSERT INTO meta VALUES (?, 'x')", (name,))
        return name

    return work


def noted(opened: Database) -> set[str]:
    with opened.reading() as connection:
        return {row[0] for row in connection.execute("SELECT key FROM meta WHERE value = 'x'")}


def commits(opened: Database, *works: Work, weight: int = 1) -> int:
    """Return in how many transactions works are done that wait together."""
    seen: list[str] = []
    with opened.writing() as connection:
        connection.set_trace_callback(seen.append)
    with at_once(opened, *works, weight=weight) as done:
        assert [each.result() for each in done]
    return seen.count("COMMIT") - 2  # that of the callback, and of the one that lasts


@pytest.mark.parametrize(("weight", "expected"), [(1, 1), (100, 3), (1_000, 5)])
def test_what_waits_is_written_in_as_few_transactions_as_its_weight_allows(
    opened: Database, weight: int, expected: int
) -> None:
    assert commits(opened, *map(note, "abcde"), weight=weight) == expected
    assert noted(opened) == set("abcde")


def test_a_transaction_takes_so_many_writes(opened: Database) -> None:
    assert commits(opened, *(note(f"n{each}") for each in range(MOST_WRITES + 1))) == 2


def test_a_write_that_fails_undoes_itself_alone(opened: Database) -> None:
    def fail(connection: Connection) -> None:
        note("half")(connection)
        raise StoreError("no")

    with at_once(opened, note("a"), fail, note("b")) as (first, failed, last):
        assert (first.result(), last.result()) == ("a", "b")
        with pytest.raises(StoreError, match="no"):
            failed.result()
    assert noted(opened) == {"a", "b"}


def test_a_failure_that_ends_the_transaction_is_told_to_all_of_it(opened: Database) -> None:
    def end(connection: Connection) -> None:
        connection.execute("ROLLBACK")
        raise StoreError("the disk is full")

    with at_once(opened, note("a"), end, note("b")) as done:
        for each in done:
            with pytest.raises(StoreError, match="the disk is full"):
                each.result()
    assert noted(opened) == set()
    assert opened.write(note("c")) == "c"
