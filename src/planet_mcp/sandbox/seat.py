"""A seat for one child process: when one is started, asked, replaced and ended."""

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

import anyio
from pydantic import ValidationError

from planet_mcp.errors import ParseFailedError, ParserDiedError
from planet_mcp.sandbox.answers import Failure, Value, validated
from planet_mcp.sandbox.limits import Limits
from planet_mcp.sandbox.process import Child

logger = logging.getLogger(__name__)


class Seat:
    """A seat, taken by one request at a time; `child` is the process on it, if there is one.

    `niceness` is how much of the processor a child leaves to others, from 0 to 19.
    """

    def __init__(self, command: Sequence[str], limits: Limits, *, niceness: int = 0) -> None:
        self._command = command
        self._limits = limits
        self._niceness = niceness
        self.child: Child | None = None
        self._idle: asyncio.TimerHandle | None = None

    async def answer(self, head: bytes, body: bytes, task: str) -> Value | Failure:
        """Return what a child makes of a request.

        Raises:
            ParserDiedError, ParseFailedError: The process died, or did not start.
        """
        if self._idle:
            self._idle.cancel()
        answered = False
        try:
            answer = await self._exchange(await self._ready(), head, body, task)
            answered = True
        finally:
            # A child that did not answer is ended, also where this was cancelled: it is busy still.
            if not answered:
                await self.aclose()
        return answer

    def rest(self, when_idle: Callable[[], None] | None) -> None:
        """End the child if there is no request for a while, and call `when_idle` then."""
        loop = asyncio.get_running_loop()
        self._idle = loop.call_later(self._limits.idle_seconds, self._retire, when_idle)

    async def aclose(self) -> None:
        """End the child."""
        if self._idle:
            self._idle.cancel()
        child, self.child = self.child, None
        if child is not None:
            await child.aclose()

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
            # The start cannot be cancelled: that might leave a process that nobody knows.
            with anyio.CancelScope(shield=True):
                child = self.child = await Child.start(self._command)
            if self._niceness and sys.platform != "win32":
                with suppress(OSError):
                    os.setpriority(os.PRIO_PROCESS, child.pid, self._niceness)
            async with asyncio.timeout(self._limits.start_seconds):
                await child.ready()
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            logger.warning("The parser process did not start: %r", error)
            raise ParseFailedError(
                "The parser process did not start; `planet-mcp doctor` may say why."
            ) from error
        return child

    def _retire(self, when_idle: Callable[[], None] | None) -> None:
        # It is only killed here: `aclose`, at the next request or the end, waits for its end.
        if self.child is not None:
            self.child.kill()
            if when_idle:
                when_idle()
