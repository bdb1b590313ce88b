"""Where pages link to, as a server answers and as files lie (pure).

Paths without a dot behind the last slash are pages, whose files have names in `.html`.
"""

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from planet_mcp.site.values import PageRequest

_PAGE_FILE = ".html"


@dataclass(frozen=True, slots=True)
class Links:
    """The links of one page."""

    prefix: str
    base: str
    static: bool

    def to(self, path: str = "", **query: object) -> str:
        """Return a link from the page to the page at a path."""
        return self.prefix + with_query(self._named(path), **query)

    def absolute(self, path: str = "", **query: object) -> str:
        """Return the whole address of the page at a path."""
        return self.base + with_query(self._named(path) if path else "", **query)

    def _named(self, path: str) -> str:
        return file_of(path) if self.static else path


def links_of(request: PageRequest, *, static: bool) -> Links:
    """Return what a page links with."""
    if static:
        return Links("../" * request.path.count("/"), request.base, static=True)
    # Behind a proxy, the site may begin below the root of its host.
    return Links(urlsplit(request.base).path or "/", request.base, static=False)


def file_of(path: str) -> str:
    """Return the name of the file that holds the page at a path."""
    if "." in path.rpartition("/")[2]:
        return path
    return f"{path or 'index'}{_PAGE_FILE}"


def with_query(path: str, **query: object) -> str:
    """Return a path with those parameters that have a value."""
    given = {name: value for name, value in query.items() if value not in {None, ""}}
    return f"{path}?{urlencode(given)}" if given else path
