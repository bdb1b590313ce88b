"""Guarded HTTP: judged addresses, redirects by hand, bounded bodies and times, validators.

Every connection of planet-mcp to the outside goes through `Fetcher`. The address of a host is
looked up once, judged, and exactly that address is dialled; TLS still checks the URL's name. What
a server says in its own words (reason phrases, broken lines) is in no error, since those are read
as ours.
"""

import asyncio
import logging
import re
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, TypeVar

import anyio
import httpcore
import httpx

from planet_mcp import __version__
from planet_mcp.errors import (
    BadResponseError,
    BlockedAddressError,
    BlockedUrlError,
    DeadlineError,
    FetchError,
    TooLargeError,
    TooManyRedirectsError,
    UnreachableError,
)
from planet_mcp.models import Document, NotModified, Validators
from planet_mcp.network.h11_guard import mend_h11
from planet_mcp.network.limiter import Limiter
from planet_mcp.network.transport import (
    CONNECT_SECONDS,
    LOOKUP_SECONDS,
    BoundedStream,
    EndlessError,
    GuardedBackend,
    Listening,
    check_not_own,
)
from planet_mcp.urls import (
    DEFAULT_PORTS,
    check_parts,
    check_spelling,
    check_target,
    literal_address,
    registrable_domain,
    shown,
)

if TYPE_CHECKING:
    from planet_mcp.network.web import Access

T = TypeVar("T")

MAX_BODY = 10 * 2**20
TOTAL_SECONDS = 20.0
MAX_REDIRECTS = 5
MAX_CONNECTIONS = 64
MAX_VALIDATOR = 1_000
MAX_TYPE = 200
# Each chunk costs time: 10 MB in chunks of a byte would keep us busy for minutes.
MAX_CHUNKS = 100_000
CHUNKS_A_TURN = 64
# A gzip file of more parts is made to keep us busy: the usual tools make one of each 64 kB.
MAX_MEMBERS = 1_000
USER_AGENT = f"planet-mcp/{__version__}"
ABOUT = "feed reader for AI agents"

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_NO_CONTENT = frozenset({204, 205, 206})
_GZIP_MAGIC = b"\x1f\x8b"
_CODINGS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_PRINTABLE = re.compile(r"[ -~]+")
_CODING_NAME = re.compile(r"[a-z0-9-]{1,16}")

for _name in ("httpx", "httpcore"):
    # They log whole URLs, which may hold secrets, and what servers say.
    logging.getLogger(_name).setLevel(logging.WARNING)


mend_h11()


class Fetcher:
    """Fetches documents from public addresses, and from those networks that the user opened.

    A proxy is a trusted hop: it looks the names up, so that of a URL only the spelling and a
    literal address are judged here. `own` are the addresses that this process listens on, as they
    are when something is fetched.
    """

    def __init__(self, access: "Access", *, own: Collection[Listening] = ()) -> None:
        self._allowed = access.allowed
        self._proxied = access.proxy is not None
        self._own = own
        about = f"+{access.contact}" if access.contact else ABOUT
        self._client = httpx.AsyncClient(
            transport=_Transport(_pool(access, own)),
            follow_redirects=False,
            trust_env=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            timeout=httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS + LOOKUP_SECONDS),
            headers={
                "User-Agent": f"{USER_AGENT} ({about})",
                "Accept-Encoding": "gzip, deflate",
                # What a server sends too much must not be taken for its next answer.
                "Connection": "close",
            },
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def get(self, url: str, *, accept: str, limiter: Limiter) -> Document:
        """Fetch a document.

        Raises:
            FetchError: One of its kinds; see `planet_mcp.errors`.
        """
        return await self._follow(url, lambda _: {"Accept": accept}, _document, limiter)

    async def get_if_changed(
        self, url: str, validators: Validators, *, accept: str, limiter: Limiter
    ) -> Document | NotModified:
        """Fetch a document conditionally (RFC 9110, section 13).

        Raises:
            FetchError: One of its kinds; see `planet_mcp.errors`.
        """

        def headers(at: httpx.URL) -> dict[str, str]:
            return {"Accept": accept, **_conditions(at, validators)}

        async def read(hop: _Hop, response: httpx.Response) -> Document | NotModified:
            was_asked = bool(_conditions(hop.url, validators))
            if response.status_code == httpx.codes.NOT_MODIFIED and was_asked:
                return _not_modified(hop, response, validators)
            return await _document(hop, response)

        return await self._follow(url, headers, read, limiter)

    async def _follow(
        self,
        url: str,
        headers: Callable[[httpx.URL], dict[str, str]],
        read: "Callable[[_Hop, httpx.Response], Awaitable[T]]",
        limiter: Limiter,
    ) -> T:
        """Follow redirects to what `read` takes; waiting does not count against the deadline."""
        hop = _Hop(url=self._checked(url), permanent=True)
        left = TOTAL_SECONDS
        for _ in range(MAX_REDIRECTS + 1):
            async with limiter.acquire(registrable_domain(hop.host)):
                started = anyio.current_time()
                answer = await self._request(hop, headers(hop.url), read, seconds=left)
                left -= anyio.current_time() - started
            if not isinstance(answer, _Hop):
                return answer
            hop = answer
        raise TooManyRedirectsError(f"{shown(url)} redirects more than {MAX_REDIRECTS} times.")

    def _checked(self, raw: str) -> httpx.URL:
        check_spelling(raw)
        try:
            url = httpx.URL(raw).copy_with(fragment=None)
        except (httpx.InvalidURL, ValueError) as error:
            raise BlockedUrlError(f"{shown(raw)!r} is not a URL.") from error
        host = url.raw_host.decode("ascii")
        check_target(url.scheme, host, url.port, allowed=self._allowed, looked_up=not self._proxied)
        literal = literal_address(host)
        if literal:
            check_not_own(literal, url.port or DEFAULT_PORTS[url.scheme], self._own)
        return url

    async def _request(
        self,
        hop: "_Hop",
        headers: dict[str, str],
        read: "Callable[[_Hop, httpx.Response], Awaitable[T]]",
        *,
        seconds: float,
    ) -> "T | _Hop":
        # httpx would read the name to write this, and fails for some that servers have.
        host = {"Host": hop.url.netloc.decode("ascii")}
        with _translated(hop.name):
            async with (
                asyncio.timeout(seconds),
                self._client.stream("GET", hop.url, headers={**host, **headers}) as response,
            ):
                if response.status_code in _REDIRECTS:
                    return self._redirected(hop, response)
                return await read(hop, response)

    def _redirected(self, hop: "_Hop", response: httpx.Response) -> "_Hop":
        locations: set[str] = response.extensions["locations"]
        if len(locations) != 1:
            raise BadResponseError(f"{hop.name} redirects to {len(locations) or 'no'} addresses.")
        try:
            target = self._target(hop, *locations)
        except (BlockedUrlError, BlockedAddressError) as error:
            reason = f"{hop.name} redirects to where nothing is fetched: {error}"
            raise type(error)(reason) from None
        except (httpx.InvalidURL, ValueError) as error:
            reason = f"{hop.name} redirects to an unusable address."
            raise BadResponseError(reason) from error
        if hop.url.scheme == "https" and target.scheme == "http":
            raise BlockedUrlError(f"{hop.name} redirects from https to http, which is not safe.")
        return _Hop(
            url=target,
            permanent=hop.permanent and response.status_code in _PERMANENT,
            redirected=True,
        )

    def _target(self, hop: "_Hop", location: str) -> httpx.URL:
        # Before joining, which writes a backslash as %5C and drops an empty user name.
        check_parts(location)
        return self._checked(str(hop.url.join(location)))


@dataclass(frozen=True, slots=True)
class _Hop:
    url: httpx.URL
    permanent: bool
    redirected: bool = False

    @property
    def name(self) -> str:
        return shown(str(self.url))

    @property
    def host(self) -> str:
        # As it is asked for; httpx's own property fails for names that no one can read.
        return self.url.raw_host.decode("ascii")

    @property
    def moved_to(self) -> str | None:
        return str(self.url) if self.redirected and self.permanent else None


def _conditions(url: httpx.URL, validators: Validators) -> dict[str, str]:
    if validators.url != str(url):
        return {}
    headers = {"If-None-Match": validators.etag, "If-Modified-Since": validators.last_modified}
    return {name: value for name, value in headers.items() if value and _is_sendable(value)}


def _is_sendable(value: str) -> bool:
    return len(value) <= MAX_VALIDATOR and bool(_PRINTABLE.fullmatch(value))


def _validator(headers: httpx.Headers, name: str) -> str | None:
    """Return a validator, unless it is one that cannot be sent back as it came."""
    value = headers.get(name, "")
    return value if _is_sendable(value) else None


def _not_modified(hop: _Hop, response: httpx.Response, before: Validators) -> NotModified:
    headers = response.headers
    return NotModified(
        validators=replace(
            before,
            etag=_validator(headers, "etag") or before.etag,
            last_modified=_validator(headers, "last-modified") or before.last_modified,
        ),
        moved_to=hop.moved_to,
        fresh_for=_fresh_for(headers),
    )


async def _document(hop: _Hop, response: httpx.Response) -> Document:
    _check_status(hop, response)
    body = await _read(hop.name, response)
    headers = response.headers
    url = str(hop.url)
    return Document(
        url=url,
        body=body,
        content_type="".join(_PRINTABLE.findall(headers.get("content-type", "")))[:MAX_TYPE],
        validators=Validators(
            url, _validator(headers, "etag"), _validator(headers, "last-modified")
        ),
        moved_to=hop.moved_to,
        fresh_for=_fresh_for(headers),
    )


def _check_status(hop: _Hop, response: httpx.Response) -> None:
    status = response.status_code
    if not response.is_success or status in _NO_CONTENT:
        words = f"{status} {httpx.codes.get_reason_phrase(status)}".rstrip()
        raise BadResponseError(
            f"{hop.name} answered {words}.",
            status=status,
            host=hop.host,
            retry_after=_seconds_until(response.headers.get("retry-after", "")),
        )


async def _read(name: str, response: httpx.Response) -> bytes:
    _check_length(name, response.headers)
    inflate = _decoder(name, response.headers.get("content-encoding", ""))
    body, wire = bytearray(), 0
    async for chunk in response.aiter_raw(65_536):
        wire += len(chunk)
        if wire > MAX_BODY:
            raise _too_large(name)
        for piece in inflate(chunk):
            body += piece
            if len(body) > MAX_BODY:
                raise _too_large(name)
            await anyio.lowlevel.checkpoint()
    if not inflate.complete:
        raise BadResponseError(f"{name} ended in the middle of its compressed body.")
    return bytes(body)


def _check_length(name: str, headers: httpx.Headers) -> None:
    length = headers.get("content-length", "")
    if length and "transfer-encoding" in headers:
        # Whoever is between may have taken the other one (RFC 9112, section 6.1).
        raise BadResponseError(f"{name} says in two ways how long its body is.")
    if length.isdecimal() and int(length) > MAX_BODY:
        raise _too_large(name)


def _too_large(name: str) -> TooLargeError:
    return TooLargeError(f"{name} is larger than {MAX_BODY // 2**20} MB.")


def _decoder(name: str, codings: str) -> "_Inflate":
    named = [item.strip().lower() for item in codings.split(",")]
    wanted = [item for item in named if item not in {"", "identity"}]
    if len(wanted) > 1 or (wanted and wanted[0] not in _CODINGS):
        words = ", ".join(item if _CODING_NAME.fullmatch(item) else "?" for item in wanted[:3])
        raise BadResponseError(f"{name} is encoded as {words!r}, which was not asked for.")
    return _Inflate(wanted[0] if wanted else None)


class _Inflate:
    """Undoes one content coding in steps of at most 64 KiB, so that a bomb is seen in time."""

    STEP = 65_536

    def __init__(self, coding: str | None) -> None:
        self._coding = coding
        self._engine = zlib.decompressobj(_CODINGS[coding]) if coding else None
        self._started = False
        self._members = 1
        self._over = False
        # What may be the first half of the magic number of another member.
        self._half = b""

    @property
    def complete(self) -> bool:
        return self._engine is None or self._engine.eof or not self._started

    def __call__(self, chunk: bytes) -> Iterable[bytes]:
        if self._engine is None:
            yield chunk
            return
        data, full = self._half + chunk, False
        self._half = b""
        # A full piece may leave more inside the engine although all input is taken.
        while data or full:
            if self._engine.eof:
                data = self._next_member(data)
                if not data:
                    return
            piece = self._step(data)
            yield piece
            full = len(piece) == self.STEP
            data = self._engine.unconsumed_tail or self._engine.unused_data

    def _next_member(self, data: bytes) -> bytes:
        """Begin the next member, as a gzip file may have several (RFC 1952, section 2.2).

        What comes after the last one is dropped.
        """
        if not self._over and data == _GZIP_MAGIC[:1]:
            self._half = data
            return b""
        if self._over or self._coding == "deflate" or not data.startswith(_GZIP_MAGIC):
            self._over = True
            return b""
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise BadResponseError(f"The compressed body has over {MAX_MEMBERS} parts.")
        self._engine = zlib.decompressobj(_CODINGS["gzip"])
        return data

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
def _translated(name: str) -> Iterator[None]:
    try:
        yield
    except FetchError:
        raise
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
        raise UnreachableError(f"{name} could not be reached: {_reason(error)}.") from error
    except (TimeoutError, httpx.TimeoutException) as error:
        raise DeadlineError(
            f"{name} did not answer completely within {TOTAL_SECONDS:.0f} s."
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, UnicodeError) as error:
        # What follows a colon is often what the server sent.
        reason = shown(_reason(error).partition(":")[0])
        raise BadResponseError(f"{name} could not be reached: {reason}.") from error


def _reason(error: Exception) -> str:
    return (str(error) or type(error).__name__).rstrip(".")


def _pool(access: "Access", own: Collection[Listening]) -> httpcore.AsyncConnectionPool:
    context = httpx.create_ssl_context()
    if access.proxy is None:
        backend = GuardedBackend(access.allowed, own=own)
        return httpcore.AsyncConnectionPool(
            ssl_context=context, max_connections=MAX_CONNECTIONS, network_backend=backend
        )
    hop = httpx.Proxy(access.proxy.get_secret_value())
    address = (hop.url.raw_host.decode("ascii"), hop.url.port or DEFAULT_PORTS[hop.url.scheme])
    return httpcore.AsyncHTTPProxy(
        proxy_url=str(hop.url),
        proxy_auth=hop.raw_auth,
        proxy_ssl_context=context if hop.url.scheme == "https" else None,
        ssl_context=context,
        max_connections=MAX_CONNECTIONS,
        network_backend=GuardedBackend(access.allowed, own=own, proxy=address),
    )


class _Transport(httpx.AsyncBaseTransport):
    """httpx over an httpcore pool whose connections go through `GuardedBackend`.

    httpx's own transport takes no network backend; httpcore documents it.
    """

    def __init__(self, pool: httpcore.AsyncConnectionPool) -> None:
        self._pool = pool

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
        connection = answer.extensions.get("network_stream")
        if isinstance(connection, BoundedStream):
            connection.answered = True
        # Kept from httpx, which would prepare the next request its own way.
        locations = {_text(value) for name, value in answer.headers if name.lower() == b"location"}
        return httpx.Response(
            answer.status,
            headers=[each for each in answer.headers if each[0].lower() != b"location"],
            stream=_Stream(answer, request),
            extensions={**answer.extensions, "locations": locations},
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


class _Stream(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response, request: httpx.Request) -> None:
        self._answer = answer
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        chunks = 0
        with _as_httpx(self._request):
            async for chunk in self._answer.aiter_stream():
                chunks += 1
                if chunks > MAX_CHUNKS:
                    raise httpcore.RemoteProtocolError(f"its body has over {MAX_CHUNKS} chunks")
                if chunks % CHUNKS_A_TURN == 0:
                    await anyio.lowlevel.checkpoint()
                yield chunk

    async def aclose(self) -> None:
        await self._answer.aclose()


@contextmanager
def _as_httpx(request: httpx.Request) -> Iterator[None]:
    try:
        yield
    except EndlessError as error:
        raise _too_large(shown(str(request.url))) from error
    except httpcore.ProxyError as error:
        raise httpx.ProxyError(f"the proxy answered {error}", request=request) from error
    except httpcore.ConnectTimeout as error:
        raise httpx.ConnectTimeout(_reason(error), request=request) from error
    except httpcore.ConnectError as error:
        raise httpx.ConnectError(_reason(error), request=request) from error
    except httpcore.TimeoutException as error:
        raise httpx.TimeoutException(str(error), request=request) from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise httpx.TransportError(_reason(error), request=request) from error
