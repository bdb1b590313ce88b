"""A feed is found by whatever someone calls it, and never by mistake."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planet_mcp.errors import ArgumentError
from planet_mcp.models import FeedName
from planet_mcp.planet.lookup import Directory, find_feeds, find_group, squeezed

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def feed(number: int, title: str, url: str, site_url: str | None = None) -> FeedName:
    return FeedName(number, title, url, site_url)


def find(feeds: Sequence[FeedName], wanted: int | str) -> FeedName:
    return Directory(feeds).find(wanted)


FEEDS = (
    feed(1, "Planet Python", "https://planetpython.example/rss", "https://planetpython.example/"),
    feed(2, "Real Python", "https://realpython.example/atom.xml", "https://realpython.example/"),
    feed(3, "Ned's Blog", "https://ned.example/rss.xml", "https://www.ned.example/blog/"),
    feed(4, "Ned's Blog, comments", "https://ned.example/comments.xml", "https://ned.example/c"),
    feed(12, "404 Words", "https://words.example/2019/feed", None),
    feed(13, "Straße", "https://strasse.example/feed", None),
    feed(14, "Twins", "https://twins.example/a", "https://twins.example/"),
    feed(15, "Twins", "https://twins.example/b", "https://twins.example/"),
    feed(16, "https://bare.example/feed", "https://bare.example/feed", None),
    feed(18, "Feed 5 by five", "https://five.example/feed", None),
    feed(17, "Müllers Notizen", "https://mueller.example/feed", None),
)


@pytest.mark.parametrize(
    ("wanted", "number"),
    [
        (1, 1),
        ("2", 2),
        (" 12 ", 12),
        ("https://ned.example/rss.xml", 3),
        ("http://www.ned.example/rss.xml/", 3),
        ("HTTPS://Realpython.example/atom.xml#top", 2),
        ("https://realpython.example/?utm_source=x", 2),
        ("https://realpython.example", 2),
        ("https://ned.example/blog", 3),
        ("Real Python", 2),
        ("real PYTHON", 2),
        ("ned's blog", 3),
        ("STRASSE", 13),
        ("MU\u0308LLERS NOTIZEN", 17),
        ("planet", 1),
        ("planetpy", 1),
        ("comments", 4),
        ("words.example", 12),
        ("404 words", 12),
        # As answers write an id; a title that begins so is nearer.
        *(("feed 4", 4), ("Feed_id: 4", 4), ("#4", 4), ("[4]", 4), ("Feed 5", 18)),
        ("https://bare.example/feed", 16),
        # Other signs, no accents, another order, and what is said of any feed.
        ("planet-python", 1),
        ("the Real Python blog", 2),
        ("Python, Real", 2),
        ("Ned\u2019s Blog, comments", 4),
        ('"Mullers Notizen"', 17),
        ("12.0", 12),
    ],
)
def test_a_feed_is_found_by_id_url_site_title_or_a_unique_part(
    wanted: int | str, number: int
) -> None:
    assert find(FEEDS, wanted).id == number


def test_what_is_to_be_removed_is_called_by_its_own_name() -> None:
    assert find(FEEDS, "the real-python blog").id == 2
    with pytest.raises(ArgumentError, match="No feed fits"):
        Directory(FEEDS).find("the real-python blog", exactly=True)
    assert Directory(FEEDS).find("real python", exactly=True).id == 2


def test_a_word_for_all_feeds_is_no_part_of_a_name() -> None:
    halls = feed(1, "Halls and balls", "https://halls.example/feed")
    called = feed(2, "Any", "https://called.example/feed")

    for wanted in ("all", " ALL ", "*", "every", "none"):
        assert find_feeds([halls, called], wanted, None) is None
        with pytest.raises(ArgumentError, match="No feed fits"):
            Directory([halls, called]).find(wanted, exactly=True)
    # One is called so, or others are named beside.
    assert find_feeds([halls, called], "any", None) == (2,)
    with pytest.raises(ArgumentError, match="No feed fits 'all'"):
        find_feeds([halls], ["all", 1], None)
    assert find_feeds([halls, called], "alls", None) == (1,)


def test_feeds_of_one_name_that_is_near_are_all_named() -> None:
    twins = [feed(n, "Twins", f"https://twins.example/{n}") for n in (1, 2)]
    with pytest.raises(ArgumentError, match=r'"Twins" \(feed_id 1\); "Twins" \(feed_id 2\)\.'):
        find(twins, "Twims")


@pytest.mark.parametrize(
    ("wanted", "listed"),
    [
        ("python", ['"Planet Python" (feed_id 1)', '"Real Python" (feed_id 2)']),
        ("Twins", ['"Twins" (feed_id 14)', '"Twins" (feed_id 15)']),
        ("https://twins.example/", ['"Twins" (feed_id 14)', '"Twins" (feed_id 15)']),
    ],
)
def test_a_name_that_fits_several_feeds_lists_them_with_their_ids(
    wanted: str, listed: list[str]
) -> None:
    with pytest.raises(ArgumentError, match="Give the feed id") as caught:
        find(FEEDS, wanted)

    assert str(caught.value).startswith(f"{len(listed)} feeds fit ")
    assert all(item in str(caught.value) for item in listed)


def test_a_name_that_fits_nothing_lists_the_nearest_feeds() -> None:
    with pytest.raises(ArgumentError, match=r"No feed fits 'Reel Pyton'\. Nearest: ") as caught:
        find(FEEDS, "Reel Pyton")

    nearest = str(caught.value).partition("Nearest: ")[2].split("; ")
    assert nearest[0].startswith('"Real Python" (feed_id 2)')
    with pytest.raises(
        ArgumentError, match=r"No feed fits 'nonsuch'\. None has a title that is near"
    ):
        find(FEEDS, "nonsuch")


@pytest.mark.parametrize("wanted", [4, 9, " 9 ", 19, "2019", 201, "404", "-1", "4.0"])
def test_a_number_that_is_no_id_is_never_taken_for_a_part_of_a_name(wanted: int | str) -> None:
    others = [item for item in FEEDS if item.id != 4]

    with pytest.raises(ArgumentError, match="No feed fits"):
        find(others, wanted)


@pytest.mark.parametrize("wanted", ["", " ", "\n"])
def test_nothing_fits_no_feed(wanted: str) -> None:
    for feeds in (FEEDS, FEEDS[:1]):
        with pytest.raises(ArgumentError, match="No feed fits ''"):
            find(feeds, wanted)


def test_without_feeds_the_error_says_how_to_add_some() -> None:
    with pytest.raises(ArgumentError, match="add one"):
        find((), "python")


def test_an_error_repeats_a_long_name_only_in_part() -> None:
    with pytest.raises(ArgumentError) as caught:
        find(FEEDS, "x" * 10_000)

    assert len(str(caught.value)) < 1_000


@given(st.text(), st.permutations(FEEDS))
def test_the_order_of_the_feeds_does_not_decide(wanted: str, feeds: Sequence[FeedName]) -> None:
    assert outcome(feeds, wanted) == outcome(FEEDS, wanted)


def outcome(feeds: Sequence[FeedName], wanted: str) -> int | None:
    try:
        return find(feeds, wanted).id
    except ArgumentError:
        return None


@given(st.text(min_size=1))
def test_whatever_is_found_bears_the_name(wanted: str) -> None:
    number = outcome(FEEDS, wanted)

    if number is not None:
        found = next(item for item in FEEDS if item.id == number)
        named = f"{found.id}\n{found.title}\n{found.url}\n{found.site_url}"
        words = map(squeezed, re.split(r"[\s_-]+", wanted))
        assert wanted.strip().casefold() in named.casefold() or all(
            word in squeezed(named) for word in words
        )


# ---------------------------------------------------------------- several, and groups of them
GROUPED = tuple(
    replace(each, group=group)
    for each, group in zip(FEEDS, ("News", "Tutorials", "Friends", "friends"), strict=False)
)


@pytest.mark.parametrize(
    ("wanted", "group", "numbers"),
    [
        (None, None, None),
        (2, None, (2,)),
        (["Real Python", 1], None, (1, 2)),
        ([1, "1", "Planet Python"], None, (1,)),
        (None, "tutorials", (2,)),
        (None, "FRIENDS", (3, 4)),
        (None, "tut", (2,)),
        ([3, 1], "friends", (3,)),
        # Several in one text, unless it is one name.
        ("1, 2 and #3", None, (1, 2, 3)),
        ("['Real Python', 'planet']", None, (1, 2)),
        ("Real Python; comments", None, (2, 4)),
        ("Ned's Blog, comments", None, (4,)),
    ],
)
def test_feeds_are_named_one_by_one_or_as_a_group(
    wanted: int | str | list[int | str] | None, group: str | None, numbers: tuple[int, ...] | None
) -> None:
    assert find_feeds(GROUPED, wanted, group) == numbers


@pytest.mark.parametrize(
    ("wanted", "group", "words"),
    [
        ([1, "nobody"], None, "No feed fits 'nobody'"),
        ("1, nobody", None, "No feed fits 'nobody'"),
        (1, "friends", "The group 'friends' has none of these feeds"),
        (None, "tutorial videos", "No group fits 'tutorial videos'. There are: \"Tutorials\"."),
        (None, "s", "3 groups fit 's'. There are: "),
    ],
)
def test_feeds_that_are_not_there_are_refused_with_what_is(
    wanted: int | str | list[int | str] | None, group: str | None, words: str
) -> None:
    with pytest.raises(ArgumentError, match=words):
        find_feeds(GROUPED, wanted, group)


def test_where_there_are_no_groups_it_says_where_they_come_from() -> None:
    with pytest.raises(ArgumentError, match=r"no feed is in a group. Groups are the folders"):
        find_feeds(FEEDS, None, "friends")


@pytest.mark.parametrize("wanted", ["Künste", "künste", "KU\u0308NSTE", " küns"])
def test_a_group_is_found_however_its_umlauts_are_written(wanted: str) -> None:
    for stored in ("Künste", "Ku\u0308nste"):
        assert find_group([stored, "Web"], wanted) == stored
