"""The server as a child process of a host: both eras, and all the ways in which it ends."""

import asyncio
import json
import os
import signal
import subprocess
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from planet_mcp.lease import Lease
from tests.documents import Post, rss
from tests.programs import COMMAND, environment, settings_in
from tests.site import Site

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(os.name != "posix", reason="signals and pipes as POSIX has them"),
]

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}
SECONDS = 20


class Server:
    """A running server and the pipes to it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    def send(self, message: dict[str, Any] | str) -> None:
        assert self.process.stdin is not None
        line = message if isinstance(message, str) else json.dumps(message)
        self.process.stdin.write(line.encode() + b"\n")

    def call(self, tool: str, **arguments: Any) -> None:
        params = {"name": tool, "arguments": arguments}
        self.send({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params})

    async def receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), SECONDS)
        message: dict[str, Any] = json.loads(line)
        return message

    async def initialize(self) -> None:
        self.send(INITIALIZE)
        answer = await self.receive()
        assert answer["result"]["serverInfo"]["name"] == "planet-mcp"
        self.send(INITIALIZED)

    async def end(self) -> tuple[int, str, str]:
        """Wait for the end; returns exit code, what was left on stdout, and stderr."""
        out, err = await asyncio.wait_for(self.process.communicate(), SECONDS)
        assert self.process.returncode is not None
        return self.process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def started(*arguments: str, **settings: str) -> AsyncIterator[Server]:
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *arguments,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(**settings),
        limit=2**24,
    )
    try:
        yield Server(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_a_host_of_either_era_reaches_the_tools(site: Site, mode: str) -> None:
    url = site.add("/feed", rss([Post("Found over stdio")]))
    server = StdioServerParameters(
        command=COMMAND[0], args=list(COMMAND[1:]), env=settings_in(environment())
    )

    async with Client(stdio_client(server), mode=mode) as client:
        await client.call_tool("add_feeds", {"urls": [url]})
        found = await client.call_tool("search_entries", {"query": "stdio"})

    assert found.structured_content is not None
    assert found.structured_content["hits"][0]["title"] == "Found over stdio"


@pytest.mark.parametrize("idle", ["unused", "initialized"])
async def test_the_end_of_stdin_ends_the_server(idle: str) -> None:
    async with started() as server:
        if idle == "initialized":
            await server.initialize()
        assert server.process.stdin is not None
        server.process.stdin.close()
        assert await server.end() == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_the_server(number: signal.Signals) -> None:
    async with started() as server:
        await server.initialize()
        server.process.send_signal(number)
        assert await server.end() == (128 + number, "", "")


@pytest.mark.parametrize("ending", ["eof", "sigint", "sigterm"])
async def test_a_running_tool_does_not_hold_up_the_end(site: Site, ending: str) -> None:
    held = threading.Event()
    url = site.add("/slow", rss([Post("Late")]), hold=held)
    async with started(refresh="off") as server:
        await server.initialize()
        server.call("add_feeds", urls=[url])
        await asyncio.to_thread(site.wait_for, "/slow")
        if ending == "eof":
            assert server.process.stdin is not None
            server.process.stdin.close()
        else:
            server.process.send_signal(getattr(signal, ending.upper()))
        code, out, err = await server.end()
    held.set()
    assert code == {"eof": 0, "sigint": 130, "sigterm": 143}[ending]
    assert err == ""
    assert all(json.loads(line) for line in out.splitlines())


@pytest.mark.parametrize("ending", ["eof", "sigterm"])
async def test_a_refresh_does_not_hold_up_the_end(
    site: Site, database: Path, tmp_path: Path, ending: str
) -> None:
    held = threading.Event()
    url = site.add("/slow", rss([Post("Late")]), hold=held)
    opml = tmp_path / "feeds.opml"
    opml.write_text(f'<opml version="2.0"><body><outline xmlUrl="{url}"/></body></opml>')
    async with started(feeds=str(opml)) as server:
        await server.initialize()
        await asyncio.to_thread(site.wait_for, "/slow")
        if ending == "eof":
            assert server.process.stdin is not None
            server.process.stdin.close()
        else:
            server.process.send_signal(signal.SIGTERM)
        code, _, err = await server.end()
    held.set()
    assert (code, err) == (0 if ending == "eof" else 143, "")
    assert not Lease(database).is_taken()


async def test_another_server_takes_over_when_the_refreshing_one_is_killed(
    site: Site, database: Path, tmp_path: Path
) -> None:
    held = threading.Event()
    urls = [site.add(f"/{n}", rss([Post(f"Post {n}")]), hold=held) for n in range(2)]
    outlines = "".join(f'<outline xmlUrl="{url}"/>' for url in urls)
    opml = tmp_path / "feeds.opml"
    opml.write_text(f'<opml version="2.0"><body>{outlines}</body></opml>')
    async with started(feeds=str(opml)) as first, started(feeds=str(opml)) as second:
        await first.initialize()
        await asyncio.to_thread(site.wait_for, "/1")
        await second.initialize()
        held.set()
        first.process.kill()
        await first.end()
        async with asyncio.timeout(SECONDS):
            total = 0
            while total < 2:
                second.call("search_entries", query="post")
                total = (await second.receive())["result"]["structuredContent"]["total"]
    assert not Lease(database).is_taken()


async def test_garbage_is_answered_or_dropped_and_the_server_goes_on() -> None:
    async with started() as server:
        await server.initialize()
        for line in ("not json", "[]", '{"jsonrpc": "2.0"}', "\x00\x01", '{"id": 3'):
            server.send(line)
        server.call("search_entries", query="x")
        while (answer := await server.receive()).get("id") != 2:
            pass
        assert answer["result"]["structuredContent"]["total"] == 0


async def test_what_is_printed_reaches_stderr_and_never_the_wire(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import atexit, sys\n"
        "class Noise:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'planet_mcp.server':\n"
        "            print('a stray print')\n"
        "sys.meta_path.insert(0, Noise())\n"
        "atexit.register(print, 'another')\n"
    )
    async with started() as plain:
        await plain.initialize()
    os.environ["PYTHONPATH"] = str(tmp_path)
    try:
        async with started() as server:
            await server.initialize()
            assert server.process.stdin is not None
            server.process.stdin.close()
            code, out, err = await server.end()
    finally:
        del os.environ["PYTHONPATH"]
    assert (code, out) == (0, "")
    assert "a stray print" in err


async def test_a_client_that_stops_reading_ends_the_server() -> None:
    async with started() as server:
        await server.initialize()
        transport = server.process._transport  # type: ignore[attr-defined]
        transport.get_pipe_transport(1).close()
        server.call("list_feeds")
        assert await asyncio.wait_for(server.process.wait(), SECONDS) == 0


async def test_regular_files_are_served_too(tmp_path: Path) -> None:
    requests = tmp_path / "requests"
    requests.write_text(json.dumps(INITIALIZE) + "\n")
    answers = tmp_path / "answers"
    with requests.open("rb") as source, answers.open("wb") as sink:
        process = await asyncio.create_subprocess_exec(
            *COMMAND, stdin=source, stdout=sink, stderr=subprocess.PIPE, env=environment()
        )
        _, err = await asyncio.wait_for(process.communicate(), SECONDS)
    assert (process.returncode, err) == (0, b"")
    assert json.loads(answers.read_text())["id"] == 1
