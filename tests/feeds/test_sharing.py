"""Several processes that refresh one database on a server: who asks for which feed, and when."""

import subprocess
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import Any

import anyio
import pytest

from planet_mcp.planet import Planet
from planet_mcp.requests import SearchRequest
from planet_mcp.urls import ServerAddress
from tests.conftest import planet_of
from tests.support.documents import Post, rss
from tests.support.postgres import new_database, raw_connection
from tests.support.programs import COMMAND, MORTAL, until
from tests.support.site import Page, Site

pytestmark = pytest.mark.anyio

DELAY = 0.05


@pytest.fixture
def database() -> ServerAddress:
    return new_database()


@pytest.fixture
async def planets(database: ServerAddress) -> AsyncIterator[list[Planet]]:
    """Return three planets on one database; to it, they are three processes."""
    async with AsyncExitStack() as stack:
        paced: dict[str, Any] = {"host_delay": DELAY, "host_concurrency": 1}
        yield [await stack.enter_async_context(planet_of(**paced)) for _ in range(3)]


async def _follow(planet: Planet, urls: Sequence[str]) -> None:
    outlines = "".join(f'<outline xmlUrl="{url}"/>' for url in urls)
    await planet.import_list(f"<opml><body>{outlines}</body></opml>".encode(), name="x")


def _lapse(database: ServerAddress) -> None:
    """Let the time pass after which nobody waits any more for who asked last."""
    with raw_connection(database) as raw:
        raw.execute(
            "UPDATE planet_mcp.claims SET until = now(); "
            "UPDATE planet_mcp.domains SET held = '{}', free_at = now()"
        )


async def test_each_feed_is_asked_once_and_a_domain_in_turn_whoever_asks(
    planets: list[Planet], site: Site
) -> None:
    urls = [site.add(f"/{number}", rss([Post(f"P {number}")])) for number in range(24)]
    await _follow(planets[0], urls)

    async with anyio.create_task_group() as tasks:
        for planet in planets:
            tasks.start_soon(planet.refresher.run)
        await until(lambda: not planets[0].store.feeds.summary().never_checked)
        leaders = [planet.refresher.leads for planet in planets]
        tasks.cancel_scope.cancel()

    assert sorted(site.started) == sorted(f"/{number}" for number in range(24))
    gaps = [after - before for before, after in zip(site.moments, site.moments[1:], strict=False)]
    assert [gap for gap in gaps if gap < DELAY] == []
    assert leaders.count(True) == 1
    assert (await planets[2].search_entries()).result.total == 24
    assert not planets[0].refresher.is_running()


async def test_a_refresh_on_demand_shares_the_feeds_with_others(
    planets: list[Planet], site: Site
) -> None:
    urls = [site.add(f"/{number}", rss([Post(f"P {number}")])) for number in range(12)]
    await _follow(planets[0], urls)
    results = []

    async def refresh(planet: Planet) -> None:
        results.append((await planet.refresh_feeds()).result)

    async with anyio.create_task_group() as tasks:
        for planet in planets:
            tasks.start_soon(refresh, planet)

    assert len(site.started) == len(urls)
    assert all(result.failed == 0 for result in results)
    assert (await planets[1].search_entries()).result.total == len(urls)


def _writes(database: ServerAddress) -> int:
    with raw_connection(database) as raw:
        return int(raw.execute("SELECT writes FROM planet_mcp.last_ids").fetchone()[0])


async def test_who_wants_a_feed_that_another_process_asks_for_waits_for_its_answer(
    planets: list[Planet], site: Site, database: ServerAddress
) -> None:
    url = site.add("/feed", rss([Post("One")]))
    await _follow(planets[0], [url])
    asked, release = site.pages["/feed"], threading.Event()
    asked.hold = release

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(planets[0].refresher.run)
        await anyio.to_thread.run_sync(site.wait_for, "/feed")
        written = _writes(database)

        async def let_go() -> None:
            # Made due again: the other has found that it has to wait.
            await until(lambda: _writes(database) > written)
            release.set()

        tasks.start_soon(let_go)
        result = (await planets[1].refresh_feeds([1])).result
        tasks.cancel_scope.cancel()

    assert (result.failed, result.queued) == (0, 0)
    assert (await planets[1].search_entries()).result.total == 1


async def test_a_late_answer_is_refused_after_another_process_took_over(
    planets: list[Planet], site: Site, database: ServerAddress
) -> None:
    url, release = site.add("/feed", rss([Post("Late")])), threading.Event()
    await _follow(planets[0], [url])
    site.pages["/feed"].hold = release

    results = []

    async def ask_in_vain() -> None:
        results.append((await planets[0].refresh_feeds([1])).result)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask_in_vain)
        await anyio.to_thread.run_sync(site.wait_for, "/feed")
        site.add("/feed", rss([Post("In time")]))
        _lapse(database)
        assert (await planets[1].refresh_feeds([1])).result.new_entries == 1
        release.set()

    assert (results[0].new_entries, results[0].failed, results[0].queued) == (0, 0, 1)
    hits = (await planets[2].search_entries(SearchRequest())).result.hits
    assert [hit.title for hit in hits] == ["In time"]
    assert site.started == ["/feed", "/feed"]


async def test_what_a_killed_process_was_at_is_taken_over(
    planets: list[Planet], site: Site, database: ServerAddress
) -> None:
    url, release = site.add("/feed", rss([Post("One")])), threading.Event()
    await _follow(planets[0], [url])
    site.pages["/feed"].hold = release
    killed = await anyio.open_process([*MORTAL, *COMMAND, "refresh"], stdout=subprocess.DEVNULL)
    await anyio.to_thread.run_sync(site.wait_for, "/feed")
    killed.kill()
    await killed.wait()
    release.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(planets[1].refresher.run)
        await until(planets[1].refresher.is_running)
        assert planets[0].store.feeds.summary().never_checked == 1
        _lapse(database)
        await until(lambda: not planets[0].store.feeds.summary().never_checked)
        await until(lambda: planets[1].refresher.leads)
        tasks.cancel_scope.cancel()

    assert site.started == ["/feed", "/feed"]


async def test_a_domain_that_asked_one_process_to_wait_is_asked_by_none(
    planets: list[Planet], site: Site
) -> None:
    urls = [site.add(f"/{number}", rss([Post(f"P {number}")])) for number in range(3)]
    await _follow(planets[0], urls)
    site.pages["/0"] = Page(status=429, headers={"Retry-After": "3600"})
    await planets[0].refresh_feeds([1])

    refreshed = (await planets[1].refresh_feeds([2, 3])).result
    added = (await planets[2].add_feeds([site.add("/new", rss([]))])).result.results[0]

    assert site.started == ["/0"]
    assert (refreshed.queued, refreshed.failed) == (2, 0)
    assert (added.outcome, "asked us to wait" in (added.problem or "")) == ("queued", True)


async def test_a_feed_that_refuses_what_it_gave_before_pauses_its_domain_for_all(
    planets: list[Planet], site: Site
) -> None:
    urls = [site.add(f"/{number}", rss([Post(f"P {number}")])) for number in range(2)]
    await planets[0].add_feeds(urls)
    site.pages["/0"] = Page(status=403)
    await planets[0].refresh_feeds(urls[:1])
    asked = len(site.started)

    assert (await planets[1].refresh_feeds(urls[1:])).result.queued == 1
    assert len(site.started) == asked


async def test_a_redirect_waits_for_the_turn_of_where_it_leads(
    planets: list[Planet], site: Site, database: ServerAddress
) -> None:
    site.add("/feed", rss([Post("One")]))
    there = site.url.replace("127.0.0.1", "localhost")
    url = site.redirect("/old", f"{there}/feed", status=302)
    await _follow(planets[0], [url])
    with raw_connection(database) as raw:
        raw.execute(
            "INSERT INTO planet_mcp.domains (domain, free_at, held) "
            "VALUES ('localhost', now(), ARRAY[now() + interval '1 hour'])"
        )

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(planets[0].refresh_feeds, [1])
        await anyio.to_thread.run_sync(site.wait_for, "/old")
        with raw_connection(database) as raw:
            looks = (
                "SELECT count(*) FROM planet_mcp.domains WHERE domain = '127.0.0.1' AND held = '{}'"
            )
            await until(lambda: raw.execute(looks).fetchone() == (1,))
        assert site.started == ["/old"]
        _lapse(database)

    assert site.started == ["/old", "/feed"]
    assert (await planets[1].search_entries()).result.total == 1
