"""A session of the MCP SDK 1.30's client, which `tests.conformance.old_client` runs.

`python old_session.py COMMAND|URL`; it imports nothing of this project, and what it asks for is
not in the SDK that the project is checked with.
"""
# mypy: ignore-errors

import asyncio
import os
import sys
from contextlib import asynccontextmanager

from mcp import ClientSession, StdioServerParameters, types
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

TOOLS = 9
TEMPLATES = 2


@asynccontextmanager
async def connected(target):
    """Open a session with the server at a URL, or with the one that a command starts."""
    if target.startswith("http"):
        streams = streamable_http_client(target)
    else:
        own = {name: text for name, text in os.environ.items() if name.startswith("PLANET_MCP_")}
        streams = stdio_client(StdioServerParameters(command=target, env=own))
    async with streams as (read, write, *_), ClientSession(read, write) as session:
        yield session


async def check(session):
    """Ask for everything once, and say what came."""
    started = await session.initialize()
    assert started.serverInfo.name == "planet-mcp", started
    yield f"initialize: {started.serverInfo.name}, protocol {started.protocolVersion}"

    tools = (await session.list_tools()).tools
    assert len(tools) == TOOLS, tools
    yield f"tools/list: {len(tools)} tools"

    found = await session.call_tool("search_entries", {"query": "TaskGroup"})
    assert not found.isError, found.content
    assert found.structuredContent["total"] == 1, found.structuredContent
    yield f"tools/call: {found.structuredContent['hits'][0]['title']}"

    refused = await session.call_tool("search_entries", {"words": "x"})
    assert refused.isError, refused
    yield f"tools/call: {refused.content[0].text}"

    (latest,) = (await session.read_resource("planet://latest")).contents
    assert "Packaging news" in latest.text, latest
    yield f"resources/read: {len(latest.text)} characters of {latest.mimeType}"

    (message,) = (await session.get_prompt("news_digest", {"days": "3"})).messages
    assert 'latest_entries(since="3d"' in message.content.text, message
    yield f"prompts/get: {message.content.text[:40]}…"

    templates = (await session.list_resource_templates()).resourceTemplates
    assert len(templates) == TEMPLATES, templates
    yield f"resources/templates/list: {len(templates)} templates"

    ref = types.ResourceTemplateReference(type="ref/resource", uri="planet://entries/{entry_id}")
    completion = (await session.complete(ref, {"name": "entry_id", "value": ""})).completion
    assert completion.values == ["3", "2", "1"], completion
    yield f"completion/complete: {completion.values}"


async def main(target):
    """Run the session, at most half a minute."""
    async with asyncio.timeout(30), connected(target) as session:
        async for line in check(session):
            sys.stdout.write(f"{'http' if target.startswith('http') else 'stdio'} {line}\n")


asyncio.run(main(sys.argv[1]))
