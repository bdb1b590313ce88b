"""Atom (RFC 4287)."""

from lxml.etree import _Element

from planet_mcp.documents.syndication.channel import Channel, Item, Source
from planet_mcp.documents.syndication.markup import ATOM, add, document, rfc3339, root


def atom_feed(channel: Channel) -> bytes:
    """Write a channel as an Atom feed, each entry with the feed that it comes from."""
    feed = root("feed", {None: ATOM})
    add(feed, "id", channel.self_url)
    add(feed, "title", channel.title)
    if channel.description:
        add(feed, "subtitle", channel.description)
    add(feed, "updated", rfc3339(channel.updated))
    # The feed has an author, without which entries would each need one (section 4.1.1).
    _add_author(feed, channel.title)
    _add_link(feed, "self", channel.self_url, kind="application/atom+xml")
    _add_link(feed, "alternate", channel.home_url, kind="text/html")
    add(feed, "generator", channel.generator)
    for item in channel.distinct_items():
        _add_entry(feed, item)
    return document(feed)


def _add_entry(feed: _Element, item: Item) -> None:
    entry = add(feed, "entry")
    add(entry, "id", item.id)
    add(entry, "title", item.title)
    if item.link:
        _add_link(entry, "alternate", item.link)
    if item.published:
        add(entry, "published", rfc3339(item.published))
    # `updated` is required (section 4.1.1): of an entry without a date it is when we saw it.
    add(entry, "updated", rfc3339(item.updated or item.published or item.seen_at))
    for name in item.authors:
        _add_author(entry, name)
    for tag in item.tags:
        add(entry, "category", attributes={"term": tag})
    _add_enclosures(entry, item)
    if item.summary:
        add(entry, "summary", item.summary)
    add(entry, "content", item.html, {"type": "html"})
    _add_source(entry, item.source, is_author=not item.authors)


def _add_source(entry: _Element, source: Source, *, is_author: bool) -> None:
    """Add where an entry comes from; that feed is the author of what has no other (4.2.1)."""
    element = add(entry, "source")
    add(element, "id", source.id)
    add(element, "title", source.title)
    if source.updated:
        add(element, "updated", rfc3339(source.updated))
    if is_author:
        _add_author(element, source.title)
    _add_link(element, "self", source.feed_url)
    if source.site_url:
        _add_link(element, "alternate", source.site_url)


def _add_enclosures(entry: _Element, item: Item) -> None:
    for file in item.enclosures:
        length = None if file.length is None else str(file.length)
        _add_link(entry, "enclosure", file.url, kind=file.type, length=length)


def _add_author(parent: _Element, name: str) -> None:
    add(add(parent, "author"), "name", name)


def _add_link(
    parent: _Element, rel: str, href: str, *, kind: str | None = None, length: str | None = None
) -> None:
    attributes = {"rel": rel, "href": href, "type": kind, "length": length}
    add(parent, "link", attributes=attributes)
