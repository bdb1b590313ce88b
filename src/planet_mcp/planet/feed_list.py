"""A list of the feeds that are followed, page by page."""

from dataclasses import replace

from planet_mcp.feeds import warning_of
from planet_mcp.models import Feed
from planet_mcp.planet import cursors, fitting
from planet_mcp.planet.answers import Answer, FeedRow, FeedsResult
from planet_mcp.planet.markdown import feeds_text
from planet_mcp.planet.reading import Budget, Reading
from planet_mcp.requests import DEFAULT_FEEDS, FeedQuery, selection
from planet_mcp.times import stamp


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

    def build(count: int) -> Answer[FeedsResult]:
        feeds = page.feeds[:count]
        after = replace(position, shown=position.shown | {feed.id for feed in feeds})
        left = len(page.feeds) > count
        result = FeedsResult(
            feeds=[_row(feed) for feed in feeds],
            total=page.total,
            next_cursor=cursors.encode(after, selection(query)) if left else None,
            notice=reading.notice,
        )
        more = reading.more("list_feeds", query, result.next_cursor)
        return Answer(result, feeds_text(result, status=query.status, more=more))

    upto = min(len(page.feeds), budget.items)
    return fitting.largest(build, upto=upto, budget=budget.chars)[0]


def _row(feed: Feed) -> FeedRow:
    return FeedRow(
        feed_id=feed.id,
        title=feed.title,
        feed_url=feed.url,
        site_url=feed.site_url,
        group=feed.group,
        entries=feed.entries,
        newest_entry=stamp(feed.newest_entry) if feed.newest_entry else None,
        status=feed.status,
        problem=feed.problem,
        warning=warning_of(feed) if not feed.problem else None,
        checked_at=stamp(feed.checked_at) if feed.checked_at else None,
        next_check_at=stamp(feed.next_check_at),
    )
