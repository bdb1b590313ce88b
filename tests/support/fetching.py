"""The network's face as most tests want it: without waiting between requests."""

import ipaddress

from pydantic import SecretStr

from planet_mcp.network import Access, Limits, Pace, Web
from planet_mcp.urls import IPNetwork

LOOPBACK: tuple[IPNetwork, ...] = (ipaddress.ip_network("127.0.0.0/8"),)
AT_ONCE = Pace(delay=0, concurrency=64)


def open_web(
    allowed: tuple[IPNetwork, ...] = (),
    *,
    proxy: SecretStr | None = None,
    limits: Limits | None = None,
) -> Web:
    """Return a web that lets as many requests to a domain begin as there are."""
    return Web(Access(allowed, proxy=proxy), pace=AT_ONCE, limits=limits or Limits())
