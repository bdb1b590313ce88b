"""A conversation that began before its server was there: read, answered, and handed over whole."""

import os
import select
import threading
from dataclasses import dataclass, field

from planet_mcp.serving.front.recording import Script

# How many bytes a pipe that is ready takes without waiting (POSIX: PIPE_BUF is at least 512).
_AT_ONCE = 512 if not hasattr(select, "PIPE_BUF") else select.PIPE_BUF
_MOST_READ = 65_536


@dataclass
class Conversation:
    """What a client sent so far, and what of it is answered.

    `received` are all its bytes; `answered` the answers by the ids of their requests, of which
    `unsent` are bytes that could not be written yet.
    """

    received: bytes = b""
    answered: dict[int | str, bytes] = field(default_factory=dict)
    unsent: bytes = b""


class Front:
    """Answers a client in a thread, until the server takes over or it does not know an answer."""

    def __init__(self, source: int, sink: int, script: Script) -> None:
        self.source, self.sink = source, sink
        self.script = script
        self._received = self._line = self._unsent = b""
        self._stop, self._stopping = os.pipe()
        self._thread = threading.Thread(target=self._run, name="front", daemon=True)
        self._thread.start()

    def hand_over(self) -> Conversation:
        """Stop, and return the conversation so far."""
        os.close(self._stopping)
        self._thread.join()
        os.close(self._stop)
        return Conversation(self._received, self.script.answered, self._unsent)

    def _run(self) -> None:
        try:
            while self._read():
                *lines, self._line = self._line.split(b"\n")
                for line in lines:
                    answer = self.script.answer(line)
                    if answer is None or not self._write(answer):
                        return
        except OSError:
            pass  # whoever takes over finds the same

    def _read(self) -> bool:
        """Read on; returns whether there is more and nobody wants to take over."""
        if not self._waits_for(self.source, select.POLLIN) or len(self._received) > _MOST_READ:
            return False
        read = os.read(self.source, _MOST_READ)
        self._received += read
        self._line += read
        return bool(read)

    def _write(self, answer: bytes) -> bool:
        self._unsent = answer
        while self._unsent:
            if not self._waits_for(self.sink, select.POLLOUT):
                return False
            written = os.write(self.sink, self._unsent[:_AT_ONCE])
            self._unsent = self._unsent[written:]
        return True

    def _waits_for(self, descriptor: int, event: int) -> bool:
        """Wait until a descriptor is ready; returns False if the server is, before that."""
        poll = select.poll()
        poll.register(self._stop, select.POLLIN)
        poll.register(descriptor, event)
        return all(ready != self._stop for ready, _ in poll.poll())
