"""Subscribers hear of entries and feeds, whoever stored them."""

import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp_types import ResourceUpdatedNotification

from planet_mcp.planet import Planet
from planet_mcp.serving.mcp import Events, create_server
from tests.conftest import planet_of
from tests.support.documents import Post, page, rss, whole
from tests.support.site import Site

pytestmark = [
    pytest.mark.anyio,
    # The clients of the older era are the point here.
    pytest.mark.filterwarnings("ignore:resources/(un)?subscribe is removed"),
]

LATEST, FEEDS, OPML = "planet://latest", "planet://feeds", "planet://feeds.opml"


class Heard(list[str]):
    """What was said to have changed, in its order."""

    def __init__(self) -> None:
        super().__init__()
        self._more = anyio.Event()

    def add(self, uri: str) -> None:
        self.append(uri)
        self._more.set()
        self._more = anyio.Event()

    async def until(self, *uris: str) -> None:
        while not set(uris) <= set(self):
            await self._more.wait()


@pytest.fixture
async def other() -> AsyncIterator[Planet]:
    """Open the same database as another process would."""
    async with planet_of() as opened:
        yield opened


@asynccontextmanager
async def hearing(
    planet: Planet, *uris: str, mode: str, refresh: bool = False
) -> AsyncIterator[Heard]:
    """Subscribe to resources in one era or the other; what was said to have changed is listed."""
    heard = Heard()

    async def note(message: Any) -> None:
        if isinstance(message, ResourceUpdatedNotification):
            heard.add(str(message.params.uri))

    watch = Events(planet, every=0.02)
    server = create_server(planet, refresh=refresh, keeps_connection=True, events=watch)
    async with (
        Client(server, mode=mode, message_handler=note) as client,
        anyio.create_task_group() as tasks,
    ):
        await watch.watching.wait()
        if mode == "legacy":
            for uri in uris:
                await client.subscribe_resource(uri)
            yield heard
            return
        async with client.listen(resource_subscriptions=uris) as events:

            async def collect() -> None:
                async for event in events:
                    heard.add(getattr(event, "uri", "?"))

            tasks.start_soon(collect)
            yield heard
            tasks.cancel_scope.cancel()


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_entries_that_another_process_stores_are_told(
    planet: Planet, other: Planet, site: Site, mode: str
) -> None:
    await other.add_feeds([site.add("/feed", rss([Post("One")]))])
    async with hearing(planet, LATEST, FEEDS, mode=mode) as heard:
        site.add("/feed", rss([Post("One"), Post("Two", link="https://x.example.org/2")]))
        await other.refresh_feeds([1])
        await heard.until(LATEST)
    assert set(heard) == {LATEST}


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_changes_of_the_followed_feeds_are_told(
    planet: Planet, other: Planet, site: Site, mode: str
) -> None:
    async with hearing(planet, FEEDS, OPML, mode=mode) as heard:
        await other.add_feeds([site.add("/feed", rss([Post("One")]))])
        await heard.until(FEEDS, OPML)
        heard.clear()
        await other.remove_feeds([1])
        await heard.until(FEEDS, OPML)
    assert set(heard) == {FEEDS, OPML}


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_what_is_no_news_is_not_told(planet: Planet, site: Site, mode: str) -> None:
    link = site.add("/post", page(whole("A page.")), content_type="text/html")
    linking = Post("One", f'<p>See <a href="{link}">a page</a>.</p>')
    await planet.add_feeds([site.add("/feed", rss([linking]))])
    async with hearing(planet, LATEST, FEEDS, OPML, mode=mode) as heard:
        await planet.fetch_article(link)
        await planet.refresh_feeds([1])
        await planet.remove_feeds([1])
        await heard.until(FEEDS, OPML)
    assert LATEST not in heard


async def test_older_clients_can_unsubscribe(planet: Planet, site: Site) -> None:
    heard = Heard()

    async def note(message: Any) -> None:
        if isinstance(message, ResourceUpdatedNotification):
            heard.add(str(message.params.uri))

    watch = Events(planet, every=0.02)
    server = create_server(planet, refresh=False, keeps_connection=True, events=watch)
    async with Client(server, mode="legacy", message_handler=note) as client:
        for uri in (FEEDS, OPML):
            await client.subscribe_resource(uri)
        await client.unsubscribe_resource(FEEDS)
        await planet.add_feeds([site.add("/feed", rss([Post("One")]))])
        await heard.until(OPML)
    assert FEEDS not in heard


class Logged(logging.Handler):
    """Waits for a record of a logger."""

    def __init__(self) -> None:
        super().__init__()
        self.something = anyio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.something.set()


async def test_the_watch_goes_on_after_a_failure(
    planet: Planet, database: Path, site: Site, request: pytest.FixtureRequest
) -> None:
    aside = database.with_name("aside.sqlite")
    logger, logged = logging.getLogger("planet_mcp.serving.mcp.events"), Logged()
    logger.addHandler(logged)
    request.addfinalizer(lambda: logger.removeHandler(logged))
    async with hearing(planet, FEEDS, mode="auto") as heard:
        await anyio.Path(database).rename(aside)
        await logged.something.wait()
        await anyio.Path(aside).rename(database)
        await planet.add_feeds([site.add("/feed", rss([Post("One")]))])
        await heard.until(FEEDS)


async def test_older_clients_are_promised_only_what_their_connection_can_carry(
    planet: Planet,
) -> None:
    for keeps in (True, False):
        server = create_server(planet, refresh=False, keeps_connection=keeps)
        async with Client(server, mode="legacy") as client:
            resources = client.server_capabilities.resources
            assert resources
            assert bool(resources.subscribe) is keeps


async def test_the_refresher_runs_while_the_server_does(planet: Planet, site: Site) -> None:
    url, hold = site.add("/feed", rss([Post("Arrived")])), threading.Event()
    site.pages["/feed"].hold = hold
    document = f'<opml version="2.0"><body><outline xmlUrl="{url}"/></body></opml>'
    await planet.import_list(document.encode(), name="x")

    async with hearing(planet, LATEST, mode="auto", refresh=True) as heard:
        hold.set()
        await heard.until(LATEST)
    assert not planet.refresher.is_running()
