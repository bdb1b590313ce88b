"""Whose requests are answered: by host name, origin and bearer token (reads the token's file)."""

import logging
import re
from base64 import b64decode
from dataclasses import dataclass
from hmac import compare_digest

from starlette.datastructures import Headers

from planet_mcp.errors import SettingsError
from planet_mcp.settings import Settings
from planet_mcp.urls import literal_address

logger = logging.getLogger(__name__)

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
EVERY_ADDRESS = {"", "0.0.0.0", "::"}  # noqa: S104 - to tell them from a name
SHORT_TOKEN = 32
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[^\s\[\]:/@]+?)\.?(?::([0-9]{1,5}))?", re.IGNORECASE)
# What a token may be (RFC 6750, section 2.1). Its length is bounded as headers are.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
LONGEST_TOKEN = 4_096


@dataclass(frozen=True, slots=True)
class Access:
    """Which host names requests may use, and the token that they must carry, if any.

    A name with a port is that name at this port alone, one without at any port.
    """

    hosts: frozenset[str]
    token: str | None = None
    any_address: bool = False

    def knows(self, authority: str, *, local: str = "") -> bool:
        """Return whether a Host header is one of ours, which keeps DNS rebinding out.

        `local` is the address that the connection came to. Where all are listened on, it is ours
        too: rebinding needs a name.
        """
        name, port = _split(authority)
        own = self.any_address and bool(name) and name.strip("[]") == local
        return own or name in self.hosts or f"{name}:{port}" in self.hosts

    def trusts(self, origin: str, *, host: str) -> bool:
        """Return whether a page of this origin may ask: this server's own, or an allowed name's."""
        scheme, _, authority = origin.partition("://")
        if scheme not in {"http", "https"}:
            return False
        if authority.lower() == host.lower():
            return True
        # A loopback name at another port is not trusted: any program of this machine may show pages
        # there.
        return self.knows(authority) and _split(authority)[0] not in LOOPBACK_NAMES

    def admits(self, headers: Headers, *, in_person: bool = False) -> bool:
        """Return whether a request carries the token, if one is set (RFC 6750, section 2.1).

        `in_person`: a browser or feed reader may send it as the password, with any user name
        (RFC 7617).
        """
        if self.token is None:
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if in_person and scheme.lower() == "basic":
            return compare_digest(_password(given.strip()), self.token.encode())
        same = compare_digest(given.strip().encode(), self.token.encode())
        return same and scheme.lower() == "bearer"


def _password(credentials: str) -> bytes:
    try:
        return b64decode(credentials, validate=True).partition(b":")[2]
    except ValueError:
        return b""


def _split(authority: str) -> tuple[str, str | None]:
    """Return host name and port; the name is empty where there is none."""
    match = _AUTHORITY.fullmatch(authority)
    return (match[1].lower(), match[2]) if match else ("", None)


def is_loopback(host: str) -> bool:
    """Return whether an address to listen on is reached from this machine alone."""
    address = literal_address(host)
    return host == "localhost" or bool(address and address.is_loopback)


def access_for(settings: Settings, host: str) -> Access:
    """Return who may ask a server that listens on this address.

    Raises:
        SettingsError: Other machines could reach it without a token, or the token or a name is
            not usable.
    """
    token = _token(settings)
    if token is None and not is_loopback(host):
        raise SettingsError(
            f"--host {host}: other machines could reach it, so it needs a token. Set "
            "PLANET_MCP_TOKEN or --token-file to a long random text, or serve this machine alone "
            "with a loopback address (127.0.0.1, ::1)."
        )
    own = () if host in EVERY_ADDRESS else (f"[{host}]" if ":" in host else host,)
    names = (_allowed(name) for name in (*own, *settings.allowed_hosts))
    return Access(frozenset((*LOOPBACK_NAMES, *names)), token, any_address=host in EVERY_ADDRESS)


def _allowed(name: str) -> str:
    if not _AUTHORITY.fullmatch(name) or "*" in name:
        raise SettingsError(
            f"--allowed-host {name}: not a host name. Give each name as clients write it in the "
            "URL, such as planet.example.org or planet.example.org:8000."
        )
    return name.lower()


def _token(settings: Settings) -> str | None:
    if settings.token_file is not None:
        source = f"--token-file {settings.token_file}"
        try:
            token = settings.token_file.expanduser().read_text("utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{source}: cannot be read: {error}") from error
    elif settings.token is not None:
        source, token = "PLANET_MCP_TOKEN", settings.token.get_secret_value().strip()
    else:
        return None
    if not _TOKEN.fullmatch(token) or len(token) > LONGEST_TOKEN:
        raise SettingsError(
            f"{source}: no request could carry that. A token has letters, digits and . _ ~ + / - "
            f"alone, = at its end, and at most {LONGEST_TOKEN} characters. `python3 -c 'import "
            "secrets; print(secrets.token_urlsafe())'` makes a good one."
        )
    if len(token) < SHORT_TOKEN:
        logger.warning(
            "The token is short enough to be guessed: take one of %d characters.", SHORT_TOKEN
        )
    return token
