"""The HTTP server, in a process of its own or in the test's, and its pages as browsers get them."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from lxml import html

from planet_mcp.planet import Planet
from planet_mcp.serving.http import Limits, access_for, listen, serve
from planet_mcp.serving.http import Pages as ServedPages
from planet_mcp.serving.mcp import create_server
from planet_mcp.settings import load
from tests.support.programs import COMMAND, MORTAL, PATIENCE_SECONDS, environment

# By default, no limit on time is met, however busy the machine is.
LIMITS = Limits(
    header_seconds=PATIENCE_SECONDS, body_seconds=PATIENCE_SECONDS, grace_seconds=PATIENCE_SECONDS
)


def browser(base_url: str = "") -> httpx.AsyncClient:
    """Return a client of servers that tests start."""
    # The world's certificates are not loaded: that takes 50 ms of CPU for each client.
    return httpx.AsyncClient(base_url=base_url, timeout=PATIENCE_SECONDS, verify=False)


async def until_up(url: str) -> None:
    """Wait until a server that listens answers."""
    async with browser() as web:
        await web.get(f"{url}/health")


@asynccontextmanager
async def serving(
    *arguments: str, **settings: str
) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """Serve in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *MORTAL,
        *COMMAND,
        "serve",
        "--http",
        "--port",
        "0",
        *arguments,
        stderr=subprocess.PIPE,
        env=environment(**settings),
    )
    assert process.stderr is not None
    url = await asyncio.wait_for(_address(process.stderr), PATIENCE_SECONDS)
    try:
        await until_up(url)
        yield url, process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _address(log: asyncio.StreamReader) -> str:
    while b"planet-mcp serves MCP at" not in (line := await log.readline()):
        assert line
    return line.decode().split()[4].removesuffix("/mcp")


@asynccontextmanager
async def serving_here(
    planet: Planet, *, limits: Limits = LIMITS, **settings: Any
) -> AsyncIterator[str]:
    """Serve in this process, so that a test can set limits that it reaches."""
    listener = listen("127.0.0.1", 0)
    server = create_server(planet, refresh=False)
    chosen = load(**{"refresh": "off", **settings})
    access = access_for(chosen, "127.0.0.1")
    pages = ServedPages(planet, chosen, token=access.token is not None)
    running = asyncio.ensure_future(
        serve(server, planet, listener, pages=pages, access=access, limits=limits)
    )
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        await until_up(url)
        yield url
    finally:
        signal.raise_signal(signal.SIGTERM)
        await running


@dataclass(frozen=True)
class Seen:
    """An answer, read as a page."""

    answer: httpx.Response

    @property
    def tree(self) -> Any:
        """Return the page's elements."""
        return html.document_fromstring(self.answer.text)

    def texts(self, selector: str) -> list[str]:
        """Return the words of the elements that a path finds (XPath)."""
        return [" ".join(each.text_content().split()) for each in self.tree.xpath(selector)]

    def links(self, selector: str = "//a") -> list[str]:
        """Return where the elements that a path finds lead to."""
        return [each.get("href") for each in self.tree.xpath(selector)]


class Pages:
    """The pages of a planet that is served in this process."""

    def __init__(self, web: httpx.AsyncClient) -> None:
        self.web = web

    async def see(self, path: str, *, status: int = 200, **more: Any) -> Seen:
        """Get a page, which must answer so."""
        answer = await self.web.get(path, **more)
        assert answer.status_code == status, answer.text
        return Seen(answer)


@asynccontextmanager
async def pages_of(planet: Planet, **settings: Any) -> AsyncIterator[Pages]:
    """Serve a planet, and get its pages."""
    async with serving_here(planet, **settings) as url, pages_at(url) as pages:
        yield pages


@asynccontextmanager
async def pages_at(url: str) -> AsyncIterator[Pages]:
    """Get the pages of a server."""
    async with browser(url) as web:
        yield Pages(web)
