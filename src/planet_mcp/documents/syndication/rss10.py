"""RSS 1.0 (web.resource.org/rss/1.0/spec), with Dublin Core and content modules."""

from html import escape

from lxml.etree import _Element

from planet_mcp.documents.syndication.channel import Channel, Item
from planet_mcp.documents.syndication.markup import (
    CONTENT,
    DC,
    RDF,
    RSS10,
    Namespaces,
    add,
    document,
    rfc3339,
    root,
)

_NAMESPACES: Namespaces = {None: RSS10, "content": CONTENT, "dc": DC, "rdf": RDF}


def rss10_feed(channel: Channel) -> bytes:
    """Write a channel as RSS 1.0: an RDF graph in which each item is known by its id."""
    rdf = root("rdf:RDF", _NAMESPACES)
    items = channel.distinct_items()
    _add_channel(rdf, channel, items)
    for item in items:
        _add_item(rdf, item)
    return document(rdf)


def _add_channel(rdf: _Element, channel: Channel, items: tuple[Item, ...]) -> None:
    element = add(rdf, "channel", attributes={"rdf:about": channel.self_url})
    add(element, "title", channel.title)
    add(element, "link", channel.home_url)
    add(element, "description", channel.description or channel.title)
    add(element, "dc:date", rfc3339(channel.updated))
    sequence = add(add(element, "items"), "rdf:Seq")
    for item in items:
        add(sequence, "rdf:li", attributes={"rdf:resource": item.id})


def _add_item(rdf: _Element, item: Item) -> None:
    element = add(rdf, "item", attributes={"rdf:about": item.id})
    add(element, "title", item.title)
    # A link is required: of an entry without any it leads to the feed's site.
    add(element, "link", item.link or item.source.site_url or item.source.feed_url)
    add(element, "description", escape(item.summary, quote=False))
    if item.html:
        add(element, "content:encoded", item.html)
    if item.published:
        add(element, "dc:date", rfc3339(item.published))
    for name in item.authors or (item.source.title,):
        add(element, "dc:creator", name)
    for tag in item.tags:
        add(element, "dc:subject", tag)
    add(element, "dc:source", item.source.feed_url)
