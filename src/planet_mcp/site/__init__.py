"""The planet for people and feed readers: pages and feed documents, made on the server."""

from planet_mcp.site.build import NO_ADDRESS, Published, Publisher
from planet_mcp.site.paths import file_of
from planet_mcp.site.river import place_of
from planet_mcp.site.site import DRAWN_WITH, FIXED, Site
from planet_mcp.site.values import HTML, Asked, Options, Page, options_of

__all__ = [
    "DRAWN_WITH",
    "FIXED",
    "HTML",
    "NO_ADDRESS",
    "Asked",
    "Options",
    "Page",
    "Published",
    "Publisher",
    "Site",
    "file_of",
    "options_of",
    "place_of",
]
