"""Counts what several processes on one database on a server do twice, late, too soon, or not.

`python -m benchmarks.sharing [--feeds 567] [--domains 60] [--delay 1]`: first four store 10,000
entries, while one reads what is new beside a transaction that stays open. Then three servers
refresh the feeds of made-up sites on loopback addresses, of which each is a domain to them. One of
the servers is killed on the way, another one is stopped and woken after its claims have lapsed.
Linux only; no network, some minutes.
"""

import argparse
import asyncio
import random
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from planet_mcp.models import ParsedFeed, Subscription
from planet_mcp.store import Store
from planet_mcp.times import utc_now
from planet_mcp.urls import ServerAddress
from tests.store.test_database import entry
from tests.support.documents import Post, rss
from tests.support.postgres import new_database, raw_connection
from tests.support.programs import COMMAND, environment
from tests.support.recording import record_document

REFRESHERS, POSTS = 3, 3
WRITERS, DOCUMENTS, ENTRIES = 4, 25, 100
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
    _watermark()
    asyncio.run(_measure(given.feeds, given.domains, given.delay))


def _watermark() -> None:
    """Let some write and one read by watermark, beside a transaction that stays open."""
    address, done, seen = new_database(), threading.Event(), list[int]()
    with closing(Store(address)) as store, raw_connection(address) as raw:
        urls = [f"https://{number}.example/feed" for number in range(WRITERS)]
        store.feeds.seed([Subscription(url) for url in urls], now=utc_now())
        raw.execute("BEGIN; SELECT pg_current_xact_id()")

        def read() -> None:
            while True:
                last = done.is_set()
                with store.database.reading() as connection:
                    after = (seen[-1] if seen else 0,)
                    rows = connection.execute("SELECT id FROM entries WHERE id > ?", after)
                    seen.extend(sorted(row[0] for row in rows))
                if last:
                    return

        reader = threading.Thread(target=read)
        reader.start()
        with ThreadPoolExecutor(WRITERS) as threads:
            list(threads.map(partial(_write, address), range(1, WRITERS + 1)))
        done.set()
        reader.join()
        newest = store.entries.newest_id()
    missed, twice = newest - len(set(seen)), len(seen) - len(set(seen))
    print(f"| entries of {WRITERS} writers, missed, seen twice | {[newest, missed, twice]} |")


def _write(address: ServerAddress, feed: int) -> None:
    with closing(Store(address)) as own:
        chance = random.Random(feed)
        for number in range(DOCUMENTS):
            keys = range(number * ENTRIES, (number + 1) * ENTRIES)
            posts = tuple(entry(f"{key}", _unlike(chance), title=_unlike(chance)) for key in keys)
            parsed = ParsedFeed(f"Blog {feed}", None, None, None, posts)
            record_document(own, feed, parsed, now=utc_now())


def _unlike(chance: random.Random) -> str:
    return " ".join(f"{chance.getrandbits(40):x}" for _ in range(12))


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
