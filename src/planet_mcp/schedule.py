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
GONE_CONFIRMED_AFTER = timedelta(hours=20)
OFFLINE_INTERVAL = timedelta(minutes=10)
# The first five take a day and a half, the others a day each.
ERRORS_OF_TWO_WEEKS = 18
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
    """Return when to try a feed again that failed `errors` times in a row.

    After 1 h, 2 h, 4 h … to a day; after two weeks of that every three days, and never less.
    """
    doubled = min(HOUR * 2 ** min(errors - 1, 10), DAY)
    interval = doubled if errors <= ERRORS_OF_TWO_WEEKS else 3 * DAY
    return now + _spread(max(interval, wish or HOUR), jitter)


def after_gone(*, confirmed: bool, now: datetime, jitter: float) -> datetime:
    """Return when to look again at a feed whose server says that it is gone for good."""
    return now + (GONE_INTERVAL if confirmed else DAY) * (1 + _JITTER * jitter)


def is_gone(*, told_before: bool, checked_at: datetime | None, now: datetime) -> bool:
    """Say whether a feed is gone whose server says so now: it must have said so a day before."""
    return told_before and checked_at is not None and now - checked_at >= GONE_CONFIRMED_AFTER


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
