"""The child process: parses one untrusted document per request, and can be killed at any time.

Started by `planet_mcp.sandbox.parent` as `python -I -m planet_mcp.sandbox.child`, with `encode` if
it is to run a model; it says `END` when it is ready. A request is two lengths (big-endian, 32
bits), a JSON head and a body. An answer is parts, each a length and JSON, and `END`, or `LAST` when
the process is to be replaced. The first part says what went right as `{"type": …, "value": …}`,
what went wrong as `{"error": code, "message": …}`; the others are the entries of a feed, or the
subscriptions of a list, some at a time.
"""

import base64
import ctypes
import json
import os
import select
import struct
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, BinaryIO

from planet_mcp.errors import PlanetError
from planet_mcp.sandbox.limits import ENCODING, END, LAST, ChildLimits

# About how large a part of an answer is: while the parent validates one, its event loop waits, at
# this size for 10 ms at most.
PART_CHARACTERS = 500_000
_PR_SET_PDEATHSIG = 1
_SIGKILL = 9
_DETAIL = 500
_LISTS = {"ParsedFeed": "entries", "SubscriptionList": "subscriptions"}


def main(limits: ChildLimits | None = None) -> None:
    """Answer requests on stdin until it ends."""
    limits = limits or ChildLimits()
    _limit_resources(limits)
    _die_with_parent()
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    _silence()
    if not _is_awaited(sink):
        return
    _send(sink, b"", END)
    while (request := _read(source)) is not None and _is_awaited(sink):
        _limit_cpu(limits.cpu_seconds_for(len(request[1])))
        answer, spent = _answer(*request)
        _send(sink, answer, LAST if spent or _most_memory() > limits.grown_bytes else END)


def _silence() -> None:
    """Discard what libraries print: it would stand between the answers, or unescaped in a log."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    warnings.simplefilter("ignore")


def _send(sink: BinaryIO, answer: bytes, end: int) -> None:
    sink.write(answer)
    sink.write(struct.pack(">I", end))
    sink.flush()


def _read(source: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    lengths = source.read(8)
    if len(lengths) < 8:  # noqa: PLR2004 - two 32-bit numbers
        return None
    head_length, body_length = struct.unpack(">II", lengths)
    return json.loads(source.read(head_length)), source.read(body_length)


def _is_awaited(sink: BinaryIO) -> bool:
    """Return whether the parent is still there to read the answer.

    It may have sent a request and been killed before this process asked to die with it.
    """
    if not hasattr(select, "poll"):  # Windows
        return True
    watched = select.poll()
    watched.register(sink, 0)  # that is, only for its end
    return not watched.poll(0)


def _answer(head: dict[str, Any], body: bytes) -> tuple[bytes, bool]:
    """Return the parts of an answer, and whether the document took all the memory there is."""
    try:
        return _framed(_parts(_TASKS[head.pop("task")](body, head))), False
    except PlanetError as error:
        return _failure(error.code, str(error)), False
    except MemoryError:
        return _failure("parse_failed", "The document needs too much memory."), True
    except Exception as error:  # noqa: BLE001 - the outermost loop: one document never ends it
        name = type(error).__name__
        return _failure("parse_failed", f"The parser failed ({name}).", detail=str(error)), False


def _failure(code: str, message: str, *, detail: str = "") -> bytes:
    # Lone surrogates of the document are replaced: pydantic refuses them in the parent.
    said = {"message": message, "detail": detail[:_DETAIL]}
    whole = {name: text.encode("utf-8", "replace").decode() for name, text in said.items()}
    return _framed([_json({"error": code, **whole})])


def _framed(parts: Iterable[str]) -> bytes:
    return b"".join(struct.pack(">I", len(part)) + part.encode("ascii") for part in parts)


def _parts(value: Any) -> Iterator[str]:
    name = _LISTS.get(type(value).__name__)
    bare = replace(value, **{name: ()}) if name else value
    yield _json({"type": type(value).__name__, "value": bare})
    part, size = [], 0
    for item in getattr(value, name) if name else ():
        part.append(_json(item))
        size += len(part[-1])
        if size > PART_CHARACTERS:
            yield f"[{','.join(part)}]"
            part, size = [], 0
    if part:
        yield f"[{','.join(part)}]"


def _json(value: object) -> str:
    return json.dumps(value, default=_plain)


def _feed(body: bytes, head: dict[str, Any]) -> Any:
    from planet_mcp.documents.parse import parse_feed  # deferred: a child loads what it needs

    return parse_feed(body, **{**head, "now": datetime.fromisoformat(head["now"])})


def _discover(body: bytes, head: dict[str, Any]) -> Any:
    from planet_mcp.documents.parse import discover  # deferred, as above

    return discover(body, **{**head, "now": datetime.fromisoformat(head["now"])})


def _article(body: bytes, head: dict[str, Any]) -> Any:
    from planet_mcp.documents.extract import read_page  # deferred, as above

    return read_page(body, **head)


def _picture(body: bytes, head: dict[str, Any]) -> Any:
    from planet_mcp.documents.pictures import small_picture  # deferred, as above

    return small_picture(body, head["kind"])


def _encode(body: bytes, head: dict[str, Any]) -> Any:
    from planet_mcp.models import Vectors  # deferred, as above

    if head["background"] and hasattr(os, "nice"):
        # 19 is the lowest priority; from the second time on, this adds 0.
        os.nice(19 - os.nice(0))
    model = _model(head["folder"], head["model"])
    make = model.questions if head["questions"] else model.passages
    codes = make(json.loads(body))
    return Vectors(tuple(base64.b64encode(code).decode("ascii") for code in codes))


@lru_cache(maxsize=1)
def _model(folder: str, _: str) -> Any:
    """Load a model once; the second argument is its id, which differs when its files do."""
    # numpy would start a thread for each core, and only multiplies small vectors here.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    from pathlib import Path  # deferred, as above

    from planet_mcp.embedding import Model

    return Model(Path(folder))


_TASKS: dict[str, Callable[[bytes, dict[str, Any]], Any]] = {
    "feed": _feed,
    "discover": _discover,
    "article": _article,
    "encode": _encode,
    "picture": _picture,
}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _limit_resources(limits: ChildLimits) -> None:
    try:
        import resource  # deferred: not there on Windows
    except ImportError:
        return
    for what, limit in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, limits.open_files),
    ):
        _, hard = resource.getrlimit(what)
        ceiling = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        # A refusal is passed over: macOS refuses some, and the parent's limit on time always holds.
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (ceiling, hard))


def _most_memory() -> int:
    """Return the most bytes of memory that this process had at once; 0 where that is unknown."""
    try:
        with open("/proc/self/status", "rb") as status:  # noqa: PTH123 - pathlib is not needed here
            lines = dict(line.split(b":", 1) for line in status)
        return int(lines[b"VmHWM"].split()[0]) * 1024
    except (OSError, KeyError):
        pass
    try:
        import resource  # deferred: not there on Windows
    except ImportError:
        return 0
    # Not used on Linux, where it would begin with the parent's peak.
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most * (1 if sys.platform == "darwin" else 1024)


def _limit_cpu(seconds: int) -> None:
    """Allow so many more seconds of CPU time; the kernel ends a process that goes on after it."""
    try:
        import resource  # deferred: not there on Windows
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    until = int(used.ru_utime + used.ru_stime) + seconds
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (until, hard))


def _die_with_parent() -> None:
    """Ask Linux to kill this process with its parent; elsewhere it ends when stdin does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL)


if __name__ == "__main__":
    main(ENCODING if sys.argv[1:] == ["encode"] else None)
