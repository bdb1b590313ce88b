"""Opens a planet: its store, and all that works on it, put together once."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from planet_mcp.articles import Articles, Backfill, BackfillLimits
from planet_mcp.embedding import NoModel, chosen_model
from planet_mcp.feeds import Finder, Refresher, RefreshLimits, Subscriber
from planet_mcp.meaning import Encoder, EncodingLimits, Meanings
from planet_mcp.network import Access, Pace, Web
from planet_mcp.network import Limits as NetworkLimits
from planet_mcp.pictures import Pictures
from planet_mcp.planet.language import TOOLS, Language
from planet_mcp.planet.planet import Planet, Workings
from planet_mcp.planet.readers import Readers
from planet_mcp.planet.resting import give_back_memory
from planet_mcp.planet.seeds import first_feeds
from planet_mcp.sandbox import Worker
from planet_mcp.settings import DEFAULT_FEEDS, Settings
from planet_mcp.store import Limits, Store
from planet_mcp.times import utc_now

# Readers wait for the pictures of a page, which each of their browsers would ask for six at a time.
PICTURE_DELAY, PICTURES_AT_ONCE = 0.1, 3
# RECENT_PAGES has, for a list of feeds that comes with us, the feed of the planet that reads them:
# it names those that posted lately, which a first refresh checks first.
RECENT_PAGES = {DEFAULT_FEEDS: "https://planetpython.org/rss20.xml"}

# A request that took so many seconds longer than it may is lost to whoever waits for its domain.
_GRACE = 10.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What a planet is put together of; whoever tests one hands in others.

    `worker` makes each of the two workers which parse, and `encoder` those which run a model, if
    there is one. Without `web`, one is made as the settings say. `backfill` limits what is fetched
    unasked, `encoding` how entries are encoded, `store` what one question may cost; `refresh` is
    how a refresher keeps time.
    """

    worker: Callable[[], Worker] = Worker
    encoder: Callable[[], Worker] = Worker.for_models
    web: Web | None = None
    backfill: BackfillLimits | None = None
    encoding: EncodingLimits | None = None
    store: Limits | None = None
    refresh: RefreshLimits | None = None


DEFAULT_PARTS = Parts()


@asynccontextmanager
async def open_planet(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = utc_now,
    language: Language = TOOLS,
    parts: Parts = DEFAULT_PARTS,
) -> AsyncIterator[Planet]:
    """Open the store and everything that works on it; a new store gets its first feeds.

    The texts of answers speak the `language` of who reads them.

    Raises:
        StoreError: The database cannot be opened.
        SettingsError: The OPML file of the first feeds cannot be read.
    """
    store = Store(
        settings.database,
        replica=settings.database_replica,
        keep=settings.keep,
        limits=parts.store,
    )
    try:
        if not store.read_only and not store.feeds.is_seeded():
            store.feeds.seed(first_feeds(settings.feeds), now=clock())
        async with AsyncExitStack() as stack:
            readers = Readers(store)
            stack.callback(readers.close)
            workings = _workings(settings, store, stack, parts=parts, clock=clock)
            yield Planet(workings, readers, clock=clock, language=language)
    finally:
        store.close()


def web_of(settings: Settings, store: Store) -> Web:
    """Return what fetches as the settings say, in turn with others who fetch for this store."""
    pace, limits = Pace(settings.host_delay, settings.host_concurrency), NetworkLimits()
    sharing = store.sharing
    turns = sharing.turns(pace, seconds=limits.seconds + _GRACE) if sharing else None
    access = Access(settings.allow_networks, settings.contact, settings.proxy)
    return Web(access, pace=pace, limits=limits, turns=turns)


def _workings(
    settings: Settings,
    store: Store,
    stack: AsyncExitStack,
    *,
    parts: Parts,
    clock: Callable[[], datetime],
) -> Workings:
    """Put together what works on a store, and is closed with the stack."""
    web = parts.web or web_of(settings, store)
    feeds_worker, pages_worker = parts.worker(), parts.worker()
    for worker in (feeds_worker, pages_worker):
        worker.when_idle = partial(give_back_memory, store)
    for opened in (web, feeds_worker, pages_worker):
        stack.push_async_callback(opened.aclose)
    networks, recent = settings.allow_networks, RECENT_PAGES.get(settings.feeds)
    refresher = Refresher(
        store, web=web, worker=feeds_worker, recent_page=recent, clock=clock, limits=parts.refresh
    )
    # A limiter of its own: who adds a feed or reads a page does not wait behind a whole refresh.
    finder = Finder(pages_worker, web=web.with_own_limiter(), clock=clock)
    subscriber = Subscriber(
        store, refresher=refresher, finder=finder, allowed=networks, clock=clock
    )
    articles = _articles(settings, store, web.with_own_limiter(), pages_worker, clock=clock)
    meanings, encoder = _meaning(settings, store, refresher, stack, parts=parts)
    pictures = _pictures(settings, store, web, parts.worker(), clock=clock)
    stack.push_async_callback(pictures.aclose)
    workings = Workings(store, web, refresher, subscriber, articles, meanings, pictures, encoder)
    if settings.full_text == "off":
        return workings
    return replace(workings, backfill=_backfill(workings, parts.backfill, clock=clock))


def _meaning(
    settings: Settings, store: Store, refresher: Refresher, stack: AsyncExitStack, *, parts: Parts
) -> tuple[Meanings, Encoder | None]:
    """Return what encodes questions and entries: in two processes, so that no question waits."""
    model = chosen_model(settings.model)
    asked, encoding = parts.encoder(), parts.encoder()
    for worker in (asked, encoding):
        stack.push_async_callback(worker.aclose)
    meanings = Meanings(store, worker=asked, model=model)
    if isinstance(model, NoModel):
        return meanings, None
    encoder = Encoder(
        store,
        worker=encoding,
        model=model,
        is_leader=lambda: refresher.leads,
        limits=parts.encoding,
    )
    return meanings, encoder


def _pictures(
    settings: Settings, store: Store, web: Web, worker: Worker, *, clock: Callable[[], datetime]
) -> Pictures:
    """Return what fetches pictures: with a process of its own, so that no article waits for it."""
    pace = Pace(
        min(settings.host_delay, PICTURE_DELAY), max(settings.host_concurrency, PICTURES_AT_ONCE)
    )
    return Pictures(store, web=web.with_own_limiter(pace), worker=worker, clock=clock)


def _articles(
    settings: Settings, store: Store, web: Web, worker: Worker, *, clock: Callable[[], datetime]
) -> Articles:
    return Articles(
        store,
        web=web,
        worker=worker,
        fetch_any=settings.fetch_any,
        allowed=settings.allow_networks,
        clock=clock,
    )


def _backfill(
    workings: Workings, limits: BackfillLimits | None, *, clock: Callable[[], datetime]
) -> Backfill:
    return Backfill(
        workings.store,
        articles=workings.articles,
        web=workings.web,
        is_leader=lambda: workings.refresher.leads,
        clock=clock,
        limits=limits,
    )
