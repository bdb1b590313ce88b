"""Talk to an installed planet-mcp over stdio: initialize, tools/list, one search."""

import asyncio
import sys
import tempfile

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

TOOLS = {
    "add_feeds",
    "fetch_article",
    "latest_entries",
    "list_feeds",
    "refresh_feeds",
    "remove_feeds",
    "search_entries",
}


async def main(command: str) -> None:
    """Fail loudly unless all of it works."""
    with tempfile.TemporaryDirectory() as folder:
        env = {"PLANET_MCP_DATABASE": f"{folder}/planet.sqlite", "PLANET_MCP_REFRESH": "off"}
        server = stdio_client(StdioServerParameters(command=command, env=env))
        async with Client(server, mode="legacy") as client:
            names = {tool.name for tool in (await client.list_tools()).tools}
            assert names == TOOLS, names
            found = await client.call_tool("search_entries", {"query": "packaging"})
            assert not found.is_error, found.content
            feeds = await client.call_tool("list_feeds", {"limit": 1})
            assert feeds.structured_content is not None
            assert feeds.structured_content["total"] == 567, feeds.structured_content
    sys.stdout.write("the wheel serves\n")


asyncio.run(main(sys.argv[1]))
