"""Measures events: many subscriptions that poll, and many streams, on one HTTP server.

`python -m benchmarks.events [--subscriptions 1000] [--streams 50] [--rounds 10]`: loopback, over a
database with some thousand entries; another process, which is this one, stores what arrives. Linux
only; no network, about two minutes.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.calls import filled
from benchmarks.load import Client, Server, connected, post, serving
from benchmarks.passes import WORDS, cpu_seconds, prepare
from planet_mcp.store import Store
from tests.support.river import made, record

ARRIVED = "entry.published"


def main() -> None:
    """Measure polls, then streams."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--subscriptions", type=int, default=1000)
    options.add_argument("--streams", type=int, default=50)
    options.add_argument("--rounds", type=int, default=10)
    given = options.parse_args()
    prepare()
    with tempfile.TemporaryDirectory() as folder:
        settings = filled(Path(folder))
        store = Store(Path(settings["database"]))
        with serving(settings, folder) as server:
            asyncio.run(polled(server, store, given.subscriptions, given.rounds))
            asyncio.run(streamed(server, store, given.streams, given.rounds))
        store.close()


def arrive(store: Store, name: str) -> None:
    """Store an entry with all the words that are subscribed to."""
    now = datetime.now(UTC)
    entry = made(name, name, url=None, published=now, text=" ".join(WORDS), derived=False)
    record(store, 1, [entry], now=now)


async def polled(server: Server, store: Store, subscriptions: int, rounds: int) -> None:
    """Print what rounds of polls cost: half of them after an entry arrived, half without one."""
    print(f"\n| {subscriptions} polls | events | CPU s of the server | MB resident | open files |")
    print("|---|---|---|---|---|")
    asked = [{"query": word} for word in WORDS] + [{}, {"feed": 1}]
    cursors: list[str | None] = [None] * subscriptions
    async with connected(server) as client:
        for number in range(-1, rounds):
            if arrives := number % 2 == 1:
                arrive(store, f"poll {number}")
            before, events = cpu_seconds(server.pid)[0], 0
            for position, cursor in enumerate(cursors):
                arguments = asked[position % len(asked)]
                found = await _poll(client, server, arguments, cursor)
                cursors[position], events = found["cursor"], events + len(found["events"])
            kind = "first" if number < 0 else "an entry arrived" if arrives else "quiet"
            spent = cpu_seconds(server.pid)[0] - before
            print(f"| {kind} | {events} | {spent:.2f} | {server.state()} |", flush=True)


async def _poll(
    client: Client, server: Server, arguments: dict[str, Any], cursor: str | None
) -> dict[str, Any]:
    params = {"name": ARRIVED, "arguments": arguments, "cursor": cursor}
    answer: dict[str, Any] = json.loads(await client.answer(post(server, "events/poll", params)))
    result: dict[str, Any] = answer["result"]
    return result


async def streamed(server: Server, store: Store, streams: int, rounds: int) -> None:
    """Print what streams cost while entries arrive, and how long each took to be told to all."""
    print(f"\n| {streams} streams | CPU s of the server | MB resident | open files |")
    print("|---|---|---|---|")
    print(f"| none | | {server.state()} |")
    times: list[float] = []
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(connected(server)) for _ in range(streams)]
        request = post(server, "events/stream", {"name": ARRIVED, "arguments": {}})
        await _all(clients, request, until=b"events/active")
        for number in range(rounds):
            before, began = cpu_seconds(server.pid)[0], time.perf_counter()
            arrive(store, f"stream {number}")
            await _all(clients, b"", until=f"stream {number}".encode())
            times.append(time.perf_counter() - began)
            spent = cpu_seconds(server.pid)[0] - before
            print(f"| {number + 1} arrived | {spent:.2f} | {server.state()} |", flush=True)
        before = cpu_seconds(server.pid)[0]
        await asyncio.sleep(10)
        print(f"| 10 s quiet | {cpu_seconds(server.pid)[0] - before:.2f} | {server.state()} |")
    print(f"\nfrom storing to the last stream: p50 {sorted(times)[len(times) // 2]:.2f} s")


async def _all(clients: Sequence[Client], request: bytes, *, until: bytes) -> None:
    await asyncio.gather(*(client.ask(request, until=until) for client in clients))


if __name__ == "__main__":
    main()
