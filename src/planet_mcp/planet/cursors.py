"""Opaque cursors: where a list was left, bound to the arguments that made the list (pure)."""

import base64
import binascii
import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from planet_mcp.errors import ArgumentError

_MARK_CHARS = 5


@dataclass(frozen=True, slots=True)
class Position:
    """Where a list was left.

    `now` is when its first part was made and `snapshot` the newest entry then: ages, ranks and
    the set of entries stay those of that moment. What was shown is either everything up to
    `last`, a (time, id), or the ids in `shown`, where no order is stable enough for that.
    """

    now: datetime
    snapshot: int
    last: tuple[int, int] | None = None
    shown: frozenset[int] = frozenset()


def encode(position: Position, arguments: Mapping[str, object]) -> str:
    """Write a cursor for a position in the list that these arguments make."""
    numbers = [int(position.now.timestamp()), position.snapshot, *(position.last or ())]
    parts = [*map(str, numbers)]
    if position.shown:
        parts.append(_pack(position.shown))
    payload = ".".join(parts)
    return f"{_mark(arguments)}{_mark(payload)}.{payload}"


def decode(cursor: str, arguments: Mapping[str, object]) -> Position:
    """Read a cursor.

    Raises:
        ArgumentError: It is damaged, or was given for other arguments.
    """
    mark, _, payload = cursor.strip().partition(".")
    if mark[:_MARK_CHARS] != _mark(arguments):
        raise ArgumentError(
            "The cursor belongs to a call with other arguments. Repeat the arguments of the call "
            "that returned it, or leave the cursor out to start again."
        )
    try:
        return _position(payload, mark[_MARK_CHARS:])
    except (ValueError, IndexError, OverflowError, OSError, binascii.Error):
        raise ArgumentError(
            "The cursor is damaged. Leave it out to start again, or copy next_cursor exactly."
        ) from None


def _position(payload: str, mark: str) -> Position:
    if mark != _mark(payload):
        raise ValueError(mark)
    parts = payload.split(".")
    now = datetime.fromtimestamp(int(parts[0]), UTC)
    snapshot = int(parts[1])
    if len(parts) == 4:  # noqa: PLR2004 - now, snapshot and a (time, id)
        return Position(now, snapshot, last=(int(parts[2]), int(parts[3])))
    shown = _unpack(parts[2]) if len(parts) > 2 else frozenset()  # noqa: PLR2004
    return Position(now, snapshot, shown=shown)


def _mark(value: object) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:_MARK_CHARS]


def _pack(ids: Collection[int]) -> str:
    """Write ids as differences of 7 bits a byte: about two characters for each."""
    packed, previous = bytearray(), 0
    for number in sorted(ids):
        gap, previous = number - previous, number
        while gap >= 0x80:  # noqa: PLR2004 - more than seven bits
            packed.append(gap & 0x7F | 0x80)
            gap >>= 7
        packed.append(gap)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _unpack(text: str) -> frozenset[int]:
    packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    ids, current, gap, shift = set(), 0, 0, 0
    for byte in packed:
        gap |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:  # noqa: PLR2004 - the last byte of a number
            current += gap
            ids.add(current)
            gap = shift = 0
    return frozenset(ids)
