"""What several feeds talk about is told, and what one of them, or all always, says is not."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from planet_mcp.models import Subscription
from planet_mcp.planet import Answer, Reading, TrendingResult
from planet_mcp.planet.trending import trending_topics
from planet_mcp.requests import TrendingRequest
from planet_mcp.store import Store
from tests.support.river import made, record

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
BLOGS = tuple(range(1, 13))
WORDS = "amber birch cedar delta ember flint grove haven inlet jetty knoll larch maple north ochre"
PAGE = "https://news.example.net/wheels"
FOOTER = "Made with [Generator](https://generator.example.net/), on [GitHub](https://github.com/)."


def text(*, seed: int, link: str = "") -> str:
    names = WORDS.split()
    words = " ".join(
        names[(seed * 7 + n * (seed % 5 + 1)) % len(names)] + str(seed) for n in range(40)
    )
    return f"{words} {link}"


class Week:
    """A planted week, perhaps after quiet ones in which each blog wrote about itself."""

    def __init__(self, path: Path, *, quiet_weeks: int = 0) -> None:
        self.store = Store(path)
        self._number = self.store.entries.newest_id()
        subscriptions = [
            Subscription(
                f"https://blog{blog}.example.org/feed",
                f"Blog {blog}",
                None,
                "Odd" if blog % 2 else None,
            )
            for blog in BLOGS
        ]
        self.store.feeds.subscribe(subscriptions, due_at=NOW)
        for week in range(quiet_weeks):
            for blog in BLOGS:
                self.post(blog, f"Notes {blog}{week} from my garden", days=10 + 7 * week)

    def post(self, blog: int, title: str, link: str = "", *, days: int = 2, url: str = "") -> None:
        self._number += 1
        number, published = self._number, NOW - timedelta(days=days, minutes=self._number)
        entry = made(
            f"key {number}",
            title,
            url=url or f"https://blog{blog}.example.org/{number}",
            published=published,
            text=f"{text(seed=number, link=link)}\n\n{FOOTER}",
            derived=False,
        )
        record(self.store, blog, [entry], now=published, title=f"Blog {blog}")

    def topics(self, **asked: str) -> Answer[TrendingResult]:
        with self.store.view():
            return trending_topics(Reading(self.store, NOW), TrendingRequest(**asked))


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of quiet weeks alone; to fill it takes longer than the tests."""
    path = tmp_path_factory.mktemp("weeks") / "quiet.sqlite"
    Week(path, quiet_weeks=3).store.close()
    return path


@pytest.fixture
def week(quiet: Path, tmp_path: Path) -> Iterator[Week]:
    path = tmp_path / "planet.sqlite"
    shutil.copy(quiet, path)
    planted = Week(path)
    yield planted
    planted.store.close()


def test_a_page_that_five_blogs_link_to_is_the_first_topic(week: Week) -> None:
    spellings = (PAGE, f"{PAGE}/", "http://news.example.net/wheels?utm_source=x", PAGE, PAGE)
    for blog, spelling in zip(BLOGS, spellings, strict=False):
        label = "Wheels for everyone" if blog > 2 else "here"
        week.post(blog, f"What I saw at {WORDS.split()[blog]}", f"[{label}]({spelling})")
    week.post(6, "Something else")

    answer = week.topics()
    (topic,) = answer.result.topics
    assert (topic.title, topic.feeds, len(topic.entries)) == ("Wheels for everyone", 5, 5)
    assert topic.url in spellings
    assert {entry.feed for entry in topic.entries} == {f"Blog {blog}" for blog in range(1, 6)}
    assert f"## Wheels for everyone · 5 feeds · {topic.url}" in answer.text


def test_an_entry_that_others_link_to_is_a_topic_with_its_own_feed(week: Week) -> None:
    url = "https://blog1.example.org/opinion"
    week.post(1, "Why I left the cloud", url=url, days=5)
    for blog in (2, 3, 4):
        week.post(blog, f"Answer of {WORDS.split()[blog]}", f"[an opinion]({url})")

    (topic,) = week.topics().result.topics
    assert (topic.title, topic.url, topic.feeds) == ("Why I left the cloud", url, 4)


def test_a_release_that_four_write_about_in_other_words_is_one_topic(week: Week) -> None:
    for blog, title in enumerate(
        (
            "Fastlib 2.0 is out",
            "What changes with fastlib 2.0",
            "Moving to Fastlib",
            "Notes on Fastlib 2.0",
        ),
        start=3,
    ):
        week.post(blog, title)
    week.post(1, "A walk in the garden")

    (topic,) = week.topics().result.topics
    assert topic.title.casefold() in {"fastlib", "fastlib 2.0"}
    assert topic.feeds in {3, 4}
    assert topic.url is None


def test_a_word_of_every_day_is_no_topic_of_a_long_time_and_what_was_talked_about_once_is(
    tmp_path: Path,
) -> None:
    week = Week(tmp_path / "long.sqlite")
    for month in range(20):
        for blog in (1 + month % 12, 1 + (month + 5) % 12):
            noun = WORDS.split()[(month + blog) % 15]
            week.post(blog, f"A faster library for {noun}{month}", days=30 * month + blog)
    for blog in (2, 4, 6, 8):
        week.post(blog, f"Fastlib as {WORDS.split()[blog]} has it", days=200 + blog)

    assert [topic.title for topic in week.topics(since="2y").result.topics] == ["Fastlib"]
    assert week.topics(since="60d").result.topics == []
    week.store.close()


def test_little_words_of_another_language_name_nothing(week: Week) -> None:
    for blog in BLOGS[:4]:
        week.post(blog, f"Les {WORDS.split()[blog]} après la {WORDS.split()[blog + 4]} à la une")

    assert week.topics().result.topics == []


def test_what_all_of_a_few_blogs_call_their_posts_is_no_subject(tmp_path: Path) -> None:
    week = Week(tmp_path / "few.sqlite")
    for blog in BLOGS[:5]:
        week.post(blog, f"Weekly notes {blog}{blog}")
    for blog in BLOGS[:3]:
        week.post(blog, f"On Fastlib {blog}.5")

    assert [topic.title for topic in week.topics().result.topics] == ["Fastlib"]
    week.store.close()


def test_what_stands_below_every_post_is_no_topic(week: Week) -> None:
    for blog in BLOGS:
        week.post(blog, f"{WORDS.split()[blog]} {WORDS.split()[blog + 2]}")

    assert week.topics().result.topics == []
    assert "0 topics" in week.topics().text
    assert "a longer time may have some" in (week.topics().result.notice or "")


@pytest.mark.parametrize("quiet_weeks", [0, 1])
def test_nor_is_it_in_a_young_planet(tmp_path: Path, quiet_weeks: int) -> None:
    week = Week(tmp_path / "young.sqlite", quiet_weeks=quiet_weeks)
    for blog in BLOGS[:6]:
        for day in (1, 2):
            week.post(blog, f"Day {day} of {WORDS.split()[blog]}", days=day)
    for blog in BLOGS[:4]:
        week.post(blog, f"On {WORDS.split()[blog + 6]}", f"[Wheels now]({PAGE})")

    assert [topic.title for topic in week.topics().result.topics] == ["Wheels now"]
    week.store.close()


def test_of_feeds_with_one_post_the_others_tell_what_stands_everywhere(tmp_path: Path) -> None:
    week = Week(tmp_path / "new.sqlite")
    for blog in BLOGS:
        link = f"[Wheels now]({PAGE})" if blog <= 5 else ""
        week.post(blog, f"{WORDS.split()[blog]} {WORDS.split()[blog + 2]}", link)

    assert [topic.title for topic in week.topics().result.topics] == ["Wheels now"]
    week.store.close()


def test_one_feed_alone_is_no_trend_however_often_it_says_so(week: Week) -> None:
    for number in range(10):
        week.post(1, f"Buy it now, {number}", f"[my shop](https://shop.example.net/{'x' * 9})")

    assert week.topics().result.topics == []


def test_a_page_that_many_always_link_to_is_none(week: Week) -> None:
    for blog in BLOGS:
        week.post(blog, f"Old {WORDS.split()[blog]}", "[docs](https://docs.example.net/)", days=9)
    for blog in (1, 2):
        week.post(blog, f"New {WORDS.split()[blog]}", "[docs](https://docs.example.net/)")

    assert week.topics().result.topics == []


def test_a_group_has_its_own_topics(week: Week) -> None:
    for blog in (1, 2, 4):
        week.post(blog, f"What I saw at {WORDS.split()[blog]}", f"[Wheels now]({PAGE})")

    assert len(week.topics().result.topics) == 1
    assert week.topics(group="odd").result.topics == []
    week.post(3, "One more", f"[Wheels now]({PAGE})")
    (topic,) = week.topics(group="odd").result.topics
    assert topic.feeds == 2


def test_the_period_is_what_was_asked_for_and_long_lists_are_cut_and_say_so(week: Week) -> None:
    for blog in BLOGS:
        week.post(blog, f"What I saw at {WORDS.split()[blog]}", f"[Wheels now]({PAGE})", days=5)

    assert week.topics(since="4d").result.topics == []
    (topic,) = week.topics(since="6d").result.topics
    assert (topic.feeds, len(topic.entries), topic.more_entries) == (12, 8, 4)
    assert "- and 4 more entries" in week.topics(since="6d").text
