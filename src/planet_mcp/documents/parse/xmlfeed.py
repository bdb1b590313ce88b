"""RSS, Atom, RDF and CDF, in the terms of feedparser (pure)."""

import re
import xml.sax
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from planet_mcp.documents.dates import day_first_of, parse_date
from planet_mcp.documents.parse.enclosures import is_picture, plays
from planet_mcp.documents.parse.feedparsers import Parsed, run
from planet_mcp.documents.parse.hints import hints_of
from planet_mcp.documents.parse.raw import (
    RawChapter,
    RawDescribed,
    RawEnclosure,
    RawEntry,
    RawFeed,
    RawText,
)
from planet_mcp.documents.parse.sniff import Kind, Sniffed, refusal
from planet_mcp.documents.repair import declared_entities, repair
from planet_mcp.errors import ParseFailedError
from planet_mcp.models import PollingHints

Node = Mapping[str, Any]

_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_NOT_TEXT = ("image/", "audio/", "video/", "font/", "application/octet", "application/pdf")
_FEEDBURNER = frozenset({"feedproxy.google.com", "feeds.feedburner.com", "rss.feedburner.com"})
_DATES = ("published", "created", "updated", "revised")
# What journals and libraries call the day, where they give no other date.
_RARE_DATES = ("dcterms_date", "dcterms_available", "prism_publicationdate", "media_pubdate")
# What some call the text beside a shorter `<description>`.
_WHOLE_TEXTS = ("yandex_full-text", "fulltext", "full-text")
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
    result = run(repaired)
    entries = result.entries
    if not (entries or result.version or found.root in _FEED_ROOTS):
        raise refusal(Sniffed(Kind.XML, found.start, found.root))
    dates = (_string(entry, name) for entry in entries for name in _DATES)
    day_first = day_first_of(dates, language=_string(result.feed, "language"))
    read = tuple(_entry(entry, day_first) for entry in entries if not _is_draft(entry))
    lines = text.count("\n", 0, found.start)
    truncated = bool(result.error) and _is_truncated(repaired)
    if result.error and not _is_salvaged(read, truncated=truncated):
        problem = _malformed(result.error, lines)
        raise ParseFailedError(f"{problem[:1].upper()}{problem[1:]}, and no entry could be read.")
    return replace(
        _feed(result.feed, document=repaired),
        entries=read,
        problem=_problem(result, found, lines=lines, wrong=wrong),
        truncated=truncated,
    )


def _is_salvaged(entries: Sequence[RawEntry], *, truncated: bool) -> bool:
    """Return whether anything was read of a malformed document.

    Where it ends within its only entry, that counts only if it says something.
    """
    return any(map(_says_something, entries)) if truncated else bool(entries)


def _says_something(entry: RawEntry) -> bool:
    """Return whether more of an entry was read than that there was one."""
    texts = (entry.title, *entry.texts)
    return bool(entry.id or entry.link or any(text.value.strip() for text in texts))


def _is_draft(entry: Node) -> bool:
    """Return whether an entry is not published yet (RFC 5023, section 13.1.1)."""
    return _string(entry, "app_draft").lower() == "yes"


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


def _problem(result: Parsed, found: Sniffed, *, lines: int, wrong: bool) -> str | None:
    problems = []
    if found.root == "junk":
        problems.append("text before the feed's first element was skipped")
    if wrong:
        problems.append("invalid characters or entities were replaced")
    if result.error:
        malformed = _malformed(result.error, lines)
        problems.append(f"{malformed} and was salvaged")
    return "; ".join(problems) or None


def _malformed(error: object, lines: int) -> str:
    if not isinstance(error, xml.sax.SAXException):
        return f"an element of the feed is not as it should be ({type(error).__name__})"
    where = getattr(error, "getLineNumber", lambda: None)()
    reason = getattr(error, "getMessage", lambda: "")() or type(error).__name__
    # The parser counts one line more: `feedparsers` puts a declaration before the first.
    place = f" at line {where - 1 + lines}" if where else ""
    return f"the XML is malformed{place} ({reason})"


def _entry(entry: Node, day_first: bool | None) -> RawEntry:
    published, created, updated, revised = (
        parse_date(_string(entry, name), day_first=day_first) for name in _DATES
    )
    if not (published or created or updated or revised):
        rare = (parse_date(_string(entry, name), day_first=day_first) for name in _RARE_DATES)
        published = next(filter(None, rare), None)
    return RawEntry(
        id=_string(entry, "id"),
        link=_link(entry),
        permalink=_permalink(entry),
        title=_detail(entry, "title"),
        texts=tuple(_texts(entry)),
        authors=tuple(_authors(entry)) or tuple(_authors(_node(entry, "source"))),
        tags=tuple(_tags(entry)),
        published=published or created or (updated if revised else None),
        updated=revised or updated,
        enclosures=tuple(_enclosures(entry)),
        duration=_string(entry, "itunes_duration"),
        described=_described(entry),
        chapters=tuple(_chapters(entry)),
    )


def _string(node: Node, key: str) -> str:
    # `dict.get`, since feedparser's own `get` also looks under other keys, and warns.
    value = dict.get(node, key) if isinstance(node, dict) else None
    return value.strip() if isinstance(value, str) else ""


def _node(node: Node, key: str) -> Node:
    value = dict.get(node, key) if isinstance(node, dict) else None
    return value if isinstance(value, dict) else {}


def _nodes(node: Node, key: str) -> list[Node]:
    value = dict.get(node, key) if isinstance(node, dict) else None
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _link(node: Node) -> str:
    """Choose the address of an entry or site: an alternate HTML page, else any alternate."""
    alternates = _related(node, "alternate")
    pages = [each for each in alternates if _string(each, "type") in _HTML_TYPES]
    link = next((_string(each, "href") for each in pages or alternates), "") or _permalink(node)
    original = _string(node, "feedburner_origlink")
    if original and _host(link) in _FEEDBURNER:
        link = original
    return _address(link)


def _permalink(node: Node) -> str:
    """Return the id that is the address of an entry's page.

    An RSS guid counts only if it is written as a URL, as it is called a permalink unless it says
    otherwise (RSS 2.0, `<guid>`).
    """
    permalink = _string(node, "id") if node.get("is_permalink") else ""
    if not permalink.lower().startswith(("http://", "https://")):
        return ""
    # An enclosure's address is no page: a podcast's guid often is that of its recording.
    is_file = any(each.url == _address(permalink) for each in _enclosures(node))
    return "" if is_file else _address(permalink)


def _address(written: str) -> str:
    # feedparser leaves `&amp;`, or `&amp` alone, in the addresses of a malformed document.
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
    own = list(_own_texts(entry))
    yield from own
    media = list(_media(entry))
    whole = RawText(_string(entry, "media_description"))
    # A recording's description is a text of the entry, which is about it; a picture's is a caption.
    if any(not is_picture(file) for file, _ in media):
        yield whole
    if not any(text.value for text in own):
        yield from (RawText(caption) for file, caption in media if not is_picture(file))
        yield from () if _described(entry) else (whole,)


def _own_texts(entry: Node) -> Iterator[RawText]:
    for each in (*_nodes(entry, "content"), _node(entry, "summary_detail")):
        kind = _string(each, "type")
        if not kind.startswith(_NOT_TEXT):
            yield RawText(_string(each, "value"), kind, _string(each, "base"))
    yield RawText(_string(entry, "summary"), _string(_node(entry, "summary_detail"), "type"))
    yield _detail(entry, "subtitle")
    yield from (RawText(_string(entry, name)) for name in _WHOLE_TEXTS)


def _media(entry: Node) -> Iterator[tuple[RawEnclosure, str]]:
    """Read the files of Media RSS, each with its description."""
    for each in _nodes(entry, "media_content"):
        file = RawEnclosure(
            url=_address(_string(each, "url")),
            type=_string(each, "type"),
            length=_string(each, "filesize"),
            duration=_string(each, "duration"),
            medium=_string(each, "medium"),
        )
        yield file, _string(each, "media_description")


def _described(entry: Node) -> tuple[RawDescribed, ...]:
    """Collect pictures, and other files with a caption; a group's caption goes to its first."""
    files = list(_media(entry))
    whole = _string(entry, "media_description")
    if not files:
        thumbnails = _nodes(entry, "media_thumbnail")
        files = [(RawEnclosure(_string(each, "url"), "image/"), "") for each in thumbnails if whole]
    if whole and files and all(is_picture(file) for file, _ in files):
        files[0] = (files[0][0], files[0][1] or whole)
    return tuple(
        RawDescribed(file.url, caption, is_picture=is_picture(file))
        for file, caption in files
        if caption or is_picture(file)
    )


def _chapters(entry: Node) -> Iterator[RawChapter]:
    """Read Podlove Simple Chapters (podlove.org/simple-chapters)."""
    for each in _nodes(_node(entry, "psc_chapters"), "chapters"):
        yield RawChapter(_string(each, "start"), _string(each, "title"), _string(each, "href"))


def _enclosures(entry: Node) -> Iterator[RawEnclosure]:
    for each in _related(entry, "enclosure"):
        # text/html counts as no type: feedparser gives it to a link that has none.
        kind = _string(each, "type").removeprefix("text/html")
        yield RawEnclosure(_address(_string(each, "href")), kind, _string(each, "length"))
    yield from (file for file, _ in _media(entry) if plays(file))
    for each in _nodes(entry, "podcast_files"):
        yield RawEnclosure(_string(each, "url"), _string(each, "type") or "text/plain")


def _authors(node: Node) -> Iterator[str]:
    people = _nodes(node, "authors")
    names = [_string(each, "name") or _string(each, "email") for each in people]
    written = _string(node, "author")
    # The last person is read from `author`, as it was written: feedparser cuts an e-mail address
    # after four letters of the top-level domain, and begins the name with the rest.
    if written and (not people or _string(people[-1], "email") in written):
        names[-1:] = [written]
    yield from filter(None, names)


def _tags(entry: Node) -> Iterator[str]:
    for tag in _nodes(entry, "tags"):
        # A term of Blogger's scheme is no tag: it says that an entry is a post or a comment.
        if not _string(tag, "scheme").endswith("#kind"):
            yield _string(tag, "label") or _string(tag, "term")
