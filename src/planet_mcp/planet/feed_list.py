"""A list of the feeds that are followed, page by page."""

from collections.abc import Sequence
from dataclasses import replace
from heapq import nsmallest

from planet_mcp.models import FeedStatus
from planet_mcp.planet import cursors, fitting
from planet_mcp.planet.answers import Answer, FeedRow, FeedsResult, GroupRow, ReaderRow
from planet_mcp.planet.cursors import Position
from planet_mcp.planet.feed_rows import brief_row, full_row, shortened
from planet_mcp.planet.fitting import Size
from planet_mcp.planet.lookup import Directory
from planet_mcp.planet.markdown import feeds_text, listed_feed_line
from planet_mcp.planet.reading import Budget, Reading
from planet_mcp.requests import DEFAULT_FEEDS, FeedQuery, selection
from planet_mcp.store import BRIEF, WHOLE
from planet_mcp.times import stamp

MOST_GROUPS, MOST_READERS = 50, 20
# A brief list of up to thirty feeds has MIN_BRIEF_CHARS as JSON, of two hundred MAX_BRIEF_CHARS.
MIN_BRIEF_CHARS, ROW_CHARS, MAX_BRIEF_CHARS = 3_000, 100, 16_000
LEFT_OUT_CHARS = 250


def list_feeds(reading: Reading, query: FeedQuery) -> Answer[FeedsResult]:
    """List feeds, without those that earlier pages of the list showed.

    Raises:
        ArgumentError: The cursor is not usable.
    """
    position = reading.position(query)
    if query.group is not None:
        query = replace(query, group=reading.group(query.group))
    budget = Budget.of(query.limit, default=DEFAULT_FEEDS)
    directory = Directory(reading.store.feeds.names(followed=True)) if query.query.strip() else None
    named = [feed.id for feed in directory.fitting(query.query)] if directory else None
    found, counts = _rows(reading, query, position, named=named, most=budget.items + 1)
    if directory and not sum(counts.values()):
        reading = replace(reading, notice=reading.with_notice(directory.near(query.query)))
    head = _head(reading, query, counts)
    rows = found[: budget.items]
    lines = [listed_feed_line(row) for row in rows]

    def build(count: int) -> Answer[FeedsResult]:
        after = replace(position, shown=position.shown | {row.feed_id for row in rows[:count]})
        cursor = cursors.encode(after, selection(query)) if len(found) > count else None
        result = head.model_copy(update={"feeds": rows[:count], "next_cursor": cursor})
        more = reading.more("list_feeds", query, cursor)
        text = feeds_text(result, lines[:count], status=query.status, more=more)
        return Answer(result if query.detail == "full" else _brief(reading, query, result), text)

    def sizes() -> list[Size]:
        both = zip(lines, rows, strict=True)
        return [Size(len(line) + 1, row.json_chars() + 1) for line, row in both]

    return fitting.leading(build, sizes, upto=len(rows), budget=budget.chars)


def _head(reading: Reading, query: FeedQuery, counts: dict[FeedStatus, int]) -> FeedsResult:
    """Return a result without its feeds; the beginning of the whole list has groups and readers."""
    begins = not query.cursor and query.status == "any" and not query.query and not query.group
    groups, readers = (_groups(reading), _readers(reading)) if begins else ([], [])
    return FeedsResult(
        counts=counts,
        groups=groups or None,
        readers=readers or None,
        feeds=[],
        total=sum(counts[each] for each in FeedStatus if query.status in {"any", each}),
        notice=reading.notice,
    )


def _rows(
    reading: Reading,
    query: FeedQuery,
    position: Position,
    *,
    named: Sequence[int] | None,
    most: int,
) -> tuple[list[FeedRow], dict[FeedStatus, int]]:
    """Return the first rows that are left of a list, and how many feeds of each status it has."""
    page, shown, now = reading.store.feeds.page, position.shown, reading.now
    if query.detail == "full":
        full = page(WHOLE, query, named, shown=shown, limit=most, now=now)
        return [full_row(feed) for feed in full.feeds], full.counts
    brief = page(BRIEF, query, named, shown=shown, limit=most, now=now)
    return [brief_row(feed) for feed in brief.feeds], brief.counts


def _brief(reading: Reading, query: FeedQuery, result: FeedsResult) -> FeedsResult:
    """Return a result without what its text has space for; its fields' names are long."""
    head = result.model_copy(update={"feeds": []}).json_chars() + LEFT_OUT_CHARS
    most = min(max(MIN_BRIEF_CHARS, ROW_CHARS * len(result.feeds)), MAX_BRIEF_CHARS)
    rows, missing = shortened(result.feeds, most=most - head, sort=query.sort)
    if not missing:
        return result
    call = reading.language.call("list_feeds", {**selection(query), "detail": "full"})
    left_out = f"{', '.join(missing)}; {call} has all."
    return result.model_copy(update={"feeds": rows, "left_out": left_out})


def _groups(reading: Reading) -> list[GroupRow]:
    groups = reading.store.feeds.groups()
    biggest = nsmallest(MOST_GROUPS, groups, key=lambda name: (-groups[name], name.casefold()))
    return [GroupRow(group=name, feeds=groups[name]) for name in biggest if groups[name]]


def _readers(reading: Reading) -> list[ReaderRow]:
    return [
        ReaderRow(
            reader=each.name,
            of=each.scope or None,
            caught_up_at=stamp(each.start.caught_up_at) if each.start.caught_up_at else None,
        )
        for each in reading.store.readers.all(limit=MOST_READERS)
    ]
