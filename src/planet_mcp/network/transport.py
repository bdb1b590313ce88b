"""Connections to judged addresses only: one look-up, every address judged, exactly one dialled."""

import asyncio
import socket
import ssl
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import anyio
import httpcore

from planet_mcp.errors import BlockedAddressError
from planet_mcp.threads import DaemonThreads
from planet_mcp.urls import IPAddress, IPNetwork, check_address, literal_address

CONNECT_SECONDS = 5.0
LOOKUP_SECONDS = 5.0
MAX_ADDRESSES = 4
# getaddrinfo cannot be cancelled, and the system's resolver may need half a minute to give up:
# what a limiter's 16 slots begin in that time, if each look-up stalls, must not delay the others.
LOOKUPS = 128
# What one connection may bring: the head, after any informational ones, then 10 MB of body in the
# frames of its chunks.
MAX_HEAD = 2**17
MAX_RECEIVED = 11 * 2**20
HEAD_STEP, STEP = 4_096, 16_384

# An address on which this process listens itself: what `getsockname` says, host and port.
Listening = tuple[str, int]

_lookups = DaemonThreads(LOOKUPS, name="lookup")


class EndlessError(Exception):
    """A connection brought more than any answer may have."""


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """The network under an httpcore pool, which refuses addresses that are not public.

    `own` are the addresses that this process listens on, which are refused whatever is allowed;
    `proxy` is the one host and port that is trusted, wherever it is.
    """

    def __init__(
        self,
        allowed: Sequence[IPNetwork],
        *,
        own: Collection[Listening] = (),
        proxy: tuple[str, int] | None = None,
    ) -> None:
        self._allowed = allowed
        self._own = own
        self._proxy = proxy
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
            BlockedAddressError: One of the host's addresses is not public, or it is our own.
            BlockedUrlError: The port is not allowed.
        """
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in (await self._judged(host, port))[:MAX_ADDRESSES]:
            try:
                stream = await self._inner.connect_tcp(
                    address,
                    port,
                    timeout=min(timeout or CONNECT_SECONDS, CONNECT_SECONDS),
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return BoundedStream(stream)
        raise failure

    async def _judged(self, host: str, port: int) -> list[str]:
        literal = literal_address(host)
        texts = [str(literal)] if literal else await _look_up(host, port)
        if (host, port) != self._proxy:
            for text in texts:
                # One bad address among good ones is an attack or a split horizon: it refuses all.
                self._judge(host, text, port)
        return texts

    def _judge(self, host: str, text: str, port: int) -> None:
        address = literal_address(text)
        if address is None:
            raise httpcore.ConnectError(f"{host} resolves to the unusable address {text}")
        try:
            check_address(address, port, allowed=self._allowed)
            check_not_own(address, port, self._own)
        except BlockedAddressError as error:
            if literal_address(host):
                raise
            reason = f"{host} leads to where nothing is fetched: {error}"
            raise BlockedAddressError(reason) from None


class BoundedStream(httpcore.AsyncNetworkStream):
    """A connection for one answer, which has an end, and between whose parts others get a turn.

    `answered` says that the head of the answer was read.
    """

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner
        self._received = 0
        self.answered = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read some bytes: few, for each chunk or informational answer in them costs time.

        Raises:
            EndlessError: The answer is longer than any may be.
            httpcore.RemoteProtocolError: Its head is.
        """
        await anyio.lowlevel.checkpoint()
        step = STEP if self.answered else HEAD_STEP
        data = await self._inner.read(min(max_bytes, step), timeout)
        self._received += len(data)
        if not self.answered and self._received > MAX_HEAD:
            raise httpcore.RemoteProtocolError("the head of its answer does not end")
        if self._received > MAX_RECEIVED:
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
        return BoundedStream(await self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        """Return what httpcore asks about the socket."""
        return self._inner.get_extra_info(info)


def check_not_own(address: IPAddress, port: int, own: Collection[Listening]) -> None:
    """Refuse an address at which this process would talk to itself.

    Raises:
        BlockedAddressError: It listens there.
    """
    if any(port == number and _reaches(address, host) for host, number in own):
        raise BlockedAddressError(f"{address} port {port} is where this planet-mcp itself listens.")


def _reaches(address: IPAddress, host: str) -> bool:
    """Say whether who dials this address comes to who listens on this host."""
    target = getattr(address, "ipv4_mapped", None) or address
    listening = literal_address(host)
    if listening is None:
        return False
    # Who dials 0.0.0.0 reaches the machine itself.
    if target.is_unspecified or target == listening:
        return True
    return listening.is_unspecified and _is_of_this_machine(target)


def _is_of_this_machine(address: IPAddress) -> bool:
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET  # noqa: PLR2004
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True


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
