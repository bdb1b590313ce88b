"""Connections for httpx: to vetted addresses only, each for one bounded answer."""

import ssl
import sys
from collections.abc import AsyncIterator, Iterable
from importlib.util import find_spec
from typing import Any

import anyio
import httpcore
import httpx

from planet_mcp.network.addresses import AddressGuard, addresses_of
from planet_mcp.network.authorities import trusted
from planet_mcp.network.heads import HeadMender
from planet_mcp.network.internet import Internet
from planet_mcp.network.limits import Limits
from planet_mcp.urls import DEFAULT_PORTS

# How many bytes chunked encoding may add to a body.
FRAMES = 2**20
# How many bytes are read at a time, in the head and after it.
HEAD_STEP, STEP = 4_096, 16_384
# After how many chunks other tasks may run.
CHUNKS_A_CHECKPOINT = 64


class EndlessError(Exception):
    """A connection brought more than any answer may have."""


def address_of(proxy: httpx.Proxy) -> tuple[str, int]:
    """Return the host and port of a proxy, as httpcore dials them."""
    return proxy.url.raw_host.decode("ascii"), proxy.url.port or DEFAULT_PORTS[proxy.url.scheme]


def pool(
    proxy: httpx.Proxy | None, backend: "GuardedBackend", limits: Limits
) -> httpcore.AsyncConnectionPool:
    """Return a pool of connections, all of them through the proxy if there is one."""
    _note_that_there_is_no_sniffio()
    context = trusted()
    if proxy is None:
        return httpcore.AsyncConnectionPool(
            ssl_context=context, max_connections=limits.connections, network_backend=backend
        )
    return httpcore.AsyncHTTPProxy(
        proxy_url=str(proxy.url),
        proxy_auth=proxy.raw_auth,
        proxy_ssl_context=context if proxy.url.scheme == "https" else None,
        ssl_context=context,
        max_connections=limits.connections,
        network_backend=backend,
    )


def _note_that_there_is_no_sniffio() -> None:
    """Let httpcore find at once that the package sniffio is missing.

    It tries to import it six times a request, each time in all folders: that is a quarter of the
    CPU time of a request whose answer is "not modified".
    """
    if find_spec("sniffio") is None:
        sys.modules["sniffio"] = None  # type: ignore[assignment]


class Transport(httpx.AsyncBaseTransport):
    """httpx over an httpcore pool whose connections go through `GuardedBackend`.

    httpx's own transport takes no network backend; httpcore documents it. The errors of httpcore
    go through httpx as they are: `translated` knows them.
    """

    def __init__(self, connections: httpcore.AsyncConnectionPool, limits: Limits) -> None:
        self._connections = connections
        self._limits = limits

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; `locations` of the answer's extensions are where it redirects to."""
        answer = await self._connections.handle_async_request(_as_httpcore(request))
        connection = answer.extensions.get("network_stream")
        if isinstance(connection, BoundedStream):
            connection.answered = True
        # Location is kept from httpx, which would prepare the next request in its own way.
        locations = {_text(value) for name, value in answer.headers if name.lower() == b"location"}
        return httpx.Response(
            answer.status,
            headers=[each for each in answer.headers if each[0].lower() != b"location"],
            stream=_Body(answer, self._limits.chunks),
            extensions={**answer.extensions, "locations": locations},
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._connections.aclose()


def _as_httpcore(request: httpx.Request) -> httpcore.Request:
    return httpcore.Request(
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


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response, max_chunks: int) -> None:
        self._answer = answer
        self._max_chunks = max_chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        chunks = 0
        async for chunk in self._answer.aiter_stream():
            chunks += 1
            if chunks > self._max_chunks:
                raise httpcore.RemoteProtocolError(f"its body has over {self._max_chunks} chunks")
            if chunks % CHUNKS_A_CHECKPOINT == 0:
                await anyio.lowlevel.checkpoint()
            yield chunk

    async def aclose(self) -> None:
        await self._answer.aclose()


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """The network under an httpcore pool: looks a host up once, and dials a vetted address."""

    def __init__(self, guard: AddressGuard, internet: Internet, limits: Limits) -> None:
        self._guard = guard
        self._look_up = internet.look_up
        self._inner = internet.backend or httpcore.AnyIOBackend()
        self._limits = limits

    async def connect_tcp(  # noqa: PLR0917 - httpcore's signature
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of the host that answers.

        Raises:
            BlockedAddressError: One of the host's addresses is not public, or it is our own.
            BlockedUrlError: The port is not allowed.
        """
        seconds = self._limits.lookup_seconds
        addresses = await addresses_of(host, port, self._look_up, seconds=seconds)
        self._guard.check_all(host, addresses, port)
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses[: self._limits.addresses]:
            try:
                stream = await self._inner.connect_tcp(
                    address,
                    port,
                    timeout=self._limits.connect_seconds,
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return BoundedStream(stream, self._limits)
        raise failure


class BoundedStream(httpcore.AsyncNetworkStream):
    """A connection for one answer, which has an end, and between whose parts others run.

    `answered` says that the head of the answer was read.
    """

    def __init__(self, inner: httpcore.AsyncNetworkStream, limits: Limits) -> None:
        self._inner = inner
        self._limits = limits
        self._received = 0
        self._mend = HeadMender()
        self.answered = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read a few bytes at a time, since each chunk or informational answer in them costs time.

        Raises:
            EndlessError: The answer is longer than any may be.
            httpcore.RemoteProtocolError: Its head is.
        """
        passed = b""
        while not passed:
            await anyio.lowlevel.checkpoint()
            data = await self._receive(max_bytes, timeout)
            passed = self._mend(data)
            if not data:
                break
        return passed

    async def _receive(self, max_bytes: int, timeout: float | None) -> bytes:
        step = STEP if self.answered else HEAD_STEP
        data = await self._inner.read(min(max_bytes, step), timeout)
        self._received += len(data)
        if not self.answered and self._received > self._limits.head:
            raise httpcore.RemoteProtocolError("the head of its answer does not end")
        if self._received > self._limits.head + self._limits.body + FRAMES:
            raise EndlessError
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all bytes."""
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        """Close the connection."""
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Return this connection with TLS, for the name that the URL has."""
        stream = await self._inner.start_tls(ssl_context, server_hostname, timeout)
        return BoundedStream(stream, self._limits)

    def get_extra_info(self, info: str) -> Any:
        """Return what httpcore asks about the socket."""
        return self._inner.get_extra_info(info)
