"""Several servers on one database: all come up, one refreshes, and another takes over."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from planet_mcp.feeds import Lease, RefreshLimits
from planet_mcp.planet import Parts, open_planet
from planet_mcp.requests import SearchRequest
from planet_mcp.settings import load
from tests.conftest import planet_of
from tests.support.documents import Post, rss
from tests.support.programs import COMMAND, MORTAL, environment, settings_in, until
from tests.support.site import Site

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform == "win32", reason="the signals are those of POSIX"),
]

HOLDER = """
import sys, time
from pathlib import Path
from planet_mcp.feeds import Lease
held = Lease(Path(sys.argv[1]), seconds=1.0)
assert held.acquire()
print("held", flush=True)
while held.held:
    time.sleep(0.05)
print("lost", flush=True)
"""


@asynccontextmanager
async def server(**settings: str) -> AsyncIterator[Client]:
    """Start a server as a host does."""
    env = settings_in(environment(**settings))
    parameters = StdioServerParameters(command=COMMAND[0], args=list(COMMAND[1:]), env=env)
    async with Client(stdio_client(parameters)) as client:
        yield client


@contextmanager
def holder(database: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a process that holds the lease until it loses it."""
    command = [*MORTAL, sys.executable, "-c", HOLDER, str(database)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


async def test_six_servers_started_at_once_come_up_and_one_refreshes(
    site: Site, tmp_path: Path, database: Path
) -> None:
    url = site.add("/feed", rss([Post("Arrived")]))
    opml = tmp_path / "feeds.opml"
    opml.write_text(f'<opml version="2.0"><body><outline xmlUrl="{url}"/></body></opml>')
    answered, enough = [], anyio.Event()

    async def serve() -> None:
        async with server(feeds=str(opml)) as client:
            await until(lambda: found(client, "arrived"))
            answered.append(client)
            await enough.wait()

    lease = Lease(database)
    async with anyio.create_task_group() as servers:
        for _ in range(6):
            servers.start_soon(serve)
        await until(lambda: len(answered) == 6)
        first = lease.holder()
        assert first
        os.kill(first, signal.SIGKILL)
        await until(lambda: lease.holder() not in {None, first})
        enough.set()
    assert site.paths() == ["/feed"]
    async with planet_of() as planet:
        assert (await planet.search_entries(SearchRequest("arrived"))).result.total == 1


async def found(client: Client, query: str) -> int:
    result = await client.call_tool("search_entries", {"query": query})
    assert result.structured_content is not None
    return int(result.structured_content["total"])


def test_who_was_killed_is_followed_at_once(database: Path) -> None:
    lease = Lease(database, seconds=1.0)
    with holder(database) as process:
        assert lease.is_taken()
        assert not lease.acquire()
        assert lease.holder() == process.pid
        process.kill()
        process.wait()
        assert not lease.is_taken()
        assert lease.acquire()
    lease.release()


async def test_who_stands_still_is_followed_and_stands_down(database: Path) -> None:
    lease = Lease(database, seconds=1.0)
    with holder(database) as process:
        process.send_signal(signal.SIGSTOP)
        await until(lease.acquire)
        process.send_signal(signal.SIGCONT)
        assert process.stdout
        assert await asyncio.to_thread(process.stdout.readline) == "lost\n"
    assert lease.held
    lease.release()


async def test_a_refresher_that_lost_its_lease_stands_down_and_leads_again(
    database: Path,
) -> None:
    file = Path(f"{database}.refresh.lease")
    parts = Parts(refresh=RefreshLimits(lease_seconds=1.0))
    async with open_planet(load(), parts=parts) as planet:
        running = asyncio.ensure_future(planet.run())
        await until(lambda: planet.refresher.leads)
        # As if another process had taken over, and ended.
        await asyncio.to_thread(file.unlink)
        await until(lambda: not planet.refresher.leads)
        await until(lambda: planet.refresher.leads)
        running.cancel()
        await asyncio.wait([running])
    assert not await asyncio.to_thread(file.exists)
