"""Entries of many feeds → one document that other programs subscribe to (pure).

In: a `Channel` with its items. Out: bytes in UTF-8, the same for the same channel; of entries that
share an id only the first, and no character that XML forbids or nobody sees.
Only this package knows how Atom, RSS 1.0 and 2.0, JSON Feed and FOAF are written.
"""

from planet_mcp.documents.syndication.atom import atom_feed
from planet_mcp.documents.syndication.channel import Channel, Item, Source
from planet_mcp.documents.syndication.foaf import foafroll
from planet_mcp.documents.syndication.identity import is_iri, item_id
from planet_mcp.documents.syndication.jsonfeed import json_feed
from planet_mcp.documents.syndication.rss10 import rss10_feed
from planet_mcp.documents.syndication.rss20 import rss20_feed

__all__ = [
    "Channel",
    "Item",
    "Source",
    "atom_feed",
    "foafroll",
    "is_iri",
    "item_id",
    "json_feed",
    "rss10_feed",
    "rss20_feed",
]
