"""Guarded HTTP: redirects are followed by hand, each hop is vetted, all within one deadline.

Every connection of planet-mcp to the outside goes through `Fetcher`. A host is looked up once, its
addresses are vetted, and one of exactly these is dialled; TLS still checks the URL's name. No error
quotes a server (its reason phrase, a broken line), since a reader would take that for our words.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TypeVar

import anyio
import httpx

from planet_mcp import __version__
from planet_mcp.errors import (
    BadResponseError,
    BlockedAddressError,
    BlockedUrlError,
    FetchError,
    TooLargeError,
    TooManyRedirectsError,
)
from planet_mcp.models import Document, NotModified, Validators
from planet_mcp.network.access import Access
from planet_mcp.network.addresses import AddressGuard, Listening
from planet_mcp.network.decoding import Progress, read_body
from planet_mcp.network.h11_guard import mend_h11
from planet_mcp.network.header_fields import (
    conditions,
    content_type,
    fresh_for,
    refresh,
    says_limit,
    seconds_until,
    validators_of,
)
from planet_mcp.network.internet import Internet
from planet_mcp.network.limiter import Limiter
from planet_mcp.network.limits import Limits
from planet_mcp.network.pauses import Pauses
from planet_mcp.network.translation import translated
from planet_mcp.network.transport import GuardedBackend, Transport, address_of, pool
from planet_mcp.urls import registrable_domain, shown
from planet_mcp.vetting import check_parts

T = TypeVar("T")

USER_AGENT = f"planet-mcp/{__version__}"
ABOUT = "feed reader for AI agents"

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_NO_CONTENT = frozenset({204, 205, 206})

for _name in ("httpx", "httpcore"):
    # httpx and httpcore log whole URLs, which may hold secrets, and what servers say.
    logging.getLogger(_name).setLevel(logging.WARNING)
mend_h11()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a fetcher works in: the internet, the pauses that domains asked for, and this process.

    `own` are the addresses that this process listens on, as they are when something is fetched.
    """

    internet: Internet
    pauses: Pauses
    own: Collection[Listening]


class Fetcher:
    """Fetches documents from public addresses, and from those networks that the user allowed."""

    def __init__(self, access: Access, limits: Limits, around: Surroundings) -> None:
        proxy = httpx.Proxy(access.proxy.get_secret_value()) if access.proxy else None
        self._guard = AddressGuard(access.allowed, around.own, address_of(proxy) if proxy else None)
        self._limits = limits
        self._pauses = around.pauses
        backend = GuardedBackend(self._guard, around.internet, limits)
        about = f"+{access.contact}" if access.contact else ABOUT
        self._client = httpx.AsyncClient(
            transport=Transport(pool(proxy, backend, limits), limits),
            follow_redirects=False,
            trust_env=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            timeout=limits.seconds,
            headers={
                "User-Agent": f"{USER_AGENT} ({about})",
                "Accept-Encoding": "gzip, deflate",
                # Bytes after the end of an answer must not be taken for the next one.
                "Connection": "close",
            },
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def get(
        self,
        url: str,
        *,
        accept: str,
        limiter: Limiter,
        cut: bool = False,
        after: Document | None = None,
        progress: Progress = lambda _: None,
    ) -> Document:
        """Fetch a document; with `cut`, of one over the limit only the beginning.

        `after` is the page that sent us there, which counts as a redirect. `progress` is called
        with the number of bytes that have come.

        Raises:
            FetchError: One of its kinds; see `planet_mcp.errors`.
        """

        async def read(hop: _Hop, response: httpx.Response) -> Document:
            return await self._document(hop, response, cut=cut, progress=progress)

        first = self._first(url, after)
        return await self._follow(first, lambda _: {"Accept": accept}, read, limiter)

    async def get_if_changed(
        self,
        url: str,
        validators: Validators,
        *,
        accept: str,
        limiter: Limiter,
        after: Document | None = None,
    ) -> Document | NotModified:
        """Fetch a document conditionally (RFC 9110, section 13), as with `cut`.

        Raises:
            FetchError: One of its kinds; see `planet_mcp.errors`.
        """

        def headers(hop: _Hop) -> dict[str, str]:
            return {"Accept": accept, **conditions(hop.location, validators)}

        async def read(hop: _Hop, response: httpx.Response) -> Document | NotModified:
            was_asked = bool(conditions(hop.location, validators))
            if response.status_code == httpx.codes.NOT_MODIFIED and was_asked:
                return _not_modified(hop, response, validators)
            return await self._document(hop, response, cut=True)

        return await self._follow(self._first(url, after), headers, read, limiter)

    def _first(self, url: str, after: Document | None) -> "_Hop":
        """Return the first request for a URL; `after` is the page that sent us there."""
        if after is None:
            return _Hop(self._guard.url(url))
        permanent = after.redirects == 0 or after.moved_to is not None
        return self._next(_Hop(httpx.URL(after.url), after.redirects, permanent=permanent), url)

    async def _follow(
        self,
        hop: "_Hop",
        headers: "Callable[[_Hop], dict[str, str]]",
        read: "Callable[[_Hop, httpx.Response], Awaitable[T]]",
        limiter: Limiter,
    ) -> T:
        """Follow redirects, and `read` the answer; the limiter's waits are not in the deadline."""
        first, left = hop, self._limits.seconds
        while hop.redirects <= self._limits.redirects:
            domain = registrable_domain(hop.host)
            async with limiter.acquire(domain):
                started = anyio.current_time()
                with self._noting_pauses(domain), _noting_redirects(hop):
                    answer = await self._request(hop, headers(hop), read, seconds=left)
                left -= anyio.current_time() - started
                if not isinstance(answer, _Hop):
                    self._pauses.answered(domain)
                    return answer
            hop = answer
        most = self._limits.redirects
        raise TooManyRedirectsError(f"{first.name} redirects more than {most} times.")

    @contextmanager
    def _noting_pauses(self, domain: str) -> Iterator[None]:
        # The pause begins before the domain's slot is free, or the next one in line would ask it.
        try:
            yield
        except BadResponseError as error:
            if error.asks_for_a_pause:
                self._pauses.begin(domain, error.retry_after)
            raise

    async def _request(
        self,
        hop: "_Hop",
        headers: dict[str, str],
        read: "Callable[[_Hop, httpx.Response], Awaitable[T]]",
        *,
        seconds: float,
    ) -> "T | _Hop":
        # The Host is written here: httpx would decode the name for it, and raise for `xn--` labels
        # that IDNA 2008 does not allow although registries sell them.
        headers = {"Host": hop.url.netloc.decode("ascii"), **headers}
        request = self._client.build_request("GET", hop.url, headers=headers)
        response: httpx.Response | None = None
        with translated(hop.name, self._limits):
            try:
                async with asyncio.timeout(seconds):
                    response = await self._client.send(request, stream=True)
                    if response.status_code in _REDIRECTS:
                        return self._redirected(hop, response)
                    return await read(hop, response)
            finally:
                # The answer is closed outside the deadline, which could pass meanwhile and replace
                # the error of the limit that was met first.
                if response is not None:
                    await response.aclose()

    def _redirected(self, hop: "_Hop", response: httpx.Response) -> "_Hop":
        locations: set[str] = response.extensions["locations"]
        if len(locations) != 1:
            raise BadResponseError(f"{hop.name} redirects to {len(locations) or 'no'} addresses.")
        permanent = hop.permanent and response.status_code in _PERMANENT
        return replace(self._next(hop, *locations), permanent=permanent)

    def _next(self, hop: "_Hop", location: str) -> "_Hop":
        """Return the request that follows, as permanent as those before it."""
        try:
            target = self._target(hop, location)
        except (BlockedUrlError, BlockedAddressError) as error:
            reason = f"{hop.name} redirects to where nothing is fetched: {error}"
            refused = type(error)(reason)
            refused.redirected = True
            raise refused from None
        except (httpx.InvalidURL, ValueError) as error:
            reason = f"{hop.name} redirects to a Location that is no URL."
            raise BadResponseError(reason) from error
        if hop.url.scheme == "https" and target.scheme == "http":
            raise BlockedUrlError(f"{hop.name} redirects from https to http, which is not safe.")
        return replace(hop, url=target, redirects=hop.redirects + 1)

    def _target(self, hop: "_Hop", location: str) -> httpx.URL:
        # Checked before joining, which writes a backslash as %5C and drops an empty user name.
        check_parts(location)
        return self._guard.url(str(hop.url.join(location)))

    async def _document(
        self,
        hop: "_Hop",
        response: httpx.Response,
        *,
        cut: bool,
        progress: Progress = lambda _: None,
    ) -> Document:
        _check_status(hop, response)
        is_cut, end = False, b""
        try:
            body = await read_body(hop.name, response, self._limits, cut=cut, progress=progress)
        except TooLargeError as error:
            if not (cut and error.beginning):
                raise
            body, end, is_cut = error.beginning, error.end, True
        return Document(
            url=hop.location,
            body=body,
            content_type=content_type(response.headers),
            validators=validators_of(hop.location, response.headers),
            moved_to=hop.moved_to,
            fresh_for=fresh_for(response.headers),
            is_cut=is_cut,
            end=end,
            refresh=refresh(response.headers),
            redirects=hop.redirects,
        )


@dataclass(frozen=True, slots=True)
class _Hop:
    """One request on the way to a document; `permanent` says that all redirects so far were."""

    url: httpx.URL
    redirects: int = 0
    permanent: bool = True

    @property
    def location(self) -> str:
        return str(self.url)

    @property
    def name(self) -> str:
        return shown(self.location)

    @property
    def host(self) -> str:
        # `URL.host` would decode the name, and raise as described in `_request`.
        return self.url.raw_host.decode("ascii")

    @property
    def moved_to(self) -> str | None:
        return self.location if self.redirects and self.permanent else None


def _not_modified(hop: _Hop, response: httpx.Response, before: Validators) -> NotModified:
    return NotModified(
        validators=validators_of(hop.location, response.headers, before),
        moved_to=hop.moved_to,
        fresh_for=fresh_for(response.headers),
    )


@contextmanager
def _noting_redirects(hop: "_Hop") -> Iterator[None]:
    try:
        yield
    except FetchError as error:
        error.redirected = error.redirected or hop.redirects > 0
        raise


def _check_status(hop: _Hop, response: httpx.Response) -> None:
    status = response.status_code
    if not response.is_success or status in _NO_CONTENT:
        words = f"{status} {httpx.codes.get_reason_phrase(status)}".rstrip()
        raise BadResponseError(
            f"{hop.name} answered {words}.",
            status=status,
            host=hop.host,
            retry_after=seconds_until(response.headers.get("retry-after", "")),
            is_limit=says_limit(response.headers),
        )
