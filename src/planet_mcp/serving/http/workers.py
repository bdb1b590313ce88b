"""Several processes that serve one address: started, replaced and ended together (Linux).

Each has a socket of its own, among which the kernel deals out connections. They are forked once all
is loaded, and before there is a thread, a loop or a connection to the database: what was loaded is
in memory once.
"""

import ctypes
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from planet_mcp.errors import SettingsError

logger = logging.getLogger(__name__)

CAN_FORK = sys.platform == "linux"
_PR_SET_PDEATHSIG = 1
_ENDING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP} if CAN_FORK else set[signal.Signals]()


@dataclass(frozen=True, slots=True)
class Worker:
    """The part of one process; `speaks` is true in the one that reports how the planet is doing."""

    listener: socket.socket
    speaks: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """All have ended, and the process that started them is to end with this code."""

    code: int


def in_workers(listeners: Sequence[socket.socket]) -> Worker | Ended:
    """Fork a process for each socket: returns in each of them, and in this one when all have ended.

    One that dies of a signal is replaced. If one ends by itself, for a reason that it logs, all
    end.
    """
    if not CAN_FORK:
        raise SettingsError("--workers needs Linux; without it, one process serves.")
    waited_for = {*_ENDING, signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, waited_for)
    running: dict[int, int] = {}
    for number in range(len(listeners)):
        if _fork(number, running):
            return _as_worker(listeners, number)
    code = 0
    while (number := signal.sigwait(waited_for)) == signal.SIGCHLD:
        ended, code = _reap(running)
        if code >= 0 and ended:
            break  # for a reason that it logged
        for each in ended:
            logger.error("A worker died of signal %d; another takes its place.", -code)
            if _fork(each, running):
                return _as_worker(listeners, each)
        code = 0
    _end(listeners, running)
    return Ended(code)


def _fork(number: int, running: dict[int, int]) -> bool:
    """Fork the process that serves the socket of a number; returns whether this is it."""
    supervisor = os.getpid()
    pid = os.fork()
    if pid:
        running[pid] = number
        return False
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != supervisor:  # which died before that
        _give_up()
    return True


def _give_up() -> NoReturn:
    os._exit(1)


def _as_worker(listeners: Sequence[socket.socket], number: int) -> Worker:
    # The sockets of the others are closed: one that is open anywhere goes on to take connections
    # when its server has ended.
    for other, listener in enumerate(listeners):
        if other != number:
            listener.close()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {*_ENDING, signal.SIGCHLD})
    return Worker(listeners[number], speaks=number == 0)


def _reap(running: dict[int, int]) -> tuple[list[int], int]:
    """Return the numbers of the processes that have ended, and the exit code of the last."""
    ended, code = [], 0
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            break
        if pid in running:
            ended.append(running.pop(pid))
            code = os.waitstatus_to_exitcode(status)
    return ended, code


def _end(listeners: Sequence[socket.socket], running: dict[int, int]) -> None:
    for listener in listeners:
        listener.close()
    for pid in running:
        os.kill(pid, signal.SIGTERM)
    while running:
        pid, _ = os.waitpid(-1, 0)
        running.pop(pid, None)
