"""When to check a feed next: its own rhythm, the server's wishes, back-off (pure).

A feed that posts often is checked often, a silent one seldom. Servers' wishes and jitter only
ever lengthen an interval, so no publisher is asked more often than these rules say.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MIN_INTERVAL = timedelta(minutes=30)
MAX_INTERVAL = 7 * DAY
DORMANT_AFTER = 180 * DAY
GONE_INTERVAL = 30 * DAY
GONE_STATUS = 410
_JITTER = 0.1


def after_success(
    published: Sequence[datetime], *, now: datetime, wish: timedelta | None, jitter: float
) -> datetime:
    """Return when to check a feed again that answered.

    `published` are the dates of its newest entries in any order, `wish` what the server asked for
    (max-age), `jitter` a random number in [0, 1).
    """
    interval = max(rhythm(published, now=now), wish or MIN_INTERVAL)
    return now + _spread(interval, jitter)


def after_failure(*, errors: int, now: datetime, wish: timedelta | None, jitter: float) -> datetime:
    """Return when to try a feed again that failed `errors` times in a row: 1 h · 2ⁿ ≤ 24 h."""
    interval = min(HOUR * 2 ** min(errors - 1, 10), DAY)
    return now + _spread(max(interval, wish or HOUR), jitter)


def after_gone(*, now: datetime, jitter: float) -> datetime:
    """Return when to look again at a feed whose server says that it is gone for good."""
    return now + GONE_INTERVAL * (1 + _JITTER * jitter)


def _spread(interval: timedelta, jitter: float) -> timedelta:
    bounded = min(max(interval, MIN_INTERVAL), MAX_INTERVAL)
    return bounded * (1 + _JITTER * jitter)


def rhythm(published: Sequence[datetime], *, now: datetime) -> timedelta:
    """Return the interval that suits a feed's own rhythm, from one hour to three days."""
    if not published:
        return 3 * DAY
    age = now - max(published)
    if age < 7 * DAY:
        return min(max(_median_gap(published) / 2, HOUR), 6 * HOUR)
    if age < 30 * DAY:
        return 6 * HOUR
    return DAY if age < DORMANT_AFTER else 3 * DAY


def _median_gap(published: Sequence[datetime]) -> timedelta:
    ordered = sorted(published)
    gaps = sorted(later - earlier for earlier, later in pairwise(ordered))
    return gaps[len(gaps) // 2] if gaps else 6 * HOUR
