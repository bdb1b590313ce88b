"""Reading a child's answer: parts of JSON, within bounds, validated and made values again."""

import asyncio
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import Field, TypeAdapter

from planet_mcp.errors import ParserDiedError
from planet_mcp.garbage import uncollected
from planet_mcp.models import (
    Article,
    FeedLinks,
    PageRedirect,
    ParsedEntry,
    ParsedFeed,
    Picture,
    Subscription,
    SubscriptionList,
    Vectors,
)
from planet_mcp.sandbox.limits import END, LAST

# How many bytes a part counts besides its own, since each costs the parent time.
_PART_COST = 100
# Answers of so many bytes are of thousands of entries.
_MANY_BYTES = 2_000_000


_Name = TypeVar("_Name")
_Of = TypeVar("_Of")
_Item = TypeVar("_Item")


@dataclass(frozen=True)
class _Made(Generic[_Name, _Of]):
    """What a child made of a document, behind the name of its type."""

    type: _Name
    value: _Of


@dataclass(frozen=True)
class Failure:
    """What went wrong, for readers; and in a library's own words, for the log."""

    error: str
    message: str
    detail: str


_Answer = (
    Annotated[
        _Made[Literal["ParsedFeed"], ParsedFeed]
        | _Made[Literal["FeedLinks"], FeedLinks]
        | _Made[Literal["SubscriptionList"], SubscriptionList]
        | _Made[Literal["Article"], Article]
        | _Made[Literal["PageRedirect"], PageRedirect]
        | _Made[Literal["Vectors"], Vectors]
        | _Made[Literal["Picture"], Picture],
        Field(discriminator="type"),
    ]
    | Failure
)
Value = ParsedFeed | FeedLinks | SubscriptionList | Article | PageRedirect | Vectors | Picture
_ANSWERS: dict[str, tuple[type, ...]] = {
    "feed": (ParsedFeed,),
    "discover": (ParsedFeed, FeedLinks, SubscriptionList, PageRedirect),
    "article": (Article, PageRedirect),
    "encode": (Vectors,),
    "picture": (Picture,),
}


async def read_answer(stream: asyncio.StreamReader, *, limit: int) -> tuple[list[bytes], bool]:
    """Return the parts of an answer, and whether the child wants to be replaced after it.

    Raises:
        ParserDiedError: The parts weigh more than `limit` bytes.
        IncompleteReadError: The child ended before its answer did.
    """
    parts: list[bytes] = []
    size = 0
    while (length := await number_from(stream)) not in (END, LAST):
        size += length + _PART_COST
        if size > limit:
            raise ParserDiedError("The document is too large once it is parsed.")
        parts.append(await stream.readexactly(length))
    return parts, length == LAST


async def number_from(stream: asyncio.StreamReader) -> int:
    """Read a 32-bit number."""
    (number,) = struct.unpack(">I", await stream.readexactly(4))
    return int(number)


@cache
def _adapter() -> TypeAdapter[Any]:
    return TypeAdapter(_Answer)


@cache
def _entries() -> TypeAdapter[tuple[ParsedEntry, ...]]:
    return TypeAdapter(tuple[ParsedEntry, ...])


@cache
def _subscriptions() -> TypeAdapter[tuple[Subscription, ...]]:
    return TypeAdapter(tuple[Subscription, ...])


def validated(parts: Sequence[bytes], task: str) -> Value | Failure:
    """Make values of an answer, part by part, so that none holds the event loop up for long.

    Raises:
        ValidationError: It is no answer of ours.
        ParserDiedError: It is one to another task.
    """
    if sum(map(len, parts)) < _MANY_BYTES:
        return _validated(parts, task)
    with uncollected():
        return _validated(parts, task)


def _validated(parts: Sequence[bytes], task: str) -> Value | Failure:
    answer: Any = _adapter().validate_json(parts[0] if parts else b"")
    if isinstance(answer, Failure):
        return answer
    value: Value = answer.value
    if not isinstance(value, _ANSWERS[task]):
        raise ParserDiedError("The parser answered something else than it was asked.")
    if isinstance(value, ParsedFeed):
        return replace(value, entries=_joined(_entries(), parts[1:]))
    if isinstance(value, SubscriptionList):
        return replace(value, subscriptions=_joined(_subscriptions(), parts[1:]))
    return value


def _joined(adapter: TypeAdapter[tuple[_Item, ...]], parts: Sequence[bytes]) -> tuple[_Item, ...]:
    return tuple(item for part in parts for item in adapter.validate_json(part))
