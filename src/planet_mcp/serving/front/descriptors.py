"""stdin and stdout, taken for the protocol alone."""

import io
import os
import signal
import stat
import sys
from collections.abc import Callable
from types import FrameType

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


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


def on_signals(handler: Callable[[int, FrameType | None], object]) -> None:
    """Let a function handle the signals that ask a process to end.

    Unlike the event loop's handlers, it is there before the loop and after it, and on Windows.
    """
    for name in _SIGNALS:
        number = getattr(signal, name, None)
        if number is None or (name == "SIGHUP" and signal.getsignal(number) == signal.SIG_IGN):
            continue  # Windows has no SIGHUP, and `nohup` wants it ignored
        signal.signal(number, handler)


def is_pipe(descriptor: int) -> bool:
    """Return whether a descriptor is a pipe or a socket, which an event loop can watch."""
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _open_what_is_closed() -> None:
    """Give closed standard descriptors a file, or the next one that is opened takes their place."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
