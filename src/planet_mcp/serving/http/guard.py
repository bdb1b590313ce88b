"""The checks before every route: access, the number of requests, and their bodies."""

import asyncio
import logging
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from planet_mcp.serving.http.access import Access

logger = logging.getLogger(__name__)

MCP, HEALTH = "/mcp", "/health"
MAX_SHOWN = 100
# The headers of every answer, unless it sets them itself, as pages do with their policy.
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the HTTP server; sizes are in bytes."""

    # From the opening of a connection, or the last answer on it, to the end of the headers.
    header_seconds: float = 10.0
    body_seconds: float = 10.0
    keep_alive_seconds: int = 30
    # For the calls under way when a signal ends the server.
    grace_seconds: int = 2
    headers: int = 2**14
    body: int = 2**20
    # How many requests may be under way, open `subscriptions/listen` streams among them.
    requests: int = 256
    # How many connections: fewer than the 1,024 file descriptors that a process has by default.
    connections: int = 768


DEFAULTS = Limits()


class Guard:
    """ASGI middleware that answers what must not reach the application."""

    def __init__(self, app: ASGIApp, *, access: Access, limits: Limits) -> None:
        self._app = app
        self._access = access
        self._limits = limits
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"] == f"{MCP}/":
            # Not redirected but answered: a redirect would lead to http:// even behind a proxy that
            # serves https://.
            scope = {**scope, "path": MCP, "raw_path": MCP.encode()}
        send = _protected(send)
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        self._running += 1
        try:
            await self._pass_on(scope, receive, send)
        except asyncio.CancelledError:
            # The server ends. Passed on, the cancellation would be a traceback in uvicorn's log.
            logger.info("A request was cut short.")
        finally:
            self._running -= 1

    def _refusal(self, scope: Scope) -> Response | None:
        path, method, headers = scope["path"], scope["method"], Headers(scope=scope)
        local = (scope.get("server") or ("",))[0]
        return (
            _wrong_name(headers, self._access, local=local)
            or _long_headers(scope, self._limits)
            or (None if path == HEALTH else _no_token(headers, self._access, path))
            or (_busy() if self._running >= self._limits.requests else None)
            or _no_stream(path, method)
            or (_too_large(self._limits) if _length(headers) > self._limits.body else None)
        )

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application once the whole body is here, in time and within bounds."""
        seconds = self._limits.body_seconds
        try:
            async with asyncio.timeout(seconds):
                body = await _read(receive, self._limits.body)
        except TimeoutError:
            slow = _closing(408, f"The body did not arrive within {seconds:.0f} s.")
            await slow(scope, receive, send)
            return
        if body is None:
            return  # the client went away in the middle of it
        if len(body) > self._limits.body:
            await _too_large(self._limits)(scope, receive, send)
        else:
            await self._app(scope, _replayed(body, receive), send)


def _protected(send: Send) -> Send:
    """Return a `send` that adds `_HEADERS` to each answer."""

    async def protect(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return protect


def _wrong_name(headers: Headers, access: Access, *, local: str) -> Response | None:
    host, origin = headers.get("host", ""), headers.get("origin")
    if not access.knows(host, local=local):
        return PlainTextResponse(
            f"This server does not go by the name {host[:MAX_SHOWN]!r}. If it is its name, start "
            "it with --allowed-host NAME.\n",
            status_code=421,
        )
    if origin is not None and not access.trusts(origin, host=host):
        return PlainTextResponse(
            f"Pages of {origin[:MAX_SHOWN]!r} may not use this server.\n", status_code=403
        )
    return None


def _no_token(headers: Headers, access: Access, path: str) -> Response | None:
    in_person = path != MCP
    if access.admits(headers, in_person=in_person):
        return None
    # A request without any credentials gets no error code (RFC 6750, section 3.1).
    error = ', error="invalid_token"' if "authorization" in headers else ""
    said = "A bearer token is required: send `Authorization: Bearer TOKEN`.\n"
    if in_person:
        said += "In a browser or a feed reader: any user name, and the token as the password.\n"
    response = PlainTextResponse(
        said,
        status_code=401,
        headers={"WWW-Authenticate": f'Bearer realm="planet-mcp"{error}'},
    )
    if in_person:
        # Added as a second field: not all browsers read a second challenge behind a comma.
        response.headers.append("WWW-Authenticate", 'Basic realm="planet-mcp", charset="UTF-8"')
    return response


def _no_stream(path: str, method: str) -> Response | None:
    """Refuse the stream that older clients open beside their requests, as nothing is sent on it.

    MCP 2025-11-25, "Listening for Messages from the Server" allows that; an open one would count
    as a request for as long as its client lives.
    """
    if path != MCP or method == "POST":
        return None
    return PlainTextResponse("Only POST.\n", status_code=405, headers={"Allow": "POST"})


def _long_headers(scope: Scope, limits: Limits) -> Response | None:
    if sum(len(name) + len(value) for name, value in scope["headers"]) <= limits.headers:
        return None
    return _closing(431, f"The headers of a request have at most {limits.headers} bytes.")


def _busy() -> Response:
    return _closing(503, "Too many requests at once; try again in a moment.", retry_after="1")


def _too_large(limits: Limits) -> Response:
    return _closing(413, f"A request has at most {limits.body} bytes.")


def _closing(status: int, text: str, *, retry_after: str | None = None) -> Response:
    """Answer and end the connection, since the rest of the request is not read."""
    headers = {"Connection": "close"}
    if retry_after:
        headers["Retry-After"] = retry_after
    return PlainTextResponse(f"{text}\n", status_code=status, headers=headers)


def _length(headers: Headers) -> int:
    length = headers.get("content-length", "0")
    return int(length) if length.isdecimal() else 0


async def _read(receive: Receive, most: int) -> bytes | None:
    """Return a body, or so much of it that it is too long; None if the client went away."""
    body, more = bytearray(), True
    while more and len(body) <= most:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the body, which was read already, then what comes after it."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
