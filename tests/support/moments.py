"""Moments for tests of times and periods."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)

MOMENTS = st.timedeltas(timedelta(days=-300_000), timedelta(days=2_000_000)).map(
    lambda distance: NOW + distance
)


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """Return a moment in UTC."""
    return datetime(year, month, day, hour, minute, tzinfo=UTC)
