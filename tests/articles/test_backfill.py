"""Pages of teasers are read in the background: politely, and so that search finds them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import anyio
import pytest

from planet_mcp.articles import BackfillLimits
from planet_mcp.planet import Parts, Planet, open_planet
from planet_mcp.requests import LatestRequest, SearchRequest
from planet_mcp.settings import load
from tests.support.documents import NOW, Post, page, rss, whole
from tests.support.site import Page, Site

pytestmark = pytest.mark.anyio

DELAY = 0.02
TEASER = "<p>It begins so. Read more</p>"


class Clock:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@asynccontextmanager
async def running(
    clock: Callable[[], datetime] | None = None, *, delay: float = DELAY
) -> AsyncIterator[Planet]:
    """Open a planet that fills in teasers, and keep it at work."""
    limits = BackfillLimits(delay_seconds=delay)
    async with (
        open_planet(
            load(full_text="teasers"), clock=clock or Clock(), parts=Parts(backfill=limits)
        ) as planet,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(planet.run)
        yield planet
        tasks.cancel_scope.cancel()


async def follow(planet: Planet, site: Site, *posts: Post) -> None:
    await planet.add_feeds([site.add("/feed", rss(posts))])


def add_page(site: Site, path: str, text: str) -> str:
    return site.add(path, page(whole(text)), content_type="text/html")


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(20):
        while True:
            if condition():
                return
            await anyio.sleep(0.01)


async def until_found(planet: Planet, word: str) -> None:
    with anyio.fail_after(20):
        while True:
            if (await planet.search_entries(SearchRequest(word))).result.total:
                return
            await anyio.sleep(0.01)


async def rounds(count: int = 20) -> None:
    """Let some rounds pass."""
    await anyio.sleep(0.02 * count)


async def test_the_page_of_a_new_teaser_is_found_and_is_no_news(site: Site) -> None:
    async with running() as planet:
        post = Post("Teased", TEASER, link=add_page(site, "/post", "A zebra."))
        await follow(planet, site, post)
        watermark = (await planet.latest_entries()).result.watermark

        await until_found(planet, "zebra")

        assert site.paths()[-2:] == ["/robots.txt", "/post"]
        news = (await planet.latest_entries(LatestRequest(watermark=watermark))).result
        assert news.total == 0
        assert "from the web page" in await planet.fetch_article(1)
        assert site.paths().count("/post") == 1


async def test_what_robots_txt_disallows_is_never_asked_for_unasked(site: Site) -> None:
    site.add("/robots.txt", "User-agent: planet-mcp\nDisallow: /private/")
    posts = [
        Post("Private", TEASER, link=add_page(site, "/private/post", "A zebra.")),
        Post("Public", TEASER, link=add_page(site, "/post", "A quokka."), age=timedelta(hours=2)),
    ]
    async with running() as planet:
        await follow(planet, site, *posts)
        await until_found(planet, "quokka")
        await rounds()

        assert "/private/post" not in site.started
        assert site.paths().count("/robots.txt") == 1
        # Who asks for the article asks for the page: that is no crawling.
        assert "A zebra." in await planet.fetch_article(posts[0].url)


async def test_rules_are_read_again_after_a_day(site: Site) -> None:
    clock = Clock()
    site.add("/robots.txt", "User-agent: *\nDisallow: /")
    async with running(clock) as planet:
        post = Post("Teased", TEASER, link=add_page(site, "/post", "A zebra."))
        await follow(planet, site, post)
        await until(lambda: "/robots.txt" in site.started)
        await rounds()
        site.add("/robots.txt", "User-agent: *\nDisallow:")
        clock.now += timedelta(hours=25)

        await until_found(planet, "zebra")

        assert site.paths().count("/robots.txt") == 2


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_a_site_that_cannot_say_what_it_allows_is_left_alone(site: Site, status: int) -> None:
    site.pages["/robots.txt"] = Page(status=status)
    async with running() as planet:
        post = Post("Teased", TEASER, link=add_page(site, "/post", "A zebra."))
        await follow(planet, site, post)
        await until(lambda: "/robots.txt" in site.started)
        await rounds()

    assert site.started.count("/robots.txt") == 1
    assert "/post" not in site.started


async def test_a_page_that_fails_is_tried_three_times_with_growing_pauses(site: Site) -> None:
    clock = Clock()
    link = site.add("/post", status=500)
    async with running(clock) as planet:
        await follow(planet, site, Post("Teased", TEASER, link=link))
        for pause, tries in ((0, 1), (5, 1), (2, 2), (20, 2), (5, 3), (100, 3)):
            clock.now += timedelta(hours=pause)
            await until(lambda: site.started.count("/post") >= tries)  # noqa: B023
            await rounds()
            assert site.started.count("/post") == tries


async def test_a_page_that_asks_for_a_pause_gets_it_for_its_domain(site: Site) -> None:
    busy = site.add("/busy", status=503, headers={"Retry-After": "3600"})
    other = add_page(site, "/post", "A zebra.")
    async with running() as planet:
        posts = [Post("Busy", TEASER, link=busy), Post("B", TEASER, link=other, age=timedelta(9))]
        await follow(planet, site, *posts)
        await until(lambda: "/busy" in site.started)
        await rounds()

    assert "/post" not in site.started


async def test_only_what_needs_it_is_fetched(site: Site) -> None:
    async with running() as planet:
        posts = [
            Post("Whole", whole("All of it."), link=add_page(site, "/whole", "More.")),
            Post("Teased", TEASER, link=add_page(site, "/post", "A zebra."), age=timedelta(2)),
        ]
        await follow(planet, site, *posts)
        await until_found(planet, "zebra")
        await rounds()

    assert "/whole" not in site.started


async def test_old_teasers_are_not_fetched(site: Site) -> None:
    clock = Clock()
    link = add_page(site, "/post", "A zebra.")
    async with open_planet(load(), clock=clock) as planet:
        await follow(planet, site, Post("Teased", TEASER, link=link))
    clock.now += timedelta(days=8)
    async with running(clock):
        await rounds()

    assert "/post" not in site.started


async def test_teasers_of_a_feed_left_are_not_fetched(site: Site) -> None:
    clock = Clock()
    link = add_page(site, "/post", "A zebra.")
    async with open_planet(load(), clock=clock) as planet:
        await follow(planet, site, Post("Teased", TEASER, link=link))
        await planet.remove_feeds([1])
    async with running(clock):
        await rounds()

    assert "/post" not in site.started


async def test_nothing_is_fetched_unasked_by_default(site: Site) -> None:
    async with open_planet(load()) as planet, anyio.create_task_group() as tasks:
        tasks.start_soon(planet.run)
        post = Post("Teased", TEASER, link=add_page(site, "/post", "A zebra."))
        await follow(planet, site, post)
        await rounds()
        tasks.cancel_scope.cancel()

    assert site.paths() == ["/feed"]


async def test_one_domain_is_asked_for_one_page_at_a_time(site: Site) -> None:
    links = [add_page(site, f"/post{number}", f"Zebra {number}.") for number in range(3)]
    async with running(delay=0.3) as planet:
        posts = [Post(f"P{link[-1]}", TEASER, link=link) for link in links]
        await follow(planet, site, *posts)
        started = anyio.current_time()
        await until(lambda: sum(path.startswith("/post") for path in site.started) == 3)

        # The rules, then three pages.
        assert anyio.current_time() - started > 3 * 0.3
