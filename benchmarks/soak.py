"""Keeps two servers on one database busy, and says whether they stay right and small.

`python -m benchmarks.soak [--minutes 30]`. A loopback site has 200 feeds that get posts, break in
several ways and recover. Eight clients, over HTTP at two servers: one has changed feeds checked
and looks for the new posts at the other server, seven read. Counted is each wrong answer, each
error that is none of ours, and memory and open files every minute. No network.
"""

import argparse
import asyncio
import itertools
import os
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from mcp import Client

from benchmarks.passes import prepare
from tests.support.documents import Post, rss
from tests.support.site import Page, Site, running_site

FEEDS, CHANGED_AT_ONCE, READERS = 200, 5, 7
STRANGE = ("C++", '"', "OR OR", "-python", "🐍", "a" * 5_000, "word*", "\x00", "")
BROKEN = (
    lambda: Page(status=500, body=b"no"),
    lambda: Page(status=404, body=b"gone"),
    lambda: Page(body=b"<html><body>no feed</body></html>", content_type="text/html"),
    lambda: Page(body=b"\x00\x01garbage" * 200),
    lambda: Page(body=b"<rss><channel><item><title>cut", half=True),
)
OK, REFUSED = "ok", "refused in words"
HEAD = """
| minute | server 1, MB | children, MB | files | server 2, MB | children, MB | files | disk, MB | \
calls | wrong |
|---|---|---|---|---|---|---|---|---|---|"""


@dataclass
class Ledger:
    """What happened."""

    calls: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def check(self, right: object, text: str) -> None:
        """Note a wrong answer."""
        if not right:
            self.wrong.append(text[:300])


class World:
    """The feeds as their authors have them."""

    def __init__(self, site: Site) -> None:
        self._site, self._chance = site, Random(7)
        self._numbers = itertools.count()
        self.posts: dict[int, list[Post]] = {number: [] for number in range(FEEDS)}
        for number in self.posts:
            self.write(number)

    def url(self, number: int) -> str:
        """Return the address of a feed."""
        return f"{self._site.url}/{number}"

    def write(self, number: int) -> str:
        """Put a new post into a feed; returns a word that no other post has."""
        word = f"zq{next(self._numbers):06d}x"
        text = " ".join(f"w{self._chance.randrange(5_000)}" for _ in range(80))
        link = f"https://blog{number}.example.org/{word}"
        post = Post(f"Post {word}", f"<p>{text}</p>", link=link, age=timedelta(minutes=1))
        self.posts[number] = [post, *self.posts[number]][:20]
        self._site.add(f"/{number}", rss(self.posts[number], title=f"Blog {number}"))
        return word

    def break_one(self, number: int) -> None:
        """Let a feed fail in one way or another, until something is written again."""
        self._site.pages[f"/{number}"] = self._chance.choice(BROKEN)()


@asynccontextmanager
async def server(database: Path) -> AsyncIterator[tuple[str, int]]:
    """Start a server on a free port; yields its address and process id."""
    settings = {
        "DATABASE": str(database),
        "FEEDS": "none",
        "ALLOW_NETWORKS": "127.0.0.0/8",
        "HOST_DELAY": "0",
        "HOST_CONCURRENCY": "16",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "planet_mcp", "serve", "--http", "--port", "0"),
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **{f"PLANET_MCP_{name}": value for name, value in settings.items()}},
    )
    assert process.stderr
    said = re.search(rb"http://\S+/mcp", await process.stderr.readline())
    assert said
    drain = asyncio.ensure_future(process.stderr.read())
    try:
        yield said[0].decode(), process.pid
    finally:
        process.terminate()
        code = await process.wait()
        print(f"server {process.pid} ended with {code}; it logged {len(await drain)} characters")


async def call(client: Client, ledger: Ledger, tool: str, **arguments: Any) -> dict[str, Any]:
    """Call a tool; an error is fine only if it is in our own words."""
    result = await client.call_tool(tool, arguments)
    text = getattr(result.content[0], "text", "") if result.content else ""
    ledger.calls[f"{tool}: {REFUSED if result.is_error else OK}"] += 1
    if result.is_error:
        ledger.check(not text.startswith("Error executing"), f"{tool}{arguments}: {text}")
    return result.structured_content or {}


async def change(
    world: World, clients: tuple[Client, Client], ledger: Ledger, running: Callable[[], bool]
) -> None:
    """Write posts, have them fetched by one server, and look for them at the other."""
    chance = Random(11)
    while running():
        chosen = chance.sample(range(FEEDS), CHANGED_AT_ONCE)
        broken = {number for number in chosen if chance.random() < 0.2}
        words = {number: world.write(number) for number in chosen}
        for number in broken:
            world.break_one(number)
        asking, looking = chance.sample(clients, 2)
        names = [world.url(number) for number in chosen]
        told = await call(asking, ledger, "refresh_feeds", feeds=names)
        ledger.check(told.get("checked") == CHANGED_AT_ONCE, f"refresh_feeds: {told}")
        for number in set(chosen) - broken:
            found = await call(looking, ledger, "search_entries", query=words[number])
            ledger.check(found.get("total") == 1, f"{words[number]} of feed {number}: {found}")


async def read(
    client: Client, ledger: Ledger, watermark: str, running: Callable[[], bool], *, seed: int
) -> set[int]:
    """Read at random, and by watermark; returns the ids that the watermark brought."""
    chance, seen = Random(seed), set[int]()
    while running():
        kind = chance.randrange(6)
        if kind == 0:
            await call(client, ledger, "search_entries", query=f"w{chance.randrange(5_000)}")
        elif kind == 1:
            await call(client, ledger, "search_entries", query=chance.choice(STRANGE))
        elif kind == 2:
            await call(client, ledger, "list_feeds", status=chance.choice(("any", "failing")))
        elif kind == 3:
            await call(client, ledger, "fetch_article", article=chance.randrange(1, 5_000))
        elif kind == 4:
            await client.read_resource("planet://latest")
            ledger.calls["planet://latest: ok"] += 1
        else:
            watermark = await _news(client, ledger, watermark, seen)
    await _news(client, ledger, watermark, seen)
    return seen


async def _news(client: Client, ledger: Ledger, watermark: str, seen: set[int]) -> str:
    arguments: dict[str, Any] = {"watermark": watermark, "max_chars": 40_000}
    while True:
        told = await call(client, ledger, "latest_entries", **arguments)
        for day in told["days"]:
            for feed in day["feeds"]:
                for entry in feed["entries"]:
                    ledger.check(entry["entry_id"] not in seen, f"twice: {entry}")
                    seen.add(entry["entry_id"])
        if "next_cursor" not in told:
            return str(told["watermark"])
        arguments["cursor"] = told["next_cursor"]


async def watch(pids: list[int], database: Path, ledger: Ledger, began: float) -> None:
    """Note memory and open files every minute."""
    while True:
        sizes = [figure for pid in pids for figure in _sizes(pid)]
        disk = sum(file.stat().st_size for file in list(database.parent.iterdir())) / 1e6
        minute = (time.monotonic() - began) / 60
        counts = (sum(ledger.calls.values()), len(ledger.wrong))
        figures = (f"{minute:.0f}", *sizes, f"{disk:.1f}", *map(str, counts))
        print(f"| {' | '.join(figures)} |", flush=True)
        await asyncio.sleep(60)


def _sizes(pid: int) -> tuple[str, str, str]:
    """Return resident memory of a server and of its children, and its open files."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return f"{_resident(pid):.0f}", f"{sum(map(_resident, map(int, children))):.0f}", str(files)


def _resident(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text("utf-8")
    except OSError:
        return 0.0  # a child that has just ended
    return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024


async def soak(site: Site, folder: Path, minutes: float) -> Ledger:
    """Run all of it for some minutes."""
    world, ledger, database = World(site), Ledger(), folder / "planet.sqlite"
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(server(database)) for _ in range(2)]
        urls = [url for url, _ in servers]
        clients = [
            await stack.enter_async_context(Client(url, cache=None, mode="auto"))
            for url in itertools.islice(itertools.cycle(urls), READERS + 2)
        ]
        for start in range(0, FEEDS, 50):
            some = [world.url(number) for number in range(start, start + 50)]
            await call(clients[0], ledger, "add_feeds", urls=some)
        before = await _count(clients[0], ledger)
        watermark = (await call(clients[0], ledger, "latest_entries"))["watermark"]
        began = time.monotonic()
        print(HEAD)

        def running() -> bool:
            return time.monotonic() - began < minutes * 60

        async with asyncio.TaskGroup() as tasks:
            pids = [pid for _, pid in servers]
            watching = tasks.create_task(watch(pids, database, ledger, began))
            pair = (clients[0], clients[1])
            changing = tasks.create_task(change(world, pair, ledger, running))
            # They read on until the last change is stored.
            readers = [
                tasks.create_task(
                    read(client, ledger, watermark, lambda: not changing.done(), seed=seed)
                )
                for seed, client in enumerate(clients[2:])
            ]
            seen = await asyncio.gather(*readers)
            watching.cancel()
        arrived = await _count(clients[0], ledger) - before
        for number, ids in enumerate(seen):
            ledger.check(len(ids) == arrived, f"reader {number}: {len(ids)} of {arrived} entries")
    return ledger


async def _count(client: Client, ledger: Ledger) -> int:
    """Return how many entries all feeds have."""
    entries, arguments = 0, dict[str, Any](limit=200)
    while True:
        told = await call(client, ledger, "list_feeds", **arguments)
        entries += sum(int(feed["entries"]) for feed in told["feeds"])
        if "next_cursor" not in told:
            return entries
        arguments["cursor"] = told["next_cursor"]


def main() -> None:
    """Run and report."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=30)
    minutes = options.parse_args().minutes
    prepare()
    with running_site() as site, tempfile.TemporaryDirectory() as folder:
        ledger = asyncio.run(soak(site, Path(folder), minutes))
    for kind, count in sorted(ledger.calls.items()):
        print(f"{kind}: {count}")
    print(f"wrong answers: {len(ledger.wrong)}", *ledger.wrong[:20], sep="\n")
    sys.exit(bool(ledger.wrong))


if __name__ == "__main__":
    main()
