"""Everything that is kept: feeds, entries, articles and the full-text index, in one SQLite file.

All methods are blocking and safe to call from any thread; each is one transaction. SQL lives in
this package and in `planet_mcp.store.db.schema`, nowhere else.
"""

from planet_mcp.store.db.database import Database
from planet_mcp.store.entries import (
    Entries,
    EntryText,
    FeedCount,
    RiverEntry,
    StoredArticle,
    Stretch,
)
from planet_mcp.store.feeds import Failure, Feeds, FeedsPage, Outcome, Saved, Summary
from planet_mcp.store.search.strategies import Filters, Found, Hit, Search
from planet_mcp.store.statistics import Answered
from planet_mcp.store.store import Marks, Store

__all__ = [
    "Answered",
    "Database",
    "Entries",
    "EntryText",
    "Failure",
    "FeedCount",
    "Feeds",
    "FeedsPage",
    "Filters",
    "Found",
    "Hit",
    "Marks",
    "Outcome",
    "RiverEntry",
    "Saved",
    "Search",
    "Store",
    "StoredArticle",
    "Stretch",
    "Summary",
]
