"""An entry or a URL → its full article: stored already, the feed's own content, or the page."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import anyio

from planet_mcp.errors import ArgumentError, DocumentError, FetchError
from planet_mcp.models import Article, Document, Enclosure
from planet_mcp.refresh import utc_now
from planet_mcp.store import EntryText, Store, StoredArticle
from planet_mcp.urls import IPNetwork, check_url, host_of, http_url
from planet_mcp.workers import Worker

if TYPE_CHECKING:
    from planet_mcp.fetch import Fetcher

ACCEPT_PAGE = "text/html, application/xhtml+xml, text/markdown;q=0.9, text/plain;q=0.8, */*;q=0.5"


@dataclass(frozen=True, slots=True)
class FullText:
    """An article as a reader gets it.

    `source` says where the text came from, `note` what the reader should know about that.
    """

    entry_id: int
    title: str
    feed: str | None
    authors: tuple[str, ...]
    published: datetime | None
    url: str | None
    source: str
    taken_at: datetime
    markdown: str
    note: str | None = None
    enclosures: tuple[Enclosure, ...] = ()


class Articles:
    """Reads articles of one store, from the web where the store has only a part."""

    def __init__(
        self,
        store: Store,
        *,
        worker: Worker,
        fetcher: Callable[[], Awaitable["Fetcher"]],
        fetch_any: bool,
        allowed: Sequence[IPNetwork] = (),
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._worker = worker
        self._fetcher = fetcher
        self._fetch_any = fetch_any
        self._allowed = allowed
        self._clock = clock

    async def read(self, article: int | str, *, refresh: bool) -> FullText:
        """Return the whole article of an entry id, or of a URL.

        Raises:
            ArgumentError: There is no such entry, or it is no URL that may be fetched.
            FetchError: The page could not be fetched, and there is nothing else to give.
            DocumentError: The page holds no article, and there is nothing else to give.
        """
        entry_id = await self._entry_id(article)
        if entry_id is None:
            return await self._page(str(article).strip())
        entry = await anyio.to_thread.run_sync(self._store.entries.text, entry_id)
        if entry is None:
            raise ArgumentError(
                f"There is no entry {entry_id}. Take entry ids from search_entries or "
                "latest_entries, or give a URL."
            )
        stored = await anyio.to_thread.run_sync(self._store.entries.article, entry_id)
        if stored and not refresh:
            return _from_article(entry, stored)
        if entry.url and (refresh or entry.teaser):
            return await self._from_page(entry, entry.url, stored)
        return _from_feed(entry)

    async def _entry_id(self, article: int | str) -> int | None:
        text = str(article).strip()
        if text.isascii() and text.isdigit():
            return int(text[:18])
        url = http_url(text)
        if url is None:
            raise ArgumentError(
                f"{text[:200]!r} is neither an entry id nor an http(s) URL. "
                "Find entries with search_entries."
            )
        return await anyio.to_thread.run_sync(self._store.entries.find, url)

    async def _from_page(
        self, entry: EntryText, url: str, stored: StoredArticle | None
    ) -> FullText:
        """Fetch an entry's page; what is here already serves when that fails."""
        try:
            document, article = await self._fetch(url)
        except (FetchError, DocumentError) as error:
            known = _from_article(entry, stored) if stored else _from_feed(entry)
            if not known.markdown:
                raise
            return replace(known, note=f"The page could not be read: {error}")
        now = self._clock()
        await anyio.to_thread.run_sync(
            lambda: self._store.entries.save_article(entry.id, document.url, article, now=now)
        )
        return _from_article(entry, _stored(document, article, now))

    async def _page(self, url: str) -> FullText:
        """Fetch a page that no entry stands for, if the corpus knows its host."""
        check_url(url, allowed=self._allowed)
        host = host_of(url)
        if not self._fetch_any and not await anyio.to_thread.run_sync(
            self._store.entries.knows_host, host
        ):
            raise ArgumentError(
                f"The host {host} is not one that the planet's feeds lead to, so it is not "
                "fetched. To allow any host, the user can start planet-mcp with --fetch-any or "
                "PLANET_MCP_FETCH_ANY=1."
            )
        document, article = await self._fetch(url)
        now = self._clock()
        entry_id = await anyio.to_thread.run_sync(
            lambda: self._store.entries.save_page(url, article, now=now)
        )
        entry = await anyio.to_thread.run_sync(self._store.entries.text, entry_id)
        assert entry is not None  # noqa: S101 - it was stored a line above
        return _from_article(entry, _stored(document, article, now))

    async def _fetch(self, url: str) -> tuple[Document, Article]:
        fetcher = await self._fetcher()
        document = await fetcher.get(url, accept=ACCEPT_PAGE)
        assert isinstance(document, Document)  # noqa: S101 - nothing conditional was asked
        return document, await self._worker.extract_article(document)


def _stored(document: Document, article: Article, now: datetime) -> StoredArticle:
    return StoredArticle(
        url=document.url,
        title=article.title,
        authors=article.authors,
        published=article.published,
        markdown=article.content.markdown,
        fetched_at=now,
    )


def _from_article(entry: EntryText, article: StoredArticle) -> FullText:
    return FullText(
        entry_id=entry.id,
        title=entry.title or article.title,
        feed=entry.feed,
        authors=entry.authors or article.authors,
        published=entry.published or article.published,
        url=article.url,
        source="the web page",
        taken_at=article.fetched_at,
        markdown=article.markdown,
        enclosures=entry.enclosures,
    )


def _from_feed(entry: EntryText) -> FullText:
    return FullText(
        entry_id=entry.id,
        title=entry.title,
        feed=entry.feed,
        authors=entry.authors,
        published=entry.published,
        url=entry.url,
        source="the feed",
        taken_at=entry.seen_at,
        markdown=entry.markdown,
        enclosures=entry.enclosures,
    )
