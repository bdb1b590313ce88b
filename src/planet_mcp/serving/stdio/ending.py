"""How the process ends: in good order if that is quick, and soon in any case."""

import asyncio
import os
import time
from _thread import start_new_thread
from types import FrameType

FAILED = 1
# How long the clean-up may take. Then it is cut off, as by a crash, which the store survives.
GRACE_SECONDS = 0.03
# How long a client that has closed stdin may take to read what it was not sent yet.
FLUSH_SECONDS = 2.0
POLL_SECONDS = 0.01


class Ending:
    """The end of the process: soon after a first cause, such as a signal, and at once at a second.

    The first cause decides the exit code. It is made in the task that it is to cancel.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._begun = False
        self.code = 0
        self.output: asyncio.WriteTransport | None = None

    def begin(self, code: int) -> None:
        """Let the process end with this code before long, whatever still goes on in it."""
        if not self._begun:
            self._begun, self.code = True, code
            # A thread enforces the end, as the event loop may hang. It is none of `threading`,
            # whose locks may be held by the code that the signal interrupted.
            start_new_thread(self._enforce, (time.monotonic(),))

    def on_signal(self, number: int, _: FrameType | None) -> None:
        """Begin to end; if that has begun already, end at once."""
        if self._begun:
            os._exit(self.code)
        self.begin(128 + number)
        self._loop.call_soon_threadsafe(self._cancel)

    def settle(self) -> None:
        """Take the cancellation back, once it has ended what it should."""
        if self._task and self._task.cancelling():
            self._task.uncancel()

    def _cancel(self) -> None:
        if self._task:
            self._task.cancel()

    def _enforce(self, begun: float) -> None:
        until = begun + (0.0 if self.code else FLUSH_SECONDS)
        # The time is counted from `begun`: on a busy machine this thread may start late.
        time.sleep(max(0.0, begun + GRACE_SECONDS - time.monotonic()))
        while self._unsent() and time.monotonic() < until:
            time.sleep(POLL_SECONDS)
        os._exit(self.code)

    def _unsent(self) -> int:
        return self.output.get_write_buffer_size() if self.output else 0
