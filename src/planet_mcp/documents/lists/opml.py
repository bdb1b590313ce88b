"""OPML outlines ↔ subscriptions (OPML 2.0, opml.org/spec2.opml)."""

import re
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from planet_mcp.documents.encoding import Decoded
from planet_mcp.documents.lists.listing import Listing
from planet_mcp.documents.lists.outlines import Malformed, Outline, Outlines, read_outlines
from planet_mcp.errors import OpmlError
from planet_mcp.models import Subscription, SubscriptionList
from planet_mcp.text import label
from planet_mcp.urls import MAX_URL, given_url, http_url, page_url

_END = re.compile(r"</(?:[\w.-]{1,40}:)?opml\s*>", re.IGNORECASE)


def read(document: Decoded) -> SubscriptionList:
    """Read the feed subscriptions of an OPML document, in order, each URL once.

    Nested outlines are flattened: the titled one around a feed is its group, else its `category`.
    What is not well-formed XML is mended. Outlines that are neither feeds nor folders are named as
    not taken.

    Raises:
        OpmlError: The document names no feed: `line` is set where it is malformed, or not OPML.
    """
    outlines = read_outlines(document.text)
    listing = Listing()
    for outline in outlines.found:
        _take(listing, outline)
    if not listing.subscriptions:
        raise _without_feeds(outlines, listing)
    malformed = outlines.malformed
    mended = _mended(malformed, document.text) if malformed else None
    return listing.as_list(document.problem, mended)


def _take(listing: Listing, outline: Outline) -> None:
    attributes = outline.attributes
    kind = attributes.get("type", "").lower()
    page = page_url(given_url(attributes.get("htmlurl", "")))
    other = attributes.get("url", "")
    if kind == "include" and other:
        listing.reading_lists.append(http_url(given_url(other)) or other)
        return
    is_other_feed = kind != "link" and not outline.holds_others
    address = attributes.get("xmlurl") or (other if is_other_feed else "")
    url = http_url(given_url(address))
    if url:
        group = outline.folder or _category(attributes.get("category", ""))
        listing.take(Subscription(url, outline.title, page, group), address)
    elif address:
        listing.pass_over(outline.title, _refusal(address), address)
    elif outline.cut:
        listing.pass_over(outline.title, "the document ends in the middle of it")
    elif not outline.holds_others:
        listing.pass_over(outline.title, *_without_address(page or other))


def _refusal(address: str) -> str:
    if len(address) > MAX_URL:
        return f"its address is longer than {MAX_URL} characters"
    return "its address is not one of http or https"


def _without_address(page: str) -> tuple[str, str | None]:
    if page:
        return "it has no xmlUrl; add its page to look for a feed there", page
    return "it has no xmlUrl", None


def _category(written: str) -> str | None:
    """Return the innermost name of the first path in a `category` attribute."""
    names = [name.strip() for name in re.split(r"[/\\]", written.partition(",")[0])]
    return next((label(name) for name in reversed(names) if name), None)


def _mended(malformed: Malformed, text: str) -> str:
    end = "" if _END.search(text) else "; it ends in the middle, and feeds may be missing"
    return f"the XML is malformed at line {malformed.line} ({malformed.reason}) and was mended{end}"


def _without_feeds(outlines: Outlines, listing: Listing) -> OpmlError:
    malformed, found = outlines.malformed, listing.instead_of_feeds()
    if outlines.root not in {"opml", "outline", ""}:
        return OpmlError(
            f"This is not OPML: its root element is <{outlines.root}>, expected <opml>.", line=1
        )
    if malformed:
        return OpmlError(
            f"The OPML document is malformed at line {malformed.line}, column {malformed.column}: "
            f"{malformed.reason}; and no feed could be read. Nothing was imported; correct that "
            f"line and try again.{found}",
            line=malformed.line,
        )
    return OpmlError(
        f"The OPML document has no outline with an http(s) xmlUrl: no feeds in it.{found}"
    )


def write(subscriptions: Iterable[Subscription], *, title: str) -> str:
    """Write subscriptions as an OPML 2.0 document that `read` and other readers understand.

    Those without a group come first, then the groups by name, each a folder.
    """
    root = ET.Element("opml", version="2.0")
    ET.SubElement(ET.SubElement(root, "head"), "title").text = title
    body = ET.SubElement(root, "body")
    groups: dict[str, list[Subscription]] = {"": []}
    for item in subscriptions:
        groups.setdefault(item.group or "", []).append(item)
    for name in sorted(groups, key=lambda name: (name.casefold(), name)):
        folder = ET.SubElement(body, "outline", text=name, title=name) if name else body
        _write_feeds(folder, groups[name])
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _write_feeds(folder: ET.Element, subscriptions: Sequence[Subscription]) -> None:
    for item in subscriptions:
        name = item.title or item.url
        outline = {"type": "rss", "text": name, "title": name, "xmlUrl": item.url}
        if item.site_url:
            outline["htmlUrl"] = item.site_url
        ET.SubElement(folder, "outline", outline)
