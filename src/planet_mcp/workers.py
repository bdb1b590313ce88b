"""Runs the CPU-heavy work on untrusted documents in a child process that can be killed.

A hang, a crash or a flood of memory costs one child and one document, never the server; and
the event loop never parses.
"""

import asyncio
import json
import os
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal, Self

import anyio
from pydantic import Field, TypeAdapter

from planet_mcp.errors import DocumentError, NotAFeedError, OpmlError, ParseFailedError
from planet_mcp.models import Article, Document, FeedLinks, ParsedFeed, SubscriptionList

WALL_SECONDS = 10.0
IDLE_SECONDS = 30.0
MAX_DOCUMENTS = 500
MAX_ANSWER = 64 * 2**20


@dataclass(frozen=True)
class _Feed:
    type: Literal["ParsedFeed"]
    value: ParsedFeed


@dataclass(frozen=True)
class _Links:
    type: Literal["FeedLinks"]
    value: FeedLinks


@dataclass(frozen=True)
class _List:
    type: Literal["SubscriptionList"]
    value: SubscriptionList


@dataclass(frozen=True)
class _Page:
    type: Literal["Article"]
    value: Article


@dataclass(frozen=True)
class _Failure:
    error: str
    message: str


_Answer = Annotated[_Feed | _Links | _List | _Page, Field(discriminator="type")] | _Failure
_ERRORS = {kind.code: kind for kind in (NotAFeedError, ParseFailedError, DocumentError, OpmlError)}


class Worker:
    """One child process, started when there is work and ended when there was none for a while.

    Requests wait for each other. Use it as an async context manager, so that no child outlives
    the server.
    """

    def __init__(self) -> None:
        self._lock = anyio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._documents = 0
        self._alive = False
        self._idle: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def parse_feed(self, document: Document, *, now: datetime) -> ParsedFeed:
        """Parse a feed document.

        Raises:
            NotAFeedError: The document is something else.
            ParseFailedError: The parser failed, hung or ran out of memory.
        """
        answer = await self._run("feed", document, now=now.isoformat())
        assert isinstance(answer, ParsedFeed)  # noqa: S101 - the child answers what it was asked
        return answer

    async def discover(
        self, document: Document, *, now: datetime
    ) -> ParsedFeed | FeedLinks | SubscriptionList:
        """Find out what a document is to someone who wants to subscribe.

        Raises:
            DocumentError: It is nothing of use, or the parser failed.
            OpmlError: It is a malformed OPML document.
        """
        answer = await self._run("discover", document, now=now.isoformat())
        assert not isinstance(answer, Article)  # noqa: S101 - the child answers what it was asked
        return answer

    async def extract_article(self, document: Document) -> Article:
        """Find the article on a page.

        Raises:
            DocumentError: There is none, or the extraction failed.
        """
        answer = await self._run("article", document)
        assert isinstance(answer, Article)  # noqa: S101 - the child answers what it was asked
        return answer

    async def aclose(self) -> None:
        """End the child process."""
        if self._idle:
            self._idle.cancel()
        process, self._process = self._process, None
        if process is not None:
            with anyio.CancelScope(shield=True):
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    async def _run(
        self, task: str, document: Document, **more: str
    ) -> ParsedFeed | FeedLinks | SubscriptionList | Article:
        head = {
            "task": task,
            "url": document.url,
            "content_type": document.content_type,
            **more,
        }
        async with self._lock:
            raw = await self._exchange(json.dumps(head).encode(), document.body)
        return await anyio.to_thread.run_sync(_validated, raw)

    async def _exchange(self, head: bytes, body: bytes) -> bytes:
        if self._idle:
            self._idle.cancel()
        answered = False
        try:
            process = await self._ready()
            async with asyncio.timeout(WALL_SECONDS):
                raw = await _ask(process, head, body)
            answered = True
        except TimeoutError:
            raise ParseFailedError(f"Parsing took longer than {WALL_SECONDS:.0f} s.") from None
        except (asyncio.IncompleteReadError, ConnectionError):
            raise ParseFailedError("The parser process died on the document.") from None
        finally:
            # Also when cancelled: a child in the middle of a request is of no more use.
            if not answered:
                await self.aclose()
        loop = asyncio.get_running_loop()
        self._idle = loop.call_later(IDLE_SECONDS, self._retire)
        return raw

    async def _ready(self) -> asyncio.subprocess.Process:
        if self._documents >= MAX_DOCUMENTS or not self._alive:
            await self.aclose()
        if self._process is None:
            self._process = await _start()
            self._documents, self._alive = 0, True
        self._documents += 1
        return self._process

    def _retire(self) -> None:
        # Killed here, taken leave of by the next request or at the end.
        if self._process is not None and not self._lock.locked():
            with suppress(ProcessLookupError):
                self._process.kill()
            self._alive = False


async def _start() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-m",
        "planet_mcp.worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**20,
        start_new_session=True,
        # The child sees documents of strangers: it gets none of the user's environment.
        env={name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ},
    )


async def _ask(process: asyncio.subprocess.Process, head: bytes, body: bytes) -> bytes:
    assert process.stdin is not None  # noqa: S101 - both are pipes
    assert process.stdout is not None  # noqa: S101
    process.stdin.write(struct.pack(">II", len(head), len(body)) + head)
    process.stdin.write(body)
    await process.stdin.drain()
    (length,) = struct.unpack(">I", await process.stdout.readexactly(4))
    if length > MAX_ANSWER:
        raise ParseFailedError("The document is too large once it is parsed.")
    return await process.stdout.readexactly(length)


@cache
def _adapter() -> TypeAdapter[Any]:
    return TypeAdapter(_Answer)


def _validated(raw: bytes) -> ParsedFeed | FeedLinks | SubscriptionList | Article:
    answer: Any = _adapter().validate_json(raw)
    if isinstance(answer, _Failure):
        raise _ERRORS.get(answer.error, DocumentError)(answer.message)
    value: ParsedFeed | FeedLinks | SubscriptionList | Article = answer.value
    return value
