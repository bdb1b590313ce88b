"""The configuration of Planet 2.0 and Planet Venus → subscriptions (`config.ini`)."""

import re
from collections.abc import Iterator, Sequence
from configparser import MissingSectionHeaderError, ParsingError, RawConfigParser
from dataclasses import dataclass
from html import unescape
from io import StringIO

from planet_mcp.documents.encoding import Decoded
from planet_mcp.documents.lists.listing import Listing
from planet_mcp.documents.repair import without_forbidden
from planet_mcp.errors import PlanetIniError
from planet_mcp.models import Subscription, SubscriptionList
from planet_mcp.text import label
from planet_mcp.urls import given_url, http_url

# A section's head ends with the first bracket behind which a word ends: others are in an address.
_HEADER = re.compile(r"\[(?P<header>.+?)\](?=\s|$)")
# A section's head whose closing bracket is missing, or is followed by something on its line.
_BROKEN_HEADER = re.compile(r"\[(?P<header>[^\s\[\]]+)(?:\](?P<rest>\S.*)|\s*)")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
# What a `content_type` contains by which Planet Venus knows a list of feeds. The dot is in names of
# Python modules that make a list.
_LISTS = ("opml", "foaf", "csv", "config", ".")
_NO_OPTION = "it is neither a [section] nor `name = value`"
_SETTINGS = frozenset({"planet", "default"})


class _Parser(RawConfigParser):
    """An ini file as Planet reads it: with addresses for names, and per cents as they are."""

    SECTCRE = _HEADER

    def __init__(self) -> None:
        # `[DEFAULT]` is a section like others here, and a blank line ends a value.
        super().__init__(
            strict=False,
            default_section="",
            inline_comment_prefixes=(";",),
            empty_lines_in_values=False,
        )


@dataclass(frozen=True, slots=True)
class _Malformed:
    """A line that an ini file cannot have; `feed` is the address that it may be meant for."""

    number: int
    reason: str
    feed: str | None = None


def read(document: Decoded) -> SubscriptionList:
    """Read the feeds of a Planet's configuration, in order, each URL once, with their names.

    A section that an address names is a feed, or in Planet Venus a list of feeds that is read
    elsewhere; all others are settings and are passed over. Of a feed that is there twice, the last
    name counts, as in Planet. Lines that an ini file cannot have are named as not taken.

    Raises:
        PlanetIniError: There is no feed in it; `line` is set where it is malformed.
    """
    parser, malformed = _parsed(_lines(document.text))
    listing = Listing()
    sections: dict[str, str] = {}
    names: dict[str, str | None] = {}
    for section in parser.sections():
        name = _name(parser.get(section, "name", fallback=""))
        url = _address(section, is_named=name is not None)
        if _is_list(parser.get(section, "content_type", fallback="")):
            listing.reading_lists.append(url or label(section) or "unnamed")
        elif url:
            sections[url], names[url] = section, name or names.get(url)
        elif _is_meant_for_a_feed(section, name):
            listing.pass_over(name, "its [section] is no http(s) address", section)
    for url, section in sections.items():
        face = parser.get(section, "face", fallback="").strip()
        listing.take(Subscription(url, names[url], face=face), section)
    for line in malformed:
        listing.pass_over(f"line {line.number}", line.reason, line.feed)
    if not listing.subscriptions:
        raise _without_feeds(listing, malformed)
    return listing.as_list(document.problem)


def _lines(text: str) -> list[str]:
    return StringIO(without_forbidden(text).lstrip("\ufeff"), newline=None).read().split("\n")


def _parsed(lines: list[str]) -> tuple[RawConfigParser, list[_Malformed]]:
    """Parse lines without those that the parser stops at, which are taken out of the list."""
    malformed = list(_mended_headers(lines))
    while True:
        parser = _Parser()
        try:
            parser.read_file(lines)
        except MissingSectionHeaderError as error:
            numbers = [error.lineno]
        except ParsingError as error:
            numbers = [number for number, _ in error.errors]
        else:
            return parser, malformed
        for number in numbers:
            malformed.append(_Malformed(number, _NO_OPTION))
            lines[number - 1] = ""


def _mended_headers(lines: list[str]) -> Iterator[_Malformed]:
    """Close the brackets of sections, and leave out what stands before the first."""
    is_in_section = False
    for number, line in enumerate(lines, start=1):
        broken = None if _HEADER.match(line) else _BROKEN_HEADER.fullmatch(line)
        if broken and number == len(lines) and "]" not in line:
            yield _Malformed(number, "the document ends in the middle of it", broken["header"])
            lines[number - 1] = ""
        elif broken and _SCHEME.match(broken["header"]):
            lines[number - 1] = f"[{broken['header']}]"
            is_in_section = True
        elif line.startswith("[") and not _HEADER.match(line):
            yield _Malformed(number, "its [section] has no closing bracket")
            lines[number - 1] = ""
        else:
            is_in_section = is_in_section or bool(_HEADER.match(line.strip()))
            if not is_in_section and line.strip() and line.strip()[0] not in "#;":
                yield _Malformed(number, "it stands before any [section]")
                lines[number - 1] = ""


def _without_feeds(listing: Listing, malformed: Sequence[_Malformed]) -> PlanetIniError:
    found = listing.instead_of_feeds()
    if malformed:
        first = min(malformed, key=lambda line: line.number)
        return PlanetIniError(
            "This is not OPML, and as a Planet's config.ini it is malformed at line "
            f"{first.number}: {first.reason}. Nothing was imported; correct that line and try "
            f"again.{found}",
            line=first.number,
        )
    return PlanetIniError(
        "No feeds in it: this is not OPML, and no [section] of it is an http(s) URL, "
        f"as in a Planet's config.ini.{found}"
    )


def _address(section: str, *, is_named: bool) -> str | None:
    """Return the address that a section is; settings like `[index.tmpl]` look like hosts."""
    return http_url(given_url(section)) if is_named or "/" in section else None


def _is_meant_for_a_feed(section: str, name: str | None) -> bool:
    return section.lower() not in _SETTINGS and bool(name or _SCHEME.match(section))


def _is_list(content_type: str) -> bool:
    return any(kind in content_type for kind in _LISTS)


def _name(written: str) -> str | None:
    # Entities are read, since Planet writes a name into its page as it is.
    return label(unescape(" ".join(written.split())))
