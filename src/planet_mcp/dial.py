"""Connections to judged addresses only: one look-up, every address judged, exactly one dialled."""

import asyncio
import socket
from collections.abc import Iterable, Sequence

import httpcore

from planet_mcp.threads import DaemonThreads
from planet_mcp.urls import IPNetwork, check_address, literal_address

CONNECT_SECONDS = 5.0
LOOKUP_SECONDS = 5.0
MAX_ADDRESSES = 4
LOOKUPS = 32

# getaddrinfo cannot be cancelled; stalled ones must not hold up all the others.
_lookups = DaemonThreads(LOOKUPS, name="lookup")


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """The network under an httpcore pool, which refuses addresses that are not public."""

    def __init__(self, allowed: Sequence[IPNetwork]) -> None:
        self._allowed = allowed
        self._inner = httpcore.AnyIOBackend()

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
            BlockedAddressError: One of the host's addresses is not public.
            BlockedUrlError: The port is not allowed.
        """
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in (await self._judged(host, port))[:MAX_ADDRESSES]:
            try:
                return await self._inner.connect_tcp(
                    address,
                    port,
                    timeout=min(timeout or CONNECT_SECONDS, CONNECT_SECONDS),
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def _judged(self, host: str, port: int) -> list[str]:
        literal = literal_address(host)
        texts = [str(literal)] if literal else await _look_up(host, port)
        for text in texts:
            address = literal_address(text)
            if address is None:
                raise httpcore.ConnectError(f"{host} resolves to the unusable address {text}")
            # One bad address among good ones is an attack or a split horizon: it refuses all.
            check_address(address, port, allowed=self._allowed)
        return texts


async def _look_up(host: str, port: int) -> list[str]:
    try:
        async with asyncio.timeout(LOOKUP_SECONDS):
            return await _lookups.run(lambda: _addresses(host, port))
    except TimeoutError:
        reason = f"looking up {host} took over {LOOKUP_SECONDS:.0f} s"
        raise httpcore.ConnectTimeout(reason) from None
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"the name {host} was not found ({error})") from error


def _addresses(host: str, port: int) -> list[str]:
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in infos))
