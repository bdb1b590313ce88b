"""Measures the HTTP server: latency, calls a second, and memory after very many of them.

`python -m benchmarks.load [--calls 100000] [--sessions 10000]`: one server on loopback with some
thousand entries, and clients in one asyncio process that speak HTTP/1.1 over plain streams, as
little as can be. Linux only; no network, about ten minutes. `--workers 2` compares instead 64
clients of one process and of so many, in turn, three times; with `--server ADDRESS` on an empty
database of PostgreSQL.
"""

import argparse
import asyncio
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.calls import filled
from benchmarks.passes import WORDS, cpu_seconds, environment, prepare

VERSION = "2026-07-28"
META = {
    "io.modelcontextprotocol/protocolVersion": VERSION,
    "io.modelcontextprotocol/clientInfo": {"name": "benchmark", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
HELLO = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "benchmark", "version": "1"},
}
CLIENTS = (1, 64)
ROUND, WARM_UP = 3_000, 200
# Of the very many calls, every so manieth is a search; the others are cheap.
SEARCH_EVERY = 10
SAMPLES = 10
SESSIONS_AT_ONCE = 32
LISTEN_EVERY = 10
START_SECONDS, SETTLE_SECONDS = 30.0, 15.0


def main() -> None:
    """Measure everything."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--calls", type=int, default=100_000)
    options.add_argument("--sessions", type=int, default=10_000)
    options.add_argument("--workers", type=int, default=1)
    options.add_argument("--server")
    given = options.parse_args()
    prepare()
    if given.workers > 1:
        compare(given.workers, given.server)
        return
    with tempfile.TemporaryDirectory() as folder, serving(filled(Path(folder)), folder) as server:
        asyncio.run(measure(server, given.calls, given.sessions))


def compare(workers: int, address: str | None) -> None:
    """Print the calls a second of one process and of several, and the memory that they take."""
    print("| processes | `search_entries`/s | `list_feeds(limit=1)`/s | MB, shared once |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        settings = filled(Path(folder))
        if address:
            copy = (sys.executable, "-m", "planet_mcp", "copy", settings["database"], address)
            subprocess.run(copy, check=True)
            settings["database"] = address
        for count in (1, workers) * 3:
            with serving(settings, folder, "--workers", str(count)) as server:
                rates = asyncio.run(_rates(server))
                shown = " | ".join(f"{rate:.0f}" for rate in rates)
                print(f"| {count} | {shown} | {server.shared_mb():.0f} |", flush=True)


async def _rates(server: "Server") -> list[float]:
    rates = []
    for requests in _kinds(server).values():
        await _timed(server, requests, clients=CLIENTS[-1], calls=WARM_UP)
        began = time.perf_counter()
        await _timed(server, requests, clients=CLIENTS[-1], calls=ROUND)
        rates.append(ROUND / (time.perf_counter() - began))
    return rates


class Server:
    """A running server."""

    def __init__(self, pid: int, port: int) -> None:
        self.pid = pid
        self.port = port

    def state(self) -> str:
        """Return its resident memory and open files, as columns."""
        status = Path(f"/proc/{self.pid}/status").read_text("utf-8")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return f"{int(line.split()[1]) / 1024:.1f} | {self.files()}"

    def shared_mb(self) -> float:
        """Return the memory of its processes, each page that they share counted once."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        maps = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in (self.pid, *children)]
        return sum(int(text.partition("\nPss:")[2].split()[0]) for text in maps) / 1024

    def files(self) -> int:
        """Return how many file descriptors are open."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))


@contextmanager
def serving(settings: dict[str, str], folder: str, *more: str) -> Iterator[Server]:
    """Serve over HTTP on a free port while the block runs."""
    command = [sys.executable, "-m", "planet_mcp", "serve", "--http", "--port", "0", *more]
    log = Path(folder) / "log"
    with log.open("wb") as sink:
        process = subprocess.Popen(command, env=environment(settings), stderr=sink)
    try:
        yield Server(process.pid, _port(log))
    finally:
        process.terminate()
        process.wait(10)
        print(f"\nwhat the server logged: {len(log.read_bytes().splitlines()) - 1} lines")


def _port(log: Path) -> int:
    until = time.monotonic() + START_SECONDS
    while b"\n" not in log.read_bytes():
        assert time.monotonic() < until, "the server does not start"
        time.sleep(0.05)
    return int(log.read_text("utf-8").partition("/mcp")[0].rpartition(":")[2])


async def measure(server: Server, calls: int, sessions: int) -> None:
    """Measure a server."""
    print("\nclients: one asyncio process, plain streams, persistent connections")
    await latencies(server)
    await memory(server, calls)
    await dropped(server, sessions)


# A client.


class Client:
    """A connection to the server that is used for one request after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def call(self, request: bytes) -> None:
        """Call a tool and wait for the answer."""
        body = await self.answer(request)
        assert b'"isError":false' in body, body

    async def answer(self, request: bytes) -> bytes:
        """Send a request; returns the body of its answer."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        _, _, rest = head.partition(b"content-length: ")
        body = await self._reader.readexactly(int(rest.partition(b"\r\n")[0]))
        assert head.startswith(b"HTTP/1.1 200"), head + body
        return body

    async def ask(self, request: bytes, *, until: bytes) -> None:
        """Send a request and read its answer up to some text."""
        self._writer.write(request)
        await self._reader.readuntil(until)

    def drop(self) -> None:
        """Break the connection off, as a client does that is killed."""
        self._writer.transport.abort()


@asynccontextmanager
async def connected(server: Server) -> AsyncIterator[Client]:
    """Open a connection, and break it off with the block."""
    client = Client(*await asyncio.open_connection("127.0.0.1", server.port, limit=2**22))
    try:
        yield client
    finally:
        client.drop()


def post(server: Server, method: str, params: dict[str, Any], *, modern: bool = True) -> bytes:
    """Write a request as it goes over the wire."""
    message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
    if not method.startswith("notifications/"):
        message["id"] = 1
    message["params"] = {**params, "_meta": META} if modern else params
    headers = [f"Mcp-Protocol-Version: {VERSION}", f"Mcp-Method: {method}"] if modern else []
    if "name" in params:
        headers.append(f"Mcp-Name: {params['name']}")
    return _http(server, "POST", json.dumps(message).encode(), *headers)


def _http(server: Server, method: str, body: bytes, *headers: str) -> bytes:
    head = [
        f"{method} /mcp HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        "Accept: application/json, text/event-stream",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return "\r\n".join([*head, "\r\n"]).encode() + body


def tool(server: Server, name: str, **arguments: object) -> bytes:
    """Write the call of a tool."""
    return post(server, "tools/call", {"name": name, "arguments": arguments})


# How long calls take.


async def latencies(server: Server) -> None:
    """Print how long calls take that come one by one, and many at a time."""
    print("\n| call, clients | calls/s | p50 ms | p95 | p99 | CPU s of server | of clients |")
    print("|---|---|---|---|---|---|---|")
    for name, requests in _kinds(server).items():
        await _timed(server, requests, clients=1, calls=WARM_UP)
        for clients in CLIENTS:
            cpu = cpu_seconds(server.pid)[0], time.process_time()
            began = time.perf_counter()
            times = sorted(await _timed(server, requests, clients=clients, calls=ROUND))
            rate = len(times) / (time.perf_counter() - began)
            spread = " | ".join(f"{times[int(len(times) * q)]:.1f}" for q in (0.5, 0.95, 0.99))
            spent = cpu_seconds(server.pid)[0] - cpu[0], time.process_time() - cpu[1]
            print(
                f"| {name}, {clients} | {rate:.0f} | {spread} | {spent[0]:.1f} | {spent[1]:.1f} |",
                flush=True,
            )


def _kinds(server: Server) -> dict[str, list[bytes]]:
    return {
        "`search_entries`": [tool(server, "search_entries", query=word) for word in WORDS],
        "`list_feeds(limit=1)`": [tool(server, "list_feeds", limit=1)],
    }


async def _timed(
    server: Server, requests: Sequence[bytes], *, clients: int, calls: int
) -> list[float]:
    """Let some clients share calls; returns the milliseconds that each took."""
    times: list[float] = []
    left = iter(itertools.islice(itertools.cycle(requests), calls))

    async def client() -> None:
        async with connected(server) as connection:
            for request in left:
                began = time.perf_counter()
                await connection.call(request)
                times.append((time.perf_counter() - began) * 1000)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(clients):
            tasks.create_task(client())
    return times


# What is left of them.


async def memory(server: Server, calls: int) -> None:
    """Print the memory of the server while it is called very often."""
    print(f"\n| calls, one in {SEARCH_EVERY} a search | MB resident | open files |\n|---|---|---|")
    print(f"| 0 | {server.state()} |", flush=True)
    cheap = tool(server, "list_feeds", limit=1)
    requests = [
        request
        for word in WORDS
        for request in (*[cheap] * (SEARCH_EVERY - 1), tool(server, "search_entries", query=word))
    ]
    for sample in range(1, SAMPLES + 1):
        await _timed(server, requests, clients=16, calls=calls // SAMPLES)
        print(f"| {calls // SAMPLES * sample:,} | {server.state()} |", flush=True)


async def dropped(server: Server, sessions: int) -> None:
    """Print what is left of sessions that clients opened and never ended."""
    await _settled(server)
    files = server.files()
    print("\n| sessions opened and dropped | MB resident | open files |\n|---|---|---|")
    print(f"| 0 | {server.state()} |", flush=True)
    for sample in range(1, SAMPLES + 1):
        await _sessions(server, sessions // SAMPLES)
        await _settled(server, files)
        print(f"| {sessions // SAMPLES * sample:,} | {server.state()} |", flush=True)
    print(f"\nof every {LISTEN_EVERY} sessions, one had a GET refused and a listen stream open")


async def _sessions(server: Server, count: int) -> None:
    hello = post(server, "initialize", HELLO, modern=False)
    ready = post(server, "notifications/initialized", {}, modern=False)
    get = _http(server, "GET", b"")
    wanted = {"notifications": {"resourceSubscriptions": ["planet://latest"]}}
    listen = post(server, "subscriptions/listen", wanted)
    numbers = iter(range(count))

    async def client() -> None:
        for number in numbers:
            async with connected(server) as connection:
                await connection.ask(hello, until=b"0\r\n\r\n")
                await connection.ask(ready, until=b"\r\n\r\n")
                if number % LISTEN_EVERY == 0:
                    await connection.ask(get, until=b"Only POST.\n")
                    await connection.ask(listen, until=b"acknowledged")

    async with asyncio.TaskGroup() as tasks:
        for _ in range(SESSIONS_AT_ONCE):
            tasks.create_task(client())


async def _settled(server: Server, files: int = 0) -> None:
    """Wait until the server has noticed that its clients are gone, but not for ever."""
    until = time.monotonic() + (SETTLE_SECONDS if files else 1.0)
    while server.files() > files and time.monotonic() < until:  # noqa: ASYNC110 - it is a guess
        await asyncio.sleep(0.1)


if __name__ == "__main__":
    main()
