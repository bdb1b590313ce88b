"""Notifies subscribers when entries arrive and when the followed feeds change.

The store is watched, not our own refresher, since other processes that share the database store
entries too. Clients of 2026-07-28 are notified on the streams of `subscriptions/listen`, older ones
on their connection after `resources/subscribe`.
"""

import logging
from collections.abc import Iterator
from typing import Any

import anyio
from mcp.server.context import ServerRequestContext
from mcp.server.mcpserver import MCPServer
from mcp.server.session import ServerSession
from mcp.server.subscriptions import InMemorySubscriptionBus, ResourceUpdated
from mcp_types import EmptyResult, SubscribeRequestParams, UnsubscribeRequestParams

from planet_mcp.errors import PlanetError
from planet_mcp.planet import Planet
from planet_mcp.store import ChangeToken

logger = logging.getLogger(__name__)

WATCH_SECONDS = 1.0
LATEST = "planet://latest"
FEEDS, FEEDS_OPML = "planet://feeds", "planet://feeds.opml"

Context = ServerRequestContext[Any, Any]


class Events:
    """Watches a planet every few seconds, and notifies those who subscribed to what changed."""

    def __init__(self, planet: Planet, *, every: float = WATCH_SECONDS) -> None:
        self._planet = planet
        self._every = every
        # Set when a first state of the store is known, which later ones are compared with.
        self.watching = anyio.Event()
        # Set, and replaced by a new one, at the next change.
        self.next_change = anyio.Event()
        self.bus = InMemorySubscriptionBus()
        self._sessions: dict[str, ServerSession] = {}

    def wake(self) -> None:
        """Let all who wait for the next change look now."""
        self.next_change.set()
        self.next_change = anyio.Event()

    def serve_older_clients(self, server: MCPServer[Any]) -> None:
        """Answer `resources/subscribe`; only for a transport that keeps its one connection."""
        low_level = server._lowlevel_server  # noqa: SLF001 - the SDK offers no other way
        low_level.add_request_handler(
            "resources/subscribe", SubscribeRequestParams, self._subscribe
        )
        low_level.add_request_handler(
            "resources/unsubscribe", UnsubscribeRequestParams, self._unsubscribe
        )

    async def _subscribe(self, ctx: Context, params: SubscribeRequestParams) -> EmptyResult:
        self._sessions[str(params.uri)] = ctx.session
        return EmptyResult()

    async def _unsubscribe(self, _: Context, params: UnsubscribeRequestParams) -> EmptyResult:
        self._sessions.pop(str(params.uri), None)
        return EmptyResult()

    async def run(self) -> None:
        """Watch until cancelled; nothing that happens ends it."""
        known: ChangeToken | None = None
        problem = ""
        while True:
            try:
                found = await self._planet.change_token()
                for uri in _changed(known or found, found):
                    await self._notify(uri)
                if found != known:
                    self.wake()
                known, problem = found, ""
                self.watching.set()
            except PlanetError as error:
                # A problem is logged once: a damaged database stays damaged for a while.
                if problem != (problem := str(error)):
                    logger.warning("The store could not be watched: %s", error)
            except Exception:
                logger.exception("The store could not be watched; it goes on in a moment.")
            await anyio.sleep(self._every)

    async def _notify(self, uri: str) -> None:
        await self.bus.publish(ResourceUpdated(uri=uri))
        session = self._sessions.get(uri)
        if session is not None:
            await session.send_resource_updated(uri)


def _changed(before: ChangeToken, after: ChangeToken) -> Iterator[str]:
    if before.newest_entry != after.newest_entry:
        yield LATEST
    if before.feed_change != after.feed_change:
        yield FEEDS
        yield FEEDS_OPML
