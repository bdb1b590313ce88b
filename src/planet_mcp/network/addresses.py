"""The address guard: which URL is asked for, and which addresses of its host may be dialled."""

import asyncio
import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass

import httpcore
import httpx

from planet_mcp.errors import BlockedAddressError, BlockedUrlError
from planet_mcp.threads import DaemonThreads
from planet_mcp.urls import DEFAULT_PORTS, IPAddress, IPNetwork, literal_address, shown
from planet_mcp.vetting import check_address, check_spelling, check_target

# A host and port on which this process listens, as `getsockname` returns them.
Listening = tuple[str, int]
# How many look-ups may run at once: getaddrinfo cannot be cancelled, and the system's resolver may
# need half a minute to give up. Hanging ones, of 16 requests at a time, must not delay the others.
LOOKUPS = 128

_lookups = DaemonThreads(LOOKUPS, name="lookup")


@dataclass(frozen=True, slots=True)
class AddressGuard:
    """The rules of what may be fetched and dialled.

    `allowed` are networks that are not public and yet allowed, `own` the addresses on which this
    process listens, which are refused whatever is allowed. `proxy` is the one host and port that is
    trusted, wherever it is; it looks names up, so that of a URL only the spelling and a literal
    address are vetted here.
    """

    allowed: tuple[IPNetwork, ...] = ()
    own: Collection[Listening] = ()
    proxy: tuple[str, int] | None = None

    def url(self, raw: str) -> httpx.URL:
        """Return a URL, without its fragment, if nothing in it forbids to fetch it.

        Raises:
            BlockedUrlError: Its spelling, scheme, port or host is not allowed.
            BlockedAddressError: Its host is a literal address that is not public, or our own.
        """
        check_spelling(raw)
        try:
            url = httpx.URL(raw).copy_with(fragment=None)
        except (httpx.InvalidURL, ValueError) as error:
            raise BlockedUrlError(f"{shown(raw)!r} is not a URL.") from error
        host, looked_up = url.raw_host.decode("ascii"), self.proxy is None
        check_target(url.scheme, host, url.port, allowed=self.allowed, looked_up=looked_up)
        literal = literal_address(host)
        if literal:
            check_not_own(literal, url.port or DEFAULT_PORTS[url.scheme], self.own)
        return url

    def check_all(self, host: str, addresses: Collection[str], port: int) -> None:
        """Refuse a host if one of its addresses may not be dialled, unless it is the proxy.

        One bad address among good ones is an attack or a split horizon, so it refuses all.

        Raises:
            BlockedAddressError: One of them is not public, or our own.
            BlockedUrlError: The port is not allowed.
            httpcore.ConnectError: One of them is no address.
        """
        if (host, port) != self.proxy:
            for text in addresses:
                self._check(host, text, port)

    def _check(self, host: str, text: str, port: int) -> None:
        address = literal_address(text)
        if address is None:
            raise httpcore.ConnectError(f"{host} resolves to the unusable address {text}")
        try:
            check_address(address, port, allowed=self.allowed)
            check_not_own(address, port, self.own)
        except BlockedAddressError as error:
            if literal_address(host):
                raise
            reason = f"{host} leads to where nothing is fetched: {error}"
            raise BlockedAddressError(reason) from None


def check_not_own(address: IPAddress, port: int, own: Collection[Listening]) -> None:
    """Refuse an address at which this process would talk to itself.

    Raises:
        BlockedAddressError: It listens there.
    """
    if any(port == number and _reaches(address, host) for host, number in own):
        raise BlockedAddressError(f"{address} port {port} is where this planet-mcp itself listens.")


def _reaches(address: IPAddress, host: str) -> bool:
    """Return whether a connection to this address is accepted by who listens on this host."""
    target = getattr(address, "ipv4_mapped", None) or address
    listening = literal_address(host)
    if listening is None:
        return False
    # A connection to 0.0.0.0 reaches the machine itself.
    if target.is_unspecified or target == listening:
        return True
    return listening.is_unspecified and _is_of_this_machine(target)


def _is_of_this_machine(address: IPAddress) -> bool:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True


async def addresses_of(
    host: str, port: int, look_up: Callable[[str, int], list[str]], *, seconds: float
) -> list[str]:
    """Return the addresses of a host: the one that it spells out, or those of its name.

    Raises:
        httpcore.ConnectError: The name was not found.
        httpcore.ConnectTimeout: The look-up took too long.
    """
    literal = literal_address(host)
    if literal:
        return [str(literal)]
    try:
        async with asyncio.timeout(seconds):
            return await _lookups.run(lambda: look_up(host, port))
    except TimeoutError:
        reason = f"looking up {host} took over {seconds:g} s"
        raise httpcore.ConnectTimeout(reason) from None
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"the name {host} was not found ({error})") from error
