"""What arrived since a named reader last caught up: each entry once, however often runs break.

A run is an answer with all its parts. The first run of a reader covers a period, as
`latest_entries` does; later ones have what was stored since. The reader moves on with the last
part, so a run that was not fetched to its end is repeated.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from planet_mcp.errors import ArgumentError
from planet_mcp.periods import parse_since
from planet_mcp.planet import watermarks
from planet_mcp.planet.answers import Answer, CatchUpResult, LatestResult
from planet_mcp.planet.cursors import Position
from planet_mcp.planet.latest import fill
from planet_mcp.planet.reading import Reading
from planet_mcp.planet.river_frame import Frame, GoesOn
from planet_mcp.requests import CatchUpRequest, LatestRequest
from planet_mcp.store import Start, Window, compile_query
from planet_mcp.times import stamp

FIRST_RUN = timedelta(days=7)
# A question of more words asks for more than any text needs to have.
MOST_NEEDED_WORDS = 3

# The times are of ten or eleven digits until the year 5138.
_START = re.compile(r"([0-9]{1,11})(?:\.([0-9]{1,18})\.([0-9]{1,18})\.([0-9]{1,11}))?")


@dataclass(frozen=True, slots=True)
class Scope:
    """Which entries a reader reads; by its name, the reader's places in several are kept apart."""

    name: str
    feeds: tuple[int, ...] | None
    topic: str | None


@dataclass(frozen=True, slots=True)
class Run:
    """One part of a run, which goes from its start to the entry `upto`."""

    answer: Answer[LatestResult]
    reader: str
    scope: str
    start: Start
    upto: int

    @property
    def is_end(self) -> bool:
        """Return whether nothing is left of the run."""
        return self.answer.result.next_cursor is None


@dataclass(frozen=True, slots=True)
class _Part:
    """What was asked for, where its run started and where the part begins."""

    request: CatchUpRequest
    scope: Scope
    start: Start
    position: Position
    goes_on: GoesOn


def catch_up(reading: Reading, request: CatchUpRequest) -> Run:
    """Show the next part of what a reader has not seen.

    Raises:
        ArgumentError: The feeds, the topic or the cursor are not usable.
    """
    part = _part(reading, request, scope_of(reading, request))
    window = _window(part)
    identity = reading.store.identity()
    since = stamp(part.start.caught_up_at or part.start.since)
    topic = f" about {request.topic.strip()}" if part.scope.topic else ""
    frame = Frame(
        reading,
        _as_latest(part, identity),
        part.position,
        identity,
        total=reading.store.river.total(window),
        window=window,
        goes_on=part.goes_on,
        title=f"for reader {request.reader}{topic} since {since}",
        make=partial(CatchUpResult, reader=request.reader, since=since),
    )
    return Run(fill(frame), request.reader, part.scope.name, part.start, part.position.snapshot)


def scope_of(reading: Reading, request: CatchUpRequest) -> Scope:
    """Return which entries a request is about.

    Raises:
        ArgumentError: A feed or the group is not known, or the topic has no words.
    """
    feeds, topic = reading.feeds(request), request.topic.strip()
    names = []
    if feeds and request.feed is not None:
        names.append(f"feed {', '.join(map(str, feeds))}")
    if request.group is not None:
        names.append(f"group {reading.group(request.group)}")
    if topic:
        names.append(f"topic {topic}")
    return Scope("; ".join(names), feeds, _expression(topic) if topic else None)


def restart_of(reading: Reading, request: CatchUpRequest) -> datetime:
    """Return the moment to which a reader is to be set back.

    Raises:
        ArgumentError: It is no date, time or age.
    """
    return parse_since(request.restart or "", now=reading.now, name="restart")


def _expression(topic: str) -> str:
    """Return the FTS5 expression for what is about a topic."""
    query = compile_query(topic)
    if query.strict is None:
        raise ArgumentError(f"topic={topic[:100]!r} has no letters or digits to look for.")
    is_long = len(query.words) > MOST_NEEDED_WORDS
    wanted = query.relaxed if is_long and query.relaxed else query.strict
    return f"({wanted}) NOT ({query.exclude})" if query.exclude else wanted


def _part(reading: Reading, request: CatchUpRequest, scope: Scope) -> _Part:
    if not request.cursor:
        start = _start(reading, request.reader, scope.name)
        goes_on = GoesOn("catch_up", request, _write_start(start))
        position = Position(now=reading.now, snapshot=reading.store.entries.newest_id())
        return _Part(request, scope, start, position, goes_on)
    started, _, cursor = request.cursor.strip().partition("-")
    goes_on = GoesOn("catch_up", request, started)
    return _Part(request, scope, _read_start(started), goes_on.position(cursor), goes_on)


def _start(reading: Reading, reader: str, scope: str) -> Start:
    """Return where a run starts; who has read everything has read what a scope is of."""
    readers = reading.store.readers
    own = readers.start(reader, scope)
    if own and own.after is None:
        return own
    of_all = readers.start(reader, "") if scope else None
    known = [each for each in (own, of_all) if each and each.after is not None]
    if not known:
        return Start(reading.now.replace(microsecond=0) - FIRST_RUN)
    return max(known, key=lambda each: each.after or 0)


def _write_start(start: Start) -> str:
    since = int(start.since.timestamp())
    if start.after is None:
        return str(since)
    caught_up = int(start.caught_up_at.timestamp()) if start.caught_up_at else since
    return f"{since}.{start.upto or 0}.{start.after}.{caught_up}"


def _read_start(text: str) -> Start:
    match = _START.fullmatch(text)
    if match is None:
        raise ArgumentError(
            "The cursor is damaged. Leave it out to start again, or copy next_cursor exactly."
        )
    since = datetime.fromtimestamp(int(match[1]), UTC)
    if match[2] is None:
        return Start(since)
    caught_up_at = datetime.fromtimestamp(int(match[4]), UTC)
    return Start(since, int(match[2]), int(match[3]), caught_up_at)


def _window(part: _Part) -> Window:
    window = Window(
        snapshot=part.position.snapshot,
        feeds=part.scope.feeds,
        topic=part.scope.topic,
        shown=part.position.last,
        round=part.position.round,
    )
    start = part.start
    if start.after is None:
        return replace(window, since=start.since)
    return replace(window, after=start.after, began=(start.since, start.upto or 0))


def _as_latest(part: _Part, identity: str) -> LatestRequest:
    """Return what shows the same entries, but for those of other topics."""
    request, start = part.request, part.start
    feeds = part.scope.feeds if request.feed is not None else None
    latest = LatestRequest(
        feed=[*feeds] if feeds else None,
        group=request.group,
        detail=request.detail,
        max_chars=request.max_chars,
    )
    if start.after is None:
        return replace(latest, since=f"{start.since:%Y-%m-%dT%H:%M:%SZ}")
    watermark = watermarks.encode(start.after, identity=identity, scope=None)
    return replace(latest, watermark=watermark)
