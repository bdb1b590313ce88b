"""What a document is, by how it begins (pure)."""

import re
from dataclasses import dataclass
from enum import Enum

from planet_mcp.errors import NotAFeedError

# The parts of what may stand before the root element (XML 1.0, production 22). They are matched one
# by one, each in linear time.
_PROLOG = re.compile(
    r"\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE
)
_ROOT = re.compile(r"<(?:[\w.-]{1,40}:)?([A-Za-z_][\w.-]{0,60})")
_FEED_ROOT = re.compile(r"<(?:[\w.-]{1,40}:)?(?:rss|feed|RDF|channel)[\s>]", re.IGNORECASE)
_HTML_DOCTYPE = re.compile(r"<!DOCTYPE\s+html", re.IGNORECASE)
_FEED_IN_PAGE = re.compile(
    r"<rss\s[^<>]{0,500}version=|<feed\s[^<>]{0,500}(?:/2005/Atom|/atom/ns#)"
    r"|<rdf:RDF\s[^<>]{0,500}purl\.org/rss"
)
_OPML_ROOT = re.compile(
    r"<(?:[\w.-]{1,40}:)?opml[\s>]|<outline\s[^<>]{0,500}xmlurl\s*=", re.IGNORECASE
)
_FEED_ROOTS = frozenset({"rss", "feed", "rdf", "channel", "entry", "item"})
_HTML_TAGS = frozenset(
    {
        *("html", "head", "body", "title", "meta", "link", "script", "style", "noscript", "iframe"),
        *("div", "p", "br", "b", "i", "a", "h1", "h2", "h3", "table", "center", "font", "span"),
        *("section", "main", "article", "header", "nav", "pre", "ul", "form", "img"),
    }
)
_JUNK_BEFORE = 64_000
_FRAME = 2_000
_BINARY = re.compile(r"[\0-\x08\x0e-\x1a\x1c-\x1f\ufffd]")


class Kind(Enum):
    """What a document is."""

    FEED = "a feed"
    XML = "another XML document"
    JSON = "JSON"
    HTML = "an HTML page"
    OPML = "an OPML subscription list"
    TEXT = "plain text"
    BINARY = "binary data"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Sniffed:
    """The kind of a document, where its root element begins and how that is called."""

    kind: Kind
    start: int = 0
    root: str = ""


def sniff(text: str) -> Sniffed:
    """Find out what a document is; junk before a feed's root element is looked past."""
    start = _end_of_prolog(text)
    if start == len(text):
        return Sniffed(Kind.EMPTY)
    root = _ROOT.match(text, start)
    name = root[1].lower() if root else ""
    if name in _FEED_ROOTS:
        return Sniffed(Kind.FEED, start, name)
    if name == "opml":
        return Sniffed(Kind.OPML, start, name)
    return _looked_past(text, start, name)


def _end_of_prolog(text: str) -> int:
    position = 0
    while found := _PROLOG.match(text, position):
        position = found.end()
    return position


def _looked_past(text: str, start: int, name: str) -> Sniffed:
    if text[start] in "{[":
        return Sniffed(Kind.JSON, start)
    page = name == "html" or bool(_HTML_DOCTYPE.search(text, 0, start))
    # A feed may begin behind the error messages of a script, or in the frame of a page.
    pattern, reach = (_FEED_IN_PAGE, _FRAME) if page else (_FEED_ROOT, _JUNK_BEFORE)
    buried = pattern.search(text, start, start + reach)
    if buried:
        return Sniffed(Kind.FEED, buried.start(), "junk")
    opml = _OPML_ROOT.search(text, start, start + reach)
    if opml:
        return Sniffed(Kind.OPML, opml.start(), "opml")
    if page or name in _HTML_TAGS:
        return Sniffed(Kind.HTML, start, name)
    if name:
        return Sniffed(Kind.XML, start, name)
    return Sniffed(Kind.BINARY if _BINARY.search(text[:1_000]) else Kind.TEXT, start)


_WHAT_TO_DO = {
    Kind.HTML: "add the page's address instead, and the feed that it links is found",
    Kind.OPML: "add its address, or import the file, to follow its feeds",
    Kind.EMPTY: "the server sent nothing; try again later or check the address",
    Kind.JSON: "only JSON Feed (jsonfeed.org) is read; check the address",
}


def refusal(found: Sniffed) -> NotAFeedError:
    """Return the error that says what a document is instead of a feed, and what to do."""
    if found.kind is Kind.EMPTY:
        return NotAFeedError(f"The document is empty, not a feed: {_WHAT_TO_DO[Kind.EMPTY]}.")
    what = found.kind.value
    if found.kind is Kind.JSON:
        what = "JSON, but not JSON Feed"
    elif found.kind is Kind.XML:
        what = f"an XML document with the root element <{found.root}>"
    hint = _WHAT_TO_DO.get(found.kind, "check the address, or add the site's page instead")
    if found.root in {"urlset", "sitemapindex"}:
        what = "a sitemap"
    return NotAFeedError(f"This is {what}, not a feed: {hint}.")
