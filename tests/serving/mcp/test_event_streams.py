"""Events are listed, polled and streamed as SEP-3415 has it, over every transport."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from mcp import Client, StdioServerParameters
from mcp.client.extension import ClientExtension, NotificationBinding
from mcp.client.stdio import stdio_client
from mcp.shared.exceptions import MCPError
from pydantic import BaseModel

from planet_mcp.planet import Planet
from planet_mcp.serving.mcp import Events, create_server
from planet_mcp.serving.mcp.event_streams import StreamLimits
from planet_mcp.store import Store
from tests.conftest import planet_of
from tests.support.asking import ask
from tests.support.documents import Post, rss
from tests.support.programs import COMMAND, environment
from tests.support.river import START, begun, copy_of, made, record
from tests.support.serving import serving_here
from tests.support.site import Site

pytestmark = pytest.mark.anyio

EXTENSION = "io.modelcontextprotocol/events"
SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"
ARRIVED, CHANGED = "entry.published", "feed.changed"
KINDS = ("active", "event", "heartbeat", "error", "terminated")
# Watches closely, so that no test waits for a second.
CLOSELY = 0.01


class Params(BaseModel, extra="allow"):
    """What a notification says."""


class Heard(ClientExtension):
    """Notes what streams say, in its order."""

    identifier = EXTENSION

    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, Any]]] = []
        self._more = anyio.Event()

    def notifications(self) -> Sequence[NotificationBinding[Any]]:
        return [self._binding(kind) for kind in KINDS]

    def _binding(self, kind: str) -> NotificationBinding[Any]:
        async def note(params: Params) -> None:
            self.said.append((kind, params.model_extra or {}))
            self._more.set()
            self._more = anyio.Event()

        method = f"notifications/events/{kind}"
        return NotificationBinding(method=method, params_type=Params, handler=note)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [params for said, params in self.said if said == kind]

    async def until(self, kind: str, number: int = 1) -> None:
        while len(self.of(kind)) < number:
            await self._more.wait()


@asynccontextmanager
async def listening(client: Client, **params: Any) -> AsyncIterator[list[dict[str, Any]]]:
    """Hold a stream open; the list gets its result, if it has one."""
    results: list[dict[str, Any]] = []

    async def stream() -> None:
        results.append(await ask(client, "events/stream", {"name": ARRIVED, **params}))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stream)
        yield results
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def asking(
    planet: Planet, limits: StreamLimits | None = None
) -> AsyncIterator[tuple[Client, Heard]]:
    heard = Heard()
    watch = Events(planet, every=CLOSELY)
    server = create_server(planet, refresh=False, events=watch, stream_limits=limits)
    async with Client(server, extensions=[heard]) as client:
        yield client, heard


async def poll(client: Client, **params: Any) -> dict[str, Any]:
    return await ask(client, "events/poll", {"name": ARRIVED, **params})


async def follow(planet: Planet, site: Site, *posts: str) -> None:
    document = rss([Post(title, link=f"https://x.example.org/{title}") for title in posts])
    await planet.add_feeds([site.add("/feed", document)])
    await planet.refresh_feeds()


async def publish(planet: Planet, site: Site, *posts: str) -> None:
    document = rss([Post(title, link=f"https://x.example.org/{title}") for title in posts])
    site.add("/feed", document)
    await planet.refresh_feeds([1])


def titles(events: Sequence[dict[str, Any]]) -> list[str]:
    return [event["data"]["title"] for event in events]


# Lists and polls


async def test_what_is_listed_says_how_to_ask_and_what_comes(planet: Planet, site: Site) -> None:
    async with asking(planet) as (client, _):
        assert client.server_capabilities.extensions
        assert client.server_capabilities.extensions[EXTENSION] == {}
        listed = (await ask(client, "events/list"))["events"]
        assert {each["name"]: each["delivery"] for each in listed} == {
            ARRIVED: ["poll", "push"],
            CHANGED: ["poll", "push"],
        }
        await follow(planet, site, "One")
        starts = {name: (await poll(client, name=name))["cursor"] for name in (ARRIVED, CHANGED)}
        await publish(planet, site, "One", "Two")
        await planet.remove_feeds([1])
        for each in listed:
            Draft202012Validator.check_schema(each["inputSchema"])
            name, schema = each["name"], Draft202012Validator(each["payloadSchema"])
            [event] = (await poll(client, name=name, cursor=starts[name]))["events"]
            assert event["name"] == name
            assert set(event) == {"eventId", "name", "timestamp", "data"}
            assert set(event["data"]) <= set(each["payloadSchema"]["properties"])
            assert [error.message for error in schema.iter_errors(event["data"])] == []


async def test_a_poll_is_small_says_when_to_ask_again_and_takes_arguments_as_meant(
    planet: Planet, site: Site
) -> None:
    async with asking(planet) as (client, _):
        await follow(planet, site, "One")
        start = (await poll(client, cursor=None))["cursor"]
        await publish(planet, site, "One", "Two", "Three", "Four")
        first = await poll(client, cursor=start, maxEvents=2)
        assert (len(first["events"]), first["hasMore"], first["truncated"]) == (2, True, False)
        rest = await poll(client, cursor=first["cursor"], maxEvents=10**9)
        assert (len(rest["events"]), rest["hasMore"]) == (1, False)
        assert first["nextPollMs"] >= 1000
        meant = {"query": "two", "feed": "1", "author": None, "tag": ""}
        assert titles((await poll(client, cursor=start, arguments=meant))["events"]) == ["Two"]
        old = await poll(client, cursor=start, maxAgeMs=3_600_000)
        assert (len(old["events"]), old["truncated"]) == (3, False)


@pytest.mark.parametrize("method", ["events/poll", "events/stream"])
@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"name": "entry.eaten"}, "there are entry.published, feed.changed"),
        ({"name": ARRIVED, "arguments": {"colour": "red"}}, "known are query, feed"),
        ({"name": CHANGED, "arguments": {"feed": 1}}, "known are none"),
        ({"name": ARRIVED, "arguments": {"query": ["a", "b"]}}, "query: "),
        ({"name": ARRIVED, "arguments": {"feed": "nobody's"}}, "nobody's"),
        ({"name": ARRIVED, "cursor": "nonsense"}, "not a cursor of events"),
        ({"name": ARRIVED, "maxAgeMs": -1}, "Invalid request parameters"),
        ({}, "Invalid request parameters"),
    ],
)
async def test_what_cannot_be_told_is_refused_before_anything_is_sent(
    planet: Planet, method: str, params: dict[str, Any], said: str
) -> None:
    async with asking(planet) as (client, heard):
        with pytest.raises(MCPError, match=said) as refused:
            await ask(client, method, params)
        assert refused.value.error.code == -32602
    assert heard.said == []


async def test_older_sessions_have_no_events(planet: Planet) -> None:
    async with Client(create_server(planet, refresh=False), mode="legacy") as client:
        with pytest.raises(MCPError) as refused:
            await ask(client, "events/list")
        assert refused.value.error.code == -32601


# Streams


async def test_a_stream_begins_replays_and_goes_on_with_what_another_process_stores(
    planet: Planet, site: Site
) -> None:
    async with asking(planet) as (client, heard), planet_of() as other:
        await follow(other, site, "One")
        start = (await poll(client))["cursor"]
        await publish(other, site, "One", "Two")
        async with listening(client, cursor=start):
            await heard.until("event")
            await publish(other, site, "One", "Two", "Three")
            await heard.until("event", 2)
    assert heard.said[0][0] == "active"
    assert heard.said[0][1]["cursor"] == start
    assert titles(heard.of("event")) == ["Two", "Three"]
    assert all(SUBSCRIPTION in params["_meta"] for _, params in heard.said)
    assert heard.of("event")[-1]["cursor"] == heard.of("event")[-1]["eventId"]


async def test_a_quiet_stream_says_that_it_lives_and_how_far_it_has_looked(
    planet: Planet, site: Site
) -> None:
    async with (
        asking(planet, StreamLimits(heartbeat_seconds=CLOSELY)) as (client, heard),
        listening(client, arguments={"query": "nothing"}),
    ):
        await heard.until("heartbeat")
        await follow(planet, site, "One")
        position = (await poll(client))["cursor"]
        await heard.until("heartbeat", len(heard.of("heartbeat")) + 2)
    assert heard.of("heartbeat")[-1]["cursor"] == position
    assert heard.of("event") == []


async def test_a_gap_is_said_on_a_stream_with_a_cursor_to_go_on_from(
    planet: Planet, site: Site
) -> None:
    async with asking(planet) as (client, heard):
        await follow(planet, site, "One")
        start = (await poll(client))["cursor"]
        await publish(planet, site, "One", "Two")
        await planet.remove_feeds([1], delete_entries=True)
        async with listening(client, cursor=start):
            await heard.until("active")
    assert heard.of("active")[0]["truncated"] is True


async def test_a_failure_that_passes_is_said_and_the_stream_goes_on(
    planet: Planet, site: Site, database: Path
) -> None:
    async with asking(planet, StreamLimits(heartbeat_seconds=CLOSELY)) as (client, heard):
        await follow(planet, site, "One")
        async with listening(client):
            await heard.until("active")
            aside = database.with_name("aside.sqlite")
            await anyio.Path(database).rename(aside)
            await heard.until("error")
            await anyio.Path(aside).rename(database)
            await publish(planet, site, "One", "Two")
            await heard.until("event")
    assert titles(heard.of("event")) == ["Two"]


async def test_a_stream_of_a_feed_that_is_gone_is_ended_with_the_reason(
    planet: Planet, site: Site
) -> None:
    async with asking(planet) as (client, heard):
        await follow(planet, site, "One")
        async with listening(client, arguments={"feed": 1}) as results:
            await heard.until("active")
            await planet.remove_feeds([1], delete_entries=True)
            await heard.until("terminated")
            while not results:
                await anyio.lowlevel.checkpoint()
    assert heard.of("terminated")[0]["error"]["code"] == -32602
    assert SUBSCRIPTION in results[0]["_meta"]


async def test_streams_are_bounded_and_one_that_ended_makes_room(planet: Planet) -> None:
    async with asking(planet, StreamLimits(streams=1)) as (client, heard):
        async with listening(client):
            await heard.until("active")
            with pytest.raises(MCPError, match="Too many streams") as refused:
                await ask(client, "events/stream", {"name": CHANGED})
            assert refused.value.error.code == -32000
        async with listening(client, name=CHANGED):
            await heard.until("active", 2)


async def test_streams_of_one_connection_are_told_apart(planet: Planet, site: Site) -> None:
    async with (
        asking(planet) as (client, heard),
        listening(client, name=ARRIVED),
        listening(client, name=CHANGED),
    ):
        await heard.until("active", 2)
        await follow(planet, site, "One")
        await publish(planet, site, "One", "Two")
        await heard.until("event", 2)
    by_stream = {each["_meta"][SUBSCRIPTION]: each["name"] for each in heard.of("event")}
    assert sorted(by_stream.values()) == [ARRIVED, CHANGED]


async def test_a_stream_over_http_ends_in_good_order_with_the_server(
    planet: Planet, site: Site
) -> None:
    await follow(planet, site, "One")
    heard = Heard()
    async with anyio.create_task_group() as tasks:
        results: list[dict[str, Any]] = []
        ready = anyio.Event()

        async def client_side(url: str) -> None:
            async with Client(f"{url}/mcp", extensions=[heard]) as client:
                tasks.start_soon(say_when_active)
                results.append(await ask(client, "events/stream", {"name": ARRIVED}))

        async def say_when_active() -> None:
            await heard.until("event")
            ready.set()

        async with serving_here(planet) as url:
            tasks.start_soon(client_side, url)
            await heard.until("active")
            await publish(planet, site, "One", "Two")
            await ready.wait()
    assert titles(heard.of("event")) == ["Two"]
    assert SUBSCRIPTION in results[0]["_meta"]


async def test_a_stream_over_stdio_tells_and_is_cancelled(
    planet: Planet, site: Site, database: Path
) -> None:
    await follow(planet, site, "One")
    heard = Heard()
    env = environment(DATABASE=str(database), REFRESH="off")
    parameters = StdioServerParameters(command=COMMAND[0], args=[*COMMAND[1:]], env=env)
    async with Client(stdio_client(parameters), extensions=[heard]) as client:
        async with listening(client):
            await heard.until("active")
            await publish(planet, site, "One", "Two")
            await heard.until("event")
        assert (await poll(client))["events"] == []
    assert titles(heard.of("event")) == ["Two"]


# Polls and streams that are cut at any place


@dataclass(frozen=True)
class Posts:
    """Some new posts of a feed."""

    feed: int
    number: int


@dataclass(frozen=True)
class Poll:
    """A poll, of whose answer the cursor may get lost."""

    most: int
    is_kept: bool


@dataclass(frozen=True)
class Stream:
    """A stream that is cut after so many events, while others may be on their way."""

    events: int


STEPS = st.lists(
    st.builds(Posts, st.integers(1, 2), st.integers(1, 4))
    | st.builds(Poll, st.integers(1, 5), st.booleans())
    | st.builds(Stream, st.integers(0, 4)),
    min_size=3,
    max_size=12,
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return begun(tmp_path_factory.mktemp("streams") / "empty.sqlite")


@settings(max_examples=20)
@given(steps=STEPS)
async def test_each_event_is_told_at_least_once_and_in_order_wherever_it_is_cut(
    empty: Path, steps: list[Posts | Poll | Stream]
) -> None:
    with copy_of(empty) as path:
        async with planet_of(database=path) as planet, asking(planet) as (client, heard):
            posted: list[str] = []
            told: list[str] = []
            cursor = (await poll(client))["cursor"]
            for step in [*steps, Poll(100, is_kept=True)]:
                match step:
                    case Posts(feed, number):
                        posted += _post(planet.store, feed, number, len(posted))
                    case Poll(most, is_kept):
                        found = await poll(client, cursor=cursor, maxEvents=most)
                        assert not found["truncated"]
                        told += titles(found["events"])
                        cursor = found["cursor"] if is_kept else cursor
                    case Stream(events):
                        came = await _cut(client, heard, cursor, events, posted, told)
                        told += titles(came)
                        cursor = came[-1]["cursor"] if came else cursor
            first_told = list(dict.fromkeys(told))
            assert first_told == posted
            positions = [posted.index(title) for title in told]
            assert all(b <= a + 1 for a, b in pairwise(positions))


async def _cut(  # what is known of both sides says how many events are to come at least
    client: Client,
    heard: Heard,
    cursor: str,
    events: int,
    posted: list[str],
    told: list[str],
) -> list[dict[str, Any]]:
    left = len(posted) - len(set(told))
    heard.said.clear()
    async with listening(client, cursor=cursor):
        await heard.until("active")
        await heard.until("event", min(events, left))
    return heard.of("event")


def _post(store: Store, feed: int, number: int, before: int) -> list[str]:
    titles = [f"Post {before + each}" for each in range(number)]
    entries = [
        made(title, title, url=None, published=START, text=title, derived=False)
        # The last one of a document is stored first.
        for title in reversed(titles)
    ]
    record(store, feed, entries, now=START)
    return titles
