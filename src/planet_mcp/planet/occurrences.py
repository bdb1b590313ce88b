"""What happened since a cursor: entries that arrived, feeds that changed.

A cursor is a watermark: what was stored up to there was returned before. It also advances over what
is not asked for, and `truncated` says that something after it is gone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from planet_mcp.errors import ArgumentError
from planet_mcp.planet import watermarks
from planet_mcp.planet.reading import Reading
from planet_mcp.requests import ArrivalsRequest, FeedChangesRequest
from planet_mcp.store import FeedChange, Filters, RiverEntry, Window, compile_query
from planet_mcp.times import stamp

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class OccurrenceQuery(Generic[R]):
    """What is asked for, from which cursor on, and at most how much of it.

    Without a cursor it is what happens from now on. What is older than `max_age` is left out.
    """

    request: R
    cursor: str | None
    limit: int
    max_age: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One thing that happened; `id` is the same whenever and however it is returned."""

    id: str
    at: datetime
    cursor: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Occurrences:
    """What happened after `start` and up to `cursor`; `more` says that there is more after it."""

    occurrences: Sequence[Occurrence]
    start: str
    cursor: str
    truncated: bool
    more: bool


@dataclass(frozen=True, slots=True)
class _Sequence:
    """What is numbered in the order of storing; up to `lost` it may be gone.

    `before` returns the last number after one at which something happened before a moment.
    """

    identity: str
    newest: int
    lost: int
    before: Callable[[int, int], int]

    def cursor(self, number: int) -> str:
        return watermarks.encode(number, identity=self.identity, scope=None)


def arrivals(reading: Reading, asked: OccurrenceQuery[ArrivalsRequest]) -> Occurrences:
    """Return which stories arrived.

    Raises:
        ArgumentError: The feeds or the words are not usable, or the cursor is none.
    """
    store, request = reading.store, asked.request
    sequence = _Sequence(
        store.identity(),
        store.entries.newest_id(),
        store.changes.news_lost_upto(),
        lambda after, moment: store.changes.entry_seen_before(moment, after=after),
    )
    window = Window(sequence.newest, feeds=reading.feeds(request), topic=_expression(request))

    def read(after: int, limit: int) -> list[tuple[int, Occurrence]]:
        found = store.river.slice(
            Window(window.snapshot, feeds=window.feeds, topic=window.topic, after=after),
            limit=limit,
        )
        return [(entry.first_id, _arrival(entry, sequence)) for entry in found]

    return _occurrences(reading, asked, sequence, read)


def feed_changes(reading: Reading, asked: OccurrenceQuery[FeedChangesRequest]) -> Occurrences:
    """Return how the followed feeds changed.

    Raises:
        ArgumentError: The cursor is none.
    """
    changes = reading.store.changes
    sequence = _Sequence(
        reading.store.identity(),
        changes.newest_id(),
        changes.lost_upto(),
        lambda after, moment: changes.change_before(moment, after=after),
    )

    def read(after: int, limit: int) -> list[tuple[int, Occurrence]]:
        found = changes.of_feeds(after=after, limit=limit)
        return [(change.id, _change(change, sequence)) for change in found]

    return _occurrences(reading, asked, sequence, read)


def _occurrences(
    reading: Reading,
    asked: OccurrenceQuery[R],
    sequence: _Sequence,
    read: Callable[[int, int], list[tuple[int, Occurrence]]],
) -> Occurrences:
    after, truncated = _start(reading, asked, sequence)
    # Nothing is read if nothing is new, as at most polls.
    found = read(after, asked.limit + 1) if after < sequence.newest else []
    returned, more = found[: asked.limit], len(found) > asked.limit
    reached = returned[-1][0] if more else sequence.newest
    return Occurrences(
        [each for _, each in returned],
        start=sequence.cursor(after),
        cursor=sequence.cursor(reached),
        truncated=truncated,
        more=more,
    )


def _start(reading: Reading, asked: OccurrenceQuery[R], sequence: _Sequence) -> tuple[int, bool]:
    """Return after which number to read, and whether something before that was missed."""
    if asked.cursor is None:
        return sequence.newest, False
    named = watermarks.read(asked.cursor)
    if named is None or named[2]:
        raise ArgumentError(
            f"{asked.cursor[:100]!r} is not a cursor of events. Pass the cursor of the last answer "
            "exactly, or null to begin now."
        )
    identity, after, _ = named
    if identity == sequence.identity:
        reading.store.refuse_stale(sequence.newest, known=after)
    if identity != sequence.identity or after > sequence.newest:
        return sequence.newest, True  # of a database that is gone
    old = 0
    if asked.max_age is not None:
        old = sequence.before(after, int((reading.now - asked.max_age).timestamp()))
    return max(after, old), after < max(sequence.lost, old)


def _expression(request: ArrivalsRequest) -> str | None:
    """Return the FTS5 expression for what is asked for; None for all.

    Raises:
        ArgumentError: It has no letters or digits to look for.
    """
    query = compile_query(request.query)
    filters = Filters(snapshot=0, author=request.author, tag=request.tag)
    wanted = filters.expression(query.strict)
    is_without_words = query.strict is None and not query.empty
    if is_without_words or (query.exclude and not wanted):
        raise ArgumentError(f"query={request.query[:100]!r} has no words that are to be there.")
    return f"({wanted}) NOT ({query.exclude})" if query.exclude else wanted or None


def _arrival(entry: RiverEntry, sequence: _Sequence) -> Occurrence:
    cursor = sequence.cursor(entry.first_id)
    seen = "published" if entry.published else "first_seen"
    data = {
        "entry_id": entry.id,
        "title": entry.title,
        "feed": entry.feed,
        **({"url": entry.url} if entry.url else {}),
        seen: stamp(entry.published or entry.first_seen_at),
    }
    return Occurrence(cursor, entry.first_seen_at, cursor, data)


def _change(change: FeedChange, sequence: _Sequence) -> Occurrence:
    cursor = sequence.cursor(change.id)
    data = {"feed_id": change.feed_id, "feed": change.feed, "url": change.url}
    # The id has `-feed-`, so that no entry has the same: clients know an occurrence by its id.
    number = f"{sequence.identity}-feed-{change.id}"
    return Occurrence(number, change.at, cursor, {**data, "change": change.change})
