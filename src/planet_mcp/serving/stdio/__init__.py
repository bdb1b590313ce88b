"""The stdio transport: on POSIX without threads, so that it is quick and ends when it should.

The SDK's own runner reads stdin in a thread that cannot be cancelled: SIGINT hangs until stdin
closes, SIGTERM skips the clean-up, a line that is no message gets no answer, and a stray print
can reach the wire. Here the descriptors are taken away from everything else first, and pipes are
served by the event loop. What a loop cannot watch (regular files, Windows), or must not make
non-blocking because others use it too (terminals), is left to the SDK's reader and writer.
"""

import asyncio
import logging
import sys
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from planet_mcp.serving.front import Conversation, claim_descriptors, is_pipe, on_signals
from planet_mcp.serving.stdio.ending import FAILED, Ending

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

__all__ = ["claim_descriptors", "serve"]

logger = logging.getLogger(__name__)


async def serve(
    server: "MCPServer[Any]", source: int, sink: int, said: Conversation | None = None
) -> int:
    """Serve until stdin ends, stdout is closed or a signal comes.

    `said` is the conversation of the front before that.

    Returns the exit code: 0, 128 + signal, or 1 after a crash. The process ends soon after that,
    whatever the caller still has to clean up.
    """
    ending = Ending()
    on_signals(ending.on_signal)
    low_level = server._lowlevel_server  # noqa: SLF001 - the SDK offers no other way to its streams
    try:
        async with _streams(source, sink, ending, said or Conversation()) as (reading, writing):
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
    source: int, sink: int, ending: Ending, said: Conversation
) -> AbstractAsyncContextManager[tuple[Any, Any]]:
    # Deferred: the descriptors are claimed before the SDK is loaded, which takes half a second.
    if sys.platform != "win32" and is_pipe(source) and is_pipe(sink):
        from planet_mcp.serving.stdio.pipes import open_pipes

        return open_pipes(source, sink, ending, said)
    from planet_mcp.serving.stdio.files import open_files

    return open_files(source, sink, ending)
