"""A URL that someone wants to follow → a subscription: feed, page with feeds, or OPML document."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import anyio

from planet_mcp.errors import DocumentError, FetchError, NotAFeedError, OpmlError
from planet_mcp.gate import Gate
from planet_mcp.models import (
    Candidate,
    Document,
    Feed,
    FeedLinks,
    ParsedFeed,
    Subscription,
    SubscriptionList,
)
from planet_mcp.refresh import Refresher, utc_now
from planet_mcp.store import Store
from planet_mcp.urls import IPNetwork, canonical, check_url
from planet_mcp.workers import Worker

if TYPE_CHECKING:
    from planet_mcp.fetch import Fetcher

AddOutcome = Literal["added", "already subscribed", "choose", "failed"]


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the feeds of an OPML document; `problems` are the failures in words."""

    added: int
    already_subscribed: int
    failed: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one URL; `counts` where it was an OPML document."""

    url: str
    outcome: AddOutcome
    feed: Feed | None = None
    candidates: tuple[Candidate, ...] = ()
    counts: Counts | None = None
    problem: str | None = None


def added_list(url: str, counts: Counts) -> Added:
    """Say what became of an OPML document as a whole."""
    outcomes: dict[AddOutcome, int] = {
        "added": counts.added,
        "already subscribed": counts.already_subscribed,
        "failed": counts.failed,
    }
    return Added(url, next(name for name, count in outcomes.items() if count), counts=counts)


class Subscriber:
    """Subscribes one store to what people name."""

    def __init__(
        self,
        store: Store,
        *,
        refresher: Refresher,
        worker: Worker,
        fetcher: Callable[[], Awaitable["Fetcher"]],
        gate: Gate,
        allowed: Sequence[IPNetwork] = (),
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._refresher = refresher
        self._worker = worker
        self._fetcher = fetcher
        self._gate = gate
        self._allowed = allowed
        self._clock = clock

    async def add(self, url: str) -> Added:
        """Subscribe to what is at a URL: a feed, a page that names one, or an OPML document.

        An unreadable feed is never stored.
        """
        try:
            return await self._add(url.strip())
        except (FetchError, DocumentError, OpmlError) as error:
            return Added(url, "failed", problem=str(error))

    async def _add(self, url: str) -> Added:
        known = await self._known(url)
        if known:
            return Added(url, "already subscribed", feed=known)
        document = await self._fetch(url)
        found = await self._worker.discover(document, now=self._clock())
        if isinstance(found, SubscriptionList):
            return added_list(url, await self.subscribe_all(found.subscriptions))
        if isinstance(found, FeedLinks):
            return await self._follow(url, found)
        return await self._store_feed(url, document, found)

    async def _known(self, url: str) -> Feed | None:
        key = canonical(url)
        feeds = await anyio.to_thread.run_sync(
            lambda: self._store.feeds.subscribed(now=self._clock())
        )
        return next((feed for feed in feeds if canonical(feed.url) == key), None)

    async def _fetch(self, url: str) -> Document:
        fetcher = await self._fetcher()
        document = await fetcher.get(url, gate=self._gate)
        assert isinstance(document, Document)  # noqa: S101 - nothing conditional was asked
        return document

    async def _follow(self, url: str, links: FeedLinks) -> Added:
        """Take the one feed that a page names, or ask which of several."""
        if not links.candidates:
            raise NotAFeedError(
                f"{url} is a web page that names no feed. Look on it for an RSS or Atom link, "
                "and add that address."
            )
        if len(links.candidates) > 1:
            return Added(
                url,
                "choose",
                candidates=links.candidates,
                problem="The page names several feeds; add the one you want.",
            )
        target = links.candidates[0].url
        known = await self._known(target)
        if known:
            return Added(url, "already subscribed", feed=known)
        document = await self._fetch(target)
        return await self._store_feed(
            url, document, await self._worker.parse_feed(document, now=self._clock()), target
        )

    async def _store_feed(
        self, url: str, document: Document, parsed: ParsedFeed, target: str | None = None
    ) -> Added:
        feed_url = document.moved_to or target or url
        known = await self._known(feed_url)
        if known:
            return Added(url, "already subscribed", feed=known)
        feed = await self._refresher.accept(feed_url, document, parsed)
        return Added(url, "added", feed=feed)

    async def subscribe_all(self, subscriptions: Sequence[Subscription]) -> Counts:
        """Subscribe to the feeds of an OPML document; the refresher fetches them in turn."""
        usable, problems = _usable(subscriptions, self._allowed)
        now = self._clock()

        def subscribe() -> int:
            taken = {canonical(feed.url) for feed in self._store.feeds.subscribed(now=now)}
            fresh = {canonical(item.url): item for item in reversed(usable)}
            wanted = [item for key, item in reversed(fresh.items()) if key not in taken]
            return sum(self._store.feeds.subscribe(wanted, due_at=now))

        added = await anyio.to_thread.run_sync(subscribe)
        return Counts(added, len(usable) - added, len(problems), tuple(problems))


def _usable(
    subscriptions: Sequence[Subscription], allowed: Sequence[IPNetwork]
) -> tuple[list[Subscription], list[str]]:
    usable: list[Subscription] = []
    problems: list[str] = []
    for item in subscriptions:
        try:
            check_url(item.url, allowed=allowed)
        except FetchError as error:
            problems.append(f"{item.url}: {error}")
        else:
            usable.append(item)
    return usable, problems
