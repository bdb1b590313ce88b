"""The configuration of Planet 2.0 and Planet Venus → subscriptions (`config.ini`)."""

import re
from configparser import MissingSectionHeaderError, ParsingError, RawConfigParser
from html import unescape
from io import StringIO

from planet_mcp.documents.encoding import decode
from planet_mcp.errors import PlanetIniError
from planet_mcp.models import Subscription, SubscriptionList
from planet_mcp.text import label
from planet_mcp.urls import http_url

# Up to the first bracket that ends a word: those inside of an address belong to it.
_HEADER = re.compile(r"\[(?P<header>.+?)\](?=\s|$)")
_NO_HEADER = re.compile(r"^\[(?!.+?\](?:\s|$))", re.MULTILINE)
# The feed: scheme stands before a whole URL, or for http.
_WRAPPED = re.compile(r"^feed:(?://)?(?=https?://)", re.IGNORECASE)
_FEED = re.compile(r"^feed(?=://)", re.IGNORECASE)
# How Planet Venus tells a list of feeds from a feed; a dot is in the name of its own modules.
_LISTS = ("opml", "foaf", "csv", "config", ".")


class _Parser(RawConfigParser):
    """An ini file as Planet reads it: with addresses for names, and per cents as they are."""

    SECTCRE = _HEADER

    def __init__(self) -> None:
        # No section is the default of the others, and a blank line ends a value.
        super().__init__(
            strict=False,
            default_section="",
            inline_comment_prefixes=(";",),
            empty_lines_in_values=False,
        )


def read(document: bytes) -> SubscriptionList:
    """Read the feeds of a Planet's configuration, in order, each URL once, with their names.

    A section that an http(s) or feed: URL names is a feed, or in Planet Venus a list of feeds that
    is read elsewhere; all others are settings and are passed over. Of a feed that is there twice
    the last name counts, as in Planet.

    Raises:
        PlanetIniError: A line is none of an ini file (`line` is set), or there is no feed in it.
    """
    parser = _parsed(_decoded(document))
    names: dict[str, str | None] = {}
    lists: list[str] = []
    for section in parser.sections():
        url = _address(section)
        if _is_list(parser.get(section, "content_type", fallback="")):
            lists.append(url or label(section) or "unnamed")
        elif url:
            names[url] = _name(parser.get(section, "name", fallback="")) or names.get(url)
    if not names:
        raise PlanetIniError(_without_feeds(lists))
    feeds = tuple(Subscription(url, name) for url, name in names.items())
    return SubscriptionList(feeds, reading_lists=tuple(lists))


def _decoded(document: bytes) -> str:
    return StringIO(decode(document).text, newline=None).read()


def _parsed(text: str) -> RawConfigParser:
    unclosed = _NO_HEADER.search(text)
    if unclosed:
        # Its colon would make an option of it.
        line = text.count("\n", 0, unclosed.start()) + 1
        raise _malformed(line, "its [section] has no closing bracket")
    parser = _Parser()
    try:
        parser.read_string(text)
    except MissingSectionHeaderError as error:
        raise _malformed(error.lineno, "it stands before any [section]") from error
    except ParsingError as error:
        line, _ = error.errors[0]
        raise _malformed(line, "it is neither a [section] nor `name = value`") from error
    return parser


def _malformed(line: int, problem: str) -> PlanetIniError:
    return PlanetIniError(
        f"This is not OPML, and as a Planet's config.ini it is malformed at line {line}: "
        f"{problem}. Nothing was imported; correct that line and try again.",
        line=line,
    )


def _without_feeds(lists: list[str]) -> str:
    if lists:
        return f"No feeds in it: the config.ini only names lists of feeds: {', '.join(lists)}."
    return (
        "No feeds in it: this is not OPML, and no [section] of it is an http(s) URL, "
        "as in a Planet's config.ini."
    )


def _address(section: str) -> str | None:
    return http_url(_FEED.sub("http", _WRAPPED.sub("", section)))


def _is_list(content_type: str) -> bool:
    return any(kind in content_type for kind in _LISTS)


def _name(written: str) -> str | None:
    # Planet writes it into its page as it is, so it may have entities.
    return label(unescape(" ".join(written.split())))
