"""The rules of which URLs and addresses may be reached (pure)."""

import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from planet_mcp.errors import BlockedAddressError, BlockedUrlError
from planet_mcp.urls import (
    DEFAULT_PORTS,
    MAX_URL,
    NUMERIC_LABEL,
    IPAddress,
    IPNetwork,
    literal_address,
    shown,
)

PORTS = frozenset({80, 443, 8000, 8008, 8080, 8443})

# IANA IPv4 and IPv6 special-purpose address registries, plus multicast and a cloud's metadata
# address. Our own table, because ipaddress.is_global differs between Python's patch releases.
_SPECIAL = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32"),
        *("169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24"),
        *("192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"),
    )
)
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
_MAPPED_IPV4 = (ipaddress.ip_network("::ffff:0:0/96"), ipaddress.ip_network("64:ff9b::/96"))

_LOCAL_SUFFIXES = (
    *(".localhost", ".local", ".internal", ".intranet", ".lan", ".home", ".corp", ".private"),
    *(".localdomain", ".onion", ".alt", ".test", ".invalid", ".arpa"),
)
_HOST_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9][a-z0-9-]{0,62}\.?")
# RFC 1035, section 2.3.4: 255 bytes, with the length of each label and of the root.
_LONGEST_NAME = 253
_CONTROL_OR_SPACE = re.compile(r"[\x00-\x20\x7f]")
_AUTHORITY = re.compile(r"[^/?#]*//([^/?#]*)")


def check_spelling(raw: str) -> None:
    """Refuse a URL that parsers could read differently, before any of them reads it.

    Raises:
        BlockedUrlError: It is empty, too long, or has white space, control characters, or what
            `check_parts` refuses.
    """
    if not raw:
        raise BlockedUrlError("The URL is empty; give an http:// or https:// address.")
    if len(raw) > MAX_URL:
        raise BlockedUrlError(f"The URL is longer than {MAX_URL} characters.")
    if _CONTROL_OR_SPACE.search(raw):
        raise BlockedUrlError("The URL contains white space or control characters.")
    check_parts(raw)


def check_parts(raw: str) -> None:
    """Refuse a URL, or a reference to one, of which parsers could take different parts.

    Raises:
        BlockedUrlError: It has backslashes, a user name or password, or a port in other digits.
    """
    if "\\" in raw:
        raise BlockedUrlError("The URL contains backslashes.")
    found = _AUTHORITY.match(raw)
    authority = found[1] if found else ""
    if "@" in authority:
        raise BlockedUrlError("A URL with a user name or password is not fetched.")
    _, colon, port = authority.rpartition(":")
    if colon and not port.isascii():
        raise BlockedUrlError("The port of the URL is not a number.")


def check_url(raw: str, *, allowed: Sequence[IPNetwork]) -> None:
    """Refuse a URL that would not be fetched whatever its name stands for.

    Raises:
        BlockedUrlError: Its spelling, scheme, port or host is not allowed.
        BlockedAddressError: Its host is a literal address that is not public.
    """
    check_spelling(raw)
    try:
        parts = urlsplit(raw)
        port = parts.port
    except ValueError as error:
        raise BlockedUrlError(f"{shown(raw)!r} is not a URL.") from error
    check_target(parts.scheme, parts.hostname or "", port, allowed=allowed)


def check_target(
    scheme: str,
    host: str,
    port: int | None,
    *,
    allowed: Sequence[IPNetwork],
    looked_up: bool = True,
) -> None:
    """Refuse what a URL names when that can be vetted without a look-up.

    `allowed` are the networks that the operator allows: where there are any, odd ports and local
    names are left to `check_address`, once the address is known. With `looked_up=False` it never
    will be, because a proxy looks names up.

    Raises:
        BlockedUrlError: The scheme, port or host name is not allowed.
        BlockedAddressError: The host is a literal address that is not public.
    """
    if scheme not in DEFAULT_PORTS:
        raise BlockedUrlError("Only http:// and https:// URLs are fetched.")
    if not host:
        raise BlockedUrlError("The URL names no host; give one as in https://example.org/feed.")
    number = port if port is not None else DEFAULT_PORTS[scheme]
    address = literal_address(host)
    if address is not None:
        check_address(address, number, allowed=allowed)
        return
    _check_is_name(host.lower())
    if not (allowed and looked_up):
        check_port(number)
        _check_is_public_name(host.lower())


def _check_is_name(host: str) -> None:
    if len(host.rstrip(".")) > _LONGEST_NAME:
        raise BlockedUrlError(
            f"The host {shown(host)!r} is longer than the {_LONGEST_NAME} characters of a name."
        )
    if NUMERIC_LABEL.fullmatch(host.rstrip(".").rsplit(".", 1)[-1]):
        raise BlockedUrlError(f"The host {shown(host)!r} is a number in disguise, not a name.")


def _check_is_public_name(host: str) -> None:
    if not _HOST_NAME.fullmatch(host) or f".{host.rstrip('.')}".endswith(_LOCAL_SUFFIXES):
        raise BlockedUrlError(
            f"The host {shown(host)!r} is not a public name; to allow an intranet, set "
            "PLANET_MCP_ALLOW_NETWORKS to its addresses."
        )


def check_port(port: int) -> None:
    """Refuse a port on which no public web server is expected.

    Raises:
        BlockedUrlError: The port is not in `PORTS`.
    """
    if port not in PORTS:
        raise BlockedUrlError(
            f"Port {port} is not fetched; allowed are {', '.join(map(str, sorted(PORTS)))}."
        )


def check_address(address: IPAddress, port: int, *, allowed: Sequence[IPNetwork]) -> None:
    """Refuse an address that is about to be dialled unless it is public or allowed.

    Raises:
        BlockedAddressError: The address is not public.
        BlockedUrlError: It is public, but the port is not allowed.
    """
    if any(address.version == network.version and address in network for network in allowed):
        return
    if not _is_public(address):
        raise BlockedAddressError(
            f"{address} is not a public address; to allow it, set PLANET_MCP_ALLOW_NETWORKS."
        )
    check_port(port)


def _is_public(address: IPAddress) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id:
            return False
        if any(address in network for network in _MAPPED_IPV4):
            # An IPv4 address that is mapped into IPv6 is as public as itself.
            return _is_public(ipaddress.IPv4Address(address.packed[-4:]))
        if address not in _GLOBAL_UNICAST:
            return False
    return not any(address.version == net.version and address in net for net in _SPECIAL)
