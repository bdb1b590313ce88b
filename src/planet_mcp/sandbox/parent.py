"""Runs the CPU-heavy work on untrusted documents in a child process that can be killed.

A hang, a crash or a flood of memory costs one child and one document, never the server; and
the event loop never parses.
"""

import asyncio
import hashlib
import json
import logging
import os
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Annotated, Any, Literal, Self, TypeVar

import anyio
from pydantic import Field, TypeAdapter, ValidationError

from planet_mcp.errors import (
    DocumentError,
    NotAFeedError,
    OpmlError,
    ParseFailedError,
    ParserDiedError,
    PlanetError,
)
from planet_mcp.models import (
    Article,
    Document,
    FeedLinks,
    ParsedEntry,
    ParsedFeed,
    Subscription,
    SubscriptionList,
)
from planet_mcp.sandbox.child import END, LAST
from planet_mcp.times import stamp

logger = logging.getLogger(__name__)

# Isolated: what stands in the environment or the folder changes nothing in the child.
COMMAND = ("-I", "-m", "planet_mcp.sandbox.child")
WALL_SECONDS = 10.0
IDLE_SECONDS = 30.0
MAX_DOCUMENTS = 500
MAX_ANSWER = 64 * 2**20
MOST_DEATHS = 3
QUARANTINE = timedelta(days=1)
MOST_REMEMBERED = 1_000
# What a part costs us besides its bytes.
_PART_COST = 100


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
    detail: str


_Answer = Annotated[_Feed | _Links | _List | _Page, Field(discriminator="type")] | _Failure
_ERRORS = {kind.code: kind for kind in (NotAFeedError, ParseFailedError, DocumentError, OpmlError)}
_Item = TypeVar("_Item")
_Value = ParsedFeed | FeedLinks | SubscriptionList | Article
_ANSWERS: dict[str, tuple[type, ...]] = {
    "feed": (ParsedFeed,),
    "discover": (ParsedFeed, FeedLinks, SubscriptionList),
    "article": (Article,),
}


@dataclass(frozen=True)
class _Deaths:
    """How often in a row a source cost a child its life, with what document the last time."""

    count: int
    body: bytes
    until: datetime

    def __str__(self) -> str:
        return (
            f"It is quarantined until it changes, or until {stamp(self.until)}: it cost the "
            f"parser its process {self.count} times in a row."
        )


class Quarantine:
    """Keeps from the children what killed three of them, for a day or until it changes.

    It is kept in memory. What a restart forgets costs little: the pauses between the checks of a
    feed that fails grow, and those are stored.
    """

    def __init__(self) -> None:
        self._deaths: dict[str, _Deaths] = {}

    def refuse(self, source: str, body: bytes, *, now: datetime) -> None:
        """Refuse a document that is in quarantine.

        Raises:
            ParserDiedError: It is.
        """
        known = self._deaths.get(source)
        if known and known.count >= MOST_DEATHS and now < known.until and known.body == _hash(body):
            raise ParserDiedError(str(known))

    def note(self, source: str, body: bytes, *, now: datetime) -> str:
        """Note that a document killed a child; says so if it is in quarantine now."""
        known = self._deaths.pop(source, None)
        count = known.count + 1 if known else 1
        self._deaths[source] = _Deaths(count, _hash(body), now + QUARANTINE)
        while len(self._deaths) > MOST_REMEMBERED:
            del self._deaths[next(iter(self._deaths))]
        return f" {self._deaths[source]}" if count >= MOST_DEATHS else ""

    def forget(self, source: str) -> None:
        """Note that a document of this source killed nobody."""
        self._deaths.pop(source, None)


def _hash(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


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
        self._quarantine = Quarantine()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def parse_feed(
        self, document: Document, *, now: datetime, source: str | None = None
    ) -> ParsedFeed:
        """Parse a feed document; `source` is what it is known by, where not by its address.

        Raises:
            NotAFeedError: The document is something else.
            ParseFailedError: The parser failed or ran out of memory.
            ParserDiedError: It hung, crashed or flooded us, or did so three times before.
        """
        answer = await self._guarded("feed", document, now=now, source=source)
        assert isinstance(answer, ParsedFeed)  # noqa: S101 - `_validated` has looked
        return answer

    async def discover(
        self, document: Document, *, now: datetime
    ) -> ParsedFeed | FeedLinks | SubscriptionList:
        """Find out what a document is to someone who wants to subscribe.

        Raises:
            DocumentError: It is nothing of use, or the parser failed.
            OpmlError: It is a malformed OPML document.
        """
        answer = await self._guarded("discover", document, now=now)
        assert not isinstance(answer, Article)  # noqa: S101 - as above
        return answer

    async def extract_article(self, document: Document) -> Article:
        """Find the article on a page.

        Raises:
            DocumentError: There is none, or the extraction failed.
        """
        answer = await self._run("article", document)
        assert isinstance(answer, Article)  # noqa: S101 - as above
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

    async def _guarded(
        self, task: str, document: Document, *, now: datetime, source: str | None = None
    ) -> _Value:
        """Run a task on a document, unless its source is in quarantine."""
        source = source or document.url
        self._quarantine.refuse(source, document.body, now=now)
        try:
            answer = await self._run(task, document, now=now.isoformat())
        except ParserDiedError as error:
            said = self._quarantine.note(source, document.body, now=now)
            raise ParserDiedError(f"{error}{said}") from None
        except PlanetError:
            self._quarantine.forget(source)
            raise
        self._quarantine.forget(source)
        return answer

    async def _run(self, task: str, document: Document, **more: str) -> _Value:
        head = {
            "task": task,
            "url": document.url,
            "content_type": document.content_type,
            **more,
        }
        async with self._lock:
            if self._idle:
                self._idle.cancel()
            answer = await self._answer(json.dumps(head).encode(), document.body, task)
            loop = asyncio.get_running_loop()
            self._idle = loop.call_later(IDLE_SECONDS, self._retire)
        if isinstance(answer, _Failure):
            if answer.detail:
                logger.warning("The parser failed on %s: %s", document.url, answer.detail)
            raise _ERRORS.get(answer.error, DocumentError)(answer.message)
        return answer

    async def _answer(self, head: bytes, body: bytes, task: str) -> _Value | _Failure:
        answered = False
        try:
            process = await self._ready()
            answer = await self._exchange(process, head, body, task)
            answered = True
        finally:
            # Also when cancelled: a child in the middle of a request is of no more use.
            if not answered:
                await self.aclose()
        return answer

    async def _exchange(
        self, process: asyncio.subprocess.Process, head: bytes, body: bytes, task: str
    ) -> _Value | _Failure:
        try:
            async with asyncio.timeout(WALL_SECONDS):
                parts, last = await _ask(process, head, body)
            self._alive = not last
            return await anyio.to_thread.run_sync(_validated, parts, task)
        except TimeoutError:
            raise ParserDiedError(f"Parsing took longer than {WALL_SECONDS:.0f} s.") from None
        except (asyncio.IncompleteReadError, ConnectionError):
            raise ParserDiedError("The parser process died on the document.") from None
        except ValidationError:
            raise ParserDiedError("The parser made nothing usable of the document.") from None

    async def _ready(self) -> asyncio.subprocess.Process:
        """Return a child that waits for a document.

        Raises:
            ParseFailedError: None can be started, which is no document's fault.
        """
        process = self._process
        if self._documents >= MAX_DOCUMENTS or not self._alive or not process or _is_over(process):
            await self.aclose()
            process = await self._begin()
        self._documents += 1
        return process

    async def _begin(self) -> asyncio.subprocess.Process:
        try:
            # A start that is cancelled again and again would leave a process that nobody knows.
            with anyio.CancelScope(shield=True):
                self._process = process = await _start()
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            async with asyncio.timeout(WALL_SECONDS):
                await process.stdout.readexactly(4)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            logger.warning("The parser process did not start: %r", error)
            raise ParseFailedError(
                "The parser process did not start; `planet-mcp doctor` may say why."
            ) from error
        self._documents, self._alive = 0, True
        return process

    def _retire(self) -> None:
        # Killed here, taken leave of by the next request or at the end.
        if self._process is not None and not self._lock.locked():
            with suppress(ProcessLookupError):
                self._process.kill()
            self._alive = False


async def _start() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *COMMAND,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**20,
        start_new_session=True,
        # The child sees documents of strangers: it gets none of the user's environment.
        env={name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ},
    )


def _is_over(process: asyncio.subprocess.Process) -> bool:
    return process.returncode is not None


async def _ask(
    process: asyncio.subprocess.Process, head: bytes, body: bytes
) -> tuple[list[bytes], bool]:
    """Return the parts of an answer, and whether the child wants to be replaced after it."""
    assert process.stdin is not None  # noqa: S101 - both are pipes
    assert process.stdout is not None  # noqa: S101
    process.stdin.write(struct.pack(">II", len(head), len(body)) + head)
    process.stdin.write(body)
    await process.stdin.drain()
    parts: list[bytes] = []
    size = 0
    while (length := await _number(process.stdout)) not in (END, LAST):
        size += length + _PART_COST
        if size > MAX_ANSWER:
            raise ParserDiedError("The document is too large once it is parsed.")
        parts.append(await process.stdout.readexactly(length))
    return parts, length == LAST


async def _number(stream: asyncio.StreamReader) -> int:
    (number,) = struct.unpack(">I", await stream.readexactly(4))
    return int(number)


@cache
def _adapter() -> TypeAdapter[Any]:
    return TypeAdapter(_Answer)


@cache
def _entries() -> TypeAdapter[tuple[ParsedEntry, ...]]:
    return TypeAdapter(tuple[ParsedEntry, ...])


@cache
def _subscriptions() -> TypeAdapter[tuple[Subscription, ...]]:
    return TypeAdapter(tuple[Subscription, ...])


def _validated(parts: Sequence[bytes], task: str) -> _Value | _Failure:
    """Make values of an answer, part by part: each keeps the event loop waiting while it lasts."""
    answer: Any = _adapter().validate_json(parts[0] if parts else b"")
    if isinstance(answer, _Failure):
        return answer
    value: _Value = answer.value
    if not isinstance(value, _ANSWERS[task]):
        raise ParserDiedError("The parser answered something else than it was asked.")
    if isinstance(value, ParsedFeed):
        return replace(value, entries=_joined(_entries(), parts[1:]))
    if isinstance(value, SubscriptionList):
        return replace(value, subscriptions=_joined(_subscriptions(), parts[1:]))
    return value


def _joined(adapter: TypeAdapter[tuple[_Item, ...]], parts: Sequence[bytes]) -> tuple[_Item, ...]:
    return tuple(item for part in parts for item in adapter.validate_json(part))
