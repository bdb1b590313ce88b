"""A period that a question says, as `this month` in "what happened in packaging this month?"."""

import re
from dataclasses import replace
from typing import NamedTuple

from planet_mcp.planet.lookup import folded
from planet_mcp.requests import SearchRequest, given

# What other languages say, as `since` takes it; others can be added.
_ELSEWHERE = {
    "diese woche": "this week",
    "letzte woche": "last week",
    "diesen monat": "this month",
    "letzten monat": "last month",
    "dieses jahr": "this year",
    "letztes jahr": "last year",
    "heute": "today",
    "gestern": "yesterday",
    "cette semaine": "this week",
    "la semaine dernière": "last week",
    "ce mois-ci": "this month",
    "le mois dernier": "last month",
    "cette année": "this year",
    "l'année dernière": "last year",
    "aujourd'hui": "today",
    "esta semana": "this week",
    "la semana pasada": "last week",
    "este mes": "this month",
    "el mes pasado": "last month",
    "este año": "this year",
    "el año pasado": "last year",
}
_UNIT = "(?:hour|day|week|month|year)"
_ENGLISH = (
    rf"(?:this|last|past|previous) (?:week|month|year)|past {_UNIT}|"
    rf"(?:last|past|previous) \d{{1,3}} {_UNIT}s?|today|yesterday"
)
_SAID = re.compile(
    r"(?<!\S)(?:(?:in|over|during|within|from|since|for|of|on) )?(?:the )?"
    rf"(?P<period>{_ENGLISH}|{'|'.join(map(re.escape, _ELSEWHERE))})(?:'s)?(?![\w-])",
    re.IGNORECASE,
)


class SpokenPeriod(NamedTuple):
    """What a query is about without a period, the words for that, and what `since` is for it."""

    rest: str
    words: str
    since: str


def spoken_period(query: str) -> SpokenPeriod | None:
    """Find the period that a question says besides what it is about; None if it has quotes."""
    plain = " ".join(query.replace("\u2019", "'").split())
    said = _SAID.search(plain)
    if not said or '"' in plain:
        return None
    rest = f"{plain[: said.start()].rstrip()} {plain[said.end() :].lstrip()}".strip(" ,?.!")
    words = said["period"].lower()
    return SpokenPeriod(rest, words, _ELSEWHERE.get(words, words)) if rest else None


def is_of_title(said: SpokenPeriod, title: str) -> bool:
    """Return whether a title has the period's words, as that of "This Week in Rust"."""
    return said.words in folded(title)


def within(request: SearchRequest, said: SpokenPeriod) -> dict[str, object]:
    """Return the arguments of a search for the rest within the period."""
    return given(replace(request, query=said.rest, since=said.since, limit=None, cursor=None))
