"""RSS 2.0 (rssboard.org/rss-specification), with Atom, Dublin Core and content modules."""

from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape

from lxml.etree import _Element

from planet_mcp.documents.syndication.channel import UNKNOWN_TYPE, Channel, Item
from planet_mcp.documents.syndication.markup import (
    ATOM,
    CONTENT,
    DC,
    Namespaces,
    add,
    document,
    root,
)
from planet_mcp.models import Enclosure

_NAMESPACES: Namespaces = {"atom": ATOM, "content": CONTENT, "dc": DC}


def rss20_feed(channel: Channel) -> bytes:
    """Write a channel as RSS 2.0, each item with the feed that it comes from.

    Of several files only the first is an enclosure: readers take no more (RSS Best Practices
    Profile, 4.3.1).
    """
    rss = root("rss", _NAMESPACES, {"version": "2.0"})
    element = add(rss, "channel")
    add(element, "title", channel.title)
    add(element, "link", channel.home_url)
    add(element, "description", channel.description or channel.title)
    add(
        element,
        "atom:link",
        attributes={"rel": "self", "href": channel.self_url, "type": "application/rss+xml"},
    )
    add(element, "lastBuildDate", _rfc822(channel.updated))
    add(element, "generator", channel.generator)
    for item in channel.distinct_items():
        _add_item(element, item)
    return document(rss)


def _add_item(channel: _Element, item: Item) -> None:
    element = add(channel, "item")
    add(element, "title", item.title)
    if item.link:
        add(element, "link", item.link)
    permanent = "true" if item.id == item.link else "false"
    add(element, "guid", item.id, {"isPermaLink": permanent})
    if item.published:
        add(element, "pubDate", _rfc822(item.published))
    # Names go into `dc:creator`, since `<author>` of RSS is an e-mail address.
    for name in item.authors or (item.source.title,):
        add(element, "dc:creator", name)
    for tag in item.tags:
        add(element, "category", tag)
    for file in item.enclosures[:1]:
        add(element, "enclosure", attributes=_enclosure(file))
    # The summary, which is plain text, is escaped, since a description is HTML.
    add(element, "description", escape(item.summary, quote=False))
    if item.html:
        add(element, "content:encoded", item.html)
    add(element, "source", item.source.title, {"url": item.source.feed_url})


def _enclosure(file: Enclosure) -> dict[str, str | None]:
    """Return the three attributes, all required; 0 is a length that nobody knows."""
    length = str(file.length or 0)
    return {"url": file.url, "length": length, "type": file.type or UNKNOWN_TYPE}


def _rfc822(moment: datetime) -> str:
    """Write a moment in UTC as RFC 822 and RSS want it, in English wherever we are."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)
