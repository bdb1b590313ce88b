"""Hostile answers: how much memory and time they take, all deadlines, answers damaged at random."""

import asyncio
import json
import random
import re
import socket
import subprocess
import sys
import threading
import time
from contextlib import AsyncExitStack, ExitStack
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import anyio
import pytest

from planet_mcp.errors import DeadlineError, FetchError
from planet_mcp.models import Document, Validators
from planet_mcp.network import Limits, Web
from tests.support.fetching import LOOPBACK, open_web
from tests.support.hostile import (
    CHUNKED,
    GZIP,
    OK,
    REFUSED,
    UNENDING,
    Answer,
    LoopbackInternet,
    always,
    bomb,
    internet,
    packed,
    raw_server,
)

__all__ = ["internet"]

pytestmark = [pytest.mark.anyio, pytest.mark.gauntlet]

STATUS, PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs")
MEGABYTE = 2**20
MOST_MEMORY = 64 * MEGABYTE
LONGEST_PAUSE = 0.25
DAMAGED = 10_000

# Larger than those of every day: a gigabyte in a megabyte, and twice packed in six kilobytes.
BOMBS = {
    "a gigabyte in gzip": Answer(lambda: bomb("gzip", 1_024), FetchError),
    "a gigabyte in deflate": Answer(lambda: bomb("deflate", 1_024, 15), FetchError),
    "a gigabyte in gzip in gzip": Answer(lambda: bomb("gzip, gzip", 1_024, twice=True), FetchError),
    "a body of just 10 MB": Answer(lambda: OK + b"\r\n" + bytes(10 * MEGABYTE), FetchError),
    "10 MB in gzip": Answer(lambda: bomb("gzip", 10), FetchError),
}


# -------------------------------------------------------------------------- in a process of its own
def _memory(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", STATUS.read_text())
    assert found
    return int(found[1]) * 1_024


async def _pauses(longest: list[float]) -> None:
    """Note the longest time that the event loop did not come round."""
    before = time.perf_counter()
    while True:
        await asyncio.sleep(0.001)
        now = time.perf_counter()
        longest[0] = max(longest[0], now - before)
        before = now


async def _measured(web: Web, urls: list[str], *, idle: int) -> dict[str, Any]:
    PEAK.write_text("5")  # it begins anew  # noqa: ASYNC240
    longest = [0.0]
    watch = asyncio.create_task(_pauses(longest))
    outcomes = await asyncio.gather(*(_outcome(web, url) for url in urls))
    await asyncio.sleep(0.005)
    watch.cancel()
    return {
        "outcomes": outcomes,
        "pause": longest[0],
        "memory": _memory("VmHWM") - idle,
    }


async def _outcome(web: Web, url: str) -> str:
    try:
        answer = await web.get(url)
    except FetchError as error:
        return error.code
    assert isinstance(answer, Document)
    return "document"


async def _measure_all(small: str, asked: dict[str, list[str]], seconds: float) -> dict[str, Any]:
    async with open_web(LOOPBACK, limits=Limits(seconds=seconds)) as web:
        # Once for the code itself. What later answers leave behind counts as theirs.
        await _outcome(web, small)
        idle = _memory("VmRSS")
        return {name: await _measured(web, urls, idle=idle) for name, urls in asked.items()}


def main() -> None:
    """Fetch what stdin says, and print what each took."""
    print(json.dumps(asyncio.run(_measure_all(*json.loads(sys.stdin.read())))))  # noqa: T201


async def measured(asked: dict[str, list[str]], seconds: float) -> dict[str, Any]:
    """Let another process fetch, for each name some URLs at once, each within some seconds."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.gauntlet.test_answers"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with raw_server(always(CHUNKED + b"1\r\nx\r\n0\r\n\r\n")) as server:
        output, _ = await process.communicate(json.dumps([server.url, asked, seconds]).encode())
    assert process.returncode == 0
    found: dict[str, Any] = json.loads(output)
    return found


async def at_best(urls: dict[str, list[str]], seconds: float = 5) -> dict[str, Any]:
    """Measure; what a busy machine held up gets two more chances."""
    found = await measured(urls, seconds)
    for _ in range(2):
        slow = [name for name, each in found.items() if each["pause"] > LONGEST_PAUSE]
        found |= await measured({name: urls[name] for name in slow}, seconds) if slow else {}
    return found


@pytest.mark.skipif(not STATUS.exists(), reason="only Linux tells the peak of a process")
async def test_no_answer_takes_much_memory_or_holds_up_the_process() -> None:
    answers = {**REFUSED, **BOMBS, **dict(islice(UNENDING.items(), 4))}
    for answer in answers.values():
        answer.prepare()
    with ExitStack() as stack:
        found = await at_best(
            {name: [stack.enter_context(raw_server(each)).url] for name, each in answers.items()}
        )

    report = {name: (each["memory"] >> 20, each["pause"]) for name, each in found.items()}
    assert not [name for name, each in found.items() if each["memory"] > MOST_MEMORY], report
    assert not [name for name, each in found.items() if each["pause"] > LONGEST_PAUSE], report
    assert found["a gigabyte in gzip"]["outcomes"] == ["too_large"]
    assert found["a body of just 10 MB"]["outcomes"] == ["document"]
    _tell(
        f"{len(found)} answers, MB and seconds at most",
        *map(max, zip(*report.values(), strict=True)),
    )


CROWDS = {
    "bombs": (BOMBS["a gigabyte in gzip"], "too_large"),
    "bodies": (BOMBS["a body of just 10 MB"], "document"),
    "chunks of a byte": (REFUSED["endless chunks of a byte"], "deadline"),
    "coming answers": (REFUSED["endless coming answers"], "bad_response"),
}


@pytest.mark.skipif(not STATUS.exists(), reason="only Linux tells the peak of a process")
async def test_as_many_as_are_fetched_at_once_hold_up_nobody() -> None:
    """A limiter lets 16 through; each holds at most 10 MB and what growing it takes."""
    for answer, _ in CROWDS.values():
        answer.prepare()
    with ExitStack() as stack:
        urls = {
            name: [stack.enter_context(raw_server(answer)).url] * 16
            for name, (answer, _) in CROWDS.items()
        }
        endless = {"chunks of a byte": urls.pop("chunks of a byte")}
        # Whatever has an end reaches it, however busy the machine is.
        found = await at_best(endless) | await at_best(urls, seconds=300)

    for name, (_, outcome) in CROWDS.items():
        each = found[name]
        _tell(f"16 {name} at once, MB and seconds", each["memory"] >> 20, each["pause"])
        assert each["outcomes"] == [outcome] * 16
        assert each["pause"] <= LONGEST_PAUSE
        assert each["memory"] < 16 * 2 * 10 * MEGABYTE


def _tell(what: str, *figures: object) -> None:
    sys.stderr.write(f"\n{what}: {figures}\n")


# ---------------------------------------------------------------------------------------- deadlines
async def test_every_answer_without_end_meets_the_deadline() -> None:
    """With the deadline of every day: all answers at once, each by its own connection."""
    seconds: dict[str, float] = {}
    async with AsyncExitStack() as stack, anyio.create_task_group() as tasks:
        web = await stack.enter_async_context(open_web(LOOPBACK))

        async def ask(name: str, url: str) -> None:
            before = anyio.current_time()
            with pytest.raises(DeadlineError):
                await web.get(url)
            seconds[name] = anyio.current_time() - before

        for name, answer in UNENDING.items():
            server = stack.enter_context(raw_server(answer))
            tasks.start_soon(ask, name, server.url)

    assert seconds.keys() == UNENDING.keys()
    assert min(seconds.values()) > Limits().seconds - 1


# -------------------------------------------------------------------------------- damaged at random
FEED = b"<rss><channel><item><title>An entry</title></item></channel></rss>"
VALIDATORS = b'ETag: "abc"\r\nLast-Modified: Sun, 22 Nov 2026 10:00:00 GMT\r\n'
GOOD = (
    OK + VALIDATORS + b"Content-Type: application/rss+xml\r\nContent-Length: 66\r\n\r\n" + FEED,
    OK + b"Cache-Control: max-age=600\r\nExpires: Sun, 22 Nov 2026 11:00:00 GMT\r\n\r\n" + FEED,
    CHUNKED + b"42\r\n" + FEED + b"\r\n0\r\nTrailer: x\r\n\r\n",
    CHUNKED + b"3;name=value\r\n<rs\r\n3\r\ns/>\r\n0\r\n\r\n",
    GZIP + b"\r\n" + packed(1),
    OK + b"Content-Encoding: deflate\r\n\r\n" + packed(1, 15),
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + OK + b"\r\nx",
    b"HTTP/1.1 304 Not Modified\r\n" + VALIDATORS + b"Cache-Control: max-age=60\r\n\r\n",
    b"HTTP/1.1 301 Moved\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: http://[::ffff:10.0.0.1]:80/a?b#c\r\n\r\n",
    b"HTTP/1.1 307 x\r\nLocation: http://example.com:8080/\r\nSet-Cookie: a=b; Path=/\r\n\r\n",
    b"HTTP/1.1 503 Busy\r\nRetry-After: 120\r\n\r\n",
    b"HTTP/1.1 429 x\r\nRetry-After: Sun, 22 Nov 2026 11:00:00 GMT\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n" + FEED,
)
_PARTS = (
    *(b"\r\n", b"\n", b"\r", b"\0", b"\x1b", b"\xff", b":", b";", b",", b" ", b"\t", b"\r\n\r\n"),
    *(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 x\r\n\r\n", b"Content-Length: 5\r\n", b"0\r\n\r\n"),
    *(b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n", b"99999999999999999999"),
    *(b"Location: //\r\n", b"ETag: \xfc\r\n", b"Retry-After: -1\r\n", b"xn--", b"\xed\xa0\x80"),
    *("Größe".encode(), "\u2028".encode(), b"%00", b"[::1", b"-1", b"\x1f\x8b", bytes(99)),
)


def damaged(dice: random.Random) -> bytes:
    """Return an answer with some of it changed, cut, moved, doubled, or put in from elsewhere."""
    answer = bytearray(dice.choice(GOOD))
    for _ in range(dice.randint(1, 6)):
        start, size = dice.randrange(len(answer) + 1), dice.choice((1, 1, 2, 4, 16))
        piece = bytes(answer[start : start + size])
        answer[start : start + dice.choice((0, size))] = dice.choice(
            (b"", piece * 2, dice.randbytes(size), dice.choice(_PARTS), dice.choice(GOOD)[:size])
        )
    return bytes(answer)


async def test_no_damaged_answer_causes_another_error(internet: LoopbackInternet) -> None:
    dice, outcomes, longest = random.Random(20261122), list[str](), 0
    answers = iter(damaged(dice) for _ in range(DAMAGED * 9))

    def script(connection: socket.socket, _ended: threading.Event) -> None:
        connection.sendall(next(answers))

    with raw_server(script) as server:
        validators = Validators(f"{server.url}/", '"abc"', "Sun, 22 Nov 2026 10:00:00 GMT")
        while len(outcomes) < DAMAGED:
            async with internet.web(LOOPBACK, limits=Limits(seconds=1)) as web:
                # A web that was asked to wait asks nothing more.
                while len(outcomes) < DAMAGED and not web.pause_of("127.0.0.1"):
                    try:
                        got = await web.get_if_changed(f"{server.url}/", validators)
                    except FetchError as error:
                        outcomes.append(error.code)
                        longest = max(longest, len(str(error)))
                    else:
                        outcomes.append(type(got).__name__)
                        # What came with it goes along with the next request.
                        validators = replace(got.validators, url=f"{server.url}/")

    counts = {outcome: outcomes.count(outcome) for outcome in set(outcomes)}
    assert len(outcomes) == DAMAGED
    assert longest < 1_000
    assert counts.keys() >= {"Document", "NotModified", "bad_response"}, counts
    _tell("damaged answers", counts)


if __name__ == "__main__":
    main()
