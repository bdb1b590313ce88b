"""The pages of one entry, and of one feed."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from planet_mcp.models import Feed
from planet_mcp.planet import related_headlines
from planet_mcp.site.content import WHOLE_CHARS, whole
from planet_mcp.site.values import Options
from planet_mcp.store import Headline, Post, Store, StoredArticle

POSTS_OF_FEED, MOST_PEOPLE = 50, 8


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry with its whole text: that of its page, where it was fetched, else the feed's.

    `earlier` and `later` are those beside it in its feed.
    """

    post: Post
    html: Markup
    cut: bool
    article: StoredArticle | None
    earlier: Headline | None
    later: Headline | None
    related: list[Headline]


@dataclass(frozen=True, slots=True)
class FeedView:
    """One feed and a page of its entries."""

    feed: Feed
    followed: bool
    posts: list[Post]
    page: int
    pages: int

    @property
    def people(self) -> list[str]:
        """Return who wrote most of these entries."""
        wrote = Counter(author for post in self.posts for author in post.authors)
        return [author for author, _ in wrote.most_common(MOST_PEOPLE)]


def entry_view(store: Store, entry_id: int, options: Options) -> EntryView | None:
    """Return an entry; None if there is none."""
    found = store.browsing.by_id([entry_id], chars=WHOLE_CHARS)
    if not found:
        return None
    (post,) = found
    article = store.webpages.article(entry_id)
    html, cut = whole(article.markdown if article else post.markdown, images=options.images)
    is_cut = cut or (post.cut and article is None)
    # Files do not show related entries: they would have to be written anew whenever one arrives.
    related = (
        [] if options.static else related_headlines(store, post.id, post.title, model=options.model)
    )
    return EntryView(post, html, is_cut, article, *store.browsing.beside(entry_id), related)


def feed_view(store: Store, feed_id: int, page: int, *, now: datetime) -> FeedView | None:
    """Return a feed with a page of its entries; None if there is none."""
    feed = store.feeds.get([feed_id], now=now).get(feed_id)
    if feed is None:
        return None
    followed = store.feeds.by_url(feed.url, now=now) is not None
    if not followed and not feed.entries:
        return None
    stories = store.browsing.count_of_feed(feed_id)
    pages = max(-(-stories // POSTS_OF_FEED), 1)
    if not 1 <= page <= pages:
        return None
    posts = store.browsing.of_feed(
        feed_id, limit=POSTS_OF_FEED, offset=(page - 1) * POSTS_OF_FEED, chars=0
    )
    return FeedView(feed, followed, posts, page, pages)
