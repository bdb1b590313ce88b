"""What is syndicated: entries, the feeds they come from, and the channel that they make up.

All times are aware; all URLs and ids are absolute (see `urls.http_url`, `identity.item_id`).
"""

from dataclasses import dataclass
from datetime import datetime

from planet_mcp.models import Enclosure

# What a file is said to be whose feed does not say it.
UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Source:
    """The feed that an entry comes from; `id` is an IRI, its own or its address."""

    id: str
    title: str
    site_url: str | None
    feed_url: str
    updated: datetime | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """An entry; `title` and `summary` are plain text, `html` is safe HTML.

    `id` is an IRI that never changes; `url` is where its author published it, and `page_url` our
    own page of it. `published` is a credible date or None, `updated` when it changed after it was
    first seen, `seen_at` when it was stored as it is now.
    """

    id: str
    title: str
    url: str | None
    page_url: str | None
    html: str
    summary: str
    authors: tuple[str, ...]
    tags: tuple[str, ...]
    published: datetime | None
    updated: datetime | None
    seen_at: datetime
    source: Source
    enclosures: tuple[Enclosure, ...] = ()

    @property
    def link(self) -> str | None:
        """Return where a reader is sent: to the author's page, or to ours if there is none."""
        return self.url or self.page_url


@dataclass(frozen=True, slots=True)
class Channel:
    """What one document syndicates, in the order in which it is listed.

    `self_url` is the address of that document, `home_url` that of the page it goes with.
    """

    title: str
    description: str
    home_url: str
    self_url: str
    updated: datetime
    items: tuple[Item, ...]
    generator: str = "planet-mcp"

    def distinct_items(self) -> tuple[Item, ...]:
        """Return the items, the first of each id: to readers they are one (RFC 4287, 4.1.1)."""
        first: dict[str, Item] = {}
        for item in self.items:
            first.setdefault(item.id, item)
        return tuple(first.values())
