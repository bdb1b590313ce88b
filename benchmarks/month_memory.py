"""Runs a planet through a simulated month, and says whether memory, files and side files grow.

`python -m benchmarks.month_memory [--days 30] [--feeds 300] [--keep 14d]`. A loopback site has
feeds that get posts, break in several ways and recover. The planet is a process of its own with the
real store, fetcher and parsers; its clock alone is not real, and goes on by an hour when all that
is due is done. Each day it also searches and reads. Linux only; no network.
"""

import argparse
import asyncio
import json
import logging
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.passes import children_of, environment, prepare, settings_for
from benchmarks.soak import BROKEN
from planet_mcp.errors import PlanetError
from planet_mcp.planet import Planet, open_planet
from planet_mcp.requests import SearchRequest
from planet_mcp.settings import load
from tests.support.documents import NOW, Post, page, rss, whole
from tests.support.site import Site, running_site

HOUR = timedelta(hours=1)
PER_FEED, READ_A_DAY, BROKEN_A_DAY = 20, 10, 15
# Of so many feeds one posts every day, one every other day, and so on.
HABITS = 30
HEAD = """
| day | checks | entries | planet, MB | children, MB | files | threads | tasks | side files, kB | \
database, MB |
|---|---|---|---|---|---|---|---|---|---|"""


class World:
    """The feeds as their authors have them; what they post has the simulated time."""

    def __init__(self, site: Site, feeds: int) -> None:
        self._site, self._chance, self._numbers = site, Random(7), count()
        self._posts: list[list[Post]] = [[] for _ in range(feeds)]
        for number in range(feeds):
            for back in range(PER_FEED, 0, -1):
                self._write(number, NOW - back * (number % HABITS + 1) * 24 * HOUR)
        self.urls = [f"{site.url}/{number}" for number in range(feeds)]

    def live(self, day: datetime) -> None:
        """Let a day pass: some post, some break until they are to post again."""
        for number in range(len(self._posts)):
            if self._chance.random() < 1 / (number % HABITS + 1):
                self._write(number, day)
        for number in self._chance.sample(range(len(self._posts)), BROKEN_A_DAY):
            self._site.pages[f"/{number}"] = self._chance.choice(BROKEN)()
        self._site.asked.clear()
        self._site.started.clear()

    def _write(self, number: int, moment: datetime) -> None:
        name = f"zq{next(self._numbers):06d}x"
        text = " ".join(f"w{self._chance.randrange(5_000)}" for _ in range(120))
        link = self._site.add(f"/post/{name}", page(f"<article>{whole(text)}</article>"))
        post = Post(f"Post {name}", whole(text), link=link, age=NOW - moment)
        self._posts[number] = [post, *self._posts[number]][:PER_FEED]
        self._site.add(f"/{number}", rss(self._posts[number], title=f"Blog {number}"))


# The planet, in a process of its own: for each line of stdin a day goes by, and a line is printed.


async def be_planet() -> None:
    """Live a day for each line of stdin, and print what there is after it."""
    logging.basicConfig(filename=os.devnull)
    now, chance = NOW, Random(11)
    async with open_planet(load(), clock=lambda: now) as planet:
        for _ in sys.stdin:
            checks = 0
            for _ in range(24):
                now += HOUR
                checks += len(await planet.refresher.check())
            await _read(planet, chance)
            print(json.dumps({"checks": checks, **await _counts(planet)}), flush=True)


async def _read(planet: Planet, chance: Random) -> None:
    for _ in range(READ_A_DAY):
        await planet.search_entries(
            SearchRequest(f"w{chance.randrange(5_000)} w{chance.randrange(5_000)}")
        )
        latest = await planet.latest_entries()
        shown = [e for day in latest.result.days for feed in day.feeds for e in feed.entries]
        with suppress(PlanetError):
            await planet.fetch_article(chance.choice(shown).entry_id)


async def _counts(planet: Planet) -> dict[str, int]:
    status = await planet.status()
    return {"entries": status.result.entries, "tasks": len(asyncio.all_tasks())}


# What is seen of it from outside.


def month(world: World, settings: dict[str, str], days: int) -> None:
    """Let a planet live for some days, and print what there is after each."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.month_memory", "--planet"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(settings),
    )
    assert process.stdin
    assert process.stdout
    print(HEAD)
    with process:
        for day in range(1, days + 1):
            world.live(NOW + (day - 1) * 24 * HOUR)
            process.stdin.write(b"\n")
            process.stdin.flush()
            said = json.loads(process.stdout.readline())
            _tell(day, said | _sizes(process.pid, Path(settings["database"])))
        process.stdin.close()
    assert process.returncode == 0


def _sizes(pid: int, database: Path) -> dict[str, Any]:
    beside = [file for file in database.parent.iterdir() if file.name.startswith(database.name)]
    return {
        "mb": _resident(pid),
        "children": sum(map(_resident, children_of(pid))),
        "files": len(list(Path(f"/proc/{pid}/fd").iterdir())),
        "threads": len(list(Path(f"/proc/{pid}/task").iterdir())),
        "side": sum(file.stat().st_size for file in beside if file != database) / 1e3,
        "database": database.stat().st_size / 1e6,
    }


def _resident(pid: int) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
    return 0.0


def _tell(day: int, row: dict[str, Any]) -> None:
    names = ("checks", "entries", "mb", "children", "files", "threads", "tasks", "side", "database")
    print(f"| {day} | {' | '.join(f'{row[name]:,.0f}' for name in names)} |", flush=True)


def main() -> None:
    """Run a month, or be its planet."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--days", type=int, default=30)
    options.add_argument("--feeds", type=int, default=300)
    options.add_argument("--keep", default="", help="an age, as in PLANET_MCP_KEEP")
    options.add_argument("--planet", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.planet:
        asyncio.run(be_planet())
        return
    prepare()
    with running_site() as site, tempfile.TemporaryDirectory() as folder:
        world = World(site, given.feeds)
        settings = settings_for(Path(folder), world.urls) | {"keep": given.keep}
        month(world, settings, given.days)
    print(f"load of the machine: {os.getloadavg()}")


if __name__ == "__main__":
    main()
