"""The server as a child process of a host: what it makes of each line, and how it ends."""

import asyncio
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from planet_mcp.feeds.lease import Lease
from tests.support.documents import Post, rss
from tests.support.programs import (
    COMMAND,
    PATIENCE_SECONDS,
    children_of,
    cpu_seconds,
    environment,
    is_alive,
    peak_mb,
    settings_in,
    until,
)
from tests.support.site import Site

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(os.name != "posix", reason="signals and pipes as POSIX has them"),
]

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}
PING = {"jsonrpc": "2.0", "id": "ping", "method": "ping"}
PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND = -32700, -32600, -32601

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such a /proc")


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """Run all tests here in one event loop, so that they can share a server."""
    return "asyncio"


class Server:
    """A running server and the pipes to it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    def send(self, message: dict[str, Any] | bytes) -> None:
        assert self.process.stdin is not None
        line = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.process.stdin.write(line + b"\n")

    def close_stdin(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def call(self, tool: str, **arguments: Any) -> None:
        params = {"name": tool, "arguments": arguments}
        self.send({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params})

    async def receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE_SECONDS)
        message: dict[str, Any] = json.loads(line)
        return message

    async def answers(self) -> list[dict[str, Any]]:
        """Return all that is answered to what was sent so far, if none of it takes time."""
        self.send(PING)
        found = []
        while (answer := await self.receive()).get("id") != PING["id"]:
            found.append(answer)
        return found

    async def initialize(self) -> None:
        self.send(INITIALIZE)
        answer = await self.receive()
        assert answer["result"]["serverInfo"]["name"] == "planet-mcp"
        self.send(INITIALIZED)

    async def end(self) -> tuple[int, str, str]:
        """Wait for the end; returns exit code, what was left on stdout, and stderr."""
        out, err = await asyncio.wait_for(self.process.communicate(), PATIENCE_SECONDS)
        assert self.process.returncode is not None
        return self.process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def started(
    *arguments: str, stdin: int = subprocess.PIPE, stdout: int = subprocess.PIPE, **settings: str
) -> AsyncIterator[Server]:
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *arguments,
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=environment(**settings),
        limit=2**24,
    )
    try:
        yield Server(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """One server for the tests that do not end it."""
    database = str(tmp_path_factory.mktemp("running") / "planet.sqlite")
    async with started(database=database, feeds="none", refresh="off") as server:
        await server.initialize()
        yield server


def opml_of(folder: Path, *urls: str) -> str:
    outlines = "".join(f'<outline xmlUrl="{url}"/>' for url in urls)
    path = folder / "feeds.opml"
    path.write_text(f'<opml version="2.0"><body>{outlines}</body></opml>')
    return str(path)


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_a_host_of_either_era_reaches_the_tools(site: Site, mode: str) -> None:
    url = site.add("/feed", rss([Post("Found over stdio")]))
    server = StdioServerParameters(
        command=COMMAND[0], args=list(COMMAND[1:]), env=settings_in(environment())
    )

    async with Client(stdio_client(server), mode=mode) as client:
        await client.call_tool("add_feeds", {"urls": [url]})
        found = await client.call_tool("search_entries", {"query": "stdio"})

    assert found.structured_content is not None
    assert found.structured_content["hits"][0]["title"] == "Found over stdio"


# What comes in.


REFUSED = {
    "garbage": (b"garbage", PARSE_ERROR, None),
    "half a request": (b'{"jsonrpc": "2.0", "id": 1', PARSE_ERROR, None),
    "a comma too many": (b'{"jsonrpc": "2.0", "id": 1, "method": "ping",}', PARSE_ERROR, None),
    "a header of another protocol": (b"Content-Length: 40\r", PARSE_ERROR, None),
    "deep lists": (b"[" * 100_000, PARSE_ERROR, None),
    "deep objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, PARSE_ERROR, None),
    "a huge number": (b'{"jsonrpc": "2.0", "id": ' + b"9" * 10_000 + b"}", PARSE_ERROR, None),
    "an empty batch": (b"[]", INVALID_REQUEST, None),
    "a batch": (b'[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]', INVALID_REQUEST, None),
    "a number": (b"5", INVALID_REQUEST, None),
    "nothing in it": (b"{}", INVALID_REQUEST, None),
    "JSON-RPC 1.0": (b'{"jsonrpc": "1.0", "id": 7, "method": "ping"}', INVALID_REQUEST, 7),
    "no version": (b'{"id": "a", "method": "ping"}', INVALID_REQUEST, "a"),
    "a list of parameters": (
        b'{"jsonrpc": "2.0", "id": 7, "method": "ping", "params": [1]}',
        INVALID_REQUEST,
        7,
    ),
    "no name of a method": (b'{"jsonrpc": "2.0", "id": 7, "method": 5}', INVALID_REQUEST, 7),
    "id null": (b'{"jsonrpc": "2.0", "id": null, "method": "ping"}', INVALID_REQUEST, None),
    "id 1.5": (b'{"jsonrpc": "2.0", "id": 1.5, "method": "ping"}', INVALID_REQUEST, None),
    "id true": (b'{"jsonrpc": "2.0", "id": true, "method": 5}', INVALID_REQUEST, None),
    # With the id of a response it would look like the answer to another request.
    "half a response": (b'{"jsonrpc": "2.0", "id": 7, "result": 5}', INVALID_REQUEST, None),
    "an unknown method": (b'{"jsonrpc": "2.0", "id": 7, "method": "no/such"}', METHOD_NOT_FOUND, 7),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_what_is_no_request_is_answered_with_an_error(running: Server, what: str) -> None:
    line, code, number = REFUSED[what]
    running.send(line)
    (answer,) = await running.answers()
    assert (answer["id"], answer["error"]["code"]) == (number, code)


@pytest.mark.parametrize(
    "line",
    [
        b'{"jsonrpc": "2.0", "id": 7, "result": {}}',
        b'{"jsonrpc": "2.0", "id": 7, "error": {"code": 1, "message": "no"}}',
        b'{"jsonrpc": "2.0", "method": "no/such"}',
        b'{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": []}}',
        b'{"jsonrpc": "2.0", "method": "notifications/progress", "params": {}}',
        # A notification whose sender writes every field.
        b'{"jsonrpc": "2.0", "id": null, "method": "notifications/initialized", "params": null}',
        b"",
        b"  \r",
        b"\xef\xbb\xbf\r",
        b"\0\0\0",
    ],
)
async def test_what_wants_no_answer_gets_none(running: Server, line: bytes) -> None:
    running.send(line)
    assert await running.answers() == []


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b'{"jsonrpc": "2.0", "id": 7, "method": "ping"}\r', id="an end as on Windows"),
        pytest.param(b'\xef\xbb\xbf{"jsonrpc": "2.0", "id": 7, "method": "ping"}', id="a mark"),
        pytest.param(b'\0\n\r\n \t{"jsonrpc": "2.0", "id": 7, "method": "ping"}', id="blank lines"),
        pytest.param(b'{"jsonrpc": "2.0", "id": 7, "method": "ping"}\0', id="NUL at the end"),
        pytest.param(
            b'{"jsonrpc": "2.0", "id": 7, "method": "ping", "params": {"_": "\xff"}}',
            id="bytes that are no UTF-8",
        ),
        pytest.param(
            b'{"jsonrpc": "2.0", "id": 7, "method": "ping", "params": {"_": "a\\ud83d"}}',
            id="half an emoji",
        ),
        pytest.param(
            b'{"jsonrpc": "2.0", "id": 7, "method": "ping", "params": {"_": "a\tb\0"}}',
            id="control characters in a string",
        ),
        pytest.param(
            b'{"jsonrpc": "2.0", "id": 7, "method": "ping", "params": null, "result": null}',
            id="null for what is not there",
        ),
    ],
)
async def test_a_message_may_be_written_as_programs_write_it(running: Server, line: bytes) -> None:
    running.send(line)
    assert await running.answers() == [{"jsonrpc": "2.0", "id": 7, "result": {}}]


async def test_the_first_message_may_follow_a_mark_and_blank_lines() -> None:
    async with started() as server:
        server.send(b"\xef\xbb\xbf\r\n\n" + json.dumps(INITIALIZE).encode() + b"\r")
        assert (await server.receive())["id"] == INITIALIZE["id"]


async def test_a_cut_emoji_in_an_argument_does_not_cost_the_call(running: Server) -> None:
    running.send(
        b'{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": '
        b'{"name": "search_entries", "arguments": {"query": "zebra \\ud83e"}}}'
    )
    (answer,) = [await running.receive()]
    assert not answer["result"]["isError"]


async def test_the_longest_line_is_answered(running: Server) -> None:
    head, tail = b'{"jsonrpc": "2.0", "id": 7, "method": "ping", "params": {"_": "', b'"}}'
    running.send(head + b"x" * (2**20 - len(head) - len(tail)) + tail)
    assert await running.answers() == [{"jsonrpc": "2.0", "id": 7, "result": {}}]


async def test_a_line_that_is_too_long_is_refused_and_not_kept(running: Server) -> None:
    # The first call loads the server, which takes more memory than the line may.
    running.call("list_feeds")
    await running.receive()
    before = peak_mb(running.process.pid)
    assert running.process.stdin is not None
    for _ in range(64):
        running.process.stdin.write(b"x" * 2**20)
        await running.process.stdin.drain()
    running.send(b'{"jsonrpc": "2.0", "id": 7, "method": "ping"}')
    (answer,) = await running.answers()
    assert (answer["id"], answer["error"]["code"]) == (None, INVALID_REQUEST)
    assert peak_mb(running.process.pid) - before < 16


async def test_many_requests_at_once_are_all_answered(running: Server) -> None:
    for number in range(500):
        running.send({"jsonrpc": "2.0", "id": number, "method": "ping"})
        running.send(b"garbage")
    found = await running.answers()
    assert sorted(item["id"] for item in found if item["id"] is not None) == list(range(500))
    assert sum(item["id"] is None for item in found) == 500


# How it ends.


@pytest.mark.parametrize("idle", ["unused", "initialized"])
async def test_the_end_of_stdin_ends_the_server(idle: str) -> None:
    async with started() as server:
        if idle == "initialized":
            await server.initialize()
        server.close_stdin()
        assert await server.end() == (0, "", "")


# Under nohup the server inherits that SIGHUP is ignored, and heeds it.
SIGNALS = [
    number
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    if signal.getsignal(number) is not signal.SIG_IGN
]


@pytest.mark.parametrize("number", SIGNALS)
async def test_a_signal_ends_the_server(number: signal.Signals) -> None:
    async with started() as server:
        await server.initialize()
        server.process.send_signal(number)
        assert await server.end() == (128 + number, "", "")


@linux_only
async def test_a_signal_ends_a_server_that_is_just_starting() -> None:
    async with started() as server:
        stdin = Path(f"/proc/{server.process.pid}/fd/0")
        await until(lambda: stdin.readlink() == Path(os.devnull))
        server.process.send_signal(signal.SIGTERM)
        assert await server.end() == (143, "", "")


async def test_the_first_of_two_signals_decides_the_exit_code() -> None:
    async with started() as server:
        await server.initialize()
        server.process.send_signal(signal.SIGINT)
        server.process.send_signal(signal.SIGTERM)
        assert await server.end() == (130, "", "")


async def test_garbage_and_then_the_end_end_the_server() -> None:
    async with started() as server:
        for line in (b"garbage", b"\xff\0", b'{"half": '):
            server.send(line)
        assert server.process.stdin is not None
        server.process.stdin.write(b"a line without an end")
        server.close_stdin()
        code, out, err = await server.end()
    assert (code, err) == (0, "")
    codes = [json.loads(line)["error"]["code"] for line in out.splitlines()]
    assert codes == [PARSE_ERROR] * 4


@pytest.mark.parametrize("calls", ["idle", "calls"])
async def test_a_client_that_reads_no_more_ends_the_server(calls: str) -> None:
    ours, its = os.pipe()
    async with started(stdout=its) as server:
        os.close(its)
        server.send(INITIALIZE)
        assert await asyncio.to_thread(os.read, ours, 2**16)
        server.send(INITIALIZED)
        os.close(ours)
        if calls == "calls":
            server.call("list_feeds")
        assert await asyncio.wait_for(server.process.wait(), PATIENCE_SECONDS) == 0


HOST = """
import subprocess, sys
server = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
server.stdin.write(sys.stdin.buffer.readline())
server.stdin.flush()
sys.stdout.buffer.write(server.stdout.readline())
sys.stdout.flush()
server.wait()
"""


async def test_a_host_that_is_killed_ends_the_server(tmp_path: Path) -> None:
    code = tmp_path / "code"
    shell = ("sh", "-c", f'"$@"; echo $? >"{code}"', "sh", *COMMAND)
    host = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HOST, *shell),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    server = Server(host)
    server.send(INITIALIZE)
    await server.receive()
    host.kill()
    assert (await server.end())[2] == ""
    await until(lambda: code.exists() and code.read_text())
    assert code.read_text() == "0\n"


@pytest.mark.parametrize("ending", ["eof", "sigint", "sigterm"])
async def test_a_running_tool_does_not_hold_up_the_end(site: Site, ending: str) -> None:
    held = threading.Event()
    url = site.add("/slow", rss([Post("Late")]), hold=held)
    async with started(refresh="off", fetch_any="1") as server:
        await server.initialize()
        server.call("add_feeds", urls=[url])
        server.call("fetch_article", article=f"{url}?article")
        await asyncio.to_thread(site.wait_for, "/slow")
        await asyncio.to_thread(site.wait_for, "/slow?article")
        if ending == "eof":
            server.close_stdin()
        else:
            server.process.send_signal(getattr(signal, ending.upper()))
        code, out, err = await server.end()
    held.set()
    assert code == {"eof": 0, "sigint": 130, "sigterm": 143}[ending]
    assert err == ""
    assert all(json.loads(line) for line in out.splitlines())


async def test_a_search_that_takes_long_does_not_hold_up_the_end(database: Path) -> None:
    async with started(refresh="off") as server:
        await server.initialize()
        server.call("list_feeds")
        await server.receive()  # the store is open
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            server.call("search_entries", query="x")
            assert await server.answers() == []
            server.close_stdin()
            code, _, err = await server.end()
    assert (code, err) == (0, "")


@pytest.mark.parametrize("ending", ["eof", "sigterm"])
async def test_a_refresh_does_not_hold_up_the_end(
    site: Site, database: Path, tmp_path: Path, ending: str
) -> None:
    held = threading.Event()
    url = site.add("/slow", rss([Post("Late")]), hold=held)
    async with started(feeds=opml_of(tmp_path, url)) as server:
        await server.initialize()
        await asyncio.to_thread(site.wait_for, "/slow")
        if ending == "eof":
            server.close_stdin()
        else:
            server.process.send_signal(signal.SIGTERM)
        code, _, err = await server.end()
    held.set()
    assert (code, err) == (0 if ending == "eof" else 143, "")
    assert not Lease(database).is_taken()


@linux_only
@pytest.mark.parametrize("ending", ["eof", "sigterm", "sigkill"])
async def test_no_child_outlives_the_server(site: Site, ending: str) -> None:
    long = rss(Post(f"Post {n}", f"<p>{f'word{n} ' * 400}</p>") for n in range(2_000))
    url = site.add("/long", long)
    async with started(refresh="off") as server:
        await server.initialize()
        server.call("add_feeds", urls=[url])
        await until(lambda: children_of(server.process.pid))
        (child,) = children_of(server.process.pid)
        # More than it takes to start: it is in the document.
        await until(lambda: cpu_seconds(child) > 0.3)
        if ending == "eof":
            server.close_stdin()
        else:
            server.process.send_signal(getattr(signal, ending.upper()))
        code, _, err = await server.end()
    assert (code, err) == ({"eof": 0, "sigterm": 143, "sigkill": -9}[ending], "")
    await until(lambda: not is_alive(child))


async def test_another_server_takes_over_when_the_refreshing_one_is_killed(
    site: Site, database: Path, tmp_path: Path
) -> None:
    held = threading.Event()
    feeds = opml_of(
        tmp_path, *(site.add(f"/{n}", rss([Post(f"Post {n}")]), hold=held) for n in range(2))
    )
    async with started(feeds=feeds) as first, started(feeds=feeds) as second:
        await first.initialize()
        await asyncio.to_thread(site.wait_for, "/1")
        await second.initialize()
        held.set()
        first.process.kill()
        await first.end()
        await until_found(second, "post", entries=2)
    assert not Lease(database).is_taken()


async def until_found(server: Server, query: str, *, entries: int) -> None:
    async def are_found() -> bool:
        server.call("search_entries", query=query)
        total = (await server.receive())["result"]["structuredContent"]["total"]
        return int(total) >= entries

    await until(are_found)


# What goes wrong inside.

NOISE = """
import ctypes, os, subprocess, sys, warnings

def noise(event, _):
    if event == "sqlite3.connect":
        print("by print")
        os.write(1, b"by write\\n")
        libc = ctypes.CDLL(None)
        libc.puts(b"by C")
        libc.fflush(None)
        warnings.warn("by warn")
        subprocess.run(["echo", "by a child"])

sys.addaudithook(noise)
"""


async def test_what_is_printed_reaches_stderr_and_never_the_wire(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(NOISE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    async with started() as server:
        await server.initialize()
        server.call("search_entries", query="x")
        assert (await server.receive())["id"] == 2
        server.close_stdin()
        code, out, err = await server.end()
    assert (code, out) == (0, "")
    for way in ("print", "write", "C", "warn", "a child"):
        assert f"by {way}\n" in err


CRASH = """
import planet_mcp.feeds.lease
import planet_mcp.feeds.refresh

class Failing(planet_mcp.feeds.lease.Lease):
    failed = False

    def acquire(self):
        if not self.failed:
            self.failed = True
            raise OSError(37, "No locks available")
        return super().acquire()

planet_mcp.feeds.lease.Lease = Failing
planet_mcp.feeds.refresh.DEFAULT_LIMITS = planet_mcp.feeds.RefreshLimits(pause_seconds=0.1)
"""


async def test_a_refresher_that_crashes_goes_on(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(CRASH)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    feeds = opml_of(tmp_path, site.add("/feed", rss([Post("Found after all")])))
    async with started(feeds=feeds) as server:
        await server.initialize()
        await until_found(server, "all", entries=1)
        server.close_stdin()
        code, _, err = await server.end()
    assert code == 0
    assert err.startswith(
        "ERROR planet_mcp.feeds.refresh: The refresher failed; it goes on in a moment."
    )
    assert err.endswith("OSError: [Errno 37] No locks available\n")


# What stdin and stdout may be.


async def test_regular_files_are_served_too(tmp_path: Path) -> None:
    calls = [
        {"jsonrpc": "2.0", "id": n, "method": "tools/call", "params": {"name": name}}
        for n, name in enumerate(("list_feeds", "search_entries", "latest_entries"), 2)
    ]
    lines = [json.dumps(message) for message in (INITIALIZE, INITIALIZED, *calls)]
    requests, answers = tmp_path / "requests", tmp_path / "answers"
    lines[0] = f"\ufeff\r\n\n\ufeff{lines[0]}\r"
    requests.write_text("\n".join([*lines[:3], "garbage", "x" * 2**21, *lines[3:]]))
    with requests.open("rb") as source, answers.open("wb") as sink:
        process = await asyncio.create_subprocess_exec(
            *COMMAND, stdin=source, stdout=sink, stderr=subprocess.PIPE, env=environment()
        )
        _, err = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert (process.returncode, err) == (0, b"")
    found = [json.loads(line) for line in answers.read_text().splitlines()]
    assert sorted(item["id"] for item in found if "result" in item) == [1, 2, 3, 4]
    refused = [item["error"]["code"] for item in found if item["id"] is None]
    assert refused == [PARSE_ERROR, INVALID_REQUEST]


async def test_no_stdin_at_all_ends_the_server() -> None:
    async with started(stdin=subprocess.DEVNULL) as server:
        assert await server.end() == (0, "", "")


async def test_one_socket_may_be_both_stdin_and_stdout() -> None:
    ours, its = socket.socketpair()
    process = await asyncio.create_subprocess_exec(
        *COMMAND, stdin=its.fileno(), stdout=its.fileno(), stderr=subprocess.PIPE, env=environment()
    )
    its.close()
    reader, writer = await asyncio.open_unix_connection(sock=ours)
    writer.write(json.dumps(INITIALIZE).encode() + b"\n" + json.dumps(PING).encode() + b"\n")
    async with asyncio.timeout(PATIENCE_SECONDS):
        numbers = [json.loads(await reader.readline())["id"] for _ in range(2)]
        writer.close()
        _, err = await process.communicate()
    assert numbers == [1, PING["id"]]
    assert (process.returncode, err) == (0, b"")


async def test_a_wrong_setting_is_said_to_who_was_answered_already(tmp_path: Path) -> None:
    async with started(database=str(tmp_path / "p.sqlite"), refresh="perhaps") as server:
        await server.initialize()
        server.call("search_entries", query="x")
        answer = (await server.receive())["result"]
        server.close_stdin()
        code, _, stderr = await server.end()

    assert answer["isError"]
    assert "PLANET_MCP_REFRESH" in answer["content"][0]["text"]
    assert code == 2
    assert "PLANET_MCP_REFRESH" in stderr


async def test_all_requests_of_a_start_are_answered_once_and_in_order(tmp_path: Path) -> None:
    async with started(database=str(tmp_path / "p.sqlite"), feeds="none", refresh="off") as server:
        server.send(INITIALIZE)
        server.send(INITIALIZED)
        asked = ["tools/list", "prompts/list", "resources/list", "resources/templates/list"]
        for method in asked:
            server.send({"jsonrpc": "2.0", "id": method, "method": method, "params": {}})
        server.call("list_feeds")
        for method in asked:
            server.send({"jsonrpc": "2.0", "id": f"{method} again", "method": method})
        found = [await server.receive() for _ in range(10)]
        server.close_stdin()
        code, rest, stderr = await server.end()

    again = [f"{method} again" for method in asked]
    assert [each["id"] for each in found[:5]] == [1, *asked]
    assert {each["id"] for each in found[5:]} == {2, *again}
    assert all("result" in each for each in found)
    assert (code, rest, stderr) == (0, "", "")
