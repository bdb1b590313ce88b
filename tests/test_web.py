"""The HTTP server as a team uses it: both eras, health, who may ask, how it ends."""

import asyncio
import json
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from mcp import Client

from tests.documents import Post, rss
from tests.programs import COMMAND, environment
from tests.site import Site

pytestmark = pytest.mark.anyio

SECONDS = 20


@asynccontextmanager
async def serving(*arguments: str) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        "serve",
        "--http",
        "--port",
        "0",
        *arguments,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert process.stderr is not None
    line = await asyncio.wait_for(process.stderr.readline(), SECONDS)
    url = line.decode().split()[4].removesuffix("/mcp")
    try:
        await until_up(url)
        yield url, process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def until_up(url: str) -> None:
    async with httpx.AsyncClient() as web, asyncio.timeout(SECONDS):
        while True:
            try:
                await web.get(f"{url}/health")
            except httpx.ConnectError:
                await asyncio.to_thread(lambda: None)
            else:
                return


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_a_client_of_either_era_reaches_the_tools(site: Site, mode: str) -> None:
    feed = site.add("/feed", rss([Post("Found over HTTP")]))
    async with serving() as (url, _), Client(f"{url}/mcp", mode=mode) as client:
        await client.call_tool("add_feeds", {"urls": [feed]})
        found = await client.call_tool("search_entries", {"query": "http"})
    assert found.structured_content is not None
    assert found.structured_content["hits"][0]["title"] == "Found over HTTP"


async def test_health_says_how_the_planet_is_doing(site: Site) -> None:
    feed = site.add("/feed", rss([Post("One")]))
    async with serving() as (url, _):
        async with Client(f"{url}/mcp") as client:
            await client.call_tool("add_feeds", {"urls": [feed]})
        async with httpx.AsyncClient() as web:
            answer = await web.get(f"{url}/health")
    health = answer.json()
    assert (answer.status_code, health["status"]) == (200, "ok")
    assert (health["feeds"], health["entries"]) == (1, 1)
    assert health["last_refresh_at"]
    assert health["version"]
    assert health["refresher"] in {"running", "stopped"}


async def test_the_feeds_are_refreshed_without_any_client(site: Site, tmp_path: Path) -> None:
    url = site.add("/feed", rss([Post("Arrived")]))
    opml = tmp_path / "feeds.opml"
    opml.write_text(f'<opml version="2.0"><body><outline xmlUrl="{url}"/></body></opml>')
    async with serving("--feeds", str(opml)) as (address, _), httpx.AsyncClient() as web:
        async with asyncio.timeout(SECONDS):
            while not (health := (await web.get(f"{address}/health")).json())["entries"]:
                pass
    assert health["refresher"] == "running"


@pytest.mark.parametrize("path", ["/mcp", "/health"])
async def test_other_host_names_are_refused(path: str) -> None:
    async with serving() as (url, _), httpx.AsyncClient() as web:
        answer = await web.get(f"{url}{path}", headers={"Host": "evil.example"})
    assert 400 <= answer.status_code < 500


async def test_pages_of_other_origins_are_refused() -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    headers = {
        "Origin": "https://evil.example",
        "Accept": "application/json, text/event-stream",
        "Content-Type": "application/json",
    }
    async with serving() as (url, _), httpx.AsyncClient() as web:
        answer = await web.post(f"{url}/mcp", content=json.dumps(message), headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_the_server_while_a_client_listens(number: signal.Signals) -> None:
    async with (
        serving() as (url, process),
        Client(f"{url}/mcp") as client,
        client.listen(resource_subscriptions=["planet://latest"]),
    ):
        process.send_signal(number)
        assert await asyncio.wait_for(process.wait(), SECONDS) == 0


async def test_a_port_in_use_is_one_line_and_exit_code_2() -> None:
    async with serving() as (url, _):
        port = url.rsplit(":", 1)[1]
        second = await asyncio.create_subprocess_exec(
            *COMMAND, "serve", "--http", "--port", port, stderr=subprocess.PIPE, env=environment()
        )
        _, err = await asyncio.wait_for(second.communicate(), SECONDS)
    assert second.returncode == 2
    assert err.decode().count("\n") == 1
    assert "--port" in err.decode()


async def test_other_than_loopback_addresses_are_refused() -> None:
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "serve", "--http", "--host", "0.0.0.0", stderr=subprocess.PIPE, env=environment()
    )
    _, err = await asyncio.wait_for(process.communicate(), SECONDS)
    assert process.returncode == 2
    assert "loopback" in err.decode()
