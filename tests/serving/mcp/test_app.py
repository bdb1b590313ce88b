"""The river's view is linked by the tools that list entries, and asks nobody for anything."""

import re
from pathlib import Path

import pytest
from mcp import Client
from mcp.client.extension import advertise

from planet_mcp.planet import Planet
from planet_mcp.serving.mcp import create_server
from tests.support.documents import Post, rss
from tests.support.site import Site

pytestmark = pytest.mark.anyio

EXTENSION, MIME_TYPE = "io.modelcontextprotocol/ui", "text/html;profile=mcp-app"
LINKED = {"search_entries", "latest_entries", "catch_up", "trending"}
MOST_BYTES = 20_000


async def test_the_tools_that_list_entries_link_one_view(planet: Planet) -> None:
    async with Client(create_server(planet, refresh=False)) as client:
        extensions = client.server_capabilities.extensions
        assert EXTENSION in (extensions or {})
        tools = (await client.list_tools()).tools
        links = {tool.name: tool.meta["ui"] for tool in tools if tool.meta and "ui" in tool.meta}
        assert set(links) == LINKED
        [uri] = {link["resourceUri"] for link in links.values()}
        listed = {str(each.uri): each for each in (await client.list_resources()).resources}
        [content] = (await client.read_resource(uri)).contents
    assert listed[uri].mime_type == content.mime_type == MIME_TYPE
    assert "csp" not in (content.meta or {}).get("ui", {}), "hosts then allow no origin"


async def test_the_view_is_small_and_names_no_origin(planet: Planet) -> None:
    async with Client(create_server(planet, refresh=False)) as client:
        [content] = (await client.read_resource("ui://river")).contents
    page: str = content.text  # type: ignore[union-attr]
    assert len(page.encode()) <= MOST_BYTES
    assert not re.search(r"https?://(?!\S*\$/i)|innerHTML|insertAdjacentHTML|eval\(|src=", page)


async def test_answers_are_the_same_for_hosts_that_show_apps(
    planet: Planet, site: Site, database: Path
) -> None:
    await planet.add_feeds([site.add("/feed", rss([Post("One"), Post("Two")]))])
    answers = []
    for extensions in ((), (advertise(EXTENSION, {"mimeTypes": [MIME_TYPE]}),)):
        async with Client(create_server(planet, refresh=False), extensions=extensions) as client:
            answers.append(await client.call_tool("latest_entries", {"since": "1y"}))
    assert answers[0] == answers[1]
    assert answers[0].structured_content
