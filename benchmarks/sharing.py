"""Counts what several refreshers of one database on a server do twice, late, too soon, or not.

`python -m benchmarks.sharing [--feeds 567] [--domains 60] [--delay 1]`: three servers refresh the
feeds of made-up sites on loopback addresses, of which each is a domain to them. One of the servers
is killed on the way, another one is stopped and woken after its claims have lapsed. Linux only; no
network, some minutes.
"""

import argparse
import asyncio
import random
import signal
import socket
import subprocess
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from planet_mcp.models import Subscription
from planet_mcp.store import Store
from planet_mcp.times import utc_now
from planet_mcp.urls import ServerAddress
from tests.support.documents import Post, rss
from tests.support.postgres import new_database
from tests.support.programs import COMMAND, environment

REFRESHERS, POSTS = 3, 3
KILLED_AT, STOPPED_SECONDS, SETTLE_SECONDS = 0.3, 40.0, 5.0
# An answer takes up to so many seconds.
SLOWEST = 0.2


@dataclass
class Sites:
    """Made-up sites, one an address; `asked` has begin, end and path of each request to it."""

    bodies: dict[str, bytes]
    asked: defaultdict[str, list[tuple[float, float, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        began = time.monotonic()
        with suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            path, host = head.split()[1], writer.get_extra_info("sockname")[0]
            await asyncio.sleep(random.uniform(0, SLOWEST))
            body = self.bodies[path]
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nConnection: close\r\n"
                b'ETag: "1"\r\nContent-Length: %d\r\n\r\n%s' % (len(body), body)
            )
            await writer.drain()
            self.asked[host].append((began, time.monotonic(), path))
            writer.close()

    def times(self) -> Counter[str]:
        """Return how often each feed was asked for."""
        return Counter(path for asked in self.asked.values() for _, _, path in asked)

    def gaps(self) -> list[float]:
        """Return the seconds from one request to the next of each domain, begin to begin."""
        return [
            after[0] - before[0]
            for asked in self.asked.values()
            for before, after in zip(sorted(asked), sorted(asked)[1:], strict=False)
        ]


def main() -> None:
    """Run the refreshers, and print what came of it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--feeds", type=int, default=567)
    options.add_argument("--domains", type=int, default=60)
    options.add_argument("--delay", type=float, default=1.0)
    given = options.parse_args()
    asyncio.run(_measure(given.feeds, given.domains, given.delay))


async def _measure(feeds: int, domains: int, delay: float) -> None:
    sites = Sites({f"/{number}": _document(number) for number in range(feeds)})
    hosts = [f"127.1.0.{number + 1}" for number in range(domains)]
    server = await asyncio.start_server(sites.answer, hosts, _free_port(), backlog=256)
    port = server.sockets[0].getsockname()[1]
    urls = [f"http://{hosts[number % domains]}:{port}/{number}" for number in range(feeds)]
    rows = await asyncio.to_thread(_refreshed, urls, delay)
    server.close()
    times, gaps = sites.times(), sites.gaps()
    counts = [sum(times[path] == number for path in sites.bodies) for number in (0, 1, 2)]
    rows |= {
        "feeds asked never, once, twice": counts,
        "gaps, of which too short": [len(gaps), sum(gap < delay for gap in gaps)],
        "the shortest gap, s": round(min(gaps), 3),
    }
    for name, value in rows.items():
        print(f"| {name} | {value} |", flush=True)


def _refreshed(urls: Sequence[str], delay: float) -> dict[str, Any]:
    """Let three servers refresh, of which one is killed and one is stopped for a while."""
    address, began = new_database(), time.monotonic()
    with closing(Store(address)) as store, tempfile.TemporaryDirectory() as folder:
        store.feeds.seed([Subscription(url) for url in urls], now=utc_now())
        servers = [_server(address, delay, Path(folder) / str(each)) for each in range(REFRESHERS)]
        try:
            _wait(store, len(urls) * (1 - KILLED_AT))
            killed = time.monotonic()
            servers[0].kill()
            servers[1].send_signal(signal.SIGSTOP)
            time.sleep(STOPPED_SECONDS)
            servers[1].send_signal(signal.SIGCONT)
            _wait(store, 0)
            ended = time.monotonic()
            # Who was woken may still be at what it did before.
            time.sleep(SETTLE_SECONDS)
        finally:
            for each in servers:
                each.kill()
                each.wait()
        return {
            "seconds in all, after the kill": [round(ended - began), round(ended - killed)],
            "entries, of which there should be": [
                store.feeds.summary().entries,
                len(urls) * POSTS,
            ],
        }


def _server(address: ServerAddress, delay: float, log: Path) -> "subprocess.Popen[bytes]":
    env = environment(
        database=address.uri, host_delay=str(delay), allow_networks="127.0.0.0/8", feeds="none"
    )
    command = [*COMMAND, "serve", "--http", "--port", "0"]
    with log.open("w") as written:
        return subprocess.Popen(command, env=env, stderr=written)


def _wait(store: Store, never_checked: float) -> None:
    while store.feeds.summary().never_checked > never_checked:
        time.sleep(0.1)


def _document(number: int) -> bytes:
    posts = [Post(f"Post {number} {each}", f"<p>About {number}.</p>") for each in range(POSTS)]
    return rss(posts, title=f"Blog {number}").encode()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


if __name__ == "__main__":
    main()
