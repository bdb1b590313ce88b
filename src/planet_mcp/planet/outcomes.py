"""What came of changes to the planet, as results (pure)."""

from collections.abc import Sequence

from planet_mcp.feeds import Added, Checked
from planet_mcp.planet.answers import AddedFeed, FeedCandidate, FeedProblem, RefreshResult
from planet_mcp.planet.markdown import counted

MAX_PROBLEMS = 20


def added_feed(item: Added) -> AddedFeed:
    """Return what became of one URL or list."""
    counts, feed = item.counts, item.feed
    problem = item.problem or (feed.warning if feed and item.outcome == "added" else None)
    if counts and counts.problems:
        problem = "; ".join(counts.problems[:MAX_PROBLEMS])
    return AddedFeed(
        url=item.url,
        outcome=item.outcome,
        feed_id=feed.id if feed else None,
        title=feed.title if feed else None,
        feed_url=feed.url if feed else None,
        entries=feed.entries if feed else None,
        candidates=[FeedCandidate(url=c.url, title=c.title) for c in item.candidates] or None,
        feeds_added=counts.added if counts else None,
        feeds_already_subscribed=counts.already_subscribed if counts else None,
        feeds_failed=counts.failed if counts else None,
        problem=problem,
    )


def refresh_result(
    checked: Sequence[Checked], *, notice: str | None, most_problems: int, all_failing: str
) -> RefreshResult:
    """Return what a check of feeds brought, with so many of its problems.

    `all_failing` is the call that lists all feeds that have one.
    """
    failed = [item for item in checked if item.problem]
    queued = [item for item in checked if item.queued]
    problems = [_problem(item) for item in (*failed, *queued)]
    if len(problems) > most_problems:
        more = f"{counted(len(problems) - most_problems, 'more problem')}: {all_failing}."
        notice = f"{notice} {more}" if notice else more
    return RefreshResult(
        checked=len(checked),
        ok=len(checked) - len(failed) - len(queued),
        unchanged=sum(item.unchanged for item in checked if not item.problem),
        failed=len(failed),
        queued=len(queued),
        new_entries=sum(item.new_entries for item in checked),
        problems=problems[:most_problems] or None,
        notice=notice,
    )


def _problem(item: Checked) -> FeedProblem:
    return FeedProblem(
        feed_id=item.feed.id,
        title=item.feed.title,
        outcome="queued" if item.queued else "failed",
        problem=item.problem or "waiting for its turn; its domain is asked one request at a time",
    )
