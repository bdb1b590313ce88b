"""Which entries of one feed are one story: both sides of each rule."""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from planet_mcp.models import Content, ParsedEntry, ParsedFeed, Subscription
from planet_mcp.store import Store
from planet_mcp.text import signature
from tests.support.recording import record_document

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def prose(seed: int, words: int = 80) -> str:
    """Return made-up text that shares hardly a run of words with that of another seed."""
    chance = random.Random(seed)
    return " ".join("".join(chance.choices("bdfklmnprstaeiou", k=6)) for _ in range(words))


@dataclass(frozen=True)
class Post:
    """An entry of the feed: `age` in hours, None for one without a date; `at` names its page."""

    title: str
    text: str = ""
    age: float | None = 0
    at: str | None = ""
    author: str = ""
    derived: bool = False


def entry(post: Post, number: int) -> ParsedEntry:
    return ParsedEntry(
        key=f"id:{number}",
        url=None if post.at is None else f"https://a.example.org/{post.at or number}",
        title=post.title,
        title_derived=post.derived,
        authors=(post.author,) if post.author else (),
        tags=(),
        published=None if post.age is None else NOW - timedelta(hours=post.age + 1),
        updated=None,
        content=Content(post.text, post.text, post.text[:200], len(post.text.split())),
        teaser=False,
        fingerprint=hashlib.sha256(repr(post).encode()).hexdigest(),
        signature=signature(post.text),
    )


def stories_of(database: Path, posts: Sequence[Post]) -> list[list[int]]:
    """Store the posts as one document of one feed; returns their numbers, story by story."""
    store = Store(database)
    store.feeds.subscribe([Subscription("https://a.example.org/feed")], due_at=NOW)
    document = [entry(post, number) for number, post in enumerate(posts)]
    record_document(store, 1, ParsedFeed("Blog", None, None, None, tuple(document)), now=NOW)
    with store.view(), store.database.reading() as connection:
        rows = connection.execute("SELECT story_id, substr(key, 4) FROM entries").fetchall()
    store.close()
    stories: dict[int, list[int]] = {}
    for story, number in rows:
        stories.setdefault(story, []).append(int(number))
    return sorted(map(sorted, stories.values()))


TEXT, ALARM = prose(1), f"The service {{}} {prose(9, 60)}"
DAILY = range(0, 24 * 6, 24)

APART = {
    "an alarm and its end": [
        Post("Investigating: answers slowly", ALARM.format("answers slowly"), 2, "incident"),
        Post("Resolved: answers again", ALARM.format("answers again"), 1, "incident"),
    ],
    "an alarm and its end in a few words": [
        Post("Investigating: slow answers", "We are looking into slow answers.", 2),
        Post("Resolved: slow answers", "We are looking into slow answers.", 1),
    ],
    "alarms of one title that ring again": [
        Post("Disk is full", "Look at the dashboard.", age, "dashboard") for age in (9, 5, 0)
    ],
    "states of a build": [
        Post("Running => Broken", "Build of main", 2, "build"),
        Post("Broken => Running", "Build of main", 1, "build"),
    ],
    "a build that failed and passed with the same message": [
        Post("main: build failed", TEXT, 2, "commit"),
        Post("main: build passed", TEXT, 1, "commit"),
    ],
    "an issue that was opened and closed": [
        Post("Ada opened an issue: crash at start", TEXT, 30, "issue/7"),
        Post("Ada closed an issue: crash at start", TEXT, 1, "issue/7"),
    ],
    "a form filled in for two names": [
        Post("Deployment", f"alpha was deployed {prose(3)}", 2),
        Post("Deployment", f"gamma was deployed {prose(3)}", 1),
    ],
    "a form filled in with two numbers": [
        Post("Price of silver", f"{prose(3)} {price} euros {prose(4)}", age)
        for price, age in ((211, 24), (212, 0))
    ],
    "the weather in a few words": [
        Post("Berlin", f"{degrees} degrees, sunny and dry", age, "berlin")
        for degrees, age in ((9, 24), (11, 0))
    ],
    "the same few words every day at one address": [
        Post("Backup", "All went well.", age, "backups") for age in DAILY
    ],
    "links of every day": [Post("Links", prose(age), age) for age in DAILY],
    "links of every day, some of them a picture": [
        Post("Links", "" if age % 72 else prose(age), age) for age in DAILY
    ],
    "pictures of every day": [Post("Photo of the day", "", age) for age in DAILY],
    "a text between two pictures": [
        Post("Notes", "", 30), Post("Notes", TEXT, 20), Post("Notes", "", 10)
    ],
    "a film and its short": [
        Post("For the birds", TEXT, 20), Post("For the birds", TEXT[:100], 10)
    ],
    "releases without text at addresses of their own": [
        Post("Release", "", age, f"v{age}") for age in (3, 2, 1)
    ],
    "sections of a page without dates": [
        Post("Examples", prose(n), None, f"page#{n}") for n in range(4)
    ],
    "sections of a page that are short": [
        Post("Examples", "Examples", None, f"page#{n}") for n in range(4)
    ],
    "sections with one text at one address": [
        Post("Examples", prose(n), None, "page") for n in range(4)
    ],
    "a question and an answer that quotes all of it": [
        Post("Re: crash at start", prose(5, 200), 3, "thread", "Ada"),
        Post("Re: crash at start", f"{prose(5, 200)} Same here.", 2, "thread", "Bob"),
    ],
    "a question and an answer at addresses of their own": [
        Post("crash at start", prose(5, 200), 3, author="Ada"),
        Post("crash at start", f"{prose(5, 200)} Same here.", 2, author="Bob"),
    ],
    "parts of a series": [Post("Part 1", TEXT, 2), Post("Part 2", TEXT, 1)],
    "a title of one script whose signs are words": [
        Post("服务已经中断一次", TEXT, 2), Post("服务已经恢复一次", TEXT, 1)
    ],
    "one text of notes without titles, weeks apart": [
        Post(TEXT[:50], TEXT, 24 * 30, derived=True), Post(TEXT[:50], TEXT, 0, derived=True)
    ],
    "reports without an address, of two days": [
        Post("Backup done", TEXT, 24, None), Post("Backup done", TEXT, 0, None)
    ],
    "one title and text a month apart": [Post("Meeting", TEXT, 24 * 30), Post("Meeting", TEXT, 0)],
}  # fmt: skip


@pytest.mark.parametrize("posts", APART.values(), ids=APART)
@pytest.mark.parametrize("order", ["as listed", "reversed"])
def test_news_that_looks_alike_stays_apart(database: Path, posts: list[Post], order: str) -> None:
    listed = posts if order == "as listed" else posts[::-1]

    assert stories_of(database, listed) == [[number] for number in range(len(posts))]


ONE = {
    "two copies at one address": [Post("A post", TEXT, 2, "post"), Post("A post", TEXT, 2, "post")],
    "two short copies at one address": [
        Post("A post", "In a few words, with a picture.", 2, "post"),
        Post("A post", "In a few words, with a picture.", 2, "post"),
    ],
    "a teaser at the address of its text": [
        Post("A post", " ".join([*TEXT.split()[:50], "read", "more"]), 2, "post"),
        Post("A post", TEXT, 2, "post"),
    ],
    "a title without text at the address of its text": [
        Post("A post", "", 2, "post"), Post("A post", TEXT, 1, "post")
    ],
    "a title without text and the text that opens with it": [
        Post("Why we rewrote it", "", 2),
        Post("Why we rewrote it all", f"Why we rewrote it. {TEXT}", 3, derived=True),
    ],
    "published anew with a typing error less": [
        Post("A post", TEXT.replace(TEXT.split()[30], TEXT.split()[30][:-1] + "xy"), 20, "psot"),
        Post("A post", TEXT.replace(TEXT.split()[30], TEXT.split()[30] + "y"), 1, "post"),
    ],
    "published anew with a typing error less in the title": [
        Post("Anouncing our importer", TEXT, 20, "anouncing"),
        Post("Announcing our importer", f"{TEXT} {prose(8, 3)}", 1, "announcing"),
    ],
    "one article of two sections on two days": [
        Post("How horses see cars", TEXT, 27, author="Daily North"),
        Post("How horses see cars", TEXT, 0, author="Daily South"),
    ],
    "two copies without dates": [Post("A post", TEXT, None), Post("A post", TEXT, None)],
}  # fmt: skip


@pytest.mark.parametrize("posts", ONE.values(), ids=ONE)
@pytest.mark.parametrize("order", ["as listed", "reversed"])
def test_what_is_listed_twice_is_shown_once(database: Path, posts: list[Post], order: str) -> None:
    listed = posts if order == "as listed" else posts[::-1]

    assert stories_of(database, listed) == [[0, 1]]


def test_what_is_said_every_day_is_no_copy_from_the_third_time_on(database: Path) -> None:
    threads = [Post("What are you reading?", TEXT, age) for age in range(0, 24 * 8, 24)]

    assert len(stories_of(database, threads)) == len(threads) - 1


def test_likeness_is_not_handed_on(database: Path) -> None:
    words = prose(6, 100).split()
    chain = [" ".join([*words, *prose(7, 14).split()[:length]]) for length in (0, 7, 14)]

    stories = stories_of(database, [Post("A post", text, 2) for text in chain])

    # The second is like both others, which are too different from each other.
    assert stories == [[0], [1, 2]]
