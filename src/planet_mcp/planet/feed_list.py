"""A list of the feeds that are followed, page by page."""

from dataclasses import replace
from heapq import nsmallest

from planet_mcp.feeds import warning_of
from planet_mcp.models import Feed, FeedStatus
from planet_mcp.planet import cursors, fitting
from planet_mcp.planet.answers import Answer, FeedRow, FeedsResult, GroupRow, ReaderRow
from planet_mcp.planet.fitting import Size
from planet_mcp.planet.markdown import feeds_text, listed_feed_line, without_address
from planet_mcp.planet.reading import Budget, Reading
from planet_mcp.requests import DEFAULT_FEEDS, FeedQuery, selection
from planet_mcp.times import day_of, stamp

MOST_GROUPS, MOST_READERS = 50, 20
BRIEF_TITLE_CHARS, BRIEF_PROBLEM_CHARS = 60, 70


def list_feeds(reading: Reading, query: FeedQuery) -> Answer[FeedsResult]:
    """List feeds, without those that earlier pages of the list showed.

    Raises:
        ArgumentError: The cursor is not usable.
    """
    position = reading.position(query)
    if query.group is not None:
        query = replace(query, group=reading.group(query.group))
    budget = Budget.of(query.limit, default=DEFAULT_FEEDS)
    page = reading.store.feeds.page(
        query, shown=position.shown, limit=budget.items + 1, now=reading.now
    )

    total = sum(page.counts[each] for each in FeedStatus if query.status in {"any", each})
    begins = not query.cursor and query.status == "any" and not query.query and not query.group
    groups, readers = (_groups(reading), _readers(reading)) if begins else ([], [])
    make_row = _row if query.detail == "full" else _brief_row
    rows = [make_row(feed) for feed in page.feeds[: budget.items]]
    lines = [listed_feed_line(row) for row in rows]

    def build(count: int) -> Answer[FeedsResult]:
        after = replace(position, shown=position.shown | {row.feed_id for row in rows[:count]})
        left = len(page.feeds) > count
        result = FeedsResult(
            counts=page.counts,
            groups=groups or None,
            readers=readers or None,
            feeds=rows[:count],
            total=total,
            next_cursor=cursors.encode(after, selection(query)) if left else None,
            notice=reading.notice,
        )
        more = reading.more("list_feeds", query, result.next_cursor)
        return Answer(result, feeds_text(result, lines[:count], status=query.status, more=more))

    items = [
        Size(len(line) + 1, row.json_chars() + 1) for line, row in zip(lines, rows, strict=True)
    ]
    return fitting.leading(build, items, budget=budget.chars)


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


def _brief_row(feed: Feed) -> FeedRow:
    return FeedRow(
        feed_id=feed.id,
        title=fitting.cut(feed.title, BRIEF_TITLE_CHARS),
        newest_entry=day_of(feed.newest_entry) if feed.newest_entry else None,
        status=feed.status,
        problem=_brief_problem(feed) if feed.problem else None,
        entries=feed.entries,
        group=feed.group,
    )


def _brief_problem(feed: Feed) -> str:
    """Return what is wrong with a feed, without the address of which the row does not speak."""
    return fitting.cut(without_address(feed.problem or "", feed.url), BRIEF_PROBLEM_CHARS)


def _row(feed: Feed) -> FeedRow:
    return FeedRow(
        feed_id=feed.id,
        title=feed.title,
        newest_entry=stamp(feed.newest_entry) if feed.newest_entry else None,
        status=feed.status,
        problem=feed.problem,
        entries=feed.entries,
        group=feed.group,
        feed_url=feed.url,
        site_url=feed.site_url,
        warning=warning_of(feed) if not feed.problem else None,
        checked_at=stamp(feed.checked_at) if feed.checked_at else None,
        next_check_at=stamp(feed.next_check_at),
    )
