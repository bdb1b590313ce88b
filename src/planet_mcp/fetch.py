"""Guarded HTTP: judged addresses, redirects by hand, bounded bodies and times, validators.

Every connection of planet-mcp to the outside goes through `Fetcher`. The address of a host is
looked up once, judged, and exactly that address is dialled; TLS still checks the URL's name.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Self

import anyio
import httpcore
import httpx

from planet_mcp import __version__
from planet_mcp.dial import CONNECT_SECONDS, LOOKUP_SECONDS, GuardedBackend
from planet_mcp.errors import (
    BadResponseError,
    BlockedUrlError,
    DeadlineError,
    FetchError,
    TooLargeError,
    TooManyRedirectsError,
    UnreachableError,
)
from planet_mcp.gate import Gate
from planet_mcp.models import Document, NotModified, Validators
from planet_mcp.urls import (
    IPNetwork,
    check_spelling,
    check_target,
    registrable_domain,
)

MAX_BODY = 10 * 2**20
TOTAL_SECONDS = 20.0
MAX_REDIRECTS = 5
USER_AGENT = f"planet-mcp/{__version__}"
ABOUT = "feed reader for AI agents"
ACCEPT_FEED = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.3"
)

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_NO_CONTENT = frozenset({204, 205, 206})
_GZIP_MAGIC = b"\x1f\x8b"
_CODINGS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class Fetcher:
    """Fetches documents from public addresses, and from those networks that the user opened."""

    def __init__(self, *, allowed: Sequence[IPNetwork] = (), contact: str | None = None) -> None:
        self._allowed = tuple(allowed)
        about = f"+{contact}" if contact else ABOUT
        self._client = httpx.AsyncClient(
            transport=_Transport(self._allowed),
            follow_redirects=False,
            trust_env=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            timeout=httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS + LOOKUP_SECONDS),
            headers={
                "User-Agent": f"{USER_AGENT} ({about})",
                "Accept-Encoding": "gzip, deflate",
            },
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def get(
        self,
        url: str,
        *,
        accept: str = ACCEPT_FEED,
        validators: Validators | None = None,
        gate: Gate | None = None,
    ) -> Document | NotModified:
        """Fetch a document; with validators, conditionally (RFC 9110, section 13).

        With a gate, each request waits for its domain's turn; waiting does not count against the
        deadline.

        Raises:
            FetchError: One of its kinds; see `planet_mcp.errors`.
        """
        hop = _Hop(url=self._checked(url), permanent=True)
        left = TOTAL_SECONDS
        for _ in range(MAX_REDIRECTS + 1):
            domain = registrable_domain(hop.url.host)
            async with gate.turn(domain) if gate else nullcontext():
                started = anyio.current_time()
                answer = await self._request(hop, accept, validators, seconds=left)
                left -= anyio.current_time() - started
            if not isinstance(answer, _Hop):
                return answer
            hop = answer
        raise TooManyRedirectsError(f"{url} redirects more than {MAX_REDIRECTS} times.")

    def _checked(self, raw: str) -> httpx.URL:
        check_spelling(raw)
        try:
            url = httpx.URL(raw)
        except (httpx.InvalidURL, ValueError) as error:
            raise BlockedUrlError(f"{raw!r} is not a URL: {error}") from error
        if url.userinfo:
            raise BlockedUrlError("A URL with a user name or password is not fetched.")
        check_target(url.scheme, url.raw_host.decode("ascii"), url.port, allowed=self._allowed)
        return url.copy_with(fragment=None)

    async def _request(
        self, hop: "_Hop", accept: str, validators: Validators | None, *, seconds: float
    ) -> "Document | NotModified | _Hop":
        conditions = _conditions(hop.url, validators)
        headers = {"Accept": accept, **conditions}
        with _translated(hop.url):
            async with (
                asyncio.timeout(seconds),
                self._client.stream("GET", hop.url, headers=headers) as response,
            ):
                if response.status_code in _REDIRECTS:
                    return self._redirected(hop, response)
                if response.status_code == httpx.codes.NOT_MODIFIED and validators and conditions:
                    return NotModified(
                        validators=_updated(validators, response.headers),
                        moved_to=hop.moved_to,
                        fresh_for=_fresh_for(response.headers),
                    )
                return await _document(hop, response)

    def _redirected(self, hop: "_Hop", response: httpx.Response) -> "_Hop":
        location = response.headers.get("location", "")
        try:
            target = self._checked(str(hop.url.join(location)))
        except (httpx.InvalidURL, ValueError) as error:
            raise BadResponseError(f"{hop.url} redirects to an unusable address.") from error
        if hop.url.scheme == "https" and target.scheme == "http":
            raise BlockedUrlError(f"{hop.url} redirects from https to http, which is not followed.")
        return _Hop(
            url=target,
            permanent=hop.permanent and response.status_code in _PERMANENT,
            redirected=True,
        )


@dataclass(frozen=True, slots=True)
class _Hop:
    url: httpx.URL
    permanent: bool
    redirected: bool = False

    @property
    def moved_to(self) -> str | None:
        return str(self.url) if self.redirected and self.permanent else None


def _conditions(url: httpx.URL, validators: Validators | None) -> dict[str, str]:
    if validators is None or validators.url != str(url):
        return {}
    headers = {"If-None-Match": validators.etag, "If-Modified-Since": validators.last_modified}
    return {name: value for name, value in headers.items() if value}


def _updated(validators: Validators, headers: httpx.Headers) -> Validators:
    return replace(
        validators,
        etag=headers.get("etag", validators.etag),
        last_modified=headers.get("last-modified", validators.last_modified),
    )


async def _document(hop: _Hop, response: httpx.Response) -> Document:
    _check_status(hop.url, response)
    body = await _read(hop.url, response)
    headers = response.headers
    url = str(hop.url)
    return Document(
        url=url,
        body=body,
        content_type=headers.get("content-type", ""),
        validators=Validators(url, headers.get("etag"), headers.get("last-modified")),
        moved_to=hop.moved_to,
        fresh_for=_fresh_for(headers),
    )


def _check_status(url: httpx.URL, response: httpx.Response) -> None:
    status = response.status_code
    if not response.is_success or status in _NO_CONTENT:
        reason = f" {response.reason_phrase}" if response.reason_phrase else ""
        raise BadResponseError(
            f"{url} answered {status}{reason}.",
            status=status,
            host=url.host,
            retry_after=_seconds_until(response.headers.get("retry-after", "")),
        )


async def _read(url: httpx.URL, response: httpx.Response) -> bytes:
    inflate = _decoder(url, response.headers.get("content-encoding", ""))
    body, wire = bytearray(), 0
    async for chunk in response.aiter_raw(65_536):
        wire += len(chunk)
        for piece in inflate(chunk):
            body += piece
            if max(wire, len(body)) > MAX_BODY:
                raise TooLargeError(f"{url} is larger than {MAX_BODY // 2**20} MB.")
        await anyio.lowlevel.checkpoint()
    if not inflate.complete:
        raise BadResponseError(f"{url} ended in the middle of its compressed body.")
    return bytes(body)


def _decoder(url: httpx.URL, codings: str) -> "_Inflate":
    named = [item.strip().lower() for item in codings.split(",")]
    wanted = [item for item in named if item not in {"", "identity"}]
    if len(wanted) > 1 or (wanted and wanted[0] not in _CODINGS):
        raise BadResponseError(f"{url} is encoded as {codings!r}, which was not asked for.")
    return _Inflate(wanted[0] if wanted else None)


class _Inflate:
    """Undoes one content coding in steps of at most 64 KiB, so that a bomb is seen in time."""

    STEP = 65_536

    def __init__(self, coding: str | None) -> None:
        self._coding = coding
        self._engine = zlib.decompressobj(_CODINGS[coding]) if coding else None
        self._started = False

    @property
    def complete(self) -> bool:
        return self._engine is None or self._engine.eof or not self._started

    def __call__(self, chunk: bytes) -> Iterable[bytes]:
        if self._engine is None:
            yield chunk
            return
        piece = b""
        # A full piece may leave more inside the engine although all input is taken.
        while (chunk or len(piece) == self.STEP) and not self._engine.eof:
            piece = self._step(chunk)
            yield piece
            chunk = self._engine.unconsumed_tail
            chunk = chunk or self._next_member()

    def _next_member(self) -> bytes:
        """Begin the next member, as a gzip file may have several (RFC 1952, section 2.2)."""
        left = self._engine.unused_data if self._engine and self._engine.eof else b""
        if not left.startswith(_GZIP_MAGIC):
            return b""
        self._engine = zlib.decompressobj(_CODINGS["gzip"])
        return left

    def _step(self, chunk: bytes) -> bytes:
        try:
            return self._decompress(chunk)
        except zlib.error as error:
            raise BadResponseError(f"The compressed body is damaged: {error}.") from error

    def _decompress(self, chunk: bytes) -> bytes:
        assert self._engine is not None  # noqa: S101 - narrows for the type checker
        first, self._started = not self._started, True
        try:
            return self._engine.decompress(chunk, self.STEP)
        except zlib.error:
            if not first or self._coding != "deflate":
                raise
            # Half of the web means raw deflate by "deflate" (RFC 9110, section 8.4.1.2).
            self._engine = zlib.decompressobj(-15)
            return self._engine.decompress(chunk, self.STEP)


def _fresh_for(headers: httpx.Headers) -> int | None:
    for directive in headers.get("cache-control", "").lower().split(","):
        name, _, value = directive.strip().partition("=")
        if name == "max-age" and value.strip('" ').isdecimal():
            return int(value.strip('" ')[:9])
    return _seconds_until(headers.get("expires", ""))


def _seconds_until(value: str) -> int | None:
    """Read a delay in seconds or an HTTP date (RFC 9110, section 10.2.3); the past is None."""
    if value.strip().isdecimal():
        return int(value.strip()[:9])
    try:
        moment = parsedate_to_datetime(value)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = int((aware - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return seconds if seconds > 0 else None


@contextmanager
def _translated(url: httpx.URL) -> Iterator[None]:
    try:
        yield
    except FetchError:
        raise
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise UnreachableError(f"{url} could not be reached: {_reason(error)}.") from error
    except (TimeoutError, httpx.TimeoutException) as error:
        raise DeadlineError(
            f"{url} did not answer completely within {TOTAL_SECONDS:.0f} s."
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise BadResponseError(f"{url} could not be reached: {_reason(error)}.") from error


def _reason(error: Exception) -> str:
    return (str(error) or type(error).__name__).rstrip(".")


class _Transport(httpx.AsyncBaseTransport):
    """httpx over an httpcore pool whose connections go through `GuardedBackend`.

    httpx's own transport takes no network backend; httpcore documents it.
    """

    def __init__(self, allowed: Sequence[IPNetwork]) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_connections=64,
            max_keepalive_connections=16,
            keepalive_expiry=5.0,
            network_backend=GuardedBackend(allowed),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        with _as_httpx(request):
            answer = await self._pool.handle_async_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(
                        scheme=request.url.raw_scheme,
                        host=request.url.raw_host,
                        port=request.url.port,
                        target=request.url.raw_path,
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Stream(answer, request),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Stream(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response, request: httpx.Request) -> None:
        self._answer = answer
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx(self._request):
            async for chunk in self._answer.aiter_stream():
                yield chunk

    async def aclose(self) -> None:
        await self._answer.aclose()


@contextmanager
def _as_httpx(request: httpx.Request) -> Iterator[None]:
    try:
        yield
    except httpcore.ConnectTimeout as error:
        raise httpx.ConnectTimeout(_reason(error), request=request) from error
    except httpcore.ConnectError as error:
        raise httpx.ConnectError(_reason(error), request=request) from error
    except httpcore.TimeoutException as error:
        raise httpx.TimeoutException(str(error), request=request) from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise httpx.TransportError(_reason(error), request=request) from error
