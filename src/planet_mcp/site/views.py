"""The pages of one entry, of the feeds, and of a search."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from markupsafe import Markup

from planet_mcp.errors import ArgumentError
from planet_mcp.models import Feed, FeedStatus
from planet_mcp.planet import Reading, SearchHit, SearchSort
from planet_mcp.site.content import WHOLE_CHARS, marked, whole
from planet_mcp.site.values import Options
from planet_mcp.store import Post, Store, StoredArticle

POSTS_OF_FEED = 50
HITS = 20
LONGEST_QUERY = 1_000
_FIELDS = ("feed", "author", "tag", "since", "until")


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry with its whole text: that of its page, where it was fetched, else the feed's."""

    post: Post
    html: Markup
    cut: bool
    article: StoredArticle | None


@dataclass(frozen=True, slots=True)
class FeedsView:
    """The subscriptions, all or those of one status."""

    feeds: list[Feed]
    total: int
    status: FeedStatus | None


@dataclass(frozen=True, slots=True)
class FeedView:
    """One feed and a page of its entries."""

    feed: Feed
    followed: bool
    posts: list[Post]
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class FoundHit:
    """A hit and its snippet with the matches marked."""

    hit: SearchHit
    snippet: Markup


@dataclass(frozen=True, slots=True)
class SearchView:
    """What a search found; `asked` is the form as it was filled in, `problem` what is wrong."""

    asked: Mapping[str, str]
    hits: list[FoundHit]
    total: int
    next_cursor: str | None
    notice: str | None
    problem: str | None


def entry_view(store: Store, entry_id: int, options: Options) -> EntryView | None:
    """Return an entry; None if there is none."""
    found = store.browsing.by_id([entry_id], chars=WHOLE_CHARS)
    if not found:
        return None
    (post,) = found
    article = store.entries.article(entry_id)
    html, cut = whole(article.markdown if article else post.markdown, images=options.images)
    return EntryView(post, html, cut or (post.cut and article is None), article)


def feeds_view(store: Store, status: str, *, now: datetime) -> FeedsView:
    """Return the subscriptions, or those of one status."""
    feeds = store.feeds.subscribed(now=now)
    wanted = FeedStatus(status) if status in set(FeedStatus) else None
    shown = [feed for feed in feeds if wanted in {None, feed.status}]
    return FeedsView(shown, len(feeds), wanted)


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


def search_view(store: Store, query: Mapping[str, str], *, now: datetime) -> SearchView:
    """Return what the tool's own search finds for a form; wrong values are said, not raised."""
    asked = {name: query.get(name, "").strip()[:LONGEST_QUERY] for name in ("q", *_FIELDS)}
    asked["sort"] = "newest" if query.get("sort") == "newest" else "relevance"
    empty = SearchView(asked, [], 0, None, None, None)
    if not any(asked[name] for name in ("q", *_FIELDS)):
        return empty
    try:
        return _found(store, asked, query.get("cursor") or None, now=now)
    except ArgumentError as error:
        return replace(empty, problem=str(error))


def _found(
    store: Store, asked: Mapping[str, str], cursor: str | None, *, now: datetime
) -> SearchView:
    sort: SearchSort = "newest" if asked["sort"] == "newest" else "relevance"
    given = {name: asked[name] or None for name in _FIELDS}
    result = (
        Reading(store)
        .search(
            query=asked["q"], sort=sort, limit=HITS, cursor=cursor, notice=None, now=now, **given
        )
        .result
    )
    hits = [FoundHit(hit, marked(hit.snippet)) for hit in result.hits]
    return SearchView(asked, hits, result.total, result.next_cursor, result.notice, None)
