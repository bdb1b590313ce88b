"""What the tools, the command line and the pages offer: questions in, small answers out.

An answer says the same twice: as a model, which programs and hosts read, and as compact
Markdown, which people read. Nothing here knows that MCP exists.
"""

from planet_mcp.planet.answers import (
    AddResult,
    Answer,
    FeedsResult,
    LatestResult,
    RefreshResult,
    RemoveResult,
    Result,
    SearchHit,
    SearchResult,
)
from planet_mcp.planet.language import TOOLS, Language
from planet_mcp.planet.opening import Parts, open_planet
from planet_mcp.planet.planet import Planet
from planet_mcp.planet.reading import Reading
from planet_mcp.planet.search import search_entries

__all__ = [
    "TOOLS",
    "AddResult",
    "Answer",
    "FeedsResult",
    "Language",
    "LatestResult",
    "Parts",
    "Planet",
    "Reading",
    "RefreshResult",
    "RemoveResult",
    "Result",
    "SearchHit",
    "SearchResult",
    "open_planet",
    "search_entries",
]
