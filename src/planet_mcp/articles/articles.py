"""An entry or a URL → its full article: stored already, the feed's own content, or the page."""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

import anyio

from planet_mcp.articles.failures import Failures
from planet_mcp.articles.full_text import FullText, Known, from_article, from_feed, is_beginning
from planet_mcp.errors import ArgumentError, DocumentError, FetchError
from planet_mcp.models import Article, Document, NotModified, Validators
from planet_mcp.network import Web
from planet_mcp.requests import named_id
from planet_mcp.sandbox import Worker
from planet_mcp.store import EntryText, Store, StoredArticle
from planet_mcp.times import stamp, utc_now
from planet_mcp.urls import IPNetwork, canonical, given_url, http_url, shown
from planet_mcp.vetting import check_url

logger = logging.getLogger(__name__)

ACCEPT_PAGE = "text/html, application/xhtml+xml, text/markdown;q=0.9, text/plain;q=0.8, */*;q=0.5"
# A page with less than this part of the feed's own text is a notice or a form, not the article.
CLEARLY_LESS = 0.8

_FILE = re.compile(
    r".*\.(pdf|mp3|m4a|aac|ogg|oga|opus|wav|flac|mp4|m4v|mov|webm|mkv|avi)", re.IGNORECASE
)


class Articles:
    """Reads articles of one store, from the web where the store has only a part."""

    def __init__(
        self,
        store: Store,
        *,
        web: Web,
        worker: Worker,
        fetch_any: bool,
        allowed: Sequence[IPNetwork] = (),
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._web = web
        self._worker = worker
        self._fetch_any = fetch_any
        self._allowed = allowed
        self._clock = clock
        self._failures = Failures(clock)
        # The pages that are being fetched, by canonical address.
        self._running: dict[str, anyio.Event] = {}

    async def read(self, article: int | str, *, refresh: bool) -> FullText:
        """Return the whole article of an entry id, or of a URL.

        With `refresh` its page is asked for again; else only when the stored text is just a
        beginning, or was fetched over a week ago.

        Raises:
            ArgumentError: There is no such entry, or it is no URL that may be fetched.
            FetchError: The page could not be fetched, and there is nothing else to give.
            DocumentError: The page holds no article, and there is nothing else to give.
        """
        entry_id = await self._entry_id(article)
        if entry_id is None:
            return await self._page(str(article).strip(), refresh=refresh)
        return await self._entry(entry_id, refresh=refresh)

    async def backfill(self, entry_id: int, *, web: Web) -> None:
        """Fetch and keep the page of an entry that nobody has asked for yet.

        Raises:
            FetchError: It could not be fetched.
            DocumentError: It holds no article, or less than the feed has already.
        """
        known = await self._known(entry_id)
        if known.entry.url and not known.article:
            await self._renew(known, known.entry.url, web)

    async def _entry_id(self, article: int | str) -> int | None:
        text = str(article).strip()
        numbered = named_id(text, "entry")
        if numbered:
            return int(numbered)
        # Without a scheme, only a text with a slash is taken for a URL: `asyncio.run` is none.
        url = http_url(text) or http_url(given_url(text) if "/" in text else "")
        if url is None:
            raise ArgumentError(
                f"{text[:200]!r} is neither an entry id nor an http(s) URL. "
                "A search finds entries and their ids."
            )
        return await anyio.to_thread.run_sync(self._store.entries.find, url)

    async def _entry(self, entry_id: int, *, refresh: bool) -> FullText:
        known = await self._known(entry_id)
        url = known.entry.url
        if not url or not (refresh or known.may_have_more(now=self._clock())):
            return known.best()
        if await self._was_fetched_elsewhere(url):
            return await self._entry(entry_id, refresh=False)
        with self._fetching(url):
            return await self._from_page(known, url, refresh=refresh)

    async def _known(self, entry_id: int) -> Known:
        known = await anyio.to_thread.run_sync(self._stored, entry_id)
        if known is None:
            raise ArgumentError(
                f"There is no entry {entry_id}. A search, or the list of what is new, has the ids "
                "of entries; or give a URL."
            )
        return known

    def _stored(self, entry_id: int) -> Known | None:
        entries = self._store.entries
        with self._store.view(fresh=True):
            entry = entries.text(entry_id)
            if entry is None:
                return None
            article = self._store.webpages.article(entry_id)
            wanted = is_beginning(entry) and not article
            return Known(entry, article, self._duplicate(entry) if wanted else None)

    def _duplicate(self, entry: EntryText) -> FullText | None:
        """Return the text of another entry of the same story that has the whole of it."""
        entries = self._store.entries
        other_id = entries.whole_duplicate(entry.id)
        other = entries.text(other_id) if other_id else None
        if other is None:
            return None
        article = self._store.webpages.article(other.id)
        whole = from_article(other, article) if article else from_feed(other)
        return replace(
            from_feed(entry),
            authors=entry.authors or whole.authors,
            source=whole.source,
            taken_at=whole.taken_at,
            markdown=whole.markdown,
            duplicate_in=other.feed,
        )

    async def _was_fetched_elsewhere(self, url: str) -> bool:
        """Wait for another call that fetches this page now, if there is one."""
        running = self._running.get(canonical(url))
        if running:
            await running.wait()
        return running is not None

    @contextmanager
    def _fetching(self, url: str) -> Iterator[None]:
        address = canonical(url)
        self._running[address] = anyio.Event()
        try:
            yield
        finally:
            self._running.pop(address).set()

    async def _from_page(self, known: Known, url: str, *, refresh: bool) -> FullText:
        """Fetch an entry's page; where that fails, the stored text serves."""
        try:
            if not refresh:
                self._failures.refuse(url)
            article, note = await self._renew(known, url, self._web)
        except (FetchError, DocumentError) as error:
            best = known.best()
            age = _age(known.article, now=self._clock())
            nothing = "" if best.markdown else " The feed has no text of this entry."
            return replace(best, note=f"The page could not be read: {error}{age}{nothing}")
        return replace(from_article(known.entry, article), note=note)

    async def _renew(self, known: Known, url: str, web: Web) -> tuple[StoredArticle, str | None]:
        """Fetch and keep an entry's page; the second value is a note if it has not changed."""
        with self._failures.noting(url):
            _refuse_file(known.entry, url)
            before = known.article.validators if known.article else None
            fetched = await self._fetched(url, before, web)
            if isinstance(fetched, NotModified):
                return await self._unchanged(known, fetched.validators)
            document, article = fetched
            _refuse_less(known.entry, article, document.url)
        now, save = self._clock(), self._store.webpages.save_article
        await anyio.to_thread.run_sync(
            lambda: save(known.entry.id, document.validators, article, now=now)
        )
        return _stored(document.validators, article, now), None

    async def _fetched(
        self, url: str, before: Validators | None, web: Web
    ) -> tuple[Document, Article] | NotModified:
        """Fetch a page's article, or that of the page to which it sends its readers."""
        page: Document | None = None
        while True:
            reply = await web.get_if_changed(url, before, accept=ACCEPT_PAGE, after=page)
            if isinstance(reply, NotModified):
                return reply
            article = await self._worker.read_page(reply)
            if isinstance(article, Article):
                _note_flaws(reply.url, article.content.flaws)
                return reply, article
            url, page = article.url, reply

    async def _unchanged(
        self, known: Known, validators: Validators
    ) -> tuple[StoredArticle, str | None]:
        assert known.article is not None  # noqa: S101 - its validators were sent
        now, renew = self._clock(), self._store.webpages.renew_article
        await anyio.to_thread.run_sync(lambda: renew(known.entry.id, validators, now=now))
        before = stamp(known.article.fetched_at)
        article = replace(known.article, validators=validators, fetched_at=now)
        return article, f"The page has not changed since {before}."

    async def _page(self, url: str, *, refresh: bool) -> FullText:
        """Fetch a page that is no entry's, if its address stands in a stored text."""
        url = await self._permitted(url)
        if await self._was_fetched_elsewhere(url):
            return await self.read(url, refresh=False)
        with self._fetching(url):
            if not refresh:
                self._failures.refuse(url)
            with self._failures.noting(url):
                fetched = await self._fetched(url, None, self._web)
            assert not isinstance(fetched, NotModified)  # noqa: S101 - no condition was sent
            document, article = fetched
            entry_id = await anyio.to_thread.run_sync(self._keep_page, url, document, article)
        return await self._entry(entry_id, refresh=False)

    async def _permitted(self, url: str) -> str:
        """Return the address to ask for a page; refuse one that stands in no stored text.

        It is spelled as in that text and not as the caller wrote it: so an injected text cannot
        make an agent send something in an address that it changed. Where the page redirects to does
        not matter: that server learns only what the page's server chose to send there.
        """
        check_url(url, allowed=self._allowed)
        if self._fetch_any:
            return url
        known = await anyio.to_thread.run_sync(self._store.entries.spelling_of, url)
        if known is None:
            raise ArgumentError(
                f"{shown(url)} is the address of no entry, stands in no text that is stored, and "
                "is no front page of a site that is followed, so it is not fetched. The user can "
                f"read it with `planet-mcp article {shown(url)}`, or let all addresses be fetched: "
                "--fetch-any or PLANET_MCP_FETCH_ANY=1."
            )
        check_url(known, allowed=self._allowed)
        return known

    def _keep_page(self, url: str, document: Document, article: Article) -> int:
        """Store a page, unless it turned out to be that of an entry; return the entry's id."""
        known = self._store.entries.find(document.url)
        if known is not None:
            return known
        return self._store.webpages.save_page(url, document.validators, article, now=self._clock())


def _note_flaws(url: str, flaws: int) -> None:
    if flaws:
        logger.warning("%s: of %d details of the page only the words are kept", url, flaws)


def _age(article: StoredArticle | None, *, now: datetime) -> str:
    if article is None:
        return ""
    days = (now - article.fetched_at).days
    return f" This is its text of {stamp(article.fetched_at)}, {days} days old."


def _refuse_file(entry: EntryText, url: str) -> None:
    """Refuse a recording or a PDF by what its feed says, before all of it is fetched."""
    enclosed = next((each.type or "a file" for each in entry.enclosures if each.url == url), None)
    named = _FILE.fullmatch(urlsplit(url).path)
    kind = enclosed or (f"a {named[1].upper()} file" if named else None)
    if kind:
        raise DocumentError(f"{url} is {kind}, not a web page: there is no article to read.")


def _refuse_less(entry: EntryText, article: Article, url: str) -> None:
    here, there = len(entry.markdown.split()), len(article.content.markdown.split())
    # Only of its own site's pages a feed's text is a measure.
    if not entry.is_elsewhere and there < here * CLEARLY_LESS:
        raise DocumentError(
            f"{url} has only {there} words, and the feed has {here}: it may show a notice or a "
            "form in place of the article."
        )


def _stored(validators: Validators, article: Article, now: datetime) -> StoredArticle:
    return StoredArticle(
        url=validators.url,
        title=article.title,
        authors=article.authors,
        published=article.published,
        markdown=article.content.markdown,
        fetched_at=now,
        validators=validators,
    )
