"""Everything that is kept: feeds, entries, articles and the full-text index, in one SQLite file.

In: what feeds and pages brought, and questions. Out: frozen values; each method is one blocking
transaction, in any thread. Only this package knows SQL; what its aliases mean is in `store.sql`.
"""

from planet_mcp.store.browsing import DayStory, Headline, Post, PostFeed
from planet_mcp.store.catalogue import CatalogueEntry, checksum_of
from planet_mcp.store.changes import FeedChange
from planet_mcp.store.copying import Copied, copy_database
from planet_mcp.store.db import Database, DatabaseLimits, RefreshLease, Sharing
from planet_mcp.store.entries import Entries, EntryText
from planet_mcp.store.feed_rows import BRIEF, WHOLE
from planet_mcp.store.feeds import Feeds, FeedsPage, Summary
from planet_mcp.store.health import Repair
from planet_mcp.store.mentions import Mentions, TalkedPost
from planet_mcp.store.pictures import Size
from planet_mcp.store.readers import Reader, Readers, Start
from planet_mcp.store.river import Archive, FeedCount, River, RiverEntry, Window
from planet_mcp.store.search import (
    ENOUGH,
    MAX_TERMS,
    MOST_COUNTED,
    Filters,
    Found,
    Hit,
    MeantWord,
    Query,
    Search,
    SearchLimits,
    bare_words,
    compile_query,
)
from planet_mcp.store.store import ChangeToken, Limits, Store
from planet_mcp.store.stories import Join
from planet_mcp.store.updates import claim_of
from planet_mcp.store.vectors import Encoded, Unencoded, Vectors
from planet_mcp.store.webpages import StoredArticle, Teaser, Webpages

__all__ = [
    "BRIEF",
    "ENOUGH",
    "MAX_TERMS",
    "MOST_COUNTED",
    "WHOLE",
    "Archive",
    "CatalogueEntry",
    "ChangeToken",
    "Copied",
    "Database",
    "DatabaseLimits",
    "DayStory",
    "Encoded",
    "Entries",
    "EntryText",
    "FeedChange",
    "FeedCount",
    "Feeds",
    "FeedsPage",
    "Filters",
    "Found",
    "Headline",
    "Hit",
    "Join",
    "Limits",
    "MeantWord",
    "Mentions",
    "Post",
    "PostFeed",
    "Query",
    "Reader",
    "Readers",
    "RefreshLease",
    "Repair",
    "River",
    "RiverEntry",
    "Search",
    "SearchLimits",
    "Sharing",
    "Size",
    "Start",
    "Store",
    "StoredArticle",
    "Summary",
    "TalkedPost",
    "Teaser",
    "Unencoded",
    "Vectors",
    "Webpages",
    "Window",
    "bare_words",
    "checksum_of",
    "claim_of",
    "compile_query",
    "copy_database",
]
