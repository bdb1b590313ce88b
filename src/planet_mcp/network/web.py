"""The face of the network: documents by their URL, politely; httpx is loaded at first use."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Self

import anyio

from planet_mcp.imports import doing_without
from planet_mcp.models import Document, NotModified, Turn, Validators
from planet_mcp.network.access import Access
from planet_mcp.network.internet import Internet
from planet_mcp.network.limiter import Limiter
from planet_mcp.network.limits import Limits
from planet_mcp.network.pauses import Pause, Pauses
from planet_mcp.network.turns import Pace, Turns
from planet_mcp.urls import registrable_domain

if TYPE_CHECKING:
    from planet_mcp.network.fetcher import Fetcher

ACCEPT_FEED = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.3"
)


# The defaults of `Web`: frozen values, made once.
_NOTHING_MORE, _POLITE, _DOCUMENTED, _REAL = Access(), Pace(), Limits(), Internet()


class Web:
    """Fetches documents, each when the limiter lets its domain be asked.

    With `turns`, the processes that share them ask a domain one after the other. Close it after
    use, or use it as an async context manager.
    """

    def __init__(
        self,
        access: Access = _NOTHING_MORE,
        *,
        pace: Pace = _POLITE,
        limits: Limits = _DOCUMENTED,
        internet: Internet = _REAL,
        turns: Turns | None = None,
        connections: "_Connections | None" = None,
    ) -> None:
        self._connections = connections or _Connections(access, limits, internet, turns)
        self.pace = pace
        self._limits = limits
        shared = self._connections
        self._limiter = Limiter(pace, limits, shared.pauses, shared.turns)

    def with_own_limiter(self, pace: Pace | None = None) -> "Web":
        """Return a web that shares the connections, and whose callers do not wait for others."""
        return Web(pace=pace or self.pace, limits=self._limits, connections=self._connections)

    def never_fetch_from(self, host: str, port: int) -> None:
        """Refuse an address on which this process listens, whatever networks are allowed."""
        self._connections.own.append((host, port))

    async def get(
        self,
        url: str,
        *,
        accept: str = ACCEPT_FEED,
        cut: bool = False,
        after: Document | None = None,
        progress: Callable[[int], object] = lambda _: None,
    ) -> Document:
        """Fetch a document; `accept` says which types are wanted (RFC 9110, section 12.5.1).

        With `cut`, only the beginning is taken of a document over the limit. `after` is a page
        that sends its readers there, which counts as a permanent redirect. `progress` is called
        with the number of bytes that have come.

        Raises:
            FetchError: One of its kinds; see `planet_mcp.errors`.
        """
        fetcher = await self._connections.fetcher()
        return await fetcher.get(
            url, accept=accept, limiter=self._limiter, cut=cut, after=after, progress=progress
        )

    async def get_if_changed(
        self,
        url: str,
        validators: Validators | None,
        *,
        accept: str = ACCEPT_FEED,
        after: Document | None = None,
    ) -> Document | NotModified:
        """Fetch a document unless it is as it was when it had these validators.

        They are sent to the URL that they came from alone (RFC 9110, section 13); without any,
        the document is fetched. Only the beginning is taken of one over the limit.

        Raises:
            FetchError: One of its kinds; see `planet_mcp.errors`.
        """
        if validators is None:
            return await self.get(url, accept=accept, cut=True, after=after)
        fetcher = await self._connections.fetcher()
        return await fetcher.get_if_changed(
            url, validators, accept=accept, limiter=self._limiter, after=after
        )

    def back_off(self, domain: str, seconds: float) -> None:
        """Note that a registrable domain asked not to be asked for a while."""
        self._limiter.back_off(domain, seconds)

    def backed_off_for(self, domain: str) -> float:
        """Return for how many seconds a registrable domain is not to be asked; 0 when it may be.

        Requests are not refused meanwhile, unless it asked for a `pause` itself: a caller that has
        other work does this first.
        """
        pause = self.pause_of(domain)
        return max(self._limiter.backed_off_for(domain), pause.seconds if pause else 0.0)

    def pause_of(self, domain: str) -> Pause | None:
        """Return the pause that a registrable domain asked for, from whatever web that was."""
        return self._connections.pauses.of(domain)

    async def pause(self, domain: str) -> None:
        """Begin a pause of a registrable domain that refuses what it gave before."""
        pauses, turns = self._connections.pauses, self._connections.turns
        pauses.begin(domain, None)
        if turns:
            last = pauses.last_of(domain)
            paused = Turn(domain, paused=last.seconds, pauses=last.times)
            await anyio.to_thread.run_sync(turns.pause, paused)

    def resume(self, pause: Pause) -> None:
        """Keep a pause that began in another process, or before this one."""
        self._connections.pauses.resume(pause)

    def holding_body(self) -> AbstractContextManager[None]:
        """Count a fetched body as held in memory while the block runs; many delay requests."""
        return self._limiter.holding_body()

    async def aclose(self) -> None:
        """Close all connections, also those of webs that share them."""
        await self._connections.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()


class _Connections:
    """The fetcher that webs share, made at first use in a thread, since its libraries are slow."""

    def __init__(
        self, access: Access, limits: Limits, internet: Internet, turns: Turns | None
    ) -> None:
        self._access = access
        self._limits = limits
        self._internet = internet
        self._fetcher: Fetcher | None = None
        self._lock = anyio.Lock()
        self.pauses = Pauses()
        self.turns = turns
        # The addresses on which this process listens: host and port.
        self.own: list[tuple[str, int]] = []

    async def fetcher(self) -> "Fetcher":
        if self._fetcher is not None:
            return self._fetcher
        async with self._lock:
            # Another call may have made it meanwhile.
            if self._fetcher is None:
                self._fetcher = await anyio.to_thread.run_sync(self._load)
            return self._fetcher

    async def aclose(self) -> None:
        if self._fetcher is not None:
            await self._fetcher.aclose()

    def _load(self) -> "Fetcher":
        # Its command would load click, rich and Pygments: 4 MB.
        with doing_without("httpx._main"):
            from planet_mcp.network.fetcher import Fetcher, Surroundings  # deferred: loads httpx

        registrable_domain("example.org")  # reads the list of suffixes, once
        around = Surroundings(self._internet, self.pauses, self.own)
        return Fetcher(self._access, self._limits, around)
