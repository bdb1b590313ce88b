"""The text of an entry as a reader gets it, made of what the store has of it (pure)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from planet_mcp.models import Enclosure
from planet_mcp.store import EntryText, StoredArticle

# The source of a text that is its page's own.
FROM_PAGE = "the web page"
FRESH_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class FullText:
    """An article as a reader gets it.

    `source` says where the text came from, `duplicate_in` which other feed when it is not the
    entry's own, `note` what the reader should know about that. `feed_host` is where the feed is
    read; `is_elsewhere` says that `url` leads to a site that is not the feed's.
    """

    entry_id: int
    title: str
    feed: str | None
    authors: tuple[str, ...]
    published: datetime | None
    first_seen_at: datetime
    url: str | None
    source: str
    taken_at: datetime
    markdown: str
    note: str | None = None
    enclosures: tuple[Enclosure, ...] = ()
    duplicate_in: str | None = None
    feed_host: str = ""
    is_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What the store has of an entry; of a mere beginning, `duplicate` is another entry's text."""

    entry: EntryText
    article: StoredArticle | None
    duplicate: FullText | None

    def best(self) -> FullText:
        """Return the longest text that is here."""
        if self.article:
            return from_article(self.entry, self.article)
        return self.duplicate or from_feed(self.entry)

    def may_have_more(self, *, now: datetime) -> bool:
        """Return whether the page has, or may have by now, more than what is here."""
        if self.article:
            return now - self.article.fetched_at > FRESH_FOR
        return self.duplicate is None and is_beginning(self.entry)


def is_beginning(entry: EntryText) -> bool:
    """Return whether the feed has no more of an entry than how it begins."""
    return entry.teaser or not entry.markdown


def from_article(entry: EntryText, article: StoredArticle) -> FullText:
    """Return the article of an entry's page; on another site's page, its own title and authors."""
    title, authors, published = (
        (entry.title or article.title, entry.authors or article.authors, entry.published)
        if not entry.is_elsewhere
        else (article.title or entry.title, article.authors, None)
    )
    return FullText(
        entry_id=entry.id,
        title=title,
        feed=entry.feed,
        authors=authors,
        published=published or article.published,
        first_seen_at=entry.first_seen_at,
        url=article.url,
        source=FROM_PAGE,
        taken_at=article.fetched_at,
        markdown=article.markdown,
        enclosures=entry.enclosures,
        feed_host=entry.feed_host,
        is_elsewhere=entry.is_elsewhere,
    )


def from_feed(entry: EntryText) -> FullText:
    """Return what an entry's feed says."""
    return FullText(
        entry_id=entry.id,
        title=entry.title,
        feed=entry.feed,
        authors=entry.authors,
        published=entry.published,
        first_seen_at=entry.first_seen_at,
        url=entry.url,
        source="the feed",
        taken_at=entry.seen_at,
        markdown=entry.markdown,
        enclosures=entry.enclosures,
        feed_host=entry.feed_host,
        is_elsewhere=entry.is_elsewhere,
    )
