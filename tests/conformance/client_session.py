"""A session of one of the clients that `tests.conformance.clients` installs.

`python client_session.py CLIENT COMMAND|URL`; it imports nothing of this project, and each client
is only in its own environment. What a client gives its model is looked at, and nothing else.
"""
# mypy: ignore-errors

import asyncio
import json
import os
import re
import sys
from contextlib import asynccontextmanager

TOOLS = 9
OWN = {name: text for name, text in os.environ.items() if name.startswith("PLANET_MCP_")}


def is_url(target):
    """Return whether a server is reached over HTTP."""
    return target.startswith("http")


@asynccontextmanager
async def fastmcp(target):
    """FastMCP's client: its result is the structure, and the text beside it."""
    from fastmcp import Client
    from fastmcp.client.transports import StdioTransport

    async with Client(target if is_url(target) else StdioTransport(target, [], env=OWN)) as client:

        async def call(tool, arguments):
            result = await client.call_tool(tool, arguments, raise_on_error=False)
            blocks = " ".join(block.text for block in result.content)
            return f"{json.dumps(result.structured_content)}\n{blocks}"

        yield [tool.name for tool in await client.list_tools()], call


@asynccontextmanager
async def pydantic_ai(target):
    """Pydantic AI's toolset; an error asks the model to try again."""
    from fastmcp.client.transports import StdioTransport
    from pydantic_ai import ModelRetry
    from pydantic_ai.mcp import MCPToolset

    toolset = MCPToolset(target if is_url(target) else StdioTransport(target, [], env=OWN))
    async with toolset:

        async def call(tool, arguments):
            try:
                return str(await toolset.direct_call_tool(tool, arguments))
            except ModelRetry as error:
                return str(error)

        yield [tool.name for tool in await toolset.list_tools()], call


@asynccontextmanager
async def langchain(target):
    """LangChain's adapters: MCP tools as its own, which check arguments by the published schema."""
    from langchain_mcp_adapters.client import MultiServerMCPClient

    stdio = {"transport": "stdio", "command": target, "args": [], "env": OWN}
    http = {"transport": "streamable_http", "url": target}
    client = MultiServerMCPClient({"planet": http if is_url(target) else stdio})
    tools = {tool.name: tool for tool in await client.get_tools()}

    async def call(tool, arguments):
        return str(await tools[tool].ainvoke(arguments))

    yield list(tools), call


@asynccontextmanager
async def openai_agents(target):
    """The OpenAI Agents SDK, with schemas as strict as its models take them."""
    from agents import Agent, RunContextWrapper
    from agents.mcp import MCPServerStdio, MCPServerStreamableHttp, MCPUtil
    from agents.tool_context import ToolContext

    if is_url(target):
        server = MCPServerStreamableHttp({"url": target})
    else:
        server = MCPServerStdio({"command": target, "args": [], "env": OWN})
    async with server:
        agent = Agent(name="check", mcp_servers=[server])
        listed = await MCPUtil.get_function_tools(server, True, RunContextWrapper(None), agent)
        tools = {tool.name: tool for tool in listed}

        async def call(tool, arguments):
            text = json.dumps(arguments)
            context = ToolContext(None, tool_name=tool, tool_call_id="1", tool_arguments=text)
            return str(await tools[tool].on_invoke_tool(context, text))

        yield list(tools), call


CLIENTS = {
    "fastmcp": fastmcp,
    "pydantic-ai": pydantic_ai,
    "langchain": langchain,
    "openai-agents": openai_agents,
}


async def main(client, target):
    """Ask for everything once, at most a minute."""
    async with asyncio.timeout(60), CLIENTS[client](target) as (names, call):
        assert len(names) == TOOLS, names
        found = await call("search_entries", {"query": "TaskGroup"})
        assert "What a TaskGroup does" in found, found
        number = re.search(r"entry_id\W+(\d+)|\[(\d+)\] What", found)
        assert number, found
        latest = await call("latest_entries", {"since": "7d", "detail": "titles"})
        assert "Packaging news" in latest, latest
        article = await call("fetch_article", {"article": int(number[1] or number[2])})
        assert "A TaskGroup waits for all of its tasks." in article, article
        refused = await call("search_entries", {"query": "x", "limit": 99})
        assert "should be less than or equal to 50 (got 99)" in refused, refused
        sys.stdout.write(f"{len(names)} tools, 3 answers, 1 error in words\n")


asyncio.run(main(*sys.argv[1:]))
