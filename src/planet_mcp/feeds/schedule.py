"""When to check a feed next: its own rhythm, the server's wishes, back-off (pure).

A feed that posts often is checked often, a silent one seldom. Servers' wishes and jitter only
ever lengthen an interval, so no publisher is asked more often than these rules say.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from planet_mcp.models import DORMANT_AFTER, PollingHints

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MIN_INTERVAL = timedelta(minutes=30)
MAX_INTERVAL = 7 * DAY
# Static hosts say `max-age` of a week for all they have, and generators write `ttl` once for ever:
# that is no wish about a lively feed.
LIVELY = 30 * DAY
LONGEST_WISH_OF_LIVELY = 12 * HOUR
# When silence is no holiday any more: after ten times a feed's usual gap, and two weeks at least.
USUAL_GAPS, FEWEST_GAPS, SHORTEST_STANDSTILL = 10, 4, 14 * DAY
SUSPECT_AFTER = 10
LEAST_WHOLE_INTERVAL = 2 * DAY
UNCONDITIONAL_INTERVAL = DAY
# With six hours, half the entries came over three hours late (`python -m benchmarks.month`).
BUSY_INTERVAL = 2 * HOUR
NO_HINTS = PollingHints()
GONE_INTERVAL = 30 * DAY
GONE_STATUS = 410
GONE_CONFIRMED_AFTER = timedelta(hours=20)
OFFLINE_INTERVAL = timedelta(minutes=10)
# When a feed is tried again that the settings of the refreshing process forbid to ask.
REFUSED_INTERVAL = timedelta(hours=6)
# The first five failures take a day and a half, as waits grow, and the others a day each.
ERRORS_OF_TWO_WEEKS = 18
_JITTER = 0.1
# Within one hour, and a little less of it, so that no rounding reaches the next one.
_SPREAD_IN_HOUR = timedelta(minutes=59)


def after_success(
    published: Sequence[datetime],
    *,
    now: datetime,
    wish: timedelta | None,
    jitter: float,
    hints: PollingHints = NO_HINTS,
    conditional: bool = True,
) -> datetime:
    """Return when to check a feed again that answered.

    `published` are the dates of its newest entries in any order, `wish` what the server asked for
    (max-age), `hints` what the feed itself asks for, `jitter` a random number in [0, 1). Of a
    lively feed both count for half a day at most. Without validators a request is not
    `conditional` and costs the publisher the whole feed: once a day.
    """
    least = MIN_INTERVAL if conditional else UNCONDITIONAL_INTERVAL
    asked = max(wish or least, _interval_of(hints))
    if published and now - max(published) < LIVELY:
        asked = min(asked, LONGEST_WISH_OF_LIVELY)
    interval = max(rhythm(published, now=now), asked, least)
    return _at_earliest(interval, hints, now=now, jitter=jitter)


def is_to_be_sent_whole(
    published: Sequence[datetime], *, now: datetime, whole_at: datetime | None, not_modified: int
) -> bool:
    """Return whether a feed is to be asked without conditions, since 304 may be said for ever.

    `whole_at` is when its document came last, `not_modified` how many answers of 304 there were
    since it last differed.
    """
    interval = max(8 * rhythm(published, now=now), LEAST_WHOLE_INTERVAL)
    return not_modified == SUSPECT_AFTER or (whole_at is not None and now - whole_at >= interval)


def after_failure(
    *,
    errors: int,
    now: datetime,
    wish: timedelta | None,
    jitter: float,
    hints: PollingHints = NO_HINTS,
) -> datetime:
    """Return when to try a feed again that failed `errors` times in a row.

    After 1 h, 2 h, 4 h … to a day; after two weeks of that every three days, and never less.
    `wish` is what the server asked for (Retry-After), `hints` what the feed last asked for itself.
    """
    doubled = min(HOUR * 2 ** min(errors - 1, 10), DAY)
    interval = doubled if errors <= ERRORS_OF_TWO_WEEKS else 3 * DAY
    interval = max(interval, wish or HOUR, _interval_of(hints))
    return _at_earliest(interval, hints, now=now, jitter=jitter)


def after_gone(*, confirmed: bool, now: datetime, jitter: float) -> datetime:
    """Return when to look again at a feed whose server says that it is gone for good."""
    return now + (GONE_INTERVAL if confirmed else DAY) * (1 + _JITTER * jitter)


def is_gone(*, said_before: bool, checked_at: datetime | None, now: datetime) -> bool:
    """Return whether a feed is gone whose server says so now, and must have a day before too."""
    return said_before and checked_at is not None and now - checked_at >= GONE_CONFIRMED_AFTER


def _at_earliest(
    interval: timedelta, hints: PollingHints, *, now: datetime, jitter: float
) -> datetime:
    """Return when the interval is over and the feed does not ask to be left alone."""
    moment = now + _spread(interval, jitter)
    latest = now + _spread(MAX_INTERVAL, 1)
    return _unskipped(moment, hints, latest=latest, jitter=jitter)


def _interval_of(hints: PollingHints) -> timedelta:
    return timedelta(seconds=min(hints.interval or 0, MAX_INTERVAL.total_seconds()))


def _spread(interval: timedelta, jitter: float) -> timedelta:
    bounded = min(max(interval, MIN_INTERVAL), MAX_INTERVAL)
    return bounded * (1 + _JITTER * jitter)


def _unskipped(
    moment: datetime, hints: PollingHints, *, latest: datetime, jitter: float
) -> datetime:
    """Move on to the next hour that the feed does not skip, if there is one in time."""
    if not _is_skipped(moment, hints):
        return moment
    # Feeds that skip the night must not all come at the first second of the morning.
    later = moment.replace(minute=0, second=0, microsecond=0) + _SPREAD_IN_HOUR * jitter
    while later <= latest - HOUR:
        later += HOUR
        if not _is_skipped(later, hints):
            return later
    return moment


def _is_skipped(moment: datetime, hints: PollingHints) -> bool:
    return moment.hour in hints.skip_hours or moment.weekday() in hints.skip_days


def rhythm(published: Sequence[datetime], *, now: datetime) -> timedelta:
    """Return the interval that suits a feed's own rhythm, from one hour to three days.

    Half the median gap between its entries, one to two hours, until it is silent for a week.
    """
    if not published:
        return 3 * DAY
    age = now - max(published)
    if age < 7 * DAY:
        return min(max(_median_gap(published) / 2, HOUR), BUSY_INTERVAL)
    if age < 30 * DAY:
        return 6 * HOUR
    return DAY if age < DORMANT_AFTER else 3 * DAY


def overdue_at(published: Sequence[datetime]) -> datetime | None:
    """Return from when on a feed is silent for much longer than it is used to be.

    None for one whose rhythm is not known, or so slow that it is rather called dormant.
    """
    gaps = _gaps(published)
    if len(gaps) < FEWEST_GAPS:
        return None
    silence = max(USUAL_GAPS * _median_gap(published), SHORTEST_STANDSTILL)
    return max(published) + silence if silence < DORMANT_AFTER else None


def _median_gap(published: Sequence[datetime]) -> timedelta:
    gaps = _gaps(published)
    return gaps[len(gaps) // 2] if gaps else 2 * BUSY_INTERVAL


def _gaps(published: Sequence[datetime]) -> list[timedelta]:
    # Many feeds give only the day: what came at the same moment says nothing about the rhythm.
    return sorted(later - earlier for earlier, later in pairwise(sorted(set(published))))
