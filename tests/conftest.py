"""What tests share: a loopback web, settings that stay in a temporary folder, open planets."""

import atexit
import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from planet_mcp.network import Web
from planet_mcp.planet import Parts, Planet, open_planet
from planet_mcp.settings import Settings, load
from planet_mcp.store import Store
from planet_mcp.times import utc_now
from planet_mcp.urls import ServerAddress
from tests.support.documents import Post, rss
from tests.support.parsers import quick_worker
from tests.support.postgres import new_database
from tests.support.site import Site, running_site

LOOPBACK = "127.0.0.0/8,::1/128"

# Without deadlines: a busy machine is no fault of the code. `--hypothesis-profile` takes another.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None)
settings.register_profile("nightly", deadline=None, max_examples=2_000)
settings.load_profile("ci" if os.environ.get("CI") else "here")


# A transaction waits for a disk four times, which was a third of the time of all tests together.
MEMORY, ROOM = Path("/dev/shm"), 2 << 30

# Files of ten CPU seconds and more: if one of them came last, all other workers would wait for it.
LONG = tuple(
    Path(__file__).parent / name
    for name in (
        "browser/test_pages.py",
        "serving/stdio/test_stdio.py",
        "planet/test_latest.py",
        "serving/http/test_web.py",
        "network/test_fetcher.py",
        "serving/mcp/test_arguments.py",
        "planet/test_catch_up.py",
        "site/test_build.py",
        "sandbox/test_child.py",
        "store/test_durability.py",
        "feeds/test_refresh.py",
        "cli/test_commands.py",
        "site/test_pages.py",
        "serving/test_processes.py",
        "browser/test_harness.py",
    )
)

# What a store promises, whichever engine it is on.
ON_BOTH_ENGINES = frozenset(
    f"tests.{name}"
    for name in (
        "store.test_updates",
        "planet.test_archives",
        "planet.test_catch_up",
        "planet.test_cursors",
        "planet.test_feed_list",
        "planet.test_trending",
        "planet.test_watermarks",
        "pictures.test_pictures",
        "site.test_pages",
    )
)
# With --both-engines, what takes minutes.
ALSO_ON_BOTH_ENGINES = frozenset(
    f"tests.{name}"
    for name in (
        "feeds.test_refresh",
        "feeds.test_subscribing",
        "store.test_stories",
        "store.test_recognition",
        "store.test_duplicates_in_one_feed",
        "store.search.test_ranking",
        "planet.test_article_text",
        "planet.test_latest",
        "planet.test_lookup",
        "planet.test_occurrences",
        "planet.test_scripts",
        "planet.test_search",
        "planet.test_spelling",
        "meaning.test_search",
        "meaning.test_related",
    )
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let more tests be run on both engines than there is time for always."""
    parser.addoption("--both-engines", action="store_true", help="also what takes minutes")


def pytest_configure() -> None:
    """Keep temporary files in memory, unless the caller names a folder, or there is no room."""
    in_memory = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    if in_memory and "TMPDIR" not in os.environ:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the workers begin with the long files; all others stay in their random order."""
    items.sort(key=lambda item: LONG.index(item.path) if item.path in LONG else len(LONG))


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what is there until the end: libraries and tests."""
    gc.collect()
    gc.freeze()


def pytest_xdist_auto_num_workers() -> int:
    """Return the number of workers: one more than cores, as tests wait for programs and sockets."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of what a store promises on both engines."""
    chosen = ON_BOTH_ENGINES
    if metafunc.config.getoption("--both-engines"):
        chosen |= ALSO_ON_BOTH_ENGINES
    if metafunc.module.__name__ in chosen:
        metafunc.parametrize("engine", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """Return the engine of a test's database."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture(autouse=True)
def _own_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database: Path | ServerAddress
) -> None:
    set_apart(monkeypatch, tmp_path)
    if isinstance(database, ServerAddress):
        monkeypatch.setenv("PLANET_MCP_DATABASE", database.uri)


def set_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep away the settings and the database of whoever runs a test, and the internet."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"PLANET_MCP_{name.upper()}", raising=False)
    monkeypatch.setenv("PLANET_MCP_DATABASE", str(tmp_path / "planet.sqlite"))
    monkeypatch.setenv("PLANET_MCP_FEEDS", "none")
    monkeypatch.setenv("PLANET_MCP_ALLOW_NETWORKS", LOOPBACK)
    monkeypatch.setenv("PLANET_MCP_HOST_DELAY", "0")
    monkeypatch.setenv("PLANET_MCP_HOST_CONCURRENCY", "16")


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


@pytest.fixture
def database(tmp_path: Path, engine: str) -> Any:
    """Return where a test's database is: a path, or on PostgreSQL an address."""
    return tmp_path / "planet.sqlite" if engine == "sqlite" else new_database()


@asynccontextmanager
async def planet_of(
    *, web: Web | None = None, clock: Callable[[], datetime] = utc_now, **settings: Any
) -> AsyncIterator[Planet]:
    """Open a planet on the test's database, which fetches from `web` if that is given."""
    parts, chosen = Parts(worker=quick_worker, web=web), load(**settings)
    path = chosen.database
    if isinstance(path, Path) and path.parent.is_dir() and not path.exists():
        shutil.copy(_tables(), path)
    async with open_planet(chosen, clock=clock, parts=parts) as planet:
        yield planet


@asynccontextmanager
async def planet_of_posts(
    folder: Path, posts: Iterable[Post], *, title: str = "A Blog"
) -> AsyncIterator[Planet]:
    """Open a planet of one feed in a folder of its own, for all tests of a module that read it."""
    with pytest.MonkeyPatch.context() as patch, running_site() as site:
        set_apart(patch, folder)
        async with planet_of() as planet:
            await planet.add_feeds([site.add("/feed", rss(posts, title=title))])
            yield planet


@cache
def _tables() -> Path:
    """Return a database that has its tables alone; to make them costs more than most tests."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    path = Path(folder.name) / "planet.sqlite"
    Store(path).close()
    return path


@pytest.fixture
async def planet() -> AsyncIterator[Planet]:
    async with planet_of() as opened:
        yield opened
