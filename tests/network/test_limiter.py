"""Each domain is asked a few times at once and some time apart, and none waits for another."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

import anyio
import pytest
from anyio.lowlevel import checkpoint

from planet_mcp.network import Limits, Pace
from planet_mcp.network.limiter import Limiter

pytestmark = pytest.mark.anyio

DELAY = 0.05
LIMITS = Limits()


class Crowd:
    """Counts who is inside, and the most that ever were."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self.inside: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.most_at_once = 0
        self.served: Counter[str] = Counter()

    async def visit(self, domain: str) -> None:
        async with self._limiter.acquire(domain):
            self.inside[domain] += 1
            self.most[domain] = max(self.most[domain], self.inside[domain])
            self.most_at_once = max(self.most_at_once, self.inside.total())
            for _ in range(10):
                await checkpoint()
            self.inside[domain] -= 1
            self.served[domain] += 1


@asynccontextmanager
async def occupied(limiter: Limiter, *domains: str) -> AsyncIterator[None]:
    """Hold a slot of each domain while the block runs."""
    release = anyio.Event()

    async def hold(domain: str, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        async with limiter.acquire(domain):
            task_status.started()
            await release.wait()

    async with anyio.create_task_group() as tasks:
        for domain in domains:
            await tasks.start(hold, domain)
        yield
        release.set()


@pytest.mark.parametrize("concurrency", [1, 2, 5])
async def test_a_domain_is_asked_only_so_often_at_once(concurrency: int) -> None:
    crowd = Crowd(Limiter(Pace(delay=0, concurrency=concurrency), LIMITS))

    async with anyio.create_task_group() as tasks:
        for number in range(40):
            tasks.start_soon(crowd.visit, f"{number % 2}.example")

    assert crowd.most == {"0.example": concurrency, "1.example": concurrency}
    assert crowd.served == {"0.example": 20, "1.example": 20}


async def test_no_more_than_sixteen_requests_are_under_way() -> None:
    crowd = Crowd(Limiter(Pace(delay=0, concurrency=64), LIMITS))

    async with anyio.create_task_group() as tasks:
        for number in range(100):
            tasks.start_soon(crowd.visit, f"{number % 25}.example")

    assert crowd.most_at_once == LIMITS.in_flight == 16
    assert crowd.served.total() == 100


async def test_those_who_wait_for_a_slow_domain_hold_no_other_back() -> None:
    limiter = Limiter(Pace(delay=0, concurrency=1), LIMITS)
    crowd = Crowd(limiter)

    async with occupied(limiter, "slow.example"), anyio.create_task_group() as tasks:
        for _ in range(3 * LIMITS.in_flight):
            tasks.start_soon(crowd.visit, "slow.example")
        with anyio.fail_after(60):
            for number in range(20):
                await crowd.visit(f"{number}.example")
        assert crowd.served["slow.example"] == 0
        tasks.cancel_scope.cancel()


async def test_a_pause_of_a_domain_holds_no_other_back() -> None:
    limiter = Limiter(Pace(delay=3_600, concurrency=64), LIMITS)
    crowd = Crowd(limiter)

    await crowd.visit("slow.example")
    async with anyio.create_task_group() as tasks:
        for _ in range(3 * LIMITS.in_flight):
            tasks.start_soon(crowd.visit, "slow.example")
        with anyio.fail_after(60):
            for number in range(20):
                await crowd.visit(f"{number}.example")
        assert crowd.served["slow.example"] == 1
        tasks.cancel_scope.cancel()


async def test_the_requests_to_a_domain_are_some_time_apart() -> None:
    limiter = Limiter(Pace(delay=DELAY, concurrency=1), LIMITS)
    ended = anyio.current_time() - DELAY

    for _ in range(3):
        async with limiter.acquire("a.example"):
            assert anyio.current_time() - ended >= DELAY * 0.99
            ended = anyio.current_time()


async def test_requests_that_overlap_begin_some_time_apart() -> None:
    limiter = Limiter(Pace(delay=DELAY, concurrency=3), LIMITS)
    came = anyio.current_time()
    begun: list[float] = []

    async def visit() -> None:
        async with limiter.acquire("a.example"):
            begun.append(anyio.current_time() - came)
            await anyio.sleep(3 * DELAY)

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(visit)

    assert len(begun) == 5
    assert all(after >= number * DELAY * 0.99 for number, after in enumerate(begun))


async def test_the_pause_counts_from_the_end_of_a_long_request() -> None:
    limiter = Limiter(Pace(delay=DELAY, concurrency=1), LIMITS)
    async with limiter.acquire("a.example"):
        await anyio.sleep(DELAY)
        ended = anyio.current_time()

    async with limiter.acquire("a.example"):
        begun = anyio.current_time()

    assert begun - ended >= DELAY * 0.99


async def test_a_request_that_fails_gives_its_turn_back_after_the_pause() -> None:
    limiter = Limiter(Pace(delay=DELAY, concurrency=1), LIMITS)

    async def fail() -> None:
        async with limiter.acquire("a.example"):
            raise RuntimeError("broken")

    came = anyio.current_time()
    with pytest.raises(RuntimeError, match="broken"):
        await fail()
    with anyio.fail_after(60):
        async with limiter.acquire("a.example"):
            assert anyio.current_time() - came >= DELAY * 0.99


async def test_who_gives_up_waiting_leaves_the_domain_to_others() -> None:
    limiter = Limiter(Pace(delay=0, concurrency=1), LIMITS)
    crowd = Crowd(limiter)

    async with occupied(limiter, "a.example"):
        with anyio.move_on_after(0) as scope:
            await crowd.visit("a.example")
    with anyio.fail_after(60):
        await crowd.visit("a.example")

    assert scope.cancelled_caught
    assert crowd.served == {"a.example": 1}


async def test_requests_keep_their_distance_when_all_places_were_taken() -> None:
    limiter, release, begun = Limiter(Pace(delay=0.1, concurrency=2), LIMITS), anyio.Event(), []

    async def hold(number: int) -> None:
        async with limiter.acquire(f"{number}.example"):
            await release.wait()

    async def visit() -> None:
        async with limiter.acquire("a.example"):
            begun.append(anyio.current_time())

    async with anyio.create_task_group() as tasks:
        for number in range(16):
            tasks.start_soon(hold, number)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(visit)
        tasks.start_soon(visit)
        await anyio.wait_all_tasks_blocked()
        release.set()

    assert begun[1] - begun[0] >= 0.099


async def test_no_request_begins_while_many_bodies_wait_to_be_read() -> None:
    limiter = Limiter(Pace(delay=0, concurrency=1), LIMITS)
    crowd = Crowd(limiter)

    async with anyio.create_task_group() as tasks:
        with ExitStack() as one_too_many, ExitStack() as bodies:
            one_too_many.enter_context(limiter.holding_body())
            for _ in range(LIMITS.held_bodies):
                bodies.enter_context(limiter.holding_body())
            for number in range(3):
                tasks.start_soon(crowd.visit, f"{number}.example")
            await anyio.wait_all_tasks_blocked()
            assert not crowd.served
        assert not crowd.served
    assert crowd.served.total() == 3
