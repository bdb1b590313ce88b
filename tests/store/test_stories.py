"""The same story is told once, and different ones never become one."""

import random
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planet_mcp.planet import Planet
from planet_mcp.planet.answers import SearchHit
from planet_mcp.requests import LatestRequest, SearchRequest
from planet_mcp.text.likeness import (
    are_clearly_different,
    are_numbered_apart,
    likeness_of,
    opens,
    signature,
    title_key,
)
from tests.support.documents import Post, atom, rss
from tests.support.site import Site

pytestmark = pytest.mark.anyio

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def prose(seed: int, words: int = 120) -> str:
    """Return made-up text that shares hardly a run of words with that of another seed."""
    chance = random.Random(seed)
    return " ".join("".join(chance.choices("bdfklmnprstaeiou", k=5)) for _ in range(words))


def html(text: str) -> str:
    return f"<p>{text}</p>"


async def stories(planet: Planet, site: Site, *feeds: Sequence[Post]) -> list[SearchHit]:
    """Follow feeds with these posts, one after the other; returns the stories, newest first."""
    for number, posts in enumerate(feeds):
        url = site.add(f"/{number}", rss(posts, title=f"Blog {number}"))
        (added,) = (await planet.add_feeds([url])).result.results
        assert added.outcome == "added"
    return (await planet.search_entries(SearchRequest(limit=50))).result.hits


# ---------------------------------------------------------------------------------- one story


@pytest.mark.parametrize(
    "other",
    [
        "http://www.blog.example.org/post/",
        "https://blog.example.org/post?utm_source=rss&utm_medium=feed",
        "https://blog.example.org/post#comments",
    ],
)
async def test_one_address_however_it_is_spelled_is_one_story(
    planet: Planet, site: Site, other: str
) -> None:
    link = "https://blog.example.org/post"
    (hit,) = await stories(
        planet,
        site,
        [Post("A post", html(prose(1)), link=link)],
        [Post("Found elsewhere: a post", html(prose(1, 30)), link=other)],
    )

    assert (hit.title, hit.feed, hit.also_in) == ("A post", "Blog 0", ["Blog 1"])


async def test_the_fullest_telling_leads_whenever_it_comes(planet: Planet, site: Site) -> None:
    link = "https://blog.example.org/post"
    (hit,) = await stories(
        planet,
        site,
        [Post("A post", html(prose(1, 20)), link=link)],
        [Post("A post", html(prose(1, 300)), link=link)],
    )

    assert (hit.feed, hit.also_in, hit.words) == ("Blog 1", ["Blog 0"], 300)
    assert prose(1, 300)[-40:] in await planet.fetch_article(hit.entry_id)


async def test_a_hit_has_the_date_of_the_telling_that_it_shows(planet: Planet, site: Site) -> None:
    link = "https://blog.example.org/post"
    original = Post("A post", html(prose(1, 300)), age=20 * DAY, link=link)
    (hit,) = await stories(
        planet, site, [Post("A post", html(prose(1, 100)), age=DAY, link=link)], [original]
    )

    published = (hit.published or "")[:10]
    assert (hit.feed, published) == ("Blog 1", original.published.date().isoformat())


async def test_a_story_that_is_told_again_is_not_new_to_who_has_read_it(
    planet: Planet, site: Site
) -> None:
    link = "https://blog.example.org/post"
    await stories(planet, site, [Post("A post", html(prose(1, 20)), link=link)])
    watermark = (await planet.latest_entries()).result.watermark
    fuller = [
        Post("A post", html(prose(1, 300)), link=link),
        Post("News", link="https://b.example/n"),
    ]
    await planet.add_feeds([site.add("/fuller", rss(fuller, title="Fuller"))])

    latest = (await planet.latest_entries(LatestRequest(watermark=watermark))).result

    titles = [e.title for day in latest.days for feed in day.feeds for e in feed.entries]
    assert (latest.total, titles) == (1, ["News"])


async def test_the_same_long_text_in_one_feed_days_apart_is_one_story(
    planet: Planet, site: Site
) -> None:
    (hit,) = await stories(
        planet,
        site,
        [
            Post("Release Day!", html(prose(1, 117)), age=HOUR, link="https://a.example/2"),
            Post("Release day", html(prose(1)), age=6 * DAY, link="https://a.example/1"),
        ],
    )

    assert (hit.url, hit.also_in) == ("https://a.example/1", None)


async def test_an_empty_twin_gives_its_title_to_the_text_that_has_none(
    planet: Planet, site: Site
) -> None:
    title = "Why we rewrote the importer"
    text = f"{title}. {prose(1, 400)}"
    (hit,) = await stories(
        planet,
        site,
        [
            Post("", html(text), age=5 * HOUR, link="https://a.example/?p=1", guid="1"),
            Post(title, "", age=2 * HOUR, link="https://a.example/?p=2", guid="2"),
        ],
    )

    assert (hit.title, hit.url) == (title, "https://a.example/?p=1")
    assert hit.words > 400
    assert (await planet.fetch_article(hit.entry_id)).startswith(f"# {title}\n")


async def test_the_empty_twin_may_come_first(planet: Planet, site: Site) -> None:
    title = "Why we rewrote the importer"
    empty = Post(title, "", age=5 * HOUR, link="https://a.example/?p=1", guid="1")
    text = html(f"{title}. {prose(1, 400)}")
    url = site.add("/feed", rss([empty]))
    await planet.add_feeds([url])
    site.add(
        "/feed", rss([Post("", text, age=HOUR, link="https://a.example/?p=2", guid="2"), empty])
    )
    await planet.refresh_feeds([url])

    (hit,) = (await planet.search_entries()).result.hits

    assert (hit.title, hit.url) == (title, "https://a.example/?p=2")


async def test_nearly_the_same_text_in_two_feeds_is_one_story(planet: Planet, site: Site) -> None:
    text = prose(1, 400)
    edited = f"{text[:1000]} and {text[1000:]} This was first posted on my own site."
    (hit,) = await stories(
        planet,
        site,
        [Post("How imports work", html(text), link="https://a.example/imports")],
        [Post("How Python imports work", html(edited), link="https://dev.example/x1")],
    )

    assert hit.title == "How imports work"
    assert hit.also_in == ["Blog 1"]


@pytest.mark.parametrize("cut", [True, False], ids=["cut", "introduced"])
async def test_a_post_under_its_title_in_two_feeds_is_one_story(
    planet: Planet, site: Site, cut: bool
) -> None:
    text = prose(1, 300)
    copy = prose(1, 40) if cut else f"{prose(2, 60)} {text} {prose(3, 60)}"
    (hit,) = await stories(
        planet,
        site,
        [Post("How imports work", html(text), age=DAY, link="https://a.example/imports")],
        [Post("How imports work", html(copy), age=20 * DAY, link="https://dev.example/x1")],
    )

    assert len(hit.also_in or []) == 1


async def test_a_story_without_a_date_takes_that_of_another_telling(
    planet: Planet, site: Site
) -> None:
    link = "https://a.example/post"
    undated = (
        "<rss version='2.0'><channel><title>Undated</title><item><title>A post</title>"
        f"<link>{link}</link><description>{prose(1)}</description></item></channel></rss>"
    )
    dated = Post("A post", html(prose(1)), age=30 * DAY, link=link)
    await planet.add_feeds([site.add("/undated", undated)])
    await planet.add_feeds([site.add("/dated", rss([dated], title="Dated"))])

    (hit,) = (await planet.search_entries()).result.hits

    assert (hit.published or "")[:10] == dated.published.date().isoformat()


async def test_a_feed_shows_its_own_telling(planet: Planet, site: Site) -> None:
    link = "https://a.example/post"
    await stories(
        planet,
        site,
        [Post("A post", html(prose(1, 200)), link=link)],
        [Post("A post, cut", html(prose(1, 20)), link=link)],
    )

    (hit,) = (await planet.search_entries(SearchRequest(feed="Blog 1"))).result.hits
    latest = (await planet.latest_entries(LatestRequest(feed="Blog 1"))).result

    assert (hit.title, hit.feed, hit.also_in) == ("A post, cut", "Blog 1", ["Blog 0"])
    assert latest.total == 1
    assert latest.days[0].feeds[0].entries[0].title == "A post, cut"


async def test_a_story_outlives_the_feed_that_told_it_first(planet: Planet, site: Site) -> None:
    link = "https://a.example/post"
    posts = [
        [Post("", html(prose(1, 300)), link=link)],
        [Post("Titled", html(prose(1, 250)), link=link)],
        [Post("Third", html(prose(1, 20)), link=link)],
    ]
    (hit,) = await stories(planet, site, *posts)
    assert (hit.title, hit.feed, hit.also_in) == ("Titled", "Blog 0", ["Blog 1", "Blog 2"])

    await planet.remove_feeds(["Blog 0"], delete_entries=True)

    (hit,) = (await planet.search_entries()).result.hits
    assert (hit.title, hit.feed, hit.also_in) == ("Titled", "Blog 1", ["Blog 2"])
    assert (await planet.latest_entries()).result.total == 1


async def test_two_stories_become_one_when_a_third_telling_joins_them(
    planet: Planet, site: Site
) -> None:
    text, link = prose(1, 200), "https://a.example/post"
    hits = await stories(
        planet,
        site,
        [Post("Original", html(text), link="https://b.example/1")],
        [Post("Announcement", html(prose(2, 6)), link=link)],
        [Post("Copy", html(text), link=link)],
    )

    assert [(hit.title, hit.also_in) for hit in hits] == [("Original", ["Blog 1", "Blog 2"])]


async def test_an_edit_can_show_that_two_tell_the_same(planet: Planet, site: Site) -> None:
    text = html(prose(1, 200))
    url = site.add("/cee", rss([Post("Cee", "", link="https://c.example/1")], title="Cee"))
    await planet.add_feeds([url, site.add("/dee", rss([Post("Dee", text)], title="Dee"))])
    assert (await planet.search_entries()).result.total == 2
    site.add("/cee", rss([Post("Cee", text, link="https://c.example/1")], title="Cee"))

    await planet.refresh_feeds([url])

    assert (await planet.search_entries()).result.total == 1


# ---------------------------------------------------------------------------- different stories

TEMPLATE = prose(7, 200)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Async in depth, part 1", "Async in depth, part 2"),
        ("Async in depth (I of III)", "Async in depth (II of III)"),
        ("This week in Python #12", "This week in Python #13"),
        ("Release 3.14.1", "Release 3.14.2"),
        ("Meetup in January", "Meetup in February"),
        ("Day one", "Day two"),
        ("Teil 1: Grundlagen", "Teil 2: Grundlagen"),
    ],
)
@pytest.mark.parametrize("feeds", [1, 2])
async def test_parts_of_a_series_stay_apart_however_alike_they_are(
    planet: Planet, site: Site, first: str, second: str, feeds: int
) -> None:
    posts = [
        Post(first, html(TEMPLATE), age=8 * DAY, link="https://a.example/1"),
        Post(second, html(TEMPLATE), age=DAY, link="https://a.example/2"),
    ]
    hits = await stories(planet, site, *([posts] if feeds == 1 else [posts[:1], posts[1:]]))

    assert len(hits) == 2


@pytest.mark.parametrize("days", [1, 7])
async def test_issues_with_one_title_stay_apart(planet: Planet, site: Site, days: int) -> None:
    hits = await stories(
        planet,
        site,
        [
            Post("Links", html(prose(n)), age=n * days * DAY, link=f"https://a.example/{n}")
            for n in range(3)
        ],
    )

    assert len(hits) == 3


async def test_entries_that_all_link_to_the_site_stay_apart(planet: Planet, site: Site) -> None:
    home = "https://a.example/"
    hits = await stories(
        planet,
        site,
        [Post(f"Note {'abc'[n]}", html(prose(n)), link=home, guid=str(n)) for n in range(3)],
        [Post("Of the same site", html(prose(9)), link=home)],
    )

    assert len(hits) == 4


async def test_entries_at_anchors_of_one_page_stay_apart(planet: Planet, site: Site) -> None:
    page = "https://a.example/changes"
    hits = await stories(
        planet,
        site,
        [Post(f"Changes in {n}", html(prose(n)), link=f"{page}#{n}") for n in range(3)],
        [Post("All changes", html(prose(9)), link=page)],
    )

    assert len(hits) == 4


async def test_different_posts_with_one_title_in_two_feeds_stay_apart(
    planet: Planet, site: Site
) -> None:
    hits = await stories(
        planet,
        site,
        [Post("Hello world", html(prose(1)), link="https://a.example/hello")],
        [Post("Hello world", html(prose(2)), link="https://b.example/hello")],
    )

    assert len(hits) == 2


async def test_posts_of_one_title_without_dates_stay_apart(planet: Planet, site: Site) -> None:
    items = "".join(
        f"<item><title>February update</title><link>https://a.example/{n}</link>"
        f"<description>{prose(1, 40)} {prose(n, 80)}</description></item>"
        for n in (2, 3)
    )
    document = f"<rss version='2.0'><channel><title>Undated</title>{items}</channel></rss>"
    await planet.add_feeds([site.add("/feed", document)])

    assert (await planet.search_entries()).result.total == 2


async def test_a_short_title_without_text_is_no_twin_of_what_begins_like_it(
    planet: Planet, site: Site
) -> None:
    hits = await stories(
        planet,
        site,
        [
            Post("Python", "", link="https://a.example/1", guid="1"),
            Post("", html(f"Python {prose(1)}"), link="https://a.example/2", guid="2"),
        ],
    )

    assert len(hits) == 2


@pytest.mark.parametrize("same_links", [True, False])
async def test_what_one_feed_keeps_apart_no_other_feed_joins(
    planet: Planet, site: Site, same_links: bool
) -> None:
    def episodes(site_name: str) -> list[Post]:
        return [
            Post(
                f"{name} on compilers",
                html(f"{name} joins us. {TEMPLATE}"),
                age=7 * number * DAY,
                link=f"https://{site_name}.example/{name}",
            )
            for number, name in enumerate(["Ada", "Bob", "Cleo"], 1)
        ]

    hits = await stories(
        planet, site, episodes("show"), episodes("show" if same_links else "network")
    )

    assert [(hit.title.split()[0], hit.also_in) for hit in hits] == [
        (name, [f"Blog {1 if hit.feed == 'Blog 0' else 0}"])
        for name, hit in zip(["Ada", "Bob", "Cleo"], hits, strict=True)
    ]


async def test_one_form_filled_in_for_two_occasions_is_two_stories(
    planet: Planet, site: Site
) -> None:
    hits = await stories(
        planet,
        site,
        *(
            [
                Post(
                    f"PyCon {place}: call for proposals",
                    html(f"PyCon {place}. {TEMPLATE}"),
                    link=f"https://{place}.example/cfp",
                )
            ]
            for place in ("Italia", "Lithuania")
        ),
    )

    assert len(hits) == 2


async def test_each_text_without_a_title_has_one_title_without_text(
    planet: Planet, site: Site
) -> None:
    posts = []
    for n in (1, 2):
        text = html(f"Live now: {prose(n, 40)}")
        link = "https://a.example/{}/{}"
        posts.append(Post("Live now", "", age=n * DAY, link=link.format("t", n), guid=f"t{n}"))
        posts.append(Post("", text, age=n * DAY, link=link.format("s", n), guid=f"s{n}"))

    hits = await stories(planet, site, posts)

    assert [(hit.title, hit.words) for hit in hits] == [("Live now", 42), ("Live now", 42)]


@pytest.mark.parametrize("words", [0, 12, 100])
async def test_a_photo_of_every_day_is_one_story_a_day(
    planet: Planet, site: Site, words: int
) -> None:
    posts = [
        Post(
            "Photo of the day",
            f"<img src='/{n}.jpg'>{prose(n, words) if words else ''}",
            age=n * DAY + HOUR,
            link=f"https://a.example/{n}",
        )
        for n in range(12)
    ]

    assert len(await stories(planet, site, posts)) == 12


async def test_two_opinions_on_one_page_are_two(planet: Planet, site: Site) -> None:
    link = "https://third.example/queues"
    hits = await stories(
        planet,
        site,
        [Post("A great read", html(prose(1, 200)), link=link)],
        [Post("Why I disagree", html(prose(2, 190)), link=link)],
    )

    assert len(hits) == 2


@pytest.mark.parametrize(
    ("titles", "words", "count"),
    [
        (("A great read", "Why I disagree"), 60, 2),
        (("A great read", "Why I disagree"), 10, 2),
        (("Queues", "★ Queues"), 60, 1),
        (("Queues", "Queues"), 10, 1),
        # "Comments", or nothing, is no opinion
        (("A great read", "Why I disagree"), 1, 1),
    ],
)
async def test_what_two_say_of_one_page_in_own_words_is_two(
    planet: Planet, site: Site, titles: tuple[str, str], words: int, count: int
) -> None:
    posts = (
        [Post(title, html(prose(n, words)), link="https://third.example/queues")]
        for n, title in enumerate(titles)
    )

    assert len(await stories(planet, site, *posts)) == count


@pytest.mark.parametrize(("authors", "count"), [(("Ada", "Bob"), 2), (("Ada", "Ada"), 1)])
async def test_two_who_write_under_the_title_of_one_page_are_two(
    planet: Planet, site: Site, authors: tuple[str, str], count: int
) -> None:
    posts = (
        [Post("Queues", html(prose(n, 60)), link="https://third.example/q", author=author)]
        for n, author in enumerate(authors)
    )

    assert len(await stories(planet, site, *posts)) == count


FORMS = {
    "parts in another language": ("Zebras, erster Teil", "Zebras, zweiter Teil", {}, 2),
    "parts in Chinese": ("斑马 上", "斑马 下", {}, 2),
    "parts of which the first is I": ("Zebras I", "Zebras II", {}, 2),
    "seasons": ("Spring report", "Autumn report", {}, 2),
    "places": ("Engineer (Berlin)", "Engineer (Oslo)", {}, 2),
    "names in the text": ("Engineer", "Engineer", {"Acme": "Globex", "Berlin": "Oslo"}, 2),
    "numbers in the text": ("Weekly update", "Weekly update", {"12": "19"}, 2),
    # another headline, a typing error, a word that was corrected
    "another headline": ("Parliament passes budget", "MPs vote for the budget", {}, 1),
    "a typing error": ("Anouncing zebras", "Announcing zebras", {}, 1),
    "another word in the text": ("Zebras at sea", "Zebras at sea", {"closed": "finished"}, 1),
}


@pytest.mark.parametrize(("first", "second", "changed", "count"), FORMS.values(), ids=FORMS)
async def test_one_form_in_two_feeds_is_two_and_one_text_under_two_headlines_is_one(
    planet: Planet, site: Site, first: str, second: str, changed: dict[str, str], count: int
) -> None:
    text = f"At Acme in Berlin we closed 12 issues. {prose(1)}"
    other = re.sub("|".join(changed) or "^$", lambda word: changed[word[0]], text)
    hits = await stories(
        planet,
        site,
        [Post(first, html(text), age=8 * DAY, link="https://a.example/1")],
        [Post(second, html(other), age=DAY, link="https://b.example/2")],
    )

    assert len(hits) == count


@pytest.mark.parametrize(("age", "count"), [(2 * HOUR, 1), (7 * DAY, 2)])
async def test_a_line_that_begins_the_text_of_its_day_is_a_teaser_of_it(
    planet: Planet, site: Site, age: timedelta, count: int
) -> None:
    hits = await stories(
        planet,
        site,
        [Post("Zebras at sea", html(prose(1)), link="https://a.example/1")],
        [Post("Zebras at sea", html(f"{prose(1, 12)}…"), age=age, link="https://b.example/2")],
    )

    assert len(hits) == count


async def test_entries_without_dates_stand_in_the_order_of_their_feed(
    planet: Planet, site: Site
) -> None:
    items = "".join(f"<item><title>Note {n}</title><guid>{n}</guid></item>" for n in range(9))
    document = f"<rss version='2.0'><channel><title>Undated</title>{items}</channel></rss>"
    await planet.add_feeds([site.add("/feed", document)])

    hits = (await planet.search_entries(SearchRequest(sort="newest"))).result.hits

    assert [hit.title for hit in hits] == [f"Note {n}" for n in range(9)]


# --------------------------------------------------------------------- the same entry, other ids


async def test_one_id_for_all_that_a_feed_ever_publishes_collapses_nothing(
    planet: Planet, site: Site
) -> None:
    url = site.add("/feed", rss([]))
    for day in range(4, 0, -1):
        post = Post(f"Post {day}", html(prose(day)), age=day * DAY, guid="always-the-same")
        site.add("/feed", rss([post]))
        await (planet.refresh_feeds([url]) if day < 4 else planet.add_feeds([url]))

    refreshed = (await planet.refresh_feeds([url])).result
    hits = (await planet.search_entries()).result.hits

    assert refreshed.new_entries == 0
    assert [hit.title for hit in hits] == ["Post 1", "Post 2", "Post 3", "Post 4"]
    assert not any(hit.updated for hit in hits)


@pytest.mark.parametrize(
    ("link", "dated", "title"),
    [
        ("https://a.example/{}", True, "Word of the day"),
        ("https://a.example/", False, "Post {}"),
        ("https://a.example/now", True, "Weather {}"),
    ],
)
async def test_one_id_for_all_collapses_nothing_whatever_else_repeats(
    planet: Planet, site: Site, link: str, dated: bool, title: str
) -> None:
    url = site.add("/feed", rss([]))
    for number in range(4, 0, -1):
        post = Post(
            title.format("abcde"[number]), html(prose(number, 60)), age=14 * number * DAY,
            link=link.format(number), guid="always-the-same",
        )  # fmt: skip
        document = rss([post])
        if not dated:
            document = re.sub("<pubDate>.*?</pubDate>", "", document)
        site.add("/feed", document)
        await (planet.refresh_feeds([url]) if number < 4 else planet.add_feeds([url]))

    assert (await planet.search_entries()).result.total == 4


async def test_ids_that_are_positions_lose_and_repeat_nothing(planet: Planet, site: Site) -> None:
    def document(names: str) -> str:
        items = "".join(
            f"<item><guid isPermaLink='false'>{position}</guid><title>Post {name}</title>"
            f"<description>{prose(ord(name), 60)}</description></item>"
            for position, name in enumerate(names, 1)
        )
        return f"<rss version='2.0'><channel><title>T</title>{items}</channel></rss>"

    url = site.add("/feed", document("cba"))
    await planet.add_feeds([url])
    counts: list[int] = []
    for names in ("dcb", "edc", "edc", "edcb"):
        site.add("/feed", document(names) + f"<!-- {len(counts)} -->")
        counts.append((await planet.refresh_feeds([url])).result.new_entries)

    assert counts == [1, 1, 0, 0]
    assert (await planet.search_entries()).result.total == 5


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"title": "Post a"}, {"title": "Post a | My new blog"}),
        ({"title": "Anouncing Foo"}, {"title": "Announcing Foo"}),
        ({"title": "Post (1 comment)"}, {"title": "Post (7 comments)", "age": DAY}),
    ],
)
async def test_other_ids_and_titles_at_the_same_addresses_double_nothing(
    planet: Planet, site: Site, first: dict[str, Any], second: dict[str, Any]
) -> None:
    def post(guid: str, **more: Any) -> Post:
        values = {"html": html(prose(1, 90)), "age": 9 * DAY, "link": "https://a.example/a"}
        return Post(guid=guid, **{**values, **more})

    url = site.add("/feed", rss([post("1", **first)]))
    await planet.add_feeds([url])
    site.add("/feed", rss([post("2", **second)]))

    assert (await planet.refresh_feeds([url])).result.new_entries == 0
    assert (await planet.search_entries()).result.total == 1


@pytest.mark.parametrize("make", [rss, atom])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("https://a.example/{}", "https://a.example/{}"),
        ("http://old.example/{}.html", "https://new.example/posts/{}/"),
    ],
)
async def test_a_redesign_that_changes_all_ids_doubles_nothing(
    planet: Planet, site: Site, make: object, old: str, new: str
) -> None:
    assert callable(make)

    def posts(link: str, guid: str) -> list[Post]:
        return [
            Post(f"Post {n}", html(prose(n)), age=n * DAY, link=link.format(n), guid=f"{guid}{n}")
            for n in range(1, 6)
        ]

    url = site.add("/feed", make(posts(old, "tag:old,")))
    await planet.add_feeds([url])
    watermark = (await planet.latest_entries()).result.watermark
    site.add("/feed", make([Post("Fresh", html(prose(99)), age=HOUR), *posts(new, "urn:uuid:")]))

    refreshed = (await planet.refresh_feeds([url])).result
    again = (await planet.refresh_feeds([url])).result
    hits = (await planet.search_entries()).result.hits

    assert (refreshed.new_entries, again.new_entries) == (1, 0)
    assert [hit.title for hit in hits] == ["Fresh", *(f"Post {n}" for n in range(1, 6))]
    assert hits[1].url == new.format(1)
    assert not any(hit.updated for hit in hits)
    assert (await planet.latest_entries(LatestRequest(watermark=watermark))).result.total == 1


async def test_two_entries_of_one_document_are_two_however_alike(
    planet: Planet, site: Site
) -> None:
    posts = [Post("Twice", html(prose(1)), link="https://a.example/1", guid=str(n)) for n in (1, 2)]
    url = site.add("/feed", rss(posts))
    await planet.add_feeds([url])
    site.add("/feed", rss(posts, title="A title that makes the document another one"))

    refreshed = (await planet.refresh_feeds([url])).result

    assert refreshed.new_entries == 0
    assert (await planet.list_feeds()).result.feeds[0].entries == 2
    (hit,) = (await planet.search_entries()).result.hits
    assert hit.updated is None


async def test_the_next_issue_under_the_same_title_is_no_redesign(
    planet: Planet, site: Site
) -> None:
    url = site.add("/feed", rss([]))
    for week in range(4, 0, -1):
        issue = Post(
            "Newsletter",
            html(prose(week)),
            age=7 * week * DAY,
            link="https://a.example/newsletter",
            guid=f"issue {week}",
        )
        site.add("/feed", rss([issue]))
        await (planet.refresh_feeds([url]) if week < 4 else planet.add_feeds([url]))

    assert (await planet.list_feeds()).result.feeds[0].entries == 4
    assert (await planet.search_entries()).result.total == 4


async def test_an_edited_entry_with_a_new_title_and_address_stays_one(
    planet: Planet, site: Site
) -> None:
    first = Post("Drft title", html(prose(1)), link="https://a.example/drft", guid="7")
    url = site.add("/feed", rss([first]))
    await planet.add_feeds([url])
    edited = Post("Draft title", html(prose(1)), link="https://a.example/draft", guid="7")
    site.add("/feed", rss([edited]))

    refreshed = (await planet.refresh_feeds([url])).result

    (hit,) = (await planet.search_entries()).result.hits
    assert refreshed.new_entries == 0
    assert (hit.title, hit.updated is not None) == ("Draft title", True)


# ---------------------------------------------------------------------------------- comparing

_TEXTS = st.text(max_size=300)


@given(_TEXTS, _TEXTS)
def test_comparing_texts_is_symmetric_and_takes_anything(text: str, other: str) -> None:
    assert likeness_of(text, other) == likeness_of(other, text)
    assert are_clearly_different(text, other) == are_clearly_different(other, text)
    assert are_numbered_apart(text, other) == are_numbered_apart(other, text)
    assert not are_numbered_apart(text, text)
    assert not are_clearly_different(text, text)
    assert (
        title_key(text) == title_key(text.upper().lower()) or text.upper().lower() != text.lower()
    )
    opens(text, other)


@given(st.integers(0, 10_000), st.integers(40, 400))
def test_a_small_edit_leaves_part_of_the_signature(seed: int, words: int) -> None:
    text = prose(seed, words)
    assert signature(text) == signature(f"  {text.upper()}!")
    assert signature(prose(seed + 1, words)) != signature(text)


@pytest.mark.parametrize(
    ("title", "other", "apart"),
    [
        ("Learning C", "Learning C", False),
        ("Part 1", "Part 2", True),
        ("Part one", "Part two", True),
        ("Part I", "Part II", True),
        ("I made a thing", "I made a thing", False),
        ("Python 3.14 is out", "Python 3.14 released", False),
        ("Python 3.14 is out", "Python 3.15 is out", True),
        ("A guide", "A guide, part 2", False),
    ],
)
def test_titles_that_count_differently_are_apart(title: str, other: str, apart: bool) -> None:
    assert are_numbered_apart(title, other) is apart


def test_titles_that_differ_in_spelling_alone_share_a_key() -> None:
    assert title_key("Hello,  World!") == title_key("hello — world")
    assert len({title_key(f"Learning {name}") for name in ("C", "C++", "C#")}) == 3
    assert title_key("!!!") is None


async def test_a_feed_of_very_many_like_posts_makes_stories_of_a_bounded_size(
    planet: Planet, site: Site
) -> None:
    # Each entry of a story is compared with the next one: 100,000 in one would take hours.
    same = [
        Post("A photo", html(prose(1, 40)), guid=f"photo {n}", link=f"https://a.example.org/{n}")
        for n in range(200)
    ]
    found = await stories(planet, site, same)
    assert planet.store.feeds.summary().entries == 200
    assert 4 <= len(found) < 200
