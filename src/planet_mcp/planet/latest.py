"""What is new, as the planet shows it: by day and feed, fitted to a number of characters.

The river is all stories by their times, or in the order of their storing after a watermark. A
request asks for a window of it. When there is not space for all titles of a period, the newest of
each feed comes first, then the second of each, and so on, so that no feed hides the others; the
rest is counted by feed. After a watermark the first stored are shown first, since the next
watermark is the last that was shown.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from planet_mcp.periods import parse_since
from planet_mcp.planet import watermarks
from planet_mcp.planet.answers import Answer, LatestResult
from planet_mcp.planet.cursors import Position
from planet_mcp.planet.elsewhere import newest_instead
from planet_mcp.planet.reading import Reading
from planet_mcp.planet.river_frame import Frame, GoesOn
from planet_mcp.planet.river_rows import Rows
from planet_mcp.requests import LatestRequest
from planet_mcp.store import RiverEntry, Window

# USUAL_LINE_CHARS are fewer than most lines have, so the rows read at first are rarely too few.
USUAL_LINE_CHARS = 200
# MIN_LINE_CHARS are fewer than any line has, so the rows read then are never too few.
MIN_LINE_CHARS = 50


def latest_entries(reading: Reading, request: LatestRequest) -> Answer[LatestResult]:
    """Show all titles of a window with what texts there is space for, or else the first titles.

    Raises:
        ArgumentError: The feed is not known, or the period, the watermark or the cursor is not
            usable.
    """
    if request.group is not None:
        request = replace(request, group=reading.group(request.group))
    feeds = reading.feeds(request)
    if feeds and request.feed is not None:
        request = replace(request, feed=feeds[0] if len(feeds) == 1 else [*feeds])
    if request.watermark is not None:
        # A watermark takes the place of `since`, so a cursor is not bound to what that said.
        request = replace(request, since=LatestRequest().since)
    position, identity = reading.position(request), reading.store.identity()
    _refuse_stale(reading, request, position, identity)
    window = _window(request, position, identity, feeds)
    total = reading.store.river.total(window)
    title = f"since {request.since}" if window.since else "stored since the watermark"
    if window.since and not total:
        reading = replace(
            reading, notice=reading.with_notice(newest_instead(reading, request, feeds))
        )
    goes_on = GoesOn("latest_entries", request)
    return fill(Frame(reading, request, position, identity, total, window, goes_on, title))


def fill(frame: Frame) -> Answer[LatestResult]:
    """Fill a frame with the entries of its window."""
    reading, window, river = frame.reading, frame.window, frame.reading.store.river
    rows = _rows(reading, window, frame)
    whole = rows.fitted(frame, _texts(reading, frame.request)) if rows.are_all else None
    return whole or rows.cut(frame, river.waiting(window))


def _refuse_stale(
    reading: Reading, request: LatestRequest, position: Position, identity: str
) -> None:
    """Refuse to go on from a watermark of this database that a replica has not reached."""
    named = watermarks.read(request.watermark or "")
    if named and named[0] == identity:
        reading.store.refuse_stale(position.snapshot, known=named[1])


def _window(
    request: LatestRequest, position: Position, identity: str, feeds: tuple[int, ...] | None
) -> Window:
    window = Window(
        snapshot=position.snapshot, feeds=feeds, shown=position.last, round=position.round
    )
    if request.watermark is None:
        return replace(window, since=parse_since(request.since, now=position.now))
    after = watermarks.decode(
        request.watermark,
        identity=identity,
        scope=watermarks.scope(feeds, request.group),
        newest=position.snapshot,
    )
    return replace(window, after=after)


def _rows(reading: Reading, window: Window, frame: Frame) -> Rows:
    """Read more rows than can be shown, or all of them."""
    budget = frame.request.max_chars
    for chars in (USUAL_LINE_CHARS, MIN_LINE_CHARS):
        limit = budget // chars + 1
        found = reading.store.river.slice(window, limit=limit)
        rows = Rows(found, are_all=len(found) < limit)
        if rows.are_all or max(rows.sizes[-1]) > budget:
            break
    return rows


def _texts(reading: Reading, request: LatestRequest) -> Callable[[Sequence[RiverEntry]], list[str]]:
    """Return what reads the texts of rows, in so much detail as was asked for."""

    def read(rows: Sequence[RiverEntry]) -> list[str]:
        if request.detail == "excerpts":
            return [row.excerpt for row in rows]
        if request.detail == "titles":
            return ["" for _ in rows]
        ids = [row.id for row in rows]
        found = reading.store.entries.beginnings(ids, chars=request.max_chars)
        return [found[row.id] for row in rows]

    return read
