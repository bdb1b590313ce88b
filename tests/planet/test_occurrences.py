"""Whoever keeps its cursor is told each arrival, in order; what can be told no more is said."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planet_mcp import planet
from planet_mcp.errors import ArgumentError
from planet_mcp.models import ParsedEntry, Subscription
from planet_mcp.planet.occurrences import OccurrenceQuery, Occurrences, arrivals, feed_changes
from planet_mcp.requests import ArrivalsRequest, FeedChangesRequest
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
    begun,
    copy_of,
    made,
    record,
    world_of,
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with three feeds that were read before anybody posted."""
    return begun(tmp_path_factory.mktemp("events") / "empty.sqlite")


@pytest.fixture
def store(empty: Path) -> Iterator[Store]:
    with copy_of(empty) as path:
        opened = Store(path)
        yield opened
        opened.close()


def tell(
    store: Store,
    request: ArrivalsRequest = ArrivalsRequest(),  # noqa: B008 - it is frozen
    *,
    cursor: str | None,
    limit: int = 100,
    max_age: timedelta | None = None,
) -> Occurrences:
    with store.view():
        asked = OccurrenceQuery(request, cursor, limit, max_age)
        return arrivals(planet.Reading(store, START), asked)


def number(cursor: str) -> int:
    return int(cursor.split("-")[1])


def post(store: Store, *keys: str, feed: int = 1) -> None:
    entries = [
        made(key, f"About {key}", url=None, published=START, text=f"Of {key}.", derived=False)
        for key in keys
    ]
    record(store, feed, entries, now=START)


def titles(told: Occurrences) -> list[str]:
    return [each.data["title"] for each in told.occurrences]


# What subscribers are promised


@dataclass(frozen=True)
class Call:
    """A poll, or a stream that is cut: of what came, only so much was kept with its cursor."""

    process: int
    subscriber: int
    limit: int
    kept: int | None


@dataclass(frozen=True)
class Deletion:
    """What a feed had is deleted, for its age or with the feed."""

    process: int
    feed: int

    def happen(self, world: World) -> None:
        feeds = world.stores[self.process].feeds
        if feeds.get([self.feed], now=world.now)[self.feed].entries:
            feeds.unsubscribe([self.feed], delete_entries=True)


@dataclass
class Subscriber:
    feed: Choice
    cursor: str
    told: set[int] = field(default_factory=set)
    # Each entry that was ever news to it, with all that told the same at some time.
    expected: dict[int, set[int]] = field(default_factory=dict)
    truncated: bool = False

    def call(self, world: World, call: Call) -> bool:
        """Call once; says whether there is more."""
        store = world.stores[call.process]
        request = ArrivalsRequest(feed=[*self.feed] if self.feed else None)
        try:
            found = tell(store, request, cursor=self.cursor, limit=call.limit)
        except ArgumentError:
            return False  # a feed of which nothing is left is not known
        events = found.occurrences
        numbers = [number(each.cursor) for each in events]
        assert numbers == sorted(set(numbers))
        assert all(number(self.cursor) < each <= number(found.cursor) for each in numbers)
        assert [each.id for each in events] == [each.cursor for each in events]
        self.truncated |= found.truncated
        kept = len(events) if call.kept is None else min(call.kept, len(events))
        self.told |= {*numbers[:kept]}
        if call.kept is None:
            self.cursor = found.cursor
        elif kept:
            self.cursor = found.occurrences[kept - 1].cursor
        return found.more

    def note(self, store: Store) -> None:
        with store.database.reading() as connection:
            rows = connection.execute(
                """
                SELECT n.id, d.id FROM entries AS n JOIN entries AS d ON d.story_id = n.story_id
                WHERE NOT n.archived AND n.feed_id IN (SELECT value FROM json_each(?))
                """,
                (json.dumps([*(self.feed or FEEDS)]),),
            ).fetchall()
        for news, same in rows:
            self.expected.setdefault(news, set()).add(same)

    def missed(self) -> set[int]:
        """Return what it was not told of, neither by that entry nor by another of the story."""
        return {news for news, same in self.expected.items() if not same & self.told}


CALLS = st.builds(
    Call,
    PROCESSES,
    st.integers(0, len(CHOICES) - 1),
    st.integers(1, 6),
    st.none() | st.integers(0, 4),
)
DELETIONS = st.builds(Deletion, PROCESSES, st.sampled_from(FEEDS))
STEPS = st.lists(ARRIVALS | EVENTS | CALLS | CALLS | DELETIONS, min_size=4, max_size=25)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_each_arrival_is_told_in_order_and_no_gap_is_kept_quiet(
    empty: Path, steps: list[Arrival | Restart | Removal | Deletion | Call]
) -> None:
    with world_of(empty) as world:
        start = tell(world.stores[0], cursor=None).cursor
        subscribers = [Subscriber(feed, start) for feed in CHOICES]
        for step in steps:
            world.pass_time()
            if isinstance(step, Call):
                subscribers[step.subscriber].call(world, step)
            else:
                step.happen(world)
                for subscriber in subscribers:
                    subscriber.note(world.stores[0])
        for position, subscriber in enumerate(subscribers):
            while subscriber.call(world, Call(0, position, 3, kept=None)):
                pass

        was_deleted = any(isinstance(step, Deletion) for step in steps)
        for subscriber in subscribers:
            assert not subscriber.truncated or was_deleted
            if not subscriber.truncated and not _is_unknown(world, subscriber):
                assert subscriber.missed() == set()


def _is_unknown(world: World, subscriber: Subscriber) -> bool:
    known = {feed.id for feed in world.stores[0].feeds.names(followed=False)}
    return subscriber.feed is not None and not {*subscriber.feed} <= known


# What is told


def test_without_a_cursor_only_what_happens_from_now_on_is_told(store: Store) -> None:
    post(store, "early")
    found = tell(store, cursor=None)
    assert (titles(found), found.truncated, found.more) == ([], False, False)
    post(store, "late")
    assert titles(tell(store, cursor=found.cursor)) == ["About late"]


def test_an_arrival_names_its_entry_and_quotes_no_text(store: Store) -> None:
    start = tell(store, cursor=None).cursor
    post(store, "x")
    [told] = tell(store, cursor=start).occurrences
    assert told.data == {
        "entry_id": 1,
        "title": "About x",
        "feed": "Blog 1",
        "published": "2026-11-22T09:00Z",
    }


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (ArrivalsRequest(query="cats"), ["About cats"]),
        (ArrivalsRequest(query="cats OR dogs"), ["About dogs", "About cats"]),
        (ArrivalsRequest(query="about -cats"), ["About dogs", "About birds"]),
        (ArrivalsRequest(query="cats dogs"), []),
        (ArrivalsRequest(feed=2), ["About birds"]),
        (ArrivalsRequest(feed=[1, 2], query="birds"), ["About birds"]),
        (ArrivalsRequest(author="nobody"), []),
        (ArrivalsRequest(tag="none", query="cats"), []),
    ],
)
def test_the_cursor_goes_on_over_what_is_not_asked_for(
    store: Store, request_: ArrivalsRequest, expected: list[str]
) -> None:
    start = tell(store, cursor=None).cursor
    post(store, "cats", "dogs")
    post(store, "birds", feed=2)
    found = tell(store, request_, cursor=start)
    assert titles(found) == expected
    assert (number(found.cursor), found.truncated) == (3, False)


def test_what_is_cut_goes_on_where_it_was_cut(store: Store) -> None:
    start = tell(store, cursor=None).cursor
    post(store, *"abcde")
    first = tell(store, cursor=start, limit=2)
    second = tell(store, cursor=first.cursor, limit=3)
    assert (len(first.occurrences), first.more) == (2, True)
    assert (len(second.occurrences), second.more) == (3, False)


def test_a_feed_that_is_read_for_the_first_time_brings_no_news(store: Store) -> None:
    start = tell(store, cursor=None).cursor
    store.feeds.subscribe([Subscription("https://new.example.org/feed")], due_at=START)
    old = replace(_made("old"), published=START - timedelta(days=30))
    record(store, 4, [old], now=START)
    found = tell(store, cursor=start)
    assert (titles(found), number(found.cursor)) == ([], 1)


def test_what_was_deleted_before_it_was_told_is_a_gap_that_is_said_once(store: Store) -> None:
    start = tell(store, cursor=None).cursor
    post(store, "lost")
    post(store, "there", feed=2)
    after = tell(store, cursor=start).cursor
    store.feeds.unsubscribe([1], delete_entries=True)

    found = tell(store, cursor=start)
    assert (titles(found), found.truncated) == (["About there"], True)
    assert not tell(store, cursor=found.cursor).truncated
    assert not tell(store, cursor=after).truncated, "it was told before it was deleted"


def test_what_is_older_than_asked_for_is_skipped_and_said(store: Store) -> None:
    start = tell(store, cursor=None).cursor
    record(store, 1, [_made("old")], now=START - timedelta(hours=3))
    record(store, 2, [_made("new")], now=START)
    found = tell(store, cursor=start, max_age=timedelta(hours=1))
    assert (titles(found), found.truncated) == (["About new"], True)
    assert not tell(store, cursor=start, max_age=timedelta(hours=4)).truncated


def _made(key: str) -> ParsedEntry:
    return made(key, f"About {key}", url=None, published=None, text=key, derived=False)


def test_a_cursor_of_a_database_that_is_gone_begins_anew_with_a_gap(store: Store) -> None:
    post(store, "x")
    identity = store.identity()
    for cursor in ("0f0f0f-1", f"{identity}-900"):
        found = tell(store, cursor=cursor)
        assert (titles(found), found.truncated) == ([], True)
        assert found.cursor == f"{identity}-1"


@pytest.mark.parametrize("cursor", ["", "nonsense", "{}-1-3", "{}-", "1", "{}-١"])  # noqa: RUF001
def test_what_is_no_cursor_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(ArgumentError, match="cursor of events"):
        tell(store, cursor=cursor.format(store.identity()))


@pytest.mark.parametrize(
    "request_",
    [
        ArrivalsRequest(query="!!"),
        ArrivalsRequest(query="-cats"),
        ArrivalsRequest(author="?"),
        ArrivalsRequest(feed="nobody's"),
        ArrivalsRequest(group="none"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_from_the_beginning(
    store: Store, request_: ArrivalsRequest
) -> None:
    with pytest.raises(ArgumentError):
        tell(store, request_, cursor=None)


# Feeds


def changes(store: Store, cursor: str | None, limit: int = 100) -> Occurrences:
    with store.view():
        asked = OccurrenceQuery(FeedChangesRequest(), cursor, limit)
        return feed_changes(planet.Reading(store, START), asked)


def test_feeds_that_are_followed_moved_and_left_are_told(store: Store) -> None:
    start = changes(store, None).cursor
    store.feeds.subscribe([Subscription("https://new.example.org/feed")], due_at=START)
    store.feeds.unsubscribe([1, 2], delete_entries=False)
    store.feeds.unsubscribe([1], delete_entries=False)
    store.feeds.subscribe([Subscription("https://blog1.example.org/feed")], due_at=START)
    with store.database.writing() as connection:
        connection.execute("UPDATE feeds SET url = 'https://b.example.org/' WHERE id = 3")
        connection.execute("UPDATE feeds SET gone = 1 WHERE id = 3")
        connection.execute("UPDATE feeds SET gone = 2 WHERE id = 3")

    found = changes(store, start)
    assert [(each.data["feed_id"], each.data["change"]) for each in found.occurrences] == [
        (4, "followed"),
        (1, "unfollowed"),
        (2, "unfollowed"),
        (1, "followed"),
        (3, "moved"),
        (3, "gone"),
    ]
    assert not found.truncated
    assert len({each.id for each in found.occurrences}) == 6
    first = changes(store, start, limit=2)
    assert [*first.occurrences, *changes(store, first.cursor).occurrences] == [*found.occurrences]


def test_changes_that_are_kept_no_more_are_a_gap(store: Store) -> None:
    start = changes(store, None).cursor
    with store.database.writing() as connection:
        connection.executemany(
            "INSERT INTO feed_changes (feed_id, change) VALUES (?, 'moved')", [(1,)] * 10_001
        )
    found = changes(store, start, limit=20_000)
    assert (len(found.occurrences), found.truncated) == (10_000, True)
    assert not changes(store, found.occurrences[0].cursor).truncated
