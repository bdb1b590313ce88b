"""The stdio transport: on POSIX without threads, so that it is quick and ends when it should.

The SDK's own runner reads stdin in a thread that cannot be cancelled: SIGINT hangs until stdin
closes, SIGTERM skips the clean-up, a line that is no message gets no answer, and a stray print
can reach the wire. Here the descriptors are taken away from everything else first, and pipes are
served by the event loop. What a loop cannot watch (regular files, Windows), or must not make
non-blocking because others use it too (terminals), is left to the SDK's reader and writer.
"""

import asyncio
import io
import logging
import os
import stat
import sys
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from planet_mcp.serving.stdio.ending import FAILED, Ending, on_signals

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

__all__ = ["claim_descriptors", "serve"]

logger = logging.getLogger(__name__)


def claim_descriptors() -> tuple[int, int]:
    """Take stdin and stdout for the protocol alone; returns their new descriptors.

    From then on, stdin is empty for everything else in the process, what anyone prints goes to
    stderr, and a signal ends the process with its exit code.
    """
    _open_what_is_closed()
    source, sink = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Line by line, as to stderr, not only when the process ends.
        sys.stdout.reconfigure(line_buffering=True)
    on_signals(lambda number, _: os._exit(128 + number))
    return source, sink


def _open_what_is_closed() -> None:
    """Give closed standard descriptors a file, or the next one that is opened takes their place."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


async def serve(server: "MCPServer[Any]", source: int, sink: int) -> int:
    """Serve until stdin ends, stdout is closed or a signal comes.

    Returns the exit code: 0, 128 + signal, or 1 after a crash. The process ends soon after that,
    whatever the caller still has to clean up.
    """
    ending = Ending()
    on_signals(ending.on_signal)
    low_level = server._lowlevel_server  # noqa: SLF001 - the SDK offers no other way to its streams
    try:
        async with _streams(source, sink, ending) as (reading, writing):
            try:
                await low_level.run(reading, writing, low_level.create_initialization_options())
            finally:
                ending.begin(FAILED)  # unless it has begun in good order
    except BaseException as error:
        ending.begin(FAILED)
        if ending.code == FAILED:
            logger.exception("The server failed.")
        elif not isinstance(error, asyncio.CancelledError):
            logger.info("The clean-up at the end failed.", exc_info=True)
    ending.settle()
    return ending.code


def _streams(
    source: int, sink: int, ending: Ending
) -> AbstractAsyncContextManager[tuple[Any, Any]]:
    # Deferred: the descriptors are claimed before the SDK is loaded, which takes half a second.
    if sys.platform != "win32" and _is_pipe(source) and _is_pipe(sink):
        from planet_mcp.serving.stdio.pipes import open_pipes

        return open_pipes(source, sink, ending)
    from planet_mcp.serving.stdio.files import open_files

    return open_files(source, sink, ending)


def _is_pipe(descriptor: int) -> bool:
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
