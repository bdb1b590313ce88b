"""What a person or an agent types → the entries that answer it, best or newest first.

In: a query, filters and what was shown already. Out: hits with snippets, and how many there are.
Only this package knows FTS5 and how entries are ranked.
"""

from planet_mcp.store.search.filters import Filters
from planet_mcp.store.search.hits import Hit
from planet_mcp.store.search.plan import MOST_COUNTED, SearchLimits
from planet_mcp.store.search.query import Query, compile_query
from planet_mcp.store.search.ranking import ENOUGH
from planet_mcp.store.search.search import Found, Search
from planet_mcp.store.search.spelling import MeantWord, Spelling
from planet_mcp.store.search.typed import MAX_TERMS, bare_words

__all__ = [
    "ENOUGH",
    "MAX_TERMS",
    "MOST_COUNTED",
    "Filters",
    "Found",
    "Hit",
    "MeantWord",
    "Query",
    "Search",
    "SearchLimits",
    "Spelling",
    "bare_words",
    "compile_query",
]
