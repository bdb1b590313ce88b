"""Which feeds this process may fetch, where several processes keep one database current.

A file is refreshed by one process at a time, which holds its lease. On a server all refresh, and
claim each feed before they ask for it.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Protocol

import anyio

from planet_mcp.feeds.lease import Lease
from planet_mcp.models import Feed
from planet_mcp.store import RefreshLease, Sharing, Store, claim_of
from planet_mcp.urls import host_of, registrable_domain

# Feeds that one process claims at a time: those it asks for, and those that it reads and stores.
MOST_CLAIMED = 32


class Share(Protocol):
    """What this process may do of what keeps a database current."""

    async def begin(self) -> bool:
        """Return whether this process may fetch feeds now; if so, `end` says that it is done."""

    async def goes_on(self) -> bool:
        """Return whether it still may."""

    async def end(self) -> None:
        """Leave the feeds to others."""

    def fetching(
        self, feed: Feed, due_by: datetime | None, /
    ) -> AbstractAsyncContextManager[Feed | None]:
        """Return a feed as it is now, for as long as no other process fetches it.

        None if another one does, or if it is not due any more at `due_by`.
        """


class WholeShare:
    """All of it, for the process that holds the lease of a file."""

    def __init__(self, lease: Lease | RefreshLease) -> None:
        self._lease = lease

    async def begin(self) -> bool:
        """Take the lease, if no other process has it."""
        return self._lease.acquire()

    async def goes_on(self) -> bool:
        """Return whether nobody took the lease over."""
        return self._lease.held

    async def end(self) -> None:
        """Give the lease back."""
        self._lease.release()

    @asynccontextmanager
    async def fetching(self, feed: Feed, _: datetime | None, /) -> AsyncIterator[Feed | None]:
        """Return the feed, which nobody else may fetch."""
        yield feed


class ClaimedShare:
    """The feeds that this process claims on a server, few at a time, and of a domain few too.

    Of those that refresh, one has the lease for what one does alone; when it is gone, another.
    """

    def __init__(
        self,
        store: Store,
        sharing: Sharing,
        lease: RefreshLease,
        *,
        clock: Callable[[], datetime],
        of_a_domain: int,
    ) -> None:
        self._store = store
        self._claims = sharing.claims
        self._lease = lease
        self._clock = clock
        self._begun = 0
        self._has_lease = False
        self._slots = anyio.Semaphore(MOST_CLAIMED)
        self._domains = defaultdict[str, anyio.Semaphore](lambda: anyio.Semaphore(of_a_domain))

    async def begin(self) -> bool:
        """Take part."""
        may = await self.goes_on()
        self._begun += 1
        return may

    async def goes_on(self) -> bool:
        """Go on, with the lease if its holder is gone."""
        if not self._lease.held:
            await anyio.to_thread.run_sync(self._take_lease)
        return True

    async def end(self) -> None:
        """Give the lease back when nothing goes on here any more."""
        self._begun -= 1
        if not self._begun and self._has_lease:
            self._has_lease = False
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._lease.release)

    @asynccontextmanager
    async def fetching(self, feed: Feed, due_by: datetime | None, /) -> AsyncIterator[Feed | None]:
        """Claim a feed once a domain's turn may be near, so that no other waits in vain for it."""
        domain = registrable_domain(host_of(feed.url))
        async with self._domains[domain], self._slots:
            claimed = await anyio.to_thread.run_sync(self._claimed, feed.id, due_by)
            try:
                yield claimed
            finally:
                if claimed:
                    release = partial(self._claims.release, claim_of(feed.id))
                    with anyio.CancelScope(shield=True):
                        await anyio.to_thread.run_sync(release)

    def _take_lease(self) -> None:
        if self._has_lease:
            self._lease.release()
        self._has_lease = self._lease.acquire()

    def _claimed(self, feed_id: int, due_by: datetime | None) -> Feed | None:
        if not self._claims.take(claim_of(feed_id)):
            return None
        feed: Feed | None = None
        try:
            # Read only now: whoever had it before may have checked it meanwhile.
            feed = self._store.feeds.get([feed_id], now=self._clock()).get(feed_id)
            if feed and due_by and feed.next_check_at > due_by:
                feed = None
            return feed
        finally:
            if feed is None:
                self._claims.release(claim_of(feed_id))
