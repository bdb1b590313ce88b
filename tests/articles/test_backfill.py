"""Pages of teasers are read in the background: politely, and so that search finds them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import anyio
import pytest

from planet_mcp.articles import Articles, Backfill, BackfillLimits
from planet_mcp.network import Access, Web
from planet_mcp.planet import Parts, Planet, open_planet
from planet_mcp.requests import LatestRequest, SearchRequest
from planet_mcp.settings import Settings, load
from tests.conftest import planet_of
from tests.support.documents import NOW, Post, page, rss, whole
from tests.support.parsers import quick_worker
from tests.support.site import Page, Site

pytestmark = pytest.mark.anyio

TEASER = "<p>It begins so. Read more</p>"


class Clock:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@asynccontextmanager
async def opened(
    clock: Callable[[], datetime] | None = None,
) -> AsyncIterator[tuple[Planet, Backfill]]:
    """Open a planet, and what fetches the pages of its teasers round by round."""
    clock = clock or Clock()
    settings, limits = load(), BackfillLimits(delay_seconds=0)
    async with (
        planet_of(clock=clock) as planet,
        Web(Access(settings.allow_networks)) as web,
        quick_worker() as worker,
    ):
        articles = Articles(planet.store, web=web, worker=worker, fetch_any=False, clock=clock)
        yield (
            planet,
            Backfill(
                planet.store,
                articles=articles,
                web=web,
                is_leader=lambda: True,
                clock=clock,
                limits=limits,
            ),
        )


async def rounds(backfill: Backfill, count: int = 3) -> None:
    for _ in range(count):
        await backfill.round()


async def found(planet: Planet, word: str) -> int:
    return (await planet.search_entries(SearchRequest(word))).result.total


async def follow(planet: Planet, site: Site, *posts: Post) -> None:
    await planet.add_feeds([site.add("/feed", rss(posts))])


def add_page(site: Site, path: str, text: str) -> str:
    return site.add(path, page(whole(text)), content_type="text/html")


async def test_the_page_of_a_new_teaser_is_found_and_is_no_news(site: Site) -> None:
    async with opened() as (planet, backfill):
        post = Post("Teased", TEASER, link=add_page(site, "/post", "A zebra."))
        await follow(planet, site, post)
        watermark = (await planet.latest_entries()).result.watermark

        await rounds(backfill)
        assert await found(planet, "zebra")

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
    async with opened() as (planet, backfill):
        await follow(planet, site, *posts)
        await rounds(backfill)
        assert await found(planet, "quokka")

        assert "/private/post" not in site.started
        assert site.paths().count("/robots.txt") == 1
        # Who asks for the article asks for the page: that is no crawling.
        assert "A zebra." in await planet.fetch_article(posts[0].url)


async def test_rules_are_read_again_after_a_day(site: Site) -> None:
    clock = Clock()
    site.add("/robots.txt", "User-agent: *\nDisallow: /")
    async with opened(clock) as (planet, backfill):
        post = Post("Teased", TEASER, link=add_page(site, "/post", "A zebra."))
        await follow(planet, site, post)
        await rounds(backfill)
        site.add("/robots.txt", "User-agent: *\nDisallow:")
        clock.now += timedelta(hours=25)

        await rounds(backfill)
        assert await found(planet, "zebra")

        assert site.paths().count("/robots.txt") == 2


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_a_site_that_cannot_say_what_it_allows_is_left_alone(site: Site, status: int) -> None:
    site.pages["/robots.txt"] = Page(status=status)
    async with opened() as (planet, backfill):
        post = Post("Teased", TEASER, link=add_page(site, "/post", "A zebra."))
        await follow(planet, site, post)
        await rounds(backfill)

    assert site.started.count("/robots.txt") == 1
    assert "/post" not in site.started


async def test_a_page_that_fails_is_tried_three_times_with_growing_pauses(site: Site) -> None:
    clock = Clock()
    link = site.add("/post", status=500)
    async with opened(clock) as (planet, backfill):
        await follow(planet, site, Post("Teased", TEASER, link=link))
        for pause, tries in ((0, 1), (5, 1), (2, 2), (20, 2), (5, 3), (100, 3)):
            clock.now += timedelta(hours=pause)
            await rounds(backfill)
            assert site.started.count("/post") == tries


async def test_a_page_that_asks_for_a_pause_gets_it_for_its_domain(site: Site) -> None:
    busy = site.add("/busy", status=503, headers={"Retry-After": "3600"})
    other = add_page(site, "/post", "A zebra.")
    async with opened() as (planet, backfill):
        posts = [Post("Busy", TEASER, link=busy), Post("B", TEASER, link=other, age=timedelta(9))]
        await follow(planet, site, *posts)
        await rounds(backfill)

    assert "/post" not in site.started


async def test_only_what_needs_it_is_fetched(site: Site) -> None:
    async with opened() as (planet, backfill):
        posts = [
            Post("Whole", whole("All of it."), link=add_page(site, "/whole", "More.")),
            Post("Teased", TEASER, link=add_page(site, "/post", "A zebra."), age=timedelta(2)),
        ]
        await follow(planet, site, *posts)
        await rounds(backfill)
        assert await found(planet, "zebra")

    assert "/whole" not in site.started


async def test_old_teasers_are_not_fetched(site: Site) -> None:
    clock = Clock()
    link = add_page(site, "/post", "A zebra.")
    async with planet_of(clock=clock) as planet:
        await follow(planet, site, Post("Teased", TEASER, link=link))
    clock.now += timedelta(days=8)
    async with opened(clock) as (_, backfill):
        await rounds(backfill)

    assert "/post" not in site.started


async def test_teasers_of_a_feed_left_are_not_fetched(site: Site) -> None:
    clock = Clock()
    link = add_page(site, "/post", "A zebra.")
    async with planet_of(clock=clock) as planet:
        await follow(planet, site, Post("Teased", TEASER, link=link))
        await planet.remove_feeds([1])
    async with opened(clock) as (_, backfill):
        await rounds(backfill)

    assert "/post" not in site.started


async def test_pages_are_fetched_unasked_only_if_the_settings_say_so(site: Site) -> None:
    parts = Parts(worker=quick_worker, backfill=BackfillLimits(delay_seconds=0))
    await follow_and_run(site, load(full_text="off"), parts, wanted=False)
    await follow_and_run(site, load(full_text="teasers"), parts, wanted=True)


async def follow_and_run(site: Site, settings: Settings, parts: Parts, *, wanted: bool) -> None:
    """Follow a feed with a teaser, run for a while, and look whether its page was fetched."""
    async with (
        open_planet(settings, clock=Clock(), parts=parts) as planet,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(planet.run)
        await follow(planet, site, Post("Teased", TEASER, link=add_page(site, "/post", "A.")))
        if wanted:
            await anyio.to_thread.run_sync(site.wait_for, "/post")
        else:
            for _ in range(50):
                await planet.status()
            assert "/post" not in site.started
        tasks.cancel_scope.cancel()


async def test_one_domain_is_asked_for_one_page_a_round(site: Site) -> None:
    links = [add_page(site, f"/post{number}", f"Zebra {number}.") for number in range(3)]
    async with opened() as (planet, backfill):
        posts = [Post(f"P{link[-1]}", TEASER, link=link) for link in links]
        await follow(planet, site, *posts)
        for count in (1, 2, 3):
            await backfill.round()
            assert sum(path.startswith("/post") for path in site.started) == count
