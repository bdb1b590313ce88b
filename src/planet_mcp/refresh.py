"""Due feeds → fetch → parse → store, a few at a time; the background loop and checks on demand.

Of several processes on one database exactly one, the holder of the lease, fetches feeds, so
that the publishers' rules hold for all of them together. Others mark feeds as due and wait.
"""

import hashlib
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import anyio

from planet_mcp import schedule
from planet_mcp.errors import (
    BadResponseError,
    DocumentError,
    FetchError,
    ParseFailedError,
    StoreError,
    UnreachableError,
)
from planet_mcp.gate import Gate
from planet_mcp.lease import Lease
from planet_mcp.models import (
    Document,
    Feed,
    Gone,
    NotModified,
    ParsedFeed,
    Subscription,
    Validators,
)
from planet_mcp.store import Outcome, Store
from planet_mcp.urls import host_of, registrable_domain
from planet_mcp.workers import Worker

if TYPE_CHECKING:
    from planet_mcp.fetch import Fetcher

logger = logging.getLogger(__name__)

TICK_SECONDS = 1.0
POLL_SECONDS = 0.1
MERGE_PAUSE_SECONDS = 0.02
PAUSE_AFTER_CRASH_SECONDS = 10.0
MAX_DUE = 2_000
PATIENCE_SECONDS = 60.0
SILENT_DOMAINS = 3
BUSY_STATUSES = frozenset({429, 503})

Progress = Callable[[int, int], Awaitable[None]]


def utc_now() -> datetime:
    """Return the current time as everything here wants it: aware UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of one feed brought; `queued` when nobody came round to it in time."""

    feed: Feed
    new_entries: int = 0
    problem: str | None = None
    unchanged: bool = False
    queued: bool = False


class Refresher:
    """Keeps the feeds of one store current."""

    def __init__(
        self,
        store: Store,
        *,
        gate: Gate,
        worker: Worker,
        fetcher: Callable[[], Awaitable["Fetcher"]],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._gate = gate
        self._worker = worker
        self._fetcher = fetcher
        self._clock = clock
        self._lease = Lease(store.path)
        self._busy: dict[int, anyio.Event] = {}
        self._unmerged = False
        # The domains that did not answer since some other one did.
        self._silent: set[str] = set()

    @property
    def leads(self) -> bool:
        """Say whether this process is the one that fetches."""
        return self._lease.held

    def is_running(self) -> bool:
        """Say whether any process refreshes this database now."""
        return self._lease.is_taken()

    async def run(self) -> None:
        """Refresh in the background until cancelled; nothing that happens ends it."""
        while True:
            try:
                if self._lease.acquire():
                    await self._lead()
            except Exception:
                logger.exception("The refresher failed; it goes on in a moment.")
                await anyio.sleep(PAUSE_AFTER_CRASH_SECONDS)
            await anyio.sleep(TICK_SECONDS)

    async def _lead(self) -> None:
        logger.info("This process refreshes the feeds now.")
        try:
            async with anyio.create_task_group() as checks:
                while True:
                    for feed in await self._due():
                        if feed.id not in self._busy:
                            self._busy[feed.id] = anyio.Event()
                            checks.start_soon(self._check_in_background, feed)
                    await anyio.sleep(TICK_SECONDS)
                    if self._unmerged and not self._busy:
                        await self._merge_index()
        finally:
            self._lease.release()

    async def _merge_index(self) -> None:
        """Tidy up after a pass, in steps that let others read and write in between."""
        self._unmerged = False
        more = True
        while more:
            more = await anyio.to_thread.run_sync(self._store.entries.merge_index)
            await anyio.sleep(MERGE_PAUSE_SECONDS)

    async def _due(self) -> list[Feed]:
        now = self._clock()
        return await anyio.to_thread.run_sync(lambda: self._store.feeds.due(now=now, limit=MAX_DUE))

    async def check(
        self, feeds: Sequence[Feed] | None = None, *, progress: Progress | None = None
    ) -> list[Checked]:
        """Check these feeds now, or all that are due, and say what each brought."""
        chosen = list(feeds) if feeds is not None else await self._due()
        if not chosen:
            return []
        if self._lease.acquire():
            try:
                checked = await self._check_here(chosen, progress)
                if self._unmerged and not self._busy:
                    await self._merge_index()
                return checked
            finally:
                self._lease.release()
        return await self._check_elsewhere(chosen, progress)

    async def _check_here(self, feeds: Sequence[Feed], progress: Progress | None) -> list[Checked]:
        found: list[Checked] = []

        async def one(feed: Feed) -> None:
            found.append(await self._check_once(feed))
            if progress:
                await progress(len(found), len(feeds))

        try:
            async with anyio.create_task_group() as checks:
                for feed in feeds:
                    checks.start_soon(one, feed)
        except* StoreError as group:
            raise group.exceptions[0] from None
        return found

    async def _check_once(self, feed: Feed) -> Checked:
        running = self._busy.get(feed.id)
        if running is None:
            self._busy[feed.id] = anyio.Event()
            return await self._check_in_turn(feed)
        await running.wait()
        return await self._compared(feed)

    async def _compared(self, before: Feed) -> Checked:
        """Say what a check brought that was done elsewhere, from what the store says now."""
        after = (await self._states([before])).get(before.id, before)
        return Checked(
            feed=after,
            new_entries=after.entries - before.entries,
            problem=after.problem,
            unchanged=after.body_hash == before.body_hash,
        )

    async def _states(self, feeds: Sequence[Feed]) -> dict[int, Feed]:
        ids, now = [feed.id for feed in feeds], self._clock()
        return await anyio.to_thread.run_sync(lambda: self._store.feeds.get(ids, now=now))

    async def _check_elsewhere(
        self, feeds: Sequence[Feed], progress: Progress | None
    ) -> list[Checked]:
        """Ask the process that refreshes, by marking the feeds as due, and watch the store."""
        asked = self._clock().replace(microsecond=0)
        ids = [feed.id for feed in feeds]
        await anyio.to_thread.run_sync(lambda: self._store.feeds.make_due(ids, now=asked))
        found: dict[int, Checked] = {}
        with anyio.move_on_after(PATIENCE_SECONDS):
            while len(found) < len(feeds):
                await anyio.sleep(POLL_SECONDS)
                states = await self._states(feeds)
                for feed in feeds:
                    state = states.get(feed.id)
                    if feed.id not in found and state and state.next_check_at > asked:
                        found[feed.id] = await self._compared(feed)
                if progress:
                    await progress(len(found), len(feeds))
        return [found.get(feed.id) or Checked(feed=feed, queued=True) for feed in feeds]

    async def _check_in_background(self, feed: Feed) -> None:
        """Check a feed so that nothing that is wrong with it keeps the others waiting."""
        try:
            await self._check_in_turn(feed)
        except StoreError:
            raise
        except Exception:
            logger.exception("The check of feed %d failed.", feed.id)
            await self._failed(feed, ParseFailedError("planet-mcp failed on it; see its log."))

    async def _check_in_turn(self, feed: Feed) -> Checked:
        try:
            return await self._check(feed)
        finally:
            self._busy.pop(feed.id).set()

    async def _check(self, feed: Feed) -> Checked:
        fetcher = await self._fetcher()
        domain = registrable_domain(host_of(feed.url))
        held = self._gate.held_for(domain)
        if held:
            return await self._postponed(feed, seconds=held, problem=f"{domain} asked us to wait.")
        try:
            answer = await fetcher.get(feed.url, validators=feed.validators, gate=self._gate)
        except FetchError as error:
            return await self._not_fetched(feed, domain, error)
        self._silent.clear()
        try:
            return await self._fetched(feed, answer)
        except DocumentError as error:
            return await self._failed(feed, error)

    async def _fetched(self, feed: Feed, answer: Document | NotModified) -> Checked:
        if isinstance(answer, NotModified):
            return await self._unchanged(feed, answer.validators, answer.fresh_for)
        digest = hashlib.sha256(answer.body).hexdigest()
        if digest == feed.body_hash:
            return await self._unchanged(feed, answer.validators, answer.fresh_for)
        parsed = await self._worker.parse_feed(answer, now=self._clock())
        return await self._changed(feed, answer, parsed, digest)

    async def _not_fetched(self, feed: Feed, domain: str, error: FetchError) -> Checked:
        if isinstance(error, UnreachableError):
            self._silent.add(domain)
        elif isinstance(error, BadResponseError):
            self._silent.clear()
            if error.status in BUSY_STATUSES and error.retry_after:
                self._gate.hold(domain, error.retry_after)
        if isinstance(error, UnreachableError) and len(self._silent) >= SILENT_DOMAINS:
            # Nobody answers any more: it is our own network, and no feed's fault.
            seconds = schedule.OFFLINE_INTERVAL.total_seconds()
            return await self._postponed(feed, seconds=seconds, problem=str(error))
        return await self._failed(feed, error)

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
        await self._changed(feed, document, parsed, hashlib.sha256(document.body).hexdigest())
        return (await self._states([feed]))[feed.id]

    async def _changed(
        self, feed: Feed, document: Document, parsed: ParsedFeed, digest: str
    ) -> Checked:
        now = self._clock()
        dates = [entry.published for entry in parsed.entries if entry.published]
        outcome = self._next(dates, document.fresh_for, now)
        new = await anyio.to_thread.run_sync(
            lambda: self._store.feeds.record_document(
                feed.id, parsed, outcome, validators=document.validators, body_hash=digest
            )
        )
        self._unmerged = self._unmerged or bool(new)
        return Checked(feed=feed, new_entries=new)

    async def _unchanged(
        self, feed: Feed, validators: Validators, fresh_for: int | None
    ) -> Checked:
        now = self._clock()

        def record() -> None:
            outcome = self._next(self._store.feeds.recent_dates(feed.id), fresh_for, now)
            self._store.feeds.record_unchanged(feed.id, outcome, validators=validators)

        await anyio.to_thread.run_sync(record)
        return Checked(feed=feed, unchanged=True)

    async def _postponed(self, feed: Feed, *, seconds: float, problem: str) -> Checked:
        until = self._clock() + timedelta(seconds=seconds)
        await anyio.to_thread.run_sync(lambda: self._store.feeds.postpone(feed.id, until=until))
        return Checked(feed=feed, problem=problem)

    async def _failed(self, feed: Feed, error: FetchError | DocumentError) -> Checked:
        now = self._clock()
        gone = _gone(feed, error, now)
        wish = error.retry_after if isinstance(error, BadResponseError) else None
        jitter = random.random()  # noqa: S311 - spreads load, guards nothing
        if gone is not Gone.NO:
            confirmed = gone is Gone.CONFIRMED
            next_check_at = schedule.after_gone(confirmed=confirmed, now=now, jitter=jitter)
        else:
            next_check_at = schedule.after_failure(
                errors=feed.errors + 1, now=now, wish=_seconds(wish), jitter=jitter
            )
        outcome = Outcome(checked_at=now, next_check_at=next_check_at)
        await anyio.to_thread.run_sync(
            lambda: self._store.feeds.record_failure(
                feed.id, outcome, problem=str(error), gone=gone
            )
        )
        logger.info("Feed %d failed: %r", feed.id, str(error))
        return Checked(feed=feed, problem=str(error))

    def _next(self, dates: Sequence[datetime], fresh_for: int | None, now: datetime) -> Outcome:
        jitter = random.random()  # noqa: S311 - spreads load, guards nothing
        next_check_at = schedule.after_success(
            dates, now=now, wish=_seconds(fresh_for), jitter=jitter
        )
        return Outcome(checked_at=now, next_check_at=next_check_at)


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
