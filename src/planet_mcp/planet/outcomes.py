"""What came of changes to the planet, and how it is doing, as results (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass

from planet_mcp import __version__
from planet_mcp.feeds import (
    Added,
    AddOutcome,
    Counts,
    Failed,
    Queued,
    Unchanged,
    Updated,
    UpdateResult,
    stands_still,
    warning_of,
)
from planet_mcp.models import Feed
from planet_mcp.planet.answers import (
    ABOUT,
    AddedFeed,
    FeedCandidate,
    FeedProblem,
    ListedFeed,
    RefreshResult,
    RemovedFeed,
    RemoveResult,
    StatusResult,
)
from planet_mcp.planet.markdown import counted
from planet_mcp.store import Summary
from planet_mcp.times import stamp
from planet_mcp.urls import MAX_URL, without_user_info

MAX_PROBLEMS = 20
MAX_NOT_TAKEN = 50


@dataclass(frozen=True, slots=True)
class Meaning:
    """How many entries have vectors, and what model makes them, or why there is none."""

    encoded: int
    model: str


def added_feed(item: Added, *, most_named: int = MAX_NOT_TAKEN) -> AddedFeed:
    """Return what became of one URL or list, with so many names of what was not taken."""
    if item.counts:
        return _added_list(item.url, item.outcome, item.counts, most_named)
    feed = item.feed
    return AddedFeed(
        url=without_user_info(item.url[:MAX_URL]),
        outcome=item.outcome,
        feed_id=feed.id if feed else None,
        title=feed.title if feed else None,
        feed_url=feed.url if feed else None,
        entries=feed.entries if feed else None,
        candidates=[FeedCandidate(url=c.url, title=c.title) for c in item.candidates] or None,
        problem=item.problem or (warning_of(feed) if feed and item.outcome == "added" else None),
    )


def _added_list(url: str, outcome: AddOutcome, counts: Counts, most_named: int) -> AddedFeed:
    named = [
        ListedFeed(name=each.name, url=each.url, reason=each.reason)
        for each in counts.not_taken[:most_named]
    ]
    unnamed = counts.failed - len(named)
    rest = [f"{unnamed} more were not taken, and are not named here"] if unnamed else []
    return AddedFeed(
        url=url,
        outcome=outcome,
        feeds_added=counts.added,
        feeds_already_subscribed=counts.already_subscribed,
        feeds_failed=counts.failed,
        not_taken=named or None,
        problem="; ".join([*counts.notes, *rest]) or None,
    )


def refresh_result(
    results: Sequence[UpdateResult], *, notice: str | None, most_problems: int, all_failing: str
) -> RefreshResult:
    """Return what a refresh of feeds brought, with so many of its problems.

    `all_failing` is the call that lists all feeds that have one.
    """
    failed = [item for item in results if isinstance(item, Failed)]
    queued = [item for item in results if isinstance(item, Queued)]
    problems = [*map(_failure, failed), *map(_waiting, queued)]
    if len(problems) > most_problems:
        more = f"{counted(len(problems) - most_problems, 'more problem')}: {all_failing}."
        notice = f"{notice} {more}" if notice else more
    return RefreshResult(
        about=ABOUT if problems else None,
        checked=len(results),
        ok=len(results) - len(failed) - len(queued),
        unchanged=sum(isinstance(item, Unchanged) for item in results),
        failed=len(failed),
        queued=len(queued),
        new_entries=sum(item.new_entries for item in results if isinstance(item, Updated)),
        problems=problems[:most_problems] or None,
        notice=notice,
    )


def removed_result(feeds: Sequence[Feed], *, deleted: bool) -> RemoveResult:
    """Return which feeds were removed, and whether their entries were deleted."""
    return RemoveResult(
        removed=[
            RemovedFeed(feed_id=feed.id, title=feed.title, feed_url=feed.url, entries=feed.entries)
            for feed in feeds
        ],
        entries="deleted" if deleted else "kept",
    )


def status_result(
    summary: Summary, feeds: Sequence[Feed], meaning: Meaning, *, database: str, running: bool
) -> StatusResult:
    """Return how a planet is doing; `running` says that a refresher checks its feeds."""
    return StatusResult(
        version=__version__,
        database=database,
        feeds=summary.feeds,
        never_checked=summary.never_checked,
        failing=summary.failing,
        standing_still=sum(map(stands_still, feeds)),
        entries=summary.entries,
        encoded=meaning.encoded,
        model=meaning.model,
        last_refresh_at=stamp(summary.last_refresh_at) if summary.last_refresh_at else None,
        refresher="running" if running else "stopped",
    )


def _failure(item: Failed) -> FeedProblem:
    feed = item.feed
    return FeedProblem(feed_id=feed.id, title=feed.title, outcome="failed", problem=item.problem)


def _waiting(item: Queued) -> FeedProblem:
    return FeedProblem(
        feed_id=item.feed.id,
        title=item.feed.title,
        outcome="queued",
        problem=item.reason,
    )
