"""Measures how the stdio server ends: its exit code, how long that takes, and what is left.

`python -m benchmarks.exits [--runs 10]`: servers, each with a parsing child process, and what ends
them. Linux only; made-up feeds from loopback, no network, about four minutes.
"""

import argparse
import ctypes
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.corpus import made_up
from benchmarks.host import Host
from benchmarks.passes import children_of, environment, prepare, settings_for
from tests.support.documents import Post, rss
from tests.support.programs import is_alive
from tests.support.site import Site, running_site

FEEDS, ENTRIES, UNDER_WAY = 60, 40, 10
LONGEST_SECONDS = 10.0
# A killed process needs a moment to be gone.
CHILDREN_SECONDS = 0.1
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Server:
    """A server, and what has pipes to it: this process, or a host of its own that can be killed."""

    pid: int
    process: subprocess.Popen[bytes]
    site: Site
    settings: dict[str, str]

    def send(self, line: bytes) -> None:
        """Write a line to its stdin."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def call(self, tool: str, **arguments: object) -> None:
        """Call a tool without waiting for the answer."""
        params = {"name": tool, "arguments": arguments}
        message = {"jsonrpc": "2.0", "id": "last", "method": "tools/call", "params": params}
        self.send(json.dumps(message).encode())

    def close_stdin(self) -> None:
        """End what it reads."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def close_stdout(self) -> None:
        """Read no more of what it writes."""
        assert self.process.stdout is not None
        self.process.stdout.close()

    def signal(self, *numbers: signal.Signals) -> None:
        """Send it signals, one right after the other."""
        for number in numbers:
            os.kill(self.pid, number)


@dataclass(frozen=True)
class End:
    """How a server ended."""

    code: int
    milliseconds: float
    children: int


Cause = Callable[[], object]
Case = Callable[[Server, ExitStack], Cause]


# The cases: each brings the server into some state and returns what ends it there.


def idle(server: Server, _: ExitStack) -> Cause:
    return server.close_stdin


def adding(server: Server, stack: ExitStack) -> Cause:
    server.call("add_feeds", urls=[_held(server, stack)])
    server.site.wait_for("/held")
    return server.close_stdin


def reading(server: Server, stack: ExitStack) -> Cause:
    server.call("fetch_article", article=_held(server, stack))
    server.site.wait_for("/held")
    return server.close_stdin


def _held(server: Server, stack: ExitStack) -> str:
    """Return the URL of a page whose site does not answer for a while."""
    held = threading.Event()
    stack.callback(held.set)
    return server.site.add("/held", rss([Post("Late")]), hold=held)


def searching(server: Server, stack: ExitStack) -> Cause:
    connection = sqlite3.connect(server.settings["database"])
    stack.callback(connection.close)
    connection.execute("BEGIN EXCLUSIVE")
    server.call("search_entries", query="x")
    return server.close_stdin


def refreshing(server: Server, _: ExitStack) -> Cause:
    _wait(lambda: len(server.site.asked) >= UNDER_WAY)
    return server.close_stdin


def interrupted(server: Server, _: ExitStack) -> Cause:
    return lambda: server.signal(signal.SIGINT)


def terminated(server: Server, _: ExitStack) -> Cause:
    return lambda: server.signal(signal.SIGTERM)


def asked_twice(server: Server, _: ExitStack) -> Cause:
    return lambda: server.signal(signal.SIGTERM, signal.SIGTERM)


def unread(server: Server, _: ExitStack) -> Cause:
    return server.close_stdout


def orphaned(server: Server, _: ExitStack) -> Cause:
    return server.process.kill


def garbage(server: Server, _: ExitStack) -> Cause:
    server.send(b"garbage\n\n\xff\0\n[]\n" + b"x" * 2**21)
    server.send(b'{"half": ')
    return server.close_stdin


def killed(server: Server, _: ExitStack) -> Cause:
    return lambda: server.signal(signal.SIGKILL)


CASES = {
    "end of stdin, idle": idle,
    "end of stdin, `add_feeds` waits for a site": adding,
    "end of stdin, `fetch_article` waits for a site": reading,
    "end of stdin, a search waits for the database": searching,
    "end of stdin, a refresh is under way": refreshing,
    "SIGINT": interrupted,
    "SIGTERM": terminated,
    "SIGTERM twice": asked_twice,
    "stdout closed by the client": unread,
    "the host killed (SIGKILL)": orphaned,
    "garbage, then the end of stdin": garbage,
    "the server killed (SIGKILL) in a refresh": killed,
}
REFRESHING = (refreshing, killed)


# Each case, a few times.


def main() -> None:
    """Measure all cases, or be the host of a server."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=10)
    options.add_argument("--host", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.host:
        be_host(given.host)
        return
    prepare()
    # So that a server whose host was killed can be waited for here.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    print("\n| what ends it | exit code | p50 ms | max ms | children left |\n|---|---|---|---|---|")
    with running_site() as site:
        urls = made_up(site, feeds=FEEDS, entries=ENTRIES)
        for name, case in CASES.items():
            report(name, [ended(case, site, urls) for _ in range(given.runs)])


def report(name: str, ends: list[End]) -> None:
    """Print one line of the table."""
    times = [end.milliseconds for end in ends]
    codes = ", ".join(map(str, sorted({end.code for end in ends})))
    children = sum(end.children for end in ends)
    print(f"| {name} | {codes} | {median(times):.0f} | {max(times):.0f} | {children} |", flush=True)


def be_host(feed: str) -> None:
    """Start a server, say which process it is, and wait to be killed."""
    host = Host(["planet_mcp"], {})
    host.call("add_feeds", urls=[feed])
    print(host.process.pid, flush=True)
    signal.pause()


def ended(case: Case, site: Site, urls: list[str]) -> End:
    """End a server once."""
    site.asked.clear()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        settings = settings_for(Path(folder), urls)
        if case not in REFRESHING:
            settings |= {"refresh": "off", "fetch_any": "1"}
        start = _by_a_host if case is orphaned else _by_us
        server = stack.enter_context(start(settings, site, refreshes=case in REFRESHING))
        cause = case(server, stack)
        _wait(lambda: children_of(server.pid))
        return _measured(server, cause)


@contextmanager
def _by_us(settings: dict[str, str], site: Site, *, refreshes: bool) -> Iterator[Server]:
    host = Host(["planet_mcp"], {f"PLANET_MCP_{k.upper()}": v for k, v in settings.items()})
    host.call("list_feeds", limit=1)  # which is answered when all is loaded
    with _closing(host.process):
        if not refreshes:
            host.call("add_feeds", urls=[_feed(site)])
        yield Server(host.process.pid, host.process, site, settings)


@contextmanager
def _by_a_host(settings: dict[str, str], site: Site, *, refreshes: bool) -> Iterator[Server]:
    assert not refreshes
    command = [sys.executable, "-m", "benchmarks.exits", "--host", _feed(site)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment(settings))
    with _closing(process):
        assert process.stdout is not None
        yield Server(int(process.stdout.readline()), process, site, settings)


def _feed(site: Site) -> str:
    return site.add("/feed", rss([Post("Something to parse")]))


@contextmanager
def _closing(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                if pipe:
                    pipe.close()


def _measured(server: Server, cause: Cause) -> End:
    children = children_of(server.pid)
    guard = threading.Timer(LONGEST_SECONDS, lambda: server.signal(signal.SIGKILL))
    guard.start()
    began = time.perf_counter()
    cause()
    code = _code(server)
    milliseconds = (time.perf_counter() - began) * 1000
    guard.cancel()
    with suppress(TimeoutError):
        _wait(lambda: not any(map(is_alive, children)), seconds=CHILDREN_SECONDS)
    return End(code, milliseconds, sum(map(is_alive, children)))


def _code(server: Server) -> int:
    """Wait for the end of a server and return its exit code."""
    code = server.process.wait()
    if server.pid == server.process.pid:
        return code
    # Its host is gone, so it is a child of this process now.
    return os.waitstatus_to_exitcode(os.waitpid(server.pid, 0)[1])


def _wait(true: Callable[[], object], *, seconds: float = LONGEST_SECONDS) -> None:
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.002)


if __name__ == "__main__":
    main()
