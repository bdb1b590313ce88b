"""Points in time as people and agents write them: dates, times, ages, calendar words (pure)."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

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
_MONTH = re.compile(r"(\d{4})(?:-(\d{2}))?")
# The first days of a period and of the one after it, by the day on which someone says its name.
_NAMED: dict[str, Callable[[date], tuple[date, date]]] = {
    "today": lambda day: (day, day + timedelta(days=1)),
    "yesterday": lambda day: (day - timedelta(days=1), day),
    "this week": lambda day: (_monday(day), _monday(day) + timedelta(weeks=1)),
    "last week": lambda day: (_monday(day) - timedelta(weeks=1), _monday(day)),
    "this month": lambda day: (_month(day), _month(day, 1)),
    "last month": lambda day: (_month(day, -1), _month(day)),
    "this year": lambda day: (_year(day), _year(day, 1)),
    "last year": lambda day: (_year(day, -1), _year(day)),
}
# Feeds came up in the years after 1995. Clocks and time zones are wrong by a day at most.
EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(hours=24)
# One day before the last that Python can write, so that the end of a day is one, too.
_LAST = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
_HELP = (
    "use an ISO 8601 date or time (2026-11-22, 2026-11-22T09:00Z), a month or year (2026-11, 2026),"
    " an age (36h, 7d, 4w, 6mo, 1y), or today, yesterday, this or last week, month or year"
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
    """Read the beginning of a period; a day, month or year means its first moment, UTC.

    Raises:
        ArgumentError: The text is no date, time, age or word for a period.
    """
    return _parse(text, now=now, name="since")[0]


def parse_until(text: str, *, now: datetime) -> datetime:
    """Read the end of a period, exclusive; a day, month or year is within it.

    Raises:
        ArgumentError: The text is no date, time, age or word for a period.
    """
    return _parse(text, now=now, name="until")[1]


def _parse(text: str, *, now: datetime, name: str) -> tuple[datetime, datetime]:
    """Read the first moment of what a text means, and the first one after it."""
    stripped = text.strip()
    try:
        if _AGE.fullmatch(stripped.lower()):
            moment = now - parse_age(stripped)
            return moment, moment
        period = _period(" ".join(stripped.lower().split()), now.astimezone(UTC).date())
        if period:
            return period
        moment = datetime.fromisoformat(stripped)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ArgumentError(f"{name}={text!r} is not a date, time or age: {_HELP}.") from None
    is_day = _DATE.fullmatch(stripped)
    return moment, min(moment, _LAST) + timedelta(days=1) if is_day else moment


def _period(text: str, today: date) -> tuple[datetime, datetime] | None:
    """Return the first moments of a named period and of the next one."""
    written = _MONTH.fullmatch(text)
    if written:
        first = date(int(written[1]), int(written[2] or 1), 1)
        days = first, _month(first, 1) if written[2] else _year(first, 1)
    elif text in _NAMED:
        days = _NAMED[text](today)
    else:
        return None
    begin, end = (datetime.combine(day, time(0), UTC) for day in days)
    return begin, end


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _month(day: date, later: int = 0) -> date:
    years, month = divmod(day.month - 1 + later, 12)
    return _within_calendar(day.year + years, month + 1)


def _year(day: date, later: int = 0) -> date:
    return _within_calendar(day.year + later, 1)


def _within_calendar(year: int, month: int) -> date:
    return date(year, month, 1) if year <= date.max.year else _LAST.date()


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
