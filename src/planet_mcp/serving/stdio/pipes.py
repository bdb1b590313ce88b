"""Pipes and sockets on POSIX, served by the event loop."""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Self

import anyio
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError, JSONRPCMessage, JSONRPCResponse

from planet_mcp.serving.front import Conversation
from planet_mcp.serving.stdio.ending import Ending
from planet_mcp.serving.stdio.lines import (
    MAX_LINE,
    RefusedLineError,
    read_message,
    too_long,
    without_padding,
    write_message,
)

logger = logging.getLogger(__name__)


class Pipes:
    """Both directions of a connection, in the form in which the SDK wants its streams."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        ending: Ending,
        answered: dict[int | str, bytes],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._ending = ending
        self._answered = answered

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave it open, as in `aclose`."""

    async def aclose(self) -> None:
        """Leave it open: the SDK closes one direction while the other is still in use."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def receive(self) -> SessionMessage:
        """Return the next message; a line that is none is answered, a blank one passed over.

        Raises:
            anyio.EndOfStream: There are no more.
        """
        while True:
            try:
                line = without_padding(await self._line())
                if line:
                    return SessionMessage(read_message(line))
            except RefusedLineError as refused:
                with suppress(anyio.BrokenResourceError):
                    await self.send(SessionMessage(refused.answer))

    async def _line(self) -> bytes:
        try:
            return await self._reader.readuntil()
        except asyncio.LimitOverrunError as error:
            await self._skip(error.consumed)
            raise too_long() from None
        except asyncio.IncompleteReadError as error:
            if error.partial:
                return error.partial
        except OSError:
            pass  # a socket that was reset
        self._ending.begin(0)
        raise anyio.EndOfStream

    async def _skip(self, size: int) -> None:
        """Read on to the end of a line, of which so much is here, without keeping it."""
        with suppress(asyncio.IncompleteReadError, OSError):
            while size:
                await self._reader.readexactly(size)
                try:
                    await self._reader.readuntil()
                    size = 0
                except asyncio.LimitOverrunError as error:
                    size = error.consumed

    async def send(self, item: SessionMessage) -> None:
        """Write a message.

        Raises:
            anyio.BrokenResourceError: Nobody reads any more.
        """
        line = write_message(item.message)
        if self._is_repeated(item.message, line):
            return
        if self._writer.is_closing():
            raise anyio.BrokenResourceError
        self._writer.write(line)
        try:
            await self._writer.drain()
        except OSError:
            raise anyio.BrokenResourceError from None

    def _is_repeated(self, message: JSONRPCMessage, line: bytes) -> bool:
        """Return whether a message repeats an answer of the front."""
        if not isinstance(message, JSONRPCResponse | JSONRPCError) or message.id is None:
            return False
        sent = self._answered.pop(message.id, None)
        if sent is not None and sent != line:
            logger.warning("A recorded answer was not that of the server: %s", sent[:200])
        return sent is not None


@asynccontextmanager
async def open_pipes(
    source: int, sink: int, ending: Ending, said: Conversation
) -> AsyncIterator[tuple[Pipes, Pipes]]:
    """Open the streams of messages in both directions, going on after the conversation so far."""
    shared = os.path.samestat(os.fstat(source), os.fstat(sink))
    reader = asyncio.StreamReader(limit=MAX_LINE)
    reader.feed_data(said.received)
    connect = _one_socket(reader, sink) if shared else _two_pipes(reader, source, sink, ending)
    writer = await connect
    ending.output = writer.transport
    both = Pipes(reader, writer, ending, said.answered)
    writer.write(said.unsent)
    try:
        yield both, both
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _one_socket(reader: asyncio.StreamReader, sink: int) -> asyncio.StreamWriter:
    """Connect to the socket that is both stdin and stdout."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_connection(
        lambda: asyncio.StreamReaderProtocol(reader), sock=socket.socket(fileno=sink)
    )
    return asyncio.StreamWriter(transport, protocol, reader, loop)


async def _two_pipes(
    reader: asyncio.StreamReader, source: int, sink: int, ending: Ending
) -> asyncio.StreamWriter:
    """Connect to a pipe for each direction; when the client closes the one, the other ends too."""
    loop = asyncio.get_running_loop()
    reading, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(source, "rb", buffering=0)
    )

    def gone() -> None:
        ending.begin(0)
        reading.close()

    writing, protocol = await loop.connect_write_pipe(
        lambda: _Output(gone), os.fdopen(sink, "wb", buffering=0)
    )
    return asyncio.StreamWriter(writing, protocol, None, loop)


class _Output(asyncio.StreamReaderProtocol):
    """The pipe that is written to; says when nobody reads from it any more."""

    def __init__(self, gone: Callable[[], None]) -> None:
        super().__init__(asyncio.StreamReader())
        self._gone = gone

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._gone()
