"""The errors of the libraries below, and the `FetchError` that each becomes at the boundary."""

from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import h11
import httpcore
import httpx

from planet_mcp.errors import (
    BadResponseError,
    DeadlineError,
    FetchError,
    TooLargeError,
    UnreachableError,
)
from planet_mcp.network.authorities import advice_on
from planet_mcp.network.decoding import too_large
from planet_mcp.network.limits import Limits
from planet_mcp.network.transport import EndlessError
from planet_mcp.urls import shown

_UNREACHABLE = (
    *(httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.ProxyError),
    *(httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError),
)
_LATE = (
    *(TimeoutError, httpcore.TimeoutException, httpcore.PoolTimeout, httpcore.ReadTimeout),
    *(httpcore.WriteTimeout, httpx.TimeoutException, httpx.PoolTimeout, httpx.ReadTimeout),
    httpx.WriteTimeout,
)
_BROKEN = (
    *(httpcore.NetworkError, httpcore.ReadError, httpcore.WriteError, httpcore.ProtocolError),
    *(httpcore.LocalProtocolError, httpcore.RemoteProtocolError, httpcore.UnsupportedProtocol),
    *(httpcore.ConnectionNotAvailable, httpx.HTTPError, httpx.RequestError, httpx.TransportError),
    *(httpx.NetworkError, httpx.ReadError, httpx.WriteError, httpx.CloseError),
    *(httpx.ProtocolError, httpx.LocalProtocolError, httpx.RemoteProtocolError),
    *(httpx.UnsupportedProtocol, httpx.DecodingError, httpx.TooManyRedirects),
    *(httpx.HTTPStatusError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError),
    *(httpx.StreamClosed, httpx.StreamConsumed, httpx.RequestNotRead, httpx.ResponseNotRead),
    *(h11.ProtocolError, h11.LocalProtocolError, h11.RemoteProtocolError),
    *(anyio.BrokenResourceError, anyio.BusyResourceError, anyio.ClosedResourceError),
    *(anyio.EndOfStream, anyio.IncompleteRead, OSError, UnicodeError),
)
# What each error becomes, by the nearest of its classes that is here.
KINDS: dict[type[Exception], type[FetchError]] = {
    EndlessError: TooLargeError,
    **dict.fromkeys(_UNREACHABLE, UnreachableError),
    **dict.fromkeys(_LATE, DeadlineError),
    **dict.fromkeys(_BROKEN, BadResponseError),
}


@contextmanager
def translated(name: str, limits: Limits) -> Iterator[None]:
    """Raise a `FetchError` in place of each error in `KINDS`; in it, `name` stands for the URL."""
    try:
        yield
    except tuple(KINDS) as error:
        raise _translation(error, name, limits) from error


def _translation(error: Exception, name: str, limits: Limits) -> FetchError:
    kind = next(KINDS[each] for each in type(error).__mro__ if each in KINDS)
    if kind is TooLargeError:
        return too_large(name, limits)
    if kind is DeadlineError:
        return kind(f"{name} did not answer completely within {limits.seconds:g} s.")
    reason = (str(error) or type(error).__name__).rstrip(".")
    advice = advice_on(error)
    if isinstance(error, httpcore.ProxyError):
        reason = f"the proxy answered {reason}"
    elif kind is BadResponseError:
        # What follows a colon is left out, since it often is what the server sent.
        reason = shown(reason.partition(":")[0])
    return kind(f"{name} could not be reached: {reason}.{f' {advice}.' if advice else ''}")
