"""Where pages link to, as a server answers and as files lie (pure).

Paths without a dot behind the last slash are pages, whose files have names in `.html`.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlencode, urlsplit

from planet_mcp.site.values import PageRequest

_PAGE_FILE = ".html"
# Pages that strangers' words name; a file gets a name of letters and a checksum of these.
_NAMED = re.compile(r"(tags|groups)/(.+?)(/atom\.xml)?", re.DOTALL)
_FILE_CHARS = 40


@dataclass(frozen=True, slots=True)
class Links:
    """The links of one page."""

    prefix: str
    base: str
    static: bool

    def to(self, path: str = "", **query: object) -> str:
        """Return a link from the page to the page at a path."""
        return self.prefix + with_query(_named(path, static=self.static), **query)

    def absolute(self, path: str = "", **query: object) -> str:
        """Return the whole address of the page at a path."""
        named = _named(path, static=self.static) if path else ""
        return self.base + with_query(named, **query)


# Each page has some twenty links, most of which are on all pages.
@lru_cache(maxsize=1_000)
def _named(path: str, *, static: bool) -> str:
    return quote(file_of(path) if static else path, safe="/:")


def links_of(request: PageRequest, *, static: bool) -> Links:
    """Return what a page links with."""
    if static:
        return Links("../" * file_of(request.path).count("/"), request.base, static=True)
    # Behind a proxy, the site may begin below the root of its host.
    return Links(urlsplit(request.base).path or "/", request.base, static=False)


def file_of(path: str) -> str:
    """Return the name of the file that holds the page at a path."""
    named = _NAMED.fullmatch(path)
    if named:
        return f"{named[1]}/{_file_name(named[2])}{named[3] or _PAGE_FILE}"
    if "." in path.rpartition("/")[2]:
        return path
    return f"{path or 'index'}{_PAGE_FILE}"


def _file_name(name: str) -> str:
    folded = name.casefold()
    plain = re.sub(r"[^a-z0-9]+", "-", folded).strip("-")[:_FILE_CHARS]
    if plain == folded:
        return plain
    return f"{plain}-{hashlib.sha256(folded.encode('utf-8', 'replace')).hexdigest()[:8]}".strip("-")


def with_query(path: str, **query: object) -> str:
    """Return a path with those parameters that have a value."""
    if not query:
        return path
    given = {name: value for name, value in query.items() if value not in {None, ""}}
    return f"{path}?{urlencode(given)}" if given else path
