"""Refreshing through real HTTP, the real child process and a real database."""

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from planet_mcp.lease import Lease
from planet_mcp.models import FeedStatus
from planet_mcp.planet import Planet, open_planet
from planet_mcp.settings import load
from planet_mcp.store import Feeds
from planet_mcp.times import stamp
from tests.conftest import planet_of
from tests.documents import NOW, Post, atom, json_feed, page, rdf, rss
from tests.site import Page, Site

pytestmark = pytest.mark.anyio

FORMATS = {"rss": rss, "atom": atom, "rdf": rdf, "json": json_feed}


@pytest.mark.parametrize("name", FORMATS)
async def test_entries_of_every_format_are_searchable_after_a_refresh(
    planet: Planet, site: Site, name: str
) -> None:
    post = Post("Structured concurrency", "<p>TaskGroup ends <b>all</b> of its tasks.</p>")
    await planet.add_feeds([site.add("/feed", FORMATS[name]([post], title="Blog of Ada"))])

    hits = (await planet.search_entries("taskgroup")).result.hits

    assert [(hit.title, hit.feed, hit.url) for hit in hits] == [
        ("Structured concurrency", "Blog of Ada", post.url)
    ]
    assert hits[0].snippet == "**TaskGroup** ends all of its tasks."


async def test_what_a_feed_drops_stays_and_what_it_adds_comes(planet: Planet, site: Site) -> None:
    url = site.add("/feed", rss([Post("One"), Post("Two")]))
    await planet.add_feeds([url])
    site.add("/feed", rss([Post("Two"), Post("Three")]))

    refreshed = (await planet.refresh_feeds([url])).result

    assert (refreshed.ok, refreshed.new_entries) == (1, 1)
    titles = {hit.title for hit in (await planet.search_entries()).result.hits}
    assert titles == {"One", "Two", "Three"}


async def test_an_edited_entry_is_revised_in_its_place(planet: Planet, site: Site) -> None:
    old = Post("Old", "<p>before</p>", age=timedelta(days=9))
    url = site.add("/feed", rss([old, Post("New")]))
    await planet.add_feeds([url])
    edited = Post("Old", "<p>afterwards</p>", age=timedelta(days=9))
    site.add("/feed", rss([edited, Post("New")]))

    refreshed = (await planet.refresh_feeds([url])).result

    assert refreshed.new_entries == 0
    assert (await planet.search_entries("before")).result.total == 0
    found = (await planet.search_entries("afterwards")).result.hits
    assert [hit.title for hit in found] == ["Old"]
    assert found[0].updated is not None
    newest = (await planet.search_entries()).result.hits
    assert [hit.title for hit in newest] == ["New", "Old"]


async def test_a_second_refresh_is_conditional_and_costs_no_body(
    planet: Planet, site: Site
) -> None:
    url = site.add("/feed", rss([Post("One")]))
    await planet.add_feeds([url])

    refreshed = (await planet.refresh_feeds([url])).result

    assert (refreshed.ok, refreshed.unchanged, refreshed.new_entries) == (1, 1, 0)
    first, second = site.asked
    assert (first.status, second.status, second.sent) == (200, 304, 0)
    assert second.headers["If-None-Match"] == site.pages["/feed"].etag


async def test_validators_follow_a_redirect_to_where_they_came_from(
    planet: Planet, site: Site
) -> None:
    site.add("/new", rss([Post("One")]))
    url = site.redirect("/old", "/new", status=302)
    await planet.add_feeds([url])

    await planet.refresh_feeds([url])

    assert [(item.path, item.status) for item in site.asked] == [
        ("/old", 302),
        ("/new", 200),
        ("/old", 302),
        ("/new", 304),
    ]


async def test_an_equal_body_without_validators_is_not_parsed_again(
    planet: Planet, site: Site
) -> None:
    url = site.add("/feed", rss([Post("One")]), validators=False)
    await planet.add_feeds([url])

    refreshed = (await planet.refresh_feeds([url])).result

    assert (refreshed.ok, refreshed.unchanged) == (1, 1)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (Page(status=404), "404"),
        (Page(status=410), "410"),
        (Page(status=500), "500"),
        (Page(page("<p>We moved</p>").encode(), "text/html"), "HTML"),
        (Page(b"", "application/xml"), "empty"),
        (Page(b"no feed at all", "text/plain"), "feed"),
        (Page(b"/etc/passwd", "application/xml"), "feed"),
        (Page(rss([Post("Cut" * 400)]).encode(), half=True), "could not be reached"),
    ],
    ids=["404", "410", "500", "html", "empty", "text", "path", "cut"],
)
async def test_a_feed_that_breaks_keeps_its_entries_and_shows_its_problem(
    planet: Planet, site: Site, broken: Page, words: str
) -> None:
    url = site.add("/feed", rss([Post("One")]))
    await planet.add_feeds([url])
    site.pages["/feed"] = broken

    refreshed = (await planet.refresh_feeds([url])).result

    assert refreshed.failed == 1
    assert refreshed.problems is not None
    assert words in refreshed.problems[0].problem
    (feed,) = (await planet.list_feeds()).result.feeds
    assert feed.entries == 1
    assert feed.status == "failing"
    assert feed.problem == refreshed.problems[0].problem
    assert (await planet.search_entries("One")).result.total == 1


class Clock:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


async def test_a_feed_is_gone_when_its_server_says_so_on_two_days(site: Site) -> None:
    clock = Clock()
    url = site.add("/feed", rss([Post("One")]))
    async with open_planet(load(), clock=clock) as planet:
        await planet.add_feeds([url])
        site.pages["/feed"] = Page(status=410)
        statuses = []
        for pause in (timedelta(0), timedelta(hours=1), timedelta(days=1)):
            clock.now += pause
            await planet.refresh_feeds([url])
            (feed,) = (await planet.list_feeds()).result.feeds
            statuses.append(feed.status)

        assert statuses == ["failing", "failing", "gone"]
        assert feed.next_check_at > stamp(clock.now + timedelta(days=29))
        assert (await planet.search_entries("One")).result.total == 1


async def test_being_offline_is_no_feeds_fault(planet: Planet, site: Site) -> None:
    url = site.add("/feed", rss([Post("One")]))
    await planet.add_feeds([url])
    # Nobody listens there; to the refresher they are five domains.
    dead = [f"http://127.0.0.{number}:9/feed" for number in range(2, 7)]
    outlines = "".join(f'<outline xmlUrl="{item}"/>' for item in dead)
    await planet.import_opml(f"<opml><body>{outlines}</body></opml>".encode(), name="x")

    refreshed = (await planet.refresh_feeds(dead)).result

    assert refreshed.failed == 5
    failing = (await planet.list_feeds(status=FeedStatus.FAILING)).result.feeds
    assert len(failing) == 2
    await planet.refresh_feeds([url])
    await planet.refresh_feeds([dead[4]])
    assert (await planet.list_feeds(status=FeedStatus.FAILING)).result.total == 3


async def test_a_domain_that_asks_to_wait_is_left_alone_and_no_feed_is_blamed(
    planet: Planet, site: Site
) -> None:
    urls = [site.add(f"/{number}", rss([Post(f"P {number}")])) for number in range(3)]
    await planet.add_feeds(urls)
    site.pages["/0"] = Page(status=429, headers={"Retry-After": "3600"})
    await planet.refresh_feeds([urls[0]])
    asked = len(site.asked)

    refreshed = (await planet.refresh_feeds(urls[1:])).result

    assert len(site.asked) == asked
    assert refreshed.problems is not None
    assert all("asked us to wait" in item.problem for item in refreshed.problems)
    assert (await planet.list_feeds(status=FeedStatus.FAILING)).result.total == 1


async def test_a_feed_that_planet_mcp_fails_on_keeps_no_other_waiting(
    planet: Planet, site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    urls = [site.add(f"/{number}", rss([Post(f"Post {number}")])) for number in range(3)]
    outlines = "".join(f'<outline xmlUrl="{url}"/>' for url in urls)
    await planet.import_opml(f"<opml><body>{outlines}</body></opml>".encode(), name="x")
    record = Feeds.record_document

    def broken(self: Feeds, feed_id: int, *args: Any, **more: Any) -> int:
        if feed_id == 2:
            raise ZeroDivisionError
        return record(self, feed_id, *args, **more)

    monkeypatch.setattr(Feeds, "record_document", broken)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(planet.refresher.run)
        with anyio.fail_after(10):
            while (await planet.status()).result.never_checked:
                await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()

    assert (await planet.search_entries("post")).result.total == 2
    (failing,) = (await planet.list_feeds(status=FeedStatus.FAILING)).result.feeds
    assert (failing.feed_id, failing.problem) == (2, "planet-mcp failed on it; see its log.")
    assert "ZeroDivisionError" in caplog.text


async def test_a_feed_that_recovers_is_ok_again(planet: Planet, site: Site) -> None:
    url = site.add("/feed", rss([Post("One")]))
    await planet.add_feeds([url])
    good = site.pages["/feed"]
    site.pages["/feed"] = Page(status=503)
    await planet.refresh_feeds([url])
    site.pages["/feed"] = good

    await planet.refresh_feeds([url])

    (feed,) = (await planet.list_feeds()).result.feeds
    assert (feed.status, feed.problem) == ("ok", None)


async def test_a_restart_asks_for_nothing_that_is_not_due(site: Site) -> None:
    url = site.add("/feed", rss([Post("One")]))
    async with planet_of() as planet:
        await planet.add_feeds([url])
    asked = len(site.asked)

    async with planet_of() as planet:
        refreshed = (await planet.refresh_feeds()).result

    assert refreshed.checked == 0
    assert len(site.asked) == asked


async def test_the_background_refresher_brings_new_subscriptions_in(
    planet: Planet, site: Site, tmp_path: Path
) -> None:
    url = site.add("/feed", rss([Post("Arrived")]))
    await planet.import_opml(
        f'<opml version="2.0"><body><outline xmlUrl="{url}"/></body></opml>'.encode(), name="x"
    )

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(planet.refresher.run)
        with anyio.fail_after(10):
            while not (await planet.search_entries("arrived")).result.total:
                await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()


async def test_only_one_of_two_planets_refreshes_and_the_other_asks_it(site: Site) -> None:
    urls = [site.add(f"/{number}", rss([Post(f"Post {number}")])) for number in range(4)]
    async with planet_of() as leader, planet_of() as other, anyio.create_task_group() as tasks:
        await leader.add_feeds(urls)
        tasks.start_soon(leader.refresher.run)
        while not leader.refresher.leads:
            await anyio.lowlevel.checkpoint()
        tasks.start_soon(other.refresher.run)
        site.add("/2", rss([Post("Brand new")]))

        refreshed = (await other.refresh_feeds(urls)).result

        assert not other.refresher.leads
        assert (refreshed.checked, refreshed.ok, refreshed.new_entries) == (4, 4, 1)
        tasks.cancel_scope.cancel()
    assert len(site.asked) == 8


async def test_another_takes_the_lease_when_its_holder_lets_go(database: Path) -> None:
    first, second = Lease(database), Lease(database)
    assert first.acquire()
    assert not second.acquire()
    assert second.is_taken()

    first.release()

    assert second.acquire()
    assert second.held
    second.release()
    assert not first.is_taken()


async def test_a_refresh_of_an_unknown_feed_checks_nothing(planet: Planet, site: Site) -> None:
    url = site.add("/feed", rss([Post("One")]))
    await planet.add_feeds([url])
    asked = len(site.asked)

    with pytest.raises(Exception, match="No feed fits 'nowhere'"):
        await planet.refresh_feeds([url, "nowhere"])

    assert len(site.asked) == asked


async def test_progress_counts_the_feeds(planet: Planet, site: Site) -> None:
    urls = [site.add(f"/{number}", rss([Post(f"Post {number}")])) for number in range(3)]
    await planet.add_feeds(urls)
    seen: list[tuple[int, int]] = []

    async def note(done: int, total: int) -> None:
        seen.append((done, total))

    await planet.refresh_feeds(urls, progress=note)

    assert seen == [(1, 3), (2, 3), (3, 3)]


async def test_a_document_is_known_again_by_its_digest(planet: Planet, site: Site) -> None:
    body = rss([Post("One")])
    await planet.add_feeds([site.add("/feed", body)])
    store = planet._store
    (feed,) = store.feeds.subscribed(now=planet._clock())
    assert feed.body_hash == hashlib.sha256(body.encode()).hexdigest()
