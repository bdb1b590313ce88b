"""Due feeds → fetch → parse → store, a few at a time; the background loop and checks on demand.

Of several processes on one file exactly one, the holder of the lease, fetches feeds, so that the
publishers' rules hold for all of them together; others make feeds due and wait. On a server each
fetches what it claims (`feeds.sharing`).
"""

import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import anyio

from planet_mcp.errors import ParseFailedError, StoreError, store_problem
from planet_mcp.feeds.decide import NoDocument
from planet_mcp.feeds.lease import LEASE_SECONDS, lease_of
from planet_mcp.feeds.sharing import ClaimedShare, Share, WholeShare
from planet_mcp.feeds.update import (
    REFUSED_HERE,
    Failed,
    FeedUpdater,
    Queued,
    Unchanged,
    Updated,
    UpdateResult,
)
from planet_mcp.models import Document, Feed, ParsedFeed
from planet_mcp.network import Web
from planet_mcp.sandbox import Worker
from planet_mcp.store import Store
from planet_mcp.times import utc_now

logger = logging.getLogger(__name__)

MERGE_PAUSE_SECONDS = 0.02
DELETION_STEPS = 10
MAX_DUE = 2_000

Progress = Callable[[int, int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class RefreshLimits:
    """How a refresher keeps time.

    Every `tick_seconds` it looks which feeds are due; after a failure of its own it waits
    `pause_seconds`. Who does not renew the lease for `lease_seconds` has lost it. A caller whose
    feeds another process checks looks every `poll_seconds`, for up to `patience_seconds`.
    """

    tick_seconds: float = 1.0
    pause_seconds: float = 10.0
    lease_seconds: float = LEASE_SECONDS
    poll_seconds: float = 0.1
    patience_seconds: float = 60.0


DEFAULT_LIMITS = RefreshLimits()


class Refresher:
    """Keeps the feeds of one store current."""

    def __init__(
        self,
        store: Store,
        *,
        web: Web,
        worker: Worker,
        recent_page: str | None = None,
        clock: Callable[[], datetime] = utc_now,
        limits: RefreshLimits | None = None,
    ) -> None:
        self._store = store
        self._limits = limits or DEFAULT_LIMITS
        # `recent_page` names the feeds that posted lately; it is asked once, before all others.
        self._recent_page = recent_page
        self._updater = FeedUpdater(store, web=web, worker=worker, clock=clock)
        self._clock = clock
        self._lease = lease_of(store, seconds=self._limits.lease_seconds)
        self._share: Share = WholeShare(self._lease)
        if store.sharing:
            self._share = ClaimedShare(
                store,
                store.sharing,
                self._lease,
                clock=clock,
                of_a_domain=web.pace.concurrency,
            )
        self._busy: dict[int, _Check] = {}

    @property
    def leads(self) -> bool:
        """Return whether this process is the one that does what one does alone."""
        return self._lease.held

    def is_running(self) -> bool:
        """Return whether any process refreshes this database now."""
        if self._store.read_only:
            return self._lease.holder() is not None
        return self._lease.is_taken()

    async def run(self) -> None:
        """Refresh in the background until cancelled; nothing that happens ends it."""
        while True:
            try:
                if await self._share.begin():
                    await self._lead()
            except Exception as error:
                problem = store_problem(error)
                if problem:
                    logger.warning("Nothing is refreshed for now: %s", problem)
                else:
                    logger.exception("The refresher failed; it goes on in a moment.")
                await self._until_writable(problem)
            await anyio.sleep(self._limits.tick_seconds)

    async def _until_writable(self, problem: str) -> None:
        """Pause until something can be stored again, and ask no publisher in vain meanwhile.

        A problem is logged once.
        """
        while True:
            await anyio.sleep(self._limits.pause_seconds)
            try:
                return await anyio.to_thread.run_sync(self._store.preallocate)
            except StoreError as error:
                if str(error) != problem:
                    problem = str(error)
                    logger.warning("Nothing is fetched as long as nothing can be stored: %s", error)

    async def _lead(self) -> None:
        logger.info("This process refreshes the feeds now.")
        try:
            await self.resume_pauses()
            async with anyio.create_task_group() as checks:
                while await self._share.goes_on():
                    now = self._clock()
                    for feed in await self._due(now):
                        if feed.id not in self._busy:
                            self._busy[feed.id] = _Check()
                            checks.start_soon(self._check_in_background, feed, now)
                    await anyio.sleep(self._limits.tick_seconds)
                    await self._merge_index()
                    await self._forget()
                logger.warning("Another process took over, since this one had stood still.")
                checks.cancel_scope.cancel()
        finally:
            await self._share.end()

    async def _merge_index(self) -> None:
        """Tidy up after a pass, in steps that let others read and write in between."""
        more = not self._busy and self._updater.take_has_new_entries()
        while more:
            more = await anyio.to_thread.run_sync(self._store.search.merge_index)
            await anyio.sleep(MERGE_PAUSE_SECONDS)

    async def _forget(self) -> None:
        """Delete some of what is older than is to be kept; the rest when this is called again."""
        now, retention = self._clock(), self._store.retention
        for _ in range(DELETION_STEPS):
            if not (self.leads and retention.is_due(now)):
                break
            await anyio.to_thread.run_sync(retention.forget, now)
            await anyio.sleep(MERGE_PAUSE_SECONDS)

    async def _due(self, now: datetime) -> list[Feed]:
        if self._recent_page:
            page, self._recent_page = self._recent_page, None
            await self._updater.put_recent_first(page)

        def due() -> list[Feed]:
            self._store.health.correct_times(now)
            return self._store.feeds.due(now=now, limit=MAX_DUE)

        return await anyio.to_thread.run_sync(due)

    async def check(
        self,
        feeds: Sequence[Feed] | None = None,
        *,
        progress: Progress | None = None,
        seconds: float = math.inf,
    ) -> list[UpdateResult]:
        """Update these feeds now, or all that are due, and return what came of each.

        What was not updated after so many seconds is due, and left to whoever refreshes.
        """
        now = self._clock()
        chosen = list(feeds) if feeds is not None else await self._due(now)
        wanted = _Wanted(chosen, None if feeds is not None else now, progress)
        found = wanted.found
        with anyio.move_on_after(seconds):
            if chosen and await self._share.begin():
                await self._check_and_end(wanted)
            if len(found) < len(chosen):
                await self._check_elsewhere(wanted)
        left = [feed.id for feed in chosen if feed.id not in found]
        if left:
            now = self._clock()
            await anyio.to_thread.run_sync(lambda: self._store.feeds.make_due(left, now=now))
        return [found.get(feed.id) or Queued(feed) for feed in chosen]

    async def _check_and_end(self, wanted: "_Wanted") -> None:
        """Check what was just begun with."""
        try:
            await self.resume_pauses()
            await self._check_here(wanted)
            await self._merge_index()
            await self._forget()
        finally:
            await self._share.end()

    async def _check_here(self, wanted: "_Wanted") -> None:
        async def one(feed: Feed) -> None:
            result = await self._check_once(feed, wanted.due_by)
            if result:
                await wanted.note(feed, result)

        try:
            async with anyio.create_task_group() as checks:
                for feed in wanted.left():
                    checks.start_soon(one, feed)
        except* StoreError as group:
            raise group.exceptions[0] from None

    async def _check_once(self, feed: Feed, due_by: datetime | None) -> UpdateResult | None:
        running = self._busy.get(feed.id)
        if running is None:
            self._busy[feed.id] = _Check()
            return await self._check_in_turn(feed, due_by, self._updater.update)
        since = self._clock().replace(microsecond=0)
        await running.ended.wait()
        return await self._compared(feed, since=since) if running.was_here else None

    async def _compared(self, before: Feed, *, since: datetime) -> UpdateResult:
        """Return what came of an update elsewhere, from what the store has now."""
        after = (await self._states([before])).get(before.id, before)
        if after.checked_at is None or after.checked_at < since:
            if (after.problem or "").startswith(REFUSED_HERE):
                # The settings of the other process forbid it; those of this one may not.
                return await self._updater.update(after)
            return Queued(after, after.problem or "its domain asked us to wait")
        if after.problem:
            return Failed(after, after.problem)
        if after.body_hash == before.body_hash:
            return Unchanged(after)
        return Updated(after, after.entries - before.entries)

    async def _states(self, feeds: Sequence[Feed]) -> dict[int, Feed]:
        ids, now = [feed.id for feed in feeds], self._clock()
        return await anyio.to_thread.run_sync(lambda: self._store.feeds.get(ids, now=now))

    async def _check_elsewhere(self, wanted: "_Wanted") -> None:
        """Ask the processes that refresh, by making the feeds due, and watch the store."""
        asked = (wanted.due_by or self._clock()).replace(microsecond=0)
        if wanted.due_by is None:
            ids = [feed.id for feed in wanted.left()]
            await anyio.to_thread.run_sync(lambda: self._store.feeds.make_due(ids, now=asked))
        with anyio.move_on_after(self._limits.patience_seconds):
            while wanted.left():
                await anyio.sleep(self._limits.poll_seconds)
                await self._note_changes(wanted, since=asked)
                if wanted.left() and await self._share.begin():
                    # Nobody refreshes these: the other process only looked, or has ended.
                    await self._check_and_end(wanted)

    async def _note_changes(self, wanted: "_Wanted", *, since: datetime) -> None:
        """Note which of these feeds another process has updated."""
        left = wanted.left()
        states = await self._states(left)
        for feed in left:
            state = states.get(feed.id)
            if state and state.next_check_at > since:
                await wanted.note(feed, await self._compared(feed, since=since))

    async def _check_in_background(self, feed: Feed, due_by: datetime) -> None:
        await self._check_in_turn(feed, due_by, self._update_whatever_happens)

    async def _update_whatever_happens(self, feed: Feed) -> UpdateResult:
        """Update a feed so that nothing that is wrong with it keeps the others waiting."""
        try:
            return await self._updater.update(feed)
        except StoreError:
            raise
        except Exception:
            logger.exception("The check of feed %d failed.", feed.id)
            error = ParseFailedError("planet-mcp failed on it; see its log.")
            return await self._updater.record(feed, NoDocument(error))

    async def _check_in_turn(
        self,
        feed: Feed,
        due_by: datetime | None,
        update: Callable[[Feed], Awaitable[UpdateResult]],
    ) -> UpdateResult | None:
        """Return what came of an update; None if the feed is not this process's to fetch."""
        try:
            async with self._share.fetching(feed, due_by) as claimed:
                self._busy[feed.id].was_here = claimed is not None
                return await update(claimed) if claimed else None
        finally:
            self._busy.pop(feed.id).ended.set()

    async def resume_pauses(self) -> None:
        """Keep the pauses that domains asked for before, whichever process asked them."""
        await self._updater.resume_pauses()

    async def accept(self, url: str, document: Document, parsed: ParsedFeed) -> Feed:
        """Subscribe to a feed whose document is already here, and store what it brought."""
        return await self._updater.accept(url, document, parsed)


@dataclass(slots=True)
class _Check:
    """The check of a feed that goes on; `was_here` is whether this process may fetch it."""

    ended: anyio.Event = field(default_factory=anyio.Event)
    was_here: bool = True


@dataclass(slots=True)
class _Wanted:
    """Feeds that are to be checked, if they are due by some time, and what came of each."""

    feeds: Sequence[Feed]
    due_by: datetime | None
    progress: Progress | None
    found: dict[int, UpdateResult] = field(default_factory=dict)

    def left(self) -> list[Feed]:
        """Return those of which nothing came yet."""
        return [feed for feed in self.feeds if feed.id not in self.found]

    async def note(self, feed: Feed, result: UpdateResult) -> None:
        """Note what came of a feed, and tell how far it is."""
        self.found[feed.id] = result
        if self.progress:
            await self.progress(len(self.found), len(self.feeds))
