"""Runs the CPU-heavy work on untrusted documents in a child process that can be killed.

A hang, a crash or a flood of memory costs one child and one document, never the server; and
the event loop never parses.
"""

import asyncio
import base64
import json
import logging
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Self

import anyio
from pydantic import ValidationError

from planet_mcp.embedding import ModelFolder
from planet_mcp.errors import (
    DocumentError,
    ModelError,
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
    PageRedirect,
    ParsedFeed,
    SubscriptionList,
    Vectors,
)
from planet_mcp.sandbox.answers import Failure, Value, validated
from planet_mcp.sandbox.limits import Limits
from planet_mcp.sandbox.process import Child
from planet_mcp.sandbox.quarantine import Quarantine

logger = logging.getLogger(__name__)

# `-I` isolates the child: nothing in the environment or the folder changes what it imports.
COMMAND = (sys.executable, "-I", "-m", "planet_mcp.sandbox.child")

_ERRORS = {
    kind.code: kind
    for kind in (NotAFeedError, ParseFailedError, DocumentError, OpmlError, ModelError)
}


class Worker:
    """One child process, started when there is work and ended when there was none for a while.

    `child` is the process that there is now. Requests wait for each other. Use it as an async
    context manager, so that no child outlives the server. `when_idle` is called on the event loop
    when a child ends because there was no work.
    """

    when_idle: Callable[[], None] | None = None

    def __init__(self, *, command: Sequence[str] = COMMAND, limits: Limits | None = None) -> None:
        self._command = command
        self._limits = limits or Limits()
        self._lock = anyio.Lock()
        self.child: Child | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._quarantine = Quarantine(self._limits)

    @classmethod
    def for_models(cls) -> Self:
        """Return a worker whose process has the memory and the time that models need.

        It is kept a little longer, as to load a model takes more than to use it.
        """
        return cls(command=(*COMMAND, "encode"), limits=Limits(idle_seconds=120.0))

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
        assert isinstance(answer, ParsedFeed)  # noqa: S101 - `validated` has looked
        return answer

    async def discover(
        self, document: Document, *, now: datetime
    ) -> ParsedFeed | FeedLinks | SubscriptionList | PageRedirect:
        """Find out what a document is to someone who wants to subscribe.

        Raises:
            DocumentError: It is nothing of use, or the parser failed.
            OpmlError: It is a malformed OPML document.
        """
        answer = await self._guarded("discover", document, now=now, refresh=document.refresh)
        assert not isinstance(answer, Article | Vectors)  # noqa: S101 - as above
        return answer

    async def encode(
        self, texts: Sequence[str], model: ModelFolder, *, questions: bool = False
    ) -> list[bytes]:
        """Return a vector for each text: of questions, or of what is to be found by them.

        The latter is work for which nobody waits: the process gives way to all others.

        Raises:
            ModelError: The model cannot be loaded, or fails.
            ParserDiedError, ParseFailedError: The process died, or did not start.
        """
        head = {
            "task": "encode",
            "folder": str(model.path.absolute()),
            "model": model.id,
            "questions": questions,
            "background": not questions,
        }
        answer = await self._ask(head, json.dumps([*texts]).encode(), of=model.name)
        assert isinstance(answer, Vectors)  # noqa: S101 - as above
        if len(answer.codes) != len(texts):
            raise ModelError(f"The model {model.name} made {len(answer.codes)} vectors.")
        return [base64.b64decode(code) for code in answer.codes]

    async def read_page(self, document: Document) -> Article | PageRedirect:
        """Find the article on a page, or where it sends its readers.

        Raises:
            DocumentError: There is none, or the extraction failed.
        """
        answer = await self._run("article", document, refresh=document.refresh)
        assert isinstance(answer, Article | PageRedirect)  # noqa: S101 - as above
        return answer

    async def aclose(self) -> None:
        """End the child process."""
        if self._idle:
            self._idle.cancel()
        child, self.child = self.child, None
        if child is not None:
            await child.aclose()

    async def _guarded(
        self,
        task: str,
        document: Document,
        *,
        now: datetime,
        source: str | None = None,
        **more: object,
    ) -> Value:
        """Run a task on a document, unless its source is in quarantine."""
        source = source or document.url
        if document.end:
            more["gap"] = len(document.body)
        self._quarantine.refuse(source, document.body, now=now)
        try:
            answer = await self._run(task, document, now=now.isoformat(), **more)
        except ParserDiedError as error:
            said = self._quarantine.note(source, document.body, now=now)
            raise ParserDiedError(f"{error}{said}") from None
        except PlanetError:
            self._quarantine.forget(source)
            raise
        self._quarantine.forget(source)
        return answer

    async def _run(self, task: str, document: Document, **more: object) -> Value:
        body = document.body + document.end if "gap" in more else document.body
        head = {"task": task, "url": document.url, "content_type": document.content_type, **more}
        return await self._ask(head, body, of=document.url)

    async def _ask(self, head: dict[str, object], body: bytes, *, of: str) -> Value:
        task = str(head["task"])
        async with self._lock:
            if self._idle:
                self._idle.cancel()
            answer = await self._answer(json.dumps(head).encode(), body, task)
            loop = asyncio.get_running_loop()
            self._idle = loop.call_later(self._limits.idle_seconds, self._retire)
        if isinstance(answer, Failure):
            if answer.detail:
                logger.warning("The parser failed on %s: %s", of, answer.detail)
            raise _ERRORS.get(answer.error, DocumentError)(answer.message)
        return answer

    async def _answer(self, head: bytes, body: bytes, task: str) -> Value | Failure:
        answered = False
        try:
            answer = await self._exchange(await self._ready(), head, body, task)
            answered = True
        finally:
            # Also when cancelled: a child in the middle of a request is of no more use.
            if not answered:
                await self.aclose()
        return answer

    async def _exchange(self, child: Child, head: bytes, body: bytes, task: str) -> Value | Failure:
        limits = self._limits
        try:
            async with asyncio.timeout(limits.wall_seconds):
                parts = await child.ask(head, body, limit=limits.answer_bytes)
            return await anyio.to_thread.run_sync(validated, parts, task)
        except TimeoutError:
            raise ParserDiedError(f"Parsing took longer than {limits.wall_seconds:g} s.") from None
        except (asyncio.IncompleteReadError, ConnectionError):
            raise ParserDiedError(await child.cause_of_death()) from None
        except ValidationError:
            raise ParserDiedError("The parser made nothing usable of the document.") from None

    async def _ready(self) -> Child:
        """Return a child that waits for a document.

        Raises:
            ParseFailedError: None can be started, which is no document's fault.
        """
        known = self.child
        if known and known.is_usable and known.documents < self._limits.documents:
            return known
        await self.aclose()
        try:
            # A start that is cancelled again and again would leave a process that nobody knows.
            with anyio.CancelScope(shield=True):
                child = self.child = await Child.start(self._command)
            async with asyncio.timeout(self._limits.start_seconds):
                await child.ready()
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            logger.warning("The parser process did not start: %r", error)
            raise ParseFailedError(
                "The parser process did not start; `planet-mcp doctor` may say why."
            ) from error
        return child

    def _retire(self) -> None:
        # The next request, or the end, waits for the end of what is killed here.
        if self.child is not None and not self._lock.locked():
            self.child.kill()
            if self.when_idle:
                self.when_idle()
