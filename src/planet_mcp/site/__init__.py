"""The planet for people and feed readers: pages and feed documents, made on the server."""

from planet_mcp.site.build import NO_ADDRESS, Published, Publisher
from planet_mcp.site.paths import file_of
from planet_mcp.site.river import day_path
from planet_mcp.site.site import DRAWN_WITH, FIXED, Site
from planet_mcp.site.values import HTML, Options, Page, PageRequest, options_of

__all__ = [
    "DRAWN_WITH",
    "FIXED",
    "HTML",
    "NO_ADDRESS",
    "Options",
    "Page",
    "PageRequest",
    "Published",
    "Publisher",
    "Site",
    "day_path",
    "file_of",
    "options_of",
]
