"""Moments, written out."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given

from planet_mcp.periods import parse_since
from planet_mcp.times import day_of, stamp
from tests.support.moments import MOMENTS, NOW, utc


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


@given(MOMENTS)
def test_a_stamp_reads_back_as_its_minute(moment: datetime) -> None:
    assert parse_since(stamp(moment), now=NOW) <= moment
    assert moment - parse_since(stamp(moment), now=NOW) < timedelta(minutes=1)
