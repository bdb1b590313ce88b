"""Recorded answers, and which of them is the answer to a request (pure, but for the file).

A request is answered only if it has exactly the fields of one that was recorded: another one might
be answered otherwise by the SDK, or refused.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

from planet_mcp import __version__

FILE = Path(__file__).with_name("recorded.json")
MODERN = "2026-07-28"
# The versions of the protocol in which a client begins with `initialize`, and the methods that are
# answered in these and in the version without.
HANDSHAKES = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
_LISTS = ("tools/list", "prompts/list", "resources/list", "resources/templates/list")
OLDER_METHODS, MODERN_METHODS = ("initialize", "ping", *_LISTS), ("server/discover", *_LISTS)

_ANY = object()
_CAPABILITIES = {
    "roots": {"listChanged": bool},
    "sampling": {"context": {}, "tools": {}},
    "elicitation": {"form": {}, "url": {}},
    "experimental": {_ANY: {_ANY: _ANY}},
    "extensions": {_ANY: {_ANY: _ANY}},
}
_NAMES = ("name", "title", "version", "websiteUrl", "description")
_CLIENT = dict.fromkeys(_NAMES, str)
_PREFIX = "io.modelcontextprotocol/"
_ENVELOPE = {
    f"{_PREFIX}protocolVersion": str,
    f"{_PREFIX}clientInfo": _CLIENT,
    f"{_PREFIX}clientCapabilities": _CAPABILITIES,
}
_HELLO = {"protocolVersion": str, "capabilities": _CAPABILITIES, "clientInfo": _CLIENT}

# The flags and options of serving over stdio; `--read-only` alone changes what is recorded.
READ_ONLY = "--read-only"
FLAGS = frozenset({"--fetch-any", READ_ONLY})
OPTIONS = frozenset(
    f"--{name}"
    for name in (
        *("database", "feeds", "refresh", "log-level", "log-file"),
        *("allow-networks", "host-delay", "host-concurrency"),
    )
)
_YES = frozenset({"1", "true", "t", "yes", "y", "on"})
_NO = frozenset({"0", "false", "f", "no", "n", "off", ""})


def is_read_only(arguments: Sequence[str], environment: Mapping[str, str]) -> bool | None:
    """Return whether the server that a command starts only reads; None if it may start another."""
    variable = environment.get("PLANET_MCP_READ_ONLY", "").lower()
    if variable not in _YES | _NO or "_PLANET_MCP_COMPLETE" in environment:
        return None
    left = list(arguments)
    read_only, serves = variable in _YES, False
    while left:
        word = left.pop(0)
        if word in FLAGS:
            read_only |= word == READ_ONLY
        elif word == "serve" and not serves:
            serves = True
        elif word in OPTIONS and left:
            left.pop(0)
        elif word.partition("=")[0] not in OPTIONS or "=" not in word:
            return None
    return read_only


def fingerprint() -> dict[str, str]:
    """Return what the recorded answers depend on: this version, and the SDK's."""
    return {"planet-mcp": __version__, "mcp": _sdk_version()}


def _sdk_version() -> str:
    """Return the version of the SDK by its folder: `importlib.metadata` would take 20 ms."""
    for folder in map(Path, sys.path):
        if (folder / "mcp").is_dir():
            found = [each.name for each in folder.glob("mcp-*.dist-info")]
            return found[0][len("mcp-") : -len(".dist-info")] if len(found) == 1 else ""
    return ""


def recorded(*, read_only: bool) -> dict[str, dict[str, str]] | None:
    """Return the results by version and method; None if they are another version's."""
    try:
        found = json.loads(FILE.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if found["of"] != fingerprint():
        return None
    texts = found["results"]
    return {
        version: {method: texts[number] for method, number in answers.items()}
        for version, answers in found["answers"]["reading" if read_only else "all"].items()
    }


@dataclass
class Script:
    """The answers to one client, line by line, until it sends what is not known."""

    results: dict[str, dict[str, str]]
    version: str = ""
    answered: dict[int | str, bytes] = field(default_factory=dict)

    def answer(self, line: bytes) -> bytes | None:
        """Return the answer to a line, nothing to a notification; None where the script ends."""
        try:
            message = json.loads(line)
        except ValueError:
            return None
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            return None
        if message == {"jsonrpc": "2.0", "method": "notifications/initialized"}:
            return b"" if self.version else None
        number, method = message.get("id"), message.get("method")
        is_known = {*message} <= {"jsonrpc", "id", "method", "params"}
        if not (is_known and isinstance(method, str) and _is_id(number)) or number in self.answered:
            return None
        result = self._result(method, message.get("params", {}))
        if result is None:
            return None
        name = json.dumps(number, ensure_ascii=False)
        answer = f'{{"jsonrpc":"2.0","id":{name},"result":{result}}}\n'.encode()
        self.answered[number] = answer
        return answer

    def _result(self, method: str, params: Any) -> str | None:
        if method == "initialize":
            if self.answered or not _has_shape(params, _HELLO, all_of=_HELLO):
                return None
            version = params["protocolVersion"]
            if version not in HANDSHAKES:
                return None
            self.version = version
        elif _has_shape(params, {"_meta": _ENVELOPE}, all_of={"_meta"}):
            version = params["_meta"].get(f"{_PREFIX}protocolVersion")
            is_whole = {*params["_meta"]} == {*_ENVELOPE}
            if self.version or version != MODERN or not is_whole:
                return None
        elif params == {} and self.version:
            version = self.version
        else:
            return None
        return self.results.get(version, {}).get(method)


def _is_id(value: Any) -> TypeGuard[int | str]:
    return type(value) in (int, str)


def _has_shape(value: Any, shape: Any, *, all_of: Any = ()) -> bool:
    """Return whether a value has only fields of a shape, in its types, and `all_of` these."""
    if shape is _ANY:
        return True
    if not isinstance(shape, dict):
        return type(value) is shape
    if not isinstance(value, dict) or not {*all_of} <= {*value}:
        return False
    if shape is _CLIENT and not {"name", "version"} <= {*value}:
        return False
    of_any = shape.get(_ANY)
    return all(_has_shape(each, shape.get(name, of_any)) for name, each in value.items())
