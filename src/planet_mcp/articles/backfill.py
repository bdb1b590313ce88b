"""The pages of new teasers, fetched slowly in the background, so that search finds all of them."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import anyio

from planet_mcp.articles.articles import Articles
from planet_mcp.errors import (
    BadResponseError,
    DocumentError,
    FetchError,
    StoreError,
    store_problem,
)
from planet_mcp.network import Pace, Robots, Web
from planet_mcp.store import Store, Teaser
from planet_mcp.urls import host_of, registrable_domain

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BackfillLimits:
    """How slowly pages are fetched that nobody asked for.

    Every `delay_seconds`, one page is fetched of each of `domains_at_once` domains, of teasers that
    are `new_for` no longer than that. A page that fails is tried again after `first_pause`, and
    then four times as late each time. A domain that does not answer is left alone for
    `silent_seconds`, one that asks for a pause for as long as it asks, up to `most_seconds`.
    """

    delay_seconds: float = 10.0
    domains_at_once: int = 4
    new_for: timedelta = timedelta(days=7)
    first_pause: timedelta = timedelta(hours=6)
    silent_seconds: float = 3600.0
    most_seconds: float = 86_400.0


class Backfill:
    """Fetches the pages of entries that are only teasers, while this process is to fetch at all."""

    def __init__(
        self,
        store: Store,
        *,
        articles: Articles,
        web: Web,
        is_leader: Callable[[], bool],
        clock: Callable[[], datetime],
        limits: BackfillLimits | None = None,
    ) -> None:
        limits = limits or BackfillLimits()
        self._articles = articles
        self._store = store
        self._is_leader = is_leader
        self._clock = clock
        self._limits = limits
        self._web = web.with_own_limiter(Pace(delay=limits.delay_seconds, concurrency=1))
        self._robots = Robots(self._web, clock=clock)

    async def run(self) -> None:
        """Fetch in the background until cancelled; nothing that happens ends it."""
        while True:
            # The pause comes first, so that at a start the feeds are refreshed before.
            await anyio.sleep(self._limits.delay_seconds)
            try:
                if self._is_leader():
                    await self.round()
            except Exception as error:
                # The refresher, which meets it too, says when something can be stored again.
                if not store_problem(error):
                    logger.exception("Pages of teasers could not be fetched; it goes on soon.")

    async def round(self) -> None:
        """Fetch one page of each of a few domains, as `run` does again and again."""
        waiting = await anyio.to_thread.run_sync(self._waiting)
        free = [domain for domain in waiting if not self._web.backed_off_for(domain)]
        async with anyio.create_task_group() as pages:
            for domain in free[: self._limits.domains_at_once]:
                pages.start_soon(self._backfill, waiting[domain], domain)

    def _waiting(self) -> dict[str, Teaser]:
        """Return the newest teaser of each domain."""
        now = self._clock()
        newest: dict[str, Teaser] = {}
        for teaser in self._store.webpages.teasers_due(since=now - self._limits.new_for, now=now):
            newest.setdefault(registrable_domain(host_of(teaser.url)), teaser)
        return newest

    async def _backfill(self, teaser: Teaser, domain: str) -> None:
        try:
            rules = await self._robots.rules(teaser.url)
        except FetchError as error:
            # A site whose robots.txt cannot be read is not asked (RFC 9309, section 2.3.1.4).
            logger.info("The rules of %s are not known: %r", domain, str(error))
            self._web.back_off(domain, self._limits.silent_seconds)
            return
        if rules.allow(teaser.url):
            await self._fetch(teaser, domain)
            self._web.back_off(domain, rules.delay)
        else:
            await self._retry_later(teaser, "robots.txt asks not to fetch it.")

    async def _fetch(self, teaser: Teaser, domain: str) -> None:
        try:
            await self._articles.backfill(teaser.id, web=self._web)
        except StoreError:
            raise
        except (FetchError, DocumentError) as error:
            if isinstance(error, BadResponseError) and error.asks_for_a_pause:
                pause = error.retry_after or self._limits.silent_seconds
                self._web.back_off(domain, min(pause, self._limits.most_seconds))
            await self._retry_later(teaser, str(error))
        except Exception:
            logger.exception("The page of entry %d could not be fetched.", teaser.id)
            await self._retry_later(teaser, "planet-mcp failed on it; see its log.")

    async def _retry_later(self, teaser: Teaser, problem: str) -> None:
        at = self._clock() + self._limits.first_pause * 4**teaser.attempts
        await anyio.to_thread.run_sync(
            lambda: self._store.webpages.retry_teaser(teaser.id, at=at, problem=problem)
        )
