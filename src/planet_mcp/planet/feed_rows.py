"""Feeds as rows of a list: complete, or brief; a long list of brief ones leaves out more (pure)."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pydantic import TypeAdapter

from planet_mcp.feeds import warning_of
from planet_mcp.models import BriefFeed, Feed, FeedStatus
from planet_mcp.planet import fitting
from planet_mcp.planet.answers import FeedRow
from planet_mcp.planet.markdown import without_address
from planet_mcp.requests import FeedSort
from planet_mcp.times import day_of, stamp

_ROWS = TypeAdapter(list[FeedRow])
BRIEF_TITLE_CHARS, BRIEF_PROBLEM_CHARS, SHORTEST_TITLE_CHARS = 60, 70, 32


def full_row(feed: Feed) -> FeedRow:
    """Return all that is known of a feed."""
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


def brief_row(feed: BriefFeed) -> FeedRow:
    """Return how a feed is doing, without addresses and times of checks."""
    return FeedRow(
        feed_id=feed.id,
        title=fitting.cut(feed.title, BRIEF_TITLE_CHARS),
        newest_entry=day_of(feed.newest_entry) if feed.newest_entry else None,
        status=feed.status,
        problem=_brief_problem(feed) if feed.problem else None,
        entries=feed.entries,
        group=feed.group,
    )


def shortened(
    rows: Sequence[FeedRow], *, most: int, sort: FeedSort
) -> tuple[list[FeedRow], list[str]]:
    """Leave out of brief rows what says least until their JSON has at most so many characters.

    What a list is sorted by stays. The second value names what was left out; when all of that is
    not enough, the rows stay longer.
    """
    short = [*rows]
    left_out: dict[str, str] = {}
    for field, said, shorten in _steps(rows, sort):
        if len(_ROWS.dump_json(short, exclude_none=True).decode()) <= most:
            break
        shorter = [shorten(row) for row in short]
        if shorter != short:
            left_out[field] = said
        short = shorter
    return short, [*left_out.values()]


def _steps(
    rows: Sequence[FeedRow], sort: FeedSort
) -> Iterator[tuple[str, str, Callable[[FeedRow], FeedRow]]]:
    """Yield what can be left out, in this order: a field, how that is said, and how it is done."""
    usual = Counter(row.status for row in rows).most_common(1)[0][0] if rows else None
    well = {row.feed_id for row in rows if row.status is FeedStatus.OK}

    def without(field: str, said: str, of: Callable[[FeedRow], bool] = lambda _: True) -> Any:
        return field, said, lambda row: row.model_copy(update={field: None}) if of(row) else row

    yield without("status", f"status where it is {usual}", lambda row: row.status is usual)
    if sort != "entries":
        yield without("entries", "entries")
    yield without("group", "group")
    yield "title", f"what titles have after {SHORTEST_TITLE_CHARS} characters", _with_short_title
    if sort != "newest_entry":
        of_well = "newest_entry where status is ok"
        yield without("newest_entry", of_well, lambda row: row.feed_id in well)
        yield without("newest_entry", "newest_entry")


def _with_short_title(row: FeedRow) -> FeedRow:
    return row.model_copy(update={"title": fitting.cut(row.title, SHORTEST_TITLE_CHARS)})


def _brief_problem(feed: BriefFeed) -> str:
    """Return what is wrong with a feed, without the address of which the row does not speak."""
    return fitting.cut(without_address(feed.problem or "", feed.url), BRIEF_PROBLEM_CHARS)
