"""The child process: parses one untrusted document per request, and can be killed at any time.

Started by `planet_mcp.workers` as `python -I -m planet_mcp.worker`. A request is two lengths
(big-endian, 32 bits), a JSON head and a body; an answer is one length and JSON: what went right
as `{"type": …, "value": …}`, what went wrong as `{"error": code, "message": …}`.
"""

import ctypes
import json
import os
import struct
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import Any, BinaryIO

from planet_mcp.errors import PlanetError

MEMORY_BYTES = 768 * 2**20
OPEN_FILES = 64
CPU_SECONDS = 20
_PR_SET_PDEATHSIG = 1
_SIGKILL = 9


def main() -> None:
    """Answer requests on stdin until it ends."""
    _limit_resources()
    _die_with_parent()
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # What a library prints must not get between the answers.
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    while (request := _read(source)) is not None:
        _limit_cpu()
        answer = json.dumps(_answer(*request), default=_plain).encode()
        sink.write(struct.pack(">I", len(answer)) + answer)
        sink.flush()


def _read(source: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    lengths = source.read(8)
    if len(lengths) < 8:  # noqa: PLR2004 - two 32-bit numbers
        return None
    head_length, body_length = struct.unpack(">II", lengths)
    return json.loads(source.read(head_length)), source.read(body_length)


def _answer(head: dict[str, Any], body: bytes) -> dict[str, Any]:
    try:
        value = _TASKS[head.pop("task")](body, head)
    except PlanetError as error:
        return {"error": error.code, "message": str(error)}
    except MemoryError:
        return {"error": "parse_failed", "message": "The document needs too much memory."}
    except Exception as error:  # noqa: BLE001 - the outermost loop: one document never ends it
        with suppress(OSError):  # a log file may not grow under our own limits
            print(f"{type(error).__name__}: {error}"[:500], file=sys.stderr)  # noqa: T201
        return {"error": "parse_failed", "message": f"The parser failed ({type(error).__name__})."}
    return {"type": type(value).__name__, "value": asdict(value)}


def _feed(body: bytes, head: dict[str, Any]) -> Any:
    from planet_mcp.parse import parse_feed  # deferred: each child loads only what it is asked for

    return parse_feed(body, **{**head, "now": datetime.fromisoformat(head["now"])})


def _discover(body: bytes, head: dict[str, Any]) -> Any:
    from planet_mcp.parse import discover  # deferred, as above

    return discover(body, **{**head, "now": datetime.fromisoformat(head["now"])})


def _article(body: bytes, head: dict[str, Any]) -> Any:
    from planet_mcp.extract import extract_article  # deferred, as above

    return extract_article(body, **head)


_TASKS: dict[str, Callable[[bytes, dict[str, Any]], Any]] = {
    "feed": _feed,
    "discover": _discover,
    "article": _article,
}


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _limit_resources() -> None:
    try:
        import resource  # deferred: not there on Windows
    except ImportError:
        return
    for what, limit in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
    ):
        _, hard = resource.getrlimit(what)
        ceiling = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        # macOS refuses some of them; the time limit of the parent holds everywhere.
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (ceiling, hard))


def _limit_cpu() -> None:
    """Allow this much more CPU time; the kernel ends a process that goes on after it."""
    try:
        import resource  # deferred: not there on Windows
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    seconds = int(used.ru_utime + used.ru_stime) + CPU_SECONDS
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, hard))


def _die_with_parent() -> None:
    """Ask Linux to kill this process with its parent; elsewhere the end of stdin must do."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL)


if __name__ == "__main__":
    main()
