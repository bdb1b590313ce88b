"""What robots.txt lets this program fetch unasked (RFC 9309), read once a day from each site."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio

from planet_mcp.errors import BadResponseError
from planet_mcp.network.web import Web

if TYPE_CHECKING:
    from protego import Protego

AGENT = "planet-mcp"
READ_EVERY = timedelta(days=1)
# How much of a file is read (RFC 9309, section 2.5).
MAX_BYTES = 500 * 1024
MAX_DELAY = 60.0


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one site for this program."""

    parser: "Protego"
    read_at: datetime

    @property
    def delay(self) -> float:
        """Return how many seconds the site wants between two requests, at most a minute."""
        return min(self.parser.crawl_delay(AGENT) or 0.0, MAX_DELAY)

    def allow(self, url: str) -> bool:
        """Return whether a page may be fetched."""
        return self.parser.can_fetch(url, AGENT)


class Robots:
    """Reads the rules of sites, each once a day."""

    def __init__(self, web: Web, *, clock: Callable[[], datetime]) -> None:
        self._web = web
        self._clock = clock
        self._rules: dict[str, Rules] = {}

    async def rules(self, url: str) -> Rules:
        """Return the rules of the site that a page is on.

        Raises:
            FetchError: The site does not say what it allows, so nothing is to be asked of it.
        """
        parts = urlsplit(url)
        site, before = f"{parts.scheme}://{parts.netloc}", self._clock() - READ_EVERY
        self._rules = {key: each for key, each in self._rules.items() if each.read_at > before}
        if site not in self._rules:
            self._rules[site] = await self._read(f"{site}/robots.txt")
        return self._rules[site]

    async def _read(self, url: str) -> Rules:
        text = await self._text(url)
        # Parsed in a thread, since 500 kB of rules take a fifth of a second.
        parser = await anyio.to_thread.run_sync(_parsed, text)
        return Rules(parser, read_at=self._clock())

    async def _text(self, url: str) -> str:
        try:
            document = await self._web.get(url, accept="text/plain")
        except BadResponseError as error:
            if _has_none(error.status):
                return ""
            raise
        return document.body[:MAX_BYTES].decode("utf-8-sig", "replace")


def _parsed(text: str) -> "Protego":
    from protego import Protego  # deferred: few processes read rules

    return Protego.parse(text)


def _has_none(status: int | None) -> bool:
    """Return whether a status means that there are no rules (RFC 9309, section 2.3.1.3)."""
    if status is None or status == HTTPStatus.TOO_MANY_REQUESTS:
        return False
    return HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
