"""Periods and ages as people and agents write them: `7d`, `last 2 weeks`, `May 2026` (pure)."""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from email.utils import parsedate_to_datetime

from planet_mcp.errors import ArgumentError
from planet_mcp.period_words import LONGEST, in_english

_AGE = re.compile(r"(\d{1,5})\s*(h|d|w|mo|y)")
_UNITS = {
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "mo": timedelta(days=30.4375),
    "fortnight": timedelta(weeks=2),
    "y": timedelta(days=365.25),
}
_NUMBERS = "one two three four five six seven eight nine ten eleven twelve".split()
_COUNTS = {"a": 1, "an": 1, **{name: number for number, name in enumerate(_NUMBERS, 1)}}
# What stands before a time without changing it, other than `last`.
_OPENING = re.compile(
    r"^(?:(?:since|from|after|in|on|over|within|during|until|the)\s+)+|^[<>]?=\s*"
)
# A date says its day of the week by itself.
_OF_WEEK = re.compile(r"^(?:mon|tues|wednes|thurs|fri|satur|sun)day\s*,?\s+(?=\d|[a-z]+ \d)")
# What stands between the beginning and the end of a period, and before the beginning.
_TO = re.compile(
    r"\s+(?:to|until|till|through|and|bis|und|et|au|à|y|e|a|al|hasta|até|tot|en|do|i|по|до|и|-|\u2013)"
    r"\s+|\.\.+|(?<=\d)/(?=\d{4}-)|(?<=\d{4})[-\u2013](?=\d{4}\Z)",
    re.IGNORECASE,
)
_FROM = re.compile(
    r"^(?:between|from|zwischen|von|entre|de|tra|fra|da|tussen|van|od|между|\u0441)\s+",
    re.IGNORECASE,
)
# `past week` is seven days, but `last week` the one before this week's Monday.
_SPOKEN_AGE = re.compile(
    rf"(?:(?P<past>past)|last|previous|now\s*-|-)?\s*"
    rf"(?P<count>\d{{1,5}}|{'|'.join(_COUNTS)})?\s*(?P<unit>[a-z]+)(?P<ago>\s+ago)?"
)
# `m` alone would be minutes to some and months to others.
_SPELLINGS = {
    "min": "min mins minute minutes",
    "h": "h hr hrs hour hours",
    "d": "d day days",
    "w": "w wk wks week weeks",
    "fortnight": "fortnight fortnights",
    "mo": "mo mos mth mths month months",
    "y": "y yr yrs year years",
}
_SPOKEN_UNITS = {
    spelling: _UNITS[unit]
    for unit, spellings in _SPELLINGS.items()
    for spelling in spellings.split()
}
# As ISO 8601 writes an age: `P7D`, `P1Y6M`, `PT36H`.
_DURATION = re.compile(
    r"p(?=.*\d)(?:(?P<y>\d{1,5})y)?(?:(?P<mo>\d{1,5})m)?(?:(?P<w>\d{1,5})w)?(?:(?P<d>\d{1,5})d)?"
    r"(?:t(?=\d)(?:(?P<h>\d{1,5})h)?(?:(?P<min>\d{1,5})m)?(?:\d+s)?)?"
)
MONTHS = (
    "january february march april may june july august september october november december".split()
)
DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_MONTH_NAME = f"(?P<name>{'|'.join(f'{name[:3]}(?:{name[3:]})?' for name in MONTHS)}|sept)\\.?"
_DAY, _YEAR = r"(?P<day>\d{1,2})", r"(?P<year>\d{4})"
# As feeds and HTTP write times (RFC 5322): Sun, 22 Nov 2026 09:00:00 GMT.
_MAIL = re.compile(r"[a-z] \d{4} \d\d:\d\d")
_UTC = re.compile(r"(?<=\d)\s*(?:UTC|GMT)\Z")
_UNIX = re.compile(r"(\d{10})(?:\d{3})?(?:\.\d+)?")
# In one country the day stands first, in another the month.
_EITHER_FIRST = re.compile(
    r"(?P<one>\d{1,2})(?P<sign>[-/])(?P<other>\d{1,2})(?P=sign)(?P<year>\d{4})"
)
_MONTHS_IN_YEAR = 12

_HAS_YEAR = re.compile(r"\d{4}")
# Between two 29th of February around a year such as 2100.
_YEARS_APART = 8

# The last day that is taken: one before Python's last, so that its end can be written, too.
_LAST = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
_HELP = (
    "use an ISO 8601 date or time (2026-11-22, 2026-11-22T09:00Z), a month or year (2026-11, 2026),"
    " an age (36h, 7d, 4w, 6mo, 1y), or today, yesterday, this or last week, month or year"
)

# The first days of a period and of the one after it.
Days = tuple[date, date]


def parse_age(text: str) -> timedelta:
    """Read an age, such as `36h`, `7d`, `4w`, `6mo` or `1y`; a month is a twelfth of a year.

    Raises:
        ValueError: The text is none.
    """
    age = _AGE.fullmatch(text.strip().lower())
    if age is None:
        raise ValueError(f"{text!r} is not an age")
    return int(age[1]) * _UNITS[age[2]]


def parse_since(text: str, *, now: datetime, name: str = "since") -> datetime:
    """Read the beginning of a period; a day, month or year means its first moment, UTC.

    Raises:
        ArgumentError: The text, an argument of this `name`, is no date, time, age or word for a
            period.
    """
    return _parse(text, now=now, name=name)[0]


def parse_until(text: str, *, now: datetime) -> datetime:
    """Read the end of a period, exclusive; a day, month or year is within it.

    Raises:
        ArgumentError: The text is no date, time, age or word for a period.
    """
    return _parse(text, now=now, name="until")[1]


def _parse(text: str, *, now: datetime, name: str) -> tuple[datetime, datetime]:
    """Read the first moment of what a text means, and the first one after it."""
    read = _understood(text, now)
    if read:
        return read
    both = _split(text, now)
    if both:
        begin, end = both
        raise ArgumentError(f"{name}={text!r} is two times: give since={begin!r}, until={end!r}.")
    either = _EITHER_FIRST.fullmatch(text.strip())
    if either and max(map(int, either.group("one", "other"))) <= _MONTHS_IN_YEAR:
        one, other, year = (each.zfill(2) for each in either.group("one", "other", "year"))
        days = f"{year}-{one}-{other} or {year}-{other}-{one}"
        raise ArgumentError(f"{name}={text!r} may be {days}: {_HELP}.")
    raise ArgumentError(f"{name}={text!r} is not a date, time or age: {_HELP}.")


def read_both(text: str, *, now: datetime) -> tuple[str, str] | None:
    """Return the beginning and the end of a period that a text says: `March 2024`, `2024-2025`.

    None if it says none. Both are to be read by `parse_since` and `parse_until`.
    """
    return (text, text) if _understood(text, now) else _split(text, now)


def _understood(text: str, now: datetime) -> tuple[datetime, datetime] | None:
    """Read a text as English, or else as another language."""
    return _read(text, now) or _read(in_english(text) or "", now)


def _read(text: str, now: datetime) -> tuple[datetime, datetime] | None:
    plain = _OF_WEEK.sub("", _OPENING.sub("", " ".join(text.lower().split())))
    try:
        days = _days(plain, now.astimezone(UTC).date())
        if days:
            begin, end = (datetime.combine(day, time(0), UTC) for day in days)
            return begin, end
        moment = _moment(plain, now)
    except (ValueError, OverflowError, OSError):  # the last from a system's clock
        return None
    return moment, moment


def _split(text: str, now: datetime) -> tuple[str, str] | None:
    """Return the two times of a text that has a beginning and an end, such as `March to May 2024`.

    One without a year has the year by which the beginning is the last before the end, or the end
    the first after the beginning: of `December to January 2027` the beginning is in 2026.
    """
    for sign in _TO.finditer(text) if len(text) <= LONGEST else ():
        begin, end = text[: sign.start()].strip(), text[sign.end() :].strip()
        begin = _FROM.sub("", begin)
        if _HAS_YEAR.search(end):
            begin = _last_before(begin, end, now)
        else:
            end = _first_after(begin, end, now)
        since, until = _understood(begin, now), _understood(end, now)
        if since and until and since[0] < until[1]:
            return begin, end
    return None


def _last_before(begin: str, end: str, now: datetime) -> str:
    until = _understood(end, now)
    years = (until[1].year, until[1].year - 1) if until else ()
    read = ((dated, _understood(dated, now)) for dated in _dated(begin, years))
    return next((dated for dated, days in read if days and until and days[0] < until[1]), begin)


def _first_after(begin: str, end: str, now: datetime) -> str:
    since = _understood(begin, now)
    years = (since[0].year, since[0].year + 1) if since else ()
    read = ((dated, _understood(dated, now)) for dated in _dated(end, years))
    return next((dated for dated, days in read if days and since and days[1] > since[0]), end)


def _dated(text: str, years: Iterable[int]) -> list[str]:
    """Return a time with each of some years, if it has none."""
    return [f"{text} {year}" for year in years if text and not _HAS_YEAR.search(text)]


def _moment(text: str, now: datetime) -> datetime:
    """Read an age or a time."""
    if text == "now":
        return now
    age = _spoken_age(text)
    if age is not None:
        return now - age
    written = _UNIX.fullmatch(text)
    if written:
        return datetime.fromtimestamp(int(written[1]), UTC)
    if _MAIL.search(text):
        moment = parsedate_to_datetime(text.upper())
    else:
        moment = datetime.fromisoformat(_UTC.sub("Z", text.upper()))
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _spoken_age(text: str) -> timedelta | None:
    duration = _DURATION.fullmatch(text)
    if duration:
        counts = duration.groupdict(default="0").items()
        return sum((int(count) * _UNITS[unit] for unit, count in counts), timedelta())
    spoken = _SPOKEN_AGE.fullmatch(text)
    if not spoken or spoken["unit"] not in _SPOKEN_UNITS:
        return None
    # Without a number, only `past week` and `week ago` are ages.
    if not (spoken["count"] or spoken["past"] or spoken["ago"]):
        return None
    count = spoken["count"] or "1"
    return (int(count) if count.isdigit() else _COUNTS[count]) * _SPOKEN_UNITS[spoken["unit"]]


def _days(text: str, today: date) -> Days | None:
    for form, read in _FORMS:
        found = form.fullmatch(text)
        if found:
            return read(found, today)
    return None


def _one_day(day: date) -> Days:
    return day, min(day, _LAST.date()) + timedelta(days=1)


def _written_month(found: re.Match[str], _: date) -> Days:
    first = date(int(found["year"]), int(found["month"] or 1), 1)
    return first, _month(first, 1) if found["month"] else _year(first, 1)


def _quarter(found: re.Match[str], today: date) -> Days:
    month = 3 * int(found["quarter"]) - 2
    first = _of_year(found["year"], lambda year: date(year, month, 1), today)
    return first, _month(first, 3)


def _week(found: re.Match[str], today: date) -> Days:
    week = int(found["week"])
    first = _of_year(found["year"], lambda year: date.fromisocalendar(year, week, 1), today)
    return first, first + timedelta(weeks=1)


def _day_of_week(found: re.Match[str], _: date) -> Days:
    year, week, day = map(int, found.group("year", "week", "day"))
    return _one_day(date.fromisocalendar(year, week, day))


def _numbered_day(found: re.Match[str], today: date) -> Days:
    return _day_of_month(found["year"], int(found["month"]), int(found["day"]), today)


def _named_day(found: re.Match[str], today: date) -> Days:
    return _day_of_month(found["year"], _number(found["name"]), int(found["day"]), today)


def _day_of_month(year: str | None, month: int, day: int, today: date) -> Days:
    return _one_day(_of_year(year, lambda year: date(year, month, day), today))


def _day_first_or_month(found: re.Match[str], today: date) -> Days:
    """Read a day of which one number can only be the day; of others nobody can tell."""
    one, other = int(found["one"]), int(found["other"])
    if max(one, other) <= _MONTHS_IN_YEAR and one != other:
        raise ValueError(found[0])
    return _day_of_month(found["year"], min(one, other), max(one, other), today)


def _named_month(found: re.Match[str], today: date) -> Days:
    """Read a month of a year, or the latest of its name that has begun, or is over as the last."""
    month = _number(found["name"])
    begun = _month(today) - timedelta(days=1) if found["last"] else today
    first = _of_year(found["year"], lambda year: date(year, month, 1), begun)
    return first, _month(first, 1)


def _of_year(year: str | None, first: Callable[[int], date], today: date) -> date:
    """Return the first day of what is in a year or, without one, of the latest that has begun.

    Not each year has it: 29 February, a week 53.
    """
    if year:
        return first(int(year))
    for near in range(today.year + 1, today.year - _YEARS_APART - 1, -1):
        with suppress(ValueError):
            if first(near) <= today:
                return first(near)
    raise ValueError(today)


def _weekday(found: re.Match[str], today: date) -> Days:
    """Read the latest day of a name."""
    back = (today.weekday() - [day[:3] for day in DAYS].index(found["name"][:3])) % 7
    return _one_day(today - timedelta(days=back or (7 if found["last"] else 0)))


def _named(found: re.Match[str], today: date) -> Days:
    return _NAMED[found[0].replace("previous", "last")](today)


def _number(name: str) -> int:
    return [month[:3] for month in MONTHS].index(name[:3]) + 1


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _month(day: date, later: int = 0) -> date:
    years, month = divmod(day.month - 1 + later, 12)
    return _within_calendar(day.year + years, month + 1)


def _first_of_quarter(day: date) -> date:
    return _month(day, -((day.month - 1) % 3))


def _year(day: date, later: int = 0) -> date:
    return _within_calendar(day.year + later, 1)


def _within_calendar(year: int, month: int) -> date:
    return date(year, month, 1) if year <= date.max.year else _LAST.date()


_NAMED: dict[str, Callable[[date], Days]] = {
    "today": _one_day,
    "yesterday": lambda day: _one_day(day - timedelta(days=1)),
    "day before yesterday": lambda day: _one_day(day - timedelta(days=2)),
    "tomorrow": lambda day: _one_day(day + timedelta(days=1)),
    "this week": lambda day: (_monday(day), _monday(day) + timedelta(weeks=1)),
    "last week": lambda day: (_monday(day) - timedelta(weeks=1), _monday(day)),
    "this month": lambda day: (_month(day), _month(day, 1)),
    "last month": lambda day: (_month(day, -1), _month(day)),
    "this quarter": lambda day: (_first_of_quarter(day), _month(_first_of_quarter(day), 3)),
    "last quarter": lambda day: (_month(_first_of_quarter(day), -3), _first_of_quarter(day)),
    "this year": lambda day: (_year(day), _year(day, 1)),
    "last year": lambda day: (_year(day, -1), _year(day)),
    **dict.fromkeys(
        ("all", "all time", "any", "any time", "anytime", "beginning", "ever"),
        lambda _: (date(1970, 1, 1), _LAST.date()),
    ),
}
_LAST_ONE = r"(?P<last>(?:last|previous)\s+)?"
_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], Days]], ...] = (
    (re.compile("|".join([*_NAMED, "previous (?:week|month|quarter|year)"])), _named),
    (re.compile(rf"{_YEAR}(?:[-/](?P<month>\d{{1,2}}))?"), _written_month),
    (re.compile(rf"(?P<month>\d{{1,2}})[-/.]{_YEAR}"), _written_month),
    (re.compile(rf"{_YEAR}[-/.]?(?P<month>\d\d)[-/.]?(?P<day>\d\d)"), _numbered_day),
    (re.compile(rf"{_YEAR}[-/.](?P<month>\d{{1,2}})[-/.]{_DAY}"), _numbered_day),
    # Between points, the day is always first; between strokes, nobody can tell.
    (re.compile(rf"{_DAY}\.\s?(?P<month>\d{{1,2}})\.(?:\s?{_YEAR})?"), _numbered_day),
    (_EITHER_FIRST, _day_first_or_month),
    (re.compile(rf"{_YEAR}-?w(?P<week>\d\d)"), _week),
    (re.compile(rf"(?:week|kw|cw) ?(?P<week>\d{{1,2}})(?:(?: of|,|/)? ?{_YEAR})?"), _week),
    (re.compile(rf"{_YEAR}-?w(?P<week>\d\d)-?(?P<day>[1-7])"), _day_of_week),
    (re.compile(rf"q(?P<quarter>[1-4])(?:[-/ ]?{_YEAR})?"), _quarter),
    (re.compile(rf"{_YEAR}[-/ ]?q(?P<quarter>[1-4])"), _quarter),
    (re.compile(rf"{_LAST_ONE}{_MONTH_NAME}(?:,?[ -]{_YEAR})?"), _named_month),
    (re.compile(rf"(?P<last>){_YEAR} {_MONTH_NAME}"), _named_month),
    (re.compile(rf"{_MONTH_NAME} {_DAY}(?:st|nd|rd|th)?(?:,? {_YEAR})?"), _named_day),
    (
        re.compile(rf"{_DAY}(?:st|nd|rd|th|\.)?[ -](?:of )?{_MONTH_NAME}(?:,?[ -]{_YEAR})?"),
        _named_day,
    ),
    (
        re.compile(rf"{_LAST_ONE}(?P<name>{'|'.join(f'{d}|{d[:3]}|{d[:4]}' for d in DAYS)})"),
        _weekday,
    ),
)
