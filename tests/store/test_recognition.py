"""Which stored entry an entry of a document is, when ids, headlines, addresses and dates change."""

import re
from datetime import timedelta

import pytest

from planet_mcp.planet import Planet
from planet_mcp.requests import SearchRequest
from tests.store.test_duplicates_in_one_feed import prose
from tests.support.documents import Post, rss
from tests.support.site import Site

pytestmark = pytest.mark.anyio

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIRST, LATER = f"<p>{prose(1)}</p>", f"<p>{prose(2)}</p>"
OTHER = Post("Another post", f"<p>{prose(3)}</p>", age=9 * DAY, link="https://a.example/other")


async def titles_after(planet: Planet, site: Site, *documents: str) -> list[str]:
    """Follow a feed that has these documents one after the other; returns its stories' titles."""
    url = site.add("/feed", documents[0])
    await planet.add_feeds([url])
    for document in documents[1:]:
        site.add("/feed", document)
        await planet.refresh_feeds([url])
    hits = (await planet.search_entries(SearchRequest(limit=50))).result.hits
    return sorted(hit.title for hit in hits)


def council(headline: str, slug: str, html: str = FIRST, age: timedelta = DAY) -> Post:
    return Post(headline, html, age=age, link=f"https://a.example/{slug}", guid=slug)


@pytest.mark.parametrize(
    ("edited", "titles"),
    [
        ([council("Council votes on bridge", "bridge")], ["Council votes on bridge"]),
        (
            [council("Bridge: yes", "yes", FIRST.replace("</p>", " Corrected.</p>"))],
            ["Bridge: yes"],
        ),
        # It was not edited: it is there still.
        (
            [council("Council votes on bridge", "bridge"), council("Council votes", "votes")],
            ["Council votes", "Council votes on bridge"],
        ),
        # Another date, another text, a text that says little: another entry.
        ([council("Council pauses", "pause", age=HOUR)], ["Council pauses", "Council votes"]),
        ([council("Council pauses", "pause", LATER)], ["Council pauses", "Council votes"]),
        (
            [council("Council pauses", "pause", FIRST.replace(prose(1).split()[9], "no"))],
            ["Council pauses", "Council votes"],
        ),
    ],
)
async def test_an_edited_headline_is_no_other_entry(
    planet: Planet, site: Site, edited: list[Post], titles: list[str]
) -> None:
    before = rss([council("Council votes", "votes"), OTHER])

    found = await titles_after(planet, site, before, rss([*edited, OTHER]))

    assert found == sorted(["Another post", *titles])


async def test_two_headlines_of_one_time_with_few_words_are_two(planet: Planet, site: Site) -> None:
    first, second = (
        rss([council(title, slug, "<p>See the page.</p>"), OTHER])
        for title, slug in (("Running => Broken", "1"), ("Broken => Running", "2"))
    )

    assert len(await titles_after(planet, site, first, second)) == 3


@pytest.mark.parametrize(
    ("html", "age", "count"),
    [
        (LATER, HOUR, 2),
        ("<p>Rain, 9 degrees.</p>", HOUR, 2),
        # A text that was edited, or a date that was.
        (LATER, DAY, 1),
        (FIRST.replace("</p>", " Corrected.</p>"), HOUR, 1),
        (FIRST, HOUR, 1),
    ],
)
async def test_an_id_with_a_new_text_and_a_new_date_is_a_new_entry(
    planet: Planet, site: Site, html: str, age: timedelta, count: int
) -> None:
    post = Post("Today", FIRST, age=DAY, link="https://a.example/today", guid="today")
    later = Post("Today", html, age=age, link="https://a.example/today", guid="today")
    again = rss([later]) + "<!-- again -->"

    found = await titles_after(planet, site, rss([post]), rss([later]), again)

    assert found == ["Today"] * count


@pytest.mark.parametrize("text", ["All went well.", prose(4)])
@pytest.mark.parametrize("title", ["Backup", ""])
async def test_without_id_and_link_the_date_tells_entries_apart(
    planet: Planet, site: Site, text: str, title: str
) -> None:
    def document(*ages: int) -> str:
        posts = [Post(title, f"<p>{text}</p>", age=age * DAY) for age in ages]
        return re.sub("<(link|guid)[^>]*>[^<]*</(link|guid)>", "", rss(posts))

    found = await titles_after(
        planet, site, document(5), document(4, 5), document(3, 4), document(2), document(2)
    )

    assert len(found) == 4


SERIES = {
    "a thread of every week": [FIRST] * 3,
    "a form that is filled in every week": [
        f"<p>Gold costs {price} today. {prose(1)}</p>" for price in (211, 212, 214)
    ],
    "minutes": [f"<p>Present: {prose(n, 5)}. {prose(1)} {prose(n, 9)}</p>" for n in (5, 6, 7)],
}


@pytest.mark.parametrize("texts", SERIES.values(), ids=SERIES)
@pytest.mark.parametrize("beside", [[], [OTHER]], ids=["alone", "beside another"])
async def test_what_a_feed_says_every_week_is_news_each_time(
    planet: Planet, site: Site, texts: list[str], beside: list[Post]
) -> None:
    documents = [
        rss([council("This week", f"week-{n}", text, age=(30 - 7 * n) * DAY), *beside])
        for n, text in enumerate(texts)
    ]

    found = await titles_after(planet, site, *documents)

    assert found.count("This week") == 3


@pytest.mark.parametrize(("price", "count"), [("212", 2), ("211 ", 1)])
async def test_an_id_whose_short_text_counts_otherwise_on_another_day_is_a_new_entry(
    planet: Planet, site: Site, price: str, count: int
) -> None:
    before, after = (
        rss([council("Gold", "gold", f"<p>It costs {text}euros today.</p>", age)])
        for text, age in (("211 ", DAY), (f"{price.strip()} ", HOUR))
    )

    assert await titles_after(planet, site, before, after) == ["Gold"] * count


async def test_a_feed_whose_ids_and_dates_all_change_doubles_nothing(
    planet: Planet, site: Site
) -> None:
    before, after = (
        rss(
            [
                council(f"Post {n}", f"{made}/{n}", f"<p>{prose(n)}</p>", age=age + n * HOUR)
                for n in (1, 2, 3)
            ]
        )
        for made, age in (("old", 20 * DAY), ("new", DAY))
    )

    assert await titles_after(planet, site, before, after) == ["Post 1", "Post 2", "Post 3"]


async def test_a_post_at_its_address_with_another_id_and_date_is_itself(
    planet: Planet, site: Site
) -> None:
    before, after = (
        rss([Post("Thread", FIRST, age=age, link="https://a.example/t", guid=guid), OTHER])
        for guid, age in (("1", 9 * DAY), ("2", DAY))
    )

    assert await titles_after(planet, site, before, after) == ["Another post", "Thread"]
