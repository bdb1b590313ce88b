"""A named reader is told each story once, whatever arrives, breaks off or restarts in between."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planet_mcp.errors import ArgumentError
from planet_mcp.planet import Planet
from planet_mcp.planet import Reading as StoreReading
from planet_mcp.planet.catching_up import Run, catch_up
from planet_mcp.requests import CatchUpRequest
from planet_mcp.store import Store
from tests.support.documents import Post, rss
from tests.support.river import (
    ARRIVALS,
    CHOICES,
    EVENTS,
    FEEDS,
    START,
    TEXTS,
    Arrival,
    Choice,
    Removal,
    Restart,
    World,
    ask,
    begun,
    entries_of,
    made,
    record,
    stories,
    subscribe,
    told_of,
    world_of,
)
from tests.support.site import Site


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with three feeds that were read before anybody posted."""
    return begun(tmp_path_factory.mktemp("readers") / "empty.sqlite")


def run(store: Store, request: CatchUpRequest, world: World) -> Run:
    """Do as the planet does: read, and move the reader on at the end."""
    reading = StoreReading(store, world.now)
    with store.view():
        part = catch_up(reading, request)
    if part.is_end:
        store.readers.advance(
            part.reader, part.scope, start=part.start, upto=part.upto, now=world.now
        )
    return part


@dataclass(frozen=True)
class Call:
    """A reader calls; it follows the cursor to the end, or breaks off after some parts."""

    process: int
    reader: int
    max_chars: int
    parts: int


CALLS = st.builds(
    Call,
    st.integers(0, 1),
    st.integers(0, len(CHOICES)),
    st.integers(300, 1000),
    st.sampled_from([1, 2, 3, 1000, 1000]),
)
STEPS = st.lists(ARRIVALS | EVENTS | CALLS | CALLS, min_size=4, max_size=22)


@dataclass
class Reader:
    """Who reads one choice of feeds, and what complete runs told."""

    name: str
    feed: Choice
    told: list[int] = field(default_factory=list)
    upto: int | None = None

    def call(self, world: World, call: Call) -> None:
        store = world.stores[call.process]
        request = CatchUpRequest(
            self.name, [*self.feed] if self.feed else None, max_chars=call.max_chars
        )
        period = self._of_period(world, store) if self.upto is None else None
        ids: list[int] = []
        for _ in range(call.parts):
            part = run(store, request, world)
            ids += [entry.entry_id for entry in entries_of(part.answer)]
            request = replace(request, cursor=part.answer.result.next_cursor)
            if part.is_end:
                break
        else:
            return
        told = stories(store, self.feed, ids)
        self.told += told
        if period is not None:
            assert set(told) == period
            self.upto = part.upto

    def _of_period(self, world: World, store: Store) -> set[int]:
        """Return the stories that the river has of the seven days before a first call."""
        ids: list[int] = []
        cursor = None
        while True:
            page = ask(store, since="7d", feed=self.feed, cursor=cursor, now=world.now)
            ids += [entry.entry_id for entry in entries_of(page)]
            cursor = page.result.next_cursor
            if cursor is None:
                return set(stories(store, self.feed, ids))

    def expected(self, store: Store) -> set[int]:
        """Return the stories whose first news came after the first run."""
        news = set(told_of(store, self.feed, by_arrival=True))
        with store.database.reading() as connection:
            rows = connection.execute(
                "SELECT id FROM entries AS e WHERE NOT archived AND id <= ? "
                f"AND feed_id IN ({', '.join(map(str, self.feed or FEEDS))})",
                (self.upto,),
            ).fetchall()
        return news - set(stories(store, self.feed, [row[0] for row in rows]))


@settings(max_examples=30, deadline=None)
@given(steps=STEPS)
def test_complete_runs_tell_each_story_exactly_once(
    empty: Path, steps: list[Arrival | Restart | Removal | Call]
) -> None:
    with world_of(empty) as world:
        # Two readers of all feeds, each with its own place, and one of each other choice.
        readers = [Reader(f"reader {n}", feed) for n, feed in enumerate((None, *CHOICES))]
        for step in steps:
            world.pass_time()
            if isinstance(step, Call):
                readers[step.reader].call(world, step)
            else:
                step.happen(world)
        for reader in readers:
            world.pass_time()
            reader.call(world, Call(0, 0, 900, 1000))
            told = len(reader.told)
            reader.call(world, Call(1, 0, 900, 1000))

            assert len(reader.told) == told, "a second call right after has nothing new"
            # Stories that became one after both were told were two when they were told.
            assert max(Counter(reader.told).values(), default=1) == 1
            now_told = set(stories(world.stores[0], reader.feed, reader.told))
            assert now_told >= reader.expected(world.stores[0])


# The rest as callers see it


async def told(planet: Planet, **asked: Any) -> list[str]:
    """Return the titles of a whole run."""
    found: list[str] = []
    cursor = None
    while True:
        result = (await planet.catch_up(CatchUpRequest(**asked, cursor=cursor))).result
        found += [e.title for day in result.days for feed in day.feeds for e in feed.entries]
        cursor = result.next_cursor
        if cursor is None:
            return found


async def follow(planet: Planet, site: Site, name: str, *posts: Post) -> None:
    url = site.add(f"/{name}", rss(posts, title=name))
    await planet.add_feeds([url])
    await planet.refresh_feeds([url])


@pytest.mark.anyio
async def test_readers_have_their_own_places_and_are_listed(planet: Planet, site: Site) -> None:
    await follow(planet, site, "a", Post("One"))
    assert await told(planet) == await told(planet, reader="other") == ["One"]
    await follow(planet, site, "a", Post("Two"), Post("One"))

    assert await told(planet) == ["Two"]
    assert await told(planet) == []
    assert await told(planet, reader="other") == ["Two"]
    readers = (await planet.list_feeds()).result.readers or []
    assert {each.reader for each in readers} == {"default", "other"}
    assert "Readers: " in (await planet.list_feeds()).text
    answer = await planet.catch_up()
    assert answer.result.structured()["reader"] == "default"
    assert " for reader default since 2" in answer.text


@pytest.mark.anyio
async def test_a_reader_set_back_is_told_again_and_only_once(planet: Planet, site: Site) -> None:
    posts = [Post("Old", age=timedelta(days=20)), Post("New", age=timedelta(hours=1))]
    await follow(planet, site, "a", *posts)

    assert await told(planet) == ["New"]
    assert await told(planet, restart="30d") == ["New", "Old"]
    assert await told(planet) == []
    with pytest.raises(ArgumentError, match="restart='soon' is not a date"):
        await planet.catch_up(CatchUpRequest(restart="soon"))


@pytest.mark.anyio
async def test_what_was_read_of_everything_is_not_told_again_of_a_part(
    planet: Planet, site: Site
) -> None:
    await follow(planet, site, "a", Post("Apples"), Post("Pears"))
    await follow(planet, site, "b", Post("More apples"))
    assert sorted(await told(planet, reader="narrow", topic="apples")) == ["Apples", "More apples"]
    assert len(await told(planet)) == 3
    await follow(planet, site, "a", Post("Apple trees"), Post("Pear trees"))
    await follow(planet, site, "b", Post("Plum trees"))

    assert await told(planet, topic="apple") == ["Apple trees"]
    assert sorted(await told(planet, feed=["a"])) == ["Apple trees", "Pear trees"]
    assert await told(planet, reader="narrow", topic="apples") == ["Apple trees"]
    other = await told(planet, reader="narrow", topic="trees -apple")
    assert sorted(other) == ["Pear trees", "Plum trees"]
    with pytest.raises(ArgumentError, match="topic='!!' has no letters"):
        await planet.catch_up(CatchUpRequest(topic="!!"))


@pytest.mark.anyio
async def test_no_call_is_offered_for_one_feed_that_would_leave_the_topic(
    planet: Planet, site: Site
) -> None:
    for feed in ("a", "b"):
        await follow(planet, site, feed, *(Post(f"Post {n} {'x' * 90}") for n in range(20)))
    cut = [
        (await planet.catch_up(CatchUpRequest(topic=topic, max_chars=2000))).result
        for topic in ("", "post")
    ]
    assert all(result.next_cursor and result.notice for result in cut)
    assert ["latest_entries" in str(result.notice) for result in cut] == [True, False]


@pytest.mark.anyio
async def test_a_cursor_of_a_run_is_of_this_reader_and_survives_its_end(
    planet: Planet, site: Site
) -> None:
    await follow(planet, site, "a", *(Post(f"Post {n} {'x' * 90}") for n in range(20)))
    first = (await planet.catch_up(CatchUpRequest(max_chars=2000))).result
    assert first.next_cursor
    assert (
        "catch_up(max_chars=2000, cursor="
        in (await planet.catch_up(CatchUpRequest(max_chars=2000))).text
    )

    rest = await told(planet, max_chars=9000)
    again = (await planet.catch_up(CatchUpRequest(max_chars=9000, cursor=first.next_cursor))).result
    assert again.days, "the answer may have been lost on its way"
    assert len(rest) == 20
    for other in (
        CatchUpRequest("other", cursor=first.next_cursor),
        CatchUpRequest(topic="post", cursor=first.next_cursor),
        CatchUpRequest(cursor="x-y"),
        CatchUpRequest(cursor="nothing"),
    ):
        with pytest.raises(ArgumentError, match="cursor"):
            await planet.catch_up(other)


def test_a_run_that_another_one_overtook_does_not_take_the_reader_back(empty: Path) -> None:
    with world_of(empty) as world:
        Arrival(0, 1, ((1, 1, 1, 1, 1),)).happen(world)
        slow, quick = world.stores
        with slow.view():
            part = catch_up(StoreReading(slow, world.now), CatchUpRequest())
        Arrival(1, 2, ((2, 2, 2, 0, 1),)).happen(world)
        fast = run(quick, CatchUpRequest(), world)

        moved = slow.readers.advance(
            part.reader, part.scope, start=part.start, upto=part.upto, now=world.now
        )
        assert not moved
        assert (quick.readers.start("default", "") or part.start).after == fast.upto
        slow.readers.restart("default", "", START - timedelta(days=30))
        assert not quick.readers.advance("default", "", start=fast.start, upto=9, now=world.now)


@pytest.mark.parametrize(("days", "first", "second"), [(3, 1, 0), (10, 0, 1)])
def test_a_story_of_an_archive_is_told_by_its_day_or_by_the_next_feed_and_not_twice(
    empty: Path, days: int, first: int, second: int
) -> None:
    with world_of(empty) as world:
        store = world.stores[0]
        subscribe(store, [4])
        entry = made(
            "key",
            "A title of several words",
            url="https://example.org/post",
            published=world.now - timedelta(days=days),
            text=TEXTS[2],
            derived=False,
        )
        record(store, 4, [entry], now=world.now)
        told_first = entries_of(run(store, CatchUpRequest(), world).answer)
        world.pass_time()
        record(store, 1, [entry], now=world.now)

        told_then = entries_of(run(store, CatchUpRequest(), world).answer)
        assert (len(told_first), len(told_then)) == (first, second)
        assert set(stories(store, None, [each.entry_id for each in told_first + told_then])) == {1}
