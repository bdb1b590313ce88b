"""Points in time as people and agents write them: ISO 8601 dates, times and ages (pure)."""

import re
from datetime import UTC, datetime, time, timedelta

from planet_mcp.errors import ArgumentError

_AGE = re.compile(r"(\d{1,5})\s*(h|d|w|mo|y)")
_UNITS = {
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "mo": timedelta(days=30.4375),
    "y": timedelta(days=365.25),
}
_DATE = re.compile(r"\d{4}-?\d{2}-?\d{2}|\d{4}-?W\d{2}-?\d")
# Feeds came up in the years after 1995. Clocks and time zones are wrong by a day at most.
EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(hours=24)
# One day before the last that Python can write, so that the end of a day is one, too.
_LAST = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
_HELP = (
    "use an ISO 8601 date or time (2026-11-22, 2026-11-22T09:00Z) or an age (36h, 7d, 4w, 6mo, 1y)"
)


def utc_now() -> datetime:
    """Return the current time as everything here wants it: aware UTC."""
    return datetime.now(UTC)


def parse_age(text: str) -> timedelta:
    """Read an age, such as `36h`, `7d`, `4w`, `6mo` or `1y`; a month is a twelfth of a year.

    Raises:
        ValueError: The text is none.
    """
    age = _AGE.fullmatch(text.strip().lower())
    if age is None:
        raise ValueError(f"{text!r} is not an age")
    return int(age[1]) * _UNITS[age[2]]


def parse_since(text: str, *, now: datetime) -> datetime:
    """Read the beginning of a period; a date means its first moment, a naive time UTC.

    Raises:
        ArgumentError: The text is neither a date, a time nor an age.
    """
    return _parse(text, now=now, name="since")


def parse_until(text: str, *, now: datetime) -> datetime:
    """Read the end of a period, exclusive; a date includes that whole day.

    Raises:
        ArgumentError: The text is neither a date, a time nor an age.
    """
    moment = _parse(text, now=now, name="until")
    return min(moment, _LAST) + timedelta(days=1) if _DATE.fullmatch(text.strip()) else moment


def _parse(text: str, *, now: datetime, name: str) -> datetime:
    stripped = text.strip()
    try:
        if _AGE.fullmatch(stripped.lower()):
            return now - parse_age(stripped)
        moment = datetime.fromisoformat(stripped)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ArgumentError(f"{name}={text!r} is not a date, time or age: {_HELP}.") from None


def is_credible(moment: datetime, *, now: datetime) -> bool:
    """Return whether an entry can have been published then: 1995 to a day from now.

    Other claims are kept, but order nothing.
    """
    return EARLIEST <= moment <= now + _AHEAD


def day_of(moment: datetime) -> str:
    """Return the UTC date of a moment as `YYYY-MM-DD`."""
    return moment.astimezone(UTC).date().isoformat()


def stamp(moment: datetime) -> str:
    """Return a moment in UTC to the minute, or only its date when it is midnight."""
    utc = moment.astimezone(UTC)
    if utc.time() == time(0):
        return utc.date().isoformat()
    return f"{utc.isoformat()[:16]}Z"
