"""The child process that parses: what it survives, and what survives it."""

import json
import os
import re
import select
import signal
import struct
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import anyio
import pytest

from planet_mcp.errors import DocumentError, NotAFeedError, ParseFailedError, ParserDiedError
from planet_mcp.models import (
    Article,
    Document,
    FeedStatus,
    ParsedFeed,
    SubscriptionList,
    Validators,
)
from planet_mcp.planet import Parts, open_planet
from planet_mcp.requests import FeedQuery
from planet_mcp.sandbox import ChildLimits, Limits, Worker
from planet_mcp.sandbox.child import PART_CHARACTERS
from planet_mcp.sandbox.process import Child
from planet_mcp.settings import load
from tests.support.documents import Post, page, rss, whole
from tests.support.parsers import quick_worker
from tests.support.paths import ROOT
from tests.support.programs import PATIENCE_SECONDS, is_alive
from tests.support.site import Site

pytestmark = pytest.mark.anyio

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
URL = "https://blog.example.org/feed"


def document(body: str, content_type: str = "application/xml") -> Document:
    return Document(URL, body.encode(), content_type, Validators(URL))


FEED = document(rss([Post("One")]))

READY = """
import os, time

def flood(message):
    while True:
        os.write(1, message)

os.write(1, bytes(4))
os.read(0, 1 << 20)
"""


class Switched:
    """The command of a child that works, or does what a test wants instead."""

    def __init__(self, folder: Path) -> None:
        self._program = folder / "child.py"
        self.command = (sys.executable, "-I", str(self._program))
        self.comes_back()

    def goes(self, way: str) -> None:
        """Let it take a document, and do this with it."""
        self._program.write_text(READY + way)

    def comes_back(self) -> None:
        self._program.write_text("from planet_mcp.sandbox.child import main\nmain()\n")


@pytest.fixture
def child(tmp_path: Path) -> Switched:
    return Switched(tmp_path)


def exit_of(pid: int) -> None:
    """Wait for the end of a process, which may be over already."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    select.select([process], [], [])
    os.close(process)


def child_of(worker: Worker) -> Child:
    """Return the one child that a worker has."""
    [only] = worker.children
    return only


async def parse(worker: Worker, body: Document = FEED) -> ParsedFeed:
    return await worker.parse_feed(body, now=NOW)


async def test_documents_come_back_as_values() -> None:
    async with Worker() as worker:
        feed = await parse(worker)
        article = await worker.read_page(document(page(whole("Text.")), "text/html"))
    assert [entry.title for entry in feed.entries] == ["One"]
    assert isinstance(article, Article)
    assert "Text." in article.content.markdown


async def test_errors_come_back_by_their_kind() -> None:
    async with Worker() as worker:
        with pytest.raises(NotAFeedError):
            await parse(worker, document("nothing"))
        with pytest.raises(DocumentError):
            await worker.read_page(document("%PDF", "application/pdf"))
        assert await parse(worker)


async def test_many_documents_are_read_by_two_children_and_few_by_one() -> None:
    found: list[str | None] = []
    children: set[int] = set()

    async def one(number: int) -> None:
        found.append((await parse(worker, document(rss([], title=f"Blog {number}")))).title)
        children.update(child.pid for child in worker.children)

    async def ask(names: range) -> None:
        async with anyio.create_task_group() as tasks:
            for number in names:
                tasks.start_soon(one, number)

    async with quick_worker() as worker:
        await ask(range(3))
        assert len(children) == 1
        await ask(range(3, 12))
    assert sorted(found, key=str) == sorted((f"Blog {number}" for number in range(12)), key=str)
    assert len(children) == (2 if CORES > 1 else 1)


async def test_a_document_that_takes_too_long_costs_one_child(child: Switched) -> None:
    async with Worker(command=child.command, limits=Limits(wall_seconds=0.2)) as worker:
        child.goes("import signal; signal.signal(15, signal.SIG_IGN); time.sleep(60)")
        with pytest.raises(ParseFailedError, match=r"longer than 0\.2 s"):
            await parse(worker)
        assert not worker.children


async def test_a_document_that_takes_too_much_cpu_time_costs_one_child(child: Switched) -> None:
    child.goes("import signal; os.kill(os.getpid(), signal.SIGXCPU)")
    async with Worker(command=child.command) as worker:
        with pytest.raises(ParserDiedError, match="too much CPU time"):
            await parse(worker)
        assert not worker.children


async def test_a_child_that_dies_costs_one_document() -> None:
    async with Worker() as worker:
        await parse(worker)
        os.kill(child_of(worker).pid, signal.SIGSTOP)

        async def kill() -> None:
            os.kill(child_of(worker).pid, signal.SIGKILL)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(kill)
            with pytest.raises(ParseFailedError, match="died"):
                await parse(worker)
        assert (await parse(worker)).entries


async def test_a_cancelled_request_leaves_no_half_answer_behind() -> None:
    async with Worker() as worker:
        await parse(worker)
        with anyio.move_on_after(0):
            await parse(worker)
        assert (await parse(worker)).entries


async def test_a_child_is_replaced_after_many_documents() -> None:
    async with Worker(limits=Limits(documents=2)) as worker:
        children = set()
        for _ in range(5):
            await parse(worker)
            children.add(child_of(worker).pid)
    assert len(children) == 3


async def test_a_child_of_a_large_process_is_not_taken_for_grown() -> None:
    ballast = bytearray(b"x") * (300 * 2**20)
    async with Worker() as worker:
        await parse(worker)
        first = child_of(worker).pid
        await parse(worker)
        assert child_of(worker).pid == first
    assert ballast


async def test_an_idle_child_goes_and_comes_back() -> None:
    idle = anyio.Event()
    async with Worker(limits=Limits(idle_seconds=0)) as worker:
        worker.when_idle = idle.set
        await parse(worker)
        first = child_of(worker)
        await first.wait()
        assert idle.is_set()
        assert (await parse(worker)).entries
        assert child_of(worker) is not first


async def test_no_child_outlives_its_worker() -> None:
    async with Worker() as worker:
        await parse(worker)
        pid = child_of(worker).pid
    assert not is_alive(pid)


def test_a_child_loads_nothing_that_only_its_parent_needs() -> None:
    heavy = "{'asyncio', 'pydantic', 'anyio', 'planet_mcp.sandbox.parent'}"
    program = f"import sys, planet_mcp.sandbox.child; print({heavy} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


async def test_the_child_sees_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "hunter2")
    async with Worker() as worker:
        await parse(worker)
        try:
            with open(f"/proc/{child_of(worker).pid}/environ", "rb") as file:  # noqa: ASYNC230, PTH123
                environment = file.read()
        except FileNotFoundError:
            pytest.skip("this system shows no environments under /proc")
    assert b"hunter2" not in environment
    assert b"PATH=" in environment


PARENT = """
import os, signal, subprocess, sys
command = [sys.executable, "-I", "-m", "planet_mcp.sandbox.child"]
child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.send_signal(signal.SIGSTOP)
child.stdin.write(bytes.fromhex(sys.argv[1]))
child.stdin.flush()
print(child.pid, flush=True)
os._exit(0)
"""


def test_a_child_whose_parent_died_before_it_began_does_nothing() -> None:
    head = json.dumps({"task": "feed", "url": URL, "now": NOW.isoformat()}).encode()
    request = struct.pack(">II", len(head), len(FEED.body)) + head + FEED.body
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, request.hex()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.wait(PATIENCE_SECONDS)
    os.kill(child, signal.SIGCONT)
    # The child's end closes stderr; an answer to nobody would have left a traceback there.
    assert parent.communicate(timeout=PATIENCE_SECONDS) == ("", "")


# --------------------------------------------------------------------------- children gone astray

ASTRAY = {
    "ends": "",
    "crashes": "os.kill(os.getpid(), 11)",
    "floods with one part": "flood(b'\\x7f' * 9999)",
    "floods with many parts": "flood(b'\\0\\0\\0\\1x' * 9999)",
    "says nothing": "os.write(1, bytes(4))",
    "says what is no JSON": "os.write(1, b'\\0\\0\\0\\1x' + bytes(4))",
    "says what is no answer": "os.write(1, b'\\0\\0\\0\\2{}' + bytes(4))",
    "says what is no text": "os.write(1, b'\\0\\0\\0\\2\\xff\\xff' + bytes(4))",
}


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("way", ASTRAY)
async def test_a_child_that_goes_astray_is_replaced(way: str, child: Switched) -> None:
    async with Worker(command=child.command, limits=Limits(answer_bytes=2**20)) as worker:
        await parse(worker)
        before = descriptors()
        await worker.aclose()
        child.goes(ASTRAY[way])
        with pytest.raises(ParserDiedError):
            await parse(worker)
        assert not worker.children
        child.comes_back()
        assert (await parse(worker)).entries
        assert descriptors() <= before


async def test_an_answer_to_another_question_is_none(child: Switched) -> None:
    links = b'{"type": "FeedLinks", "value": {"candidates": []}}'
    answer = struct.pack(">I", len(links)) + links + bytes(4)
    child.goes(f"os.write(1, {answer!r})")
    async with Worker(command=child.command) as worker:
        with pytest.raises(ParserDiedError, match="something else"):
            await parse(worker)


@pytest.mark.parametrize(
    "command", [(sys.executable, "-I", "-c", "raise SystemExit(3)"), ("/nowhere/python",)]
)
async def test_a_child_that_does_not_start_is_no_documents_fault(
    command: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    async with Worker(command=command) as worker:
        for _ in range(Limits().deaths + 1):
            with pytest.raises(ParseFailedError, match="did not start") as caught:
                await parse(worker)
            assert not isinstance(caught.value, ParserDiedError)
    assert "did not start" in caplog.text


async def test_a_child_that_was_killed_while_idle_costs_nothing() -> None:
    async with Worker() as worker:
        await parse(worker)
        os.kill(child_of(worker).pid, signal.SIGKILL)
        await child_of(worker).wait()
        assert (await parse(worker)).entries


def test_a_large_document_may_take_longer_within_bounds() -> None:
    limits = ChildLimits(cpu_seconds=10, cpu_seconds_a_mb=1)
    assert [limits.cpu_seconds_for(size << 20) for size in (0, 1, 8)] == [10, 11, 18]
    assert ChildLimits().cpu_seconds_for(10 << 20) <= 20 < Limits().wall_seconds / 3


def with_limits(limits: ChildLimits) -> tuple[str, ...]:
    """Return the command of a child with limits of its own."""
    begin = "from planet_mcp.sandbox import ChildLimits; from planet_mcp.sandbox.child import main"
    return (sys.executable, "-I", "-c", f"{begin}; main({limits!r})")


async def test_a_document_that_needs_too_much_memory_is_refused_and_the_child_replaced() -> None:
    command = with_limits(ChildLimits(memory_bytes=80 << 20))
    async with Worker(command=command) as worker:
        for _ in range(Limits().deaths + 1):
            with pytest.raises(ParseFailedError, match=r"memory|died|quarantined"):
                await parse(worker, document(rss([Post("x", html="<p>word " * 500_000)])))
        assert (await parse(worker)).entries


async def test_a_child_that_grew_is_replaced() -> None:
    async with Worker(command=with_limits(ChildLimits(grown_bytes=1))) as worker:
        children = set()
        for _ in range(3):
            assert (await parse(worker)).entries
            children.add(child_of(worker).pid)
    assert len(children) == 3


FAILS = """
import planet_mcp.documents.parse
from planet_mcp.sandbox.child import main

def parse_feed(body, **facts):
    raise ValueError("no\\ntime")

planet_mcp.documents.parse.parse_feed = parse_feed
main()
"""


async def test_what_the_parser_does_not_expect_is_logged_and_said_by_its_kind(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    async with Worker(command=(sys.executable, "-I", "-c", FAILS)) as worker:
        with pytest.raises(ParseFailedError, match=r"The parser failed \(ValueError\)"):
            await parse(worker)
        assert await worker.discover(FEED, now=NOW)
    assert "no\ntime" in caplog.text
    assert capfd.readouterr() == ("", "")


async def test_a_long_feed_comes_in_parts_and_in_order() -> None:
    posts = [Post(f"Post {number}", html="<p>" + "word " * 99) for number in range(1_500)]
    async with Worker() as worker:
        feed = await parse(worker, document(rss(posts)))
    assert len(repr(feed.entries)) > 2 * PART_CHARACTERS
    assert [entry.title for entry in feed.entries] == [post.title for post in posts]


async def test_a_long_list_of_feeds_comes_in_parts_and_in_order() -> None:
    urls = [f"https://{number}.example.org/feed" for number in range(9_000)]
    outlines = "".join(f"<outline text='A' xmlUrl='{url}'/>" for url in urls)
    async with Worker() as worker:
        found = await worker.discover(document(f"<opml><body>{outlines}</body></opml>"), now=NOW)
    assert isinstance(found, SubscriptionList)
    assert [each.url for each in found.subscriptions] == urls


# -------------------------------------------------------------------------------------- quarantine


async def deaths(worker: Worker, count: int, *, source: str = URL) -> list[str]:
    said = []
    for _ in range(count):
        with pytest.raises(ParserDiedError) as caught:
            await worker.parse_feed(FEED, now=NOW, source=source)
        said.append(str(caught.value))
    return said


async def test_what_killed_three_children_gets_no_other(child: Switched) -> None:
    child.goes("")
    async with Worker(command=child.command) as worker:
        said = await deaths(worker, 3)
        child.comes_back()
        again = await deaths(worker, 2)
        assert not worker.children
    assert ["quarantined" in each for each in said] == [False, False, True]
    assert again[0] == again[1]
    assert "until 2026-11-23T09:00Z: it cost the parser its process 3 times" in again[0]


async def test_a_change_a_day_and_a_success_lift_the_quarantine(child: Switched) -> None:
    async with Worker(command=child.command) as worker:
        child.goes("")
        await deaths(worker, 3)
        await deaths(worker, 2, source="another")
        assert (await deaths(worker, 1, source="another"))[0].startswith("The parser process")
        child.comes_back()
        changed = document(rss([Post("Two")]))
        assert (await worker.parse_feed(changed, now=NOW, source=URL)).entries
        later = NOW + Limits().quarantine
        assert (await worker.parse_feed(FEED, now=later, source="another")).entries
        await worker.aclose()
        child.goes("")
        said = await deaths(worker, 3)
    assert ["quarantined" in each for each in said] == [False, False, True]


async def test_a_death_after_the_quarantine_is_the_next_one(child: Switched) -> None:
    child.goes("")
    limits = Limits(quarantine=timedelta(0))
    async with Worker(command=child.command, limits=limits) as worker:
        assert "4 times" in (await deaths(worker, 4))[-1]


async def test_only_so_many_sources_are_remembered(child: Switched) -> None:
    child.goes("")
    limits = Limits(deaths=1, sources_remembered=2)
    async with Worker(command=child.command, limits=limits) as worker:
        for source in ("one", "two", "three"):
            await deaths(worker, 1, source=source)
        child.comes_back()
        assert (await worker.parse_feed(FEED, now=NOW, source="one")).entries
        for source in ("two", "three"):
            assert "quarantined" in (await deaths(worker, 1, source=source))[0]


async def test_list_feeds_says_that_a_feed_is_quarantined(site: Site, child: Switched) -> None:
    url = site.add("/feed", rss([Post("One")]))
    worker = partial(Worker, command=child.command, limits=Limits(documents=1))
    async with open_planet(load(), parts=Parts(worker=worker)) as planet:
        await planet.add_feeds([url])
        site.add("/feed", rss([Post("Two")]))
        child.goes("")
        for _ in range(4):
            await planet.refresh_feeds([1])
        (feed,) = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
        assert feed.status is FeedStatus.FAILING
        assert "It is quarantined until it changes, or until" in str(feed.problem)
        child.comes_back()
        site.add("/feed", rss([Post("Three")]))
        assert (await planet.refresh_feeds([1])).result.new_entries == 1
        (feed,) = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
        assert feed.status is FeedStatus.OK


# ------------------------------------------------------------------------ what a child may and has


@pytest.mark.skipif(sys.platform != "linux", reason="limits are read from /proc")
async def test_a_child_is_isolated_and_limited() -> None:
    async with Worker() as worker:
        await parse(worker)
        process = Path(f"/proc/{child_of(worker).pid}")
        arguments = (process / "cmdline").read_bytes().split(b"\0")
        limits = (process / "limits").read_text()
        seconds = int(re.findall(r"Max cpu time +(\d+)", limits)[0])
        assert b"-I" in arguments
        assert f"Max address space         {768 * 2**20}" in limits
        assert re.search("Max open files +64 ", limits)
        assert re.search("Max file size +0 ", limits)
        assert re.search("Max core file size +0 ", limits)
        # A child that gets a fifth of a CPU still meets this limit first.
        assert seconds <= ChildLimits().cpu_seconds + 5 < Limits().wall_seconds / 3
        assert all(path.name in "012345" for path in (process / "fd").iterdir())


KILLED = """
import asyncio, sys
from tests.sandbox.test_child import BUSY, FEED, NOW, Worker

async def main(state, path):
    busy = (sys.executable, "-I", "-c", BUSY, path)
    worker = Worker(command=busy) if state == "busy" else Worker()
    await worker.parse_feed(FEED, now=NOW)
    with open(path, "w") as told:
        told.write(str(worker.children[0].pid))
    await asyncio.sleep(600)

asyncio.run(main(*sys.argv[1:]))
"""
BUSY = """
import os, sys
import planet_mcp.documents.parse
from planet_mcp.sandbox.child import main

def parse_feed(body, **facts):
    with open(sys.argv[1], "w") as told:
        told.write(str(os.getpid()))
    while True:
        pass

planet_mcp.documents.parse.parse_feed = parse_feed
main()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the end of stdin ends it")
@pytest.mark.parametrize("state", ["idle", "busy"])
def test_a_child_dies_with_a_parent_that_is_killed(state: str, tmp_path: Path) -> None:
    pipe = tmp_path / "pid"
    os.mkfifo(pipe)
    with subprocess.Popen([sys.executable, "-c", KILLED, state, str(pipe)], cwd=ROOT) as parent:
        pid = int(pipe.read_text())
        assert is_alive(pid)
        parent.kill()
        exit_of(pid)
        assert not is_alive(pid)
