"""The pictures of a page: where it loads them from, and how large they are."""

import re
from dataclasses import dataclass
from datetime import datetime

from planet_mcp.models import PictureKey
from planet_mcp.pictures import wanted_in
from planet_mcp.site.content import WHOLE_CHARS
from planet_mcp.site.paths import Links
from planet_mcp.site.river import MOST_OF_FEED, RIVER_POSTS
from planet_mcp.site.values import Page
from planet_mcp.store import Size, Store
from planet_mcp.text.to_html import Place, places_in, with_pictures

WEBP = "image/webp"
PICTURE = r"pictures/(?:(feed)-)?(-?\d{1,19})\.webp"


def picture_path(key: PictureKey) -> str:
    """Return the path of a picture."""
    return f"pictures/{'feed-' if key.kind == 'face' else ''}{key.number}.webp"


def picture_key(path: str) -> PictureKey | None:
    """Return which picture a path names; None if it is the path of none."""
    named = re.fullmatch(PICTURE, path)
    if named is None or not -(2**63) <= int(named[2]) < 2**63:
        return None
    return PictureKey("face" if named[1] else "text", int(named[2]))


def picture_page(store: Store, key: PictureKey | None) -> Page | None:
    """Return a picture that is kept; None if it is not, or named no more."""
    body = store.pictures.body(key) if key else None
    return None if body is None else Page(body, WEBP)


def faces_of(store: Store, *, static: bool, now: datetime) -> dict[int, str]:
    """Return the paths of feeds' images, by feed: of those that are kept, or will be fetched."""
    only_kept = static or bool(store.read_only)
    return {
        feed_id: picture_path(PictureKey("face", feed_id))
        for feed_id, is_kept in store.pictures.faces(now=now).items()
        if is_kept or not only_kept
    }


def pictured(html: str, store: Store, links: Links, *, now: datetime) -> str:
    """Fill the places of pictures with those that are kept, or are fetched when asked for.

    One that is not to be had stays a link, and where none is fetched so does what is not kept.
    """
    places = [place.key for place, _ in places_in(html)]
    if not places:
        return html
    only_kept = links.static or bool(store.read_only)
    put = _Putting(store.pictures.sizes(places, now=now), links, only_kept)
    return with_pictures(html, put.put)


@dataclass(frozen=True, slots=True)
class _Putting:
    sizes: dict[int, Size | None]
    links: Links
    only_kept: bool

    def put(self, place: Place) -> str:
        size = self.sizes.get(place.key)
        unseen = place.key not in self.sizes and not self.only_kept
        if size is None and not unseen:
            return place.as_link
        # A picture that was not fetched yet gets a box of fixed size: nothing moves when it comes.
        shape = f'width="{size.width}" height="{size.height}"' if size else 'class="unseen"'
        source = self.links.to(picture_path(PictureKey("text", place.key)))
        # The picture's words are the link's name, which may not be empty.
        alt = place.alt or "image"
        return (
            f'{place.link}<img src="{source}" alt="{alt}" {shape} loading="lazy" '
            'decoding="async"></a>'
        )


def wanted_pictures(store: Store, *, now: datetime) -> list[PictureKey]:
    """Return the pictures of the newest entries that are to be asked for."""
    picked = store.browsing.newest_of_feeds(most_of_feed=MOST_OF_FEED, most=RIVER_POSTS)
    posts = store.browsing.stories([each.story_id for each in picked], chars=WHOLE_CHARS)
    numbers = dict.fromkeys(key for post in posts for key, _ in wanted_in(post.markdown))
    known = store.pictures.sizes(numbers, now=now)
    kept = store.pictures.faces(now=now)
    faces = {post.feed.id for post in posts if kept.get(post.feed.id) is False}
    return [
        *(PictureKey("face", feed_id) for feed_id in sorted(faces)),
        *(PictureKey("text", number) for number in numbers if number not in known),
    ]
