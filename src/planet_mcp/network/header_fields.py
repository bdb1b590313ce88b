"""What the header fields of an answer say: validators, freshness, a pause, the type."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from planet_mcp.models import Validators

MAX_VALIDATOR = 1_000
MAX_TYPE = 200
MAX_REFRESH = 2_000

# The fields of what is left of an allowance, at GitHub, at Reddit and in drafts of the IETF.
_LEFT = ("ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining")
_NOTHING = re.compile(r"0+(?:\.0+)?")
_PRINTABLE = re.compile(r"[ -~]+")


def conditions(url: str, validators: Validators) -> dict[str, str]:
    """Return the fields that make a request conditional, if the validators are of this URL."""
    if validators.url != url:
        return {}
    headers = {"If-None-Match": validators.etag, "If-Modified-Since": validators.last_modified}
    return {name: value for name, value in headers.items() if value and _is_sendable(value)}


def validators_of(url: str, headers: httpx.Headers, before: Validators | None = None) -> Validators:
    """Return the validators of an answer, and those from before that it does not renew."""
    known = before or Validators(url)
    return Validators(
        known.url,
        etag=_validator(headers, "etag") or known.etag,
        last_modified=_validator(headers, "last-modified") or known.last_modified,
    )


def _validator(headers: httpx.Headers, name: str) -> str | None:
    """Return a validator, unless it is one that cannot be sent back as it came."""
    value = headers.get(name, "")
    return value if _is_sendable(value) else None


def _is_sendable(value: str) -> bool:
    return len(value) <= MAX_VALIDATOR and bool(_PRINTABLE.fullmatch(value))


def content_type(headers: httpx.Headers) -> str:
    """Return the Content-Type without what cannot be printed."""
    return "".join(_PRINTABLE.findall(headers.get("content-type", "")))[:MAX_TYPE]


def refresh(headers: httpx.Headers) -> str:
    """Return the Refresh field, which browsers take for a `<meta http-equiv="refresh">`."""
    field: str = headers.get("refresh", "")
    return field[:MAX_REFRESH]


def fresh_for(headers: httpx.Headers) -> int | None:
    """Return how many seconds an answer is fresh, if it says so (RFC 9111, section 4.2.1)."""
    for directive in headers.get("cache-control", "").lower().split(","):
        name, _, value = directive.strip().partition("=")
        if name == "max-age" and value.strip('" ').isdecimal():
            return int(value.strip('" ')[:9])
    return seconds_until(headers.get("expires", ""))


def says_limit(headers: httpx.Headers) -> bool:
    """Return whether an answer says that no more requests are allowed for a while."""
    return any(_NOTHING.fullmatch(headers.get(name, "").strip()) for name in _LEFT)


def seconds_until(value: str) -> int | None:
    """Read a delay in seconds or an HTTP date (RFC 9110, section 10.2.3); the past is None."""
    if value.strip().isdecimal():
        return int(value.strip()[:9])
    try:
        moment = parsedate_to_datetime(value)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = int((aware - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return seconds if seconds > 0 else None
