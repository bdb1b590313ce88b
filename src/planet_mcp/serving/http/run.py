"""The run of the HTTP server: its socket, its connections and its end."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import h11
import uvicorn
from sse_starlette.sse import AppStatus
from uvicorn.protocols.http.h11_impl import H11Protocol

from planet_mcp.errors import SettingsError
from planet_mcp.network import mend_h11
from planet_mcp.planet import Planet
from planet_mcp.serving.http.access import Access
from planet_mcp.serving.http.app import create_app
from planet_mcp.serving.http.guard import DEFAULTS, Limits
from planet_mcp.serving.http.pages import Pages
from planet_mcp.serving.mcp import PlanetServer

BACKLOG = 2_048
_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n"
    b"Connection: close\r\n\r\n"
)


def listen_shared(host: str, port: int, *, count: int) -> list[socket.socket]:
    """Open so many sockets at one port, among which the kernel shares connections (Linux).

    Raises:
        SettingsError: As for one.
    """
    # A socket that shares no port is opened first, which fails where another server listens: a
    # shared port would be joined.
    with listen(host, port) as alone:
        port = alone.getsockname()[1]
    return [listen(host, port, shared=True) for _ in range(count)]


def listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Open the listening socket; port 0 takes a free one.

    Raises:
        SettingsError: The address is not one of this machine, or is in use.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With IPPROTO_TCP asyncio sets TCP_NODELAY. Without it, the second part of an answer would wait
    # 40 ms for an acknowledgement of the first.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((host, port))
        # It listens from here on, not first in uvicorn: two sockets can be bound to one port while
        # neither listens.
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"Cannot listen on {host}:{port}: {error.strerror}. Choose another --port or --host."
        ) from error
    return listener


class _Protocol(H11Protocol):
    """HTTP/1.1 to clients that send their headers in time; uvicorn would wait for ever.

    uvicorn makes one for each connection without arguments of ours, so a subclass has the `limits`.
    """

    limits: Limits
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Await the first request, or turn the client away where there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            transport.write(_BUSY)
            transport.close()
        else:
            self._await_headers()

    def data_received(self, data: bytes) -> None:
        """Take bytes; until they are a whole request's headers, the time for these runs."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._await_headers()
        else:
            self._got_headers()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP; if another answer has begun, only close the connection."""
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            super().send_400_response(msg)
        else:
            self.transport.close()
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock for the headers."""
        self._got_headers()
        super().connection_lost(exc)

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: WebSocket is not served, and needs no package."""

    def _await_headers(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.limits.header_seconds, self.transport.close)

    def _got_headers(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class _Uvicorn(uvicorn.Server):
    """uvicorn, but at its end it closes the streams of clients instead of waiting for theirs."""

    def __init__(self, config: uvicorn.Config, server: PlanetServer) -> None:
        super().__init__(config)
        self._server = server

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals until the process ends; uvicorn would raise them again when it returns."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, self.handle_exit, number, None)
            except NotImplementedError:  # Windows
                signal.signal(number, self.handle_exit)
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._server.end_streams()
        await super().shutdown(sockets)


async def serve(
    server: PlanetServer,
    planet: Planet,
    listener: socket.socket,
    *,
    pages: Pages,
    access: Access,
    limits: Limits = DEFAULTS,
) -> None:
    """Serve on an open socket until a signal comes."""
    # Off, or sse-starlette would at the signal end all streams, with the calls that answer on them.
    AppStatus.disable_automatic_graceful_drain()  # type: ignore[no-untyped-call]
    mend_h11()
    planet.never_fetch_from(*listener.getsockname()[:2])
    config = uvicorn.Config(
        create_app(server, planet, pages, access=access, limits=limits),
        http=type("_Limited", (_Protocol,), {"limits": limits}),
        log_config=None,
        access_log=False,
        server_header=False,
        # Headers of proxies are not read: nothing depends on the client's address or scheme.
        proxy_headers=False,
        ws="none",
        timeout_keep_alive=limits.keep_alive_seconds,
        timeout_graceful_shutdown=limits.grace_seconds,
    )
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pages.warm_up)
        await _Uvicorn(config, server).serve(sockets=[listener])
        tasks.cancel_scope.cancel()
