"""How the web is reached: a value that is light to load."""

from dataclasses import dataclass

from pydantic import SecretStr

from planet_mcp.urls import IPNetwork


@dataclass(frozen=True, slots=True)
class Access:
    """How the web is reached, as the settings say.

    `allowed` are the networks that are fetched from although they are not public, `contact` goes
    into the User-Agent, and `proxy` is a trusted hop for all requests.
    """

    allowed: tuple[IPNetwork, ...] = ()
    contact: str | None = None
    proxy: SecretStr | None = None
