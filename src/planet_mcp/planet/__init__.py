"""One answer to each question, for tools, commands and pages alike.

In: a request as a value. Out: an `Answer`, which says the same as a model for programs and as
compact Markdown for readers. Only this room knows how answers fit a number of characters, how
lists go on (cursors, watermarks), and how a planet is put together. It does not know MCP.
"""

from planet_mcp.planet.answers import (
    AddResult,
    Answer,
    CatchUpResult,
    FeedsResult,
    LatestResult,
    RefreshResult,
    RemoveResult,
    Result,
    SearchHit,
    SearchResult,
    StatusResult,
    TopicRow,
    TrendingResult,
)
from planet_mcp.planet.language import TOOLS, Language
from planet_mcp.planet.notices import STALE_AFTER, none_read
from planet_mcp.planet.occurrences import Occurrence, OccurrenceQuery, Occurrences
from planet_mcp.planet.opening import Parts, open_planet, web_of
from planet_mcp.planet.planet import Planet
from planet_mcp.planet.reading import Reading
from planet_mcp.planet.related import related_headlines
from planet_mcp.planet.search import search_entries, times_of
from planet_mcp.planet.trending import trending_topics

__all__ = [
    "STALE_AFTER",
    "TOOLS",
    "AddResult",
    "Answer",
    "CatchUpResult",
    "FeedsResult",
    "Language",
    "LatestResult",
    "Occurrence",
    "OccurrenceQuery",
    "Occurrences",
    "Parts",
    "Planet",
    "Reading",
    "RefreshResult",
    "RemoveResult",
    "Result",
    "SearchHit",
    "SearchResult",
    "StatusResult",
    "TopicRow",
    "TrendingResult",
    "none_read",
    "open_planet",
    "related_headlines",
    "search_entries",
    "times_of",
    "trending_topics",
    "web_of",
]
