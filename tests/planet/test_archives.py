"""What a feed held before it was followed is no news, and no stand-in is shown for a date."""

import json
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from planet_mcp.planet import Planet
from planet_mcp.planet.answers import LatestEntry, LatestResult
from planet_mcp.requests import FeedQuery, LatestRequest, SearchRequest
from planet_mcp.store import Store
from planet_mcp.store.db import Database, schema
from planet_mcp.times import EARLIEST
from tests.support.documents import NOW, Post, rss
from tests.support.site import Site

pytestmark = pytest.mark.anyio

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def undated(document: str) -> str:
    return re.sub("<pubDate>.*?</pubDate>", "", document)


def posts(count: int, *, name: str, age: timedelta = 30 * DAY) -> list[Post]:
    return [
        Post(f"{name} number {n}", f"<p>{name} {n} {'word ' * n}</p>", age=age + n * DAY)
        for n in range(1, count + 1)
    ]


def numbered(*groups: str) -> str:
    """Put documents of the same feed together."""
    items = "".join("".join(re.findall("<item>.*?</item>", group)) for group in groups)
    return f"<rss version='2.0'><channel><title>A Blog</title>{items}</channel></rss>"


def shown(result: LatestResult) -> list[LatestEntry]:
    return [each for day in result.days for feed in day.feeds for each in feed.entries]


async def mark_of(planet: Planet) -> str:
    return (await planet.latest_entries(LatestRequest())).result.watermark


async def news(planet: Planet, mark: str) -> tuple[list[str], list[tuple[str | None, int]]]:
    """Return the titles stored since a watermark, and what feeds had before."""
    result = (await planet.latest_entries(LatestRequest(watermark=mark))).result
    older = [(each.feed, each.older_entries) for each in result.new_feeds or []]
    return [entry.title for entry in shown(result)], older


async def test_three_archives_and_sixty_undated_posts_are_lines_and_no_news(
    planet: Planet, site: Site
) -> None:
    mark = await mark_of(planet)
    for name in ("One", "Two", "Three"):
        document = rss(posts(20, name=name), title=name)
        await planet.add_feeds([site.add(f"/{name}", document)])
    sixty = undated(rss(posts(60, name="Timeless"), title="Timeless"))
    await planet.add_feeds([site.add("/undated", sixty)])

    for request in (LatestRequest(), LatestRequest(watermark=mark)):
        answer = await planet.latest_entries(request)

        assert (shown(answer.result), answer.result.total) == ([], 0)
        assert [(each.feed, each.older_entries) for each in answer.result.new_feeds or []] == [
            ("Timeless", 60), ("One", 20), ("Two", 20), ("Three", 20),
        ]  # fmt: skip
        assert '- new feed "Timeless": 60 older entries: search_entries(feed=4)' in answer.text
    found = (await planet.search_entries(SearchRequest(feed=4, limit=50))).result
    assert found.total == 60
    assert [hit.title for hit in found.hits[:3]] == [f"Timeless number {n}" for n in (1, 2, 3)]
    assert all(hit.published is None and hit.first_seen for hit in found.hits)
    again = await mark_of(planet)
    assert await news(planet, again) == ([], [])


async def test_a_post_of_today_is_news_in_the_first_document_of_a_feed_too(
    planet: Planet, site: Site
) -> None:
    mark = await mark_of(planet)
    today = Post("Of today", age=2 * HOUR)
    await planet.add_feeds([site.add("/feed", rss([today, *posts(8, name="Old")]))])

    assert await news(planet, mark) == (["Of today"], [("A Blog", 8)])
    assert [e.title for e in shown((await planet.latest_entries(LatestRequest())).result)] == [
        "Of today"
    ]


async def test_undated_entries_stand_below_the_oldest_date_of_their_document(
    planet: Planet, site: Site
) -> None:
    dated = rss([Post("Dated", age=2 * DAY)])
    document = numbered(undated(rss(posts(3, name="Undated"))), dated)
    await planet.add_feeds([site.add("/feed", document)])

    hits = (await planet.search_entries(SearchRequest())).result.hits
    assert [hit.title for hit in hits] == ["Dated", *(f"Undated number {n}" for n in (1, 2, 3))]
    result = (await planet.latest_entries(LatestRequest())).result
    assert [entry.title for entry in shown(result)] == ["Dated"]


async def test_without_any_date_a_document_stands_at_that_of_its_feed(
    planet: Planet, site: Site
) -> None:
    mine = f"<title>Mine</title><pubDate>{NOW - 300 * DAY:%d %b %Y %H:%M:%S} +0000</pubDate>"
    document = undated(rss(posts(2, name="Undated"))).replace("<title>A Blog</title>", mine)
    older, newer = (Post(name, age=age) for name, age in (("Older", 400 * DAY), ("Newer", DAY)))
    await planet.add_feeds([site.add("/dated", rss([newer, older], title="Dated"))])
    await planet.add_feeds([site.add("/feed", document)])

    hits = (await planet.search_entries(SearchRequest())).result.hits
    undated_titles = ["Undated number 1", "Undated number 2"]
    assert [hit.title for hit in hits] == ["Newer", *undated_titles, "Older"]


async def grown(planet: Planet, site: Site, *documents: str) -> str:
    """Let a feed have one document after the other; returns a watermark of before the last."""
    url = site.add("/feed", documents[0])
    await planet.add_feeds([url])
    mark = ""
    for document in documents[1:]:
        mark = await mark_of(planet)
        site.add("/feed", document)
        await planet.refresh_feeds([url])
    return mark


async def test_an_undated_entry_that_comes_later_is_news_when_it_is_seen(
    planet: Planet, site: Site
) -> None:
    before = undated(rss(posts(3, name="Weekly")))
    after = numbered(undated(rss([Post("Weekly number nine")])), before)
    mark = await grown(planet, site, before, after)

    assert await news(planet, mark) == (["Weekly number nine"], [])
    result = (await planet.latest_entries(LatestRequest())).result
    assert [(e.title, e.published) for e in shown(result)] == [("Weekly number nine", None)]


async def test_one_old_post_that_a_dated_feed_adds_is_news_to_watermarks_at_its_date(
    planet: Planet, site: Site
) -> None:
    before = rss(posts(3, name="Blog", age=DAY))
    after = numbered(before, rss([Post("From the drawer", age=900 * DAY)]))
    mark = await grown(planet, site, before, after)

    assert await news(planet, mark) == (["From the drawer"], [])
    week = (await planet.latest_entries(LatestRequest())).result
    assert "From the drawer" not in {entry.title for entry in shown(week)}


@pytest.mark.parametrize("dates", [True, False])
async def test_a_site_that_lists_other_old_posts_in_bulk_has_shown_its_archive(
    planet: Planet, site: Site, dates: bool
) -> None:
    documents = [rss(posts(9, name="Before")), rss(posts(12, name="Rebuilt", age=60 * DAY))]
    if not dates:
        documents = [undated(each) for each in documents]
    mark = await grown(planet, site, *documents)

    assert await news(planet, mark) == ([], [("A Blog", 12)])
    text = (await planet.latest_entries(LatestRequest(watermark=mark))).text
    assert '- feed "A Blog": 12 older entries: search_entries(feed=1)' in text


async def test_a_planet_that_is_new_itself_has_one_line_for_all_feeds(
    planet: Planet, site: Site
) -> None:
    mark = await mark_of(planet)
    urls = [site.add(f"/{n}", rss(posts(4, name=f"Blog {n}"), title=f"B{n}")) for n in range(8)]
    await planet.add_feeds(urls)

    answer = await planet.latest_entries(LatestRequest(watermark=mark))

    assert len(answer.result.new_feeds or []) == 1
    assert "- 8 new feeds: 32 older entries: list_feeds()" in answer.text


async def test_a_feed_without_dates_has_no_newest_entry_and_is_not_called_silent(
    planet: Planet, site: Site
) -> None:
    await planet.add_feeds([site.add("/feed", undated(rss(posts(3, name="Timeless"))))])

    (row,) = (await planet.list_feeds(FeedQuery())).result.feeds
    assert (row.newest_entry, row.status) == (None, "ok")


async def test_no_feed_hides_the_others(planet: Planet, site: Site) -> None:
    flood = [Post(f"Flood {n} {'x' * 60}", age=n * timedelta(minutes=5)) for n in range(1, 80)]
    await planet.add_feeds([site.add("/flood", rss(flood, title="Flood"))])
    for name in ("Quiet", "Calm"):
        await planet.add_feeds([site.add(f"/{name}", rss([Post(name, age=3 * DAY)], title=name))])

    answer = await planet.latest_entries(LatestRequest(max_chars=3000))

    assert {"Quiet", "Calm"} < {entry.title for entry in shown(answer.result)}
    told, cursor = shown(answer.result), answer.result.next_cursor
    assert re.search(r'Left out by max_chars: "Flood" \(feed 1\) \d+', answer.result.notice or "")
    while cursor:
        page = await planet.latest_entries(LatestRequest(max_chars=3000, cursor=cursor))
        told += shown(page.result)
        cursor = page.result.next_cursor
    assert len(told) == len({entry.entry_id for entry in told}) == 81


def stored(path: Path, query: str) -> Sequence[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


# What an entry has: when it is ordered, when published, when seen.
Times = tuple[int, int | None, int]
SEEN, A_DAY = int(NOW.timestamp()), 86_400


def of_earlier_version(path: Path, rows: Sequence[Times]) -> None:
    """Make a database as it was before archives, with entries of one feed, the oldest id first."""
    Database(path, steps=schema.STEPS[:12]).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO feeds (id, url, next_check_at) VALUES (1, 'https://a', 0)")
        connection.execute(
            """
            INSERT INTO entries (id, feed_id, key, story_id, representative_id, ordered_at,
                published, first_seen_at, words, teaser, title_derived, fingerprint)
            SELECT key + 1, 1, key, key + 1, key + 1, value ->> 0, value ->> 1, value ->> 2,
                1, 0, 0, '' FROM json_each(?)
            """,
            (json.dumps(rows),),
        )
        connection.commit()


def test_an_upgrade_takes_undated_archives_out_of_the_news(tmp_path: Path) -> None:
    path, year = tmp_path / "planet.sqlite", 365 * A_DAY
    of_earlier_version(
        path,
        [
            (SEEN, None, SEEN), (SEEN, None, SEEN), (SEEN - year, SEEN - year, SEEN),
            (SEEN - 60, SEEN - 60, SEEN), (SEEN + 900, None, SEEN + 900),
        ],
    )  # fmt: skip

    Store(path).close()

    assert stored(path, "SELECT id, archived, undated, ordered_at FROM entries ORDER BY id") == [
        (1, 1, 1, SEEN - year - 2), (2, 1, 1, SEEN - year - 1), (3, 1, 0, SEEN - year),
        (4, 0, 0, SEEN - 60), (5, 0, 1, SEEN + 900),
    ]  # fmt: skip
    assert stored(path, "SELECT newest_entry FROM feeds") == [(SEEN - 60,)]


@pytest.mark.parametrize(
    ("later", "archived"),
    [
        # A whole document without dates, all new, as after a redesign.
        ([None] * 20, 20),
        # A few of it, which the feed added.
        ([None] * 8, 0),
        # An archive that was uploaded again, and the news beside it.
        ([20 * A_DAY] * 6 + [60], 6),
        # Late posts.
        ([20 * A_DAY] * 5 + [60], 0),
        ([3 * A_DAY] * 20, 0),
    ],
)
def test_an_upgrade_takes_what_came_in_bulk_later_out_of_the_news(
    tmp_path: Path, later: Sequence[int | None], archived: int
) -> None:
    path, seen = tmp_path / "planet.sqlite", SEEN + 30 * A_DAY
    dates = [None if age is None else seen - age for age in later]
    first: list[Times] = [(SEEN - A_DAY, SEEN - A_DAY, SEEN)] * 20
    of_earlier_version(path, [*first, *((seen if at is None else at, at, seen) for at in dates)])

    Store(path).close()

    of_later = "FROM entries WHERE id > 20"
    assert stored(path, f"SELECT sum(archived) {of_later}") == [(archived,)]
    news = [at or seen for at in dates]
    order = [int(str(at)) for (at,) in stored(path, f"SELECT ordered_at {of_later} ORDER BY id")]
    if later[0] is None and archived:
        assert max(order) < EARLIEST.timestamp()
    else:
        assert order == news
