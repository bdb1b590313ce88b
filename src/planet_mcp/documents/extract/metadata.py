"""What a page says of its article: title, authors, time."""

import re
from calendar import monthrange
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeVar

from dateutil import parser as dates
from htmldate import find_date
from lxml import etree
from lxml.etree import _Element
from trafilatura.metadata import (
    Document,
    examine_meta,
    extract_author,
    extract_meta_json,
    extract_title,
    extract_url,
)
from trafilatura.settings import set_date_params

from planet_mcp.documents.library_errors import DATEUTIL_ERRORS, TRAFILATURA_ERRORS
from planet_mcp.text.from_html import one_line
from planet_mcp.times import day_of, utc_now

_PUBLISHED = etree.XPath(
    "//meta[@content][@property='article:published_time' or @property='og:article:published_time'"
    " or @itemprop='datePublished' or @name='article:published_time' or @name='datePublished'"
    " or @name='date' or @name='pubdate' or @name='publish-date' or @name='DC.date.issued'"
    " or @name='parsely-pub-date']/@content | //time[@itemprop='datePublished' or @pubdate"
    " or contains(@class, 'published') or contains(@class, 'entry-date')]/@datetime"
)
_LD_PUBLISHED = re.compile(r'"datePublished"\s*:\s*"([^"]{8,40})"')
# The attributes, and the words in them, by which trafilatura knows what may name an author.
_NAMING = frozenset(("class", "id", "itemprop", "rel", "data-testid", "data-component"))
_MAY_NAME_AUTHOR = re.compile(
    "[Aa]uthor|[Bb]yline|byl|BBL|username|screenname|writer|channel-name|journalist-name"
    "|submitted-by|posted-by|zuozhe|bianji|xiaobian"
)
_MOST_AUTHORS = 20
_TAG = re.compile(r"<[^<>]*>")
_FIRST_YEAR = 1990
_YEAR = re.compile(r"(?:19|20)\d\d")
_Found = TypeVar("_Found")


def metadata(page: _Element, url: str) -> Document:
    """Read what a page states of itself, by those steps of trafilatura whose results are used."""
    facts = _tried(lambda: examine_meta(page)) or Document()
    if " " not in (facts.author or ""):
        facts.author = None
    _tried(lambda: extract_meta_json(page, facts))
    facts.title = facts.title or _tried(lambda: extract_title(page))
    facts.author = facts.author or _tried(lambda: _named_author(page))
    dating = set_date_params(extensive=False)
    # Where the page is from, it may be tomorrow already.
    dating["max_date"] = day_of(utc_now() + timedelta(days=1))
    dating["url"] = facts.url or _tried(lambda: extract_url(page, url)) or url
    day = _tried(lambda: find_date(page, **dating))
    facts.date = day if day and _states_day(page, dating["url"], day) else None
    _tried(facts.clean_and_trim)
    return facts


def _tried(step: Callable[[], _Found]) -> _Found | None:
    """Return what a step finds; None where it fails, which leaves the other steps' results."""
    try:
        return step()
    except TRAFILATURA_ERRORS:
        return None


def _states_day(page: _Element, url: str, day: str) -> bool:
    """Return whether a page states a day, as YYYY-MM-DD.

    To a mere month, htmldate adds the first day or today's, or in its place the month's last one.
    """
    year, month, number = day.split("-")
    today = datetime.now().astimezone().day
    if int(number) not in {1, min(today, monthrange(int(year), int(month))[1])}:
        return True
    mere = rf"(?<!\d)(?<!\d[-/.])(?:{year}[-/.年]\d\d?|\d\d?[-/.]{year})(?![-/.月]?\d)"
    markup = re.sub(mere, "", f"{url}\n{etree.tostring(page, encoding='unicode')}")
    alone = rf"(?<!\d)0?{int(number)}(?!\d)"
    of_month = rf"(?<!\d)0?{int(month)}(?!\d)"
    short = rf"(?:{alone}[-/.]{of_month}|{of_month}[-/.]{alone})[-/.]{year[2:]}(?!\d)"
    stated = re.compile(
        rf"{year}{month}{number}|{alone}.{{1,30}}{year}|{year}.{{1,12}}{alone}|{short}", re.DOTALL
    )
    return any(stated.search(text) for text in (markup, _TAG.sub(" ", markup)))


def _named_author(page: _Element) -> str | None:
    """Find an author in the text of a page.

    trafilatura asks each element of a page six long questions. So it gets a page of those elements
    alone that can answer, with empty copies of their ancestors, by which it leaves some out.
    """
    root = page.makeelement(page.tag)
    shells, whole = {page: root}, set[_Element]()
    for element in page.iterdescendants(etree.Element):
        named = any(n in _NAMING and _may_name_author(value) for n, value in element.items())
        if named or element.tag == "author":
            if whole.isdisjoint(element.iterancestors()):
                _shell(element.getparent(), shells).append(deepcopy(element))
            whole.add(element)
    return extract_author(root) if whole else None


# The cache pays: most elements of a page have one of few classes.
@lru_cache(maxsize=4096)
def _may_name_author(names: str) -> bool:
    return bool(_MAY_NAME_AUTHOR.search(names))


def _shell(element: _Element, shells: dict[_Element, _Element]) -> _Element:
    """Return the empty copy of an element in the copies of its ancestors, made if need be."""
    waiting = []
    while element not in shells:
        waiting.append(element)
        element = element.getparent()
    for outer in reversed(waiting):
        shells[outer] = etree.SubElement(shells[outer.getparent()], outer.tag, outer.attrib)
    return shells[waiting[0] if waiting else element]


def authors(names: str) -> tuple[str, ...]:
    """Split and clean the names that the metadata reader joined."""
    found = (one_line(name, limit=100) for name in names.split(";"))
    return tuple(dict.fromkeys(name for name in found if name))[:_MOST_AUTHORS]


def published(page: _Element, facts: Document) -> datetime | None:
    """Prefer a time that the page states to the day that the metadata reader worked out."""
    day = _moment(facts.date or "")
    stated = [str(value) for value in _PUBLISHED(page)][:20]
    for script in page.iter("script"):
        if "ld+json" in (script.get("type") or ""):
            stated += _LD_PUBLISHED.findall(script.text or "")[:5]
    moments = [moment for value in stated if (moment := _moment(value))]
    if day is None:
        return moments[0] if moments else None
    return next((m for m in moments if abs((m - day).total_seconds()) < 2 * 86_400), day)


def _moment(value: str) -> datetime | None:
    if not _YEAR.search(value):
        return None
    try:
        moment: datetime = dates.parse(
            value[:60],
            default=datetime(2000, 1, 1, tzinfo=UTC),
            tzinfos=lambda _, seconds: seconds or 0,
        )
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        moment = moment.astimezone(UTC)
    except DATEUTIL_ERRORS:
        return None
    return moment if moment.year >= _FIRST_YEAR else None
