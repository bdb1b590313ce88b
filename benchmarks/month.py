"""A month of polling on a simulated clock: how polite, how current; no network.

`python -m benchmarks.month` lets made-up feeds post as the measured ones do, checks them when the
schedule says so, and counts requests, the delay from posting to stored, and broken rules.
"""

import random
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain, pairwise
from statistics import quantiles

from planet_mcp.feeds import schedule
from planet_mcp.feeds.schedule import (
    DAY,
    HOUR,
    MAX_INTERVAL,
    MIN_INTERVAL,
    NO_HINTS,
    UNCONDITIONAL_INTERVAL,
)
from planet_mcp.models import PollingHints

START = datetime(2026, 9, 7, tzinfo=UTC)
MEASURED_FROM = START + 56 * DAY
MEASURED_DAYS = 30
MEASURED_UNTIL = MEASURED_FROM + MEASURED_DAYS * DAY
# What is posted on the last day has to be found as well.
END = MEASURED_UNTIL + 9 * DAY
ACTIVE_FOR = 30 * DAY
# The share of checks that fail for a passing reason.
FAILING = 0.005
HOURLY_POLLING = 567 * 24

Moments = list[datetime]


@dataclass(frozen=True, slots=True)
class FakeFeed:
    """A feed and its server; `claims` are the dates that its entries, in order, give themselves."""

    posts: Moments
    claims: Moments
    wish: timedelta | None = None
    hints: PollingHints = NO_HINTS
    conditional: bool = True
    requests: int = 1
    errors: int = 0
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a feed; it may come again no sooner than after `asked`."""

    at: datetime
    next_at: datetime
    asked: timedelta
    errors: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What a month brought; delays are in hours."""

    requests: int
    active_delays: list[float]
    delays: list[float]
    violations: int


# ------------------------------------------------------------------------------- how people post
@dataclass(frozen=True, slots=True)
class Habit:
    """How a blog posts: so many days apart, more or less regularly, several at a time."""

    days: float
    regular: bool = False
    burst: int = 1
    weekends: bool = True


DAILY = Habit(1.2, regular=True, weekends=False)
# (feeds, habit): 18 or so of these post in a week, about four entries a day in all.
PLANET = (
    (1, DAILY),
    (1, Habit(1)),
    (2, Habit(3)),
    (4, Habit(7, regular=True)),
    (2, Habit(9)),
    (14, Habit(30)),
    (48, Habit(100)),
    (400, Habit(3_000)),
)
DEAD, GONE = 90, 5


def _exact(local: datetime, _chance: random.Random) -> datetime:
    return local


def _begun_before(local: datetime, chance: random.Random) -> datetime:
    return local - timedelta(minutes=chance.expovariate(1 / 30))


def _midnight(local: datetime, _chance: random.Random) -> datetime:
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


Claim = Callable[[datetime, random.Random], datetime]
CLAIMS: tuple[Claim, ...] = (_exact, _exact, _exact, _begun_before, _midnight)


def post(habit: Habit, chance: random.Random) -> Iterator[tuple[datetime, datetime]]:
    """Yield when entries appear and when they say they were published."""
    zone = timedelta(hours=chance.choice([-8, -7, -5, -5, 0, 1, 1, 2, 5.5, 8, 10]))
    hour, claim = chance.uniform(8, 22), chance.choice(CLAIMS)
    for day in _days(habit, chance):
        local = day.replace(hour=0, minute=0) + chance.gauss(hour, 2) * HOUR
        if habit.weekends or local.weekday() < 5:
            for _ in range(chance.randint(1, 2 * habit.burst - 1)):
                local += timedelta(minutes=chance.expovariate(1 / 10))
                yield local - zone, claim(local, chance) - zone


def _days(habit: Habit, chance: random.Random) -> Iterator[datetime]:
    day = START - 15 * habit.days * DAY * chance.uniform(0.8, 1.2)
    while day < END:
        gap = chance.gauss(1, 0.2) if habit.regular else chance.expovariate(1)
        day += max(gap, 0.01) * habit.days * DAY
        yield day


# ------------------------------------------------------------------------------- what servers ask
_MAX_AGES = [None] * 11 + [300, 600, 600, 600, 600, 3_600, 3_600, 14_400, 86_400]
_RETRY_AFTER = [0, 600, 7_200, 100_000]
_HINTS = [
    *[NO_HINTS] * 30,
    *[PollingHints(interval=3_600)] * 20,
    PollingHints(interval=86_400),
    PollingHints(interval=3_600, skip_hours=tuple(range(6))),
    PollingHints(skip_days=(5, 6)),
]


def fake_feed(habit: Habit, chance: random.Random) -> FakeFeed:
    """Make up a feed with this habit."""
    entries = sorted(post(habit, chance))
    age = chance.choice(_MAX_AGES)
    # Of 567 feeds 390 are http; half of them redirect, and half of those were adopted.
    redirected = chance.random() < 390 / 567 / 4
    return FakeFeed(
        posts=[moment for moment, _ in entries],
        claims=[claim for _, claim in entries],
        wish=None if age is None else timedelta(seconds=age),
        hints=chance.choice(_HINTS),
        # One server in twenty gives no validators.
        conditional=chance.random() < 0.95,
        requests=2 if redirected else 1,
    )


def planet(chance: random.Random) -> list[FakeFeed]:
    """Make up a planet like the measured one."""
    feeds = [fake_feed(habit, chance) for count, habit in PLANET for _ in range(count)]
    dead = FakeFeed([], [], errors=schedule.ERRORS_OF_TWO_WEEKS)
    return [*feeds, *[dead] * DEAD, *[replace(dead, gone=True)] * GONE]


Planet = Callable[[random.Random], list[FakeFeed]]


def alike(habit: Habit) -> Planet:
    """Return what makes up fifty feeds of one habit."""
    return lambda chance: [fake_feed(habit, chance) for _ in range(50)]


# ------------------------------------------------------------------------------------ the polling
def life(feed: FakeFeed, chance: random.Random) -> Iterator[Check]:
    """Yield the checks of one feed, as the refresher would do them."""
    at, errors = START + 3 * DAY * chance.random(), feed.errors
    while at < END:
        check = one_check(feed, at, errors, chance)
        yield check
        at, errors = check.next_at, check.errors


def one_check(feed: FakeFeed, at: datetime, errors: int, chance: random.Random) -> Check:
    """Check the feed once."""
    if feed.gone:
        next_at = schedule.after_gone(confirmed=True, now=at, jitter=chance.random())
        return Check(at, next_at, DAY, errors)
    if feed.errors or chance.random() < FAILING:
        return _failure(feed, at, errors + 1, chance)
    count = bisect_right(feed.posts, at)
    newest = feed.claims[max(count - 10, 0) : count]
    next_at = schedule.after_success(
        newest,
        now=at,
        wish=feed.wish,
        jitter=chance.random(),
        hints=feed.hints,
        conditional=feed.conditional,
    )
    least = MIN_INTERVAL if feed.conditional else UNCONDITIONAL_INTERVAL
    asked = _asked(feed.wish, feed)
    if newest and at - max(newest) < schedule.LIVELY:
        asked = min(asked, schedule.LONGEST_WISH_OF_LIVELY)
    return Check(at, next_at, max(asked, least), 0)


def _failure(feed: FakeFeed, at: datetime, errors: int, chance: random.Random) -> Check:
    wish = None if feed.errors else timedelta(seconds=chance.choice(_RETRY_AFTER))
    next_at = schedule.after_failure(
        errors=errors, now=at, wish=wish, jitter=chance.random(), hints=feed.hints
    )
    return Check(at, next_at, _asked(wish, feed), errors)


def _asked(wish: timedelta | None, feed: FakeFeed) -> timedelta:
    hint = timedelta(seconds=feed.hints.interval or 0)
    return min(max(wish or MIN_INTERVAL, hint, MIN_INTERVAL), MAX_INTERVAL)


# -------------------------------------------------------------------------------------- measuring
def measure(feeds: Iterable[FakeFeed], chance: random.Random) -> Measured:
    """Live through the time with these feeds, and measure its last month."""
    total = Measured(0, [], [], 0)
    for feed in feeds:
        checks = list(life(feed, chance))
        measured = sum(MEASURED_FROM <= check.at < MEASURED_UNTIL for check in checks)
        active, delays = delays_of(feed, [check.at for check in checks if not check.errors])
        total = Measured(
            total.requests + measured * feed.requests,
            total.active_delays + active,
            total.delays + delays,
            total.violations + violations_of(feed, checks),
        )
    return total


def delays_of(feed: FakeFeed, found: Sequence[datetime]) -> tuple[list[float], list[float]]:
    """Return the hours from posting to stored: while the feed was active, and always."""
    active, all_ = [], []
    for before, posted in pairwise(feed.posts):
        if MEASURED_FROM <= posted < MEASURED_UNTIL:
            delay = (found[bisect_left(found, posted)] - posted) / HOUR
            all_.append(delay)
            if posted - before < ACTIVE_FOR:
                active.append(delay)
    return active, all_


def violations_of(feed: FakeFeed, checks: Sequence[Check]) -> int:
    """Count the checks that came sooner than asked, or when the feed asks to be left alone."""
    hints = feed.hints
    return sum(
        check.next_at - check.at < check.asked
        or check.next_at.hour in hints.skip_hours
        or check.next_at.weekday() in hints.skip_days
        for check in checks
    )


def posting_in_a_week(feeds: Iterable[FakeFeed]) -> int:
    """Count the feeds that post in the first measured week."""
    until = MEASURED_FROM + 7 * DAY
    return sum(any(MEASURED_FROM <= post < until for post in feed.posts) for feed in feeds)


# -------------------------------------------------------------------------------------- the table
_HEAD = f"""\
Requests a day (aim <= 1,000; hourly polling of the planet: {HOURLY_POLLING:,}), and hours from
posting to stored: of entries whose feed had posted in the 30 days before (aim: p50 <= 2), of all.
Ranges are over the months simulated.

feeds         n  post in  entries  requests    active                      all           broken
                  a week    a day     a day       p50  (months)    p95     p50    p95     rules"""


def report(name: str, make: Planet, seeds: Iterable[int]) -> None:
    """Print what months with such feeds bring."""
    months, posting, count = [], [], 0
    for seed in seeds:
        chance = random.Random(seed)
        feeds = make(chance)
        months.append(measure(feeds, chance))
        posting.append(posting_in_a_week(feeds))
        count = len(feeds)
    broken = sum(month.violations for month in months)
    print(f"{name:8} {count:6} {_range(posting):>8} {_columns(months)} {broken:9}")


def _columns(months: Sequence[Measured]) -> str:
    active, all_ = _pooled(m.active_delays for m in months), _pooled(m.delays for m in months)
    entries = len(all_) / MEASURED_DAYS / len(months)
    requests = _range([month.requests / MEASURED_DAYS for month in months])
    medians = _range([quantiles(month.active_delays)[1] for month in months], digits=1)
    cuts, all_cuts = quantiles(active, n=20), quantiles(all_, n=20)
    return (
        f"{entries:8.1f} {requests:>9} {cuts[9]:9.1f}  ({medians}) {cuts[18]:8.1f} "
        f"{all_cuts[9]:7.1f} {all_cuts[18]:6.1f}"
    )


def _pooled(delays: Iterable[list[float]]) -> list[float]:
    return list(chain.from_iterable(delays))


def _range(figures: Sequence[float], *, digits: int = 0) -> str:
    return f"{min(figures):.{digits}f}-{max(figures):.{digits}f}"


def main() -> None:
    """Print the table."""
    print(_HEAD)
    report("planet", planet, range(8))
    report("weekly", alike(Habit(7, regular=True)), range(3))
    report("daily", alike(DAILY), range(3))
    report("bursts", alike(Habit(7, burst=5)), range(3))


if __name__ == "__main__":
    main()
