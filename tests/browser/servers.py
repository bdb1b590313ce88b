"""What the browser visits: planet-mcp in a process of its own, on databases made for it."""

from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import anyio

from planet_mcp.planet import open_planet
from planet_mcp.requests import FeedQuery, SearchRequest
from planet_mcp.settings import load
from tests.conformance.tools import PYTHON, planet_over_http, serving, variables
from tests.support import planet_week

T = TypeVar("T")


def apart(work: Callable[[Path], Awaitable[T]], database: Path) -> T:
    """Run async work on a database in a thread: this one may have Playwright's event loop."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(anyio.run, work, database).result()


@contextmanager
def planet(database: Path) -> Iterator[str]:
    """Serve a database with the command; yields the server's origin."""
    with planet_over_http(variables(database)) as url:
        yield url.removesuffix("/mcp")


@dataclass(frozen=True, slots=True)
class Served:
    """A server, and the ids of an entry and of a feed that its pages are asked for by."""

    origin: str
    entry: int
    feed: int

    def url(self, path: str) -> str:
        """Return the address of a page; `{entry}` and `{feed}` stand for the ids."""
        return self.origin + path.format(entry=self.entry, feed=self.feed)


@contextmanager
def planet_of_week(folder: Path, *, entry: str, feed: str, **own: str) -> Iterator[Served]:
    """Serve the week, as of the morning after it, with a database in a folder.

    The entry and the feed are named by their titles; the server has settings of its own.
    """
    database = folder / "planet.sqlite"
    apart(planet_week.make, database)
    ids = apart(partial(_ids, entry=entry, feed=feed), database)
    with serving(PYTHON, "-m", "tests.browser.server", **variables(database), **own) as url:
        yield Served(url.removesuffix("/mcp"), *ids)


async def _ids(database: Path, *, entry: str, feed: str) -> tuple[int, int]:
    async with open_planet(load(database=database, feeds="none")) as opened:
        (hit, *_) = (await opened.search_entries(SearchRequest(f'"{entry}"'))).result.hits
        (row,) = (await opened.list_feeds(FeedQuery(feed))).result.feeds
    return hit.entry_id, row.feed_id
