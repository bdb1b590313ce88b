"""The feeds of a planet as a group of those who write them (FOAF 0.99, xmlns.com/foaf/spec)."""

from collections.abc import Iterable

from lxml.etree import _Element

from planet_mcp.documents.syndication.channel import Source
from planet_mcp.documents.syndication.markup import (
    DC,
    FOAF,
    RDF,
    RDFS,
    RSS10,
    Namespaces,
    add,
    document,
    root,
)

_NAMESPACES: Namespaces = {"dc": DC, "foaf": FOAF, "rdf": RDF, "rdfs": RDFS, "rss": RSS10}


def foafroll(title: str, home_url: str, feeds: Iterable[Source]) -> bytes:
    """Write a blogroll: who is in the group, their sites, and the feeds of those."""
    rdf = root("rdf:RDF", _NAMESPACES)
    group = add(rdf, "foaf:Group")
    add(group, "foaf:name", title)
    add(group, "foaf:homepage", attributes={"rdf:resource": home_url})
    for feed in feeds:
        _add_member(group, feed)
    return document(rdf)


def _add_member(group: _Element, feed: Source) -> None:
    agent = add(add(group, "foaf:member"), "foaf:Agent")
    add(agent, "foaf:name", feed.title)
    site = add(add(agent, "foaf:weblog"), "foaf:Document", attributes={"rdf:about": feed.site_url})
    add(site, "dc:title", feed.title)
    add(add(site, "rdfs:seeAlso"), "rss:channel", attributes={"rdf:about": feed.feed_url})
