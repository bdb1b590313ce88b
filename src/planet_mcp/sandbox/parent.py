"""Runs the CPU-heavy work on untrusted documents in a child process that can be killed.

A hang, a crash or a flood of memory costs one child and one document, never the server; and
the event loop never parses.
"""

import base64
import json
import logging
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Self

import anyio

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
    Picture,
    PictureKind,
    SubscriptionList,
    Vectors,
)
from planet_mcp.sandbox.answers import Failure, Value
from planet_mcp.sandbox.limits import Limits
from planet_mcp.sandbox.process import Child
from planet_mcp.sandbox.quarantine import Quarantine
from planet_mcp.sandbox.seat import Seat
from planet_mcp.threads import cores

logger = logging.getLogger(__name__)

# `-I` isolates the child: nothing in the environment or the folder changes what it imports.
COMMAND = (sys.executable, "-I", "-m", "planet_mcp.sandbox.child")

_ERRORS = {
    kind.code: kind
    for kind in (NotAFeedError, ParseFailedError, DocumentError, OpmlError, ModelError)
}


class Worker:
    """A child process, and a second one while several documents wait, where there are two cores.

    A child is started when there is work and ended when there was none for a while. Use it as an
    async context manager, so that none outlives the server. `when_idle` is called on the event loop
    when a child ends because there was no work.
    """

    when_idle: Callable[[], None] | None = None

    def __init__(self, *, command: Sequence[str] = COMMAND, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        first = Seat(command, self._limits)
        more = min(self._limits.children, cores()) - 1
        # A second child gets the CPU that the first one, and the answers to callers, leave.
        self._seats = [first, *(Seat(command, self._limits, niceness=10) for _ in range(more))]
        self._busy: set[Seat] = set()
        self._capacity = anyio.CapacityLimiter(1)
        self._quarantine = Quarantine(self._limits)

    @classmethod
    def for_models(cls) -> Self:
        """Return a worker whose process has the memory and the time that models need.

        It is kept longer, with and without work, since loading a model takes longer than using it.
        """
        limits = Limits(idle_seconds=120.0, children=1, documents=20_000)
        return cls(command=(*COMMAND, "encode"), limits=limits)

    @property
    def children(self) -> list[Child]:
        """The processes that there are now."""
        return [seat.child for seat in self._seats if seat.child]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def parse_feed(
        self, document: Document, *, now: datetime, source: str | None = None
    ) -> ParsedFeed:
        """Parse a feed document; `source` is its name in quarantine, by default its address.

        Raises:
            NotAFeedError: The document is something else.
            ParseFailedError: The parser failed or ran out of memory.
            ParserDiedError: It hung, crashed or flooded us, or did so three times before.
        """
        answer = await self._guarded("feed", document, now=now, source=source)
        assert isinstance(answer, ParsedFeed)  # noqa: S101 - `validated` has checked that
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
        assert not isinstance(answer, Article | Vectors | Picture)  # noqa: S101 - as above
        return answer

    async def encode(
        self, texts: Sequence[str], model: ModelFolder, *, questions: bool = False
    ) -> list[bytes]:
        """Return a vector for each text: of questions, or of texts that are to be found by them.

        Nobody waits for the latter, so the process gives way to all others then.

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

    async def small_picture(self, document: Document, kind: PictureKind) -> Picture:
        """Make a picture as small as a page needs it.

        Raises:
            DocumentError: It is none, or a broken or huge one, or the decoder failed.
        """
        answer = await self._run("picture", document, kind=kind)
        assert isinstance(answer, Picture)  # noqa: S101 - as above
        return answer

    async def aclose(self) -> None:
        """End the child processes."""
        for seat in self._seats:
            await seat.aclose()

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
        async with self._seat() as seat:
            answer = await seat.answer(json.dumps(head).encode(), body, str(head["task"]))
            seat.rest(self.when_idle)
        if isinstance(answer, Failure):
            if answer.detail:
                logger.warning("The parser failed on %s: %s", of, answer.detail)
            raise _ERRORS.get(answer.error, DocumentError)(answer.message)
        return answer

    @asynccontextmanager
    async def _seat(self) -> AsyncIterator[Seat]:
        """Wait for a seat: for the first one, or, while many documents wait, for any."""
        if self._capacity.statistics().tasks_waiting >= self._limits.waiting:
            self._capacity.total_tokens = len(self._seats)
        async with self._capacity:
            seat = next(seat for seat in self._seats if seat not in self._busy)
            self._busy.add(seat)
            try:
                yield seat
            finally:
                self._busy.remove(seat)
                if not self._capacity.statistics().tasks_waiting:
                    self._capacity.total_tokens = 1
