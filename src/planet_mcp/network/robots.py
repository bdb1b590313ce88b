"""What robots.txt lets this program fetch unasked (RFC 9309), read once a day from each site."""

from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from planet_mcp.errors import BadResponseError
from planet_mcp.network.web import Web

AGENT = "planet-mcp"
READ_EVERY = timedelta(days=1)
MOST_BYTES = 500 * 1024
LONGEST_DELAY = 60.0


class Rules:
    """The rules of one site for this program.

    Raises:
        ValueError: The text cannot be read.
    """

    def __init__(self, text: str, *, read_at: datetime) -> None:
        from urllib.robotparser import RobotFileParser  # deferred: few processes read rules

        self._parser = RobotFileParser()
        self._parser.parse(text.splitlines())
        self.read_at = read_at

    @property
    def delay(self) -> float:
        """Return how many seconds the site wants between two requests, at most a minute."""
        return min(float(self._parser.crawl_delay(AGENT) or 0), LONGEST_DELAY)

    def allow(self, url: str) -> bool:
        """Say whether a page may be fetched."""
        try:
            return self._parser.can_fetch(AGENT, url)
        except ValueError:
            return False


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
        try:
            return Rules(text, read_at=self._clock())
        except ValueError as error:
            raise BadResponseError(f"{url} cannot be read: {error}.") from error

    async def _text(self, url: str) -> str:
        try:
            document = await self._web.get(url, accept="text/plain")
        except BadResponseError as error:
            if _has_none(error.status):
                return ""
            raise
        return document.body[:MOST_BYTES].decode("utf-8-sig", "replace")


def _has_none(status: int | None) -> bool:
    """Say whether a status means that there are no rules (RFC 9309, section 2.3.1.3)."""
    if status is None or status == HTTPStatus.TOO_MANY_REQUESTS:
        return False
    return HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
