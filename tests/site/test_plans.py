"""The statements of pages and tools, as SQLite carries them out: none reads all entries."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from planet_mcp.planet import Planet, Reading, search_entries, trending_topics
from planet_mcp.planet.feed_list import list_feeds
from planet_mcp.planet.latest import latest_entries
from planet_mcp.requests import FeedQuery, LatestRequest, SearchRequest, TrendingRequest
from planet_mcp.site import Options, PageRequest, Site
from tests.support.documents import NOW, Post, rss
from tests.support.site import Site as Web

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)
TODAY = f"{NOW - DAY:%Y-%m-%d}"
PAGES = (
    *("", "titles", "since", "topics", "tags/tag", "groups/group", "feeds", "feeds/1"),
    *("entries/2", f"days/{TODAY}", f"days/{TODAY}/feeds/1", "search", "stats", "about"),
    *("atom.xml", "opml.xml", "foafroll.xml", "feeds/1/atom.xml", "tags/tag/atom.xml"),
    *("pictures/5.webp", "pictures/feed-1.webp"),
)
ANSWERS: dict[str, Callable[[Reading], object]] = {
    "what is new": lambda reading: latest_entries(reading, LatestRequest()),
    "what is new in a feed": lambda reading: latest_entries(reading, LatestRequest(feed=1)),
    "stored since": lambda reading: latest_entries(
        reading,
        LatestRequest(watermark=latest_entries(reading, LatestRequest()).result.watermark),
    ),
    "feeds": lambda reading: list_feeds(reading, FeedQuery()),
    "search": lambda reading: search_entries(reading, SearchRequest("some words")),
    "search of a day": lambda reading: search_entries(reading, SearchRequest("tag", since="7d")),
    "newest": lambda reading: search_entries(reading, SearchRequest("some", sort="newest")),
    "topics": lambda reading: trending_topics(reading, TrendingRequest("30d")),
}
# A table that grows with the entries, or what stands for one, or an index of it, read from its
# beginning to its end; but for the index of those few that tell a story again.
WHOLE = re.compile(r"SCAN (entries|contents|articles|links|pictures|[a-z])\b(?!.* entries_retold)")


def whole_tables(sql: str, plan: list[str]) -> Iterator[str]:
    """Return which tables a statement reads to their end."""
    for step in plan:
        scanned = WHOLE.match(step)
        # What was gathered before is no table, and an order that an index has ends with the limit.
        if scanned and f"MATERIALIZE {scanned[1]}" not in plan and "LIMIT" not in sql:
            table = re.search(rf"(?:FROM|JOIN) (\w+) AS {scanned[1]}\b", sql)
            if (table[1] if table else scanned[1]) != "feeds":
                yield step


async def test_no_page_or_tool_reads_all_entries_or_texts(planet: Planet, site: Web) -> None:
    for name in ("Ada", "Bob"):
        posts = [
            Post(f"{name} {n}", f"<p>Some words.<img src='{site.url}/{n}.png'></p>", age=n * DAY)
            for n in range(3)
        ]
        document = rss([*posts, Post("Tagged", tags=("tag",))], title=name, image=f"{site.url}/i")
        await planet.add_feeds([site.add(f"/{name}", document)])
    asked: defaultdict[str, set[str]] = defaultdict(set)
    page = ""
    made = Site(planet.store, Options("Planet", images="proxy"), clock=planet.clock)
    with planet.store.database.reading() as connection:
        connection.set_trace_callback(lambda sql: asked[sql].add(page))  # type: ignore[attr-defined]
    for page in PAGES:
        made.page(PageRequest(page, "/", {"q": "some words"} if page == "search" else {}))
    for page in ANSWERS:
        ANSWERS[page](Reading(planet.store, planet.clock()))
    with planet.store.database.reading() as connection:
        connection.set_trace_callback(None)  # type: ignore[attr-defined]
        plans = {
            sql: [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
            for sql in asked
            if sql.lstrip().startswith(("SELECT", "WITH")) and "'main'." not in sql
        }
    assert len(plans) > len(PAGES)
    found = {
        (*sorted(asked[sql]), step)
        for sql, plan in plans.items()
        for step in whole_tables(sql, plan)
    }
    assert found == set()


def test_what_reads_a_whole_table_is_found() -> None:
    plans = {"SELECT 1 FROM contents AS c": ["SCAN c"], "SELECT 1 FROM entries": ["SCAN entries"]}
    assert all(list(whole_tables(sql, plan)) == plan for sql, plan in plans.items())
