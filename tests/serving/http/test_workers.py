"""Several processes at one address: all serve, one refreshes, and they end together."""

import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from mcp import Client

from planet_mcp.errors import SettingsError
from planet_mcp.serving.http import listen_shared
from tests.support.commands import command
from tests.support.documents import Post, rss
from tests.support.programs import PATIENCE_SECONDS, children_of, is_alive, until
from tests.support.serving import browser, serving
from tests.support.site import Site

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux deals out connections"),
]

CLIENTS = 8


def workers_of(pid: int) -> list[int]:
    parsing = set(children_of(pid))
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [child for child in map(int, children) if child not in parsing]


async def test_workers_share_an_address_a_planet_and_their_end(site: Site) -> None:
    feed = site.add("/feed", rss([Post("Seen by all")]))
    seen: list[float] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        assert (total, bool(message)) == (1, True)
        seen.append(progress)

    async with serving("--workers", "2") as (url, process), AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(Client(f"{url}/mcp", mode="auto"))
            for _ in range(CLIENTS)
        ]
        wanted = ["planet://feeds"]
        heard = [
            await stack.enter_async_context(client.listen(resource_subscriptions=wanted))
            for client in clients
        ]
        await clients[0].call_tool("add_feeds", {"urls": [feed]}, progress_callback=note)
        assert seen == [1]
        async with asyncio.timeout(PATIENCE_SECONDS):
            for events in heard:
                await anext(aiter(events))
        for client in clients:
            found = (await client.call_tool("search_entries", {"query": "seen"})).structured_content
            assert found is not None
            assert found["total"] == 1
        before = workers_of(process.pid)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), PATIENCE_SECONDS) == 0
    assert len(before) == 2
    await until(lambda: not any(map(is_alive, before)))


async def test_a_worker_that_dies_is_replaced_and_none_outlives_its_parent() -> None:
    async with serving("--workers", "2") as (url, process):
        before = workers_of(process.pid)
        os.kill(before[0], signal.SIGKILL)
        await until(lambda: len({*workers_of(process.pid)} - {*before}) == 1)
        for _ in range(CLIENTS):
            async with browser() as web:
                assert (await web.get(f"{url}/health")).status_code == 200
        after = workers_of(process.pid)
        process.kill()
        await until(lambda: not any(map(is_alive, after)))


async def test_what_no_worker_can_open_ends_all_in_words(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "planet_mcp", "serve", "--http", "--port", "0", "--workers", "2"),
        *("--database", str(tmp_path)),
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)

    assert process.returncode == 1
    assert b"is a folder, not a database file" in said


def test_an_address_in_use_is_refused_to_workers_too() -> None:
    first = listen_shared("127.0.0.1", 0, count=2)
    port = first[0].getsockname()[1]
    assert [each.getsockname()[1] for each in first] == [port, port]

    with pytest.raises(SettingsError, match="Cannot listen"):
        listen_shared("127.0.0.1", port, count=2)

    for listener in first:
        listener.close()


def test_workers_go_with_http() -> None:
    refused = command("serve", "--workers", "2")

    assert refused.code == 2
    assert "--workers" in refused.stderr
