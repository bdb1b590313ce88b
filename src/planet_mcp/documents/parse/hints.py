"""How often a feed asks to be read (RSS 2.0; RSS 1.0 Syndication module; pure)."""

import re

from planet_mcp.models import PollingHints

_DAY = 86_400
_PERIODS = {
    "hourly": 3_600,
    "daily": _DAY,
    "weekly": 7 * _DAY,
    "monthly": 30 * _DAY,
    "yearly": 365 * _DAY,
}
_LONGEST = 365 * _DAY
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOURS = 24
_NUMBER = re.compile(r"\+?\d{1,9}")

_HEAD = 64_000
_LIST = 4_000
_FIRST_ENTRY = re.compile(r"<(?:[\w.-]{1,40}:)?item[\s>]", re.IGNORECASE)
# Comments and CDATA, in which nothing is an element. One without an end takes the rest of the text,
# which keeps the search linear.
_NOT_MARKUP = re.compile(r"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)", re.DOTALL)


def hints_of(*, ttl: str, period: str, frequency: str, document: str) -> PollingHints:
    """Gather what a channel says about polling.

    Its skipHours and skipDays are read from the document itself, since feedparser keeps only the
    last one of elements that it does not know.
    """
    head = _head(document)
    return PollingHints(
        interval=_interval(ttl=ttl, period=period, frequency=frequency),
        skip_hours=_skipped_hours(_values(head, "skipHours", "hour")),
        skip_days=_skipped_days(_values(head, "skipDays", "day")),
    )


def _interval(*, ttl: str, period: str, frequency: str) -> int | None:
    lasting = _PERIODS.get(period.lower(), 0) // max(1, _number(frequency))
    longest = max(_number(ttl) * 60, lasting)
    return min(longest, _LONGEST) or None


def _number(text: str) -> int:
    return int(text) if _NUMBER.fullmatch(text) else 0


def _head(document: str) -> str:
    """Cut out what stands before the first entry."""
    head = _NOT_MARKUP.sub(" ", document[:_HEAD])
    first = _FIRST_ENTRY.search(head)
    return head[: first.start()] if first else head


def _values(head: str, element: str, each: str) -> list[str]:
    prefix = r"(?:[\w.-]{1,40}:)?"
    opening = re.search(rf"<{prefix}{element}(?:\s[^<>]*)?>", head, re.IGNORECASE)
    if not opening:
        return []
    inside = head[opening.end() : opening.end() + _LIST]
    closing = re.search(rf"</{prefix}{element}", inside, re.IGNORECASE)
    listed = inside[: closing.start()] if closing else ""
    return re.findall(rf"<{prefix}{each}(?:\s[^<>]*)?>\s*(\w+)\s*<", listed, re.IGNORECASE)


def _skipped_hours(values: list[str]) -> tuple[int, ...]:
    # 24 counts as 0, since RSS 0.91 counted the hours from 1 to 24.
    numbers = (int(value) for value in values if _NUMBER.fullmatch(value))
    return _unless_all({number % _HOURS for number in numbers if number <= _HOURS}, _HOURS)


def _skipped_days(values: list[str]) -> tuple[int, ...]:
    names = (value.lower() for value in values)
    return _unless_all({_DAYS.index(name) for name in names if name in _DAYS}, len(_DAYS))


def _unless_all(skipped: set[int], everything: int) -> tuple[int, ...]:
    """Return them in order; none if they are all, as no feed means that it is never to be read."""
    return tuple(sorted(skipped)) if len(skipped) < everything else ()
