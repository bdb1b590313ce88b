"""Use an installed planet-mcp: initialize, tools/list and one search over stdio, pages as files."""

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

TOOLS = {
    "add_feeds",
    "fetch_article",
    "latest_entries",
    "catch_up",
    "trending",
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


def build(command: str) -> None:
    """Fail loudly unless the templates are in the wheel."""
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder, "site")
        given = [
            "--database",
            f"{folder}/planet.sqlite",
            "--site-url",
            "https://planet.example.org",
        ]
        subprocess.run([command, "build", str(site), *given], check=True)
        assert ">Planet Python</a></h1>" in (site / "index.html").read_text("utf-8")
        assert (site / "style.css").stat().st_size


asyncio.run(main(sys.argv[1]))
build(sys.argv[1])
