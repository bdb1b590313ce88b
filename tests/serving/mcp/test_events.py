"""Subscribers hear of entries and feeds, whoever stored them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp_types import ResourceUpdatedNotification

from planet_mcp.planet import Planet
from planet_mcp.serving.mcp import create_server
from tests.conftest import planet_of
from tests.support.documents import Post, page, rss, whole
from tests.support.site import Site

pytestmark = [
    pytest.mark.anyio,
    # The clients of the older era are the point here.
    pytest.mark.filterwarnings("ignore:resources/(un)?subscribe is removed"),
]

LATEST, FEEDS, OPML = "planet://latest", "planet://feeds", "planet://feeds.opml"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planet_mcp.serving.mcp.events.WATCH_SECONDS", 0.02)


@pytest.fixture
async def other() -> AsyncIterator[Planet]:
    """Open the same database as another process would."""
    async with planet_of() as opened:
        yield opened


@asynccontextmanager
async def hearing(planet: Planet, *uris: str, mode: str) -> AsyncIterator[list[str]]:
    """Subscribe to resources in one era or the other; what was said to have changed is listed."""
    heard: list[str] = []

    async def note(message: Any) -> None:
        if isinstance(message, ResourceUpdatedNotification):
            heard.append(str(message.params.uri))

    server = create_server(planet, refresh=False, keeps_connection=True)
    async with (
        Client(server, mode=mode, message_handler=note) as client,
        anyio.create_task_group() as tasks,
    ):
        if mode == "legacy":
            for uri in uris:
                await client.subscribe_resource(uri)
            yield heard
            return
        async with client.listen(resource_subscriptions=uris) as events:

            async def collect() -> None:
                async for event in events:
                    heard.append(getattr(event, "uri", "?"))  # noqa: PERF401 - one by one

            tasks.start_soon(collect)
            yield heard
            tasks.cancel_scope.cancel()


async def until_heard(heard: list[str], *uris: str) -> None:
    with anyio.fail_after(10):
        while True:
            if set(uris) <= set(heard):
                return
            await anyio.sleep(0.01)


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_entries_that_another_process_stores_are_told(
    planet: Planet, other: Planet, site: Site, mode: str
) -> None:
    await other.add_feeds([site.add("/feed", rss([Post("One")]))])
    async with hearing(planet, LATEST, FEEDS, mode=mode) as heard:
        await anyio.sleep(0.1)
        site.add("/feed", rss([Post("One"), Post("Two", link="https://x.example.org/2")]))
        await other.refresh_feeds([1])
        await until_heard(heard, LATEST)
    assert set(heard) == {LATEST}


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_changes_of_the_followed_feeds_are_told(
    planet: Planet, other: Planet, site: Site, mode: str
) -> None:
    async with hearing(planet, FEEDS, OPML, mode=mode) as heard:
        await anyio.sleep(0.1)
        await other.add_feeds([site.add("/feed", rss([Post("One")]))])
        await until_heard(heard, FEEDS, OPML)
        heard.clear()
        await other.remove_feeds([1])
        await until_heard(heard, FEEDS, OPML)
    assert set(heard) == {FEEDS, OPML}


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_what_is_no_news_is_not_told(planet: Planet, site: Site, mode: str) -> None:
    link = site.add("/post", page(whole("A page.")), content_type="text/html")
    await planet.add_feeds([site.add("/feed", rss([Post("One")]))])
    async with hearing(planet, LATEST, FEEDS, OPML, mode=mode) as heard:
        await anyio.sleep(0.1)
        await planet.fetch_article(link)
        await planet.refresh_feeds([1])
        await anyio.sleep(0.2)
    assert heard == []


async def test_older_clients_can_unsubscribe(planet: Planet, site: Site) -> None:
    heard: list[str] = []

    async def note(message: Any) -> None:
        if isinstance(message, ResourceUpdatedNotification):
            heard.append(str(message.params.uri))

    server = create_server(planet, refresh=False, keeps_connection=True)
    async with Client(server, mode="legacy", message_handler=note) as client:
        for uri in (FEEDS, OPML):
            await client.subscribe_resource(uri)
        await client.unsubscribe_resource(FEEDS)
        await anyio.sleep(0.1)
        await planet.add_feeds([site.add("/feed", rss([Post("One")]))])
        await until_heard(heard, OPML)
    assert FEEDS not in heard


async def test_the_watch_goes_on_after_a_failure(
    planet: Planet,
    site: Site,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with hearing(planet, FEEDS, mode="auto") as heard:
        with monkeypatch.context() as broken:
            broken.delattr(planet, "_readers")
            await anyio.sleep(0.1)
        await planet.add_feeds([site.add("/feed", rss([Post("One")]))])
        await until_heard(heard, FEEDS)
    assert "_readers" in caplog.text


async def test_older_clients_are_promised_only_what_their_connection_can_carry(
    planet: Planet,
) -> None:
    for keeps in (True, False):
        server = create_server(planet, refresh=False, keeps_connection=keeps)
        async with Client(server, mode="legacy") as client:
            resources = client.server_capabilities.resources
            assert resources
            assert bool(resources.subscribe) is keeps
