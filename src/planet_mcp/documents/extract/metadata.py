"""What a page says of its article: title, authors, time."""

import re
from datetime import UTC, datetime

from dateutil import parser as dates
from lxml.etree import _Element
from trafilatura.metadata import extract_metadata
from trafilatura.settings import Document, set_date_params

from planet_mcp.documents.library_errors import DATEUTIL_ERRORS, TRAFILATURA_ERRORS
from planet_mcp.text.from_html import one_line

_PUBLISHED = (
    "//meta[@property='article:published_time' or @property='og:article:published_time'"
    " or @itemprop='datePublished' or @name='article:published_time' or @name='datePublished'"
    " or @name='date' or @name='pubdate' or @name='publish-date' or @name='DC.date.issued'"
    " or @name='parsely-pub-date']/@content | //time[@itemprop='datePublished' or @pubdate"
    " or contains(@class, 'published') or contains(@class, 'entry-date')]/@datetime"
)
_LD_PUBLISHED = re.compile(r'"datePublished"\s*:\s*"([^"]{8,40})"')
_MOST_AUTHORS = 20
_FIRST_YEAR = 1990
_YEAR = re.compile(r"(?:19|20)\d\d")


def metadata(page: _Element, url: str) -> Document:
    """Read the metadata of a page."""
    try:
        return extract_metadata(page, url, set_date_params(extensive=False))
    except TRAFILATURA_ERRORS:
        return Document()


def authors(names: str) -> tuple[str, ...]:
    """Split and clean the names that the metadata reader joined."""
    found = (one_line(name, limit=100) for name in names.split(";"))
    return tuple(dict.fromkeys(name for name in found if name))[:_MOST_AUTHORS]


def published(page: _Element, facts: Document) -> datetime | None:
    """Prefer a time that the page states to the day that the metadata reader worked out."""
    day = _moment(facts.date or "")
    stated = [str(value) for value in page.xpath(_PUBLISHED)][:20]
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
