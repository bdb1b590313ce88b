"""Autodiscovery: a web page → the feed that it leads to, in a few polite requests.

What the page declares comes first, then its anchors that look like feeds, then the places where
feeds usually are.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

from planet_mcp.errors import (
    BadResponseError,
    DeadlineError,
    DocumentError,
    FetchError,
    NotAFeedError,
    OpmlError,
    PlanetError,
    UnreachableError,
)
from planet_mcp.models import (
    Candidate,
    Document,
    Feed,
    FeedLinks,
    PageRedirect,
    ParsedFeed,
    SubscriptionList,
)
from planet_mcp.network import Web
from planet_mcp.sandbox import Worker
from planet_mcp.urls import canonical, host_of

MAX_REQUESTS = 8
MAX_ANCHORS = 3
# WordPress, Jekyll, many generators twice, Hugo, Blogger, Ghost.
USUAL_PATHS = tuple("feed/ feed.xml rss.xml atom.xml index.xml feeds/posts/default rss".split())


@dataclass(frozen=True, slots=True)
class Found:
    """A feed that was fetched and parsed; `url` is the address to follow it at."""

    url: str
    document: Document
    parsed: ParsedFeed


@dataclass(frozen=True, slots=True)
class Known:
    """A feed that the caller knew already."""

    feed: Feed


@dataclass(frozen=True, slots=True)
class Several:
    """Feeds of which only a reader can say which is wanted."""

    candidates: tuple[Candidate, ...]


KnownAt = Callable[[str], Awaitable[Feed | None]]


class Finder:
    """Finds the feed of a page; a page costs at most `MAX_REQUESTS`, its own fetch included.

    Redirects on the way to one address count as one request with it.
    """

    def __init__(self, worker: Worker, *, web: Web, clock: Callable[[], datetime]) -> None:
        self._worker = worker
        self._web = web
        self._clock = clock

    async def look(self, url: str) -> tuple[Document, ParsedFeed | SubscriptionList | FeedLinks]:
        """Fetch what is at a URL, and return what it is to someone who wants to subscribe.

        A page that only sends its readers on is a redirect.

        Raises:
            FetchError: It could not be fetched.
            DocumentError: It is nothing of use, or the parser failed.
            OpmlError: It is a malformed OPML document.
        """
        document = await self.fetch(url)
        while True:
            what = await self._worker.discover(document, now=self._clock())
            if not isinstance(what, PageRedirect):
                return document, what
            document = await self._web.get(what.url, cut=True, after=document)

    async def feed_at(self, url: str) -> Found:
        """Fetch and parse a feed.

        Raises:
            FetchError: It could not be fetched.
            DocumentError: It is none, or the parser failed.
            OpmlError: It is a malformed OPML document.
        """
        document, what = await self.look(url)
        parsed = what if isinstance(what, ParsedFeed) else await self.parse(document)
        return Found(document.moved_to or url, document, parsed)

    async def find(
        self, page: Document, links: FeedLinks, *, known_at: KnownAt
    ) -> Found | Known | Several:
        """Find the feed of a page that `look` brought; what `known_at` knows is not fetched.

        Raises:
            NotAFeedError: The page leads to no feed; the text says what was tried.
            FetchError: The site asked for a pause or answers no more; nothing else was tried.
        """
        return await _Search(self, page, known_at).run(links)

    async def fetch(self, url: str) -> Document:
        """Fetch a document when its domain may be asked.

        Raises:
            FetchError: It could not be fetched.
        """
        return await self._web.get(url, cut=True)

    async def parse(self, document: Document) -> ParsedFeed:
        """Parse a document that should be a feed.

        Raises:
            DocumentError: It is none, or the parser failed.
        """
        return await self._worker.parse_feed(document, now=self._clock())


class _Search:
    """The search for the feed of one page, one request after the other."""

    def __init__(self, finder: Finder, page: Document, known_at: KnownAt) -> None:
        self._finder = finder
        self._page = page
        self._known_at = known_at
        self._tried = {page.url}
        self._problems: list[str] = []

    @property
    def _left(self) -> int:
        return MAX_REQUESTS - len(self._tried)

    async def run(self, links: FeedLinks) -> Found | Known | Several:
        found = await self._declared(links.candidates) or await self._linked(links.anchors)
        named = tuple(self._problems)
        found = found or await self._usual()
        if found is None:
            raise NotAFeedError(self._failure(named))
        return found

    async def _declared(self, candidates: Sequence[Candidate]) -> Found | Known | Several | None:
        if len(candidates) > 1:
            return Several(tuple(candidates))
        return await self._try(candidates[0].url) if candidates else None

    async def _linked(self, anchors: Sequence[Candidate]) -> Found | Known | Several | None:
        """Keep those of the first anchors that lead to feeds; many lead to pages about feeds."""
        feeds: dict[str, tuple[Candidate, Found | Known]] = {}
        for anchor in anchors[:MAX_ANCHORS]:
            found = await self._try(anchor.url)
            if found:
                candidate, key = _described(found, anchor)
                feeds.setdefault(key, (candidate, found))
        if len(feeds) > 1:
            return Several(tuple(candidate for candidate, _ in feeds.values()))
        return next((found for _, found in feeds.values()), None)

    async def _usual(self) -> Found | Known | None:
        urls = tuple(_usual_urls(self._page.url, self._left))
        for url in urls:
            feed = await self._known_at(url)
            if feed:
                return Known(feed)
        for url in urls:
            found = await self._try(url)
            if found:
                return found
        return None

    async def _try(self, url: str) -> Found | Known | None:
        """Ask one address; a failure is noted, unless it says to leave the site alone."""
        known = await self._known_at(url)
        if known:
            return Known(known)
        if url in self._tried or not self._left:
            return None
        self._tried.add(url)
        try:
            return await self._ask(url)
        except (FetchError, DocumentError, OpmlError) as error:
            if _is_no_time_to_ask(error, same_host=host_of(url) == host_of(self._page.url)):
                raise
            self._problems.append(str(error) if url in str(error) else f"{url}: {error}")
            return None

    async def _ask(self, url: str) -> Found | Known:
        found = await self._finder.feed_at(url)
        known = await self._known_at(found.document.url)
        return Known(known) if known else found

    def _failure(self, named: Sequence[str]) -> str:
        """Return why a page leads nowhere; `named` are the problems with what it names itself."""
        guessed = len(self._problems) - len(named)
        what = "names feeds that cannot be read" if named else "names no feed"
        tried = f"none is at the {guessed} usual addresses that were tried on its site"
        details = "".join(f" {problem.rstrip('.')}." for problem in named)
        return (
            f"{self._page.url} is a web page that {what}, and {tried}.{details} "
            "Look on it for an RSS or Atom link, and add that address."
        )


def _described(found: Found | Known, anchor: Candidate) -> tuple[Candidate, str]:
    """Name a feed behind an anchor by its own title, for anchors just say RSS; and its key."""
    if isinstance(found, Known):
        return Candidate(found.feed.url, found.feed.title), canonical(found.feed.url)
    candidate = Candidate(found.url, found.parsed.title or anchor.title)
    return candidate, canonical(found.document.url)


def _usual_urls(page: str, count: int) -> Iterator[str]:
    """Name the usual places in the page's folder, then at the top of its site."""
    folder, top = urljoin(page, "."), urljoin(page, "/")
    # A folder below may not use up what the top, the likelier place, needs.
    below = USUAL_PATHS[: (count + 1) // 2] if folder != top else ()
    places = [*(folder + path for path in below), *(top + path for path in USUAL_PATHS)]
    yield from places[:count]


def _is_no_time_to_ask(error: PlanetError, *, same_host: bool) -> bool:
    """Return whether asking more would be rude or in vain, and a guess instead perhaps wrong."""
    if isinstance(error, BadResponseError):
        return error.asks_for_a_pause
    return same_host and isinstance(error, UnreachableError | DeadlineError)
