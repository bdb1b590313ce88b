"""The commands about models for search by meaning: which there are, and fetching one."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import click

from planet_mcp.cli.options import NETWORK, settings_from
from planet_mcp.cli.serve import commands
from planet_mcp.errors import ArgumentError
from planet_mcp.settings import Settings

if TYPE_CHECKING:
    from planet_mcp.embedding import KnownModel

_MEGABYTE = 1e6


@commands.group("model", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print the models as JSON.")
@settings_from()
def model_command(settings: Settings, *, as_json: bool) -> None:
    """List the models for search by meaning, and which one is used; `model fetch` gets one."""
    from planet_mcp.embedding import CATALOGUE, NoModel, chosen_model, fetched  # deferred

    here, chosen = fetched(), chosen_model(settings.model)
    used = None if isinstance(chosen, NoModel) else str(chosen.path)
    why = chosen.reason if isinstance(chosen, NoModel) else None
    if as_json:
        models = [_described(model, here=model.name in here) for model in CATALOGUE.values()]
        click.echo(json.dumps({"models": models, "used": used, "problem": why}, indent=2))
        return
    for model in CATALOGUE.values():
        state = "here" if model.name in here else "not fetched"
        size = f"{model.size / _MEGABYTE:.0f} MB"
        about = f"{model.languages:10} {size:>7}  {model.licence:11}"
        click.echo(f"{model.name:22} {about} {state}")
    click.echo(f"Used: {used}" if used else f"None is used. {why}")


@model_command.command("fetch")
@click.argument("name", required=False)
@settings_from(*NETWORK)
def fetch_command(settings: Settings, *, name: str | None) -> None:
    """Fetch a model by its NAME, the first of the list without one, into the user's cache.

    Its bytes must have the SHA-256 that is known for them. Nothing else ever fetches a model.
    """
    from planet_mcp.embedding import CATALOGUE, DEFAULT_MODEL, INSTALL, is_installed  # deferred

    wanted = name or DEFAULT_MODEL
    if wanted not in CATALOGUE:
        raise ArgumentError(
            f"{wanted!r} is none of the models: {', '.join(CATALOGUE)}. PLANET_MCP_MODEL may name "
            "a folder with another one."
        )
    path = anyio.run(lambda: _fetch(settings, CATALOGUE[wanted]))
    click.echo(f"{wanted} is in {path}. A server that is started now encodes the entries with it.")
    if not is_installed():
        click.echo(f"To use it, its libraries are missing yet: {INSTALL}", err=True)


def _described(model: "KnownModel", *, here: bool) -> dict[str, object]:
    return {
        "name": model.name,
        "languages": model.languages,
        "licence": model.licence,
        "bytes": model.size,
        "files": [{"url": file.url, "sha256": file.sha256} for file in model.files],
        "here": here,
    }


async def _fetch(settings: Settings, model: "KnownModel") -> Path:
    from rich.console import Console  # deferred: only this command needs them
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    from planet_mcp.meaning import fetch_model
    from planet_mcp.network import Access

    console = Console(stderr=True)
    columns = (TextColumn(f"Fetching {model.name}"), BarColumn(), DownloadColumn())
    access = Access(settings.allow_networks, settings.contact, settings.proxy)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("bytes", total=model.size)
        return await fetch_model(
            model, access, progress=lambda count: bar.update(task, completed=count)
        )
