"""The commands that change what is followed or stored: add, remove, import, refresh."""

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from planet_mcp.cli.options import FEEDS, JSON, NETWORK, settings_from
from planet_mcp.cli.printing import show
from planet_mcp.cli.running import FAILURE, run_with
from planet_mcp.cli.serve import commands
from planet_mcp.settings import Settings

if TYPE_CHECKING:
    from planet_mcp.planet import Answer, Planet

ALL_PROBLEMS = 1_000_000


@commands.command("add")
@click.argument("urls", nargs=-1, required=True)
@JSON
@settings_from(*NETWORK)
def add_command(settings: Settings, *, urls: tuple[str, ...], as_json: bool) -> int:
    """Follow feeds: each URL is a feed, a page that links one, or an OPML document."""
    answer = run_with(settings, lambda planet: planet.add_feeds(urls), begins=True)
    show(answer, as_json=as_json)
    good = {"added", "already subscribed", "queued"}
    return 0 if all(item.outcome in good for item in answer.result.results) else FAILURE


@commands.command("remove")
@click.argument("feeds", nargs=-1, required=True)
@click.option("--delete-entries", is_flag=True, help="Delete their entries too, for good.")
@JSON
@settings_from()
def remove_command(
    settings: Settings, *, feeds: tuple[str, ...], delete_entries: bool, as_json: bool
) -> None:
    """Stop following feeds, by id, URL, title or a unique part of these."""
    answer = run_with(
        settings, lambda planet: planet.remove_feeds(feeds, delete_entries=delete_entries)
    )
    show(answer, as_json=as_json)


@commands.command("import")
@click.argument("file", type=click.File("rb"))
@JSON
@settings_from()
def import_command(settings: Settings, *, file: Any, as_json: bool) -> None:
    """Follow the feeds of an OPML file or a config.ini.

    FILE (`-` for stdin) is OPML, or the configuration of a Planet or Planet Venus. The feeds are
    fetched by the next refresh.
    """
    document: bytes = file.read()
    answer = run_with(
        settings, lambda planet: planet.import_list(document, name=file.name), begins=True
    )
    show(answer, as_json=as_json)


@commands.command("refresh")
@click.argument("feeds", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Check all feeds, due or not.")
@JSON
@settings_from(FEEDS, *NETWORK)
def refresh_command(
    settings: Settings, *, feeds: tuple[str, ...], everything: bool, as_json: bool
) -> int:
    """Check the feeds that are due, or the named FEEDS, now."""
    refresh = partial(_refresh, feeds=feeds or None, everything=everything)
    answer = run_with(settings, refresh, begins=True)
    show(answer, as_json=as_json)
    result = answer.result
    return FAILURE if result.checked and not result.ok else 0


async def _refresh(
    planet: "Planet", *, feeds: tuple[str, ...] | None, everything: bool
) -> "Answer[Any]":
    from rich.console import Console  # deferred: 15 ms that only this command needs
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    columns = (TextColumn("Checking feeds"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("feeds", total=None)

        async def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        return await planet.refresh_feeds(
            feeds, everything=everything, most_problems=ALL_PROBLEMS, progress=show
        )
