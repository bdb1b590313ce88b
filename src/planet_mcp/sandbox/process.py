"""A child process as its parent sees it: started, asked, and killed."""

import asyncio
import os
import signal
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Self

import anyio

from planet_mcp.sandbox.answers import number_from, read_answer

DYING_SECONDS = 5.0


class Child:
    """A process that answers one request after another; `documents` counts them."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None  # noqa: S101 - both are pipes
        assert process.stdout is not None  # noqa: S101
        self._process, self._stdin, self._stdout = process, process.stdin, process.stdout
        self._is_spent = False
        self.documents = 0

    @classmethod
    async def start(cls, command: Sequence[str]) -> Self:
        """Start a process, which is not ready yet.

        Raises:
            OSError: It cannot be started.
        """
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=2**20,
            start_new_session=True,
            # The child sees documents of strangers: it gets none of the user's environment.
            env={name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ},
        )
        return cls(process)

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def is_usable(self) -> bool:
        """Whether it runs, and has not asked to be replaced."""
        return self._process.returncode is None and not self._is_spent

    async def ready(self) -> None:
        """Wait until it is ready for its first request.

        Raises:
            IncompleteReadError: It ended before.
        """
        await number_from(self._stdout)

    async def ask(self, head: bytes, body: bytes, *, limit: int) -> list[bytes]:
        """Send a request and return the parts of the answer.

        Raises:
            ParserDiedError: The answer is longer than `limit` bytes.
            IncompleteReadError, ConnectionError: It ended before the answer did.
        """
        self.documents += 1
        self._stdin.write(struct.pack(">II", len(head), len(body)) + head)
        self._stdin.write(body)
        await self._stdin.drain()
        parts, self._is_spent = await read_answer(self._stdout, limit=limit)
        return parts

    async def cause_of_death(self) -> str:
        """End the process, if it did not by itself, and return why it did, for people."""
        # It may have ended by itself, and then asyncio is to read the exit status first: `kill`
        # asks for it too, and would take it away.
        with anyio.move_on_after(DYING_SECONDS):
            await self.wait()
        await self.aclose()
        if sys.platform != "win32" and self._process.returncode == -signal.SIGXCPU:
            return "Parsing took too much CPU time."
        return "The parser process died on the document."

    def kill(self) -> None:
        """Kill it; `aclose` still has to follow."""
        self._is_spent = True
        with suppress(ProcessLookupError):
            self._process.kill()

    async def wait(self) -> None:
        """Wait for its end."""
        await self._process.wait()

    async def aclose(self) -> None:
        """Kill it and wait for its end."""
        self.kill()
        with anyio.CancelScope(shield=True):
            await self.wait()
