"""The command that copies a planet into another database, of whichever engine."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from planet_mcp.cli.options import JSON
from planet_mcp.cli.running import BEGINNING, FAILURE, collect_from_now_on, is_begun
from planet_mcp.cli.serve import commands
from planet_mcp.errors import StoreError
from planet_mcp.urls import SERVER_SCHEMES, ServerAddress

if TYPE_CHECKING:
    from planet_mcp.store import Copied, Store


def _database(text: str) -> Path | ServerAddress:
    """Return a file, or the address of a server."""
    return ServerAddress(text) if text.startswith(SERVER_SCHEMES) else Path(text)


@commands.command("copy")
@click.argument("source", type=_database, metavar="FROM")
@click.argument("target", type=_database, metavar="TO")
@JSON
def copy_command(
    source: Path | ServerAddress, target: Path | ServerAddress, *, as_json: bool
) -> int:
    """Copy a planet FROM a database TO an empty one: a file, or postgresql://user@host/name.

    All goes over: entries with their ids, stories, readers, watermarks. Stop what writes to FROM
    first, or what it writes meanwhile stays there. TO is checked at the end. Keep passwords in
    ~/.pgpass or PGPASSWORD, since other users see arguments.
    """
    from planet_mcp.store import Store  # deferred: --help needs none of it

    if not is_begun(source):
        raise StoreError(f"There is no database at {source}. {BEGINNING}")
    collect_from_now_on()
    first = Store(source)
    try:
        second = Store(target)
        try:
            copied = _copy(first, second)
            problems = second.health.problems()
        finally:
            second.close()
    finally:
        first.close()
    if as_json:
        found = {"from": str(source), "to": str(target), "rows": copied.rows, "wrong": problems}
        click.echo(json.dumps(found, indent=2))
    else:
        click.echo(_said(source, target, copied, problems))
    return FAILURE if problems else 0


def _copy(source: "Store", target: "Store") -> "Copied":
    from rich.console import Console  # deferred: only this command needs them
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    from planet_mcp.store import copy_database

    console = Console(stderr=True)
    columns = (TextColumn("Copying"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("rows", total=None)
        return copy_database(
            source.database,
            target.database,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )


def _said(
    source: Path | ServerAddress,
    target: Path | ServerAddress,
    copied: "Copied",
    problems: list[str],
) -> str:
    lines = [f"wrong: {problem}" for problem in problems]
    if not problems:
        entries, feeds = copied.rows["entries"], copied.rows["feeds"]
        lines = [
            f"{target} has all of {source}: feeds: {feeds}, entries: {entries}. It is sound.",
            "Name it in PLANET_MCP_DATABASE from now on.",
        ]
    return "\n".join(lines)
