"""The planet for people and feed readers, as pages and feed documents.

In: a `PageRequest`, or a folder to fill. Out: a `Page`, or its files. Only this room knows jinja2,
the paths of pages, and how much of an entry a page shows.
"""

from planet_mcp.site.build import NO_ADDRESS, Published, Publisher
from planet_mcp.site.paths import file_of
from planet_mcp.site.pictures import picture_key, wanted_pictures
from planet_mcp.site.river import day_path
from planet_mcp.site.search_page import LONGEST_VALUE
from planet_mcp.site.site import Site
from planet_mcp.site.templating import script_source
from planet_mcp.site.values import HTML, Options, Page, PageRequest, options_of

__all__ = [
    "HTML",
    "LONGEST_VALUE",
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
    "picture_key",
    "script_source",
    "wanted_pictures",
]
