"""One check of one feed: fetch → parse → store, and what comes of it."""

import hashlib
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urljoin

import anyio

from planet_mcp.errors import (
    BadResponseError,
    DocumentError,
    FetchError,
    NotAFeedError,
    OpmlError,
    UnreachableError,
)
from planet_mcp.feeds import redirects, schedule
from planet_mcp.feeds.discovery import Finder
from planet_mcp.models import (
    Document,
    Feed,
    FeedLinks,
    Gone,
    NotModified,
    ParsedEntry,
    ParsedFeed,
    PollingHints,
    Subscription,
    Validators,
)
from planet_mcp.network import Web
from planet_mcp.sandbox import Worker
from planet_mcp.store import Answered, Failure, Outcome, Store
from planet_mcp.text import title_key
from planet_mcp.times import is_credible, stamp
from planet_mcp.urls import canonical, host_of, registrable_domain

logger = logging.getLogger(__name__)

SILENT_DOMAINS = 3
NOT_FOUND = frozenset({404, 410})
# A site is searched for another feed at the first failure of a row and at each fifth after it.
LOOK_EVERY = 5
RHYTHM_ENTRIES = 10
RECENT_PAGE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of one feed brought; `queued` when nobody came round to it in time."""

    feed: Feed
    new_entries: int = 0
    problem: str | None = None
    unchanged: bool = False
    queued: bool = False


class Checker:
    """Checks feeds of one store, each when it is told to."""

    def __init__(
        self,
        store: Store,
        *,
        web: Web,
        worker: Worker,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._web = web
        self._worker = worker
        self._clock = clock
        self._finder = Finder(worker, web=web, clock=clock)
        # The domains that did not answer since some other one did.
        self._silent: set[str] = set()
        self._anew = False

    def brought_entries(self) -> bool:
        """Say whether a check brought entries since this was asked last."""
        anew, self._anew = self._anew, False
        return anew

    async def put_recent_first(self, page: str) -> None:
        """Let the first refresh of all begin with the feeds that a planet's own feed tells of.

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

    async def check(self, feed: Feed) -> Checked:
        """Fetch a feed if it may be asked now, store what it brought, and set its next check.

        Raises:
            StoreError: The store cannot be written.
        """
        domain = registrable_domain(host_of(feed.url))
        held = self._web.backed_off_for(domain)
        if held:
            until = stamp(self._clock() + timedelta(seconds=held))
            problem = f"{domain} asked us to wait until {until}."
            return await self._postponed(feed, seconds=held, problem=problem)
        try:
            answer = await self._web.get_if_changed(feed.url, feed.validators)
        except FetchError as error:
            return await self._not_fetched(feed, domain, error)
        self._silent.clear()
        try:
            with self._web.holding_body():
                return await self._fetched(feed, answer)
        except DocumentError as error:
            return await self.failed(feed, error)

    async def _fetched(self, feed: Feed, answer: Document | NotModified) -> Checked:
        if isinstance(answer, NotModified) or _digest(answer) == feed.body_hash:
            return await self._unchanged(feed, answer)
        # By its own address: where a redirect leads may differ each time.
        parsed = await self._worker.parse_feed(answer, now=self._clock(), source=feed.url)
        return await self._changed(feed, answer, parsed)

    async def _not_fetched(self, feed: Feed, domain: str, error: FetchError) -> Checked:
        if isinstance(error, BadResponseError):
            self._silent.clear()
            if error.asks_for_a_pause and error.retry_after:
                await self._leave_alone(registrable_domain(error.host), error.retry_after)
        elif isinstance(error, UnreachableError):
            self._silent.add(domain)
            if len(self._silent) >= SILENT_DOMAINS:
                # Nobody answers any more: it is our own network, and no feed's fault.
                seconds = schedule.OFFLINE_INTERVAL.total_seconds()
                return await self._postponed(feed, seconds=seconds, problem=str(error))
        return await self.failed(feed, error)

    async def _leave_alone(self, domain: str, seconds: int) -> None:
        """Let a domain wait as long as it asked, also if this process ends before."""
        seconds = min(seconds, int(schedule.MAX_INTERVAL.total_seconds()))
        self._web.back_off(domain, seconds)
        now = self._clock()

        def postpone() -> None:
            feeds = self._store.feeds.subscribed(now=now)
            ids = [feed.id for feed in feeds if registrable_domain(host_of(feed.url)) == domain]
            self._store.feeds.postpone(ids, until=now + timedelta(seconds=seconds))

        await anyio.to_thread.run_sync(postpone)

    async def accept(self, url: str, document: Document, parsed: ParsedFeed) -> Feed:
        """Subscribe to a feed whose document is already here, and store what it brought."""
        now = self._clock()
        store = self._store.feeds

        def subscribe() -> Feed:
            # Not due yet, so that no refresher fetches again what is here already.
            due_at = now + schedule.MIN_INTERVAL
            store.subscribe([Subscription(url, site_url=parsed.site_url)], due_at=due_at)
            feed = store.by_url(url, now=now)
            assert feed is not None  # noqa: S101 - it was subscribed to a line above
            return feed

        feed = await anyio.to_thread.run_sync(subscribe)
        checked = await self._changed(feed, document, parsed)
        return checked.feed

    async def _changed(self, feed: Feed, document: Document, parsed: ParsedFeed) -> Checked:
        now = self._clock()
        dates = _dates(parsed, now)
        await self._refuse_another_feed(feed, document, parsed)

        def record() -> Checked:
            outcome = self._outcome(feed, document, parsed.hints, dates=dates, now=now)
            saved = self._store.feeds.record_document(
                feed.id,
                parsed,
                outcome,
                # A document that was cut on its way is asked for again as a whole.
                validators=Validators(document.url) if parsed.truncated else document.validators,
                body_hash="" if parsed.truncated else _digest(document),
            )
            self._adopt(feed, outcome, now=now, shared=saved.shared)
            return Checked(feed=self._state(feed), new_entries=saved.new)

        checked = await anyio.to_thread.run_sync(record)
        self._anew = self._anew or bool(checked.new_entries)
        return checked

    async def _refuse_another_feed(
        self, feed: Feed, document: Document, parsed: ParsedFeed
    ) -> None:
        """Do not take what a redirect leads to for this feed when it is another one.

        Raises:
            NotAFeedError: It has another title, and none of the entries.
        """
        if canonical(document.url) == canonical(feed.url) or not feed.entries:
            return
        if title_key(parsed.title or "") == title_key(feed.title):
            return
        if not await anyio.to_thread.run_sync(
            lambda: self._store.feeds.has_any(feed.id, parsed.entries)
        ):
            raise NotAFeedError(
                f"{feed.url} now leads to another feed, {document.url}, which has none of its "
                "entries. If that is right, add that address and remove this one."
            )

    async def _unchanged(self, feed: Feed, answer: Document | NotModified) -> Checked:
        now = self._clock()
        is_304 = isinstance(answer, NotModified)

        def record() -> Checked:
            outcome = self._outcome(feed, answer, feed.hints, dates=(), now=now)
            self._store.feeds.record_unchanged(
                feed.id,
                outcome,
                validators=answer.validators,
                answered=Answered.NOT_MODIFIED if is_304 else Answered.DOCUMENT,
            )
            # What is stored came from there, so it shares its entries.
            self._adopt(feed, outcome, now=now, shared=True)
            return Checked(feed=self._state(feed), unchanged=True)

        return await anyio.to_thread.run_sync(record)

    def _outcome(
        self,
        feed: Feed,
        answer: Document | NotModified,
        hints: PollingHints,
        *,
        dates: Sequence[datetime],
        now: datetime,
    ) -> Outcome:
        known = self._store.feeds.recent_dates(feed.id, limit=RHYTHM_ENTRIES)
        next_check_at = schedule.after_success(
            sorted({*known, *dates})[-RHYTHM_ENTRIES:],
            now=now,
            wish=_seconds(answer.fresh_for),
            hints=hints,
            conditional=bool(answer.validators.etag or answer.validators.last_modified),
            jitter=_jitter(),
        )
        move = redirects.after_answer(feed.move, answer.moved_to, now=now)
        return Outcome(checked_at=now, next_check_at=next_check_at, move=move)

    def _adopt(self, feed: Feed, outcome: Outcome, *, now: datetime, shared: bool) -> None:
        """Follow a feed from now on where it moved to, if that is sure and still the same feed."""
        move = outcome.move
        if (
            move
            and shared
            and redirects.is_for_good(move)
            and self._store.feeds.adopt(feed.id, move.url, now=now)
        ):
            logger.info(
                "Feed %d moved for good: %r is followed at %r.", feed.id, feed.url, move.url
            )

    def _state(self, feed: Feed) -> Feed:
        return self._store.feeds.get([feed.id], now=self._clock()).get(feed.id, feed)

    async def _postponed(self, feed: Feed, *, seconds: float, problem: str) -> Checked:
        until = self._clock() + timedelta(seconds=seconds)
        await anyio.to_thread.run_sync(lambda: self._store.feeds.postpone([feed.id], until=until))
        return Checked(feed=feed, problem=problem)

    async def failed(self, feed: Feed, error: FetchError | DocumentError) -> Checked:
        """Note that a check failed, and try again later and later."""
        now = self._clock()
        gone = _gone(feed, error, now)
        proposal = await self._proposal(feed, error)
        failure = Failure(_problem(error, proposal), gone, proposal)
        outcome = Outcome(checked_at=now, next_check_at=_after_failure(feed, error, gone, now))
        await anyio.to_thread.run_sync(
            lambda: self._store.feeds.record_failure(feed.id, outcome, failure=failure)
        )
        logger.info("Feed %d failed: %r", feed.id, failure.problem)
        return Checked(feed=feed, problem=failure.problem)

    async def _proposal(self, feed: Feed, error: FetchError | DocumentError) -> str | None:
        """Look for another feed at the site of one that is not found any more, now and then."""
        if not (isinstance(error, BadResponseError) and error.status in NOT_FOUND):
            return None
        if feed.errors % LOOK_EVERY:
            return feed.proposal
        site = feed.site_url or urljoin(feed.url, "/")
        try:
            return await self._linked_feed(site, instead_of=feed.url)
        except (FetchError, DocumentError, OpmlError):
            return None

    async def _linked_feed(self, site: str, *, instead_of: str) -> str | None:
        """Return the first feed that a page links to, if one can be read there."""
        document, found = await self._finder.look(site)
        if isinstance(found, ParsedFeed):
            return document.url
        links = (*found.candidates, *found.anchors) if isinstance(found, FeedLinks) else ()
        urls = (link.url for link in links if canonical(link.url) != canonical(instead_of))
        url = next(urls, None)
        if url is not None:
            await self._finder.parse(await self._finder.fetch(url))
        return url


def _digest(document: Document) -> str:
    return hashlib.sha256(document.body).hexdigest()


def _dates(parsed: ParsedFeed, now: datetime) -> list[datetime]:
    claimed = [entry.published for entry in parsed.entries if entry.published]
    return [moment for moment in claimed if is_credible(moment, now=now)]


def _jitter() -> float:
    return random.random()  # noqa: S311 - spreads load, guards nothing


def _after_failure(
    feed: Feed, error: FetchError | DocumentError, gone: Gone, now: datetime
) -> datetime:
    if gone is not Gone.NO:
        return schedule.after_gone(confirmed=gone is Gone.CONFIRMED, now=now, jitter=_jitter())
    wish = error.retry_after if isinstance(error, BadResponseError) else None
    return schedule.after_failure(
        errors=feed.errors + 1,
        now=now,
        wish=_seconds(wish),
        hints=feed.hints,
        jitter=_jitter(),
    )


def _problem(error: FetchError | DocumentError, proposal: str | None) -> str:
    if proposal is None:
        return str(error)
    return f"{error} Its site links a feed at {proposal}: add that one, and remove this one."


def _gone(feed: Feed, error: FetchError | DocumentError, now: datetime) -> Gone:
    if not (isinstance(error, BadResponseError) and error.status == schedule.GONE_STATUS):
        return Gone.NO
    told = feed.gone is not Gone.NO
    if feed.gone is Gone.CONFIRMED or schedule.is_gone(
        told_before=told, checked_at=feed.checked_at, now=now
    ):
        return Gone.CONFIRMED
    return Gone.TOLD_ONCE


def _seconds(count: int | None) -> timedelta | None:
    return None if count is None else timedelta(seconds=count)
