"""The planet: one object with everything that a tool, a command or a page can ask for."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, TypeVar

import anyio

from planet_mcp.articles import Articles, Backfill, FullText
from planet_mcp.embedding import NoModel
from planet_mcp.errors import ArgumentError, StoreError
from planet_mcp.feeds import (
    Added,
    Progress,
    Refresher,
    Subscriber,
    added_list,
)
from planet_mcp.meaning import NOT_ASKED, Encoder, Meanings, Understood
from planet_mcp.models import Feed, Subscription
from planet_mcp.network import Web
from planet_mcp.pictures import Pictures
from planet_mcp.planet.answers import (
    AddResult,
    Answer,
    ArticleResult,
    FeedsResult,
    LatestResult,
    RefreshResult,
    RemoveResult,
    SearchResult,
    StatusResult,
    TagRow,
    TagsResult,
    TrendingResult,
)
from planet_mcp.planet.article_text import article_result, article_text
from planet_mcp.planet.catching_up import Run, catch_up, restart_of, scope_of
from planet_mcp.planet.feed_list import list_feeds
from planet_mcp.planet.language import Language
from planet_mcp.planet.latest import latest_entries
from planet_mcp.planet.lookup import Directory, folded
from planet_mcp.planet.markdown import added_text, refresh_text, removed_text, status_text
from planet_mcp.planet.notices import notice, read_only_notice
from planet_mcp.planet.occurrences import OccurrenceQuery, Occurrences, arrivals, feed_changes
from planet_mcp.planet.outcomes import (
    MAX_PROBLEMS,
    Meaning,
    added_feed,
    refresh_result,
    removed_result,
    status_result,
)
from planet_mcp.planet.readers import Readers
from planet_mcp.planet.reading import Reading
from planet_mcp.planet.related import related_entries
from planet_mcp.planet.search import search_entries
from planet_mcp.planet.trending import trending_topics
from planet_mcp.requests import (
    ArrivalsRequest,
    CatchUpRequest,
    FeedChangesRequest,
    FeedQuery,
    LatestRequest,
    Request,
    SearchRequest,
    TrendingRequest,
)
from planet_mcp.store import ChangeToken, Hit, Store
from planet_mcp.text import label
from planet_mcp.urls import given_urls

MAX_IDS = 101
MOST_TAGS = 200

T = TypeVar("T")
R = TypeVar("R", bound=Request | FullText | OccurrenceQuery[Any])


@dataclass(frozen=True, slots=True)
class Workings:
    """What works on one store.

    Without `backfill`, no page is fetched unasked; without `encoder`, there is no model.
    """

    store: Store
    web: Web
    refresher: Refresher
    subscriber: Subscriber
    articles: Articles
    meanings: Meanings
    pictures: Pictures
    encoder: Encoder | None = None
    backfill: Backfill | None = None


class Planet:
    """A community's feeds: what is in them, and what to follow."""

    def __init__(
        self,
        workings: Workings,
        readers: Readers,
        *,
        clock: Callable[[], datetime],
        language: Language,
    ) -> None:
        self.store = workings.store
        self.refresher = workings.refresher
        self.pictures = workings.pictures
        self.clock = clock
        self._workings = workings
        self._readers = readers
        self._language = language

    @property
    def model(self) -> str | None:
        """Return the id of the model that makes vectors, if there is one."""
        model = self._workings.meanings.model
        return None if isinstance(model, NoModel) else model.id

    def never_fetch_from(self, host: str, port: int) -> None:
        """Keep an address that this process listens on from being fetched, whatever is opened."""
        self._workings.web.never_fetch_from(host, port)

    async def run(self) -> None:
        """Refresh the feeds, fill in and encode entries as the settings say, until cancelled."""
        if self.store.read_only:
            return
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.refresher.run)
            for more in (self._workings.backfill, self._workings.encoder):
                if more:
                    tasks.start_soon(more.run)

    async def list_feeds(self, query: FeedQuery = FeedQuery()) -> Answer[FeedsResult]:
        """List the feeds that the planet follows."""
        return await self._answered(list_feeds, query)

    async def search_entries(
        self, request: SearchRequest = SearchRequest()
    ) -> Answer[SearchResult]:
        """Search all entries, by words and, where there is a model, by meaning."""
        by_time = request.sort == "newest"
        understood = NOT_ASKED if by_time else await self.understood(request.query)
        return await self._answered(partial(search_entries, understood=understood), request)

    async def understood(self, query: str) -> Understood:
        """Return what a query means, as far as a model tells."""
        return await self._workings.meanings.of(query) if query.strip() else NOT_ASKED

    async def latest_entries(
        self, request: LatestRequest = LatestRequest()
    ) -> Answer[LatestResult]:
        """Show what is new in a period, or what was stored since a watermark."""
        return await self._answered(latest_entries, request)

    async def trending(
        self, request: TrendingRequest = TrendingRequest()
    ) -> Answer[TrendingResult]:
        """Show what several feeds wrote about or linked to."""
        return await self._answered(trending_topics, request)

    async def catch_up(self, request: CatchUpRequest = CatchUpRequest()) -> Answer[LatestResult]:
        """Show what arrived since a reader last caught up, and move the reader on at the end of it.

        Raises:
            ArgumentError: An argument is not usable; the reader stays where it was.
            StoreError: The database cannot be written.
        """
        self.store.require_writable()
        if request.restart is not None and request.cursor is None:
            scope, since = await self._answered(_restart, request, fresh=True)
            await _in_thread(lambda: self.store.readers.restart(request.reader, scope, since))
        while True:
            run = await self._answered(catch_up, request, fresh=True)
            # A reader that moved on meanwhile has seen this in another answer.
            if not run.is_end or await self._moved_on(run) or request.cursor:
                return run.answer

    async def _moved_on(self, run: Run) -> bool:
        now, advance = self.clock(), self.store.readers.advance
        return await _in_thread(
            lambda: advance(run.reader, run.scope, start=run.start, upto=run.upto, now=now)
        )

    async def _answered(
        self, answer: Callable[[Reading, R], T], request: R, *, fresh: bool = False
    ) -> T:
        """Answer from one state of the store: the newest, if the answer moves a reader on."""

        def read() -> T:
            reading = Reading(self.store, self.clock(), self._notice(), self._language)
            return answer(reading, request)

        return await self._readers.answer(read, fresh=fresh)

    async def fetch_article(
        self, article: int | str, *, offset: int = 0, max_chars: int = 12_000, refresh: bool = False
    ) -> str:
        """Return a part of an article with its head and boundaries, and what is related to it."""
        answer = await self.read_article(
            article, offset=offset, max_chars=max_chars, refresh=refresh
        )
        return answer.text

    async def read_article(
        self, article: int | str, *, offset: int, max_chars: int, refresh: bool
    ) -> Answer[ArticleResult]:
        """Return a part of an article, as JSON values too."""
        found = await self._workings.articles.read(article, refresh=refresh)
        related = [] if offset else await self._answered(partial(_related, model=self.model), found)
        text = article_text(
            found, offset=offset, max_chars=max_chars, related=related, language=self._language
        )
        return Answer(article_result(found, offset=offset, max_chars=max_chars), text)

    async def add_feeds(
        self,
        urls: Sequence[str],
        *,
        group: str | None = None,
        progress: Progress | None = None,
        seconds: float = math.inf,
    ) -> Answer[AddResult]:
        """Subscribe to feeds, pages that name one, or OPML documents, and put them in a group.

        What was not fetched after so many seconds is followed all the same, and read in its turn.

        Raises:
            StoreError: What was found cannot be stored; what is listed then was added or not.
        """
        self.store.require_writable()
        urls = [url for text in urls for url in given_urls(text)]
        wanted = group or ""
        group = await _in_thread(lambda: self._group_called(wanted))
        added = await self._subscribed(urls, group, progress, seconds)
        found = [each.feed for each in added if each.feed and each.outcome != "queued"]
        followed = {feed.id: group for feed in found}
        await _in_thread(lambda: self.store.feeds.put_in_groups(followed, from_others=True))
        result = AddResult(results=[added_feed(each) for each in added], notice=self._notice())
        return Answer(result, added_text(result))

    async def _subscribed(
        self, urls: Sequence[str], group: str | None, progress: Progress | None, seconds: float
    ) -> list[Added]:
        """Subscribe to URLs, all at once; after so many seconds, to the others unread."""
        subscriber = self._workings.subscriber
        added: dict[int, Added] = {}

        async def one(position: int) -> None:
            added[position] = await subscriber.add(urls[position], group=group)
            if progress:
                await progress(len(added), len(urls))

        try:
            with anyio.move_on_after(seconds):
                async with anyio.create_task_group() as tasks:
                    for position in range(len(urls)):
                        tasks.start_soon(one, position)
        except* StoreError as errors:
            raise errors.exceptions[0] from None
        left = [position for position in range(len(urls)) if position not in added]
        queued = await subscriber.queue([urls[position] for position in left], group=group)
        added |= dict(zip(left, queued, strict=True))
        return [added[position] for position in range(len(urls))]

    async def import_list(self, document: bytes, *, name: str) -> Answer[AddResult]:
        """Subscribe to the feeds of a document that the user has at hand: OPML or a config.ini.

        Raises:
            ListError: It is malformed or names no feed; nothing was imported.
        """
        from planet_mcp.documents.lists import read_list  # deferred: few starts need an XML parser

        listed = read_list(document)
        counts = await self._workings.subscriber.subscribe_all(listed)
        added = added_feed(added_list(name, counts), most_named=len(counts.not_taken))
        result = AddResult(results=[added], notice=self._notice())
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
            self.store.feeds.unsubscribe([feed.id for feed in found], delete_entries=delete_entries)
            return found

        removed = await _in_thread(remove)
        result = removed_result(removed, deleted=delete_entries)
        named = self._language.argument("delete_entries")
        return Answer(result, removed_text(result, delete_entries=named))

    async def refresh_feeds(
        self,
        feeds: Sequence[int | str] | None = None,
        *,
        everything: bool = False,
        most_problems: int = MAX_PROBLEMS,
        progress: Progress | None = None,
        seconds: float = math.inf,
    ) -> Answer[RefreshResult]:
        """Check the named feeds, all that are due, or simply all, now.

        What was not checked after so many seconds is left to the refresher.

        Raises:
            ArgumentError: One of the named feeds is not known; nothing was checked.
            StoreError: What was found cannot be stored.
        """
        self.store.require_writable()
        chosen: list[Feed] | None = None
        if feeds is not None:
            chosen = await _in_thread(lambda: self._named(feeds, undone="Nothing was checked."))
        elif everything:
            chosen = await _in_thread(lambda: self.store.feeds.subscribed(now=self.clock()))
        checked = await self.refresher.check(chosen, progress=progress, seconds=seconds)
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

        feeds = await _in_thread(lambda: self.store.feeds.subscribed(now=self.clock()))
        return write_opml(
            [Subscription(feed.url, feed.title, feed.site_url, feed.group) for feed in feeds],
            title="Planet",
        )

    async def tags(self) -> TagsResult:
        """Return the tags that are used most."""
        tags = await self._readers.answer(self.store.entries.tags)
        most_used = islice(tags.items(), MOST_TAGS)
        return TagsResult(tags=[TagRow(tag=tag, entries=count) for tag, count in most_used])

    async def completions(self, argument: str, beginning: str) -> list[str] | None:
        """Return what an argument may be that begins so, likest first; None for other arguments.

        At most 101 ids of entries and feeds, the newest first, and all tags, groups and readers.
        """
        ids = self.store.entries.ids_like
        known: dict[str, Callable[[], Iterable[str]]] = {
            "entry_id": lambda: ids(beginning, feeds=False, limit=MAX_IDS),
            "article": lambda: ids(beginning, feeds=False, limit=MAX_IDS),
            "feed_id": lambda: ids(beginning, feeds=True, limit=MAX_IDS),
            "tag": self.store.entries.tags,
            "group": self.store.feeds.groups,
            "reader": lambda: {each.name for each in self.store.readers.all(limit=MAX_IDS)},
        }
        if argument not in known:
            return None
        names = await self._readers.answer(lambda: [*known[argument]()])
        return [name for name in names if name.casefold().startswith(beginning.casefold())]

    async def arrivals(self, asked: OccurrenceQuery[ArrivalsRequest]) -> Occurrences:
        """Tell which stories arrived since a cursor.

        Raises:
            ArgumentError: An argument or the cursor is not usable.
        """
        return await self._answered(arrivals, asked)

    async def feed_changes(self, asked: OccurrenceQuery[FeedChangesRequest]) -> Occurrences:
        """Tell how the followed feeds changed since a cursor.

        Raises:
            ArgumentError: The cursor is not usable.
        """
        return await self._answered(feed_changes, asked)

    async def change_token(self) -> ChangeToken:
        """Return what differs after entries arrived or other feeds are followed."""
        return await self._readers.answer(self.store.change_token)

    async def browse(self, work: Callable[[], T]) -> T:
        """Make a page, in one of a few threads, of one state of the store."""
        return await self._readers.make_page(work)

    async def status(self) -> Answer[StatusResult]:
        """Return how the planet is doing."""
        summary = await self._readers.answer(self.store.feeds.summary)
        feeds = await self._readers.answer(lambda: self.store.feeds.subscribed(now=self.clock()))
        running = await self._readers.answer(self.refresher.is_running)
        meaning = await self._readers.answer(self._meaning)
        database = str(self.store.path)
        result = status_result(summary, feeds, meaning, database=database, running=running)
        return Answer(result, status_text(result))

    async def why_not_writable(self) -> str | None:
        """Return in words why nothing can be stored now; None if it can."""
        return await _in_thread(self.store.why_not_writable)

    def _meaning(self) -> Meaning:
        """Return how many entries have vectors of the model, or why there is no model."""
        model = self._workings.meanings.model
        if isinstance(model, NoModel):
            return Meaning(0, f"none. {model.reason}")
        encoder = self._workings.encoder
        problem = f". It failed: {encoder.problem}" if encoder and encoder.problem else ""
        return Meaning(self.store.vectors.encoded(model.id).entries, f"{model.name}{problem}")

    def _group_called(self, name: str) -> str | None:
        """Return the name of a group as it is spelled already, or else as it is to be."""
        there = {folded(each): each for each in self.store.feeds.groups()}
        wanted = label(name)
        return there.get(folded(wanted), wanted) if wanted else None

    def _named(self, feeds: Sequence[int | str], *, undone: str) -> list[Feed]:
        """Find followed feeds by what someone called them, each once."""
        directory = Directory(self.store.feeds.names(followed=True))
        try:
            found = dict.fromkeys(directory.find(wanted, exactly=True).id for wanted in feeds)
        except ArgumentError as error:
            raise ArgumentError(f"{error} {undone}") from None
        known = self.store.feeds.get(found, now=self.clock())
        return [known[feed_id] for feed_id in found]

    def _notice(self) -> str | None:
        summary = self.store.feeds.summary()
        if self.store.read_only:
            return read_only_notice(self.store.read_only, summary)
        running = self.refresher.is_running()
        return notice(summary, self._language, refreshing=running, now=self.clock())


def _related(reading: Reading, article: FullText, *, model: str | None) -> list[Hit]:
    return related_entries(reading, article.entry_id, article.title, model=model)


def _restart(reading: Reading, request: CatchUpRequest) -> tuple[str, datetime]:
    return scope_of(reading, request).name, restart_of(reading, request)


async def _in_thread(work: Callable[[], T]) -> T:
    return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)
