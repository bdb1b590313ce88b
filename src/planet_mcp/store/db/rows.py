"""Between SQLite's integers and Python's times, lists kept in one column, and lists in parts."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TypeVar, overload

T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@overload
def to_seconds(moment: datetime) -> int: ...
@overload
def to_seconds(moment: datetime | None) -> int | None: ...
def to_seconds(moment: datetime | None) -> int | None:
    """Return a moment as whole seconds since 1970, as the tables keep it."""
    return None if moment is None else int(moment.timestamp())


def to_time(seconds: int) -> datetime:
    """Return the moment that the tables keep as seconds."""
    # Not `fromtimestamp`, which some systems refuse for claims from before 1970.
    return _EPOCH + timedelta(seconds=seconds)


def to_optional_time(seconds: int | None) -> datetime | None:
    """Return the moment that the tables keep as seconds, or None."""
    return None if seconds is None else to_time(seconds)


def join_names(names: tuple[str, ...]) -> str:
    """Put several one-line names into one column."""
    return "\n".join(names)


def split_names(column: str) -> tuple[str, ...]:
    """Read several names back from one column."""
    return tuple(column.split("\n")) if column else ()


def placeholders(count: int) -> str:
    """Return `?, ?, …` for an IN clause of that many values."""
    return ", ".join("?" * count)


def in_parts(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield so many values at once, in their order."""
    left = iter(values)
    while part := [*islice(left, size)]:
        yield part
