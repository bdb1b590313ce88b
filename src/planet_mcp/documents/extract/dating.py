"""When a page says that its article was published."""

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator
from copy import deepcopy
from datetime import datetime, timedelta
from functools import partial

from htmldate import find_date
from lxml import etree
from lxml.etree import _Element
from trafilatura.settings import set_date_params

from planet_mcp.documents.dates import TAG, YEAR, day_first_of, parse_date
from planet_mcp.documents.extract.metadata import tried
from planet_mcp.text.from_html import drop, text_of
from planet_mcp.times import day_of, utc_now

_META = etree.XPath(
    "//meta[@content][@property='article:published_time' or @property='og:article:published_time'"
    " or @itemprop='datePublished' or @name='article:published_time' or @name='datePublished'"
    " or @name='date' or @name='pubdate' or @name='publish-date' or @name='DC.date.issued'"
    " or @name='parsely-pub-date']/@content"
)
_LD_PUBLISHED = re.compile(r'"datePublished"\s*:\s*"([^"]{8,40})"')
_TIMES = etree.XPath(
    "//time[@itemprop='datePublished' or @pubdate or contains(@class, 'published')"
    " or contains(@class, 'entry-date')]/@datetime"
    " | //*[contains(@class, 'published') or contains(@class, 'posted-on')]//time/@datetime"
)
_DATES = etree.XPath(
    "//time[not(@datetime)] | //*[contains(@class, 'date') or contains(@class, 'publish')"
    " or contains(@class, 'posted')][not(contains(@class, 'update'))]"
)
_LONGEST_DATE, _TWO_NUMBERS = 60, re.compile(r"\d\D+\d")
_MOST, _A_DAY, _TWO_DAYS = 20, timedelta(days=1), timedelta(days=2)
_FIRST_YEAR = 1990
_DATED_PATH = re.compile(r"\D(?:19|20)\d\d[/_-]\d\d?[/_-]\d\d?(?!\d)")
_DAYS = re.compile(r"(?<![\d-])(?:19|20)\d\d-\d\d-\d\d(?![\d-])")
_LIST_OF_DAYS = 3
_SLASHED = re.compile(r"(?<!\d)\d{1,2}/\d{1,2}/\d{4}(?!\d)")
# What speaks of other times than that of publication: listings, comments, other posts, a sidebar,
# tables of data, and sections that are headed by a day.
_CODE = ("pre", "code", "samp", "nav")
_ASIDES = etree.XPath("//aside[not(ancestor::article or ancestor::main)]")
_DATA = etree.XPath("//table[.//tr[2]][not(.//p or .//div or .//h1 or .//h2 or .//table)]")
_HEADINGS = ("h2", "h3", "h4", "h5", "h6")
_OTHERS = re.compile(
    r"(?:^|\s)(?:comments?(?:-?(?:list|area|body|section|thread|wrap(?:per)?))?|sidebar|widget"
    r"|(?:related|recent|latest|popular)(?:-?(?:posts?|articles?|entries))?)(?:\s|$)",
    re.IGNORECASE,
)


def published(page: _Element, url: str) -> datetime | None:
    """Return when a page says that it was published; None if it says so of other things alone.

    A day in its address counts more than what its head says: sites are moved.
    """
    stated = [*map(str, _META(page)[:_MOST]), *_linked_data(page)]
    language = (page.get("lang") or "").strip()
    read = partial(parse_date, day_first=day_first_of(stated, language=language))
    moments = [*_moments(map(read, stated))]
    own = page if moments else _without_others(page)
    moments = moments or [*_moments(map(read, map(str, _TIMES(own)[:_MOST])))]
    if moments and not _DATED_PATH.search(url):
        return moments[0]
    day = _day(own, url, language) or next(_moments(map(read, _written(own))), None)
    return next((each for each in moments if day and abs(each - day) < _TWO_DAYS), day)


def _moments(found: Iterable[datetime | None]) -> Iterator[datetime]:
    latest = utc_now() + _A_DAY
    yield from (each for each in found if each and each.year >= _FIRST_YEAR and each <= latest)


def _written(page: _Element) -> Iterator[str]:
    """Return short texts that a page calls a date, in whatever language; none of a mere month."""
    texts = (text_of(each) for each in _DATES(page)[:_MOST])
    mere = _mere_month(r"\d{4}")
    for text in texts:
        if len(text) <= _LONGEST_DATE and _TWO_NUMBERS.search(text) and not mere.search(text):
            yield text


def _linked_data(page: _Element) -> Iterator[str]:
    for script in page.iter("script"):
        if "ld+json" in (script.get("type") or ""):
            yield from _LD_PUBLISHED.findall(script.text or "")[:5]


def _without_others(page: _Element) -> _Element:
    """Return a page without what is dated for itself: comments, other posts, logs."""
    own = deepcopy(page)
    headings = [each for each in own.iter(*_HEADINGS) if YEAR.search(text_of(each))]
    dated = headings if len(headings) > 1 else []
    for element in [*own.iter(*_CODE), *_ASIDES(own), *_DATA(own), *_of_others(own), *dated]:
        if element.getparent() is not None:
            drop(element)
    return own


def _of_others(page: _Element) -> Iterator[_Element]:
    for element in page.iter(etree.Element):
        names = f"{element.get('class') or ''} {element.get('id') or ''}"
        named = len(names) > 1 and element.tag != "body" and _OTHERS.search(names)
        if named and element.find(".//h1") is None:
            yield element


def _day(page: _Element, url: str, language: str) -> datetime | None:
    """Return the day that htmldate finds, if the page states it, and not as one of many."""
    # Where the page is from, it may be tomorrow already.
    dating = set_date_params(extensive=False)
    dating |= {"url": url, "max_date": day_of(utc_now() + _A_DAY)}
    day = tried(lambda: find_date(page, **dating))
    if not day or _DATED_PATH.search(url):
        return parse_date(day or "")
    markup = f"{url}\n{etree.tostring(page, encoding='unicode')}"
    text = TAG.sub(" ", markup)
    days = set(_DAYS.findall(text))
    if (day in days and len(days) >= _LIST_OF_DAYS) or not _states(day, markup, text):
        return None
    return _as_written(day, markup, language)


def _states(day: str, *texts: str) -> bool:
    """Return whether a text states a day, as YYYY-MM-DD.

    To a mere month, htmldate adds the first day or today's, or in its place the month's last one.
    """
    year, month, number = day.split("-")
    today = datetime.now().astimezone().day
    if int(number) not in {1, min(today, monthrange(int(year), int(month))[1])}:
        return True
    mere = _mere_month(year)
    alone = rf"(?<!\d)0?{int(number)}(?!\d)"
    of_month = rf"(?<!\d)0?{int(month)}(?!\d)"
    short = rf"(?:{alone}[-/.]{of_month}|{of_month}[-/.]{alone})[-/.]{year[2:]}(?!\d)"
    stated = re.compile(
        rf"{year}{month}{number}|{alone}.{{1,30}}{year}|{year}.{{1,12}}{alone}|{short}", re.DOTALL
    )
    return any(stated.search(mere.sub("", text)) for text in texts)


def _mere_month(year: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\d)(?<!\d[-/.])(?:{year}[-/.年]\d\d?|\d\d?[-/.]{year})(?![-/.月]?\d)")


def _as_written(day: str, text: str, language: str) -> datetime | None:
    """Read a day again that is written as `3/4/2026`, whose order htmldate guesses."""
    year, month, number = map(int, day.split("-"))
    order = rf"0?{number}/0?{month}|0?{month}/0?{number}"
    written = re.search(rf"(?<!\d)(?:{order})/{year}(?!\d)", text)
    if written is None or day in text:
        return parse_date(day)
    day_first = day_first_of(_SLASHED.findall(text), language=language)
    return parse_date(written[0], day_first=day_first)
