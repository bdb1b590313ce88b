"""Daemon threads: results, errors, and work that nobody waits for any more."""

import threading

import anyio
import pytest

from planet_mcp.threads import DaemonThreads

pytestmark = pytest.mark.anyio


async def test_results_and_errors_come_back() -> None:
    threads = DaemonThreads(2, name="test")
    assert await threads.run(lambda: 6 * 7) == 42
    with pytest.raises(ZeroDivisionError):
        await threads.run(lambda: 1 // 0)
    assert await threads.run(threading.current_thread) is not threading.current_thread()
    threads.close()


async def test_the_number_of_threads_is_bounded_and_all_work_is_done() -> None:
    threads, names, done = DaemonThreads(3, name="test"), set[int](), 0

    async def one() -> None:
        nonlocal done
        names.add((await threads.run(threading.current_thread)).ident or 0)
        done += 1

    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(one)
    threads.close()
    assert done == 50
    assert 1 <= len(names) <= 3


async def test_work_in_turn_needs_one_thread_only() -> None:
    threads = DaemonThreads(3, name="test")
    found = {(await threads.run(threading.current_thread)).ident for _ in range(10)}
    threads.close()
    assert len(found) == 1


async def test_who_is_cancelled_does_not_wait_for_the_thread() -> None:
    threads, release, ended = DaemonThreads(1, name="test"), threading.Event(), threading.Event()

    def work() -> None:
        release.wait(10)
        ended.set()

    with anyio.move_on_after(0.01) as scope:
        await threads.run(work)
    assert scope.cancelled_caught
    assert not ended.is_set()
    release.set()
    assert await threads.run(ended.is_set)
    threads.close()
