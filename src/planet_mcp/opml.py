"""OPML outlines ↔ subscriptions (OPML 2.0, opml.org/spec2.opml)."""

import re
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree as ET
from xml.parsers.expat import ErrorString

from planet_mcp.errors import OpmlError
from planet_mcp.models import Subscription
from planet_mcp.urls import http_url

_LONGEST_TITLE = 300
# What nobody sees in a title, or what turns around the text behind it. Joiners and the variation
# selectors of text and emoji stay; `markdown.characters` is more exact, and slower to load.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e"
    "\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffc\U000e0000-\U000e0fff]+"
)


def read(document: bytes) -> tuple[Subscription, ...]:
    """Read the feed subscriptions of an OPML document, in order, each URL once.

    Nested outlines are flattened; outlines without an http(s) `xmlUrl` are folders or links and
    are passed over.

    Raises:
        OpmlError: The document is not well-formed XML (`line` is set), not OPML, or names no feed.
    """
    root = _root(document)
    if root.tag.lower() != "opml":
        raise OpmlError(
            f"This is not OPML: its root element is <{root.tag[:60]}>, expected <opml>.", line=1
        )
    found: dict[str, Subscription] = {}
    for item in _subscriptions(root):
        found.setdefault(item.url, item)
    if not found:
        raise OpmlError("The OPML document has no outline with an http(s) xmlUrl: no feeds in it.")
    return tuple(found.values())


def _root(document: bytes) -> ET.Element:
    try:
        # Expat stops entity floods by itself (2.4.1 and later) and loads nothing external.
        return ET.fromstring(document)  # noqa: S314
    except ET.ParseError as error:
        line, column = error.position
        raise OpmlError(
            f"The OPML document is malformed at line {line}, column {column + 1}: "
            f"{ErrorString(error.code)}. Nothing was imported; correct that line and try again.",
            line=line,
        ) from error
    except (ValueError, LookupError) as error:
        raise OpmlError(f"The OPML document has an unusable encoding: {error}.", line=1) from error


def _subscriptions(root: ET.Element) -> Iterator[Subscription]:
    for outline in root.iter():
        if outline.tag.lower() != "outline":
            continue
        attributes = {name.lower(): value.strip() for name, value in outline.attrib.items()}
        url = http_url(attributes.get("xmlurl", ""))
        if url:
            yield Subscription(
                url=url,
                title=_title(attributes.get("text", "")) or _title(attributes.get("title", "")),
                site_url=http_url(attributes.get("htmlurl", "")),
            )


def _title(written: str) -> str | None:
    return _UNSEEN.sub("", written[: 2 * _LONGEST_TITLE]).strip()[:_LONGEST_TITLE] or None


def write(subscriptions: Iterable[Subscription], *, title: str) -> str:
    """Write subscriptions as an OPML 2.0 document that `read` and other readers understand."""
    root = ET.Element("opml", version="2.0")
    ET.SubElement(ET.SubElement(root, "head"), "title").text = title
    body = ET.SubElement(root, "body")
    for item in subscriptions:
        name = item.title or item.url
        outline = {"type": "rss", "text": name, "title": name, "xmlUrl": item.url}
        if item.site_url:
            outline["htmlUrl"] = item.site_url
        ET.SubElement(body, "outline", outline)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'
