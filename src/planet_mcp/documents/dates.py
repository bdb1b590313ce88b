"""Dates as feeds and pages write them, to aware UTC (pure)."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from functools import partial

from dateutil import parser as dateutil_parser
from dateutil import tz

from planet_mcp.documents.date_words import ZONES, month_of, spelled_plainly, without_area
from planet_mcp.documents.library_errors import DATEUTIL_ERRORS

_LONGEST, _LONGEST_MARKUP = 100, 1_000
_LARGEST_OFFSET = timedelta(hours=23, minutes=59)
_CENTURY = 100
_PIVOT = 50
_NOON = 12

_TIME = (
    r"(?P<hour>\d{1,2})[:.]?(?P<minute>\d{2})(?:[:.]?(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"(?:\s?(?P<half>[AaPp])[Mm]\b)?"
)
# A zone, by name or as an offset. One without a sign had a plus, which a URL's decoding took for a
# blank on its way here.
_ZONE = (
    r"(?:(?<=\d:\d\d:\d\d) (?P<unsigned>0\d|1[0-4]):?(?P<rest_of_it>[0134][05])"
    r"|\s?(?P<zone>[A-Za-z]{1,5})?\s?(?:(?P<sign>-|\+ ?)(?P<east>\d{1,2}):?(?P<rest>\d{2})?)?"
    r"(?:\s?[A-Za-z]{1,5})?)"
)
# Seconds, or thousandths and smaller parts, since 1970; .NET writes `/Date(…)/` around the number.
_EPOCH = re.compile(
    r"(?:/Date\(|@)?(?:(\d{9,10})(?:\.\d+)?|(\d{10})(?:\d{3}){1,3})(?:(?:[+-]\d{4})?\)/)?"
)
# ISO 8601 and RFC 3339, section 5.6, with or without separators, or with those of cameras (EXIF).
# No year begins with 0: 0001 is what Go and .NET write for a date that they do not have.
_ISO = re.compile(
    rf"(?P<year>[1-9]\d{{3}})[-/:]?(?P<month>\d\d)[-/:]?(?P<day>\d\d)(?:[Tt ,]*{_TIME})?{_ZONE}"
)
# ISO 8601, sections 5.2.3 and 5.2.2: a week of the year or a day of it, and a day of the year.
_WEEK = re.compile(rf"(?P<year>\d{{4}})-?W(?P<week>\d\d)(?:-?(?P<day>\d)(?:[T ]{_TIME}{_ZONE})?)?")
_ORDINAL = re.compile(rf"(?P<year>[12]\d{{3}})-(?P<day>\d{{3}})(?:[T ]{_TIME}{_ZONE})?")
# RFC 822, section 5, and what passes for it: other languages, full names, dashes, no time.
_RFC822 = re.compile(
    r"(?:[^\W\d_]+\.?,?\s?)?(?P<day>\d{1,2})[.\s-]{0,2}(?:d[ei] )?(?P<name>[^\W\d_]{3,12})\.?,?"
    r"[\s-]?(?:d[ei] )?(?P<year>[1-9]\d{3}|\d\d),?"
    rf"(?:[\sT]?(?:[^\W\d_]{{1,4}}\.? )?{_TIME})?{_ZONE}"
)
_MIDNIGHT_24 = re.compile(r"(?<![\d:])24:00(?::00(?:\.0+)?)?\b")
_HAS_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|(?<!\d)\d{1,2}([/.-])\d{1,2}\1\d\d(?!\d)")
# A date in figures that belong together; figures with words or commas between them are none.
_FIGURES = re.compile(
    r"\d{1,4}(?:\s?[./-]\s?|\s{1,3})\d{1,2}(?:\.?\s?[./-]?\s?|\s{1,3})\d{1,4}"
    r"|(?<!\d)\d{1,2}[./-]\d{4}|\d{4}[./-]\d{1,2}|\d{8}"
)
# What stands before a day: the name of a weekday, which may begin like one of a month (mardi).
_WEEKDAY = re.compile(
    r"[^\W\d_]+\.?,?\s+(?=\d{1,2}(?:[./-]\d|\.?\s(?:d[ei] )?(?P<name>[^\W\d_]{3,12})))"
)
# Dates in HTML, as a content management system draws its fields.
_ATTRIBUTE = re.compile(r"<[^<>]{1,400}?\b(?:datetime|content)=[\"']([^\"'<>]{4,60})[\"']")
TAG = re.compile(r"<[^<>]*>")
YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_FREE_YEARS = range(1900, 2100)
# A span from one day or hour to another: when something takes place, not when it was published.
_RANGE = re.compile(
    r"\d:\d\d ?- ?\d{1,2}:|\d ?[-/] ?\d{4}-\d"
    r"|(?<![\d-])\d{1,2} ?[-/] ?\d{1,2}(?:,? \d{4}|\.? [^\W\d_])|\b[HQST][1-4]\b(?!:)",
    re.IGNORECASE,
)
_SLASHED = re.compile(r"(?<!\d)(\d{1,2})([/-])(\d{1,2})\2(?:\d{4}|\d\d)(?!\d)")
_MONTHS_IN_YEAR = 12
# The languages and regions that write the month first.
_MONTH_FIRST = frozenset((("en", "us"), ("en", "ph")))
_DOTTED = re.compile(r"\d{1,2}\.\s?\d{1,2}\.\s?\d{2,4}")
_WORD = re.compile(r"[^\W\d_]+\.?")
_HALVES = frozenset({"am", "pm"})
_KEPT_WORDS = _HALVES | {*ZONES, "t"}
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Dates that stand for none: what PHP makes of MySQL's 0000-00-00, and Go of its zero date where
# years have two digits.
_NO_DATE = re.compile(
    r"1999-11-30[T ]00:00|\b30[ -]Nov[ -](?:19)?99 00:00|\b0?1[ -]Jan[ -]01 00:00", re.IGNORECASE
)
# The years of the Buddhist era, which machines in Thailand write, and how far it is ahead.
_BUDDHIST_YEARS, _BUDDHIST = range(2500, 2700), 543


def parse_date(raw: str, *, day_first: bool | None = None) -> datetime | None:
    """Read a date that a person could read, credible or not; None when it is none.

    In `3/4/2026` the day or the month is first, as `day_first` says; where that is None, such a
    date is read as none, since nobody can know.
    """
    if not raw.strip():
        return None
    if "<" in raw:
        drawn = _ATTRIBUTE.search(raw[:_LONGEST_MARKUP])
        raw = drawn[1] if drawn else TAG.sub(" ", raw[:_LONGEST_MARKUP])
    if found := _EPOCH.fullmatch(raw.strip()):
        return datetime.fromtimestamp(int(found[1] or found[2]), UTC)
    clock, area = without_area(raw[:_LONGEST])
    moment = _read(spelled_plainly(clock), day_first)
    return moment if moment is None or area is None else _as_in(area, moment)


def _read(text: str, day_first: bool | None) -> datetime | None:
    if _NO_DATE.search(text):
        return None
    if found := _ISO.fullmatch(text):
        return _build(found, month=int(found["month"]))
    if found := _WEEK.fullmatch(text) or _ORDINAL.fullmatch(text):
        return _of_a_numbered_day(found)
    if (found := _RFC822.fullmatch(text)) and (month := month_of(found["name"])):
        return _build(found, month=month)
    return _from_free_form(text, day_first)


def day_first_of(dates: Iterable[str], *, language: str) -> bool | None:
    """Return whether the dates of a document have the day before the month; None if unknown.

    It is known if a number is too large for a month, else if the document names its language.
    """
    found = [(int(each[1]), int(each[3])) for raw in dates if (each := _SLASHED.search(raw))]
    orders = {first > second for first, second in found if max(first, second) > _MONTHS_IN_YEAR}
    if len(orders) == 1:
        return orders.pop()
    primary, _, region = language.lower().replace("_", "-").partition("-")
    if orders or not primary or (primary == "en" and not region):
        return None
    return (primary, region) not in _MONTH_FIRST


def _as_in(area: str, moment: datetime) -> datetime:
    """Return the moment at which clocks in an area show this time (IANA's database)."""
    zone = tz.gettz(area)
    try:
        return moment.replace(tzinfo=zone).astimezone(UTC) if zone else moment
    except (ValueError, OverflowError):
        return moment


def _of_a_numbered_day(found: re.Match[str]) -> datetime | None:
    year, day = int(found["year"]), int(found["day"] or 1)
    try:
        if "week" in found.groupdict():
            date = datetime.fromisocalendar(year, int(found["week"]), day).replace(tzinfo=UTC)
        else:
            date = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=day - 1)
    except ValueError:
        return None
    return _at_its_time(date, found) if date.year == year or "week" in found.groupdict() else None


def _build(found: re.Match[str], *, month: int) -> datetime | None:
    try:
        date = datetime(_full_year(found["year"]), month, int(found["day"]), tzinfo=UTC)
    except ValueError:
        return None
    return _at_its_time(date, found)


def _at_its_time(date: datetime, found: re.Match[str]) -> datetime | None:
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    end_of_day = (hour, minute, second) == (24, 0, 0)
    try:
        moment = date.replace(
            hour=0 if end_of_day else _hour_of_day(hour, found["half"]),
            minute=minute,
            second=min(second, 59),  # a leap second
        )
        return moment + timedelta(days=end_of_day) - _offset(found)
    except (ValueError, OverflowError):
        return None


def _hour_of_day(hour: int, half: str | None) -> int:
    """Return the hour of 24. Beyond 12, the half of the day (am or pm) changes nothing."""
    if not half or hour > _NOON:
        return hour
    return hour % _NOON + (_NOON if half in "Pp" else 0)


def _full_year(digits: str) -> int:
    """Return the year that two digits mean (RFC 2822, section 4.3), or the year itself."""
    year = int(digits)
    if year >= _CENTURY:
        return year - _BUDDHIST if year in _BUDDHIST_YEARS else year
    return year + (2000 if year < _PIVOT else 1900)


def _offset(found: re.Match[str]) -> timedelta:
    if not (found["sign"] or found["unsigned"]):
        return timedelta(hours=ZONES.get((found["zone"] or "").lower(), 0))
    hours, minutes = found["east"] or found["unsigned"], found["rest"] or found["rest_of_it"]
    size = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if size > _LARGEST_OFFSET:
        return timedelta()
    return -size if found["sign"] == "-" else size


def _from_free_form(text: str, day_first: bool | None) -> datetime | None:
    if not _HAS_DATE.search(text) or len(YEAR.findall(text)) > 1 or _RANGE.search(text):
        return None
    text = _without_weekday(text)
    if not _SLASHED.search(text):
        day_first = bool(_DOTTED.search(text))
    elif day_first is None and _is_ambiguous(text):
        return None
    shift = timedelta(days=1) if _MIDNIGHT_24.search(text) else timedelta()
    english = _WORD.sub(_to_english, _MIDNIGHT_24.sub("00:00", text))
    if not (_FIGURES.search(english) or any(name in english for name in _MONTH_NAMES)):
        return None
    read = partial(_read_with_default, english, day_first=bool(day_first))
    moment = read(datetime(1996, 1, 1, tzinfo=UTC))
    # Two defaults give two moments if the text does not name both year and month.
    if moment is None or moment != read(datetime(2004, 2, 1, tzinfo=UTC)):
        return None
    if not _has_year_of(text, moment):
        return None
    return moment + shift if moment.year in _FREE_YEARS else None


def _has_year_of(text: str, moment: datetime) -> bool:
    """Return whether a text names the year: beside other numbers it would be read as a clock."""
    year = YEAR.search(text)
    if year is None:
        return True
    clock = f"{moment:%H%M}" == year[0] and ":" not in text
    return not clock and abs(moment.year - int(year[0])) <= 1


def _without_weekday(text: str) -> str:
    found = _WEEKDAY.match(text)
    is_weekday = found and (not found["name"] or month_of(found["name"]))
    return text[found.end() :] if found and is_weekday else text


def _is_ambiguous(text: str) -> bool:
    """Return whether a date has two readings: each of its numbers may be the month."""
    found = _SLASHED.search(text)
    days = {int(found[1]), int(found[3])} if found else set()
    return len(days) > 1 and max(days) <= _MONTHS_IN_YEAR


def _to_english(word: re.Match[str]) -> str:
    bare = word[0].rstrip(".").lower()
    if bare in _HALVES and not word.string[: word.start()].rstrip()[-1:].isdigit():
        return " "
    if bare in _KEPT_WORDS:
        return word[0]
    month = month_of(bare)
    return f" {_MONTH_NAMES[month - 1]} " if month else " "


def _read_with_default(text: str, default: datetime, *, day_first: bool) -> datetime | None:
    try:
        moment: datetime = dateutil_parser.parse(
            text, default=default, tzinfos=_tzinfo, dayfirst=day_first
        )
        return moment.astimezone(UTC).replace(microsecond=0)
    except DATEUTIL_ERRORS:
        return None


def _tzinfo(name: str | None, offset: int | None) -> timezone:
    if offset is not None:
        return timezone(timedelta(seconds=offset))
    return timezone(timedelta(hours=ZONES.get((name or "").lower(), 0)))
