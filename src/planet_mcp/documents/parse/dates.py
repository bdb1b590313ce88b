"""Dates as feeds write them, to aware UTC (pure)."""

import re
from calendar import timegm
from datetime import UTC, datetime, timedelta, timezone
from time import struct_time

from dateutil import parser as dateutil_parser

from planet_mcp.documents.library_errors import DATEUTIL_ERRORS
from planet_mcp.times import is_credible

_LONGEST = 100
_LARGEST_OFFSET = timedelta(hours=18)
_CENTURY = 100
_PIVOT = 50

_TIME = r"(?P<hour>\d{1,2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:[.,]\d+)?)?"
_ZONE = (
    r"(?P<zone>[A-Za-z]{1,5})?\s?(?:(?P<sign>[+-])(?P<east>\d{1,2}):?(?P<rest>\d{2})?)?"
    r"(?:\s?[A-Z]{1,5})?(?:\s?[(\[][^()\[\]]*[)\]])?"
)
_EPOCH = re.compile(r"(\d{9,10})(?:\.\d+)?|(\d{10})\d{3}")
# ISO 8601 and RFC 3339, section 5.6, with or without separators. The year 0001 is what Go and
# .NET write for a date that they do not have.
_ISO = re.compile(
    rf"(?P<year>[1-9]\d{{3}})[-/]?(?P<month>\d\d)[-/]?(?P<day>\d\d)(?:[Tt ,]*{_TIME})?\s?{_ZONE}"
)
_WEEK = re.compile(r"(\d{4})-?W(\d{2})(?:-?(\d))?")
# RFC 822, section 5, and what passes for it: other languages, full names, dashes, no time.
_RFC822 = re.compile(
    r"(?:[^\W\d_]+\.?,?\s?)?(?P<day>\d{1,2})[.\s-]{1,2}(?:d[ei] )?(?P<name>[^\W\d_]{3,12})\.?,?"
    r"[\s-](?:d[ei] )?(?P<year>[1-9]\d{3}|\d\d),?"
    rf"(?:[\sT](?:[^\W\d_]{{1,3}} )?{_TIME})?\s?{_ZONE}"
)
_MIDNIGHT_24 = re.compile(r"(?<![\d:])24:00(?::00(?:\.0+)?)?\b")
_HAS_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|(?<!\d)\d{1,2}([/.-])\d{1,2}\1\d\d(?!\d)")
_FREE_YEARS = range(1900, 2100)
_DOTTED = re.compile(r"\d{1,2}\.\s?\d{1,2}\.\s?\d{2,4}")
_EAST_ASIAN = re.compile(r"(\d{4})[年년]\s*(\d{1,2})[月월]\s*(\d{1,2})[日일]")
_WORD = re.compile(r"[^\W\d_]+\.?")

# Hours east of Greenwich. RFC 822's one-letter zones were defined with the wrong sign and mean
# nothing (RFC 5322, section 4.3); they and every unknown name count as UTC.
_ZONES_BY_HOURS = (
    (-10, "hst"),
    (-9, "akst"),
    (-8, "pst akdt"),
    (-7, "mst pdt"),
    (-6, "cst mdt"),
    (-5, "est cdt"),
    (-4, "ast edt"),
    (-3.5, "nst"),
    (-3, "adt art brt"),
    (-2.5, "ndt"),
    (0, "gmt ut utc wet z"),
    (1, "bst cet met mez west"),
    (2, "cest eet mest mesz sast"),
    (3, "eest msk"),
    (5.5, "ist"),
    (8, "awst hkt sgt"),
    (9, "jst kst"),
    (9.5, "acst"),
    (10, "aest"),
    (11, "aedt"),
    (12, "nzst"),
    (13, "nzdt"),
)
_ZONES = {name: float(hours) for hours, names in _ZONES_BY_HOURS for name in names.split()}
_KEPT_WORDS = frozenset({*_ZONES, "t", "am", "pm"})
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# How the months begin in the larger languages of Europe; the longest beginning counts.
_BEGINNINGS = (
    "jan gen ene sty tammi янв січ led oca",
    "feb fev fév lut helmi фев лют úno şub",
    "mar mär maa mrt maalis бер bře мар",  # noqa: RUF001 - Cyrillic
    "apr avr abr kwi huhti апр кві dub nis",
    "may mai maj mei mag máj touko мая май тра kvě",
    "jun jui giu cze kesä июн чер červen haz",
    "jul juil lug lip heinä июл лип červenec tem",
    "aug aoû aou ago sie elo авг сер srp ağu",  # noqa: RUF001 - Cyrillic
    "sep set wrz syys сен вер zář eyl",
    "oct okt out ott paź loka окт жов říj eki",
    "nov lis marras ноя лис kas",
    "dec dez déc dic dis gru joulu дек гру pro ara",  # noqa: RUF001 - Cyrillic
)
_MONTHS = {
    beginning: number
    for number, beginnings in enumerate(_BEGINNINGS, 1)
    for beginning in beginnings.split()
}


def parse_date(
    raw: str, *, now: datetime, understood: struct_time | None = None
) -> datetime | None:
    """Read a date that a person could read, credible or not; None when it is none.

    `understood` is what the feed parser made of it; it comes last and has to be credible, because
    it takes the beginning of any number for a year, days after the 31st for the next month and
    most named zones for UTC.
    """
    text = " ".join(raw[:_LONGEST].split())
    if found := _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(found[1] or found[2]), UTC)
    if found := _ISO.fullmatch(text):
        return _build(found, month=int(found["month"]))
    if found := _WEEK.fullmatch(text):
        return _monday_plus(found)
    if (found := _RFC822.fullmatch(text)) and (month := _month(found["name"])):
        return _build(found, month=month)
    return _from_free_form(text) or _from_struct(understood, now)


def _monday_plus(found: re.Match[str]) -> datetime | None:
    try:
        day = datetime.fromisocalendar(int(found[1]), int(found[2]), int(found[3] or 1))
    except ValueError:
        return None
    return day.replace(tzinfo=UTC)


def _month(word: str) -> int | None:
    lowered = word.lower()
    beginnings = (lowered[:size] for size in range(len(lowered), 2, -1))
    return next((_MONTHS[each] for each in beginnings if each in _MONTHS), None)


def _build(found: re.Match[str], *, month: int) -> datetime | None:
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    end_of_day = (hour, minute, second) == (24, 0, 0)
    try:
        moment = datetime(
            *(_full_year(found["year"]), month, int(found["day"])),
            *(0 if end_of_day else hour, minute, min(second, 59)),  # a leap second
            tzinfo=UTC,
        )
        return moment + timedelta(days=end_of_day) - _offset(found)
    except (ValueError, OverflowError):
        return None


def _full_year(digits: str) -> int:
    """Return the year that two digits mean (RFC 2822, section 4.3), or the year itself."""
    year = int(digits)
    if year >= _CENTURY:
        return year
    return year + (2000 if year < _PIVOT else 1900)


def _offset(found: re.Match[str]) -> timedelta:
    if not found["sign"]:
        return timedelta(hours=_ZONES.get((found["zone"] or "").lower(), 0))
    size = timedelta(hours=int(found["east"]), minutes=int(found["rest"] or 0))
    if size > _LARGEST_OFFSET:
        return timedelta()
    return -size if found["sign"] == "-" else size


def _from_struct(understood: struct_time | None, now: datetime) -> datetime | None:
    if understood is None:
        return None
    try:
        moment = datetime.fromtimestamp(timegm(understood), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if is_credible(moment, now=now) else None


def _from_free_form(text: str) -> datetime | None:
    text = _EAST_ASIAN.sub(r"\1-\2-\3 ", text)
    if not _HAS_DATE.search(text):
        return None
    shift = timedelta(days=1) if _MIDNIGHT_24.search(text) else timedelta()
    english = _WORD.sub(_to_english, _MIDNIGHT_24.sub("00:00", text))
    moment = _read_with_default(english, datetime(1996, 1, 1, tzinfo=UTC))
    # A text that does not name both year and month would take them from the default.
    if moment is None or moment != _read_with_default(english, datetime(2004, 2, 1, tzinfo=UTC)):
        return None
    return moment + shift if moment.year in _FREE_YEARS else None


def _to_english(word: re.Match[str]) -> str:
    bare = word[0].rstrip(".").lower()
    if bare in _KEPT_WORDS:
        return word[0]
    month = _month(bare)
    return f" {_MONTH_NAMES[month - 1]} " if month else " "


def _read_with_default(text: str, default: datetime) -> datetime | None:
    try:
        moment: datetime = dateutil_parser.parse(
            text, default=default, tzinfos=_tzinfo, dayfirst=bool(_DOTTED.search(text))
        )
        return moment.astimezone(UTC).replace(microsecond=0)
    except DATEUTIL_ERRORS:
        return None


def _tzinfo(name: str | None, offset: int | None) -> timezone:
    if offset is not None:
        return timezone(timedelta(seconds=offset))
    return timezone(timedelta(hours=_ZONES.get((name or "").lower(), 0)))
