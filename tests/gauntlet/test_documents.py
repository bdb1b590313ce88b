"""The largest and oddest documents, and a minute of damaged ones, while tools are called."""

import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random

import anyio
import pytest
from mcp import Client

from planet_mcp.serving.mcp import create_server
from tests.conftest import planet_of
from tests.documents.test_parse import BOMB, DOCUMENTS, LAYOUTS, PLACES, STRANGE
from tests.gauntlet.test_faults import report, sound
from tests.serving.mcp.test_arguments import UNTYPED, checked
from tests.support.documents import Post, rss, whole
from tests.support.site import Site

pytestmark = [pytest.mark.anyio, pytest.mark.gauntlet]

# A folder of captured feeds, to be damaged besides those of the tests.
CAPTURED = os.environ.get("GAUNTLET_FEEDS")
SECONDS, AT_ONCE = 60, 40
LONGEST_PAUSE = 0.25
MEGABYTE = 2**20


# ------------------------------------------------------------------------------ one planet, watched
@dataclass
class Watch:
    """How long each call of a tool took while something else went on."""

    seconds: list[float] = field(default_factory=list)

    def longest(self) -> float:
        """Return the longest since this was asked last."""
        longest, self.seconds[:] = max(self.seconds, default=0.0), []
        return longest


@asynccontextmanager
async def watched() -> AsyncIterator[tuple[Client, Watch]]:
    """Open a planet whose tools are called all the time, one call after the other."""
    watch = Watch()
    async with (
        planet_of() as planet,
        Client(create_server(planet, refresh=False)) as client,
        anyio.create_task_group() as tasks,
    ):

        async def ask() -> None:
            while True:
                began = time.perf_counter()
                checked(await client.call_tool("search_entries", {"query": "fox"}))
                watch.seconds.append(time.perf_counter() - began)
                await anyio.sleep(0.002)

        tasks.start_soon(ask)
        yield client, watch
        tasks.cancel_scope.cancel()


async def problems(client: Client, urls: Sequence[str]) -> list[str]:
    """Have feeds checked; returns what is said of those that failed."""
    result = checked(await client.call_tool("refresh_feeds", {"feeds": list(urls)}))
    assert not result.is_error, result
    told = result.structured_content
    assert told
    assert told["checked"] == len(urls), told
    return [each["problem"] for each in told.get("problems", ())]


async def at_best(measure: Callable[[], Awaitable[None]], watch: Watch) -> float:
    """Return the longest pause; what a busy machine held up gets two more chances.

    What is measured has to differ each time by a blank at least, or there is nothing to read.
    """
    longest = LONGEST_PAUSE + 1
    for _ in range(3):
        if longest > LONGEST_PAUSE:
            watch.longest()
            await measure()
            longest = min(longest, watch.longest())
    return longest


# ------------------------------------------------------------------------------------ large and odd
def channel(items: str, head: str = "") -> bytes:
    return f"{head}<rss version='2.0'><channel><title>T</title>{items}</channel></rss>".encode()


def item(inside: str) -> bytes:
    return channel(f"<item><title>t</title>{inside}</item>")


def html(markup: str) -> bytes:
    return item(f"<description><![CDATA[{markup}]]></description>")


def chain(length: int) -> bytes:
    """Return a document with entities of which each stands for the next."""
    declared = "".join(f"<!ENTITY e{n} '&e{n + 1};'>" for n in range(length))
    return channel(
        "<item><title>&e0;</title></item>",
        f"<!DOCTYPE rss [{declared}<!ENTITY e{length} 'lol'>]>",
    )


def attributes(count: int) -> str:
    return " ".join(f"a{n}='{n}'" for n in range(count))


def filled(megabytes: float) -> bytes:
    """Return a feed of so many megabytes."""
    one = f"<item><title>{{}}</title><description>{'fox and hound ' * 700}</description></item>"
    return channel("".join(map(one.format, range(int(megabytes * MEGABYTE / len(one))))))


LARGE: dict[str, Callable[[], bytes]] = {
    "a chain of 50,000 entities": lambda: chain(50_000),
    "100,000 attributes": lambda: item(f"<link {attributes(100_000)}/>"),
    "100,000 attributes at the top": lambda: channel("<item/>").replace(
        b"<rss", f"<rss {attributes(100_000)}".encode()
    ),
    "100,000 attributes in HTML": lambda: html(f"<p {attributes(100_000)}>x"),
    "100,000 attributes of one name": lambda: item("<link " + "a='1' " * 100_000 + "/>"),
    "100,000 namespaces": lambda: item(
        "<link " + " ".join(f"xmlns:n{n}='u:{n}'" for n in range(100_000)) + "/>"
    ),
    "200,000 elements inside each other": lambda: channel("<item>" * 200_000),
    "200,000 elements of HTML inside each other": lambda: html("<div>" * 200_000 + "x"),
    "quotes inside each other": lambda: html("<blockquote>" * 50_000 + "x"),
    "lists inside each other": lambda: html("<ul><li>" * 50_000 + "x"),
    "tables inside each other": lambda: html("<table><tr><td>" * 30_000 + "x"),
    "a style of 5 MB": lambda: html(f"<p style='{'a:b;' * (5 * MEGABYTE // 4)}'>x"),
    "500,000 styles": lambda: html("<style>" * 500_000),
    "1,000,000 comments begun": lambda: html("<!--" * 1_000_000),
    "500,000 comments": lambda: channel("<!--x-->" * 500_000),
    "an author of 1 MB": lambda: item(f"<author>{'Ada ' * (MEGABYTE // 4)}</author>"),
    "an author of 1 MB in signs": lambda: item(f"<author>{'(@' * (MEGABYTE // 2)}</author>"),
    "a title of 5 MB": lambda: channel(
        f"<item><title>{'fox ' * (5 * MEGABYTE // 4)}</title></item>"
    ),
    "10 MB but for a little": lambda: filled(9.9),
    "10 MB in one word": lambda: item(f"<description>{'x' * (99 * MEGABYTE // 10)}</description>"),
    "more than 10 MB": lambda: filled(10.5),
    "100,000 items": lambda: channel("<item><title>x</title></item>" * 100_000),
    "100,000 items that differ": lambda: channel(
        "".join(f"<item><guid>{n}</guid><title>fox {n}</title></item>" for n in range(100_000))
    ),
    "100,000 items of JSON": lambda: (
        '{"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": ['
        + ", ".join(f'{{"id": "{n}", "content_text": "fox"}}' for n in range(100_000))
        + "]}"
    ).encode("ascii"),
    "JSON inside each other": lambda: (
        b'{"version": "https://jsonfeed.org/version/1.1", "items": ' + b"[" * 1_000_000
    ),
    "nothing": lambda: b"",
    "blanks": lambda: b" " * (5 * MEGABYTE),
    "zeros": lambda: bytes(5 * MEGABYTE),
    "a page": lambda: b"<!DOCTYPE html><html><body>" + b"<p>fox</p>" * 300_000,
    "the name of a file": lambda: b"/etc/passwd",
    "half a character, encoded": lambda: b"\xed\xa0\x80" * MEGABYTE,
    "what steers a terminal": lambda: html("\x1b[2J\x1b]0;x\x07" * 200_000),
    **{
        f"a bomb of entities {layout}": lambda layout=layout: (LAYOUTS[layout] + PLACES[0]).encode()  # type: ignore[misc]
        for layout in LAYOUTS
    },
    "a bomb of entities of a level more": lambda: (
        f"<!DOCTYPE rss [{BOMB}<!ENTITY e10 '{'&e9;' * 10}'>]>{PLACES[0].replace('e9', 'e10')}"
    ).encode("ascii"),
}


async def test_no_document_is_too_large_or_too_odd(site: Site, database: Path) -> None:
    again, ended, slow = count(), dict[str, str](), dict[str, float]()
    async with watched() as (client, watch):
        url = site.add("/feed", rss([Post("Fox", whole("fox"))]))
        checked(await client.call_tool("add_feeds", {"urls": [url]}))
        for name, document in LARGE.items():
            said: list[str] = []

            async def measure(
                document: Callable[[], bytes] = document, said: list[str] = said
            ) -> None:
                site.add("/feed", document() + b" " * next(again))
                said[:] = await problems(client, [url])

            slow[name] = await at_best(measure, watch)
            ended[name] = said[0] if said else "read"
    for name, how in ended.items():
        sys.stdout.write(f"\n  {name}: {how[:90]} ({slow[name]:.2f} s)")
    report(f"{len(ended)} large and odd documents, the longest pause {max(slow.values()):.2f} s")
    assert sound(database) > 0
    assert not [how for how in ended.values() if UNTYPED.search(how)]
    assert not {name: seconds for name, seconds in slow.items() if seconds > LONGEST_PAUSE}


# -------------------------------------------------------------------------------- damaged at random
def sources() -> list[bytes]:
    captured = sorted(Path(CAPTURED).iterdir()) if CAPTURED else []
    bodies = [path.read_bytes() for path in [*DOCUMENTS, *captured] if path.is_file()]
    return [body for body in bodies if len(body) < MEGABYTE]


def damaged(bodies: Sequence[bytes], dice: Random) -> bytes:
    """Return a document with some of it changed, cut, moved, doubled, or put in from elsewhere."""
    body = bytearray(dice.choice(bodies))
    for _ in range(dice.randint(1, 8)):
        start, size = dice.randrange(len(body) + 1), dice.choice((0, 1, 2, 20, 400, 10_000))
        piece = bytes(body[start : start + size])
        other = dice.choice(bodies)
        body[start : start + dice.choice((0, size))] = dice.choice(
            (
                *(b"", piece * 2, dice.randbytes(min(size, 400)), dice.choice(STRANGE) * 9),
                *(dice.choice(STRANGE), other[start : start + size], piece[::-1]),
            )
        )
    return bytes(body)


async def test_a_minute_of_damaged_documents_disturbs_nobody(site: Site, database: Path) -> None:
    dice, bodies, said = Random(20261126), sources(), Counter[str]()
    again, pauses, documents = count(), list[float](), 0
    async with watched() as (client, watch):
        urls = [site.add(f"/{n}", rss([Post(f"Fox {n}", whole("fox"))])) for n in range(AT_ONCE)]
        checked(await client.call_tool("add_feeds", {"urls": urls}))
        began = time.monotonic()
        while time.monotonic() - began < SECONDS:
            chosen = [damaged(bodies, dice) for _ in urls]

            async def measure(chosen: list[bytes] = chosen) -> None:
                for number, body in enumerate(chosen):
                    site.add(f"/{number}", body + b" " * next(again))
                for problem in await problems(client, urls):
                    said[problem.split(":")[0][:40]] += 1

            pauses.append(await at_best(measure, watch))
            documents += len(chosen)
        health = checked(await client.call_tool("search_entries", {"query": "fox"}))
    assert not health.is_error
    report(
        f"{documents} damaged documents of {len(bodies)}: {dict(said.most_common(12))}; the "
        f"longest pause of a tool {max(pauses):.2f} s"
    )
    assert said
    assert sound(database) > 0
    assert max(pauses) <= LONGEST_PAUSE
