"""HTTP: one server for a team, with the Streamable HTTP endpoint `/mcp` and `GET /health`."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from mcp.server.subscriptions import ListenHandler
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from planet_mcp.errors import PlanetError, SettingsError
from planet_mcp.planet import Planet
from planet_mcp.server.app import PlanetServer
from planet_mcp.urls import literal_address

GRACE_SECONDS = 2
MAX_REQUEST_BODY = 2**20
KEEP_ALIVE_SECONDS = 30


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket; port 0 takes a free one.

    Raises:
        SettingsError: The address is not of this machine alone, or is in use.
    """
    address = literal_address(host)
    if host != "localhost" and (address is None or not address.is_loopback):
        raise SettingsError(
            f"--host {host}: only loopback addresses (127.0.0.1, ::1) are served; to serve other "
            "machines, put a proxy that authenticates its users in front."
        )
    family = socket.AF_INET6 if address and address.version == 6 else socket.AF_INET  # noqa: PLR2004
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"Cannot listen on {host}:{port}: {error.strerror}. Choose another --port."
        ) from error
    return listener


def create_app(server: PlanetServer, planet: Planet, *, port: int) -> Starlette:
    """Build the ASGI application for a server that listens on this port of the machine."""

    async def health(_: Request) -> JSONResponse:
        return await _health(planet)

    names = [f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")]
    app = server.streamable_http_app(
        stateless_http=True,
        max_request_body_size=MAX_REQUEST_BODY,
        # Exact names: the `host:*` form would let 127.0.0.1:x.example pass.
        transport_security=TransportSecuritySettings(
            allowed_hosts=names, allowed_origins=[f"http://{name}" for name in names]
        ),
    )
    app.router.routes.append(Route("/health", health, methods=["GET"]))
    # The SDK checks /mcp alone against DNS rebinding.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]"])
    return app


async def _health(planet: Planet) -> JSONResponse:
    try:
        status = (await planet.status()).result
    except PlanetError as error:
        return JSONResponse({"status": "failing", "problem": str(error)}, status_code=503)
    return JSONResponse({"status": "ok", **status.structured()})


class _Uvicorn(uvicorn.Server):
    """uvicorn that ends open `subscriptions/listen` streams first, which it would wait for."""

    def __init__(self, config: uvicorn.Config, server: PlanetServer) -> None:
        super().__init__(config)
        self._server = server

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End in good order on a signal; uvicorn would raise it again before we can clean up."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, self.handle_exit, number, None)
            except NotImplementedError:  # Windows
                signal.signal(number, self.handle_exit)
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        low_level = self._server._lowlevel_server  # noqa: SLF001 - the handler has no other owner
        entry = low_level.get_request_handler("subscriptions/listen")
        if entry and isinstance(entry.handler, ListenHandler):
            entry.handler.close()
        await super().shutdown(sockets)


async def serve(server: PlanetServer, planet: Planet, listener: socket.socket) -> None:
    """Serve on an open socket until a signal comes."""
    port: int = listener.getsockname()[1]
    config = uvicorn.Config(
        create_app(server, planet, port=port),
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    await _Uvicorn(config, server).serve(sockets=[listener])
