"""The river's promises: each story exactly once, within max_chars, and what is left out is said."""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from planet_mcp.planet import fitting, watermarks
from planet_mcp.planet.answers import LatestEntry
from planet_mcp.planet.markdown import excerpt_lines
from planet_mcp.requests import Detail
from planet_mcp.store import Store
from tests.support.river import (
    ARRIVALS,
    CHOICES,
    EVENTS,
    FEEDS,
    PROCESSES,
    START,
    Arrival,
    Choice,
    Removal,
    Restart,
    World,
    ask,
    begun,
    copy_of,
    entries_of,
    made,
    prose,
    record,
    stories,
    subscribe,
    told_of,
    world_of,
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with three feeds that were read before anybody posted; to make one takes long."""
    return begun(tmp_path_factory.mktemp("river") / "empty.sqlite")


def beginning(store: Store) -> str:
    return watermarks.encode(0, identity=store.identity(), scope=None)


@dataclass(frozen=True)
class Reading:
    """One call of a reader, who goes on by the cursor or by the new watermark."""

    process: int
    reader: int
    max_chars: int
    by_cursor: bool


# Small answers, so that there is much to go on with, and mostly for the reader of all feeds.
_CHARS = st.integers(300, 1000)
_READERS = st.sampled_from([0, 0, 0, 1, 2, 3, 4])
_READINGS = st.builds(Reading, PROCESSES, _READERS, _CHARS, st.booleans())
_STEPS = st.lists(ARRIVALS | EVENTS | _READINGS | _READINGS, min_size=4, max_size=25)


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


# What was told becomes, by its new address, part of a story that was in its feed from the first.
_MOVED = (
    Arrival(0, 1, (*((n, None, None, 0, None) for n in range(2, 7)), (1, 0, None, 0, None))),
    Arrival(1, 2, ((7, None, None, 0, None),)),
    Reading(0, 0, 413, by_cursor=True),
    Arrival(1, 2, ((7, 0, None, 0, None),)),
)


@example(steps=[*_MOVED])
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
            store, shown = world.stores[0], reader.shown
            news = told_of(store, reader.feed, by_arrival=True, shown=shown)
            assert set(reader.told) >= set(news)
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
    before=st.lists(ARRIVALS, min_size=2, max_size=6),
    between=st.lists(EVENTS, max_size=12),
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
                f"Feed {feed} post {'x' * (number % 7)} {prose(feed * 1000 + number, 2)}",
                url=f"https://example.org/{feed}/{number}",
                published=START - timedelta(minutes=number * 11 + feed),
                text=prose(feed * 1000 + number, 50),
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
