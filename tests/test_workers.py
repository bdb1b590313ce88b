"""The child process that parses: what it survives, and what survives it."""

import os
import signal
from datetime import UTC, datetime

import anyio
import pytest

from planet_mcp import workers
from planet_mcp.errors import DocumentError, NotAFeedError, ParseFailedError
from planet_mcp.models import Document, ParsedFeed, Validators
from planet_mcp.workers import Worker
from tests.documents import Post, page, rss, whole

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
            patch.setattr(workers, "WALL_SECONDS", 0.0)
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
    monkeypatch.setattr(workers, "MAX_DOCUMENTS", 2)
    async with Worker() as worker:
        children = set()
        for _ in range(5):
            await parse(worker)
            assert worker._process is not None
            children.add(worker._process.pid)
    assert len(children) == 3


async def test_an_idle_child_goes_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "IDLE_SECONDS", 0.0)
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
