"""Dates, counts and states in a reader's words (pure)."""

import re
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final

from markupsafe import Markup, escape

from planet_mcp.feeds import warning_of
from planet_mcp.models import Feed, FeedStatus

# The names are our own, since those of `strftime` are in the language of the process's user.
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    "January February March April May June July August September October November December".split()
)

STATES: Final = {
    FeedStatus.OK: "fine",
    FeedStatus.FAILING: "failing",
    FeedStatus.DORMANT: "silent for over half a year",
    FeedStatus.GONE: "gone",
    FeedStatus.NEW: "not read yet",
}
# How many words most people read a minute at least; how many colours faces have.
_WORDS_A_MINUTE, COLOURS = 230, 12
_LETTER = re.compile(r"[^\W_]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")


def language(claimed: str | None) -> str:
    """Return the language of a feed, if it may be one (RFC 5646); empty else."""
    tag = (claimed or "").strip().replace("_", "-")
    return tag if _LANGUAGE.fullmatch(tag) else ""


def long_day(day: date) -> str:
    """Return a day as `Wednesday, 12 November 2025`."""
    return f"{_DAYS[day.weekday()]}, {short_day(day)}"


def short_day(day: date) -> str:
    """Return a day as `12 November 2025`."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def day_of_month(day: date) -> str:
    """Return a day in short, as `12 Nov 2025`."""
    return f"{day.day} {_MONTHS[day.month - 1][:3]} {day.year}"


def month_and_year(year: int, month: int) -> str:
    """Return a month in short, as `Nov 2025`."""
    return f"{_MONTHS[month - 1][:3]} {year}"


def moment(at: datetime) -> str:
    """Return a moment (UTC) as `12 November 2025, 10:00 UTC`."""
    return f"{short_day(at.date())}, {clock(at)}"


def moment_of(stamp: str) -> datetime:
    """Read a moment as answers write it: `2025-11-12T10:00Z`, or only the day."""
    at = datetime.fromisoformat(stamp)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def clock(at: datetime) -> str:
    """Return the time of a moment (UTC) as `10:00 UTC`."""
    return f"{at:%H:%M} UTC"


def machine(at: datetime) -> str:
    """Return a moment (UTC) for the `datetime` attribute of `<time>`."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def time(at: datetime, said: str) -> Markup:
    """Return a moment as pages write it, said in some words."""
    return Markup(f'<time datetime="{machine(at)}">{escape(said)}</time>')  # noqa: S704 - as said


@lru_cache(maxsize=20)
def options(names: tuple[str, ...]) -> Markup:
    """Return what may be chosen from, as the options of a list."""
    return Markup("").join(Markup("<option>{}</option>").format(name) for name in names)


def count(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: `1 entry`, `12,000 entries`."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def reading_time(words: int) -> str:
    """Return how long a text takes: `4 min read`."""
    return f"{max(-(-words // _WORDS_A_MINUTE), 1)} min read"


def initials(name: str) -> str:
    """Return the first letters of the first two words of a name; a dot where it has none."""
    return "".join(_initials(name)) or "\N{MIDDLE DOT}"


def _initials(name: str) -> Iterator[str]:
    found = (_LETTER.search(word) for word in name.split())
    for _, letter in zip(range(2), filter(None, found), strict=False):
        yield letter[0].upper()[0]


def colour(name: str) -> int:
    """Return which of the colours the face of a name has, always the same one."""
    return zlib.crc32(name.casefold().encode("utf-8", "replace")) % COLOURS


def state(feed: Feed) -> str:
    """Return in a word or two what is unusual about a feed; empty if nothing is."""
    if feed.status not in {FeedStatus.OK, FeedStatus.DORMANT}:
        return STATES[feed.status]
    if not feed.entries:
        return "empty"
    if feed.status is FeedStatus.DORMANT:
        return "silent"
    return "note" if warning_of(feed) else ""


def status(feed: Feed) -> str:
    """Return how a feed is doing."""
    if feed.status is FeedStatus.GONE:
        return "Gone: its server says that it is gone for good."
    if feed.status is FeedStatus.FAILING:
        often = "" if feed.errors == 1 else f" ({feed.errors} times in a row)"
        return f"Failing{often}: {feed.problem or 'no reason is known'}"
    if feed.status is FeedStatus.NEW:
        return "Not read yet."
    if not feed.entries:
        return "It has no entries yet."
    said = "Silent for over half a year." if feed.status is FeedStatus.DORMANT else "Fine."
    warning = warning_of(feed)
    return f"{said} Note: {warning}." if warning else said
