"""The pages of new teasers, fetched slowly in the background, so that search finds all of them."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import anyio

from planet_mcp.articles.full_text import Articles
from planet_mcp.errors import BadResponseError, DocumentError, FetchError, StoreError
from planet_mcp.network import Pace, Robots, Web
from planet_mcp.store import Store, Teaser
from planet_mcp.urls import host_of, registrable_domain

logger = logging.getLogger(__name__)

DELAY_SECONDS = 10.0
AT_ONCE = 4
NEW_FOR = timedelta(days=7)
FIRST_PAUSE = timedelta(hours=6)
SILENT_SECONDS = 3600.0
MOST_SECONDS = 86_400.0


class Filler:
    """Fetches the pages of entries that are only teasers, while this process is to fetch at all."""

    def __init__(
        self,
        store: Store,
        *,
        articles: Articles,
        web: Web,
        leads: Callable[[], bool],
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._articles = articles
        self._leads = leads
        self._clock = clock
        self._web = web.with_own_limiter(Pace(delay=DELAY_SECONDS, concurrency=1))
        self._robots = Robots(self._web, clock=clock)

    async def run(self) -> None:
        """Fill in the background until cancelled; nothing that happens ends it."""
        while True:
            # First, so that the feeds have had their turn.
            await anyio.sleep(DELAY_SECONDS)
            try:
                if self._leads():
                    await self._round()
            except Exception:
                logger.exception("Pages of teasers could not be filled in; it goes on in a moment.")

    async def _round(self) -> None:
        """Fetch one page of each of a few domains."""
        waiting = await anyio.to_thread.run_sync(self._waiting)
        free = [domain for domain in waiting if not self._web.backed_off_for(domain)]
        async with anyio.create_task_group() as pages:
            for domain in free[:AT_ONCE]:
                pages.start_soon(self._fill, waiting[domain], domain)

    def _waiting(self) -> dict[str, Teaser]:
        """Return the newest teaser of each domain."""
        now = self._clock()
        newest: dict[str, Teaser] = {}
        for teaser in self._store.entries.teasers_due(since=now - NEW_FOR, now=now):
            newest.setdefault(registrable_domain(host_of(teaser.url)), teaser)
        return newest

    async def _fill(self, teaser: Teaser, domain: str) -> None:
        try:
            rules = await self._robots.rules(teaser.url)
        except FetchError as error:
            # Nothing is asked of a site that does not say what it allows.
            logger.info("The rules of %s are not known: %r", domain, str(error))
            self._web.back_off(domain, SILENT_SECONDS)
            return
        if rules.allow(teaser.url):
            await self._fetch(teaser, domain)
            self._web.back_off(domain, rules.delay)
        else:
            await self._put_off(teaser, "robots.txt asks not to fetch it.")

    async def _fetch(self, teaser: Teaser, domain: str) -> None:
        try:
            await self._articles.fill(teaser.id, web=self._web)
        except StoreError:
            raise
        except (FetchError, DocumentError) as error:
            if isinstance(error, BadResponseError) and error.asks_for_a_pause:
                self._web.back_off(domain, min(error.retry_after or SILENT_SECONDS, MOST_SECONDS))
            await self._put_off(teaser, str(error))
        except Exception:
            logger.exception("The page of entry %d could not be filled in.", teaser.id)
            await self._put_off(teaser, "planet-mcp failed on it; see its log.")

    async def _put_off(self, teaser: Teaser, problem: str) -> None:
        until = self._clock() + FIRST_PAUSE * 4**teaser.attempts
        await anyio.to_thread.run_sync(
            lambda: self._store.entries.retry_teaser(teaser.id, at=until, problem=problem)
        )
