"""When a feed is checked next: never too soon, never forgotten, whatever its server asks for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planet_mcp.schedule import (
    DAY,
    ERRORS_OF_TWO_WEEKS,
    GONE_INTERVAL,
    HOUR,
    MAX_INTERVAL,
    MIN_INTERVAL,
    after_failure,
    after_gone,
    after_success,
    is_gone,
    rhythm,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

_PUBLISHED = st.lists(
    st.timedeltas(timedelta(days=-2), timedelta(days=4_000)).map(lambda age: NOW - age), max_size=20
)
_WISHES = st.none() | st.timedeltas(timedelta(0), timedelta(days=4_000))
_JITTERS = st.floats(0, 1, exclude_max=True)
_ERRORS = st.integers(1, 10_000)


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
    assert not is_gone(told_before=False, checked_at=NOW - DAY, now=NOW)
    assert not is_gone(told_before=True, checked_at=NOW - HOUR, now=NOW)
    assert is_gone(told_before=True, checked_at=NOW - DAY, now=NOW)


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
    assert wished - NOW >= min(wish or timedelta(0), MAX_INTERVAL)


@given(_ERRORS, _WISHES, _JITTERS)
def test_a_retry_after_only_lengthens(errors: int, wish: timedelta | None, jitter: float) -> None:
    wished = after_failure(errors=errors, now=NOW, wish=wish, jitter=jitter)

    assert wished >= after_failure(errors=errors, now=NOW, wish=None, jitter=jitter)
    assert wished - NOW >= min(wish or timedelta(0), MAX_INTERVAL)


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


# ----------------------------------------------------------------------------------------- rhythm
@pytest.mark.parametrize(
    ("published", "expected"),
    [
        ([], 3 * DAY),
        (every(timedelta(minutes=5)), HOUR),
        (every(4 * HOUR), 2 * HOUR),
        (every(DAY), 6 * HOUR),
        (every(HOUR, count=1), 3 * HOUR),
        (every(DAY, last=8 * DAY), 6 * HOUR),
        (every(DAY, last=31 * DAY), DAY),
        (every(DAY, last=181 * DAY), 3 * DAY),
        ([NOW + DAY, NOW], 6 * HOUR),
        ([NOW, NOW, NOW], HOUR),
    ],
)
def test_the_interval_follows_the_rhythm_of_the_feed(
    published: list[datetime], expected: timedelta
) -> None:
    assert rhythm(published, now=NOW) == expected
    assert after_success(published, now=NOW, wish=None, jitter=0) == NOW + expected


@given(_PUBLISHED.flatmap(lambda dates: st.tuples(st.just(dates), st.permutations(dates))))
def test_the_order_of_the_entries_does_not_count(
    orders: tuple[list[datetime], list[datetime]],
) -> None:
    assert rhythm(orders[0], now=NOW) == rhythm(orders[1], now=NOW)
    assert HOUR <= rhythm(orders[0], now=NOW) <= 3 * DAY
