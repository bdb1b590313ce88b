"""The pictures of people that an operator has for feeds, as a Planet had them.

A theme's `faces` has the files, and its `config.ini`, which may be that of the Planet itself, says
with `face = NAME` which feed has which.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup

from planet_mcp.documents.lists import read_list
from planet_mcp.errors import ListError
from planet_mcp.site.paths import Links
from planet_mcp.site.values import Page
from planet_mcp.site.words import colour, initials
from planet_mcp.store import Store
from planet_mcp.urls import canonical

TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}


class Faces:
    """The faces of one theme."""

    def __init__(self, theme: Path | None) -> None:
        self._folder = theme / "faces" if theme else None
        self._by_url = _faces_by_url(theme) if theme else {}
        self._known: tuple[int, dict[int, str]] = (-1, {})

    def of_feeds(self, store: Store) -> Mapping[int, str]:
        """Return the path of each feed's picture by the feed's id, as far as it has one."""
        if not self._by_url:
            return {}
        # Looked for again only when feeds changed; former addresses count, as of feeds that moved.
        change = store.change_token().feed_change
        if self._known[0] != change:
            found = {
                feed.id: f"faces/{face}"
                for feed in store.feeds.names(followed=False)
                for url in (canonical(feed.url), *feed.former)
                if (face := self._by_url.get(url))
            }
            self._known = change, found
        return self._known[1]

    @property
    def names(self) -> list[str]:
        """Return the names of all pictures that a feed may have."""
        return sorted({*self._by_url.values()})

    def page(self, name: str) -> Page | None:
        """Return a picture; None if no feed may have it."""
        if self._folder is None or name not in self.names:
            return None
        try:
            return Page((self._folder / name).read_bytes(), TYPES[Path(name).suffix.lower()])
        except OSError:
            return None  # it was taken away meanwhile


def face(faces: Mapping[int, str], links: Links, name: str, feed_id: int) -> Markup:
    """Return the face of a feed: the picture at a path, or one that is drawn of its name."""
    path = faces.get(feed_id)
    if path is None:
        return _drawn(name)
    return Markup(
        '<img class="face" src="{}" alt="" width="32" height="32" loading="lazy">'
    ).format(links.to(path))


@lru_cache(maxsize=2_000)
def _drawn(name: str) -> Markup:
    drawn = Markup('<span class="face face{}" data-letters="{}"></span>')
    return drawn.format(colour(name), initials(name))


def _faces_by_url(theme: Path) -> dict[str, str]:
    """Return the names of the pictures that are there, by the addresses of their feeds.

    Raises:
        ListError: The theme's `config.ini` names no feed.
    """
    config = theme / "config.ini"
    if not config.is_file():
        return {}
    files = {path.name for path in (theme / "faces").glob("[!.]*") if path.is_file()}
    try:
        listed = read_list(config.read_bytes()).subscriptions
    except ListError as error:
        raise ListError(f"{config}: {error}") from None
    return {
        canonical(each.url): each.face
        for each in listed
        if each.face in files and Path(each.face).suffix.lower() in TYPES
    }
