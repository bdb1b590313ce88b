"""Refreshing through real HTTP, the real child process and a real database."""

import hashlib
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from planet_mcp.feeds import Lease, Refresher, RefreshLimits
from planet_mcp.models import Document, FeedStatus, ParsedFeed
from planet_mcp.network import Access, Limits, Web
from planet_mcp.planet import Planet
from planet_mcp.planet.opening import RECENT_PAGES
from planet_mcp.requests import FeedQuery, SearchRequest
from planet_mcp.sandbox import Worker
from planet_mcp.settings import load
from planet_mcp.times import stamp
from tests.conftest import planet_of
from tests.support.documents import NOW, Post, atom, json_feed, page, rdf, rss, whole
from tests.support.fetching import LOOPBACK, open_web
from tests.support.programs import PATIENCE_SECONDS, until
from tests.support.site import Page, Site

pytestmark = pytest.mark.anyio

FORMATS = {"rss": rss, "atom": atom, "rdf": rdf, "json": json_feed}


@pytest.mark.parametrize("name", FORMATS)
async def test_entries_of_every_format_are_searchable_after_a_refresh(
    planet: Planet, site: Site, name: str
) -> None:
    post = Post("Structured concurrency", "<p>TaskGroup ends <b>all</b> of its tasks.</p>")
    await planet.add_feeds([site.add("/feed", FORMATS[name]([post], title="Blog of Ada"))])

    hits = (await planet.search_entries(SearchRequest("taskgroup"))).result.hits

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
    assert (await planet.search_entries(SearchRequest("before"))).result.total == 0
    found = (await planet.search_entries(SearchRequest("afterwards"))).result.hits
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
    (feed,) = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
    assert feed.entries == 1
    assert feed.status == "failing"
    assert feed.problem == refreshed.problems[0].problem
    assert (await planet.search_entries(SearchRequest("One"))).result.total == 1


class Clock:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


async def test_a_feed_is_gone_when_its_server_says_so_on_two_days(site: Site) -> None:
    clock = Clock()
    url = site.add("/feed", rss([Post("One")]))
    async with planet_of(clock=clock) as planet:
        await planet.add_feeds([url])
        site.pages["/feed"] = Page(status=410)
        statuses = []
        for pause in (timedelta(0), timedelta(hours=1), timedelta(days=1)):
            clock.now += pause
            await planet.refresh_feeds([url])
            (feed,) = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
            statuses.append(feed.status)

        assert statuses == ["failing", "failing", "gone"]
        assert (feed.next_check_at or "") > stamp(clock.now + timedelta(days=29))
        assert (await planet.search_entries(SearchRequest("One"))).result.total == 1


async def test_being_offline_is_no_feeds_fault(planet: Planet, site: Site) -> None:
    url = site.add("/feed", rss([Post("One")]))
    await planet.add_feeds([url])
    # Nobody listens there; to the refresher they are five domains.
    dead = [f"http://127.0.0.{number}:9/feed" for number in range(2, 7)]
    outlines = "".join(f'<outline xmlUrl="{item}"/>' for item in dead)
    await planet.import_list(f"<opml><body>{outlines}</body></opml>".encode(), name="x")

    refreshed = (await planet.refresh_feeds(dead)).result

    assert refreshed.failed == 5
    failing = (await planet.list_feeds(FeedQuery(status="failing", detail="full"))).result.feeds
    assert len(failing) == 2
    await planet.refresh_feeds([url])
    # Which two of the five were asked first is chance.
    left = set(dead) - {str(feed.feed_url) for feed in failing}
    await planet.refresh_feeds([left.pop()])
    assert (await planet.list_feeds(FeedQuery(status="failing"))).result.total == 3


async def test_a_planet_of_which_nothing_was_read_says_so_and_that_the_network_is_away() -> None:
    outlines = "".join(f'<outline xmlUrl="http://127.0.0.{n}:9/feed"/>' for n in range(2, 7))
    async with planet_of() as planet:
        await planet.import_list(f"<opml><body>{outlines}</body></opml>".encode(), name="x")
        before = (await planet.list_feeds()).result
        await planet.refresh_feeds()
        after = (await planet.list_feeds()).result

    assert before.counts[FeedStatus.NEW] == 5
    assert (before.notice or "").startswith("5 feeds, none read yet.")
    assert "network may be away" in (after.notice or "")
    assert after.counts[FeedStatus.NEW] == 3


async def test_no_feed_is_failing_for_a_setting_and_who_may_fetch_it_does(site: Site) -> None:
    url = site.add("/feed", rss([Post("One")]))
    document = f'<opml><body><outline xmlUrl="{url}"/></body></opml>'.encode()
    async with planet_of() as ours:
        await ours.import_list(document, name="x")
        async with planet_of(allow_networks="192.0.2.0/24") as strict:
            refused = (await strict.refresh_feeds()).result
            (feed,) = (await strict.list_feeds(FeedQuery(detail="full"))).result.feeds
        assert site.asked == []
        assert (feed.status, refused.new_entries) == ("new", 0)
        assert "Not fetched by the server that checks the feeds (process" in (feed.problem or "")
        assert "PLANET_MCP_ALLOW_NETWORKS" in (feed.problem or "")

        assert (await ours.refresh_feeds([1])).result.new_entries == 1
        (feed,) = (await ours.list_feeds(FeedQuery(detail="full"))).result.feeds
        assert (feed.status, feed.problem) == ("ok", None)


async def test_who_asks_for_a_feed_that_the_refresher_may_not_fetch_fetches_it(site: Site) -> None:
    url = site.add("/feed", rss([Post("One")]))
    document = f'<opml><body><outline xmlUrl="{url}"/></body></opml>'.encode()
    async with planet_of(allow_networks="192.0.2.0/24") as strict, planet_of() as ours:
        await ours.import_list(document, name="x")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(strict.run)
            await until(lambda: strict.refresher.leads)
            assert (await ours.refresh_feeds([1])).result.new_entries == 1
            tasks.cancel_scope.cancel()


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
    assert (refreshed.queued, refreshed.failed) == (2, 0)
    assert (await planet.list_feeds(FeedQuery(status="failing"))).result.total == 1


@pytest.mark.parametrize(
    "refusal",
    {
        "429": Page(status=429, headers={"Retry-After": "3600"}),
        "429 without a time": Page(status=429),
        "503": Page(status=503, headers={"Retry-After": "120"}),
        "503 without a time": Page(status=503),
        "403 with a time": Page(status=403, headers={"Retry-After": "600"}),
        "403 of an allowance": Page(status=403, headers={"X-RateLimit-Remaining": "0"}),
        "403 of what could be read": Page(status=403),
    }.items(),
    ids=lambda case: case[0],
)
async def test_a_pass_asks_nothing_of_a_domain_after_it_refused_once(
    refusal: tuple[str, Page], site: Site
) -> None:
    urls = [site.add(f"/{number}", rss([Post(f"P {number}")])) for number in range(6)]
    async with planet_of(host_delay=0, host_concurrency=1) as planet:
        await planet.add_feeds(urls)
        site.pages |= dict.fromkeys([f"/{number}" for number in range(6)], refusal[1])
        asked = len(site.asked)

        refreshed = (await planet.refresh_feeds(everything=True)).result
        again = (await planet.refresh_feeds(everything=True)).result
        added = (await planet.add_feeds([site.add("/new", rss([]))])).result.results[0]
        failing = (await planet.list_feeds(FeedQuery(status="failing"))).result.total

    assert len(site.asked) == asked + 1
    assert (refreshed.failed, refreshed.queued, again.queued) == (1, 5, 6)
    assert added.outcome == "queued"
    assert "asked us to wait" in (added.problem or "")
    assert failing == 1


def needs_our_clock(engine: str) -> None:
    """Skip a test on PostgreSQL, where a domain's pause is one of the server's own time."""
    if engine == "postgres":
        pytest.skip("pauses end by the server's clock, which no test moves")


@pytest.mark.parametrize("status", [403, 404, 500])
async def test_one_feed_that_stays_refused_keeps_no_other_of_its_domain_waiting(
    status: int, site: Site, engine: str
) -> None:
    if status == 403:
        needs_our_clock(engine)
    urls = [site.add(f"/{number}", rss([Post(f"P {number}")])) for number in range(3)]
    clock = Clock()
    async with planet_of(clock=clock) as later:
        await later.add_feeds(urls)
        site.pages["/0"] = Page(status=status)
        await later.refresh_feeds([urls[0]])
    clock.now += timedelta(hours=2)
    async with planet_of(clock=clock) as later:
        refreshed = (await later.refresh_feeds(everything=True)).result

    assert (refreshed.failed, refreshed.ok, refreshed.queued) == (1, 2, 0)


async def test_pauses_without_a_time_grow_from_process_to_process_until_there_is_an_answer(
    site: Site, engine: str
) -> None:
    needs_our_clock(engine)
    url, clock = site.add("/feed", rss([Post("One")])), Clock()
    pauses: list[timedelta] = []

    async def refreshed(page: Page) -> None:
        site.pages["/feed"] = page
        async with planet_of(clock=clock) as planet:
            await planet.refresh_feeds([url])
            known = planet.store.updates.pauses(clock.now)
        pauses.append(known[0].until - clock.now if known else timedelta(0))
        clock.now += pauses[-1] + timedelta(minutes=1)

    async with planet_of(clock=clock) as planet:
        await planet.add_feeds([url])
    good = site.pages["/feed"]
    busy, limited = Page(status=503), Page(status=429)
    for answer in (busy, limited, limited, good, limited):
        await refreshed(answer)

    minutes = [round(pause.total_seconds() / 60) for pause in pauses]
    assert minutes == [15, 30, 60, 0, 15]


async def test_what_is_not_checked_in_time_is_queued_and_due(planet: Planet, site: Site) -> None:
    urls = [site.add(f"/{number}", rss([Post(f"P {number}")])) for number in range(3)]
    await planet.add_feeds(urls)
    held = site.pages["/1"].hold = threading.Event()
    try:
        refreshed = (await planet.refresh_feeds(urls, seconds=2)).result
    finally:
        held.set()
    feeds = planet.store.feeds.due(now=planet.clock(), limit=10)

    assert refreshed.queued >= 1
    assert urls[1] in [feed.url for feed in feeds]


async def test_a_domain_that_asked_to_wait_is_left_alone_after_a_restart_too(site: Site) -> None:
    urls = [site.add(f"/{number}", rss([Post(f"P {number}")])) for number in range(3)]
    clock = Clock()
    async with planet_of(clock=clock) as planet:
        await planet.add_feeds(urls)
        site.pages["/0"] = Page(status=429, headers={"Retry-After": "86400"})
        await planet.refresh_feeds([urls[0]])

        feeds = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds

    day = stamp(clock.now + timedelta(hours=23))
    assert all((feed.next_check_at or "") > day for feed in feeds)


async def test_only_the_host_that_asks_is_left_alone(planet: Planet, site: Site) -> None:
    other = site.add("/other", rss([Post("Other")])).replace("127.0.0.1", "localhost")
    moved = site.redirect("/moved", other.replace("/other", "/busy"), status=302)
    site.add("/busy", rss([Post("Busy")]))
    await planet.add_feeds([moved, other])
    site.pages["/busy"] = Page(status=503, headers={"Retry-After": "3600"})

    await planet.refresh_feeds([moved])
    here = (await planet.add_feeds([site.add("/here", rss([Post("Here")]))])).result.results
    refreshed = (await planet.refresh_feeds([other, here[0].feed_url or ""])).result

    assert refreshed.problems is not None
    assert ["localhost asked us to wait until " in item.problem for item in refreshed.problems] == [
        True
    ]


# ------------------------------------------------------------------------------------- moving


async def refreshed_daily(planet: Planet, clock: Clock, url: str, *, days: int) -> None:
    for _ in range(days):
        clock.now += timedelta(days=1)
        await planet.refresh_feeds([url])


@pytest.mark.parametrize("status", [301, 308])
@pytest.mark.parametrize("validators", [True, False])
async def test_a_feed_is_followed_where_it_moved_to_after_three_days(
    site: Site, status: int, validators: bool
) -> None:
    clock = Clock()
    document = rss([Post("One")])
    url = site.add("/old", document)
    async with planet_of(clock=clock) as planet:
        await planet.add_feeds([url])
        new = site.add("/new", document, validators=validators)
        site.redirect("/old", "/new", status=status)
        await planet.refresh_feeds([url])
        await planet.refresh_feeds([url])
        await refreshed_daily(planet, clock, url, days=1)
        (before,) = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
        await refreshed_daily(planet, clock, url, days=1)
        (after,) = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
        site.asked.clear()
        await planet.refresh_feeds([new])
        (again,) = (await planet.add_feeds([url])).result.results

        assert (before.feed_url, before.warning) == (url, None)
        assert (after.feed_url, after.feed_id, after.entries) == (new, before.feed_id, 1)
        assert after.warning is not None
        assert url in after.warning
        assert site.paths() == ["/new"]
        assert again.outcome == "already subscribed"
        assert (await planet.search_entries(SearchRequest("one", feed=url))).result.total == 1
        clock.now += timedelta(days=40)
        assert (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds[0].warning is None


async def test_a_temporary_redirect_is_never_adopted(site: Site) -> None:
    clock = Clock()
    site.add("/new", rss([Post("One")]))
    url = site.redirect("/old", "/new", status=302)
    async with planet_of(clock=clock) as planet:
        await planet.add_feeds([url])
        await refreshed_daily(planet, clock, url, days=5)

        assert (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds[0].feed_url == url


@pytest.mark.parametrize("by_header", [False, True])
async def test_a_feed_that_became_a_page_which_refreshes_elsewhere_is_followed_there(
    site: Site, by_header: bool
) -> None:
    clock = Clock()
    url = site.add("/old", rss([Post("One")]))
    async with planet_of(clock=clock) as planet:
        await planet.add_feeds([url])
        new = site.add("/new", rss([Post("Two"), Post("One")]))
        refresh = "0; url=/new"
        head = "" if by_header else f'<meta http-equiv="refresh" content="{refresh}">'
        headers = {"Refresh": refresh} if by_header else {}
        site.add("/old", page("<p>Moved</p>", head=head), headers=headers)
        await refreshed_daily(planet, clock, url, days=1)
        site.asked.clear()
        await refreshed_daily(planet, clock, url, days=2)
        (feed,) = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
        (again,) = (await planet.add_feeds([url])).result.results

        assert (feed.feed_url, feed.entries, feed.problem) == (new, 2, None)
        assert [(asked.path, asked.status) for asked in site.asked] == 2 * [
            ("/old", 200),
            ("/new", 304),
        ]
        assert again.outcome == "already subscribed"


async def test_a_page_that_refreshes_to_another_feed_takes_nothing_over(
    planet: Planet, site: Site
) -> None:
    url = site.add("/old", rss([Post("One", link="https://a.example/1")]))
    await planet.add_feeds([url])
    parked = rss([Post("Buy", link="https://b.example/1")], title="Parked domain")
    site.add("/new", parked)
    site.add("/old", page("", head='<meta http-equiv="refresh" content="0;url=/new">'))

    await planet.refresh_feeds([url])

    (feed,) = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
    assert (feed.feed_url, feed.entries) == (url, 1)
    assert feed.problem is not None
    assert f"{site.url}/new" in feed.problem


async def test_a_page_that_refreshes_without_end_is_given_up(planet: Planet, site: Site) -> None:
    url = site.add("/old", rss([Post("One")]))
    await planet.add_feeds([url])
    for here, there in (("/old", "/new"), ("/new", "/old")):
        site.add(here, page("", head=f'<meta http-equiv="refresh" content="0;url={there}">'))
    site.asked.clear()

    await planet.refresh_feeds([url])

    (feed,) = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
    assert feed.problem is not None
    assert "redirects more than" in feed.problem
    assert len(site.asked) == Limits().redirects + 1


async def test_a_redirect_to_another_feed_is_not_adopted(site: Site) -> None:
    clock = Clock()
    url = site.add("/old", rss([Post("One", link="https://a.example/1")]))
    async with planet_of(clock=clock) as planet:
        await planet.add_feeds([url])
        site.redirect("/old", "/new", status=301)
        for day in range(5):
            posts = [Post(f"Elsewhere {day}", link=f"https://b.example/{day}")]
            site.add("/new", rss(posts, title="Parked domain"))
            await refreshed_daily(planet, clock, url, days=1)

        assert (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds[0].feed_url == url


async def test_a_move_to_a_feed_that_is_followed_is_said(site: Site) -> None:
    clock = Clock()
    document = rss([Post("One")])
    urls = [site.add("/old", document), site.add("/new", document)]
    async with planet_of(clock=clock) as planet:
        await planet.add_feeds(urls)
        site.redirect("/old", "/new")
        await refreshed_daily(planet, clock, urls[0], days=3)

        feeds = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
        (warning,) = [feed.warning for feed in feeds if feed.warning]
        assert {feed.feed_url for feed in feeds} == set(urls)
        assert "remove one of the two" in warning


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_redirect_to_another_feed_takes_nothing_over(
    planet: Planet, site: Site, host: str
) -> None:
    url = site.add("/old", rss([Post("Roses", link="https://a.example/1")], title="Gardening"))
    await planet.add_feeds([url])
    casino = rss([Post("Bonus", link="https://b.example/1")], title="Casino offers")
    target = site.add("/casino", casino).replace("127.0.0.1", host)
    site.redirect("/old", target, status=302)

    refreshed = (await planet.refresh_feeds([url])).result

    assert refreshed.problems is not None
    assert target in refreshed.problems[0].problem
    (feed,) = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
    assert (feed.title, feed.entries, feed.status) == ("Gardening", 1, "failing")


async def test_a_body_that_was_cut_takes_nothing_away_and_is_asked_for_again(
    planet: Planet, site: Site
) -> None:
    posts = [Post(f"Post {n}", f"<p>keyword{n} {'and more of it ' * 60}</p>") for n in range(3)]
    whole_body = rss(posts)
    url = site.add("/feed", whole_body)
    await planet.add_feeds([url])
    site.add("/feed", whole_body[: whole_body.index("keyword1") + 20])
    await planet.refresh_feeds([url])
    (cut,) = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
    found = [
        (await planet.search_entries(SearchRequest(f"keyword{n}"))).result.total for n in range(3)
    ]
    site.add("/feed", whole_body.replace("keyword1", "keyword1 corrected"))

    await planet.refresh_feeds([url])

    assert found == [1, 1, 1]
    assert "salvaged" in (cut.warning or "")
    assert (await planet.search_entries(SearchRequest("corrected"))).result.total == 1
    assert "If-None-Match" not in site.asked[-1].headers


@pytest.mark.parametrize("write", [rss, json_feed])
@pytest.mark.parametrize("oldest_first", [True, False])
async def test_of_a_feed_over_the_limit_the_newest_entries_are_read_and_the_cut_is_said(
    site: Site, write: Callable[[Sequence[Post]], str], oldest_first: bool
) -> None:
    limits = Limits(body=20_000, end=10_000, passed_over=100_000)
    posts = [
        Post(f"Post {n}", f"<p>{'word ' * 100}{n}</p>", age=timedelta(hours=n))
        for n in range(1, 81)
    ]
    url = site.add("/feed", write(posts[::-1] if oldest_first else posts))
    async with planet_of(web=open_web(LOOPBACK, limits=limits)) as planet:
        (added,) = (await planet.add_feeds([url])).result.results
        newest = await planet.search_entries(SearchRequest(sort="newest", limit=1))
        (feed,) = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds

    assert added.outcome == "added"
    assert [hit.title for hit in newest.result.hits] == ["Post 1"]
    assert "only its beginning and end are read" in (feed.warning or "")


@pytest.mark.parametrize("status", [404, 410])
async def test_another_feed_at_the_site_of_a_lost_one_is_proposed(
    planet: Planet, site: Site, status: int
) -> None:
    url = site.add("/feed", rss([Post("One")]).replace("https://blog.example.org/<", "/home<"))
    await planet.add_feeds([url])
    links = "".join(
        f'<link rel="alternate" type="application/rss+xml" href="{path}">'
        for path in ("/feed", "/posts.xml")
    )
    site.add("/home", page("<p>Hello</p>", head=links), content_type="text/html")
    new = site.add("/posts.xml", rss([Post("One"), Post("Two")]))
    site.pages["/feed"] = Page(status=status)

    for _ in range(3):
        await planet.refresh_feeds([url])

    (feed,) = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
    assert feed.problem is not None
    assert new in feed.problem
    assert site.paths().count("/home") == 1
    site.pages["/feed"] = Page(rss([Post("One")]).encode())
    await planet.refresh_feeds([url])
    assert (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds[0].problem is None


async def test_a_feed_that_the_page_in_its_place_names_is_proposed(
    planet: Planet, site: Site
) -> None:
    url = site.add("/feed", rss([Post("One")]))
    await planet.add_feeds([url])
    new = site.add("/posts.xml", rss([Post("One"), Post("Two")]))
    link = '<link rel="alternate" type="application/rss+xml" href="/posts.xml">'
    site.add("/feed", page("<p>Our new site</p>", head=link))

    for _ in range(3):
        await planet.refresh_feeds([url])

    (feed,) = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
    assert feed.problem is not None
    assert f"links a feed at {new}" in feed.problem
    assert site.paths().count("/posts.xml") == 1


async def test_nothing_is_proposed_where_the_site_names_no_other_feed(
    planet: Planet, site: Site
) -> None:
    url = site.add("/feed", rss([Post("One")]).replace("https://blog.example.org/<", "/home<"))
    await planet.add_feeds([url])
    link = '<link rel="alternate" type="application/rss+xml" href="/feed">'
    site.add("/home", page("<p>Hello</p>", head=link), content_type="text/html")
    site.pages["/feed"] = Page(status=404)

    await planet.refresh_feeds([url])

    assert (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds[
        0
    ].problem == f"{url} answered 404 Not Found."


# ------------------------------------------------------------------------------------ schedule


@pytest.mark.parametrize(
    ("made", "least", "most"),
    [
        (Page(headers={}), 1, 2.2),
        (Page(headers={"Cache-Control": "max-age=36000"}), 10, 11),
        (Page(validators=False), 24, 26.4),
        # A static host says so of all that it has: half a day, of a feed that posts.
        (Page(headers={"Cache-Control": "max-age=99999999"}), 12, 13.2),
    ],
    ids=["rhythm", "max-age", "no validators", "a year"],
)
async def test_the_next_check_of_an_active_feed_is_as_its_server_asks(
    site: Site, made: Page, least: float, most: float
) -> None:
    clock = Clock()
    posts = [Post(f"Post {n}", age=timedelta(hours=3 * n + 1)) for n in range(9)]
    made.body = rss(posts).encode()
    site.pages["/feed"] = made
    async with planet_of(clock=clock) as planet:
        await planet.add_feeds([site.url + "/feed"])
        for _ in range(2):
            (feed,) = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
            wait = datetime.fromisoformat(feed.next_check_at or "") - clock.now
            assert timedelta(hours=least, minutes=-1) <= wait <= timedelta(hours=most)
            await planet.refresh_feeds([feed.feed_id])


async def test_what_a_feed_asks_of_its_readers_is_kept_for_checks_that_bring_nothing(
    site: Site,
) -> None:
    clock = Clock()
    document = rss([Post("One")]).replace("<channel>", "<channel><ttl>600</ttl>")
    async with planet_of(clock=clock) as planet:
        await planet.add_feeds([site.add("/feed", document)])
        await planet.refresh_feeds(["/feed"])

        (feed,) = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
        wait = datetime.fromisoformat(feed.next_check_at or "") - clock.now
        assert timedelta(hours=10, minutes=-1) <= wait <= timedelta(hours=11)


async def test_a_lively_feed_that_stands_still_is_said_and_a_slow_one_is_not(site: Site) -> None:
    clock = Clock()
    daily, monthly = (
        [Post(f"Post {n}", age=n * days * timedelta(days=1)) for n in range(1, 11)]
        for days in (1, 30)
    )
    urls = [
        site.add("/daily", rss(daily, title="Daily"), validators=False),
        site.add("/monthly", rss(monthly, title="Monthly")),
    ]
    async with planet_of(clock=clock) as planet:
        await planet.add_feeds(urls)
        said = []
        for days in (10, 10):
            clock.now += timedelta(days=days)
            await planet.refresh_feeds(urls)
            feeds = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
            said.append([(feed.title, feed.status) for feed in feeds if feed.warning])
        status = await planet.status()
        site.add("/daily", rss([Post("New", age=timedelta(days=-19)), *daily], title="Daily"))
        await planet.refresh_feeds(urls)
        feeds = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds

    assert said == [[], [("Daily", "ok")]]
    assert "2 (0 failing, 1 standing still)" in status.text
    assert [feed.warning for feed in feeds] == [None, None]


async def test_a_feed_without_dates_is_not_taken_for_a_busy_one(site: Site) -> None:
    clock = Clock()
    items = "".join(f"<item><title>Note {n}</title><guid>{n}</guid></item>" for n in range(20))
    document = f"<rss version='2.0'><channel><title>Undated</title>{items}</channel></rss>"
    async with planet_of(clock=clock) as planet:
        await planet.add_feeds([site.add("/feed", document)])

        (feed,) = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
        wait = datetime.fromisoformat(feed.next_check_at or "") - clock.now
        assert wait >= timedelta(hours=2, minutes=-1)


async def test_a_date_that_cannot_be_is_kept_but_orders_nothing(site: Site) -> None:
    clock = Clock()
    items = "".join(
        f"<item><title>From {year}</title><guid isPermaLink='false'>{year}</guid>"
        "<description>Some text</description>"
        f"<pubDate>Sun, 01 Jan {year} 10:00:00 GMT</pubDate></item>"
        for year in (1971, 2017, 2090)
    )
    document = f"<rss version='2.0'><channel><title>Dates</title>{items}</channel></rss>"
    async with planet_of(clock=clock) as planet:
        await planet.add_feeds([site.add("/feed", document)])

        hits = (await planet.search_entries(SearchRequest(sort="newest"))).result.hits
        seen = stamp(clock.now)
        assert {hit.title: (hit.published, hit.first_seen) for hit in hits} == {
            "From 1971": (None, seen),
            "From 2090": (None, seen),
            "From 2017": ("2017-01-01T10:00Z", None),
        }
        (late,) = [hit for hit in hits if hit.title == "From 2090"]
        head = await planet.fetch_article(late.entry_id)
        assert f"First seen: {seen} (no credible date is given)" in head
        assert "2090-01-01" not in head


async def test_many_files_are_counted(planet: Planet, site: Site) -> None:
    files = "".join(f'<enclosure url="https://a.example/{n}.jpg" length="900"/>' for n in range(9))
    document = rss([Post("Gallery", whole("Notes"))]).replace("</item>", f"{files}</item>")
    await planet.add_feeds([site.add("/feed", document)])

    text = await planet.fetch_article(1)

    assert "https://a.example/4.jpg (0.9 kB); and 4 more\n" in text


async def test_entries_at_anchors_of_a_page_are_told_apart(planet: Planet, site: Site) -> None:
    posts = [
        Post(f"Version {n}", whole(f"Changes in {n}"), link=f"https://a.example/changes#v{n}")
        for n in range(3)
    ]
    await planet.add_feeds([site.add("/feed", rss(posts))])

    for number in range(3):
        text = await planet.fetch_article(f"https://a.example/changes#v{number}")
        assert text.startswith(f"# Version {number}\n")


async def test_the_files_of_a_podcast_stand_above_its_text(planet: Planet, site: Site) -> None:
    file = '<enclosure url="https://a.example/1.mp3" type="audio/mpeg" length="34000000"/>'
    duration = "<itunes:duration>45:12</itunes:duration>"
    space = "xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'"
    document = rss([Post("Episode", whole("Notes"))])
    document = document.replace("</item>", f"{file}{duration}</item>").replace(
        "<rss", f"<rss {space}"
    )
    await planet.add_feeds([site.add("/feed", document)])

    text = await planet.fetch_article(1)

    assert "Files: https://a.example/1.mp3 (audio/mpeg, 34.0 MB, 0:45:12)\n" in text


async def test_a_feed_that_planet_mcp_fails_on_keeps_no_other_waiting(
    planet: Planet, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    urls = [site.add(f"/{number}", rss([Post(f"Post {number}")])) for number in range(3)]
    outlines = "".join(f'<outline xmlUrl="{url}"/>' for url in urls)
    await planet.import_list(f"<opml><body>{outlines}</body></opml>".encode(), name="x")

    class FailingWorker(Worker):
        async def parse_feed(
            self, document: Document, *, now: datetime, source: str | None = None
        ) -> ParsedFeed:
            if source == urls[1]:
                raise ZeroDivisionError
            return await super().parse_feed(document, now=now, source=source)

    web = Web(Access(allowed=load().allow_networks))
    async with web, FailingWorker() as worker, anyio.create_task_group() as tasks:
        tasks.start_soon(Refresher(planet.store, web=web, worker=worker).run)
        await until(lambda: not planet.store.feeds.summary().never_checked)
        tasks.cancel_scope.cancel()

    assert (await planet.search_entries(SearchRequest("post"))).result.total == 2
    (failing,) = (await planet.list_feeds(FeedQuery(status="failing", detail="full"))).result.feeds
    assert (failing.feed_id, failing.problem) == (2, "planet-mcp failed on it; see its log.")
    assert "ZeroDivisionError" in caplog.text


async def test_a_store_that_is_gone_for_a_while_is_said_in_one_sentence(
    site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = tmp_path / "planet.sqlite"
    quick = RefreshLimits(tick_seconds=0.01, pause_seconds=0.01)
    web = Web(Access(allowed=load().allow_networks))
    async with web, Worker() as worker, planet_of(database=str(database)) as planet:
        refresher = Refresher(planet.store, web=web, worker=worker, limits=quick)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(refresher.run)
            await until(lambda: refresher.leads)
            database.rename(tmp_path / "elsewhere")
            await until(lambda: bool(caplog.records))
            (tmp_path / "elsewhere").rename(database)
            url = site.add("/feed", rss([Post("One")]))
            await planet.import_list(f"[{url}]".encode(), name="x")
            await until(lambda: not planet.store.feeds.summary().never_checked)
            tasks.cancel_scope.cancel()
    (record,) = caplog.records
    assert record.getMessage().startswith("Nothing is refreshed for now: The database ")
    assert record.exc_info is None


async def test_a_feed_that_recovers_is_ok_again(planet: Planet, site: Site) -> None:
    url = site.add("/feed", rss([Post("One")]))
    await planet.add_feeds([url])
    good = site.pages["/feed"]
    # A status that asks for no pause: its domain may be asked again at once.
    site.pages["/feed"] = Page(status=500)
    await planet.refresh_feeds([url])
    site.pages["/feed"] = good

    await planet.refresh_feeds([url])

    (feed,) = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
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
    await planet.import_list(
        f'<opml version="2.0"><body><outline xmlUrl="{url}"/></body></opml>'.encode(), name="x"
    )

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(planet.refresher.run)
        with anyio.fail_after(PATIENCE_SECONDS):
            while not (await planet.search_entries(SearchRequest("arrived"))).result.total:
                await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("answers", [True, False])
async def test_the_first_refresh_begins_with_the_feeds_that_posted_lately(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: bool
) -> None:
    outlines = ""
    for number in range(6):
        url = site.add(f"/{number}", rss([Post(f"Post {number}")]))
        outlines += f'<outline text="Blog {number}" xmlUrl="{url}"/>'
    feeds = tmp_path / "feeds.opml"
    feeds.write_text(f'<opml version="2.0"><body>{outlines}</body></opml>', "utf-8")
    titles = ["Blog 4: A post: its title", "Nobody: Something", "BLOG 2: Another"]
    recent = rss([Post(title) for title in titles]) if answers else "no feed"
    page = site.add("/recent", recent)
    monkeypatch.setitem(RECENT_PAGES, str(feeds), page)

    async with planet_of(feeds=str(feeds), host_concurrency=1) as planet:
        await planet.refresh_feeds()
        await planet.refresh_feeds()
    async with planet_of(feeds=str(feeds)) as planet:
        await planet.refresh_feeds()

    usual = [f"/{number}" for number in range(6)]
    first = ["/2", "/4", "/0", "/1", "/3", "/5"] if answers else usual
    assert site.paths() == ["/recent", *first]


async def test_a_contact_is_named_to_publishers(site: Site) -> None:
    url = site.add("/feed", rss([Post("One")]))
    async with planet_of(contact="https://example.org/bot") as planet:
        await planet.add_feeds([url])

    assert site.asked[0].headers["User-Agent"].startswith("planet-mcp/")
    assert site.asked[0].headers["User-Agent"].endswith(" (+https://example.org/bot)")
    assert not {"Cookie", "Referer"} & set(site.asked[0].headers)


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


async def test_who_waits_for_another_process_takes_over_when_it_ends(
    planet: Planet, site: Site, database: Path, engine: str
) -> None:
    if engine == "postgres":
        pytest.skip("nobody waits for another process: each claims feeds")
    url = site.add("/feed", rss([Post("One")]))
    await planet.add_feeds([url])
    site.add("/feed", rss([Post("One"), Post("Two")]))
    other = Lease(database)
    assert other.acquire()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(release_when_waited_for, other, planet)
        refreshed = (await planet.refresh_feeds([url])).result

    assert (refreshed.ok, refreshed.new_entries) == (1, 1)


async def release_when_waited_for(lease: Lease, planet: Planet) -> None:
    """Let go once the other has marked the feed as due, which it does when it has to wait."""
    await until(lambda: planet.store.feeds.due(now=datetime.now(UTC), limit=1))
    lease.release()


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
    store = planet.store
    (feed,) = store.feeds.subscribed(now=planet.clock())
    assert feed.body_hash == hashlib.sha256(body.encode()).hexdigest()
