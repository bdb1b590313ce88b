"""The planet: one object with everything that a tool or a command can do."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import TypeVar

import anyio

from planet_mcp import __version__
from planet_mcp.articles import Articles, Backfill, BackfillLimits
from planet_mcp.errors import ArgumentError, StoreError
from planet_mcp.feeds import (
    Added,
    Finder,
    Progress,
    Refresher,
    Subscriber,
    added_list,
    with_reading_lists,
)
from planet_mcp.models import Feed, Subscription
from planet_mcp.network import Access, Pace, Web
from planet_mcp.planet.answers import (
    AddResult,
    Answer,
    FeedsResult,
    LatestResult,
    RefreshResult,
    RemovedFeed,
    RemoveResult,
    SearchResult,
    StatusResult,
)
from planet_mcp.planet.article_text import article_text
from planet_mcp.planet.feed_list import list_feeds
from planet_mcp.planet.language import TOOLS, Language
from planet_mcp.planet.latest import latest
from planet_mcp.planet.lookup import find_feed
from planet_mcp.planet.markdown import added_text, refresh_text, removed_text, status_text
from planet_mcp.planet.notices import notice, read_only_notice
from planet_mcp.planet.outcomes import MAX_PROBLEMS, added_feed, refresh_result
from planet_mcp.planet.reading import Reading
from planet_mcp.planet.search import search
from planet_mcp.planet.seeds import first_feeds
from planet_mcp.requests import FeedQuery, LatestRequest, Request, SearchRequest
from planet_mcp.sandbox import Worker
from planet_mcp.settings import DEFAULT_FEEDS, Settings
from planet_mcp.store import ChangeToken, Store
from planet_mcp.threads import DaemonThreads
from planet_mcp.times import stamp, utc_now

# The feed of the planet whose feeds a new database subscribes to: it names the active ones.
RECENT_PAGES = {DEFAULT_FEEDS: "https://planetpython.org/rss20.xml"}
READERS = 4
PAGE_READERS = 2
MAX_IDS = 101

T = TypeVar("T")
R = TypeVar("R", bound=Request)


@asynccontextmanager
async def open_planet(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = utc_now,
    language: Language = TOOLS,
    worker: Callable[[], Worker] = Worker,
    backfill: BackfillLimits | None = None,
    web: Web | None = None,
) -> AsyncIterator["Planet"]:
    """Open the store and everything that works on it; a new store gets its first feeds.

    The texts of answers speak the `language` of who reads them. `worker` makes each of the workers
    that parse; `backfill` limits what is fetched unasked; `web` is what all is fetched from.

    Raises:
        StoreError: The database cannot be opened.
        SettingsError: The OPML file of the first feeds cannot be read.
    """
    store = Store(settings.database, keep=settings.keep)
    try:
        if not store.read_only and not store.feeds.is_seeded():
            store.feeds.seed(first_feeds(settings.feeds), now=clock())
        async with AsyncExitStack() as stack:
            yield Planet(
                store,
                settings,
                stack,
                clock=clock,
                language=language,
                worker=worker,
                backfill=backfill,
                web=web,
            )
    finally:
        store.close()


class Planet:
    """A community's feeds: what is in them, and what to follow."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        stack: AsyncExitStack,
        *,
        clock: Callable[[], datetime],
        language: Language = TOOLS,
        worker: Callable[[], Worker] = Worker,
        backfill: BackfillLimits | None = None,
        web: Web | None = None,
    ) -> None:
        self._language = language
        self._store = store
        self._settings = settings
        self._clock = clock
        self._readers = DaemonThreads(READERS, name="reader")
        # Pages take longer to make than answers, which are not to wait behind them.
        self._page_readers = DaemonThreads(PAGE_READERS, name="page")
        stack.callback(self._readers.close)
        stack.callback(self._page_readers.close)
        self._web = web or _web(settings)
        stack.push_async_callback(self._web.aclose)
        feeds_worker, pages_worker = worker(), worker()
        stack.push_async_callback(feeds_worker.aclose)
        stack.push_async_callback(pages_worker.aclose)
        self.refresher = Refresher(
            store,
            web=self._web,
            worker=feeds_worker,
            recent_page=RECENT_PAGES.get(settings.feeds),
            clock=clock,
        )
        self._subscriber = Subscriber(
            store,
            refresher=self.refresher,
            # A limiter of its own: who adds a feed does not wait behind a whole refresh.
            finder=Finder(pages_worker, web=self._web.with_own_limiter(), clock=clock),
            allowed=settings.allow_networks,
            clock=clock,
        )
        self._articles = Articles(
            store,
            web=self._web.with_own_limiter(),
            worker=pages_worker,
            fetch_any=settings.fetch_any,
            allowed=settings.allow_networks,
            clock=clock,
        )
        self._backfill = Backfill(
            store,
            articles=self._articles,
            web=self._web,
            is_leader=lambda: self.refresher.leads,
            clock=clock,
            limits=backfill,
        )

    def never_fetch_from(self, host: str, port: int) -> None:
        """Keep an address that this process listens on from being fetched, whatever is opened."""
        self._web.never_fetch_from(host, port)

    async def run(self) -> None:
        """Refresh the feeds, and read the pages of teasers if that is wanted, until cancelled."""
        if self._store.read_only:
            return
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.refresher.run)
            if self._settings.full_text == "teasers":
                tasks.start_soon(self._backfill.run)

    async def list_feeds(self, query: FeedQuery = FeedQuery()) -> Answer[FeedsResult]:
        """List the feeds that the planet follows."""
        return await self._answered(list_feeds, query)

    async def search_entries(
        self, request: SearchRequest = SearchRequest()
    ) -> Answer[SearchResult]:
        """Search all entries."""
        return await self._answered(search, request)

    async def latest_entries(
        self, request: LatestRequest = LatestRequest()
    ) -> Answer[LatestResult]:
        """Show what is new in a period, or what was stored since a watermark."""
        return await self._answered(latest, request)

    async def _answered(self, answer: Callable[[Reading, R], T], request: R) -> T:
        """Answer a request from one state of the store."""

        def read() -> T:
            reading = Reading(self._store, self._clock(), self._notice(), self._language)
            return answer(reading, request)

        return await self._read(read)

    async def fetch_article(
        self, article: int | str, *, offset: int = 0, max_chars: int = 12_000, refresh: bool = False
    ) -> str:
        """Return a part of an article's full text, with its head and boundaries."""
        found = await self._articles.read(article, refresh=refresh)
        return article_text(found, offset=offset, max_chars=max_chars, language=self._language)

    async def add_feeds(
        self, urls: Sequence[str], *, progress: Progress | None = None
    ) -> Answer[AddResult]:
        """Subscribe to feeds, pages that name one, or OPML documents.

        Raises:
            StoreError: What was found cannot be stored; what is listed then was added or not.
        """
        self._store.require_writable()
        added: list[Added] = [Added(url, "failed") for url in urls]
        done = 0

        async def one(position: int) -> None:
            nonlocal done
            added[position] = await self._subscriber.add(urls[position])
            done += 1
            if progress:
                await progress(done, len(urls))

        try:
            async with anyio.create_task_group() as tasks:
                for position in range(len(urls)):
                    tasks.start_soon(one, position)
        except* StoreError as group:
            raise group.exceptions[0] from None
        result = AddResult(results=[added_feed(item) for item in added], notice=self._notice())
        return Answer(result, added_text(result))

    async def import_list(self, document: bytes, *, name: str) -> Answer[AddResult]:
        """Subscribe to the feeds of a document that the user has at hand: OPML or a config.ini.

        Raises:
            ListError: It is malformed or names no feed; nothing was imported.
        """
        from planet_mcp.documents.lists import read_list  # deferred: few starts need an XML parser

        listed = read_list(document)
        counts = with_reading_lists(
            await self._subscriber.subscribe_all(listed.subscriptions), listed.reading_lists
        )
        result = AddResult(results=[added_feed(added_list(name, counts))], notice=self._notice())
        return Answer(result, added_text(result))

    async def remove_feeds(
        self, feeds: Sequence[int | str], *, delete_entries: bool = False
    ) -> Answer[RemoveResult]:
        """Stop following feeds.

        Raises:
            ArgumentError: One of them is not known; nothing was removed.
        """

        def remove() -> list[Feed]:
            found = self._named(feeds, undone="Nothing was removed.")
            self._store.feeds.unsubscribe(
                [feed.id for feed in found], delete_entries=delete_entries
            )
            return found

        removed = await _in_thread(remove)
        result = RemoveResult(
            removed=[
                RemovedFeed(
                    feed_id=feed.id, title=feed.title, feed_url=feed.url, entries=feed.entries
                )
                for feed in removed
            ],
            entries="deleted" if delete_entries else "kept",
        )
        named = self._language.argument("delete_entries")
        return Answer(result, removed_text(result, delete_entries=named))

    async def refresh_feeds(
        self,
        feeds: Sequence[int | str] | None = None,
        *,
        everything: bool = False,
        most_problems: int = MAX_PROBLEMS,
        progress: Progress | None = None,
    ) -> Answer[RefreshResult]:
        """Check the named feeds, all that are due, or simply all, now.

        Raises:
            ArgumentError: One of the named feeds is not known; nothing was checked.
            StoreError: What was found cannot be stored.
        """
        self._store.require_writable()
        chosen: list[Feed] | None = None
        if feeds is not None:
            chosen = await _in_thread(lambda: self._named(feeds, undone="Nothing was checked."))
        elif everything:
            chosen = await _in_thread(lambda: self._store.feeds.subscribed(now=self._clock()))
        checked = await self.refresher.check(chosen, progress=progress)
        result = refresh_result(
            checked,
            notice=self._notice(),
            most_problems=most_problems,
            all_failing=self._language.call("list_feeds", {"status": "failing"}),
        )
        return Answer(result, refresh_text(result))

    async def export_opml(self) -> str:
        """Return the followed feeds as an OPML document."""
        from planet_mcp.documents.lists import write_opml  # deferred, as above

        feeds = await _in_thread(lambda: self._store.feeds.subscribed(now=self._clock()))
        return write_opml(
            [Subscription(feed.url, feed.title, feed.site_url) for feed in feeds], title="Planet"
        )

    async def ids_like(self, beginning: str, *, feeds: bool) -> list[str]:
        """Return ids of feeds or of entries that begin so, the newest first; at most 101."""
        return await self._read(
            lambda: self._store.entries.ids_like(beginning, feeds=feeds, limit=MAX_IDS)
        )

    async def change_token(self) -> ChangeToken:
        """Return what differs after entries arrived or other feeds are followed."""
        return await self._read(self._store.change_token)

    @property
    def store(self) -> Store:
        """Return the store, for pages that are made of it within `browse`."""
        return self._store

    @property
    def clock(self) -> Callable[[], datetime]:
        """Return the clock that all here goes by."""
        return self._clock

    async def browse(self, work: Callable[[], T]) -> T:
        """Make a page, in one of a few threads, of one state of the store."""
        return await self._read(work, self._page_readers)

    async def status(self) -> Answer[StatusResult]:
        """Say how the planet is doing."""
        return await self._read(self._status)

    def _status(self) -> Answer[StatusResult]:
        summary = self._store.feeds.summary()
        result = StatusResult(
            version=__version__,
            database=str(self._store.path),
            feeds=summary.feeds,
            never_checked=summary.never_checked,
            failing=summary.failing,
            entries=summary.entries,
            last_refresh_at=stamp(summary.last_refresh_at) if summary.last_refresh_at else None,
            refresher="running" if self.refresher.is_running() else "stopped",
        )
        return Answer(result, status_text(result))

    async def _read(self, work: Callable[[], T], threads: DaemonThreads | None = None) -> T:
        """Read in one of a few threads, all from one state of the database.

        The number of threads bounds the connections to the database.
        """

        def read() -> T:
            with self._store.view():
                return work()

        return await (threads or self._readers).run(read)

    def _named(self, feeds: Sequence[int | str], *, undone: str) -> list[Feed]:
        """Find followed feeds by what someone called them, each once."""
        known = self._store.feeds.subscribed(now=self._clock())
        try:
            found = {feed.id: feed for feed in (find_feed(known, wanted) for wanted in feeds)}
        except ArgumentError as error:
            raise ArgumentError(f"{error} {undone}") from None
        return list(found.values())

    def _notice(self) -> str | None:
        summary = self._store.feeds.summary()
        if self._store.read_only:
            return read_only_notice(self._store.read_only, summary)
        running = self.refresher.is_running()
        return notice(summary, self._language, refreshing=running, now=self._clock())


def _web(settings: Settings) -> Web:
    return Web(
        Access(settings.allow_networks, settings.contact, settings.proxy),
        pace=Pace(settings.host_delay, settings.host_concurrency),
    )


async def _in_thread(work: Callable[[], T]) -> T:
    return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)
