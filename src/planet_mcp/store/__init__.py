"""Everything that is kept: feeds, entries, articles and the full-text index, in one SQLite file.

All methods are blocking and safe to call from any thread; each is one transaction. SQL lives in
this package and in `planet_mcp.store.db.schema`, nowhere else.
"""

from planet_mcp.store.browsing import Headline, Post, PostFeed
from planet_mcp.store.catalogue import CatalogueEntry, checksum_of
from planet_mcp.store.db import Database, DatabaseLimits
from planet_mcp.store.entries import (
    Entries,
    EntryText,
    FeedCount,
    RiverEntry,
    StoredArticle,
    Window,
)
from planet_mcp.store.feeds import Feeds, FeedsPage, Summary
from planet_mcp.store.health import Repair
from planet_mcp.store.search import (
    MOST_COUNTED,
    Filters,
    Found,
    Hit,
    Query,
    Search,
    compile_query,
    phrase,
)
from planet_mcp.store.store import ChangeToken, Store
from planet_mcp.store.webpages import Teaser

__all__ = [
    "MOST_COUNTED",
    "CatalogueEntry",
    "ChangeToken",
    "Database",
    "DatabaseLimits",
    "Entries",
    "EntryText",
    "FeedCount",
    "Feeds",
    "FeedsPage",
    "Filters",
    "Found",
    "Headline",
    "Hit",
    "Post",
    "PostFeed",
    "Query",
    "Repair",
    "RiverEntry",
    "Search",
    "Store",
    "StoredArticle",
    "Summary",
    "Teaser",
    "Window",
    "checksum_of",
    "compile_query",
    "phrase",
]
