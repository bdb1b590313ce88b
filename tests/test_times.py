"""Moments, written out."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planet_mcp.periods import parse_since
from planet_mcp.times import day_of, stamp

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)

_MOMENTS = st.timedeltas(timedelta(days=-300_000), timedelta(days=2_000_000)).map(
    lambda distance: NOW + distance
)


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "day", "text"),
    [
        (utc(2026, 11, 22), "2026-11-22", "2026-11-22"),
        (utc(2026, 11, 22, 9, 5), "2026-11-22", "2026-11-22T09:05Z"),
        (
            datetime(2026, 11, 22, 0, 30, tzinfo=timezone(timedelta(hours=1))),
            "2026-11-21",
            "2026-11-21T23:30Z",
        ),
        (
            datetime(2026, 11, 22, 1, 0, tzinfo=timezone(timedelta(hours=1))),
            "2026-11-22",
            "2026-11-22",
        ),
    ],
)
def test_a_moment_is_written_in_utc(moment: datetime, day: str, text: str) -> None:
    assert day_of(moment) == day
    assert stamp(moment) == text


@given(_MOMENTS)
def test_a_stamp_reads_back_as_its_minute(moment: datetime) -> None:
    assert parse_since(stamp(moment), now=NOW) <= moment
    assert moment - parse_since(stamp(moment), now=NOW) < timedelta(minutes=1)
