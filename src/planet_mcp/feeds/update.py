"""One update of one feed: ask it, read what it sent, and record what comes of that."""

import logging
import os
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from urllib.parse import urljoin

import anyio

from planet_mcp.errors import (
    BadResponseError,
    BlockedAddressError,
    BlockedUrlError,
    DocumentError,
    FetchError,
    LateAnswerError,
    NotAFeedError,
    OpmlError,
    PausedError,
    TooLargeError,
    UnreachableError,
)
from planet_mcp.feeds import schedule
from planet_mcp.feeds.decide import (
    Answer,
    Deferred,
    Moment,
    NewDocument,
    NoDocument,
    SameDocument,
    decide,
    digest_of,
    facts_wanted,
)
from planet_mcp.feeds.discovery import Finder
from planet_mcp.garbage import uncollected
from planet_mcp.models import (
    Answered,
    Document,
    DomainPause,
    Feed,
    FeedLinks,
    FeedPlan,
    NewEntry,
    NotModified,
    PageRedirect,
    ParsedEntry,
    ParsedFeed,
    Subscription,
)
from planet_mcp.network import Pause, Web
from planet_mcp.sandbox import Worker
from planet_mcp.store import Store
from planet_mcp.times import stamp
from planet_mcp.urls import canonical, host_of, registrable_domain

NETWORK_AWAY = "None of several servers answered, so the network may be away; it is tried again."
REFUSED_HERE = "Not fetched by the server that checks the feeds"

logger = logging.getLogger(__name__)

SILENT_DOMAINS = 3
NOT_FOUND = frozenset({404, 410})
# A site is searched for another feed at the first failure of a row and at each fifth after it.
LOOK_EVERY = 5
RECENT_PAGE_SECONDS = 5.0
# To look through the values of longer documents for cycles takes tenths of a second.
MANY_ENTRIES = 5_000


@dataclass(frozen=True, slots=True)
class Updated:
    """The feed has another document than before."""

    feed: Feed
    new_entries: int


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The feed is as it was."""

    feed: Feed


@dataclass(frozen=True, slots=True)
class Failed:
    """The feed was not read; `problem` says why and what can be done."""

    feed: Feed
    problem: str


@dataclass(frozen=True, slots=True)
class Queued:
    """The feed is due, and was not asked in time; `reason` says what it waits for."""

    feed: Feed
    reason: str = "waiting for its turn; its domain is asked one request at a time"


UpdateResult = Updated | Unchanged | Failed | Queued


def record_answer(store: Store, feed: Feed, answer: Answer, moment: Moment) -> UpdateResult:
    """Read the facts, decide, and write; once more when the facts have changed meanwhile.

    Raises:
        StoreError: The store cannot be read or written.
    """
    is_long = isinstance(answer, NewDocument) and len(answer.parsed.entries) > MANY_ENTRIES
    with uncollected() if is_long else nullcontext():
        return _recorded(store, feed, answer, moment)


def _recorded(store: Store, feed: Feed, answer: Answer, moment: Moment) -> UpdateResult:
    wanted = facts_wanted(answer)
    while facts := store.updates.facts(feed.id, wanted, now=moment.now):
        plan = decide(facts, answer, moment)
        try:
            stored = store.updates.apply(plan)
        except LateAnswerError as error:
            return Queued(feed, str(error))
        if stored:
            if stored.url != facts.feed.url:
                logger.info("Feed %d moved for good, to %r.", feed.id, stored.url)
            return _result(answer, plan, stored)
    return Failed(feed, "It was removed while it was checked.")


def _result(answer: Answer, plan: FeedPlan, feed: Feed) -> UpdateResult:
    if isinstance(answer, Deferred):
        kind = Failed if answer.was_asked else Queued
        return kind(feed, answer.problem)
    if plan.answered is Answered.FAILURE:
        problem = feed.problem or "No reason is known."
        logger.info("Feed %d failed: %r", feed.id, problem)
        return Failed(feed, problem)
    if isinstance(answer, SameDocument):
        return Unchanged(feed)
    return Updated(feed, sum(isinstance(change, NewEntry) for change in plan.changes))


class FeedUpdater:
    """Updates the feeds of one store, each when asked to."""

    def __init__(
        self, store: Store, *, web: Web, worker: Worker, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._web = web
        self._worker = worker
        self._clock = clock
        self._finder = Finder(worker, web=web, clock=clock)
        # The domains that did not answer since some other one did.
        self._silent: set[str] = set()
        self._has_new_entries = False

    def take_has_new_entries(self) -> bool:
        """Return whether an update brought entries since this was asked last."""
        has_new, self._has_new_entries = self._has_new_entries, False
        return has_new

    async def put_recent_first(self, page: str) -> None:
        """Let the first refresh of all begin with the feeds that a planet's own feed quotes.

        It titles its entries `Feed: Title`, and links to where they are. Without an answer soon,
        the feeds keep their order.
        """
        summary = await anyio.to_thread.run_sync(self._store.feeds.summary)
        if summary.never_checked < summary.feeds:
            return
        with anyio.move_on_after(RECENT_PAGE_SECONDS):
            try:
                recent = await self._finder.parse(await self._finder.fetch(page))
            except (FetchError, DocumentError) as error:
                logger.info("What posted lately is not known: %r", str(error))
            else:
                await anyio.to_thread.run_sync(self._make_first, recent.entries)

    def _make_first(self, entries: Sequence[ParsedEntry]) -> None:
        now = self._clock()
        hosts = {host_of(entry.url) for entry in entries if entry.url}
        titles = [entry.title.casefold() for entry in entries]
        ids = [
            feed.id
            for feed in self._store.feeds.subscribed(now=now)
            if {host_of(feed.url), host_of(feed.site_url or "")} & hosts
            or any(title.startswith(f"{feed.title.casefold()}: ") for title in titles)
        ]
        self._store.feeds.make_due(ids, now=now - timedelta(days=1))

    async def update(self, feed: Feed) -> UpdateResult:
        """Fetch a feed if it may be asked now, store what it brought, and plan its next check.

        Raises:
            StoreError: The store cannot be written.
        """
        return await self._update_from(feed, feed.url)

    async def _update_from(
        self, feed: Feed, url: str, after: Document | None = None
    ) -> UpdateResult:
        """Update a feed from where it is now; `after` is the page there that sent us on."""
        try:
            reply = await self._web.get_if_changed(url, feed.validators, after=after)
        except PausedError as error:
            return await self.record(feed, self._deferred(error))
        except FetchError as error:
            return await self.record(feed, await self._not_fetched(feed, error))
        self._silent.clear()
        with self._web.holding_body():
            answer = await self._read(feed, reply)
            if not isinstance(answer, _Page):
                return await self.record(feed, answer)
        if isinstance(answer.leads, PageRedirect):
            return await self._update_from(feed, answer.leads.url, answer.document)
        look = partial(self._readable, answer.leads, instead_of=feed.url)
        return await self.record(feed, NoDocument(answer.error, await self._proposal(feed, look)))

    async def record(self, feed: Feed, answer: Answer) -> UpdateResult:
        """Record what came of asking a feed.

        Raises:
            StoreError: The store cannot be written.
        """
        # Jitter spreads load, and guards nothing.
        moment = Moment(self._clock(), random.random())  # noqa: S311
        result = await anyio.to_thread.run_sync(record_answer, self._store, feed, answer, moment)
        if isinstance(result, Updated) and result.new_entries:
            self._has_new_entries = True
        return result

    async def accept(self, url: str, document: Document, parsed: ParsedFeed) -> Feed:
        """Subscribe to a feed whose document is already here, and store what it brought."""
        now, store = self._clock(), self._store.feeds

        def subscribe() -> Feed:
            # Not due yet, so that no refresher fetches again what is here already.
            due_at = now + schedule.MIN_INTERVAL
            store.subscribe([Subscription(url, site_url=parsed.site_url)], due_at=due_at)
            feed = store.by_url(url, now=now)
            assert feed is not None  # noqa: S101 - it was subscribed to a line above
            return feed

        feed = await anyio.to_thread.run_sync(subscribe)
        return (await self.record(feed, NewDocument(document, parsed))).feed

    async def resume_pauses(self) -> None:
        """Keep the pauses that domains asked for before, whichever process asked them."""
        now = self._clock()
        for known in await anyio.to_thread.run_sync(self._store.updates.pauses, now):
            seconds = (known.until - now).total_seconds()
            self._web.resume(Pause(known.domain, seconds, known.times))

    def _deferred(self, error: PausedError) -> Deferred:
        until = self._clock() + timedelta(seconds=error.seconds)
        problem = f"{error.domain} asked us to wait until {stamp(until)}."
        return Deferred(until, problem, was_asked=False)

    async def _read(self, feed: Feed, reply: Document | NotModified) -> "Answer | _Page":
        if isinstance(reply, NotModified) or digest_of(reply) == feed.body_hash:
            return SameDocument(reply)
        try:
            # The source is the feed's own address: where a redirect leads may differ each time.
            parsed = await self._worker.parse_feed(reply, now=self._clock(), source=feed.url)
        except DocumentError as error:
            if reply.is_cut:
                return NoDocument(_of_cut(reply, error))
            if isinstance(error, NotAFeedError):
                return await self._page_instead(reply, error)
            return NoDocument(error)
        return NewDocument(reply, parsed)

    async def _page_instead(self, document: Document, error: NotAFeedError) -> "NoDocument | _Page":
        """Return what is to be made of a document that is no feed any more."""
        try:
            what = await self._worker.discover(document, now=self._clock())
        except (DocumentError, OpmlError):
            return NoDocument(error)
        leads = what if isinstance(what, PageRedirect | FeedLinks) else FeedLinks(())
        return _Page(document, error, leads)

    async def _not_fetched(self, feed: Feed, error: FetchError) -> Answer:
        if isinstance(error, BadResponseError):
            self._silent.clear()
            pause = await self._pause_asked(feed, error)
            if pause:
                return NoDocument(error, pause=pause)
        elif isinstance(error, UnreachableError):
            self._silent.add(registrable_domain(host_of(feed.url)))
            if len(self._silent) >= SILENT_DOMAINS:
                # So many silent domains in a row mean that our own network fails, and no feed.
                return Deferred(self._clock() + schedule.OFFLINE_INTERVAL, NETWORK_AWAY)
        elif isinstance(error, BlockedAddressError | BlockedUrlError) and not error.redirected:
            # The settings of this process say so: another one on this database may have others.
            refusal = f"{REFUSED_HERE} (process {os.getpid()}): {error}"
            return Deferred(self._clock() + schedule.REFUSED_INTERVAL, refusal)
        if isinstance(error, BadResponseError) and error.status in NOT_FOUND:
            site = feed.site_url or urljoin(feed.url, "/")
            look = partial(self._linked_feed, site, instead_of=feed.url)
            return NoDocument(error, await self._proposal(feed, look))
        return NoDocument(error)

    async def _pause_asked(self, feed: Feed, error: BadResponseError) -> DomainPause | None:
        """Return the pause of the domain that refused a feed, if it wants one.

        A 403 for a feed that could be read until now is more often meant for us than for the feed:
        the others of its domain wait for once, until more is known.
        """
        domain = registrable_domain(error.host)
        if error.status == HTTPStatus.FORBIDDEN and not feed.errors:
            await self._web.pause(domain)
        pause = self._web.pause_of(domain)
        if pause is None:
            return None
        until = self._clock() + timedelta(seconds=pause.seconds)
        return DomainPause(domain, until, pause.times)

    async def _proposal(self, feed: Feed, look: Callable[[], Awaitable[str | None]]) -> str | None:
        """Look for another feed instead of one that is not there any more, now and then."""
        if feed.errors % LOOK_EVERY:
            return feed.proposal
        try:
            return await look()
        except (FetchError, DocumentError, OpmlError):
            return None

    async def _linked_feed(self, site: str, *, instead_of: str) -> str | None:
        """Return the first feed that a page links to, if one can be read there."""
        document, found = await self._finder.look(site)
        if isinstance(found, ParsedFeed):
            return document.url
        links = found if isinstance(found, FeedLinks) else FeedLinks(())
        return await self._readable(links, instead_of=instead_of)

    async def _readable(self, links: FeedLinks, *, instead_of: str) -> str | None:
        """Return the first of these feeds, if it can be read."""
        urls = (link.url for link in (*links.candidates, *links.anchors))
        url = next((url for url in urls if canonical(url) != canonical(instead_of)), None)
        return (await self._finder.feed_at(url)).url if url else None


@dataclass(frozen=True, slots=True)
class _Page:
    """A web page that is there instead of a feed, and where it leads."""

    document: Document
    error: NotAFeedError
    leads: PageRedirect | FeedLinks


def _of_cut(document: Document, error: DocumentError) -> TooLargeError:
    size = f"{len(document.body) / 2**20:g} MB"
    return TooLargeError(
        f"{document.url} is larger than {size}, and its beginning is no use: {error}"
    )
