"""The places of pictures in a rendered text, which whoever has the pictures fills (pure).

A text is rendered once and kept, and what is known of its pictures changes.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape, unescape

from planet_mcp.urls import link_key

# The beginning of a link that a stranger set; the address is escaped.
LINK = '<a href="{}" rel="nofollow noopener ugc">'
# The mark of a place. No stranger's text can have it, since its angle brackets are escaped there.
_PLACE = re.compile(LINK.format('([^"]*)') + r'<img src="picture:(-?\d+)" alt="([^"]*)"></a>')


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a picture: the `link_key` of its address, and how it is written as a link.

    `link` opens the link to the picture itself, and `alt` is what is said of it, as HTML.
    """

    key: int
    link: str
    alt: str

    @property
    def as_link(self) -> str:
        """Return the link alone, as it stands where there are no pictures."""
        return f"{self.link}image{': ' if self.alt else ''}{self.alt}</a>"


def place_of(url: str, alt: str) -> str:
    """Return the place for the picture at an address; `alt` is escaped already."""
    return f'{LINK.format(escape(url))}<img src="picture:{link_key(url)}" alt="{alt}"></a>'


def with_pictures(html: str, put: Callable[[Place], str]) -> str:
    """Fill the places of a page."""
    return _PLACE.sub(lambda found: put(_place(found)), html)


def places_in(html: str) -> Iterator[tuple[Place, str]]:
    """Return the places of a page, each with the address of its picture."""
    for found in _PLACE.finditer(html):
        yield _place(found), unescape(found[1])


def _place(found: re.Match[str]) -> Place:
    return Place(int(found[2]), LINK.format(found[1]), found[3])
