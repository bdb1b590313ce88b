"""What is answered before the server is there is what the server answers, byte by byte."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import pytest

from planet_mcp.cli import commands
from planet_mcp.planet import Planet, open_planet
from planet_mcp.serving.front import recording
from planet_mcp.serving.front.conversation import Front
from planet_mcp.serving.front.recording import HANDSHAKES, MODERN, Script, is_read_only, recorded
from planet_mcp.settings import load
from tests.support import front

pytestmark = pytest.mark.anyio

DECLARED = {
    "roots": {"listChanged": True},
    "sampling": {"context": {}, "tools": {}},
    "elicitation": {"form": {}, "url": {}},
    "experimental": {"x": {"y": 1}},
    "extensions": {"io.modelcontextprotocol/ui": {"mimeTypes": ["text/html;profile=mcp-app"]}},
}
INITIALIZE = front.opening("2025-11-25")[0]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def empty(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Planet]:
    database = tmp_path_factory.mktemp("front") / "planet.sqlite"
    async with open_planet(load(database=database, feeds="none")) as planet:
        yield planet


def script(*, read_only: bool = False) -> Script:
    results = recorded(read_only=read_only)
    assert results is not None
    return Script(results)


def line(message: Any) -> bytes:
    return json.dumps(message).encode()


async def test_the_recording_is_that_of_this_version() -> None:
    recorded_now = front.text_of(await front.recording())

    assert recording.FILE.read_text("utf-8") == recorded_now, "run python -m tests.support.surface"


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("capabilities", [{}, DECLARED], ids=["bare", "declared"])
@pytest.mark.parametrize("version", [*HANDSHAKES, MODERN])
async def test_the_front_answers_as_the_server_does(
    empty: Planet, version: str, capabilities: dict[str, Any], *, read_only: bool
) -> None:
    messages = front.opening(version, capabilities)
    # Ids come back as they were sent, whatever is in them.
    messages[-1]["id"] = 'é"\\\n\x7f\u2028'
    acting = script(read_only=read_only)

    fronted = [acting.answer(line(message)) for message in messages]

    assert [each for each in fronted if each] == await front.answers(
        empty, messages, read_only=read_only
    )


def _changed(**changes: Any) -> dict[str, Any]:
    return {**INITIALIZE, **changes}


def _hello(**changes: Any) -> dict[str, Any]:
    return _changed(params={**INITIALIZE["params"], **changes})


@pytest.mark.parametrize(
    "message",
    [
        _hello(protocolVersion="2031-01-01"),
        _hello(capabilities={"roots": {"listChanged": "yes"}}),
        _hello(capabilities={"sampling": 1}),
        _hello(capabilities={"tasks": {}}),
        _hello(clientInfo={"name": "nobody"}),
        _hello(clientInfo={"name": "a", "version": 1}),
        _hello(more={}),
        _changed(id=None),
        _changed(id=True),
        _changed(id=1.5),
        _changed(jsonrpc="1.0"),
        _changed(more=1),
        _changed(params=[]),
        {"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
        {"jsonrpc": "2.0", "id": 1, "method": "server/discover", "params": {}},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        [INITIALIZE],
        "hello",
    ],
    ids=str,
)
def test_the_front_steps_aside_where_the_server_might_answer_otherwise(message: Any) -> None:
    assert script().answer(line(message)) is None


@pytest.mark.parametrize(
    "message",
    [
        {"method": "tools/call", "params": {"name": "search_entries", "arguments": {}}},
        {"method": "tools/list", "params": {"cursor": "x"}},
        {"method": "tools/list", "params": {"_meta": {"progressToken": 1}}},
        {"method": "initialize", "params": INITIALIZE["params"]},
        front.opening(MODERN)[1],
        {"method": "resources/read", "params": {"uri": "planet://latest"}},
        {"method": "ping", "id": 0},
    ],
    ids=str,
)
def test_the_front_ends_at_the_first_message_that_is_the_servers(message: dict[str, Any]) -> None:
    acting = script()
    assert acting.answer(line(INITIALIZE))

    assert acting.answer(line({"jsonrpc": "2.0", "id": 7, **message})) is None


def test_without_the_recording_of_this_version_there_is_no_front(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "FILE", tmp_path / "recorded.json")
    assert recorded(read_only=False) is None

    other = {"of": {"planet-mcp": "0.0.1", "mcp": "1.0"}, "answers": {}, "results": []}
    recording.FILE.write_text(json.dumps(other))
    assert recorded(read_only=False) is None


@pytest.mark.parametrize(
    ("arguments", "variable", "expected"),
    [
        ([], None, False),
        (["serve"], None, False),
        (["--read-only"], None, True),
        (["--database", "serve", "serve", "--read-only"], None, True),
        (["serve", "--database=--read-only"], None, False),
        ([], "1", True),
        ([], "Yes", True),
        ([], "0", False),
        ([], "", False),
        ([], "perhaps", None),
        (["serve", "--http"], None, None),
        (["search", "x"], None, None),
        (["--help"], None, None),
        (["--database"], None, None),
        (["serve", "serve"], None, None),
    ],
)
def test_the_front_knows_which_server_a_command_starts(
    arguments: list[str], variable: str | None, *, expected: bool | None
) -> None:
    environment = {} if variable is None else {"PLANET_MCP_READ_ONLY": variable}

    assert is_read_only(arguments, environment) is expected


def test_the_options_of_a_server_over_stdio_are_known_to_the_front() -> None:
    flags, valued = set[str](), set[str]()
    for parameter in commands.params:
        if isinstance(parameter, click.Option) and parameter.name != "version":
            (flags if parameter.is_flag else valued).update(parameter.opts)

    assert flags == set(recording.FLAGS)
    assert valued == set(recording.OPTIONS)


@pytest.mark.skipif(os.name != "posix", reason="pipes as POSIX has them")
def test_what_a_client_has_not_read_is_handed_over_with_the_rest() -> None:
    source, stdin = os.pipe()
    stdout, sink = os.pipe()
    for message in front.opening("2025-11-25"):
        os.write(stdin, line(message) + b"\n")
    os.write(stdin, b'{"half": ')
    acting = Front(source, sink, script())
    first = os.read(stdout, 1 << 16)
    while first.count(b"\n") < 2:  # those of `initialize` and `ping`
        first += os.read(stdout, 1 << 16)

    said = acting.hand_over()

    os.set_blocking(stdout, False)
    with suppress(BlockingIOError):
        first += os.read(stdout, 1 << 20)
    answers = (first + said.unsent).splitlines(keepends=True)
    assert answers == list(said.answered.values())
    assert said.received.startswith(line(INITIALIZE))
    for descriptor in (source, stdin, stdout, sink):
        os.close(descriptor)
