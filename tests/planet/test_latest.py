"""The river's promises: each story exactly once, within max_chars, and what is left out is said."""

import hashlib
import random
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from planet_mcp import planet
from planet_mcp.models import Content, ParsedEntry, ParsedFeed, Subscription
from planet_mcp.planet import fitting, watermarks
from planet_mcp.planet.answers import Answer, LatestEntry, LatestResult
from planet_mcp.planet.latest import latest_entries
from planet_mcp.planet.markdown import excerpt_lines
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


def _prose(seed: int, words: int) -> str:
    chance = random.Random(seed)
    return " ".join("".join(chance.choices("bdfklmnprstaeiou", k=5)) for _ in range(words))


TEXTS = ("", "Short.", _prose(1, 60), _prose(2, 60), f"{_prose(1, 60)} {_prose(3, 8)}")


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


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with three feeds that were read before anybody posted; to make one takes long."""
    return begun(tmp_path_factory.mktemp("river") / "empty.sqlite")


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


def beginning(store: Store) -> str:
    return watermarks.encode(0, identity=store.identity(), scope=None)


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


def told_of(store: Store, feed: Choice, *, by_arrival: bool) -> list[int]:
    """Return the stories of the river: those with news, or those that stand on a day."""
    condition = "NOT archived" if by_arrival else "NOT (archived AND undated)"
    with store.database.reading() as connection:
        rows = connection.execute(
            f"SELECT id FROM entries AS e WHERE {condition} AND {_among(feed)}"
        ).fetchall()
    found = stories(store, feed, [row[0] for row in rows])
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


@dataclass(frozen=True)
class Reading:
    """One call of a reader, who goes on by the cursor or by the new watermark."""

    process: int
    reader: int
    max_chars: int
    by_cursor: bool


_PROCESSES = st.integers(0, 1)
_POSTS = st.tuples(
    st.integers(0, 7),
    st.none() | st.integers(0, 3),
    st.none() | st.integers(0, 3),
    st.integers(0, len(TEXTS) - 1),
    st.none() | st.sampled_from([-50, -2, 0, 1, 30, 24 * 90, 24 * 365 * 40]),
)
_ARRIVALS = st.builds(
    Arrival,
    _PROCESSES,
    st.sampled_from(FEEDS),
    st.lists(_POSTS, min_size=1, max_size=8).map(tuple),
)
# Small answers, so that there is much to go on with, and mostly for the reader of all feeds.
_CHARS = st.integers(300, 1000)
_READERS = st.sampled_from([0, 0, 0, 1, 2, 3, 4])
_READINGS = st.builds(Reading, _PROCESSES, _READERS, _CHARS, st.booleans())
_EVENTS = (
    _ARRIVALS
    | st.builds(Restart, _PROCESSES)
    | st.builds(Removal, _PROCESSES, st.sampled_from(FEEDS))
)
_STEPS = st.lists(_ARRIVALS | _EVENTS | _READINGS | _READINGS, min_size=4, max_size=25)


@dataclass
class Reader:
    """Who began with an empty database and asks what was stored since."""

    feed: Choice
    mark: str
    cursor: str | None = None
    shown: list[int] = field(default_factory=list)
    told: list[int] = field(default_factory=list)

    def read(self, world: World, reading: Reading) -> bool:
        """Read once; says whether there may be more."""
        store = world.stores[reading.process]
        went_on = self.cursor is not None
        answer = ask(
            store,
            watermark=self.mark,
            feed=self.feed,
            max_chars=reading.max_chars,
            cursor=self.cursor,
            now=world.now,
        )
        ids = [entry.entry_id for entry in entries_of(answer)]
        self.shown += ids
        self.told += stories(store, self.feed, ids)
        self.cursor = answer.result.next_cursor if reading.by_cursor else None
        if self.cursor is None:
            self.mark = answer.result.watermark
        # What a cursor was given for may have become part of stories told before.
        return went_on or bool(ids)


@settings(max_examples=60, deadline=None)
@given(steps=_STEPS)
def test_a_reader_with_a_watermark_is_told_each_story_exactly_once(
    empty: Path, steps: list[Arrival | Restart | Removal | Reading]
) -> None:
    with world_of(empty) as world:
        mark = beginning(world.stores[0])
        readers = [Reader(feed, mark) for feed in CHOICES]
        for step in steps:
            world.pass_time()
            if isinstance(step, Reading):
                readers[step.reader].read(world, step)
            else:
                step.happen(world)
        for reader in readers:
            while reader.read(world, Reading(0, 0, 1000, by_cursor=False)):
                pass

        for reader in readers:
            # Stories that became one after both were told were two when they were told.
            assert set(reader.told) >= set(told_of(world.stores[0], reader.feed, by_arrival=True))
            assert max(Counter(reader.told).values(), default=1) == 1
            assert max(Counter(reader.shown).values(), default=1) == 1


# A dated title of feed 3 becomes part of a story of feed 2 by a text that comes between two pages.
_NOTHING = (0, None, None, 0, None)
_BRIDGED = (
    Arrival(0, 1, (_NOTHING,)),
    Arrival(0, 2, (*[_NOTHING] * 6, (1, None, None, 2, None), _NOTHING)),
    Arrival(0, 3, (*[_NOTHING] * 3, (1, None, 2, 0, 1))),
)
_BRIDGE = Arrival(0, 3, ((0, None, 2, 2, None), *[_NOTHING] * 3))
# A text takes the date of a duplicate whose feed then takes that date back, all between two pages.
_UNDATED = (
    Arrival(0, 1, (_NOTHING,)),
    Arrival(0, 1, (_NOTHING,)),
    Arrival(0, 1, (_NOTHING, (5, None, None, 3, None), (6, 2, None, 2, None), _NOTHING)),
    *[Arrival(0, 1, (_NOTHING,))] * 3,
)
_DATED_FOR_A_WHILE = (
    *[Restart(0)] * 5,
    Arrival(0, 3, (_NOTHING, (6, None, 0, 3, 30), _NOTHING)),
    Arrival(0, 3, (_NOTHING, (6, None, 0, 3, None))),
)


@example(before=[*_BRIDGED], between=[_BRIDGE], feed=(2,), max_chars=300)
@example(before=[*_UNDATED], between=[*_DATED_FOR_A_WHILE], feed=None, max_chars=300)
@settings(max_examples=60, deadline=None)
@given(
    before=st.lists(_ARRIVALS, min_size=2, max_size=6),
    between=st.lists(_EVENTS, max_size=12),
    feed=st.sampled_from(CHOICES),
    max_chars=st.integers(300, 900),
)
def test_paging_by_time_shows_each_story_of_the_first_page_once_whatever_arrives(
    empty: Path,
    before: list[Arrival],
    between: list[Arrival | Restart | Removal],
    feed: Choice,
    max_chars: int,
) -> None:
    with world_of(empty) as world:
        # A revision may take an entry's date back, and where it stood is stored nowhere.
        world.revises = False
        for event in before:
            world.pass_time()
            event.happen(world)
        snapshot = told_of(world.stores[0], feed, by_arrival=False)
        shown: list[int] = []
        cursor = None
        events = iter(between)
        while True:
            answer = ask(
                world.stores[0], feed=feed, max_chars=max_chars, cursor=cursor, now=world.now
            )
            shown += [entry.entry_id for entry in entries_of(answer)]
            cursor = answer.result.next_cursor
            if cursor is None:
                break
            for arriving in islice(events, 2):
                world.pass_time()
                arriving.happen(world)

        there = Counter(stories(world.stores[0], feed, snapshot))
        told = Counter(stories(world.stores[0], feed, shown))
        assert told.keys() == there.keys()
        # Two stories that became one between two pages may be told on both.
        assert all(told[story] <= there[story] for story in told)


@pytest.mark.parametrize("hours", [24 * 30, 1])
def test_a_story_that_takes_another_date_between_two_pages_is_shown_once(
    empty: Path, hours: int
) -> None:
    with world_of(empty) as world:
        Arrival(0, 1, ((1, 1, 1, 0, None), *((n, n, n, 2, 5 + n) for n in (2, 3, 5)))).happen(world)
        first = ask(world.stores[0], max_chars=560, now=world.now)
        world.now += timedelta(hours=hours / 2)
        Arrival(1, 2, ((1, 1, 1, 0, hours),)).happen(world)
        shown = [entry.entry_id for entry in entries_of(first)]
        cursor = first.result.next_cursor
        while cursor:
            page = ask(world.stores[0], max_chars=560, cursor=cursor, now=world.now)
            shown += [entry.entry_id for entry in entries_of(page)]
            cursor = page.result.next_cursor

    assert first.result.next_cursor
    assert sorted(shown) == [1, 2, 3, 4]


# What fits


_WILD = st.text(
    st.sampled_from('ab c"\\\n,:![]\t\x01é😀')
    | st.characters(codec="utf-8", exclude_categories=["Cs"]),
    max_size=400,
)
_WILD_POSTS = st.tuples(
    _WILD.map(lambda text: " ".join(text.split())[:280] or "-"),
    st.none() | _WILD.map(lambda text: f"https://example.org/{text}"[:600]),
    st.integers(1, 6).flatmap(lambda times: _WILD.map(lambda text: (text * times)[:2500])),
    st.integers(0, 100),
)


@settings(max_examples=40, deadline=None)
@given(
    posts=st.lists(_WILD_POSTS, max_size=24),
    names=st.tuples(_WILD, _WILD, _WILD),
    detail=st.sampled_from(["titles", "excerpts", "full"]),
    max_chars=st.integers(300, 9000),
    by_watermark=st.booleans(),
)
def test_no_answer_is_longer_than_asked_for_and_the_cursor_comes_to_an_end(
    empty: Path,
    posts: list[tuple[str, str | None, str, int]],
    names: tuple[str, str, str],
    detail: Detail,
    max_chars: int,
    by_watermark: bool,
) -> None:
    with copy_of(empty) as path:
        store = Store(path)
        for feed, name in zip(FEEDS, names, strict=True):
            entries = [
                made(f"{number}", title, url=url, published=START - timedelta(hours=hours),
                     text=text, derived=False)
                for number, (title, url, text, hours) in enumerate(posts)
                if number % len(FEEDS) == feed - 1
            ]  # fmt: skip
            record(store, feed, entries, now=START, title=name or None)
        mark = beginning(store) if by_watermark else None
        told: list[int] = []
        cursor = None
        while True:
            answer = ask(store, watermark=mark, detail=detail, max_chars=max_chars, cursor=cursor)
            shown = entries_of(answer)
            told += stories(store, None, [entry.entry_id for entry in shown])
            if fitting.size(answer) > max_chars:
                assert len(shown) <= 1
                assert answer.result.notice is None
                assert not any(entry.excerpt or entry.text for entry in shown)
            cursor = answer.result.next_cursor
            if cursor is None:
                break
            assert shown
        assert sorted(told) == stories(store, None)
        store.close()


def fill(store: Store, counts: dict[int, int]) -> None:
    """Give each feed so many entries, in turns."""
    for feed, count in counts.items():
        entries = [
            made(
                f"{feed}/{number}",
                f"Feed {feed} post {'x' * (number % 7)} {_prose(feed * 1000 + number, 2)}",
                url=f"https://example.org/{feed}/{number}",
                published=START - timedelta(minutes=number * 11 + feed),
                text=_prose(feed * 1000 + number, 50),
                derived=False,
            )
            for number in range(count)
        ]
        record(store, feed, entries, now=START, title=f"A blog with quite a long title {feed}")


def test_what_there_is_no_space_for_is_counted_by_feed_the_biggest_first(database: Path) -> None:
    store = Store(database)
    feeds = range(1, 13)
    subscribe(store, feeds)
    fill(store, {feed: 2 + feed * 3 for feed in feeds})

    answer = ask(store, since="7d", detail="excerpts", max_chars=8000)

    notice = answer.result.notice or ""
    shown = Counter(feed.feed_id for day in answer.result.days for feed in day.feeds
                    for _ in feed.entries)  # fmt: skip
    named = {int(feed): int(left) for feed, left in re.findall(r"\(feed (\d+)\) (\d+)", notice)}
    assert named == {feed: 2 + feed * 3 - shown[feed] for feed in named}
    assert list(named.values()) == sorted(named.values(), reverse=True)
    others = re.search(r", (\d+) other feeds (\d+)\.", notice)
    assert others
    assert len(named) + int(others[1]) == sum(2 + feed * 3 > shown[feed] for feed in feeds)
    assert answer.result.total == shown.total() + sum(named.values()) + int(others[2])
    assert f"latest_entries(feed={max(named)})" in notice
    assert len(notice) < 500
    assert fitting.size(answer) <= 8000
    assert f"Note: {notice}\n" in answer.text
    store.close()


def test_what_is_left_out_shrinks_from_page_to_page_to_nothing(database: Path) -> None:
    store = Store(database)
    subscribe(store)
    fill(store, {1: 40, 2: 3, 3: 1})
    mark = beginning(store)
    cursor, told, notices = None, 0, []
    while True:
        answer = ask(store, watermark=mark, max_chars=3000, cursor=cursor)
        told += len(entries_of(answer))
        notices.append(answer.result.notice)
        cursor = answer.result.next_cursor
        if cursor is None:
            break
        counted = re.findall(r"\) (\d+)", answer.result.notice or "")
        assert sum(map(int, counted)) == 44 - told
        assert re.search(rf'latest_entries\(feed=\d+, watermark="{mark}"\)', notices[-1] or "")
    store.close()

    assert told == 44
    assert len(notices) > 2
    assert notices[-1] is None


def test_what_is_left_out_of_one_feed_is_a_number(database: Path) -> None:
    store = Store(database)
    subscribe(store)
    fill(store, {1: 40, 2: 3})

    answer = ask(store, feed=(1,), max_chars=2000)

    left = 40 - len(entries_of(answer))
    assert answer.result.notice == (
        f"Left out by max_chars: {left} entries. For them, pass next_cursor as cursor."
    )
    store.close()


def test_a_small_answer_counts_what_it_leaves_out_without_naming_feeds(database: Path) -> None:
    store = Store(database)
    subscribe(store)
    fill(store, {1: 40, 2: 3})

    answer = ask(store, max_chars=800)

    left = 43 - len(entries_of(answer))
    assert answer.result.notice == (
        f"Left out by max_chars: 2 feeds {left}. For all of them, pass next_cursor as cursor."
    )
    store.close()


@example(texts=['":' * 200, ',"' * 200], space=500)
@example(texts=["short", "word " * 100, "word " * 50], space=400)
@given(texts=st.lists(_WILD, max_size=6), space=st.integers(-10, 2500))
def test_texts_share_the_room_evenly_and_use_it_up(texts: list[str], space: int) -> None:
    most = 300

    def needed(chars: int) -> int:
        entry = LatestEntry(entry_id=1, title="-", published="-")
        told = [entry.model_copy(update={"excerpt": fitting.cut(t, chars) or None}) for t in texts]
        return sum(each.json_chars() - entry.json_chars() for each in told)

    chars = fitting.share(texts, space=fitting.Size(10**6, space), most=most, lines=excerpt_lines)

    assert chars == 0 or needed(chars) <= space
    if space >= 0 and chars < min(most, max(map(len, texts), default=0)):
        assert needed(max(chars + 1, fitting.MIN_TEXT_CHARS)) > space
