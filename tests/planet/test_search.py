"""Search, lists and the river, as a caller of the planet sees them."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planet_mcp.errors import ArgumentError
from planet_mcp.planet import Planet, fitting
from planet_mcp.planet.answers import LatestResult
from planet_mcp.requests import FeedQuery, LatestRequest, SearchRequest
from tests.conftest import planet_of
from tests.support.documents import NOW, Post, rss
from tests.support.site import Site

pytestmark = pytest.mark.anyio


async def follow(planet: Planet, site: Site, name: str, posts: list[Post]) -> str:
    """Follow a made-up feed of this name; returns its URL."""
    url = site.add(f"/{name.replace(' ', '-')}", rss(posts, title=name))
    await planet.add_feeds([url])
    return url


async def follow_before(planet: Planet, site: Site, name: str, posts: list[Post]) -> None:
    """Follow a feed before it has any entries, so that its first ones are news."""
    url = await follow(planet, site, name, [])
    await follow(planet, site, name, posts)
    await planet.refresh_feeds([url])


async def titles(planet: Planet, query: str = "", **more: Any) -> list[str]:
    return [
        hit.title for hit in (await planet.search_entries(SearchRequest(query, **more))).result.hits
    ]


# Search


async def test_all_words_come_before_any_of_them(planet: Planet, site: Site) -> None:
    posts = [
        Post("Both", "<p>fast startup</p>"),
        Post("First", "<p>fast food</p>"),
        Post("Second", "<p>startup money</p>"),
    ]
    await follow(planet, site, "Blog", posts)

    both = (await planet.search_entries(SearchRequest("fast startup"))).result
    some = (await planet.search_entries(SearchRequest("how fast is the startup of pypy"))).result

    assert (both.hits[0].title, both.total) == ("Both", 3)
    assert "Only 1 of these has all the words" in (both.notice or "")
    assert some.hits[0].title == "Both"
    assert some.total == 3
    assert "some of them" in (some.notice or "")


async def test_operators_narrow_what_is_found(planet: Planet, site: Site) -> None:
    posts = [
        Post("One", "<p>green apples and pears</p>"),
        Post("Two", "<p>apples green with envy</p>"),
        Post("Three", "<p>applesauce</p>"),
        Post("Four", "<p>pears</p>"),
    ]
    await follow(planet, site, "Blog", posts)

    assert await titles(planet, '"green apples"') == ["One"]
    assert set(await titles(planet, "apples -pears")) == {"Two", "Three"} - {"Three"}
    assert set(await titles(planet, "-apples")) == {"Three", "Four"}
    assert set(await titles(planet, "apples*")) == {"One", "Two", "Three"}
    assert set(await titles(planet, "applesauce OR pears")) == {"One", "Three", "Four"}


@pytest.mark.parametrize(
    "query",
    ["C++", '"', '""', "list[int]", "AND", "NEAR(a b)", "it's", "title:x", "*", "-", "a" * 10_000],
)
async def test_no_query_is_an_error(planet: Planet, site: Site, query: str) -> None:
    await follow(planet, site, "Blog", [Post("One")])
    assert (await planet.search_entries(SearchRequest(query))).result.total >= 0


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(query=st.text(max_size=60))
async def test_no_text_is_an_error(planet: Planet, query: str) -> None:
    assert (await planet.search_entries(SearchRequest(query))).result.total == 0


async def test_a_query_of_signs_alone_is_answered_with_the_call_that_lists_all(
    planet: Planet, site: Site
) -> None:
    await follow(planet, site, "Blog", [Post("One")])
    answer = (await planet.search_entries(SearchRequest("*", feed="Blog", limit=3))).result

    call = 'without it the newest are listed: search_entries(feed="Blog", limit=3).'
    assert (answer.total, (answer.notice or "").endswith(call)) == (0, True)


async def test_a_tag_that_nothing_has_says_what_there_is_without_it(
    planet: Planet, site: Site
) -> None:
    await follow(planet, site, "Blog", [Post("One", tags=("apples",))])
    notice = (await planet.search_entries(SearchRequest("one", tag="zzz"))).result.notice or ""

    assert notice.startswith('No entry has the tag "zzz". Without tag there is 1 entry')


async def test_the_newest_come_first_without_a_query(planet: Planet, site: Site) -> None:
    posts = [Post(f"Post {days}", age=timedelta(days=days)) for days in (3, 1, 2)]
    await follow(planet, site, "Blog", posts)
    assert await titles(planet) == ["Post 1", "Post 2", "Post 3"]


async def test_recent_writing_comes_first_among_equals(planet: Planet, site: Site) -> None:
    posts = [
        Post("Old asyncio", "<p>asyncio in use</p>", age=timedelta(days=5000)),
        Post("New asyncio", "<p>asyncio in use</p>", age=timedelta(days=5)),
    ]
    await follow(planet, site, "Blog", posts)
    assert await titles(planet, "asyncio") == ["New asyncio", "Old asyncio"]


async def test_filters_apply_inside_the_query(planet: Planet, site: Site) -> None:
    posts = [
        Post("Ada", author="Ada Lovelace", tags=("maths",), age=timedelta(days=2)),
        Post("Bob", author="Bob", tags=("cooking",), age=timedelta(days=20)),
    ]
    await follow(planet, site, "First blog", posts)
    await follow(planet, site, "Second blog", [Post("Eve", author="Eve", age=timedelta(days=40))])

    assert await titles(planet, "text", author="lovelace") == ["Ada"]
    assert await titles(planet, "text", tag="cooking") == ["Bob"]
    assert await titles(planet, "text", feed="second") == ["Eve"]
    assert await titles(planet, "text", since="3d") == ["Ada"]
    assert await titles(planet, until=(NOW - timedelta(days=20)).date().isoformat()) == [
        "Bob",
        "Eve",
    ]
    assert (
        await planet.search_entries(SearchRequest("text", since="3d", feed="second"))
    ).result.total == 0


async def test_filters_that_leave_nothing_say_what_there_is_without_them(
    planet: Planet, site: Site
) -> None:
    old = Post("Old", "<p>Pears</p>", timedelta(days=90), author="Ada")
    await follow(planet, site, "Blog", [old, Post("New", "<p>Apples</p>")])
    await follow(planet, site, "Other", [Post("Else", "<p>Plums</p>")])
    day = (NOW - timedelta(days=90)).date()

    async def notice(query: str, **more: Any) -> str | None:
        return (await planet.search_entries(SearchRequest(query, **more))).result.notice

    there = f"there is 1 entry, the newest of {day}: search_entries"
    of_a_period = f'Without since {there}(query="pears").'
    of_a_feed = f'Without feed {there}(query="pears", author="Ada").'
    of_all = f'Without since and feed {there}(query="pears").'
    assert await notice("pears", since="7d") == of_a_period
    assert await notice("pears", feed="Other", author="Ada") == of_a_feed
    assert await notice("pears", since="7d", feed="Other") == of_all
    # Where the words are what nothing has, and where something was found, filters are no matter.
    assert await notice("cherries", since="7d") is None
    assert await notice("cherries") is None
    assert await notice("apples", since="7d") is None


async def test_the_period_that_a_question_says_is_no_topic_but_a_call(
    planet: Planet, site: Site
) -> None:
    posts = [
        Post("Wheels", "<p>News of packaging in Python.</p>", timedelta(days=90)),
        Post("Invoices", "<p>This month packaging cost more; last week less.</p>"),
        Post("The week in bread", "<p>This week in bread: flour.</p>"),
    ]
    await follow(planet, site, "Blog", posts)

    async def told(query: str, **more: Any) -> str:
        result = (await planet.search_entries(SearchRequest(query, **more))).result
        assert result.hits[0].title == "Wheels"
        return result.notice or ""

    def call(period: str, query: str, since: str) -> str:
        within = f'search_entries(query="{query}", since="{since}")'
        return f"These are of any time; for {period}: {within}."

    question = "What happened in Python packaging"
    asked = await told(f"{question} this month?")
    assert asked.startswith(call("this month", question, "this month"))
    asked = await told("Python packaging in the last 30 days", limit=5)
    assert asked.startswith(call("last 30 days", "Python packaging", "last 30 days"))
    asked = await told("Was gab es letzte Woche zu Python packaging?")
    assert asked.startswith(call("letzte woche", "Was gab es zu Python packaging", "last week"))
    # A period that was given is not proposed, and the one that is said is no topic all the same.
    assert "of any time" not in await told("Python packaging this month", since="1y")


@pytest.mark.parametrize(
    ("question", "call"),
    [
        ("packaging since May 2026", 'query="packaging", since="May 2026"'),
        ("packaging between March and May 2024", 'since="March 2024", until="May 2024"'),
        ("packaging after 2020?", 'query="packaging", since="2021-01-01"'),
        ("what of packaging before 2015", 'query="what of packaging", until="2014-12-31"'),
        ("packaging from December to January 2020", 'since="December 2019", until="January 2020"'),
        ("packaging from 3 March to 5 April 2024", 'since="3 March 2024", until="5 April 2024"'),
        ("packaging since Monday", 'query="packaging", since="monday"'),
        ("packaging of last December?", 'query="packaging", since="last december"'),
        ("packaging last quarter?", 'query="packaging", since="last quarter"'),
        ("packaging dell'anno scorso", 'query="packaging", since="last year"'),
        ("before:2015 packaging", 'query="packaging", until="2014-12-31"'),
        ("Packaging im März 2026", 'query="Packaging", since="März 2026", until="März 2026"'),
        ("packaging del mes pasado", 'query="packaging", since="last month"'),
        ("пакеты за прошлый месяц", 'query="пакеты", since="last month"'),
        ("articles from last week about packaging", 'about packaging", since="last week"'),
        # Where nothing but a period is asked for, the answer is what is new.
        ("What's new this week?", 'latest_entries(since="this week")'),
    ],
)
async def test_dates_and_periods_of_any_language_become_a_call(
    planet: Planet, site: Site, question: str, call: str
) -> None:
    posts = [Post("Last Week in Packaging", "<p>Packaging; пакеты.</p>"), Post("New", "<p>A.</p>")]
    await follow(planet, site, "Blog", posts)

    told = (await planet.search_entries(SearchRequest(question))).result.notice or ""
    assert call in told


@pytest.mark.parametrize(
    "question",
    [
        "a list of 2000 numbers",
        "packaging 2026",
        '"in May 2026" packaging',
        "Mars and may 2026",
        "Patch Monday",
    ],
)
async def test_what_is_no_date_of_a_question_is_left_alone(
    planet: Planet, site: Site, question: str
) -> None:
    await follow(planet, site, "Blog", [Post("Numbers", "<p>A list of packaging.</p>")])

    told = (await planet.search_entries(SearchRequest(question))).result.notice or ""
    assert "of any time" not in told


async def test_who_is_named_as_the_author_of_a_question_wrote_what_is_shown(
    planet: Planet, site: Site
) -> None:
    posts = [
        Post("Of lamps", "<p>Lamps.</p>", timedelta(days=9), author="Ada Holm"),
        Post("Of oil", "<p>Oil.</p>", timedelta(days=2), author="Ada Holm"),
        Post("Patches", "<p>Lamps by Ada Holm, by Ada Holm.</p>", author="Eve"),
        Post("By hand", "<p>Lamps by hand and by example.</p>", author="Eve"),
    ]
    await follow(planet, site, "Blog", posts)

    async def asked(query: str, **more: Any) -> tuple[list[str], str]:
        result = (await planet.search_entries(SearchRequest(query, **more))).result
        return [hit.title for hit in result.hits], result.notice or ""

    shown, notice = await asked("latest posts by Ada Holm")
    assert shown == ["Of oil", "Of lamps"]
    anyone = 'search_entries(query="latest posts by \\"Ada Holm\\"")'
    assert notice.startswith(f'Shown is what "Ada Holm" wrote; of anyone: {anyone}.')
    for query in (
        "neuester Beitrag von ada holm",
        "what did Ada Holm write?",
        "posts by Holm",
        "author:Holm",
    ):
        assert (await asked(query))[0] == ["Of oil", "Of lamps"]
    assert (await asked("articles by Ada Holm about lamps"))[0] == ["Of lamps"]
    assert (await asked("by Ada Holm", limit=1))[0] == ["Of oil"]
    # As other searches take it, where a name has several words.
    shown, notice = await asked('author:"Ada Holm" lamps')
    assert shown == ["Of lamps"]
    assert 'of anyone: search_entries(query="lamps").' in notice
    assert "of anyone" not in (await asked('author:"Nobody Here" lamps'))[1]
    # In quotes, of nobody of that name, of what the author did not write, with another author.
    assert "Patches" in (await asked('by "Ada Holm"'))[0]
    assert (await asked("lamps by hand"))[0][0] == "By hand"
    assert (await asked("by Ada Holm on example"))[0][0] == "By hand"
    assert (await asked("lamps by Ada Holm", author="Eve"))[0] == ["Patches", "By hand"]


async def test_authors_who_are_near_one_that_nobody_is_called_are_named(
    planet: Planet, site: Site
) -> None:
    posts = [
        Post("One", "<p>Lamps.</p>", author="Ada Holm"),
        Post("Two", "<p>Oil.</p>", author="Adam Holmes"),
    ]
    await follow(planet, site, "Blog", posts)

    async def notice(author: str, query: str = "") -> str | None:
        return (await planet.search_entries(SearchRequest(query, author=author))).result.notice

    for author in ("Holm, Ada", "A. Holm", "Adda Holm"):
        nearest = f'No entry is by "{author}"; near it are "Ada Holm"'
        assert (await notice(author) or "").startswith(nearest)
    # Nobody is near, or who is asked for wrote of something else.
    assert (await notice("Eve") or "").startswith("Without author there are 2 entries")
    assert (await notice("Ada Holm", "oil") or "").startswith("Without author there is 1 entry")


async def test_a_period_in_a_title_or_quotes_or_alone_is_what_is_searched_for(
    planet: Planet, site: Site
) -> None:
    posts = [
        Post("This Week in Bread 7", "<p>Flour and salt.</p>"),
        Post("Bread", "<p>Bread, flour, bread, and what is in bread.</p>"),
        Post("Rent", "<p>The bread of last month was dear.</p>"),
    ]
    await follow(planet, site, "Blog", posts)

    for query, first in {
        "this week in bread": "This Week in Bread 7",
        "What happened this week in bread?": "This Week in Bread 7",
        'bread "last month"': "Rent",
        "last month": "Rent",
    }.items():
        result = (await planet.search_entries(SearchRequest(query))).result
        assert (result.hits[0].title, "of any time" in (result.notice or "")) == (first, False)


async def test_a_period_without_news_says_how_old_the_newest_entry_is(
    planet: Planet, site: Site
) -> None:
    await follow(planet, site, "Blog", [Post("Old", "<p>Pears</p>", timedelta(days=90))])
    day = (NOW - timedelta(days=90)).date()

    told = await planet.latest_entries(LatestRequest(since="7d", feed="Blog"))
    within = await planet.latest_entries(LatestRequest(since="100d", feed="Blog"))

    assert told.result.notice == f"The newest entry is of {day}: search_entries(feed=1)."
    assert within.result.notice is None


@pytest.mark.parametrize("sort", ["relevance", "newest"])
async def test_paging_shows_every_hit_once_while_entries_arrive(
    planet: Planet, site: Site, sort: Any
) -> None:
    first = {f"Python {number}" for number in range(23)}
    ages = {title: timedelta(hours=5 + hash(title) % 50) for title in first}
    await follow(planet, site, "Blog", [Post(title, age=ages[title]) for title in first])
    seen: list[str] = []
    cursor = None
    for arrival in range(10):
        answer = await planet.search_entries(
            SearchRequest("python", sort=sort, limit=4, cursor=cursor)
        )
        seen += [hit.title for hit in answer.result.hits]
        cursor = answer.result.next_cursor
        if cursor is None:
            break
        await follow(planet, site, f"New {arrival}", [Post(f"Python news {arrival}")])

    assert len(seen) == len(set(seen))
    assert set(seen) >= first


async def test_a_cursor_is_refused_with_other_arguments(planet: Planet, site: Site) -> None:
    await follow(planet, site, "Blog", [Post(f"Post {number}") for number in range(3)])
    cursor = (await planet.search_entries(SearchRequest("post", limit=1))).result.next_cursor

    with pytest.raises(ArgumentError, match="other arguments"):
        await planet.search_entries(SearchRequest("posts", limit=1, cursor=cursor))
    with pytest.raises(ArgumentError, match="other arguments"):
        await planet.latest_entries(LatestRequest(cursor=cursor))


async def test_one_story_in_two_feeds_is_one_hit(planet: Planet, site: Site) -> None:
    post = Post("Release day", link="https://example.org/release")
    again = Post("Release day", link="http://www.example.org/release/?utm_source=planet")
    await follow(planet, site, "First", [post])
    await follow(planet, site, "Second", [again, Post("Something else")])

    result = (await planet.search_entries(SearchRequest("release"))).result

    assert result.total == 1
    assert [(hit.feed, hit.also_in) for hit in result.hits] == [("First", ["Second"])]
    listed = (await planet.latest_entries()).result
    assert listed.total == 2


async def test_posts_that_share_one_link_stay_apart(planet: Planet, site: Site) -> None:
    posts = [
        Post(f"Part {number}", link="https://example.org/", guid=f"g{number}")
        for number in range(3)
    ]
    await follow(planet, site, "Blog", posts)
    assert (await planet.search_entries(SearchRequest("part"))).result.total == 3


async def test_hits_say_what_is_shown_and_keep_third_party_text_on_its_lines(
    planet: Planet, site: Site
) -> None:
    title = "Nice &lt;b&gt;title&lt;/b&gt; ![x](https://evil.example/?q=1)"
    link = "https://blog.example.org/![x](https://evil.example/)"
    await follow(
        planet, site, "Blog", [Post(title, "<p>Words\u200b to\u202e find.</p>", link=link)]
    )

    answer = await planet.search_entries(SearchRequest("words"))

    assert "![" not in answer.text
    assert "\u200b" not in answer.text
    assert "\u202e" not in answer.text
    assert "quotes from feeds" in answer.text
    assert "\n> **Words** to find." in answer.text


# Feeds


async def test_feeds_are_found_by_part_of_their_title(planet: Planet, site: Site) -> None:
    for name in ("Ada writes", "Bob writes", "Eve"):
        await follow(planet, site, name, [Post(name)])

    found = (await planet.list_feeds(FeedQuery("writes"))).result

    assert [feed.title for feed in found.feeds] == ["Ada writes", "Bob writes"]
    assert found.total == 2


@pytest.mark.parametrize("sort", ["title", "newest_entry", "entries"])
async def test_paging_shows_every_feed_once(planet: Planet, site: Site, sort: Any) -> None:
    for number in range(7):
        posts = [Post(f"P{number}-{i}", age=timedelta(days=number)) for i in range(number)]
        await follow(planet, site, f"Blog {number}", posts)
    seen: list[str] = []
    cursor = None
    while True:
        page = (await planet.list_feeds(FeedQuery(sort=sort, limit=3, cursor=cursor))).result
        seen += [feed.title for feed in page.feeds]
        cursor = page.next_cursor
        if cursor is None:
            break
        # The last one jumps to the front of the list of newest and fullest feeds.
        await follow(planet, site, "Blog 0", [])
    assert sorted(seen) == [f"Blog {number}" for number in range(7)]


async def test_a_list_that_nothing_fits_names_the_nearest_feeds(planet: Planet, site: Site) -> None:
    await follow(planet, site, "Ada's notes", [Post("One")])
    nothing = (await planet.list_feeds(FeedQuery(query="Adas nots"))).result
    assert (nothing.total, nothing.notice) == (0, 'Nearest: "Ada\'s notes" (feed_id 1).')
    assert (await planet.list_feeds(FeedQuery(query="notes"))).result.notice is None


async def test_an_ambiguous_feed_lists_the_candidates(planet: Planet, site: Site) -> None:
    await follow(planet, site, "Ada writes", [Post("A")])
    await follow(planet, site, "Bob writes", [Post("B")])

    with pytest.raises(ArgumentError, match=r"2 feeds fit .*\"Ada writes\" \(feed_id 1\)"):
        await planet.search_entries(SearchRequest(feed="writes"))


async def test_several_feeds_or_a_group_are_searched_listed_and_read(
    planet: Planet, site: Site
) -> None:
    blogs = {name: site.add(f"/{name}", rss([Post(f"By {name}")], title=name)) for name in "abc"}
    outlines = "".join(f'<outline text="{name}" xmlUrl="{blogs[name]}"/>' for name in "ab")
    opml = site.add("/opml", f'<opml><body><outline text="Kin">{outlines}</outline></body></opml>')
    await planet.add_feeds([opml, blogs["c"]])
    await planet.refresh_feeds(everything=True)

    found = await titles(planet, feed=["a", blogs["c"]])
    river = await planet.latest_entries(LatestRequest(since="1y", feed=["a", blogs["c"]]))
    assert sorted(found) == sorted(river_titles(river.result)) == ["By a", "By c"]
    found = await titles(planet, group="kin")
    river = await planet.latest_entries(LatestRequest(since="1y", group="kin"))
    assert sorted(found) == sorted(river_titles(river.result)) == ["By a", "By b"]
    listed = (await planet.list_feeds(FeedQuery(group="kin"))).result
    assert [(feed.title, feed.group) for feed in listed.feeds] == [("a", "Kin"), ("b", "Kin")]
    with pytest.raises(ArgumentError, match='There are: "Kin"'):
        await planet.list_feeds(FeedQuery(group="kind of blue"))
    mark = river.result.watermark
    with pytest.raises(ArgumentError, match="the same feeds or group"):
        await planet.latest_entries(LatestRequest(watermark=mark))


# The river


def river_titles(result: LatestResult) -> list[str]:
    return [e.title for day in result.days for feed in day.feeds for e in feed.entries]


async def test_the_river_groups_by_day_and_feed(planet: Planet, site: Site) -> None:
    noon = NOW.replace(hour=0, minute=0, second=1)
    today, before = NOW - noon, NOW - noon + timedelta(days=1)
    await follow(planet, site, "First", [Post("A", age=today), Post("B", age=before)])
    await follow(planet, site, "Second", [Post("C", age=before)])

    result = (await planet.latest_entries(LatestRequest("3d"))).result

    shape = [
        (d.date, [(f.feed, [e.title for e in f.entries]) for f in d.feeds]) for d in result.days
    ]
    assert shape == [
        ((NOW - today).date().isoformat(), [("First", ["A"])]),
        ((NOW - before).date().isoformat(), [("Second", ["C"]), ("First", ["B"])]),
    ]
    assert result.total == 3


@pytest.mark.parametrize("detail", ["titles", "excerpts", "full"])
@pytest.mark.parametrize("max_chars", [1000, 3000, 20_000])
async def test_the_river_fits_and_pages_to_its_end(
    planet: Planet, site: Site, detail: Any, max_chars: int
) -> None:
    posts = [
        Post(
            f"Post {number}", f"<p>{'Some words of text. ' * 40}</p>", age=timedelta(minutes=number)
        )
        for number in range(60)
    ]
    await follow(planet, site, "Blog", posts)
    seen: list[str] = []
    cursor = None
    while True:
        answer = await planet.latest_entries(
            LatestRequest(detail=detail, max_chars=max_chars, cursor=cursor)
        )
        assert fitting.size(answer) <= max_chars
        assert answer.result.total == 60
        seen += river_titles(answer.result)
        cursor = answer.result.next_cursor
        if cursor is None:
            break
    assert seen == [post.title for post in posts]


async def test_space_that_is_left_goes_to_excerpts(planet: Planet, site: Site) -> None:
    await follow(planet, site, "Blog", [Post("A", "<p>Short.</p>"), Post("B", "<p>Also.</p>")])

    (day,) = (await planet.latest_entries()).result.days

    assert {entry.excerpt for entry in day.feeds[0].entries} == {"Short.", "Also."}


async def test_the_call_for_more_is_the_same_call(planet: Planet, site: Site) -> None:
    await follow(planet, site, "Blog", [Post(f"Post {n}") for n in range(30)])

    river = (await planet.latest_entries(LatestRequest("2mo", max_chars=1000))).text
    search = (await planet.search_entries(SearchRequest("post", limit=3))).text

    assert 'latest_entries(since="2mo", max_chars=1000, cursor="' in river
    assert 'search_entries(query="post", limit=3, cursor="' in search


async def test_texts_that_were_left_out_to_fit_are_said(planet: Planet, site: Site) -> None:
    posts = [Post(f"Post {n}", f"<p>{'Some words. ' * 90}</p>") for n in range(30)]
    await follow(planet, site, "Blog", posts)

    cut = (await planet.latest_entries(LatestRequest(detail="full", max_chars=1000))).result
    whole = (await planet.latest_entries(LatestRequest(detail="full", max_chars=40_000))).result

    assert "max_chars" in (cut.notice or "")
    assert whole.notice is None


async def test_a_watermark_gives_exactly_what_was_stored_since(planet: Planet, site: Site) -> None:
    await follow(planet, site, "Blog", [Post("Before")])
    mark = (await planet.latest_entries()).result.watermark
    late = Post("Published long ago, seen today", age=timedelta(days=900))
    await follow_before(planet, site, "Other", [late, Post("New")])

    result = (await planet.latest_entries(LatestRequest(watermark=mark))).result

    assert set(river_titles(result)) == {late.title, "New"}
    again = (await planet.latest_entries(LatestRequest(watermark=result.watermark))).result
    assert (again.total, again.days, again.watermark) == (0, [], result.watermark)


async def test_a_watermark_reader_sees_each_entry_once_across_cuts_and_restarts(
    site: Site,
) -> None:
    seen: list[str] = []
    written: set[str] = set()
    async with planet_of() as planet:
        mark = (await planet.latest_entries()).result.watermark
    for batch in range(5):
        async with planet_of() as planet:
            posts = [
                Post(f"Post {batch}-{n}", age=timedelta(hours=(batch * 7 + n * 3) % 40))
                for n in range(12)
            ]
            written |= {post.title for post in posts}
            await follow_before(planet, site, f"Blog {batch}", posts)
            # One small answer a run: what does not fit must come the next time.
            answer = (
                await planet.latest_entries(LatestRequest(watermark=mark, max_chars=1000))
            ).result
            seen += river_titles(answer)
            mark = answer.watermark
    async with planet_of() as planet:
        while True:
            answer = (
                await planet.latest_entries(LatestRequest(watermark=mark, max_chars=1000))
            ).result
            if not answer.days:
                break
            seen += river_titles(answer)
            mark = answer.watermark

    assert len(seen) == len(set(seen))
    assert set(seen) == written


async def test_a_watermark_answer_can_be_paged_too(planet: Planet, site: Site) -> None:
    mark = (await planet.latest_entries()).result.watermark
    await follow(planet, site, "Blog", [Post(f"Post {number}") for number in range(40)])
    seen: list[str] = []
    cursor = None
    while True:
        answer = (
            await planet.latest_entries(
                LatestRequest(watermark=mark, max_chars=1000, cursor=cursor)
            )
        ).result
        seen += river_titles(answer)
        cursor = answer.next_cursor
        if cursor is None:
            break
    assert sorted(seen) == sorted(f"Post {number}" for number in range(40))
    assert (
        await planet.latest_entries(LatestRequest(watermark=answer.watermark))
    ).result.total == 0


async def test_a_watermark_of_one_feed_is_refused_for_all(planet: Planet, site: Site) -> None:
    await follow(planet, site, "Blog", [Post("A")])
    mark = (await planet.latest_entries(LatestRequest(feed="Blog"))).result.watermark

    assert (
        await planet.latest_entries(LatestRequest(feed="Blog", watermark=mark))
    ).result.total == 0
    with pytest.raises(ArgumentError, match="of feed 1 alone"):
        await planet.latest_entries(LatestRequest(watermark=mark))


async def test_a_watermark_of_another_database_is_refused(planet: Planet) -> None:
    with pytest.raises(ArgumentError, match="another database"):
        await planet.latest_entries(LatestRequest(watermark="abcdef-12"))


# What the reader should know


async def test_an_empty_planet_says_how_to_begin(planet: Planet) -> None:
    notice = (await planet.search_entries(SearchRequest("anything"))).result.notice
    assert "add_feeds" in (notice or "")


async def test_a_planet_that_was_never_refreshed_says_so(planet: Planet) -> None:
    document = b'<opml><body><outline xmlUrl="https://blog.example.org/feed"/></body></opml>'
    await planet.import_list(document, name="x")

    notice = (await planet.latest_entries()).result.notice

    assert notice == "1 feed, none read yet. refresh_feeds reads them."


async def test_a_planet_that_is_current_says_nothing(planet: Planet, site: Site) -> None:
    await follow(planet, site, "Blog", [Post("A")])
    assert (await planet.search_entries(SearchRequest("a"))).result.notice is None


async def test_results_have_no_nulls_and_no_empty_fields(planet: Planet, site: Site) -> None:
    await follow(planet, site, "Blog", [Post("A")])

    def check(value: Any) -> None:
        if isinstance(value, dict):
            for item in value.values():
                assert item not in (None, "", {})
                check(item)
        elif isinstance(value, list):
            for item in value:
                check(item)

    answers = [
        await planet.list_feeds(),
        await planet.search_entries(SearchRequest("a")),
        await planet.latest_entries(),
        await planet.refresh_feeds([1]),
        await planet.status(),
    ]
    for answer in answers:
        check(answer.result.structured())


async def test_default_answers_stay_small_however_much_there_is(planet: Planet, site: Site) -> None:
    long = "word " * 50
    for number in range(30):
        posts = [Post(f"{long}{number}-{n}", f"<p>{long * 10}</p>") for n in range(4)]
        await follow(planet, site, f"Blog {number} {long}", posts)

    for answer in (
        await planet.list_feeds(FeedQuery(detail="full")),
        await planet.search_entries(SearchRequest("word")),
        await planet.latest_entries(),
    ):
        assert fitting.size(answer) <= 8000
        cursor = json.loads(json.dumps(answer.result.structured()))["next_cursor"]
        assert cursor in answer.text
    for answer in (
        await planet.list_feeds(FeedQuery(limit=200)),
        await planet.search_entries(SearchRequest("word", limit=50)),
        await planet.latest_entries(LatestRequest(max_chars=40_000, detail="full")),
    ):
        assert fitting.size(answer) <= 40_000
