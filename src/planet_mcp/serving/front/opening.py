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

# stdin and stdout are of the whole process, and so is who answers there.
_front: list[Front] = []


def begin(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Begin to answer over stdio, if that is what a command starts and its answers are recorded."""
    if sys.platform == "win32" or not (is_pipe(0) and is_pipe(1)):
        return
    read_only = is_read_only(arguments, environment)
    results = None if read_only is None else recorded(read_only=read_only)
    if results:
        _front.append(Front(*claim_descriptors(), Script(results)))


def has_begun() -> bool:
    """Return whether somebody answers over stdio already."""
    return bool(_front)


def take_over() -> tuple[int, int, Conversation]:
    """End the front; returns stdin and stdout, and what was said there so far."""
    front = _front.pop()
    return front.source, front.sink, front.hand_over()


def explain(problem: str) -> None:
    """Say why there is no server to whoever was answered in its name, until stdin ends.

    A call of a tool is answered in words that reach the model. Without a front the process ends at
    once, and its host shows what it wrote to stderr.
    """
    if not _front:
        return
    front = _front.pop()
    said = front.hand_over()
    try:
        os.write(front.sink, said.unsent)
        for line in _lines(front.source, said.received):
            answer = front.script.answer(line) or _failure(line, problem, said.answered)
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
            # Asked for since 2026-07-28, and passed over before.
            "resultType": "complete",
        }
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": number, "result": result}
    else:
        error = {"code": _INTERNAL_ERROR, "message": problem}
        answer = {"jsonrpc": "2.0", "id": number, "error": error}
    return json.dumps(answer).encode() + b"\n"
