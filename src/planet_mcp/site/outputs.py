"""The planet for feed readers: its newest entries, those of a feed, and those of a search."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from planet_mcp.documents.lists import write_opml
from planet_mcp.documents.syndication import Channel, Item, Source, item_id
from planet_mcp.models import Feed, Subscription
from planet_mcp.site.content import TEXT_CHARS, for_feed
from planet_mcp.site.paths import Links
from planet_mcp.site.values import Options
from planet_mcp.store import Post, PostFeed, Store
from planet_mcp.urls import host_of

POSTS = 60
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def newest_posts(store: Store) -> list[Post]:
    """Return the entries of the planet's own feeds."""
    return store.browsing.newest(limit=POSTS, chars=TEXT_CHARS)


def named_by_feed(posts: Sequence[Post]) -> list[Post]:
    """Put the feed before the title, `Feed: Title`, as a Planet does in RSS."""
    return [replace(post, title=f"{post.feed.title}: {post.title}") for post in posts]


def posts_of_feed(store: Store, feed_id: int) -> list[Post]:
    """Return the newest entries of a feed."""
    return store.browsing.of_feed(feed_id, limit=POSTS, offset=0, chars=TEXT_CHARS)


def channel_of(
    posts: Sequence[Post], links: Links, *, title: str, self_url: str, home_url: str
) -> Channel:
    """Describe entries as a feed that is at `self_url`, and whose page is at `home_url`."""
    return Channel(
        title=title,
        description=title,
        home_url=home_url,
        self_url=self_url,
        updated=changed_at(posts) or _NEVER,
        items=tuple(_item(post, links) for post in posts),
    )


def changed_at(posts: Sequence[Post]) -> datetime | None:
    """Return when the last of these was stored, as it is now."""
    return max((post.changed_at for post in posts), default=None)


def opml_document(store: Store, options: Options, *, now: datetime) -> bytes:
    """Return the subscriptions as OPML."""
    feeds = store.feeds.subscribed(now=now)
    subscriptions = [
        Subscription(feed.url, feed.title, feed.site_url, feed.group) for feed in feeds
    ]
    return write_opml(subscriptions, title=options.title).encode()


def _item(post: Post, links: Links) -> Item:
    page = links.absolute(f"entries/{post.id}")
    return Item(
        id=item_id(post.key, host=host_of(post.feed.url), since=post.first_seen_at.date()),
        title=post.title,
        url=post.url,
        page_url=page,
        html=for_feed(post.markdown) + _onward(page if post.cut else None),
        summary=post.excerpt,
        authors=post.authors,
        tags=post.tags,
        published=post.published,
        updated=post.revised_at,
        seen_at=post.changed_at,
        source=source_of(post.feed, updated=post.changed_at),
        enclosures=post.enclosures,
    )


def _onward(page: str | None) -> str:
    return f'<p><a href="{page}">The rest of this entry</a></p>' if page else ""


def source_of(feed: Feed | PostFeed, *, updated: datetime | None = None) -> Source:
    """Describe a feed as the source of its entries."""
    return Source(
        id=feed.url, title=feed.title, site_url=feed.site_url, feed_url=feed.url, updated=updated
    )
