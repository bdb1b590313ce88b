"""The child process that parses: what it survives, and what survives it."""

import json
import os
import re
import signal
import struct
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from planet_mcp.errors import DocumentError, NotAFeedError, ParseFailedError, ParserDiedError
from planet_mcp.models import Document, FeedStatus, ParsedFeed, SubscriptionList, Validators
from planet_mcp.planet import Planet
from planet_mcp.sandbox import child, parent
from planet_mcp.sandbox.parent import Worker
from tests.support.documents import Post, page, rss, whole
from tests.support.paths import ROOT
from tests.support.programs import is_alive
from tests.support.site import Site

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
URL = "https://blog.example.org/feed"


def document(body: str, content_type: str = "application/xml") -> Document:
    return Document(URL, body.encode(), content_type, Validators(URL))


FEED = document(rss([Post("One")]))


async def parse(worker: Worker, body: Document = FEED) -> ParsedFeed:
    return await worker.parse_feed(body, now=NOW)


async def test_documents_come_back_as_values() -> None:
    async with Worker() as worker:
        feed = await parse(worker)
        article = await worker.extract_article(document(page(whole("Text.")), "text/html"))
    assert [entry.title for entry in feed.entries] == ["One"]
    assert "Text." in article.content.markdown


async def test_errors_come_back_by_their_kind() -> None:
    async with Worker() as worker:
        with pytest.raises(NotAFeedError):
            await parse(worker, document("nothing"))
        with pytest.raises(DocumentError):
            await worker.extract_article(document("%PDF", "application/pdf"))
        assert await parse(worker)


async def test_requests_wait_for_each_other() -> None:
    found: list[str | None] = []

    async def one(number: int) -> None:
        found.append((await parse(worker, document(rss([], title=f"Blog {number}")))).title)

    async with Worker() as worker, anyio.create_task_group() as tasks:
        for number in range(8):
            tasks.start_soon(one, number)
    assert sorted(title or "" for title in found) == [f"Blog {number}" for number in range(8)]


async def test_a_document_that_takes_too_long_costs_one_child(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Worker() as worker:
        await parse(worker)
        with monkeypatch.context() as patch:
            patch.setattr(parent, "WALL_SECONDS", 0.0)
            with pytest.raises(ParseFailedError, match="longer than"):
                await parse(worker)
        assert (await parse(worker)).entries


async def test_a_child_that_dies_costs_one_document() -> None:
    async with Worker() as worker:
        await parse(worker)
        assert worker._process is not None
        os.kill(worker._process.pid, signal.SIGSTOP)

        async def kill() -> None:
            assert worker._process is not None
            os.kill(worker._process.pid, signal.SIGKILL)

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


async def test_a_child_is_replaced_after_many_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parent, "MAX_DOCUMENTS", 2)
    async with Worker() as worker:
        children = set()
        for _ in range(5):
            await parse(worker)
            assert worker._process is not None
            children.add(worker._process.pid)
    assert len(children) == 3


async def test_a_child_of_a_large_process_is_not_taken_for_grown() -> None:
    ballast = bytearray(b"x") * (300 * 2**20)
    async with Worker() as worker:
        await parse(worker)
        assert worker._process is not None
        first = worker._process.pid
        await parse(worker)
        assert worker._process.pid == first
    assert ballast


async def test_an_idle_child_goes_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parent, "IDLE_SECONDS", 0.0)
    async with Worker() as worker:
        await parse(worker)
        first = worker._process
        assert first is not None
        with anyio.fail_after(5):
            gone = await first.wait()
        again = await parse(worker)
        second = worker._process
    assert gone < 0
    assert again.entries
    assert second is not first


async def test_no_child_outlives_its_worker() -> None:
    async with Worker() as worker:
        await parse(worker)
        process = worker._process
    assert process is not None
    assert process.returncode is not None


async def test_the_child_sees_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "hunter2")
    async with Worker() as worker:
        await parse(worker)
        assert worker._process is not None
        try:
            with open(f"/proc/{worker._process.pid}/environ", "rb") as file:  # noqa: ASYNC230, PTH123
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
    parent.wait(20)
    os.kill(child, signal.SIGCONT)
    # The child's end closes stderr; an answer to nobody would have left a traceback there.
    assert parent.communicate(timeout=20) == ("", "")


# --------------------------------------------------------------------------- children gone astray

READY = """
import os, time

def flood(message):
    while True:
        os.write(1, message)

os.write(1, bytes(4))
os.read(0, 1 << 20)
"""
ASTRAY = {
    "ends": "",
    "crashes": "os.kill(os.getpid(), 11)",
    "hangs": "import signal; signal.signal(15, signal.SIG_IGN); time.sleep(60)",
    "floods with one part": "flood(b'\\x7f' * 9999)",
    "floods with many parts": "flood(b'\\0\\0\\0\\1x' * 9999)",
    "says nothing": "os.write(1, bytes(4))",
    "says what is no JSON": "os.write(1, b'\\0\\0\\0\\1x' + bytes(4))",
    "says what is no answer": "os.write(1, b'\\0\\0\\0\\2{}' + bytes(4))",
    "says what is no text": "os.write(1, b'\\0\\0\\0\\2\\xff\\xff' + bytes(4))",
}
DIES = ("-I", "-c", READY)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("way", ASTRAY)
async def test_a_child_that_goes_astray_is_replaced(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Worker() as worker:
        await parse(worker)
        before = descriptors()
        with monkeypatch.context() as patch:
            patch.setattr(parent, "COMMAND", ("-I", "-c", READY + ASTRAY[way]))
            patch.setattr(parent, "WALL_SECONDS", 1.0)
            patch.setattr(parent, "MAX_ANSWER", 2**20)
            await worker.aclose()
            with pytest.raises(ParserDiedError):
                await parse(worker)
            assert worker._process is None
        assert (await parse(worker)).entries
        assert descriptors() <= before


async def test_an_answer_to_another_question_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    links = b'{"type": "FeedLinks", "value": {"candidates": []}}'
    answer = struct.pack(">I", len(links)) + links + bytes(4)
    monkeypatch.setattr(parent, "COMMAND", ("-I", "-c", f"{READY}os.write(1, {answer!r})"))
    async with Worker() as worker:
        with pytest.raises(ParserDiedError, match="something else"):
            await parse(worker)


async def test_a_child_that_does_not_start_is_no_documents_fault(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with Worker() as worker:
        monkeypatch.setattr(parent, "COMMAND", ("-I", "-c", "raise SystemExit(3)"))
        for executable in (sys.executable, "/nowhere/python"):
            monkeypatch.setattr(sys, "executable", executable)
            for _ in range(parent.MOST_DEATHS + 1):
                with pytest.raises(ParseFailedError, match="did not start") as caught:
                    await parse(worker)
                assert not isinstance(caught.value, ParserDiedError)
    assert "did not start" in caplog.text


async def test_a_child_that_was_killed_while_idle_costs_nothing() -> None:
    async with Worker() as worker:
        await parse(worker)
        assert worker._process is not None
        os.kill(worker._process.pid, signal.SIGKILL)
        await worker._process.wait()
        assert (await parse(worker)).entries


async def test_a_document_that_needs_too_much_memory_is_refused_and_the_child_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    little = "from planet_mcp import worker; worker.MEMORY_BYTES = 80 << 20; worker.main()"
    monkeypatch.setattr(parent, "COMMAND", ("-I", "-c", little))
    async with Worker() as worker:
        for _ in range(parent.MOST_DEATHS + 1):
            with pytest.raises(ParseFailedError, match=r"memory|died|quarantined"):
                await parse(worker, document(rss([Post("x", html="<p>word " * 500_000)])))
        assert (await parse(worker)).entries


async def test_a_child_that_grew_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    grown = "from planet_mcp import worker; worker.GROWN_BYTES = 1; worker.main()"
    monkeypatch.setattr(parent, "COMMAND", ("-I", "-c", grown))
    async with Worker() as worker:
        children = set()
        for _ in range(3):
            assert (await parse(worker)).entries
            assert worker._process is not None
            children.add(worker._process.pid)
    assert len(children) == 3


async def test_what_the_parser_does_not_expect_is_logged_and_said_by_its_kind(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    async with Worker() as worker:
        with pytest.raises(ParseFailedError, match=r"The parser failed \(ValueError\)"):
            await worker._run("feed", FEED, now="no\ntime")
        assert (await parse(worker)).entries
    assert "Invalid isoformat string: 'no\\ntime'" in caplog.text
    assert capfd.readouterr() == ("", "")


async def test_a_long_feed_comes_in_parts_and_in_order() -> None:
    posts = [Post(f"Post {number}", html="<p>" + "word " * 99) for number in range(1_500)]
    async with Worker() as worker:
        feed = await parse(worker, document(rss(posts)))
    assert len(repr(feed.entries)) > 2 * child.PART_CHARACTERS
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


async def test_what_killed_three_children_gets_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Worker() as worker:
        with monkeypatch.context() as patch:
            patch.setattr(parent, "COMMAND", DIES)
            said = await deaths(worker, 3)
        again = await deaths(worker, 2)
        assert worker._process is None
    assert ["quarantined" in each for each in said] == [False, False, True]
    assert again[0] == again[1]
    assert "until 2026-11-23T09:00Z: it cost the parser its process 3 times" in again[0]


async def test_a_change_a_day_and_a_success_lift_the_quarantine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Worker() as worker:
        with monkeypatch.context() as patch:
            patch.setattr(parent, "COMMAND", DIES)
            await deaths(worker, 3)
            await deaths(worker, 2, source="another")
            assert (await deaths(worker, 1, source="another"))[0].startswith("The parser process")
        changed = document(rss([Post("Two")]))
        assert (await worker.parse_feed(changed, now=NOW, source=URL)).entries
        later = NOW + parent.QUARANTINE
        assert (await worker.parse_feed(FEED, now=later, source="another")).entries
        with monkeypatch.context() as patch:
            patch.setattr(parent, "COMMAND", DIES)
            await worker.aclose()
            said = await deaths(worker, 3)
    assert ["quarantined" in each for each in said] == [False, False, True]


async def test_a_death_after_the_quarantine_is_the_next_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parent, "COMMAND", DIES)
    monkeypatch.setattr(parent, "QUARANTINE", timedelta(0))
    async with Worker() as worker:
        assert "4 times" in (await deaths(worker, 4))[-1]


def test_only_so_many_sources_are_remembered() -> None:
    quarantine = parent.Quarantine()
    for number in range(parent.MOST_REMEMBERED + 5):
        quarantine.note(str(number), b"", now=NOW)
    assert len(quarantine._deaths) == parent.MOST_REMEMBERED


async def test_list_feeds_says_that_a_feed_is_quarantined(
    planet: Planet, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = site.add("/feed", rss([Post("One")]))
    await planet.add_feeds([url])
    site.add("/feed", rss([Post("Two")]))
    with monkeypatch.context() as patch:
        patch.setattr(parent, "COMMAND", DIES)
        for _ in range(4):
            await planet.refresh_feeds([1])
    (feed,) = (await planet.list_feeds()).result.feeds
    assert feed.status is FeedStatus.FAILING
    assert "It is quarantined until it changes, or until" in str(feed.problem)
    site.add("/feed", rss([Post("Three")]))
    assert (await planet.refresh_feeds([1])).result.new_entries == 1
    (feed,) = (await planet.list_feeds()).result.feeds
    assert feed.status is FeedStatus.OK


# ------------------------------------------------------------------------ what a child may and has


@pytest.mark.skipif(sys.platform != "linux", reason="limits are read from /proc")
async def test_a_child_is_isolated_and_limited() -> None:
    async with Worker() as worker:
        await parse(worker)
        assert worker._process is not None
        process = Path(f"/proc/{worker._process.pid}")
        arguments = (process / "cmdline").read_bytes().split(b"\0")
        limits = (process / "limits").read_text()
        seconds = int(re.findall(r"Max cpu time +(\d+)", limits)[0])
        assert b"-I" in arguments
        assert f"Max address space         {768 * 2**20}" in limits
        assert re.search("Max open files +64 ", limits)
        assert re.search("Max file size +0 ", limits)
        assert re.search("Max core file size +0 ", limits)
        assert parent.WALL_SECONDS < seconds <= child.CPU_SECONDS + 5
        assert all(path.name in "012345" for path in (process / "fd").iterdir())


KILLED = """
import asyncio, sys
from tests.sandbox.test_child import FEED, NOW, Worker
from planet_mcp.sandbox import parent

async def main():
    worker = Worker()
    await worker.parse_feed(FEED, now=NOW)
    print(worker._process.pid, flush=True)
    if sys.argv[1] == "busy":
        await worker.aclose()
        endless = "import os\\nos.write(1, bytes(4))\\nos.read(0, 9)\\nwhile True: pass"
        begin = "from planet_mcp import worker; worker._die_with_parent(); "
        parent.COMMAND = ("-I", "-c", begin + f"exec({endless!r})")
        task = asyncio.create_task(worker.parse_feed(FEED, now=NOW))
        while not worker._process:
            await asyncio.sleep(0.01)
        print(worker._process.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the end of stdin ends it")
@pytest.mark.parametrize("state", ["idle", "busy"])
def test_a_child_dies_with_a_parent_that_is_killed(state: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, state],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as parent:
        assert parent.stdout is not None
        lines = 1 + (state == "busy")
        pid = int([parent.stdout.readline() for _ in range(lines)][-1])
        time.sleep(0.3)
        assert is_alive(pid)
        parent.kill()
        deadline = time.monotonic() + 5
        while is_alive(pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not is_alive(pid)
