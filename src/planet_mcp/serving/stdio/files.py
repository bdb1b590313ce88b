"""Files and terminals, which an event loop cannot or should not serve: in threads, by the SDK."""

import json
import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import anyio
from mcp.server.stdio import stdio_server
from mcp_types import JSONRPCMessage, JSONRPCNotification, JSONRPCRequest, RequestId

from planet_mcp.serving.stdio.ending import Ending
from planet_mcp.serving.stdio.lines import (
    MAX_LINE,
    RefusedLineError,
    read_message,
    too_long,
    without_padding,
    write_message,
)


class Files:
    """The two files of the SDK: it reads messages from them, a line at a time, and writes them.

    At the end of a regular file, the requests in it are still answered.
    """

    def __init__(self, source: int, sink: int, ending: Ending) -> None:
        self._is_regular = stat.S_ISREG(os.fstat(source).st_mode)
        self._source = os.fdopen(source, "rb")
        self._sink = os.fdopen(sink, "wb")
        self._ending = ending
        self._lock = anyio.Lock()
        self._unanswered: set[RequestId] = set()
        self._answered = anyio.Event()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        while line := await self._line():
            try:
                message = await self._read(line)
            except RefusedLineError as refused:
                await self.write(write_message(refused.answer).decode())
            else:
                if message:
                    self._note_request(message)
                    return write_message(message).decode()
        while self._is_regular and self._unanswered:
            self._answered = anyio.Event()
            await self._answered.wait()
        self._ending.begin(0)
        raise StopAsyncIteration

    async def _line(self) -> bytes:
        try:
            # The thread is abandoned at the end: reading from a terminal cannot be cancelled.
            return await anyio.to_thread.run_sync(
                self._source.readline, MAX_LINE + 1, abandon_on_cancel=True
            )
        except OSError:
            return b""  # a terminal that hung up

    async def _read(self, line: bytes) -> JSONRPCMessage | None:
        """Read a message from a line of which this is the beginning; None from a blank one."""
        if len(line) <= MAX_LINE or line.endswith(b"\n"):
            bare = without_padding(line)
            return read_message(bare) if bare else None
        while line and not line.endswith(b"\n"):
            line = await self._line()
        raise too_long()

    def _note_request(self, message: JSONRPCMessage) -> None:
        if isinstance(message, JSONRPCRequest):
            self._unanswered.add(message.id)
        elif isinstance(message, JSONRPCNotification):
            # A cancelled request is not waited for: it gets no answer.
            self._unanswered.discard((message.params or {}).get("requestId", ""))

    async def write(self, text: str) -> None:
        """Write a message, which is a line."""
        async with self._lock:
            await anyio.to_thread.run_sync(self._write, text.encode())
        message = json.loads(text)
        if "method" not in message:
            self._unanswered.discard(message["id"])
            self._answered.set()

    def _write(self, line: bytes) -> None:
        try:
            self._sink.write(line)
            self._sink.flush()
        except BrokenPipeError:
            self._ending.begin(0)
            raise

    async def flush(self) -> None:
        """Do nothing: a message is on its way once it is written."""


@asynccontextmanager
async def open_files(source: int, sink: int, ending: Ending) -> AsyncIterator[tuple[Any, Any]]:
    """Open the streams of messages that come in and that go out."""
    both: Any = Files(source, sink, ending)
    async with stdio_server(stdin=both, stdout=both) as streams:
        yield streams
