"""The command that writes a planet as files: build."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import click

from planet_mcp.cli.options import FEEDS, NETWORK, PAGES, REFRESH, settings_from
from planet_mcp.cli.running import run_with
from planet_mcp.cli.serve import commands
from planet_mcp.settings import Settings

if TYPE_CHECKING:
    from planet_mcp.planet import Planet
    from planet_mcp.site import Published

WATCH_SECONDS = 2.0
# After how many seconds pages are built without a new entry: they also show how feeds are doing.
REBUILT_AFTER = 3600.0
# A build waits so long for the pictures of the newest entries; the next one goes on.
PICTURE_SECONDS = 120.0


@commands.command("build")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--watch", is_flag=True, help="Go on: refresh the feeds, rebuild what they bring.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
@settings_from(FEEDS, REFRESH, *PAGES, *NETWORK)
def build_command(settings: Settings, *, folder: Path, watch: bool, as_json: bool) -> None:
    """Write the pages and feeds for people to FOLDER, for any web host.

    Only files that changed are written, and only those that it wrote are removed.
    """

    def show(done: "Published") -> None:
        if as_json:
            click.echo(json.dumps({"folder": str(folder), **asdict(done)}))
        else:
            click.echo(f"{folder}: {_counted(done)}")
        _warn(done)

    run_with(
        settings,
        lambda planet: _build(planet, settings, folder, watch=watch, show=show),
        begins=True,
    )


def _counted(done: "Published") -> str:
    files = "1 file" if done.written == 1 else f"{done.written:,} files"
    return f"{files} written, {done.unchanged:,} unchanged, {done.removed:,} removed"


def _warn(done: "Published") -> None:
    from planet_mcp.site import NO_ADDRESS  # deferred, as in `_build`

    if done.base == NO_ADDRESS:
        click.echo(
            f"Note: the feeds say that the planet is at {NO_ADDRESS}. Give its address with "
            "--site-url; later builds keep it.",
            err=True,
        )


async def _build(
    planet: "Planet",
    settings: Settings,
    folder: Path,
    *,
    watch: bool,
    show: "Callable[[Published], None]",
) -> None:
    from planet_mcp import site  # deferred: no other command needs templates

    publisher = site.Publisher(
        planet.store,
        folder,
        options=site.options_of(settings, static=True),
        base=settings.site_url,
        clock=planet.clock,
    )

    async def build() -> None:
        if settings.images == "proxy":
            wanted = await anyio.to_thread.run_sync(
                lambda: site.wanted_pictures(planet.store, now=planet.clock())
            )
            await planet.pictures.fetch_all(wanted, seconds=PICTURE_SECONDS)
        show(await anyio.to_thread.run_sync(publisher.publish, abandon_on_cancel=True))

    if not watch:
        await build()
        return
    async with anyio.create_task_group() as tasks:
        if settings.refresh == "on":
            tasks.start_soon(planet.run)
        await _follow(planet, build)


async def _follow(planet: "Planet", build: Callable[[], Awaitable[None]]) -> None:
    """Build, and again when entries arrive or other feeds are followed, and once an hour."""
    known, built_at = None, -REBUILT_AFTER
    while True:
        # The token is read before the build, so what arrives meanwhile is in the next one.
        found, now = await planet.change_token(), anyio.current_time()
        if found != known or now - built_at > REBUILT_AFTER:
            known, built_at = found, now
            await build()
        await anyio.sleep(WATCH_SECONDS)
