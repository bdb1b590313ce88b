"""A second process that makes a share of the pages of a long build, where there are two cores.

In: a `Share` as a line of JSON. Out: how many files it wrote. It ends when its input does, so that
it does not outlive who started it. Where it fails, whoever started it makes the pages, and meets
what went wrong.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

from pydantic import BaseModel

from planet_mcp.site.making import Maker
from planet_mcp.site.values import Options
from planet_mcp.store import Store

COMMAND = (sys.executable, "-I", "-c", "from planet_mcp.site.second import main; main()")


class Share(BaseModel):
    """Pages to make: their paths, and what they are made of."""

    database: Path
    folder: Path
    options: Options
    base: str
    now: datetime
    paths: list[str]


@contextmanager
def beside(share: Share) -> Iterator[Callable[[], int | None]]:
    """Make a share in another process meanwhile.

    What it yields waits, and returns how many files were written; None where that failed.
    """
    with Popen(COMMAND, bufsize=0, stdin=PIPE, stdout=PIPE, stderr=DEVNULL) as process:  # noqa: S603 - ours
        try:
            with suppress(BrokenPipeError):
                _send(process, f"{share.model_dump_json()}\n".encode())
            yield lambda: _said(process)
        finally:
            process.kill()


def _send(process: "Popen[bytes]", line: bytes) -> None:
    while process.stdin and line:
        line = line[process.stdin.write(line) :]


def _said(process: "Popen[bytes]") -> int | None:
    said = process.stdout.read() if process.stdout else b""
    return int(said) if process.wait() == 0 and said.isdigit() else None


def main() -> None:
    """Make the share that stdin names."""
    # A person's Ctrl-C is for whoever started this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    share = Share.model_validate_json(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_input, daemon=True).start()
    store = Store(share.database)
    maker = Maker(store, share.folder, share.options, clock=lambda: share.now)
    sys.stdout.write(str(maker.make(share.paths, share.base)))
    sys.stdout.flush()
    store.close()
    # The thread still waits for input, which would hold up the end.
    os._exit(0)


def _end_with_input() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)
