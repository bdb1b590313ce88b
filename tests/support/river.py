"""A planet of three feeds that two processes read, and what may happen to it between two calls."""

import hashlib
import random
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st

from planet_mcp import planet
from planet_mcp.models import Content, ParsedEntry, ParsedFeed, Subscription
from planet_mcp.planet.answers import Answer, LatestEntry, LatestResult
from planet_mcp.planet.latest import latest_entries
from planet_mcp.requests import Detail, LatestRequest
from planet_mcp.store import Store
from planet_mcp.text.likeness import signature
from tests.support.recording import record_document

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
FEEDS = (1, 2, 3)
# What a reader may ask for: all feeds, one, or several.
Choice = tuple[int, ...] | None
CHOICES: tuple[Choice, ...] = (None, *((feed,) for feed in FEEDS), (1, 2))
ALWAYS = "40y"


def prose(seed: int, words: int) -> str:
    chance = random.Random(seed)
    return " ".join("".join(chance.choices("bdfklmnprstaeiou", k=5)) for _ in range(words))


TEXTS = ("", "Short.", prose(1, 60), prose(2, 60), f"{prose(1, 60)} {prose(3, 8)}")


def made(
    key: str, title: str, *, url: str | None, published: datetime | None, text: str, derived: bool
) -> ParsedEntry:
    spelled = repr((key, title, url, published, text))
    return ParsedEntry(
        key=key,
        url=url,
        title=title,
        title_derived=derived,
        authors=(),
        tags=(),
        published=published,
        updated=None,
        content=Content(markdown=text, text=text, excerpt=text[:300], words=len(text.split())),
        teaser=False,
        fingerprint=hashlib.sha256(spelled.encode()).hexdigest(),
        signature=signature(text),
    )


def record(
    store: Store,
    feed_id: int,
    entries: Sequence[ParsedEntry],
    *,
    now: datetime,
    title: str | None = None,
) -> None:
    parsed = ParsedFeed(title or f"Blog {feed_id}", None, None, None, tuple(entries))
    record_document(store, feed_id, parsed, now=now)


def subscribe(store: Store, feeds: Sequence[int] = FEEDS) -> None:
    urls = [Subscription(f"https://blog{feed_id}.example.org/feed") for feed_id in feeds]
    store.feeds.subscribe(urls, due_at=START)


def begun(path: Path) -> Path:
    """Make a database with three feeds that were read before anybody posted."""
    store = Store(path)
    subscribe(store)
    for feed in FEEDS:
        record(store, feed, [], now=START - timedelta(hours=1))
    store.close()
    return path


@contextmanager
def copy_of(empty: Path) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "planet.sqlite"
        shutil.copy(empty, path)
        yield path


def ask(  # the defaults are those of most tests
    store: Store,
    *,
    since: str = ALWAYS,
    watermark: str | None = None,
    feed: Choice = None,
    detail: Detail = "titles",
    max_chars: int = 1000,
    cursor: str | None = None,
    now: datetime = START,
) -> Answer[LatestResult]:
    with store.view():
        request = LatestRequest(
            since, [*feed] if feed else None, None, watermark, detail, max_chars, cursor
        )
        return latest_entries(planet.Reading(store, now), request)


def entries_of(answer: Answer[LatestResult]) -> list[LatestEntry]:
    return [each for day in answer.result.days for feed in day.feeds for each in feed.entries]


def stories(store: Store, feed: Choice, ids: Sequence[int] | None = None) -> list[int]:
    """Return the stories that entries tell: the first entry of each, within the feed if given."""
    with store.database.reading() as connection:
        told = dict(
            connection.execute("SELECT id, story_id FROM entries WHERE feed_id IS NOT NULL")
        )
        if feed:
            of_feed = connection.execute(
                f"SELECT story_id, min(id) FROM entries WHERE {_among(feed)} GROUP BY story_id"
            )
            first = dict(iter(of_feed))
            told = {entry: first[story] for entry, story in told.items() if story in first}
    return [told[each] for each in ids] if ids is not None else sorted(set(told.values()))


def _among(feed: Choice) -> str:
    return f"feed_id IN ({', '.join(map(str, feed or FEEDS))})"


def told_of(
    store: Store, feed: Choice, *, by_arrival: bool, shown: Sequence[int] = ()
) -> list[int]:
    """Return the stories of the river: those with news, or those that stand on a day.

    Of what was `shown` already, no story is asked for: it may have another one since then.
    """
    condition = "NOT archived" if by_arrival else "NOT (archived AND undated)"
    with store.database.reading() as connection:
        rows = connection.execute(
            f"SELECT id FROM entries AS e WHERE {condition} AND {_among(feed)}"
        ).fetchall()
    found = stories(store, feed, [row[0] for row in rows if row[0] not in shown])
    return sorted({*found} if by_arrival else {*found} & {row[0] for row in rows})


@dataclass
class World:
    """Two processes with one database, and the clock on their wall."""

    path: Path
    stores: list[Store] = field(default_factory=list)
    now: datetime = START
    revises: bool = True

    def __post_init__(self) -> None:
        self.stores = [Store(self.path), Store(self.path)]

    def pass_time(self) -> None:
        self.now += timedelta(minutes=7)

    def restart(self, process: int) -> None:
        self.stores[process].close()
        self.stores[process] = Store(self.path)

    def close(self) -> None:
        for store in self.stores:
            store.close()


@contextmanager
def world_of(empty: Path) -> Iterator[World]:
    with copy_of(empty) as path:
        world = World(path)
        try:
            yield world
        finally:
            world.close()


@dataclass(frozen=True)
class Arrival:
    """A document of a feed, as (key, address, title, text, hours ago) of its entries.

    Where the feed was removed, it is followed again.
    """

    process: int
    feed: int
    posts: tuple[tuple[int, int | None, int | None, int, int | None], ...]

    def happen(self, world: World) -> None:
        entries = [self._entry(world, *post) for post in self.posts]
        subscribe(world.stores[self.process], [self.feed])
        record(world.stores[self.process], self.feed, entries, now=world.now)

    def _entry(
        self,
        world: World,
        key: int,
        address: int | None,
        title: int | None,
        text: int,
        hours: int | None,
    ) -> ParsedEntry:
        return made(
            f"key {key}" if world.revises else f"key {key} at {world.now}",
            f"The title {'abcdefgh'[title]}{'x' * 9}" if title is not None else TEXTS[text][:40],
            url=f"https://example.org/{address}" if address is not None else None,
            published=world.now - timedelta(hours=hours) if hours is not None else None,
            text=TEXTS[text],
            derived=title is None,
        )


@dataclass(frozen=True)
class Restart:
    process: int

    def happen(self, world: World) -> None:
        world.restart(self.process)


@dataclass(frozen=True)
class Removal:
    process: int
    feed: int

    def happen(self, world: World) -> None:
        feeds = world.stores[self.process].feeds
        # One without entries would not be known any more, and no reader could name it.
        if feeds.get([self.feed], now=world.now)[self.feed].entries:
            feeds.unsubscribe([self.feed], delete_entries=False)


PROCESSES = st.integers(0, 1)
POSTS = st.tuples(
    st.integers(0, 7),
    st.none() | st.integers(0, 3),
    st.none() | st.integers(0, 3),
    st.integers(0, len(TEXTS) - 1),
    st.none() | st.sampled_from([-50, -2, 0, 1, 30, 24 * 90, 24 * 365 * 40]),
)
ARRIVALS = st.builds(
    Arrival,
    PROCESSES,
    st.sampled_from(FEEDS),
    st.lists(POSTS, min_size=1, max_size=8).map(tuple),
)
EVENTS = (
    ARRIVALS | st.builds(Restart, PROCESSES) | st.builds(Removal, PROCESSES, st.sampled_from(FEEDS))
)
