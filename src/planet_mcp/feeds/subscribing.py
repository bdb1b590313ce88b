"""A URL that someone wants to follow → a subscription: feed, page with feeds, or OPML document."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import anyio

from planet_mcp.errors import (
    DocumentError,
    FetchError,
    OpmlError,
    PausedError,
    UnreachableError,
)
from planet_mcp.feeds.discovery import Finder, Found, Known, Several
from planet_mcp.feeds.refresh import Refresher
from planet_mcp.models import Candidate, Feed, FeedLinks, NotTaken, Subscription, SubscriptionList
from planet_mcp.store import Store
from planet_mcp.times import utc_now
from planet_mcp.urls import IPNetwork, canonical, given_url, shown
from planet_mcp.vetting import check_url

# How many feeds of a list one call adds; those that are followed already do not count.
MOST_OF_A_LIST = 5_000
NOT_IN_TIME = "not fetched in time; it is followed, and read in its turn"

AddOutcome = Literal["added", "already subscribed", "choose", "queued", "failed"]


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the feeds of a list; `notes` are about the list as a whole.

    `not_taken` are the first of those that `failed`, with the reasons.
    """

    added: int
    already_subscribed: int
    failed: int
    not_taken: tuple[NotTaken, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one URL; `counts` where it was a list of feeds."""

    url: str
    outcome: AddOutcome
    feed: Feed | None = None
    candidates: tuple[Candidate, ...] = ()
    counts: Counts | None = None
    problem: str | None = None


def added_list(url: str, counts: Counts) -> Added:
    """Return what became of a list of feeds as a whole."""
    outcomes: dict[AddOutcome, int] = {
        "added": counts.added,
        "already subscribed": counts.already_subscribed,
        "failed": counts.failed,
    }
    return Added(url, next(name for name, count in outcomes.items() if count), counts=counts)


def _notes(listed: SubscriptionList, left: int) -> tuple[str, ...]:
    """Note what was wrong with a list, and of the lists that it refers to that nobody read them."""
    lists = listed.reading_lists
    passed_over = (
        f"{len(lists)} reading list{'s' * (len(lists) > 1)} passed over "
        f"({', '.join(map(shown, lists))}): "
        "to follow the feeds of one that is OPML, add or import it"
    )
    too_many = (
        f"{left:,} feeds are left, since {MOST_OF_A_LIST:,} are added at once: give the same list "
        "again to go on"
    )
    return tuple(
        filter(None, (listed.warning, passed_over if lists else None, too_many if left else None))
    )


class Subscriber:
    """Subscribes one store to what people name."""

    def __init__(
        self,
        store: Store,
        *,
        refresher: Refresher,
        finder: Finder,
        allowed: Sequence[IPNetwork] = (),
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._refresher = refresher
        self._finder = finder
        self._allowed = allowed
        self._clock = clock
        self._storing = anyio.Lock()

    async def add(self, url: str, *, group: str | None = None) -> Added:
        """Subscribe to what is at a URL: a feed, a page that names one, or an OPML document.

        The feeds of a document go in the group if they are in none there. An unreadable feed is
        never stored; one whose domain asked us to wait is read after that.
        """
        try:
            return replace(await self._add_given(url, group), url=url)
        except PausedError as error:
            return (await self.queue([url], group=group, reason=str(error)))[0]
        except (FetchError, DocumentError, OpmlError) as error:
            return Added(url, "failed", problem=str(error))

    async def queue(
        self, urls: Sequence[str], *, group: str | None = None, reason: str = NOT_IN_TIME
    ) -> list[Added]:
        """Follow URLs that were not fetched yet, in a group, so that they are read in their turn.

        All are stored at once: where a disk is busy, each time may take seconds.
        """
        now, feeds = self._clock(), self._store.feeds
        vetted = [self._vetted(url) for url in urls]
        addresses = [each for each in vetted if isinstance(each, str)]

        def subscribe() -> tuple[dict[str, Feed | None], dict[str, Feed | None]]:
            known = {address: feeds.at(address, now=now) for address in addresses}
            fresh = [address for address in known if not known[address]]
            if fresh:
                wanted = [Subscription(address, group=group) for address in fresh]
                feeds.subscribe(wanted, due_at=now)
            return known, {address: feeds.by_url(address, now=now) for address in fresh}

        known, fresh = await anyio.to_thread.run_sync(subscribe)
        added: list[Added] = []
        for url, each in zip(urls, vetted, strict=True):
            if isinstance(each, FetchError):
                added.append(Added(url, "failed", problem=str(each)))
            elif each in fresh:
                added.append(Added(url, "queued", feed=fresh[each], problem=reason))
            else:
                added.append(Added(url, "already subscribed", feed=known[each]))
        return added

    def _vetted(self, url: str) -> str | FetchError:
        """Return the address that a URL means, or why it is never fetched."""
        try:
            address = given_url(url)
            check_url(address, allowed=self._allowed)
        except FetchError as error:
            return error
        return address

    async def _add_given(self, written: str, group: str | None) -> Added:
        """Add what somebody wrote, who may have left out the scheme of a site without https."""
        url = given_url(written)
        try:
            return await self._add(url, group)
        except UnreachableError as error:
            if "https:" in written.lower() or not url.startswith("https:"):
                raise
            try:
                return await self._add(f"http:{url.removeprefix('https:')}", group)
            except UnreachableError:
                raise error from None

    async def _add(self, url: str, group: str | None) -> Added:
        known = await self._known_at(url)
        if known:
            return Added(url, "already subscribed", feed=known)
        await self._refresher.resume_pauses()
        page, what = await self._finder.look(url)
        known = await self._known_at(page.url)
        if known:
            return Added(url, "already subscribed", feed=known)
        if isinstance(what, SubscriptionList):
            return added_list(url, await self.subscribe_all(_in_group(what, group)))
        if isinstance(what, FeedLinks):
            found = await self._finder.find(page, what, known_at=self._known_at)
            return await self._follow(url, found)
        return await self._follow(url, Found(page.moved_to or url, page, what))

    async def _known_at(self, address: str) -> Feed | None:
        now = self._clock()
        return await anyio.to_thread.run_sync(lambda: self._store.feeds.at(address, now=now))

    async def _follow(self, url: str, found: Found | Known | Several) -> Added:
        if isinstance(found, Several):
            return Added(
                url,
                "choose",
                candidates=found.candidates,
                problem="The page names several feeds; add the one you want.",
            )
        if isinstance(found, Known):
            return Added(url, "already subscribed", feed=found.feed)
        async with self._storing:
            return await self._store_feed(url, found)

    async def _store_feed(self, url: str, found: Found) -> Added:
        """Subscribe to a feed, unless another URL led to it in the meantime."""
        # Once begun, this is finished: a feed without its entries would be half of it.
        with anyio.CancelScope(shield=True):
            known = await self._known_at(found.url)
            if known:
                return Added(url, "already subscribed", feed=known)
            feed = await self._refresher.accept(found.url, found.document, found.parsed)
        return Added(url, "added", feed=feed)

    async def subscribe_all(self, listed: SubscriptionList) -> Counts:
        """Subscribe to the feeds of a list; the refresher fetches them in turn."""
        usable, refused = _usable(listed.subscriptions, self._allowed)
        now = self._clock()

        def subscribe() -> tuple[int, int]:
            taken = self._followed()
            fresh = {canonical(item.url): item for item in reversed(usable)}
            wanted = [item for key, item in reversed(fresh.items()) if key not in taken]
            self._store.feeds.put_in_groups(
                {taken[key]: item.group for key, item in fresh.items() if key in taken}
            )
            added = self._store.feeds.subscribe(wanted[:MOST_OF_A_LIST], due_at=now)
            return sum(added), len(wanted[MOST_OF_A_LIST:])

        added, left = await anyio.to_thread.run_sync(subscribe)
        return Counts(
            added,
            already_subscribed=len(usable) - added - left + listed.repeated,
            failed=listed.not_taken_total + len(refused),
            not_taken=(*listed.not_taken, *refused),
            notes=_notes(listed, left),
        )

    def _followed(self) -> dict[str, int]:
        """Return the ids of followed feeds by address in canonical form, former addresses too."""
        names = self._store.feeds.names(followed=True)
        former = {address: feed.id for feed in names for address in feed.former}
        return former | {canonical(feed.url): feed.id for feed in names}


def _in_group(listed: SubscriptionList, group: str | None) -> SubscriptionList:
    if group is None:
        return listed
    items = (replace(item, group=item.group or group) for item in listed.subscriptions)
    return replace(listed, subscriptions=tuple(items))


def _usable(
    subscriptions: Sequence[Subscription], allowed: Sequence[IPNetwork]
) -> tuple[list[Subscription], list[NotTaken]]:
    usable: list[Subscription] = []
    refused: list[NotTaken] = []
    for item in subscriptions:
        try:
            check_url(item.url, allowed=allowed)
        except FetchError as error:
            refused.append(NotTaken(shown(item.title or item.url), str(error), shown(item.url)))
        else:
            usable.append(item)
    return usable, refused
