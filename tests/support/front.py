"""What the server answers first of all, as recorded for the front: by option and version."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
from mcp.shared.message import SessionMessage

from planet_mcp.planet import Planet, open_planet
from planet_mcp.serving.front.recording import (
    FILE,
    HANDSHAKES,
    MODERN,
    MODERN_METHODS,
    OLDER_METHODS,
    fingerprint,
)
from planet_mcp.serving.mcp import create_server
from planet_mcp.serving.stdio.lines import read_message, write_message
from planet_mcp.settings import load

CLIENT = {"name": "recorder", "version": "1"}
INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}
OPTIONS = {"all": False, "reading": True}

Message = dict[str, Any]


def opening(version: str, capabilities: Message | None = None) -> list[Message]:
    """Return what a client of a version asks first of all, one request of each kind."""
    capabilities = capabilities or {}
    if version == MODERN:
        prefix = "io.modelcontextprotocol/"
        meta = {
            f"{prefix}protocolVersion": version,
            f"{prefix}clientInfo": CLIENT,
            f"{prefix}clientCapabilities": capabilities,
        }
        asked: list[tuple[str, Message]] = [(each, {"_meta": meta}) for each in MODERN_METHODS]
    else:
        hello = {"protocolVersion": version, "capabilities": capabilities, "clientInfo": CLIENT}
        asked = [(each, hello if each == "initialize" else {}) for each in OLDER_METHODS]
    messages = [
        {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        for number, (method, params) in enumerate(asked)
    ]
    return messages if version == MODERN else [messages[0], INITIALIZED, *messages[1:]]


async def answers(planet: Planet, messages: Sequence[Message], *, read_only: bool) -> list[bytes]:
    """Return the lines that the server itself answers requests with, one after the other."""
    server = create_server(planet, refresh=False, read_only=read_only, keeps_connection=True)
    low_level = server._lowlevel_server  # noqa: SLF001 - as the transport has it
    send_in, receive_in = anyio.create_memory_object_stream[Any](100)
    send_out, receive_out = anyio.create_memory_object_stream[Any](100)
    found = []
    async with anyio.create_task_group() as tasks, receive_out:
        options = low_level.create_initialization_options()
        tasks.start_soon(low_level.run, receive_in, send_out, options)
        async with send_in:
            for message in messages:
                await send_in.send(SessionMessage(read_message(json.dumps(message).encode())))
                if "id" in message:
                    found.append(write_message((await receive_out.receive()).message))
    return found


async def recording() -> Message:
    """Return the recorded answers as the front reads them, each text once."""
    texts: dict[str, int] = {}
    by_option: Message = {}
    with tempfile.TemporaryDirectory() as folder:
        settings = load(database=Path(folder) / "planet.sqlite", feeds="none")
        async with open_planet(settings) as planet:
            for option, read_only in OPTIONS.items():
                by_version = by_option[option] = {}
                for version in (*HANDSHAKES, MODERN):
                    asked = [each for each in opening(version) if "id" in each]
                    found = await answers(planet, opening(version), read_only=read_only)
                    by_version[version] = {
                        each["method"]: texts.setdefault(_result(line), len(texts))
                        for each, line in zip(asked, found, strict=True)
                    }
    return {"of": fingerprint(), "answers": by_option, "results": list(texts)}


def _result(line: bytes) -> str:
    """Return the result of an answer, as it is written."""
    begin = line.index(b'"result":') + len(b'"result":')
    return line[begin : line.rindex(b"}")].decode()


def text_of(recorded: Message) -> str:
    """Return the recorded answers as their file has them."""
    return json.dumps(recorded, ensure_ascii=False, indent=1) + "\n"


async def write() -> None:
    """Write the file of the recorded answers."""
    FILE.write_text(text_of(await recording()), "utf-8")
