"""OPML outlines ↔ subscriptions (OPML 2.0, opml.org/spec2.opml)."""

from collections.abc import Iterable, Iterator
from xml.etree import ElementTree as ET
from xml.parsers.expat import ErrorString

from planet_mcp.errors import OpmlError
from planet_mcp.models import Subscription
from planet_mcp.text import label
from planet_mcp.urls import http_url


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
                title=label(attributes.get("text", "")) or label(attributes.get("title", "")),
                site_url=http_url(attributes.get("htmlurl", "")),
            )


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
