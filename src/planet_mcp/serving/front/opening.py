"""The front of this process: when there is one, and what becomes of it."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from planet_mcp.serving.front.conversation import Conversation, Front
from planet_mcp.serving.front.descriptors import claim_descriptors, is_pipe
from planet_mcp.serving.front.recording import Script, is_read_only, recorded

_INTERNAL_ERROR = -32603

# The one front of this process, if there is one: it has the process's stdin and stdout.
_front: list[Front] = []


def begin(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Begin to answer over stdio, if the command starts a server there whose answers are known."""
    if sys.platform == "win32" or not (is_pipe(0) and is_pipe(1)):
        return
    read_only = is_read_only(arguments, environment)
    results = None if read_only is None else recorded(read_only=read_only)
    if results:
        _front.append(Front(*claim_descriptors(), Script(results)))


def has_begun() -> bool:
    """Return whether a front answers over stdio already."""
    return bool(_front)


def take_over() -> tuple[int, int, Conversation]:
    """End the front; returns stdin and stdout, and the conversation there so far."""
    front = _front.pop()
    return front.source, front.sink, front.hand_over()


def explain(problem: str) -> None:
    """Answer a client that the front has answered already with why there is no server.

    It does so until stdin ends; what a call of a tool is answered reaches the model. Without a
    front the process ends at once, and its host shows what it wrote to stderr.
    """
    if not _front:
        return
    front = _front.pop()
    before = front.hand_over()
    try:
        os.write(front.sink, before.unsent)
        for line in _lines(front.source, before.received):
            answer = front.script.answer(line) or _failure(line, problem, before.answered)
            if answer:
                os.write(front.sink, answer)
    except OSError:
        pass  # nobody reads any more


def _lines(source: int, received: bytes) -> Iterator[bytes]:
    while True:
        *lines, received = received.split(b"\n")
        yield from lines
        read = os.read(source, 65_536)
        if not read:
            return
        received += read


def _failure(line: bytes, problem: str, answered: Mapping[int | str, bytes]) -> bytes:
    try:
        message = json.loads(line)
    except ValueError:
        return b""
    number = message.get("id") if isinstance(message, dict) and "method" in message else None
    if type(number) not in (int, str) or number in answered:
        return b""
    if message["method"] == "tools/call":
        result: dict[str, Any] = {
            "content": [{"type": "text", "text": problem}],
            "isError": True,
            # Required since 2026-07-28; clients before that ignore it.
            "resultType": "complete",
        }
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": number, "result": result}
    else:
        error = {"code": _INTERNAL_ERROR, "message": problem}
        answer = {"jsonrpc": "2.0", "id": number, "error": error}
    return json.dumps(answer).encode() + b"\n"
