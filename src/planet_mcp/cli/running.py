"""The run of a command: its planet, which few commands begin, and its exit code."""

import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import anyio
import click

from planet_mcp.cli.language import CommandLanguage
from planet_mcp.errors import StoreError
from planet_mcp.settings import Settings
from planet_mcp.urls import ServerAddress

if TYPE_CHECKING:
    from planet_mcp.planet import Planet

FAILURE = 1
USAGE_ERROR = 2
INTERRUPTED = 130
BEGINNING = (
    "Begin one with `planet-mcp refresh`, `planet-mcp add URL` or `planet-mcp import FILE`, or "
    "name the one that you mean with --database."
)

R = TypeVar("R")


@asynccontextmanager
async def _planet(settings: Settings) -> "AsyncIterator[Planet]":
    from planet_mcp.planet import open_planet  # deferred: --help needs none of it

    new = isinstance(settings.database, Path) and not settings.database.exists()
    root = cast("click.Group", click.get_current_context().find_root().command)
    collect_from_now_on()
    async with open_planet(settings, language=CommandLanguage(root)) as planet:
        if new:
            click.echo(f"planet-mcp: began a new planet in {settings.database}", err=True)
        yield planet


def require_database(settings: Settings) -> None:
    """Refuse to go on without a database: a path with a typing error is no new planet.

    Raises:
        StoreError: There is none, with the ways to begin one.
    """
    if not is_begun(settings.database):
        raise StoreError(f"There is no database at {settings.database}. {BEGINNING}")


def is_begun(database: Path | ServerAddress) -> bool:
    """Return whether there is a database to read; a server says that itself."""
    if isinstance(database, ServerAddress):
        return True
    return database.exists() and (not database.is_file() or database.stat().st_size > 0)


def collect_from_now_on() -> None:
    """Turn garbage collection on, but never among what loading has made, which stays."""
    gc.freeze()
    gc.enable()


def run_with(
    settings: Settings, work: "Callable[[Planet], Awaitable[R]]", *, begins: bool = False
) -> R:
    """Open the planet, do the work and return its result; `begins` makes a new one if need be.

    Raises:
        StoreError: There is no database, and this is no command that begins one.
    """
    if not begins:
        require_database(settings)

    async def run() -> R:
        async with _planet(settings) as planet:
            return await work(planet)

    return anyio.run(run)
