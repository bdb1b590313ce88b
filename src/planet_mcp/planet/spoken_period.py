"""A period that a question says, as `this month` in "what happened in packaging this month?"."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from planet_mcp.period_words import in_english, may_say_period
from planet_mcp.periods import DAYS, MONTHS, parse_since, parse_until, read_both
from planet_mcp.planet.lookup import folded
from planet_mcp.requests import SearchRequest, given
from planet_mcp.text import STOP_WORDS
from planet_mcp.times import day_of

_UNIT = "(?:hour|day|week|month|year)"
_ENGLISH = (
    rf"(?:this|last|previous) (?:week|month|quarter|year)|past {_UNIT}|"
    rf"(?:last|past|previous) \d{{1,3}} {_UNIT}s?|today|yesterday|"
    # Alone, the names are of other things, too: Cyber Monday.
    rf"(?:(?<=since )|last )(?:{'|'.join([*DAYS, *MONTHS])})(?!,? \d)"
)
_SAID = re.compile(
    r"(?<!\S)(?:(?:in|over|during|within|from|since|for|of|on) )?(?:the )?"
    rf"(?P<period>{_ENGLISH})(?:'s)?(?![\w-])",
    re.IGNORECASE,
)
_NAMED = re.compile(r"(?:this|last) (?:week|month|quarter|year)|today|yesterday")
# A word of German, too.
_NOT_ALONE = frozenset({"hier"})
_MOST_WORDS, _LONGEST_QUERY = 6, 40
_HAS_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_YEAR = re.compile(r"\d{4}")
# What stands before a date, in English and other languages: a beginning, an end, or either.
_SINCE = frozenset("since seit ab depuis desde dal sinds vanaf \u0441 od".split())
_AFTER = frozenset(
    "after nach apr\u00e8s despu\u00e9s depois dopo po \u043f\u043e\u0441\u043b\u0435".split()
)
_UNTIL = frozenset("until till bis hasta at\u00e9 tot do \u0434\u043e".split())
_BEFORE = frozenset("before vor avant antes prima voor przed".split())
_WITHIN = frozenset(
    "in during from of between im vom von aus zwischen en de du entre del em nel di tra fra van"
    " tussen w z \u0432 \u0437\u0430 \u043c\u0435\u0436\u0434\u0443".split()
)
_LEADING = _SINCE | _AFTER | _UNTIL | _BEFORE | _WITHIN


class SpokenPeriod(NamedTuple):
    """What a query is about without a period, the words for that, and what `since` is for it."""

    rest: str
    words: str
    since: str


class SpokenDates(NamedTuple):
    """What a query is about without dates, the words for these, and the arguments for them."""

    rest: str
    words: str
    dates: dict[str, str]


def spoken_period(query: str) -> SpokenPeriod | None:
    """Find the period that a question says besides what it is about; None if it has quotes."""
    plain = " ".join(query.replace("\u2019", "'").split())
    if '"' in plain:
        return None
    said = _SAID.search(plain)
    if not said:
        return _elsewhere(plain)
    rest = f"{plain[: said.start()].rstrip()} {plain[said.end() :].lstrip()}".strip(" ,?.!")
    words = said["period"].lower()
    return SpokenPeriod(rest, words, words) if rest else None


def _elsewhere(plain: str) -> SpokenPeriod | None:
    """Find a period that is said in another language."""
    words = plain.split()
    if len(words) > _LONGEST_QUERY or not may_say_period(words):
        return None
    for length in range(min(_MOST_WORDS, len(words) - 1), 0, -1):
        for begin in range(len(words) - length + 1):
            said = " ".join(words[begin : begin + length]).strip(",?.!\u00bf")
            since = in_english(said) if said.lower() not in _NOT_ALONE else None
            if since and _NAMED.fullmatch(since):
                rest = " ".join([*words[:begin], *words[begin + length :]]).strip(" ,?.!")
                return SpokenPeriod(rest, said.lower(), since)
    return None


def stated_dates(query: str, *, now: datetime) -> SpokenDates | None:
    """Find dates that a question says after a word such as `since`; None if it has quotes."""
    if '"' in query or len(query.split()) > _LONGEST_QUERY or not _HAS_YEAR.search(query):
        return None
    # As other searches take it: `after:2020`.
    words = re.sub(r"(?i)\b(since|after|until|before):(?=\d)", r"\1 ", query).split()
    for at, lead in enumerate(word.lower() for word in words):
        for end in range(min(at + 1 + _MOST_WORDS, len(words)), at + 1, -1):
            if lead not in _LEADING:
                break
            said = " ".join(words[at + 1 : end]).strip(",?.!")
            dates = _dates(lead, said, words[end:], now)
            if dates:
                rest = " ".join([*words[:at], *words[end:]]).strip(" ,?.!")
                named = said if lead in _WITHIN else f"{lead} {said}"
                return SpokenDates(rest, named, dates)
    return None


def _dates(lead: str, said: str, after: Sequence[str], now: datetime) -> dict[str, str] | None:
    # A number before a thing is how many there are.
    is_count = _YEAR.fullmatch(said) and after and after[0].lower() not in STOP_WORDS
    both = read_both(said, now=now) if _HAS_YEAR.search(said) else None
    if both is None or (is_count and lead in _WITHIN):
        return None
    begin, end = both
    if lead in _AFTER:
        begin = day_of(parse_until(end, now=now))
    if lead in _BEFORE:
        end = day_of(parse_since(begin, now=now) - timedelta(days=1))
    dates = {"since": begin, "until": end}
    if lead not in _WITHIN:
        del dates["until" if lead in _SINCE | _AFTER else "since"]
    return dates


def is_of_title(said: SpokenPeriod, query: str, title: str) -> bool:
    """Return whether a title has the period's words, as that of "This Week in Rust".

    The next word of the query is the title's, too, if it is one as `in`: what is there of last
    week about it?
    """
    after = folded(" ".join(query.split())).partition(said.words)[2].split()
    joined = f"{said.words} {after[0]}" if after and after[0] in STOP_WORDS else said.words
    return joined in folded(title)


def within(request: SearchRequest, said: SpokenPeriod) -> dict[str, object]:
    """Return the arguments of a search for the rest within the period."""
    return given(replace(request, query=said.rest, since=said.since, limit=None, cursor=None))
