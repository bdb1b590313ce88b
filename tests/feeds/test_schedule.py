"""When a feed is checked next: never too soon, never forgotten, whatever its server asks for."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planet_mcp.feeds.schedule import (
    BUSY_INTERVAL,
    DAY,
    ERRORS_OF_TWO_WEEKS,
    GONE_INTERVAL,
    HOUR,
    LIVELY,
    LONGEST_WISH_OF_LIVELY,
    MAX_INTERVAL,
    MIN_INTERVAL,
    NO_HINTS,
    after_failure,
    after_gone,
    after_success,
    is_gone,
    overdue_at,
    rhythm,
)
from planet_mcp.models import PollingHints

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

_PUBLISHED = st.lists(
    st.timedeltas(timedelta(days=-2), timedelta(days=4_000)).map(lambda age: NOW - age), max_size=20
)
_WISHES = st.none() | st.timedeltas(timedelta(0), timedelta(days=4_000))
_JITTERS = st.floats(0, 1, exclude_max=True)
_ERRORS = st.integers(1, 10_000)
_INTERVALS = st.none() | st.integers(0, 2_000_000) | st.just(10**18)
_SKIPPED_HOURS = st.lists(st.integers(0, 23), unique=True).map(tuple)
_SKIPPED_DAYS = st.lists(st.integers(0, 6), unique=True).map(tuple)
_HINTS = st.builds(
    PollingHints, interval=_INTERVALS, skip_hours=_SKIPPED_HOURS, skip_days=_SKIPPED_DAYS
)
_MOMENTS = st.timedeltas(timedelta(0), timedelta(days=8)).map(lambda later: NOW + later)


def every(
    gap: timedelta, *, count: int = 10, last: timedelta = timedelta(hours=1)
) -> list[datetime]:
    return [NOW - last - gap * number for number in range(count)]


# ---------------------------------------------------------------------------------------- bounds
@given(_PUBLISHED, _WISHES, _JITTERS)
def test_a_feed_is_never_checked_within_half_an_hour_nor_left_for_over_a_week(
    published: list[datetime], wish: timedelta | None, jitter: float
) -> None:
    interval = after_success(published, now=NOW, wish=wish, jitter=jitter) - NOW

    assert MIN_INTERVAL <= interval <= MAX_INTERVAL * 1.1


@given(_ERRORS, _WISHES, _JITTERS)
def test_a_failing_feed_is_never_tried_within_half_an_hour_nor_left_for_over_a_week(
    errors: int, wish: timedelta | None, jitter: float
) -> None:
    interval = after_failure(errors=errors, now=NOW, wish=wish, jitter=jitter) - NOW

    assert MIN_INTERVAL <= interval <= MAX_INTERVAL * 1.1


@given(_JITTERS)
def test_a_feed_that_is_gone_is_looked_for_once_a_month(jitter: float) -> None:
    first = after_gone(confirmed=False, now=NOW, jitter=jitter) - NOW
    then = after_gone(confirmed=True, now=NOW, jitter=jitter) - NOW

    assert DAY <= first <= DAY * 1.1
    assert GONE_INTERVAL <= then <= GONE_INTERVAL * 1.1


def test_a_feed_is_gone_when_its_server_says_so_on_two_days() -> None:
    assert not is_gone(said_before=False, checked_at=NOW - DAY, now=NOW)
    assert not is_gone(said_before=True, checked_at=NOW - HOUR, now=NOW)
    assert is_gone(said_before=True, checked_at=NOW - DAY, now=NOW)


def test_a_feed_that_fails_for_two_weeks_is_tried_every_three_days() -> None:
    total = timedelta(0)
    for errors in range(1, ERRORS_OF_TWO_WEEKS + 1):
        total += after_failure(errors=errors, now=NOW, wish=None, jitter=0) - NOW
    assert timedelta(days=14) <= total <= timedelta(days=15)
    for errors in (ERRORS_OF_TWO_WEEKS + 1, 500):
        assert after_failure(errors=errors, now=NOW, wish=None, jitter=0) - NOW == 3 * DAY


@given(_PUBLISHED, _WISHES, _JITTERS)
def test_jitter_lengthens_by_a_tenth_at_most(
    published: list[datetime], wish: timedelta | None, jitter: float
) -> None:
    bare = after_success(published, now=NOW, wish=wish, jitter=0) - NOW
    spread = after_success(published, now=NOW, wish=wish, jitter=jitter) - NOW

    assert bare <= spread <= bare * 1.1


@given(_PUBLISHED, _WISHES, _JITTERS)
def test_a_wish_only_lengthens(
    published: list[datetime], wish: timedelta | None, jitter: float
) -> None:
    wished = after_success(published, now=NOW, wish=wish, jitter=jitter)

    assert wished >= after_success(published, now=NOW, wish=None, jitter=jitter)
    assert wished - NOW >= min(wish or timedelta(0), 12 * HOUR)


@given(_ERRORS, _WISHES, _JITTERS)
def test_a_retry_after_only_lengthens(errors: int, wish: timedelta | None, jitter: float) -> None:
    wished = after_failure(errors=errors, now=NOW, wish=wish, jitter=jitter)

    assert wished >= after_failure(errors=errors, now=NOW, wish=None, jitter=jitter)
    assert wished - NOW >= min(wish or timedelta(0), MAX_INTERVAL)


@given(_PUBLISHED, _WISHES, _JITTERS)
def test_who_cannot_be_asked_conditionally_is_asked_once_a_day(
    published: list[datetime], wish: timedelta | None, jitter: float
) -> None:
    asked = after_success(published, now=NOW, wish=wish, jitter=jitter, conditional=False)

    assert asked - NOW >= DAY
    assert asked >= after_success(published, now=NOW, wish=wish, jitter=jitter)


# --------------------------------------------------------------------------------------- back-off
@pytest.mark.parametrize(
    ("errors", "hours"),
    [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 24), (7, 24), (12, 24), (18, 24)],
)
def test_the_back_off_doubles_up_to_a_day(errors: int, hours: int) -> None:
    assert after_failure(errors=errors, now=NOW, wish=None, jitter=0) == NOW + hours * HOUR


@given(st.integers(1, 30), _JITTERS)
def test_another_failure_never_shortens_the_wait(errors: int, jitter: float) -> None:
    first = after_failure(errors=errors, now=NOW, wish=None, jitter=jitter)

    assert after_failure(errors=errors + 1, now=NOW, wish=None, jitter=jitter) >= first


# ------------------------------------------------------------------------------------------ hints
def is_skipped(moment: datetime, hints: PollingHints) -> bool:
    return moment.hour in hints.skip_hours or moment.weekday() in hints.skip_days


def whole_hours(since: datetime, until: datetime) -> list[datetime]:
    """Return the beginnings of the hours that lie wholly between two moments."""
    hour = since.replace(minute=0, second=0, microsecond=0) + HOUR
    count = (until - hour) // HOUR
    return [hour + number * HOUR for number in range(count)]


@given(_PUBLISHED, _MOMENTS, _WISHES, _JITTERS, _HINTS)
def test_hints_only_lengthen_and_to_a_week_at_most(
    published: list[datetime],
    now: datetime,
    wish: timedelta | None,
    jitter: float,
    hints: PollingHints,
) -> None:
    hinted = after_success(published, now=now, wish=wish, jitter=jitter, hints=hints)

    assert hinted >= after_success(published, now=now, wish=wish, jitter=jitter)
    lively = bool(published) and now - max(published) < LIVELY
    most = LONGEST_WISH_OF_LIVELY if lively else MAX_INTERVAL
    assert hinted - now >= min(timedelta(seconds=min(hints.interval or 0, 10**9)), most)
    assert hinted - now <= MAX_INTERVAL * 1.1


@given(_ERRORS, _MOMENTS, _WISHES, _JITTERS, _HINTS)
def test_hints_only_lengthen_the_back_off_and_to_a_week_at_most(
    errors: int, now: datetime, wish: timedelta | None, jitter: float, hints: PollingHints
) -> None:
    hinted = after_failure(errors=errors, now=now, wish=wish, jitter=jitter, hints=hints)

    assert hinted >= after_failure(errors=errors, now=now, wish=wish, jitter=jitter)
    assert hinted - now <= MAX_INTERVAL * 1.1


@given(_PUBLISHED, _MOMENTS, _WISHES, _JITTERS, _HINTS)
def test_a_skipped_hour_is_used_only_when_no_other_is_left(
    published: list[datetime],
    now: datetime,
    wish: timedelta | None,
    jitter: float,
    hints: PollingHints,
) -> None:
    moment = after_success(published, now=now, wish=wish, jitter=jitter, hints=hints)

    if is_skipped(moment, hints):
        left = whole_hours(moment, now + MAX_INTERVAL * 1.1)
        assert all(is_skipped(hour, hints) for hour in left)
        bare = PollingHints(interval=hints.interval)
        assert moment == after_success(published, now=now, wish=wish, jitter=jitter, hints=bare)


@given(_MOMENTS, _JITTERS, _SKIPPED_HOURS, _SKIPPED_DAYS)
def test_the_next_hour_that_is_not_skipped_is_used(
    now: datetime, jitter: float, hours: tuple[int, ...], days: tuple[int, ...]
) -> None:
    hints = PollingHints(skip_hours=hours, skip_days=days)
    unhinted = after_success([], now=now, wish=None, jitter=jitter)
    moment = after_success([], now=now, wish=None, jitter=jitter, hints=hints)

    passed = whole_hours(unhinted, moment)
    assert all(is_skipped(hour, hints) for hour in passed)
    assert moment == unhinted or is_skipped(unhinted, hints)


NIGHT = tuple(range(12, 18))
SUNDAY = 6


@pytest.mark.parametrize(
    ("hints", "expected"),
    [
        (NO_HINTS, NOW + 2 * HOUR),
        (PollingHints(interval=60), NOW + 2 * HOUR),
        (PollingHints(interval=10_800), NOW + 3 * HOUR),
        (PollingHints(interval=10**18), NOW + 12 * HOUR),
        (PollingHints(skip_hours=NIGHT), NOW + 6 * HOUR),
        (PollingHints(interval=86_400, skip_hours=NIGHT), NOW + 12 * HOUR),
        (PollingHints(skip_days=(SUNDAY,)), NOW + 12 * HOUR),
        (PollingHints(skip_days=(SUNDAY,), skip_hours=(0, 1)), NOW + 14 * HOUR),
        (PollingHints(skip_hours=tuple(range(24))), NOW + 2 * HOUR),
        (PollingHints(skip_days=tuple(range(7))), NOW + 2 * HOUR),
        # The only hour of the week that is not skipped, the last one of Saturday, still counts.
        (PollingHints(skip_hours=tuple(range(23)), skip_days=(*range(5), 6)), NOW + 155 * HOUR),
    ],
)
def test_hints_in_numbers(hints: PollingHints, expected: datetime) -> None:
    assert NOW.weekday() == SUNDAY
    assert after_success(every(DAY), now=NOW, wish=None, jitter=0, hints=hints) == expected


@pytest.mark.parametrize(
    ("hints", "expected"),
    [
        (PollingHints(interval=10**18), NOW + 7 * DAY),
        (PollingHints(interval=86_400, skip_hours=NIGHT), NOW + 30 * HOUR),
        # Within a week and a tenth there is no Saturday evening left.
        (
            PollingHints(interval=604_800, skip_hours=tuple(range(23)), skip_days=(*range(5), 6)),
            NOW + 7 * DAY,
        ),
    ],
)
def test_a_silent_feed_is_asked_as_seldom_as_it_asks(
    hints: PollingHints, expected: datetime
) -> None:
    silent = every(DAY, last=31 * DAY)
    assert after_success(silent, now=NOW, wish=None, jitter=0, hints=hints) == expected


def test_feeds_that_skip_the_same_hours_do_not_come_at_the_same_moment_after_them() -> None:
    hints = PollingHints(skip_hours=NIGHT)
    moments = [
        after_success(every(DAY), now=NOW, wish=None, jitter=number / 100, hints=hints)
        for number in range(100)
    ]

    assert len(set(moments)) == 100
    assert {moment.hour for moment in moments} == {18}
    assert max(moments) - min(moments) > timedelta(minutes=55)


def test_what_takes_longest_counts() -> None:
    hints = PollingHints(interval=4 * 3_600)
    for wish, expected in ((3 * HOUR, 4 * HOUR), (5 * HOUR, 5 * HOUR), (9 * DAY, 12 * HOUR)):
        moment = after_success(every(DAY), now=NOW, wish=wish, jitter=0, hints=hints)
        assert moment == NOW + expected


def test_a_silent_feed_is_left_alone_for_as_long_as_its_server_asks_but_a_week() -> None:
    silent = every(DAY, last=LIVELY)
    assert after_success(silent, now=NOW, wish=9 * DAY, jitter=0) == NOW + MAX_INTERVAL


# ------------------------------------------------------------------------------- the life of a feed
@dataclass(frozen=True)
class Answered:
    """A check that went well and found so many new entries."""

    new: int
    wish: timedelta | None
    hints: PollingHints


@dataclass(frozen=True)
class Failed:
    wish: timedelta | None


@dataclass(frozen=True)
class SaidGone:
    pass


Step = Answered | Failed | SaidGone
_STEPS = st.one_of(
    st.builds(Answered, new=st.integers(0, 3), wish=_WISHES, hints=st.just(NO_HINTS) | _HINTS),
    st.builds(Failed, wish=_WISHES),
    st.builds(SaidGone),
)


class FakeFeed:
    """What the store knows of a feed, and how the refresher goes on with it."""

    def __init__(self) -> None:
        self.published: list[datetime] = []
        self.hints = NO_HINTS
        self.errors = 0
        self.told = False
        self.confirmed = False
        self.checked_at: datetime | None = None

    def take(self, step: Step, *, at: datetime) -> timedelta:
        """Note how a check went; returns how long the feed asks to be left alone."""
        if isinstance(step, SaidGone):
            self.confirmed = is_gone(said_before=self.told, checked_at=self.checked_at, now=at)
        self.told = isinstance(step, SaidGone)
        self.errors = 0 if isinstance(step, Answered) else self.errors + 1
        self.checked_at = at
        if isinstance(step, Answered):
            self.hints = step.hints
            self.published += [at - number * HOUR for number in range(step.new)]
        wish = None if isinstance(step, SaidGone) else step.wish
        hinted = timedelta(seconds=min(self.hints.interval or 0, 10**9))
        lively = self.published and at - max(self.published) < LIVELY
        most = LONGEST_WISH_OF_LIVELY if lively and isinstance(step, Answered) else MAX_INTERVAL
        # That a feed is gone overrules what it once asked for: a day, then a month.
        return DAY if self.told else min(max(wish or HOUR, hinted), most)

    def next_check(self, step: Step, *, at: datetime, jitter: float) -> datetime:
        match step:
            case SaidGone():
                return after_gone(confirmed=self.confirmed, now=at, jitter=jitter)
            case Failed(wish):
                return after_failure(
                    errors=self.errors, now=at, wish=wish, jitter=jitter, hints=self.hints
                )
            case Answered(wish=wish):
                return after_success(
                    self.published, now=at, wish=wish, jitter=jitter, hints=self.hints
                )


@given(st.lists(st.tuples(_STEPS, _JITTERS), max_size=30))
def test_whatever_happens_in_its_life_a_feed_is_neither_pestered_nor_forgotten(
    steps: list[tuple[Step, float]],
) -> None:
    feed, at = FakeFeed(), NOW
    for step, jitter in steps:
        asked = feed.take(step, at=at)
        next_at = feed.next_check(step, at=at, jitter=jitter)

        assert next_at - at >= max(asked, MIN_INTERVAL)
        assert next_at - at <= (GONE_INTERVAL if feed.told else MAX_INTERVAL) * 1.1
        if feed.told or not (feed.hints.skip_hours or feed.hints.skip_days):
            unspread = feed.next_check(step, at=at, jitter=0)
            assert next_at - at <= (unspread - at) * 1.1
        at = next_at


# ----------------------------------------------------------------------------------------- rhythm
@pytest.mark.parametrize(
    ("published", "expected"),
    [
        ([], 3 * DAY),
        (every(timedelta(minutes=5)), HOUR),
        (every(4 * HOUR), 2 * HOUR),
        (every(2 * HOUR), HOUR),
        (every(3 * HOUR), 1.5 * HOUR),
        (every(DAY), 2 * HOUR),
        (every(7 * DAY), 2 * HOUR),
        (every(HOUR, count=1), 2 * HOUR),
        (every(DAY, last=7 * DAY - SECOND), 2 * HOUR),
        (every(DAY, last=7 * DAY), 6 * HOUR),
        (every(HOUR, last=7 * DAY), 6 * HOUR),
        (every(DAY, last=30 * DAY - SECOND), 6 * HOUR),
        (every(DAY, last=30 * DAY), DAY),
        (every(DAY, last=180 * DAY - SECOND), DAY),
        (every(DAY, last=180 * DAY), 3 * DAY),
        ([NOW + DAY, NOW], 2 * HOUR),
        # Only the day is given, and often several entries came on it.
        (every(DAY, last=12 * HOUR) * 3, 2 * HOUR),
        ([NOW, NOW, NOW], 2 * HOUR),
        # A burst a week.
        ([*every(MINUTE, count=5), *every(MINUTE, count=5, last=7 * DAY)], HOUR),
    ],
)
def test_the_interval_follows_the_rhythm_of_the_feed(
    published: list[datetime], expected: timedelta
) -> None:
    assert rhythm(published, now=NOW) == expected
    assert after_success(published, now=NOW, wish=None, jitter=0) == NOW + expected


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        (every(DAY, last=3 * DAY), NOW + 11 * DAY),
        (every(7 * DAY, last=DAY), NOW + 69 * DAY),
        (every(HOUR, count=5), NOW + 14 * DAY - HOUR),
        (every(HOUR, count=4), None),
        (every(20 * DAY), None),
        ([NOW] * 10, None),
        ([], None),
    ],
)
def test_a_feed_is_overdue_after_ten_usual_gaps_and_two_weeks(
    published: list[datetime], expected: datetime | None
) -> None:
    assert overdue_at(published) == expected


@given(_PUBLISHED.flatmap(lambda dates: st.tuples(st.just(dates), st.permutations(dates))))
def test_the_order_of_the_entries_does_not_count(
    orders: tuple[list[datetime], list[datetime]],
) -> None:
    assert rhythm(orders[0], now=NOW) == rhythm(orders[1], now=NOW)
    assert HOUR <= rhythm(orders[0], now=NOW) <= 3 * DAY


@given(st.timedeltas(timedelta(0), timedelta(days=7)), st.integers(2, 20))
def test_a_lively_feed_is_checked_within_half_the_gap_between_its_entries(
    gap: timedelta, count: int
) -> None:
    interval = rhythm(every(gap, count=count), now=NOW)

    assert HOUR <= interval <= BUSY_INTERVAL
    assert interval <= max(gap / 2, HOUR) or not gap


@pytest.mark.parametrize(("days", "hours"), [(1, 12), (29, 12), (31, 168), (400, 168)])
def test_a_long_freshness_does_not_make_a_lively_feed_a_weekly_one(days: int, hours: int) -> None:
    checked = after_success(
        [NOW - timedelta(days=days)], now=NOW, wish=timedelta(days=30), jitter=0
    )

    assert checked - NOW == timedelta(hours=hours)
