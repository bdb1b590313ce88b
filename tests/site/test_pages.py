"""The planet for people: its pages over HTTP, as a browser or a feed reader gets them."""

import base64
import hashlib
import json
import re
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from random import Random

import anyio
import feedparser
import httpx
import pytest

from planet_mcp.documents.lists import read_list
from planet_mcp.hosts import COMMAND_HOSTS, HOSTS
from planet_mcp.models import Subscription
from planet_mcp.planet import Planet
from planet_mcp.requests import SearchRequest
from planet_mcp.site.river import MOST_OF_FEED
from planet_mcp.store import Store
from tests.conftest import planet_of, set_apart
from tests.support.documents import NOW, Post, rss, whole
from tests.support.serving import Pages, Seen, pages_at, pages_of, serving
from tests.support.site import Site, running_site

pytestmark = pytest.mark.anyio

TOKEN = "a-token-that-nobody-guesses-0123456789"
DAY = timedelta(days=1)
OUTPUTS = ("atom.xml", "rss20.xml", "rss10.xml", "feed.json", "opml.xml", "foafroll.xml")
PAGES = (
    "",
    "titles",
    "since",
    "topics",
    "tags/tag",
    "feeds",
    "feeds/1",
    "entries/1",
    "search?q=some",
    "stats",
    "about",
)


async def follow(planet: Planet, site: Site, **feeds: Sequence[Post]) -> None:
    """Let a planet follow feeds of these posts; a feed is called as it is named here."""
    for name, posts in feeds.items():
        # One after the other, so that the first has the first id.
        added = await planet.add_feeds([site.add(f"/{name}", rss(posts, title=name))])
        assert [item.outcome for item in added.result.results] == ["added"]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """Let the fixtures of this module live as long as it."""
    return "asyncio"


@pytest.fixture(scope="module")
async def pages(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pages]:
    """Pages of two small feeds, for tests that only read."""
    with pytest.MonkeyPatch.context() as patch, running_site() as site:
        set_apart(patch, tmp_path_factory.mktemp("pages"))
        ada = Post(
            "One", "<p>Some <em>text</em> of Ada.</p>", age=3 * DAY, author="Ada L.", tags=("tag",)
        )
        bob = [Post("Two", "<p>Some text of Bob.</p>", age=DAY), Post("Three", age=DAY)]
        async with planet_of() as planet:
            await follow(planet, site, Ada=[ada], Bob=bob)
        async with serving("--refresh", "off") as (url, _), pages_at(url) as opened:
            yield opened


# The river


async def test_the_river_goes_by_day_and_then_by_feed_the_newest_first(pages: Pages) -> None:
    seen = await pages.see("/")
    assert seen.texts("//h3") == ["Bob", "Ada"]
    assert sorted(seen.texts("//h4")[:2]) == ["Three", "Two"]
    assert seen.texts("//h4")[2:] == ["One"]
    days = [each.get("datetime") for each in seen.tree.xpath("//h2//time")]
    assert days == [f"{NOW - DAY:%Y-%m-%d}", f"{NOW - 3 * DAY:%Y-%m-%d}"]


async def test_an_entry_leads_to_where_it_was_published_and_says_who_and_when(pages: Pages) -> None:
    seen = await pages.see("/")
    article = "//article[.//h4[contains(., 'One')]]"
    assert seen.links(f"{article}//h4/a") == ["https://blog.example.org/one"]
    assert seen.texts(f"{article}//*[@class='author']") == ["Ada L."]
    assert seen.texts(f"{article}//*[@class='byline']/time") == [f"{NOW - 3 * DAY:%H:%M} UTC"]
    assert seen.texts(f"{article}//em") == ["text"]
    assert "1 min" in seen.texts(f"{article}//*[@class='byline']")[0]
    assert seen.texts(f"{article}//a[@class='permalink']") == ["Permalink: One"]
    # Who and when stand before the text.
    assert seen.tree.xpath(f"{article}//*[@class='byline']/following-sibling::*[@class='content']")
    assert seen.tree.xpath("//h3/span/@data-letters") == ["B", "A"]


async def test_the_river_says_when_it_was_updated_last(pages: Pages) -> None:
    (said,) = (await pages.see("/")).texts("//*[@class='updated']")
    assert re.fullmatch(r"Last update: \d{1,2} [A-Z][a-z]+ \d{4}, \d\d:\d\d UTC", said)


async def test_an_empty_planet_says_so_on_every_page(planet: Planet) -> None:
    await planet.import_list(b"[https://ada.example.org/feed]\nname = Ada", name="config.ini")
    async with pages_of(planet) as pages:
        assert "1 feed, none read yet." in (await pages.see("/")).answer.text
        assert "1 feed, none read yet." in (await pages.see("/stats")).answer.text
        for path in ("titles", "topics", "feeds", "stats", "about", *OUTPUTS):
            await pages.see(path)


async def test_while_feeds_are_read_for_the_first_time_the_river_looks_again_by_itself(
    planet: Planet, site: Site
) -> None:
    await follow(planet, site, Ada=[Post("One")])
    gate = threading.Event()
    site.add("/late", rss([Post("Late")]), hold=gate)
    await planet.import_list(f"[{site.url}/late]\nname = Late".encode(), name="config.ini")
    async with pages_of(planet) as pages:
        idle = await pages.see("/")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(planet.refresher.run)
            await anyio.to_thread.run_sync(site.wait_for, "/late")
            reading = await pages.see("/")
            gate.set()
            while "Late" not in (read := await pages.see("/")).texts("//h4"):
                await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
    assert "refresh" not in idle.answer.headers
    assert (
        "1 of 2 feeds read so far. They are being read" in reading.texts("//*[@role='status']")[0]
    )
    assert int(reading.answer.headers["refresh"]) >= 10
    assert reading.texts("//h4") == ["One"]
    assert "refresh" not in read.answer.headers
    assert not read.texts("//*[@role='status']")


async def test_who_comes_before_the_first_refresh_began_sees_what_it_brings(planet: Planet) -> None:
    await planet.import_list(b"[https://ada.example.org/feed]\nname = Ada", name="config.ini")
    async with pages_of(planet, refresh="on") as pages:
        seen = await pages.see("/")
    assert int(seen.answer.headers["refresh"]) >= 10
    assert "They are being read" in seen.texts("//*[@role='status']")[0]


async def test_a_bookmark_leads_to_what_arrived_since_it_was_made_and_no_more(
    planet: Planet, site: Site
) -> None:
    await follow(planet, site, Ada=[Post("Old", age=DAY)])
    async with pages_of(planet) as pages:
        (bookmark,) = (await pages.see("/")).links("//a[@class='since']")
        none = await pages.see(bookmark)
        # An archive is no news, however late it comes.
        await follow(planet, site, Bob=[Post("Archived", age=3 * DAY)])
        site.add("/Ada", rss([Post("New", age=2 * DAY), Post("Old", age=DAY)], title="Ada"))
        await planet.refresh_feeds(["Ada"])
        seen = await pages.see(bookmark)
        (onward,) = seen.links("//a[@class='since']")
        after = await pages.see(onward)
        by_time = [await pages.see(f"/since/{year}-01-01T00:00:00Z/999") for year in (2001, 9999)]
        await pages.see("/since")
        await pages.see("/since/2025-02-30T00:00:00Z", status=404)
    assert re.fullmatch(r"/since/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/1", bookmark)
    titles = "//li/a[starts-with(@href, '/entries/')]"
    assert not none.texts(titles)
    assert seen.texts(titles) == ["New"]
    assert not after.texts(titles)
    assert [each.texts(titles) for each in by_time] == [["New"], []]


async def test_a_story_that_two_feeds_tell_is_there_once(planet: Planet, site: Site) -> None:
    told = Post("Told twice", whole("The same."), link="https://ada.example.org/told")
    await follow(planet, site, Ada=[told], Bob=[told])
    async with pages_of(planet) as pages:
        seen = await pages.see("/")
    assert seen.texts("//h4") == ["Told twice"]
    (also,) = seen.texts("//*[@class='also']")
    assert also in {"also in Ada", "also in Bob"}


async def test_long_entries_are_folded_after_a_few_paragraphs(planet: Planet, site: Site) -> None:
    paragraphs = "".join(f"<p>Paragraph {n} is about something.</p>" for n in range(100))
    await follow(planet, site, Ada=[Post("Long", paragraphs), Post("Short", "<p>Brief.</p>")])
    async with pages_of(planet) as pages:
        seen = await pages.see("/")
    (folded,) = seen.texts("//details")
    assert "Paragraph 99 " in folded
    assert "Paragraph 0 " not in folded
    assert "Paragraph 0 " in seen.texts("//article[.//h4[contains(., 'Long')]]")[0]


async def test_the_first_page_stays_small_whatever_the_feeds_hold(
    planet: Planet, site: Site
) -> None:
    long = "".join(f"<p>Paragraph {n} is about something else.</p>" for n in range(3_000))
    block = f"<pre>{'code and no end of it ' * 5_000}</pre>"
    posts = [Post(f"Long {n}", long, age=n // 5 * DAY) for n in range(30)]
    await follow(planet, site, Ada=posts, Bob=[Post("Block", block)])
    async with pages_of(planet) as pages:
        seen = await pages.see("/")
    assert len(seen.answer.content) < 150_000
    assert len(seen.texts("//h4")) == 31
    assert len(seen.texts("//*[@class='onward']")) == 31


def of_yesterday(count: int, *, minute: int = 0, of: str = "Post") -> list[Post]:
    """Return posts of one day, the last one the newest."""
    begin = NOW.replace(hour=0, minute=0, second=0) - DAY
    ages = [NOW - begin - timedelta(minutes=minute + n) for n in range(count)]
    return [Post(f"{of} {n}", age=age) for n, age in enumerate(ages)]


async def titles_of_pages(pages: Pages, path: str | None) -> list[str]:
    """Return the titles of all pages of one thing, from the first on."""
    titles: list[str] = []
    while path:
        seen = await pages.see(path)
        titles += seen.texts("//h4")
        path = next(iter(seen.links("//a[@rel='next'][contains(., 'Older')]")), None)
    return titles


async def test_a_day_with_many_entries_has_several_pages(planet: Planet, site: Site) -> None:
    feeds = {f"F{n}": of_yesterday(MOST_OF_FEED, minute=10 * n, of=f"F{n}") for n in range(12)}
    await follow(planet, site, **feeds)
    async with pages_of(planet) as pages:
        river = await pages.see("/")
        (onward,) = river.links("//nav[@class='pages']/a")
        titles = await titles_of_pages(pages, onward)
    assert titles == [f"F{f} {n}" for f in range(11, -1, -1) for n in range(4, -1, -1)]
    shown = river.texts("//h4")
    assert len(shown) == 40
    assert {f"F{n} 4" for n in range(12)} < set(shown)
    assert shown == [title for title in titles if title in shown]


async def test_no_feed_hides_the_others_of_a_day(planet: Planet, site: Site) -> None:
    await follow(planet, site, Ada=of_yesterday(120, minute=10), Bob=of_yesterday(1, of="Bob"))
    newest = [f"Post {n}" for n in range(119, 114, -1)]
    async with pages_of(planet) as pages:
        river = await pages.see("/")
        titles = await pages.see("/titles")
        (day,) = set(river.links("//h2/a"))
        of_day = await pages.see(day)
        (more,) = river.links("//a[contains(., '115 more of Ada')]")
        of_feed = await titles_of_pages(pages, more)
        links = [each.links("//a[contains(., ' more of ')]") for each in (titles, of_day)]

    assert river.texts("//h4") == of_day.texts("//h4") == [*newest, "Bob 0"]
    assert len(titles.texts("//li/a[starts-with(@href, '/entries/')]")) == 6
    assert of_day.texts("//h2") == ["121 entries"]
    assert links == [[more], [more]]
    assert of_feed == [f"Post {n}" for n in range(119, -1, -1)]


async def test_the_river_can_be_followed_day_by_day_to_its_beginning(
    planet: Planet, site: Site
) -> None:
    await follow(planet, site, Ada=[Post(f"Post {n}", age=n * 2 * DAY) for n in range(60)])
    async with pages_of(planet) as pages:
        seen = await pages.see("/")
        titles = seen.texts("//h4")
        while earlier := seen.links("//a[@rel='next']"):
            seen = await pages.see(earlier[0])
            titles += seen.texts("//h4")
    assert titles == [f"Post {n}" for n in range(60)]


async def test_titles_alone_have_a_page(pages: Pages) -> None:
    seen = await pages.see("/titles")
    assert sorted(seen.texts("//li/a[starts-with(@href, '/entries/')]")) == ["One", "Three", "Two"]
    assert not seen.tree.xpath("//article")


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/days/2025-02-30",
        "/days/1999-01-01",
        "/days/9999-12-31",
        "/days/0001-01-01",
        "/days/2025-02-30/feeds/1",
        "/days/1999-01-01/feeds/1",
        "/entries/99",
        "/entries/0",
        "/entries/999999999999999999",
        "/entries/99999999999999999999999",
        "/feeds/99",
        "/feeds/1/2",
        "/feeds/99/atom.xml",
        "/tags/nobody has it",
        "/tags/nobody has it/atom.xml",
        "/groups/none",
        "/groups/%00/atom.xml",
        "/%00",
        "/entries/1/",
    ],
)
async def test_what_is_not_there_is_said_on_a_page(pages: Pages, path: str) -> None:
    status = 200 if path == "/entries/1/" else 404
    seen = await pages.see(path, status=status)
    assert seen.links("//header//a[1]")[0] == "/"


async def test_no_address_and_no_form_is_beyond_an_answer_in_words(pages: Pages) -> None:
    dice = Random(7)
    parts = ["days", "entries", "feeds", "search", "2025-11-12", "1", "0", "99", "atom.xml", ""]
    parts += ["..", "%2e%2e", "%00", "%ff", "é", "a" * 2_000, "2025-02-31", "0000-00-00", "\u202e"]
    names = ["q", "feed", "author", "tag", "since", "until", "sort", "cursor", "status", "other"]
    values = ["", "x", '"', "*", "-", "OR", "(", "NEAR/2", "7d", "9" * 40, "-1", "\0", "\u202e"]
    for _ in range(300):
        path = "/".join(dice.choices(parts, k=dice.randint(0, 4)))
        form = dict(zip(dice.choices(names, k=3), dice.choices(values, k=3), strict=True))
        answer = await pages.web.get(f"/{path.lstrip('/')}", params=form)
        assert answer.status_code in {200, 400, 404}, (path, form)
        assert answer.text


# Entries and feeds


async def test_an_entry_has_a_page_with_all_of_its_text(planet: Planet, site: Site) -> None:
    paragraphs = "".join(f"<h2>Part {n}</h2><p>Words of it.</p>" for n in range(500))
    post = Post("Long", paragraphs, tags=("tools", "testing"), author="Ada L.")
    await follow(planet, site, Ada=[post])
    async with pages_of(planet) as pages:
        seen = await pages.see("/entries/1")
    assert seen.texts("//h1") == ["Long"]
    assert seen.texts("//h2") == [f"Part {n}" for n in range(500)]
    assert seen.texts("//ul[@class='tags']/li") == ["tools", "testing"]
    assert seen.links("//ul[@class='tags']/li/a") == ["/tags/tools", "/tags/testing"]
    assert seen.links("//h1/a") == [post.url]


async def test_the_page_that_was_fetched_for_an_entry_is_shown(planet: Planet, site: Site) -> None:
    page = f"<html><body><article><h1>T</h1>{whole('Only on the page.')}</article></body></html>"
    url = site.add("/page", page, content_type="text/html")
    await follow(planet, site, Ada=[Post("Teaser", "<p>It begins…</p>", link=url)])
    async with pages_of(planet) as pages:
        before = await pages.see("/entries/1")
        await planet.fetch_article(1)
        after = await pages.see("/entries/1")
    assert "Only on the page." not in before.answer.text
    assert "Only on the page." in after.answer.text
    assert "its feed has less" in after.answer.text


async def test_an_entry_leads_on_within_its_blog_and_to_what_is_related(
    planet: Planet, site: Site
) -> None:
    ages = {"First steps": 9 * DAY, "Testing sockets": 5 * DAY, "Last words": DAY}
    ada = [Post(title, age=age) for title, age in ages.items()]
    told = Post("Testing sockets again", "<p>Testing sockets.</p>", age=7 * DAY)
    await follow(planet, site, Ada=ada, Bob=[told])
    async with pages_of(planet) as pages:
        (own,) = (await pages.see("/search", params={"q": "sockets", "feed": "Ada"})).links(
            "//article//h3/a"
        )
        seen = await pages.see(own)
        last = await pages.see(seen.links("//nav[@class='ways']//a[@rel='next']")[0])
    ways = "//nav[@class='ways']//"
    assert seen.texts(f"{ways}a[@rel='next']") == ["Last words"]
    assert seen.texts(f"{ways}a[@rel='prev']") == ["First steps"]
    related = seen.texts(f"{ways}h2[.='Related']/following-sibling::ul/li/a")
    assert related == ["Testing sockets again"]
    assert not last.texts(f"{ways}a[@rel='next']")


async def test_files_that_come_with_an_entry_are_listed(planet: Planet, site: Site) -> None:
    document = rss([Post("Episode")]).replace(
        "</item>",
        '<enclosure url="https://a.example.org/e/1.mp3" type="audio/mpeg" length="9"/></item>',
    )
    await planet.add_feeds([site.add("/podcast", document)])
    async with pages_of(planet) as pages:
        seen = await pages.see("/entries/1")
    assert seen.texts("//h2[.='Files']/following-sibling::ul/li") == ["1.mp3 (audio/mpeg)"]


async def test_feeds_are_listed_with_how_they_are_doing(planet: Planet, site: Site) -> None:
    await follow(planet, site, Ada=[Post("One")], Bob=[Post("Old", age=400 * DAY)])
    site.add("/Ada", status=500)
    await planet.refresh_feeds(["Ada"])
    async with pages_of(planet) as pages:
        seen = await pages.see("/feeds")
        failing = await pages.see("/feeds?status=failing")
        named = await pages.see("/feeds?q=BOB")
    ada, bob = seen.texts("//ul[@class='feeds']/li")
    assert ada.startswith("Ada 1 · ")
    assert "failing" in ada
    # What is wrong is folded.
    (wrong,) = seen.texts("//li[contains(., 'Ada')]/details")
    assert "Failing: " in wrong
    assert "500" in wrong
    assert "silent" in bob
    assert "Silent for over half a year." in bob
    assert failing.texts("//ul[@class='feeds']/li/a") == ["Ada"]
    assert "1 of 2 feeds" in failing.answer.text
    assert named.texts("//ul[@class='feeds']/li/a") == ["Bob"]


def listed(store: Store, names: Sequence[str]) -> None:
    store.feeds.subscribe(
        [
            Subscription(f"https://{number}.example.org/feed", name, None, f"G{number % 3}")
            for number, name in enumerate(names)
        ],
        due_at=NOW,
    )


async def test_feeds_are_found_by_letter_and_group_and_stay_within_a_small_page(
    planet: Planet,
) -> None:
    names = [f"{'zyxwvuts'[n % 8].upper()} blog of somebody and a friend {n}" for n in range(567)]
    listed(planet.store, [*names, "Érable", "echo", "42", "\u6570\u636e", "W" * 300])
    async with pages_of(planet) as pages:
        seen = await pages.see("/feeds")
        group = await pages.see("/feeds?group=G1&status=new")
    letters = seen.texts("//nav[@class='letters']/a")
    assert letters == ["0-9", "E", *"STUVWXYZ", "\u6570"]
    assert seen.texts("//section[h2[.='E']]//li/a") == ["echo", "Érable"]
    assert all(
        seen.tree.get_element_by_id(link[1:]) is not None
        for link in seen.links("//nav[@class='letters']/a")
    )
    assert len(seen.texts("//ul[@class='feeds']/li")) == 572
    assert len(seen.answer.content) < 100_000
    assert len(group.texts("//ul[@class='feeds']/li")) == 191
    assert group.tree.xpath("//select[@name='group']/option[@selected]/text()") == ["G1"]


async def test_a_list_of_very_many_feeds_has_several_pages(planet: Planet) -> None:
    listed(planet.store, [f"{'abc'[n % 3]} blog {n}" for n in range(1_300)])
    async with pages_of(planet) as pages:
        lists = [await pages.see("/feeds")]
        while onward := lists[-1].links("//a[@rel='next']"):
            lists.append(await pages.see(onward[0]))
        await pages.see("/feeds/list/4", status=404)
    titles = [title for each in lists for title in each.texts("//ul[@class='feeds']/li/a")]
    assert len({*titles}) == len(titles) == 1_300
    assert max(len(each.answer.content) for each in lists) < 100_000
    assert lists[0].links("//nav[@class='letters']/a") == [
        "#letter-A",
        "#letter-B",
        "/feeds/list/2#letter-C",
    ]


async def test_a_feed_without_entries_is_not_called_silent(planet: Planet, site: Site) -> None:
    await follow(planet, site, Ada=[])
    async with pages_of(planet) as pages:
        (ada,) = (await pages.see("/feeds")).texts("//ul[@class='feeds']/li")
    assert "It has no entries yet." in ada
    assert "silent" not in ada


async def test_all_entries_of_a_feed_are_on_its_pages(planet: Planet, site: Site) -> None:
    await follow(planet, site, Ada=[Post(f"Post {n}", age=n * DAY) for n in range(60)])
    async with pages_of(planet) as pages:
        first = await pages.see("/feeds/1")
        second = await pages.see(first.links("//a[@rel='next']")[0])
    titles = first.texts("//article//h3") + second.texts("//article//h3")
    assert titles == [f"Post {n}" for n in range(60)]
    assert not second.links("//a[@rel='next']")


async def test_a_feed_that_is_not_followed_any_more_is_still_readable(
    planet: Planet, site: Site
) -> None:
    await follow(planet, site, Ada=[Post("One")])
    await planet.remove_feeds(["Ada"])
    async with pages_of(planet) as pages:
        assert "Not followed any more." in (await pages.see("/feeds/1")).answer.text
        assert not (await pages.see("/feeds")).texts("//ul[@class='feeds']/li")


# Topics, tags and groups


async def test_topics_are_what_several_feeds_link_to(planet: Planet, site: Site) -> None:
    shared = '<p>See <a href="https://news.example.org/release">the release</a>.</p>'
    feeds = {
        name: rss(
            [Post(f"{name} on it", shared, link=f"https://{name}.example.org/1")], title=name
        ).replace("<link>https://blog.", f"<link>https://{name}.", 1)
        for name in ("ada", "bob", "eve")
    }
    for name, document in feeds.items():
        await planet.add_feeds([site.add(f"/{name}", document)])
    async with pages_of(planet) as pages:
        seen = await pages.see("/topics")
        month = await pages.see(seen.links("//nav[@aria-label='Periods']/a")[1])
        found = feedparser.parse((await pages.see("/topics/atom.xml")).answer.content)
    topic = "//article[.//h3[.='the release']]"
    assert seen.links(f"{topic}//h3/a") == ["https://news.example.org/release"]
    told = {f"{name} on it" for name in feeds}
    assert set(seen.texts(f"{topic}//li/a")) == told == {each["title"] for each in found.entries}
    assert month.texts("//nav[@aria-label='Periods']/a[@aria-current]") == ["the last month"]


NAMES = ("C++", "CI/CD", "free threading", "\u6570\u636e", "50%?", "a#b", "3.14", "..", "atom.xml")


@pytest.mark.parametrize("kind", ["tags", "groups"])
async def test_what_has_a_tag_or_is_in_a_group_has_a_page_and_a_feed(
    planet: Planet, site: Site, kind: str
) -> None:
    for number, name in enumerate(NAMES):
        title = f"Post {number}"
        tags = (name,) if kind == "tags" else ()
        url = site.add(f"/{number}", rss([Post(title, tags=tags)], title=f"Blog {number}"))
        await planet.add_feeds([url], group=name if kind == "groups" else None)
    async with pages_of(planet) as pages:
        topics = await pages.see("/topics")
        links = dict(
            zip(
                topics.texts(f"//section[@aria-labelledby='{kind}']//li/a"),
                topics.links(f"//section[@aria-labelledby='{kind}']//li/a"),
                strict=True,
            )
        )
        # Nothing but signs cannot be looked for.
        assert links.keys() | {".."} == {*NAMES}
        for number, name in enumerate(NAMES):
            if name == "..":
                continue
            seen = await pages.see(links[name])
            feed = (await pages.see(seen.links("//main//a[contains(., 'Subscribe')]")[0])).answer
            titles = feedparser.parse(feed.content).entries
            assert (
                seen.texts("//article//h3")
                == [each["title"] for each in titles]
                == [f"Post {number}"]
            )
            assert bool(seen.texts("//details//li/a")) == (kind == "groups")
        near = await pages.see(f"/{kind}/free thredding", status=404)
    assert "free threading" in near.texts("//*[@class='notice']")[0]


# Search


async def test_a_search_marks_what_it_found(pages: Pages) -> None:
    seen = await pages.see("/search", params={"q": "text of ada"})
    assert seen.texts("//article//h3")[0] == "One"
    assert "Ada" in seen.texts("//article[1]//mark")
    assert seen.tree.xpath("//input[@id='q']")[0].get("value") == "text of ada"


async def test_a_search_is_narrowed_by_the_form(pages: Pages) -> None:
    seen = await pages.see("/search", params={"q": "some", "feed": "Bob", "since": "2d"})
    assert sorted(seen.texts("//article//h3")) == ["Three", "Two"]
    none = await pages.see("/search", params={"q": "some", "until": "2001-01-01"})
    assert none.texts("//h2") == ["Nothing found"]
    [said] = none.texts('//p[@class="notice"]')
    assert said.startswith("Without until there are ")
    assert said.endswith(': search for "some".')


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"q": "x", "since": "whenever"}, "is not a date"),
        ({"q": "x", "feed": "no such"}, "No feed fits"),
        ({"q": "x", "cursor": "damaged"}, "cursor"),
        ({"q": "x", "since": "2d", "until": "3d"}, "empty period"),
    ],
)
async def test_a_wrong_value_is_said_and_the_form_stays_filled_in(
    pages: Pages, asked: dict[str, str], said: str
) -> None:
    seen = await pages.see("/search", params=asked, status=400)
    assert said in seen.texts("//*[@role='alert']")[0]
    assert seen.tree.xpath("//input[@id='q']")[0].get("value") == "x"


async def test_all_hits_of_a_search_are_on_its_pages_each_once(planet: Planet, site: Site) -> None:
    await follow(planet, site, Ada=[Post(f"Post {n}", f"<p>Wanted {n}.</p>") for n in range(45)])
    async with pages_of(planet) as pages:
        seen = await pages.see("/search?q=wanted")
        found = seen.texts("//article//h3")
        while following := seen.links("//a[@rel='next']"):
            seen = await pages.see(following[0])
            found += seen.texts("//article//h3")
    assert sorted(found) == sorted(f"Post {n}" for n in range(45))


async def test_the_form_has_a_field_for_all_that_narrows_a_search(pages: Pages) -> None:
    seen = await pages.see("/search")
    names = {field.name for field in fields(SearchRequest)} - {"query", "limit", "cursor"}
    assert names <= {str(name) for name in seen.tree.xpath("//form//@name")}


async def test_a_search_can_be_narrowed_to_when_most_was_said(planet: Planet, site: Site) -> None:
    ages = [n * 200 * DAY for n in range(12)] + [DAY] * 3
    await follow(planet, site, Ada=[Post(f"Post {n}", age=age) for n, age in enumerate(ages)])
    async with pages_of(planet) as pages:
        seen = await pages.see("/search?q=post")
        bars = "//nav[@class='spans']/a"
        years, links = seen.texts(bars), seen.links(bars)
        narrowed = await pages.see(links[0])
        none = await pages.see("/search?q=zyzzyva")
    assert years[-1].startswith((f"{NOW:%b %Y}: ", f"{NOW.year}: "))
    assert sum(int(year.split(": ")[1].split()[0]) for year in years) == 15
    assert len(narrowed.texts("//article//h3")) == int(years[0].split(": ")[1].split()[0])
    assert not none.texts(bars)


async def test_bars_count_neither_a_period_in_words_nor_what_was_misspelt(
    planet: Planet, site: Site
) -> None:
    ages = [n * 40 * DAY for n in range(9)]
    said = [Post(f"Packaging {n}", age=age) for n, age in enumerate(ages)]
    other = [Post(f"A month {n}", f"<p>This month {n}.</p>", age=4_000 * DAY) for n in range(9)]
    await follow(planet, site, Ada=[*said, *other])
    async with pages_of(planet) as pages:
        asked = {
            q: await pages.see("/search", params={"q": q})
            for q in ("packaging", "packaging this month", "pakcaging this month")
        }
    bars = [seen.texts("//nav[@class='spans']/a") for seen in asked.values()]
    assert bars[0] == bars[1] == bars[2] != []


async def test_the_form_offers_the_feeds_groups_and_tags_that_there_are(
    planet: Planet, site: Site
) -> None:
    await follow(planet, site, Ada=[Post("One", tags=("testing",))])
    await planet.add_feeds([site.add("/g", rss([Post("Two")], title="Bob"))], group="Friends")
    async with pages_of(planet) as pages:
        seen = await pages.see("/search", params={"q": "one", "group": "Friends"})
        typed = await pages.see("/search", params={"q": "one", "group": "friend"})
    choices = {
        each.get("id"): each.xpath("option/text()") for each in seen.tree.xpath("//datalist")
    }
    assert choices["feeds"] == ["Ada", "Bob"]
    assert choices["tags"] == ["testing"]
    assert "last month" in choices["sinces"]
    for page, value in ((seen, "Friends"), (typed, "friend")):
        assert page.tree.xpath("//select[@name='group']/option[@selected]/text()") == [value]


async def test_a_word_that_few_have_is_proposed_as_many_spell_it(
    planet: Planet, site: Site
) -> None:
    posts = [Post(f"Post {n}", "<p>All about asyncio.</p>") for n in range(110)]
    await follow(planet, site, Ada=[*posts, Post("Odd", "<p>All about asyncoi.</p>")])
    async with pages_of(planet) as pages:
        seen = await pages.see("/search?q=about+asyncoi")
        (other,) = seen.links("//p[contains(., 'Did you mean')]/a")
        found = await pages.see(other)
    assert "search_entries" not in seen.answer.text
    assert found.tree.xpath("//input[@id='q']")[0].get("value") == "about asyncio"
    assert len(found.texts("//article")) == 20


async def test_an_empty_search_is_a_form(pages: Pages) -> None:
    seen = await pages.see("/search")
    assert not seen.texts("//article")
    assert seen.tree.xpath("//input[@id='q']")


# Numbers, and how to connect


async def test_the_numbers_count_what_was_asked_and_what_had_not_changed(
    planet: Planet, site: Site
) -> None:
    await follow(planet, site, Ada=[Post("One")])
    site.add("/Bob", status=500)
    await planet.import_list(
        f'<opml><body><outline xmlUrl="{site.url}/Bob"/></body></opml>'.encode(), name="list"
    )
    await planet.refresh_feeds(everything=True)
    async with pages_of(planet) as pages:
        seen = await pages.see("/stats")
    table = "//section[h2[.='Requests per day']]//tbody/tr[last()]/td"
    # Ada at first, and again with 304; Bob in vain.
    assert seen.texts(table) == ["3", "1"]
    assert "33% of the answers were 304" in seen.answer.text


async def test_the_numbers_say_how_soon_entries_arrive(planet: Planet, site: Site) -> None:
    await follow(planet, site, Ada=[Post("Old", age=9 * DAY)])
    site.add("/Ada", rss([Post("New", age=timedelta(seconds=-1)), Post("Old", age=9 * DAY)]))
    await planet.refresh_feeds(["Ada"])
    async with pages_of(planet) as pages:
        seen = await pages.see("/stats")
    weeks = seen.texts("//section[h2[.='Entries per week']]//tbody/tr/td")
    assert sum(map(int, weeks)) == 2
    assert len(weeks) == 53
    assert seen.tree.xpath("//*[local-name()='svg'][@role='img']/@aria-label")


async def test_the_page_about_it_says_how_an_agent_connects(pages: Pages) -> None:
    seen = await pages.see("/about")
    endpoint = f"{pages.web.base_url}/mcp"
    assert seen.texts("//pre")[0] == f"claude mcp add planet --transport http {endpoint}"
    vscode, cursor = (json.loads(block_of(seen, title)) for title in ("VS Code", "Cursor"))
    assert vscode["servers"]["planet"] == {"type": "http", "url": endpoint}
    assert cursor["mcpServers"]["planet"] == {"url": endpoint}
    titles = {host.title for host in [*HOSTS.values()]} | {
        other.title for other in COMMAND_HOSTS.values()
    }
    assert titles == {*seen.texts("//main//summary")}
    assert "planet-mcp install zed" in seen.texts("//details[summary[.='Zed']]")[0]


def block_of(about: Seen, host: str) -> str:
    """Return what is to stand in the file of a host."""
    (block,) = about.texts(f"//details[summary[.='{host}']]//pre")
    return block


# Feed documents

_TITLES = ("One", "Two", "Three")


@pytest.mark.parametrize("path", ["atom.xml", "rss20.xml", "rss10.xml"])
async def test_feed_readers_get_the_newest_entries(pages: Pages, path: str) -> None:
    found = feedparser.parse((await pages.see(path)).answer.content)
    assert not found.bozo
    # As a Planet's readers know it: in RSS the title names the feed.
    names = ("Ada: ", "Bob: ", "Bob: ") if path.startswith("rss") else ("", "", "")
    titles = [f"{name}{title}" for name, title in zip(names, _TITLES, strict=True)]
    assert sorted(entry.title for entry in found.entries) == sorted(titles)
    assert found.feed.link == f"{pages.web.base_url}/"
    one = next(entry for entry in found.entries if entry.title.endswith("One"))
    assert one.link == "https://blog.example.org/one"
    assert one.author == "Ada L."
    assert "<em>text</em>" in one.content[0].value


async def test_json_feed_has_the_newest_entries(pages: Pages) -> None:
    found = (await pages.see("feed.json")).answer.json()
    assert {item["title"] for item in found["items"]} == {"One", "Two", "Three"}
    assert found["feed_url"].endswith("/feed.json")


async def test_atom_keeps_each_entrys_id_author_and_source(pages: Pages) -> None:
    found = feedparser.parse((await pages.see("atom.xml")).answer.content)
    one = next(entry for entry in found.entries if entry.title == "One")
    assert one.id == "https://blog.example.org/one"
    assert one.author == "Ada L."
    assert one.source.title == "Ada"
    assert one.source.id.endswith("/Ada")


async def test_a_feed_and_a_search_can_be_subscribed_to(pages: Pages) -> None:
    feed = feedparser.parse((await pages.see("feeds/2/atom.xml")).answer.content)
    search = feedparser.parse((await pages.see("search/atom.xml?q=ada")).answer.content)
    assert (feed.feed.title, len(feed.entries)) == ("Bob", 2)
    assert (search.feed.title, [entry.title for entry in search.entries]) == (
        "Planet: ada",
        ["One"],
    )
    await pages.see("search/atom.xml?q=x&since=never", status=400)


async def test_subscriptions_are_there_as_opml_and_foaf(pages: Pages) -> None:
    listed = read_list((await pages.see("opml.xml")).answer.content).subscriptions
    assert [feed.title for feed in listed] == ["Ada", "Bob"]
    foaf = (await pages.see("foafroll.xml")).answer.text
    assert all(feed.url in foaf for feed in listed)


@pytest.mark.parametrize("path", ["", "about"])
async def test_pages_name_the_feeds(pages: Pages, path: str) -> None:
    tree = (await pages.see(f"/{path}")).tree
    types = tree.xpath("//link[@rel='alternate']/@type")
    assert types == ["application/atom+xml", "application/rss+xml", "application/feed+json"]


# HTTP


@pytest.mark.parametrize("path", [*PAGES, *OUTPUTS, "style.css", "icon.svg"])
async def test_what_has_not_changed_is_not_sent_again(pages: Pages, path: str) -> None:
    first = (await pages.see(path)).answer
    again = await pages.see(path, headers={"If-None-Match": first.headers["etag"]}, status=304)
    assert not again.answer.content
    assert again.answer.headers["etag"] == first.headers["etag"]
    await pages.see(path, headers={"If-None-Match": '"another"'})


@pytest.mark.parametrize("path", ["atom.xml", "rss20.xml", "feeds/1/atom.xml"])
async def test_feeds_are_conditional_by_date_too(pages: Pages, path: str) -> None:
    modified = (await pages.see(path)).answer.headers["last-modified"]
    await pages.see(path, headers={"If-Modified-Since": modified}, status=304)
    for other in ("Thu, 01 Jan 2004 00:00:00 GMT", "not a date"):
        await pages.see(path, headers={"If-Modified-Since": other})


async def test_nothing_that_changes_is_kept_for_long(pages: Pages) -> None:
    kept = {
        path: (await pages.see(path)).answer.headers["cache-control"] for path in (*PAGES, *OUTPUTS)
    }
    assert kept == dict.fromkeys(PAGES, "no-cache") | dict.fromkeys(OUTPUTS, "max-age=600")


async def test_a_new_entry_changes_the_validators(planet: Planet, site: Site) -> None:
    await follow(planet, site, Ada=[Post("Old")])
    async with pages_of(planet) as pages:
        seen = {path: await pages.see(path) for path in ("/", "atom.xml")}
        await follow(planet, site, Eve=[Post("New")])
        for path, before in seen.items():
            headers = {"If-None-Match": before.answer.headers["etag"]}
            assert "New" in (await pages.see(path, headers=headers)).answer.text


async def test_pages_are_compressed_for_those_who_can_read_that(pages: Pages) -> None:
    small = await pages.see("/", headers={"Accept-Encoding": "gzip"})
    plain = await pages.see("/", headers={"Accept-Encoding": "identity"})
    assert small.answer.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.answer.headers
    assert small.answer.text == plain.answer.text
    assert small.answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("path", [*PAGES, "nothing"])
async def test_no_page_may_load_or_run_anything_from_elsewhere(pages: Pages, path: str) -> None:
    answer = (await pages.see(path, status=404 if path == "nothing" else 200)).answer
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "script" not in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers
    loaded = re.findall(r'(?:src|<link [^>]*rel="stylesheet"[^>]*href)="([^"]*)"', answer.text)
    assert all(url.startswith("/") and not url.startswith("//") for url in loaded)
    assert not re.search(r"<script|<iframe|\sstyle=|\son[a-z]+=", answer.text)


async def test_only_reading_is_allowed(pages: Pages) -> None:
    assert (await pages.web.head("/")).status_code == 200
    assert (await pages.web.post("/feeds")).status_code == 405


async def test_people_give_the_token_as_a_password(planet: Planet) -> None:
    async with pages_of(planet, token=TOKEN) as pages:
        for path in (*PAGES, *OUTPUTS):
            refused = await pages.see(path, status=401)
            assert "Basic" in refused.answer.headers["www-authenticate"]
        auth = httpx.BasicAuth("anyone", TOKEN)
        about = await pages.see("/about", auth=auth)
        assert "$PLANET_MCP_TOKEN" in about.texts("//pre")[0]
        # Each host has its own way to refer to what it is not to keep.
        assert "${input:" in block_of(about, "VS Code")
        assert "${env:PLANET_MCP_TOKEN}" in block_of(about, "Cursor")
        assert 'bearer_token_env_var = "PLANET_MCP_TOKEN"' in block_of(about, "Codex")
        assert TOKEN not in about.answer.text
        await pages.see("/", auth=httpx.BasicAuth("anyone", "wrong"), status=401)
        for given in ("!", base64.b64encode(b"\xff").decode()):
            await pages.see("/", headers={"Authorization": f"Basic {given}"}, status=401)
        posted = await pages.web.post("/mcp", auth=auth)
        assert posted.status_code == 401
        assert "Basic" not in posted.headers["www-authenticate"]


async def test_pages_below_the_root_of_a_host_link_there(planet: Planet, site: Site) -> None:
    await follow(planet, site, Ada=[Post("One")])
    async with pages_of(planet, site_url="https://example.org/planet", title="Ours") as pages:
        seen = await pages.see("/")
        found = feedparser.parse((await pages.see("atom.xml")).answer.content)
    assert seen.texts("//h1") == ["Ours"]
    assert "/planet/entries/1" in seen.links()
    assert found.feed.link == "https://example.org/planet/"
    assert {link.href for link in found.feed.links if link.rel == "self"} == {
        "https://example.org/planet/atom.xml"
    }


@pytest.mark.parametrize("url", ["example.org", "ftp://example.org/", "https://e.org/?q=1", "//e"])
async def test_a_site_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Exception, match="--site-url"):
        async with planet_of(site_url=url):
            pass


async def test_images_are_shown_only_where_that_is_wanted(planet: Planet, site: Site) -> None:
    html = '<p>See <img src="https://pics.example.org/1.png" alt="a graph"></p>'
    await follow(planet, site, Ada=[Post("One", html)])
    async with pages_of(planet) as pages:
        plain = await pages.see("/")
    async with pages_of(planet, images="direct") as pages:
        shown = await pages.see("/")
    assert not plain.tree.xpath("//img")
    (image,) = shown.tree.xpath("//img")
    assert image.get("referrerpolicy") == "no-referrer"
    assert image.get("loading") == "lazy"
    assert "img-src 'self' https: http:" in shown.answer.headers["content-security-policy"]


async def test_a_script_is_there_only_where_it_is_wanted_and_allowed_by_its_hash(
    planet: Planet, site: Site
) -> None:
    await follow(planet, site, Ada=[Post("One</script><script>alert(1)</script>")])
    async with pages_of(planet, script=True) as pages:
        for path in PAGES:
            seen = await pages.see(path, status=404 if path == "tags/tag" else 200)
            (script,) = seen.tree.xpath("//script/text()")
            checksum = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
            policy = seen.answer.headers["content-security-policy"]
            assert policy.startswith(
                f"default-src 'none'; script-src 'sha256-{checksum}'; style-src"
            )
            assert len(seen.answer.content) < 150_000


async def test_a_theme_replaces_blocks_and_adds_to_the_style(
    planet: Planet, site: Site, tmp_path: Path
) -> None:
    await follow(planet, site, Ada=[Post("One & two")])
    theme = tmp_path / "theme"
    theme.mkdir()
    (theme / "style.css").write_text("body { max-width: 60rem; }")
    (theme / "base.html").write_text(
        '{% extends "planet/base.html" %}'
        "{% block footer %}<p>By the {{ options.title }} team</p>{{ super() }}{% endblock %}"
    )
    (theme / "entry.html").write_text(
        '{% extends "planet/entry.html" %}'
        "{% block head %}<h1>{{ view.post.title }}</h1>{% endblock %}"
    )
    async with pages_of(planet, theme=theme, title="Ours") as pages:
        river, entry = await pages.see("/"), await pages.see("/entries/1")
        style = (await pages.see(river.tree.xpath("//link[@rel='stylesheet']/@href")[0])).answer
        (theme / "titles.html").write_text("{% block main %}\n{{ nothing }}{% endblock %}")
        broken = (await pages.see("/titles", status=503)).answer
    async with pages_of(planet, title="Ours") as pages:
        plain = await pages.see("/")
    footers = [page.texts("//footer[@class='site']/p") for page in (river, entry)]
    assert [(each[0], len(each)) for each in footers] == [("By the Ours team", 3)] * 2
    assert "<h1>One &amp; two</h1>" in entry.answer.text
    assert style.text.endswith("body { max-width: 60rem; }")
    assert "cannot be read" in broken.text
    assert len(plain.texts("//footer[@class='site']/p")) == 2


async def test_what_a_feed_writes_is_nothing_but_text(planet: Planet, site: Site) -> None:
    evil = "</h4></article><script>alert(1)</script><b onclick=x>'\"&"
    document = rss([Post(evil, f"<p>{evil}</p>", author=evil, tags=(evil,))], title=evil)
    document = document.replace(
        "<link>https://blog.example.org/</link>", "<language>\"'&gt;</language>", 1
    )
    await planet.add_feeds([site.add("/evil", document)])
    async with pages_of(planet) as pages:
        for path in ("/", "/titles", "/feeds", "/feeds/1", "/entries/1", "/search?q=alert"):
            seen = await pages.see(path)
            assert not seen.tree.xpath("//script | //b | //@onclick")
            assert not seen.tree.xpath("//article//@lang")
        asked = await pages.see("/search", params={"q": evil, "feed": evil}, status=400)
        assert not asked.tree.xpath("//script | //b | //@onclick")
