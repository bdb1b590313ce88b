"""Resources: the river, feeds and entries by address, and the completion of what names them."""

import json
from collections.abc import Awaitable
from typing import Any, TypeVar

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError
from mcp_types import (
    Completion,
    CompletionArgument,
    CompletionContext,
    PromptReference,
    ResourceTemplateReference,
)

from planet_mcp.errors import ArgumentError, PlanetError
from planet_mcp.planet import Planet
from planet_mcp.requests import MOST_CHARS, MOST_FEEDS, FeedQuery, SearchRequest

MARKDOWN = "text/markdown"
MOST_COMPLETIONS = 100

T = TypeVar("T")


async def _read(reading: Awaitable[T]) -> T:
    try:
        return await reading
    except ArgumentError as error:
        raise ResourceNotFoundError(str(error)) from error
    except PlanetError as error:
        raise ResourceError(str(error)) from error


def add_resources(server: MCPServer[Any], planet: Planet) -> None:
    """Register the resources of a planet."""

    @server.resource("planet://latest", title="Latest entries", mime_type=MARKDOWN)
    async def latest() -> str:
        """The entries of the last 7 days, by day and feed."""
        return (await _read(planet.latest_entries())).text

    @server.resource("planet://feeds", title="Feeds", mime_type="application/json")
    async def feeds() -> str:
        """The feeds that the planet follows; list_feeds pages through more than 200."""
        answer = await _read(planet.list_feeds(FeedQuery(detail="full", limit=MOST_FEEDS)))
        return json.dumps(answer.result.structured(), ensure_ascii=False)

    @server.resource("planet://feeds.opml", title="Feeds as OPML", mime_type="text/x-opml")
    async def feeds_opml() -> str:
        """The feeds that the planet follows, as an OPML 2.0 document."""
        return await _read(planet.export_opml())

    @server.resource("planet://tags", title="Tags", mime_type="application/json")
    async def tags() -> str:
        """The 200 tags that are used most, with how many entries have each."""
        return json.dumps((await _read(planet.tags())).structured(), ensure_ascii=False)

    @server.resource("planet://entries/{entry_id}", title="Entry", mime_type=MARKDOWN)
    async def entry(entry_id: str) -> str:
        """The full text of an entry."""
        return await _read(planet.fetch_article(entry_id, max_chars=MOST_CHARS))

    @server.resource("planet://feeds/{feed_id}", title="Feed", mime_type=MARKDOWN)
    async def feed(feed_id: str) -> str:
        """The newest entries of a feed."""
        return (await _read(planet.search_entries(SearchRequest(feed=feed_id)))).text


def add_completion(server: MCPServer[Any], planet: Planet) -> None:
    """Register the completion of ids, tags, groups and readers."""

    @server.completion()  # type: ignore[no-untyped-call, untyped-decorator]  # as the SDK has it
    async def complete(
        ref: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        context: CompletionContext | None,
    ) -> Completion | None:
        found = await planet.completions(argument.name, argument.value)
        if found is None:
            return None
        more = len(found) > MOST_COMPLETIONS
        return Completion(values=found[:MOST_COMPLETIONS], total=len(found), has_more=more)
