"""Where pages link to, as a server answers and as files lie (pure).

Places without a dot in their last part are pages, whose files have names in `.html`.
"""

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from planet_mcp.site.values import Asked

_PAGE_FILE = ".html"


@dataclass(frozen=True, slots=True)
class Links:
    """The links of one page."""

    prefix: str
    base: str
    static: bool

    def to(self, place: str = "", **query: object) -> str:
        """Return a link from the page to a place."""
        return self.prefix + with_query(self._named(place), **query)

    def absolute(self, place: str = "", **query: object) -> str:
        """Return the whole address of a place."""
        return self.base + with_query(self._named(place) if place else "", **query)

    def _named(self, place: str) -> str:
        return file_of(place) if self.static else place


def links_of(asked: Asked, *, static: bool) -> Links:
    """Return what a page links with."""
    if static:
        return Links("../" * asked.place.count("/"), asked.base, static=True)
    # Behind a proxy, the site may begin below the root of its host.
    return Links(urlsplit(asked.base).path or "/", asked.base, static=False)


def file_of(place: str) -> str:
    """Return the name of the file of a place."""
    if "." in place.rpartition("/")[2]:
        return place
    return f"{place or 'index'}{_PAGE_FILE}"


def with_query(place: str, **query: object) -> str:
    """Return a place with those parameters that have a value."""
    given = {name: value for name, value in query.items() if value not in {None, ""}}
    return f"{place}?{urlencode(given)}" if given else place
