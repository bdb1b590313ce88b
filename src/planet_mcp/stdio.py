"""The stdio transport: on POSIX without threads, so that it is quick and ends when it should.

The SDK's own runner reads stdin in a thread that cannot be cancelled: SIGINT hangs until stdin
closes, SIGTERM skips the clean-up, and a stray print can reach the wire. Here the descriptors
are taken away from everything else first, and pipes are served by the event loop. Regular files
and Windows, which event loops cannot watch, are left to the SDK's reader.
"""

import asyncio
import io
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
from mcp.server.mcpserver import MCPServer
from mcp.server.stdio import stdio_server

logger = logging.getLogger(__name__)

MAX_LINE = 64 * 2**20
FLUSH_SECONDS = 2.0
# What the SDK's streams raise when they end in the middle of a message, by whose hand ever.
_GONE = (
    BrokenPipeError,
    ConnectionResetError,
    anyio.BrokenResourceError,
    anyio.ClosedResourceError,
)
_ENDINGS = ("SIGINT", "SIGTERM", "SIGHUP")


def claim_descriptors() -> tuple[int, int]:
    """Take stdin and stdout for the protocol alone; returns their new descriptors.

    From then on, stdin is empty for everything else in the process, and what anyone prints goes
    to stderr.
    """
    source, sink = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return source, sink


async def serve(server: MCPServer[Any], source: int, sink: int) -> int:
    """Serve until stdin ends or a signal comes; returns the exit code (0, or 128 + signal)."""
    code = 0
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - this is a coroutine

    def end(number: int) -> None:
        nonlocal code
        if code:
            os._exit(code)  # asked twice: at once
        code = 128 + number
        task.cancel()

    _on_signals(end)
    try:
        async with _streams(source, sink) as (stdin, stdout):
            await _run(server, stdin, stdout)
    except asyncio.CancelledError:
        if not code:
            raise
    if code:
        task.uncancel()
    return code


def _on_signals(end: Any) -> None:
    loop = asyncio.get_running_loop()
    for name in _ENDINGS:
        number = getattr(signal, name, None)
        if number is not None:
            # Windows has no signal handlers on its loop; there Ctrl-C raises KeyboardInterrupt.
            with suppress(NotImplementedError):
                loop.add_signal_handler(number, end, int(number))


async def _run(server: MCPServer[Any], stdin: Any, stdout: Any) -> None:
    low_level = server._lowlevel_server  # noqa: SLF001 - the SDK offers no other way to its streams
    try:
        async with stdio_server(stdin=stdin, stdout=stdout) as (reading, writing):
            await low_level.run(reading, writing, low_level.create_initialization_options())
    except* _GONE:
        logger.info("The connection ended.")


@asynccontextmanager
async def _streams(source: int, sink: int) -> AsyncIterator[tuple[Any, Any]]:
    try:
        reader, writer = await _pipes(source, sink)
    except (ValueError, OSError, NotImplementedError):
        yield _files(source, sink)
        return
    try:
        yield _Lines(reader), _Output(writer)
    finally:
        with suppress(OSError, TimeoutError), anyio.CancelScope(shield=True):
            async with asyncio.timeout(FLUSH_SECONDS):
                writer.close()
                await writer.wait_closed()


def _files(source: int, sink: int) -> tuple[Any, Any]:
    stdin = io.TextIOWrapper(os.fdopen(source, "rb"), encoding="utf-8", errors="replace")
    stdout = io.TextIOWrapper(os.fdopen(sink, "wb"), encoding="utf-8", newline="\n")
    return anyio.wrap_file(stdin), anyio.wrap_file(stdout)


async def _pipes(source: int, sink: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if sys.platform == "win32":
        raise NotImplementedError
    loop = asyncio.get_running_loop()
    writing, protocol = await loop.connect_write_pipe(
        lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()),
        os.fdopen(os.dup(sink), "wb", buffering=0),
    )
    writer = asyncio.StreamWriter(writing, protocol, None, loop)
    reader = asyncio.StreamReader(limit=MAX_LINE)
    try:
        await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader),
            os.fdopen(os.dup(source), "rb", buffering=0),
        )
    except (ValueError, OSError):
        writer.close()
        raise
    os.close(source)
    os.close(sink)
    return reader, writer


class _Lines:
    """The lines of a stream, as the SDK iterates over them."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    def __aiter__(self) -> "_Lines":
        return self

    async def __anext__(self) -> str:
        while True:
            try:
                line = await self._reader.readline()
            except ValueError:
                logger.warning("A message of over %d bytes was dropped.", MAX_LINE)
                continue
            if not line:
                raise StopAsyncIteration
            return line.decode("utf-8", "replace")


class _Output:
    """A stream that the SDK writes messages to."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    async def write(self, text: str) -> None:
        self._writer.write(text.encode())
        await self._writer.drain()

    async def flush(self) -> None:
        """Messages are on their way once they are written."""
