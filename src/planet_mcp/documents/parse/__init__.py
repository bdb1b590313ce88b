"""Feed document in, normalised feed out (pure; runs in the child process).

In: the bytes of what a server sent for a feed, or for what might lead to feeds.
Out: its `ParsedFeed`; for someone who subscribes, also a list of feeds or a page's feeds.
Only this package knows feedparser, the formats of feeds, and how they are broken.

sniff (what is it?) ─▶ xmlfeed (repair, hints) │ jsonfeed: values of `raw`, with dates
                       ─▶ normalise (keys, texts, enclosures); for a page, where it sends its
                       readers, or autodiscovery
"""

from datetime import datetime

from planet_mcp.documents.cut_documents import joined
from planet_mcp.documents.encoding import Decoded, decode, undo_double_encoding
from planet_mcp.documents.lists import read_opml
from planet_mcp.documents.page_redirects import page_redirect
from planet_mcp.documents.parse.autodiscovery import find_feed_links
from planet_mcp.documents.parse.jsonfeed import read_json_feed
from planet_mcp.documents.parse.normalise import normalise
from planet_mcp.documents.parse.sniff import Kind, Sniffed, refusal, sniff
from planet_mcp.documents.parse.xmlfeed import read_xml_feed
from planet_mcp.models import FeedLinks, PageRedirect, ParsedFeed, SubscriptionList

__all__ = ["discover", "parse_feed"]

_PERHAPS_PAGES = frozenset({Kind.HTML, Kind.TEXT, Kind.EMPTY})


def parse_feed(
    body: bytes, *, url: str, content_type: str = "", gap: int | None = None, now: datetime
) -> ParsedFeed:
    """Read a feed document: RSS, RDF, Atom, CDF or JSON Feed, salvaging what is broken.

    `gap` is where something is missing, between the beginning of a large document and its end.

    Raises:
        NotAFeedError: The document is something else; the text says what.
        ParseFailedError: It is a feed, but too broken to be salvaged.
    """
    whole = body if gap is None else joined(body, gap)
    document = undo_double_encoding(decode(whole, content_type=content_type))
    return _parse(document, sniff(document.text), url=url, now=now)


def discover(
    body: bytes,
    *,
    url: str,
    content_type: str = "",
    refresh: str = "",
    gap: int | None = None,
    now: datetime,
) -> ParsedFeed | SubscriptionList | FeedLinks | PageRedirect:
    """Read what someone wants to subscribe to: a feed, an OPML document or a page with feeds.

    `refresh` is the header field of that name, for what is no feed, and `gap` as above.

    Raises:
        NotAFeedError: The document is none of them; the text says what it is.
        OpmlError: It is OPML that cannot be read.
        ParseFailedError: It is a feed, but too broken to be salvaged.
    """
    whole = body if gap is None else joined(body, gap)
    document = undo_double_encoding(decode(whole, content_type=content_type))
    found = sniff(document.text)
    if found.kind is Kind.OPML:
        return read_opml(document)
    if found.kind in _PERHAPS_PAGES:
        redirect = page_redirect(document.text, url=url, refresh=refresh)
        if redirect:
            return redirect
    if found.kind is Kind.HTML:
        return find_feed_links(document.text, url=url)
    return _parse(document, found, url=url, now=now)


def _parse(document: Decoded, found: Sniffed, *, url: str, now: datetime) -> ParsedFeed:
    if found.kind is Kind.JSON:
        raw = read_json_feed(document.text)
    elif found.kind in {Kind.FEED, Kind.XML}:
        raw = read_xml_feed(document.text, found)
    else:
        raise refusal(found)
    return normalise(raw, url=url, now=now, problem=document.problem)
