"""RSS, Atom, RDF and CDF through feedparser: the only module that knows it (pure)."""

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import feedparser

from planet_mcp.documents.parse.dates import parse_date
from planet_mcp.documents.parse.enclosures import plays
from planet_mcp.documents.parse.hints import hints_of
from planet_mcp.documents.parse.raw import RawEnclosure, RawEntry, RawFeed, RawText
from planet_mcp.documents.parse.sniff import Kind, Sniffed, refusal
from planet_mcp.documents.repair import declared_entities, repair
from planet_mcp.errors import ParseFailedError
from planet_mcp.models import PollingHints

Node = Mapping[str, Any]

_DECLARATION = b"<?xml version='1.0' encoding='utf-8'?>\n"
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_NOT_TEXT = ("image/", "audio/", "video/", "font/", "application/octet", "application/pdf")
_FEEDBURNER = frozenset({"feedproxy.google.com", "feeds.feedburner.com", "rss.feedburner.com"})
_HALF_REFERENCE = re.compile(r"&amp;?(?=[\w.-]+=)")
_ROOT = re.compile(r"<([A-Za-z_][\w:.-]{0,60})")
# Roots under which a document without entries is an empty feed whatever its namespace.
_FEED_ROOTS = frozenset({"rss", "feed", "channel", "junk"})


def read_xml_feed(text: str, found: Sniffed) -> RawFeed:
    """Read a feed document in an XML format; malformed XML is salvaged.

    Raises:
        NotAFeedError: It is XML in which no feed can be seen.
        ParseFailedError: The parser failed.
    """
    repaired, wrong = repair(text[found.start :], entities=declared_entities(text[: found.start]))
    result = _parsed(repaired)
    entries = result["entries"]
    if not (entries or result.get("version") or found.root in _FEED_ROOTS):
        raise refusal(Sniffed(Kind.XML, found.start, found.root))
    lines = text.count("\n", 0, found.start)
    if result.get("bozo") and not entries:
        problem = _malformed(result.get("bozo_exception"), lines)
        raise ParseFailedError(f"{problem[:1].upper()}{problem[1:]}, and no entry could be read.")
    return replace(
        _feed(result["feed"], document=repaired),
        entries=tuple(_entry(entry) for entry in entries),
        problem=_problem(result, found, lines=lines, wrong=wrong),
        truncated=bool(result.get("bozo")) and _is_truncated(repaired),
    )


def _feed(feed: Node, *, document: str) -> RawFeed:
    """Read what a document says of the feed itself."""
    return RawFeed(
        title=_string(feed, "title"),
        link=_link(feed),
        description=_string(feed, "subtitle") or _string(feed, "info"),
        language=_string(feed, "language"),
        authors=tuple(_authors(feed)),
        images=(
            _string(_node(feed, "image"), "href"),
            _string(feed, "logo"),
            _string(feed, "icon"),
        ),
        hub=next((_string(each, "href") for each in _related(feed, "hub")), ""),
        hints=_hints(feed, document),
        updated=parse_date(_string(feed, "published")) or parse_date(_string(feed, "updated")),
    )


def _is_truncated(document: str) -> bool:
    """Return whether the root element of a malformed document is never closed."""
    root = _ROOT.search(document)
    return root is not None and f"</{root[1]}" not in document


def _hints(feed: Node, document: str) -> PollingHints:
    return hints_of(
        ttl=_string(feed, "ttl"),
        period=_string(feed, "sy_updateperiod"),
        frequency=_string(feed, "sy_updatefrequency"),
        document=document,
    )


def _parsed(text: str) -> Node:
    """Run feedparser over a document that is bare: no declaration, no DOCTYPE, no repairs left.

    It gets no address on purpose: it would resolve ids against it, and an entry would become
    another one when its feed moves. The encoding that it is told is true by construction.
    """
    body = _DECLARATION + text.encode("utf-8", "replace")
    try:
        result: Node = feedparser.parse(
            io.BytesIO(body),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except MemoryError:
        raise
    except Exception as error:  # feedparser fails on broken documents with nearly any of them
        raise ParseFailedError(
            f"The feed parser failed on this document ({type(error).__name__}); it is too broken "
            "to be salvaged."
        ) from error
    return result


def _problem(result: Node, found: Sniffed, *, lines: int, wrong: bool) -> str | None:
    problems = []
    if found.root == "junk":
        problems.append("text before the feed's first element was skipped")
    if wrong:
        problems.append("invalid characters or entities were replaced")
    if result.get("bozo"):
        malformed = _malformed(result.get("bozo_exception"), lines)
        problems.append(f"{malformed} and was salvaged")
    return "; ".join(problems) or None


def _malformed(error: object, lines: int) -> str:
    where = getattr(error, "getLineNumber", lambda: None)()
    reason = getattr(error, "getMessage", lambda: "")() or type(error).__name__
    # `_DECLARATION` took the first line.
    place = f" at line {where - 1 + lines}" if where else ""
    return f"the XML is malformed{place} ({reason})"


def _entry(entry: Node) -> RawEntry:
    return RawEntry(
        id=_string(entry, "id"),
        link=_link(entry),
        title=_detail(entry, "title"),
        texts=tuple(_texts(entry)),
        authors=tuple(_authors(entry)) or tuple(_authors(_node(entry, "source"))),
        tags=tuple(_tags(entry)),
        published=parse_date(_string(entry, "published")) or parse_date(_string(entry, "created")),
        updated=parse_date(_string(entry, "updated")),
        enclosures=tuple(_enclosures(entry)),
        duration=_string(entry, "itunes_duration"),
    )


def _string(node: Node, key: str) -> str:
    # `dict.get`, as feedparser's own `get` answers with other keys, and warns while it does.
    value = dict.get(node, key) if isinstance(node, dict) else None
    return value.strip() if isinstance(value, str) else ""


def _node(node: Node, key: str) -> Node:
    value = dict.get(node, key) if isinstance(node, dict) else None
    return value if isinstance(value, dict) else {}


def _nodes(node: Node, key: str) -> list[Node]:
    value = dict.get(node, key) if isinstance(node, dict) else None
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _link(node: Node) -> str:
    """Choose the address of an entry or site: an alternate HTML page, else any alternate.

    An RSS guid counts only if it is written as a URL: as `guid` is a permalink unless it says
    otherwise (RSS 2.0, `<guid>`), feedparser takes any of them for a link.
    """
    alternates = _related(node, "alternate")
    pages = [each for each in alternates if _string(each, "type") in _HTML_TYPES]
    link = next((_string(each, "href") for each in pages or alternates), "")
    if not link:
        link = _permalink(node)
    original = _string(node, "feedburner_origlink")
    if original and _host(link) in _FEEDBURNER:
        link = original
    return _address(link)


def _permalink(node: Node) -> str:
    permalink = _string(node, "link")
    if not permalink.lower().startswith(("http://", "https://")):
        return ""
    # A podcast's guid often is the address of the recording, which is no page.
    is_file = any(each.url == _address(permalink) for each in _enclosures(node))
    return "" if is_file else permalink


def _address(written: str) -> str:
    # In a malformed document feedparser leaves `&amp;` in addresses, or `&amp` alone.
    return _HALF_REFERENCE.sub("&", written)


def _related(node: Node, relation: str) -> list[Node]:
    """Select the links of one relation, by its name or its address at IANA (RFC 4287, 4.2.7.2)."""
    return [
        each
        for each in _nodes(node, "links")
        if _string(each, "rel").rsplit("/", 1)[-1].lower() == relation and _string(each, "href")
    ]


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _detail(node: Node, key: str) -> RawText:
    detail = _node(node, f"{key}_detail")
    value = _string(node, key) or _string(detail, "value")
    return RawText(value, _string(detail, "type") or "text/plain", _string(detail, "base"))


def _texts(entry: Node) -> Iterator[RawText]:
    for each in (*_nodes(entry, "content"), _node(entry, "summary_detail")):
        kind = _string(each, "type")
        if not kind.startswith(_NOT_TEXT):
            yield RawText(_string(each, "value"), kind, _string(each, "base"))
    yield RawText(_string(entry, "summary"), _string(_node(entry, "summary_detail"), "type"))
    yield _detail(entry, "subtitle")


def _enclosures(entry: Node) -> Iterator[RawEnclosure]:
    for each in _related(entry, "enclosure"):
        # feedparser gives a link without a type that of a page.
        kind = _string(each, "type").removeprefix("text/html")
        yield RawEnclosure(_address(_string(each, "href")), kind, _string(each, "length"))
    for each in _nodes(entry, "media_content"):
        media = RawEnclosure(
            url=_address(_string(each, "url")),
            type=_string(each, "type"),
            length=_string(each, "filesize"),
            duration=_string(each, "duration"),
            medium=_string(each, "medium"),
        )
        if plays(media):
            yield media


def _authors(node: Node) -> Iterator[str]:
    people = _nodes(node, "authors")
    names = [_string(each, "name") or _string(each, "email") for each in people]
    written = _string(node, "author")
    # feedparser cuts an e-mail address after four letters of the top-level domain, and the rest of
    # it begins the name. `author` has the last person as it was written.
    if written and (not people or _string(people[-1], "email") in written):
        names[-1:] = [written]
    yield from filter(None, names)


def _tags(entry: Node) -> Iterator[str]:
    for tag in _nodes(entry, "tags"):
        # Blogger says with terms that are no tags what is a post and what a comment.
        if not _string(tag, "scheme").endswith("#kind"):
            yield _string(tag, "label") or _string(tag, "term")
