"""Opaque cursors: where a list was left, bound to the arguments that made the list (pure)."""

import base64
import binascii
import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from planet_mcp.errors import ArgumentError

_DIGEST_CHARS = 5
# The bit that says that the next byte belongs to the same number.
_CONTINUED = 0x80


@dataclass(frozen=True, slots=True)
class Position:
    """Where a list was left.

    `now` is when its first page was made and `snapshot` the newest entry then: ages, ranks and
    the set of entries stay those of that moment. What was shown is either everything up to
    `last`, a (time, id), which in a list that deals out feeds belongs to a `round`; or the ids in
    `shown`, where no order is stable enough for that.
    """

    now: datetime
    snapshot: int
    last: tuple[int, int] | None = None
    round: int = 0
    shown: frozenset[int] = frozenset()


def encode(position: Position, arguments: Mapping[str, object]) -> str:
    """Write a cursor for a position in the list that these arguments make.

    It is digest of arguments, digest of payload, `.`, payload; the payload is numbers between dots.
    """
    numbers = [int(position.now.timestamp()), position.snapshot, *(position.last or ())]
    if position.round:
        numbers.append(position.round)
    parts = [*map(str, numbers)]
    if position.shown:
        parts.append(_pack(position.shown))
    payload = ".".join(parts)
    return f"{_digest(arguments)}{_digest(payload)}.{payload}"


def decode(cursor: str, arguments: Mapping[str, object]) -> Position:
    """Read a cursor.

    Raises:
        ArgumentError: It is damaged, or was given for other arguments.
    """
    digests, _, payload = cursor.strip().partition(".")
    if len(digests) != 2 * _DIGEST_CHARS:
        raise ArgumentError(
            f"{cursor[:100]!r} is no cursor, or only a part of one. Leave it out to begin, or copy "
            "next_cursor exactly."
        )
    if digests[:_DIGEST_CHARS] != _digest(arguments):
        raise ArgumentError(
            "The cursor belongs to a call with other arguments. Repeat the arguments of the call "
            "that returned it, or leave the cursor out to start again."
        )
    try:
        return _position(payload, digests[_DIGEST_CHARS:])
    except (ValueError, IndexError, OverflowError, OSError, binascii.Error):
        raise ArgumentError(
            "The cursor is damaged. Leave it out to start again, or copy next_cursor exactly."
        ) from None


def _position(payload: str, digest: str) -> Position:
    if digest != _digest(payload):
        raise ValueError(digest)
    now, snapshot, *rest = payload.split(".")
    position = Position(datetime.fromtimestamp(int(now), UTC), int(snapshot))
    match rest:
        case [time, entry_id]:
            return replace(position, last=(int(time), int(entry_id)))
        case [time, entry_id, place]:
            return replace(position, last=(int(time), int(entry_id)), round=int(place))
        case [shown]:
            return replace(position, shown=_unpack(shown))
        case _:
            return position


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:_DIGEST_CHARS]


def _pack(ids: Collection[int]) -> str:
    """Write ids as differences of 7 bits a byte: about two characters for each."""
    packed, previous = bytearray(), 0
    for number in sorted(ids):
        gap, previous = number - previous, number
        while gap >= _CONTINUED:
            packed.append(gap & 0x7F | _CONTINUED)
            gap >>= 7
        packed.append(gap)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _unpack(text: str) -> frozenset[int]:
    packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    ids, current, gap, shift = set(), 0, 0, 0
    for byte in packed:
        gap |= (byte & 0x7F) << shift
        shift += 7
        if byte < _CONTINUED:
            current += gap
            ids.add(current)
            gap = shift = 0
    return frozenset(ids)
