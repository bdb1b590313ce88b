"""Autodiscovery: the feeds that an HTML page points to (pure)."""

import re
from collections.abc import Container, Iterable, Iterator
from typing import Any

import lxml.html

from planet_mcp.models import Candidate, FeedLinks
from planet_mcp.text.from_html import LXML_ERRORS, one_line
from planet_mcp.urls import canonical, host_of, http_url, without_reader_scheme

_FEED_TYPES = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json"}
)
_PERHAPS_FEED_TYPES = frozenset({"application/json", "application/xml", "text/xml"})
_FEED_WORD = re.compile(
    r"(?:^|[\W_])(?:rss2?|atom|rdf|feeds?|jsonfeed)(?:[\W_]|\d?$)", re.IGNORECASE
)
_FEED_NAME = re.compile(
    r"(?:subscribe (?:via|by|to|with) )?(?:the |my |our )?(?:rss|atom|json|xml)(?: ?feeds?)?",
    re.IGNORECASE,
)
_FEED_FILE = re.compile(r"/(?:index|feed|rss|atom)\.(?:xml|rdf|json)$", re.IGNORECASE)
_NOT_A_FEED = re.compile(r"wp-json|oembed|opensearch|sitemap|\.(?:html?|png|gif|jpe?g|svg|css|js)$")
_COMMENTS = re.compile(r"comment", re.IGNORECASE)
_MOST = 20
_TITLE = 120


def find_feed_links(html: str, *, url: str) -> FeedLinks:
    """Collect the feeds that a page declares, and the other anchors that look like one.

    Source: WHATWG HTML, section 4.6.7.1 (`rel=alternate`). Feeds of comments come last in each.
    """
    root = _root(html)
    if root is None:
        return FeedLinks(())
    base = _base(root, url)
    declared = _distinct(_declared(root, base), but={canonical(url)})
    anchors = _distinct(_anchors(root, base), but={canonical(url), *declared})
    return FeedLinks(_ordered(declared), _ordered(_own_first(anchors, host_of(url))))


def _own_first(anchors: dict[str, Candidate], host: str) -> dict[str, Candidate]:
    """Put what a page links on its own host before the feeds of others that it recommends."""
    return dict(sorted(anchors.items(), key=lambda item: host_of(item[1].url) != host))


def _distinct(candidates: Iterable[Candidate], *, but: Container[str]) -> dict[str, Candidate]:
    found: dict[str, Candidate] = {}
    for candidate in candidates:
        key = canonical(candidate.url)
        if key not in but:
            found.setdefault(key, candidate)
    return found


def _ordered(found: dict[str, Candidate]) -> tuple[Candidate, ...]:
    return tuple(sorted(found.values(), key=_is_about_comments)[:_MOST])


def _root(html: str) -> Any:
    parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=False)
    try:
        return lxml.html.document_fromstring(html.encode("utf-8", "replace"), parser=parser)
    except LXML_ERRORS:
        return None


def _base(root: Any, url: str) -> str:
    declared = next((each.get("href") for each in root.iter("base") if each.get("href")), "")
    return http_url(declared, url) or url


def _declared(root: Any, base: str) -> Iterator[Candidate]:
    for link in root.iter("link"):
        relations = (link.get("rel") or "").lower().split()
        address = _address(link, base)
        if address and ("alternate" in relations or "feed" in relations):
            kind = (link.get("type") or "").split(";")[0].strip().lower()
            title = link.get("title") or ""
            if kind in _FEED_TYPES or "feed" in relations or _perhaps(kind, f"{address} {title}"):
                yield _candidate(address, title)


def _perhaps(kind: str, hints: str) -> bool:
    return (
        kind in _PERHAPS_FEED_TYPES
        and bool(_FEED_WORD.search(hints))
        and not _NOT_A_FEED.search(hints)
    )


def _anchors(root: Any, base: str) -> Iterator[Candidate]:
    for anchor in root.iter("a"):
        address = _address(anchor, base)
        if address and _looks_like_feed(address, anchor):
            yield _candidate(address, anchor.get("title") or anchor.text_content())


def _looks_like_feed(address: str, anchor: Any) -> bool:
    path = re.sub(r"^https?://[^/?#]*", "", address).partition("#")[0]
    if _NOT_A_FEED.search(path):
        return False
    kind = (anchor.get("type") or "").lower()
    named = _FEED_NAME.fullmatch(" ".join(anchor.text_content()[:_TITLE].split()))
    return bool(kind in _FEED_TYPES or named or _FEED_WORD.search(path) or _FEED_FILE.search(path))


def _address(element: Any, base: str) -> str | None:
    reference = (element.get("href") or "").strip()
    if reference.startswith("#"):
        return None
    return http_url(without_reader_scheme(reference), base)


def _candidate(address: str, title: str) -> Candidate:
    return Candidate(url=address, title=one_line(title[:1_000], limit=_TITLE) or None)


def _is_about_comments(candidate: Candidate) -> bool:
    return bool(_COMMENTS.search(f"{candidate.url} {candidate.title or ''}"))
