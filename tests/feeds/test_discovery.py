"""Autodiscovery: which feed a page leads to, and how few requests that takes."""

import threading

import anyio
import pytest

from planet_mcp.planet import Planet
from planet_mcp.planet.answers import AddedFeed
from tests.conftest import planet_of
from tests.support.documents import Post, atom, page, rss
from tests.support.site import Page, Site

pytestmark = pytest.mark.anyio

FEED = rss([Post("One")])


def link(href: str, title: str = "Posts") -> str:
    return f'<link rel="alternate" type="application/rss+xml" title="{title}" href="{href}">'


def anchor(href: str, text: str = "RSS") -> str:
    return f'<a href="{href}">{text}</a>'


def home(site: Site, *anchors: str, head: str = "", path: str = "/") -> str:
    return site.add(path, page("<p>Hi</p>" + "".join(anchors), head=head), content_type="text/html")


async def add(planet: Planet, url: str) -> AddedFeed:
    (added,) = (await planet.add_feeds([url])).result.results
    return added


def titles(added: AddedFeed) -> list[str | None]:
    return [item.title for item in added.candidates or []]


# -------------------------------------------------------------------------------- declared feeds


async def test_a_declared_feed_is_taken_whatever_else_is_there(planet: Planet, site: Site) -> None:
    url = home(site, anchor("/rss"), head=link("/posts.xml"))
    for path in ("/posts.xml", "/rss", "/feed/"):
        site.add(path, FEED)

    added = await add(planet, url)

    assert (added.outcome, added.feed_url) == ("added", f"{site.url}/posts.xml")
    assert site.paths() == ["/", "/posts.xml"]


async def test_several_declared_feeds_are_a_choice_comments_last(
    planet: Planet, site: Site
) -> None:
    head = link("/c.xml", "Comments") + link("/posts.xml", "Posts") + link("/notes.xml", "Notes")
    added = await add(planet, home(site, anchor("/rss"), head=head))

    assert (added.outcome, titles(added)) == ("choose", ["Posts", "Notes", "Comments"])
    assert site.paths() == ["/"]


@pytest.mark.parametrize(
    "dead",
    [Page(status=404), Page(b"<p>Gone", "text/html"), Page(b"<rss><channel><title>Cut <item><ti")],
    ids=["404", "page", "broken"],
)
async def test_a_dead_declared_feed_gives_way_to_anchors(
    planet: Planet, site: Site, dead: Page
) -> None:
    site.pages["/dead"] = dead
    site.add("/alive/rss", FEED)

    added = await add(planet, home(site, anchor("/alive/rss"), head=link("/dead")))

    assert (added.outcome, added.feed_url) == ("added", f"{site.url}/alive/rss")


async def test_a_declared_feed_elsewhere_that_nobody_answers_for_gives_way(
    planet: Planet, site: Site
) -> None:
    site.add("/feed/", FEED)

    added = await add(planet, home(site, head=link("http://127.0.0.2:9/feed")))

    assert (added.outcome, added.feed_url) == ("added", f"{site.url}/feed/")


async def test_relative_links_go_by_the_base_and_by_where_the_page_really_is(
    planet: Planet, site: Site
) -> None:
    site.add("/feeds/all.xml", FEED)
    site.add("/new/own.xml", atom([Post("Two")]))
    based = home(site, head='<base href="/feeds/">' + link("all.xml"), path="/a/b/")
    home(site, head=link("own.xml"), path="/new/")

    first, second = await add(planet, based), await add(planet, site.redirect("/old", "/new/"))

    assert (first.outcome, first.feed_url) == ("added", f"{site.url}/feeds/all.xml")
    assert (second.outcome, second.feed_url) == ("added", f"{site.url}/new/own.xml")


async def test_a_declared_feed_that_moved_for_good_is_followed_where_it_is(
    planet: Planet, site: Site
) -> None:
    site.redirect("/old.xml", "/new.xml")
    site.add("/new.xml", FEED)

    added = await add(planet, home(site, head=link("/old.xml")))

    assert (added.outcome, added.feed_url) == ("added", f"{site.url}/new.xml")


# --------------------------------------------------------------------------------------- anchors


@pytest.mark.parametrize("text", ["RSS", "Atom feed", "Subscribe via RSS"])
async def test_an_anchor_that_says_what_it_is_is_followed(
    planet: Planet, site: Site, text: str
) -> None:
    url = site.add("/f/e.xml", FEED)

    added = await add(planet, home(site, anchor("/f/e.xml", text)))

    assert (added.outcome, added.feed_url) == ("added", url)
    assert site.paths() == ["/", "/f/e.xml"]


async def test_anchors_to_pages_about_feeds_are_skipped(planet: Planet, site: Site) -> None:
    home(site, path="/about/feeds")
    site.add("/blog/rss", FEED)

    added = await add(planet, home(site, anchor("/about/feeds"), anchor("/blog/rss")))

    assert (added.outcome, added.feed_url) == ("added", f"{site.url}/blog/rss")
    assert site.paths() == ["/", "/about/feeds", "/blog/rss"]


async def test_several_anchors_to_feeds_are_a_choice_by_their_titles(
    planet: Planet, site: Site
) -> None:
    site.add("/en/rss", rss([Post("One")], title="Ada"))
    site.add("/de/rss", rss([Post("Eins")], title="Ada auf Deutsch"))
    site.redirect("/rss", "/en/rss")

    added = await add(planet, home(site, *map(anchor, ("/en/rss", "/de/rss", "/rss"))))

    assert (added.outcome, titles(added)) == ("choose", ["Ada", "Ada auf Deutsch"])
    assert (await planet.list_feeds()).result.total == 0


async def test_anchors_with_feeds_of_comments_are_asked_last(planet: Planet, site: Site) -> None:
    anchors = [anchor(f"/{name}/feed") for name in ("comments", "a", "b", "c")]
    site.add("/c/feed", FEED)

    await add(planet, home(site, *anchors))

    assert site.paths() == ["/", "/a/feed", "/b/feed", "/c/feed"]


# -------------------------------------------------------------------------------- usual addresses


@pytest.mark.parametrize("path", ["/feed/", "/feed.xml", "/index.xml", "/feeds/posts/default"])
async def test_a_silent_page_has_its_feed_at_a_usual_address(
    planet: Planet, site: Site, path: str
) -> None:
    site.add(path, FEED)

    added = await add(planet, home(site))

    assert (added.outcome, added.feed_url) == ("added", site.url + path)
    assert site.paths()[-1] == path


async def test_the_folder_of_the_page_comes_before_the_top_of_its_site(
    planet: Planet, site: Site
) -> None:
    for path in ("/~ada/feed.xml", "/feed/"):
        site.add(path, FEED)

    of_ada = await add(planet, home(site, path="/~ada/index.php?lang=en"))
    of_bob = await add(planet, home(site, path="/~bob/"))

    assert of_ada.feed_url == f"{site.url}/~ada/feed.xml"
    assert of_bob.feed_url == f"{site.url}/feed/"


async def test_pages_at_usual_addresses_are_no_feeds(planet: Planet, site: Site) -> None:
    home(site, path="/feed/")
    site.redirect("/feed.xml", "/", status=302)
    site.add("/rss.xml", FEED)

    assert (await add(planet, home(site))).feed_url == f"{site.url}/rss.xml"


@pytest.mark.parametrize("path", ["/", "/blog/deep/"])
async def test_a_page_costs_eight_requests_at_most_and_says_so(
    planet: Planet, site: Site, path: str
) -> None:
    anchors = [anchor(f"/{number}/rss") for number in range(9)]
    full = await add(planet, home(site, *anchors, head=link("/dead.xml"), path=path))
    assert len(site.asked) == 8
    assert "/dead.xml answered 404 Not Found." in (full.problem or "")
    assert "/2/rss answered 404" in (full.problem or "")
    assert "3 usual addresses" in (full.problem or "")

    site.asked.clear()
    empty = await add(planet, home(site, path=path))
    assert len(site.asked) == 8
    assert "names no feed, and none is at the 7 usual addresses" in (empty.problem or "")
    assert "add that address" in (empty.problem or "")
    assert (await planet.list_feeds()).result.total == 0


# ---------------------------------------------------------------------------------- when to stop


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("path", ["/posts.xml", "/a/rss", "/feed/"])
async def test_a_busy_site_is_left_alone(
    planet: Planet, site: Site, status: int, path: str
) -> None:
    site.add(path, status=status)
    site.add("/index.xml", FEED)
    head = link(path) if path == "/posts.xml" else ""

    added = await add(planet, home(site, anchor("/a/rss"), head=head))

    assert added.outcome == "failed"
    assert f"{path} answered {status}" in (added.problem or "")
    assert site.paths()[-1] == path


async def test_a_site_that_is_gone_after_its_page_is_left_alone(planet: Planet, site: Site) -> None:
    # Another port of the same host stands for the host that answers no more.
    added = await add(planet, home(site, anchor("/rss"), head=link("http://127.0.0.1:9/feed")))

    assert (added.outcome, site.paths()) == ("failed", ["/"])
    assert "could not be reached" in (added.problem or "")


# ------------------------------------------------------------------------------ what is followed


@pytest.mark.parametrize(
    ("way", "feed"),
    [("declared", "/posts.xml"), ("anchor", "/a/rss"), ("usual", "/index.xml")],
)
async def test_a_page_whose_feed_is_followed_takes_one_request(
    planet: Planet, site: Site, way: str, feed: str
) -> None:
    await add(planet, site.add(feed, FEED))
    site.asked.clear()
    head = link(feed) if way == "declared" else ""
    anchors = [anchor(feed)] if way == "anchor" else []

    added = await add(planet, home(site, *anchors, head=head))

    assert (added.outcome, added.feed_id) == ("already subscribed", 1)
    assert site.paths() == ["/"]


@pytest.mark.parametrize("status", [301, 302])
async def test_a_feed_that_is_followed_is_known_behind_redirects(
    planet: Planet, site: Site, status: int
) -> None:
    await add(planet, site.add("/posts.xml", FEED))
    site.redirect("/old.xml", "/posts.xml", status=status)

    straight = await add(planet, f"{site.url}/old.xml")
    by_page = await add(planet, home(site, head=link("/old.xml")))

    assert [straight.outcome, by_page.outcome] == ["already subscribed"] * 2
    assert (await planet.list_feeds()).result.total == 1


async def test_ways_to_one_feed_in_one_call_subscribe_to_it_once(
    planet: Planet, site: Site
) -> None:
    url = site.add("/feed", FEED)
    site.add("/feed/", FEED)
    urls = [url, url + "/", home(site, head=link("/feed")), site.redirect("/moved", "/feed")]

    results = (await planet.add_feeds(urls)).result.results

    assert sorted(item.outcome for item in results) == ["added"] + ["already subscribed"] * 3
    assert (await planet.list_feeds()).result.total == 1


# ------------------------------------------------------------------- politeness and cancellation


async def test_a_search_asks_a_site_one_thing_at_a_time_and_in_turn(site: Site) -> None:
    site.add("/rss.xml", FEED)
    async with planet_of(host_delay=0.1, host_concurrency=1) as planet:
        began = anyio.current_time()
        added = await add(planet, home(site))
        took = anyio.current_time() - began

    assert (added.outcome, len(site.asked)) == ("added", 4)
    assert took >= 0.3


async def test_one_page_without_a_feed_does_not_stop_the_others(planet: Planet, site: Site) -> None:
    site.add("/good/feed/", FEED)
    urls = [home(site, path="/bad/"), home(site, path="/good/")]
    # The folder /bad/ has none, and neither has the top of the site.
    failed, added = (await planet.add_feeds(urls)).result.results

    assert (failed.outcome, added.outcome) == ("failed", "added")


async def test_a_cancelled_search_leaves_nothing_and_can_be_repeated(
    planet: Planet, site: Site
) -> None:
    url = home(site, head=link("/posts.xml"))
    site.add("/posts.xml", FEED, hold=(held := threading.Event()))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(planet.add_feeds, [url])
        await anyio.to_thread.run_sync(site.wait_for, "/posts.xml")
        tasks.cancel_scope.cancel()
    held.set()
    assert (await planet.list_feeds()).result.total == 0

    assert (await add(planet, url)).outcome == "added"


async def test_a_feed_is_stored_with_its_entries_or_not_at_all(planet: Planet, site: Site) -> None:
    url = site.add("/feed", rss([Post(f"Post {number}") for number in range(200)]))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(planet.add_feeds, [url])
        while not (await planet.list_feeds()).result.total:
            pass  # each look is a turn for the others
        tasks.cancel_scope.cancel()

    assert (await planet.list_feeds()).result.feeds[0].entries == 200
