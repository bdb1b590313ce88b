"""The commands that look after a planet: doctor, check, vacuum."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import anyio
import click

from planet_mcp.cli.options import JSON, NETWORK, REFRESH, settings_from
from planet_mcp.cli.running import FAILURE, collect_from_now_on, require_database
from planet_mcp.cli.serve import commands
from planet_mcp.settings import Settings
from planet_mcp.urls import ServerAddress

if TYPE_CHECKING:
    from planet_mcp.store import Join, Repair, Store

_MEGABYTE = 1e6
_JOINS = 100


@commands.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@settings_from(REFRESH, *NETWORK)
def doctor_command(settings: Settings, *, as_json: bool) -> int:
    """Check the database, its index, the refresher, feeds, network and hosts; say what to do.

    The exit code is 1 when something is wrong.
    """
    return anyio.run(lambda: _examine(settings, as_json=as_json))


async def _examine(settings: Settings, *, as_json: bool) -> int:
    from planet_mcp.cli.doctor import examine  # deferred: --help needs none of it
    from planet_mcp.hosts import this_machine
    from planet_mcp.times import utc_now

    collect_from_now_on()
    findings = []
    async for finding in examine(settings, this_machine(), clock=utc_now):
        findings.append(finding)
        if not as_json:
            click.echo(f"{finding.state:6}{finding.topic:10}{finding.text}")
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    return FAILURE if any(finding.state == "wrong" for finding in findings) else 0


@commands.command("check")
@click.option("--repair", is_flag=True, help="Mend what can be mended, after a copy was kept.")
@click.option(
    "--joins",
    type=click.IntRange(1),
    is_flag=False,
    flag_value=_JOINS,
    metavar="[COUNT]",
    help=f"List entries that are shown as one, with the reason: the newest {_JOINS}, or so many.",
)
@JSON
@settings_from()
def check_command(settings: Settings, *, repair: bool, joins: int | None, as_json: bool) -> int:
    """Check the database file, its references, its counts and its index; servers may go on.

    With --joins, entries that are shown as one are listed, so that a wrong one can be seen.
    With --repair, the index is built anew, counts are set right, and rows go that belong to
    nothing. The exit code is 1 when something is left wrong.
    """
    from planet_mcp.store import Repair  # deferred, as above

    store = _open(settings, to_repair=repair)
    try:
        problems = [] if repair else store.health.problems()
        done = store.health.repair() if repair else Repair(problems, problems)
        listed = store.health.joins(joins) if joins else None
        _show(store, done, listed, repaired=repair, as_json=as_json)
    finally:
        store.close()
    return FAILURE if done.left else 0


def _show(
    store: "Store",
    done: "Repair",
    joins: "Sequence[Join] | None",
    *,
    repaired: bool,
    as_json: bool,
) -> None:
    if as_json:
        found = {} if joins is None else {"joins": [asdict(join) for join in joins]}
        click.echo(json.dumps({"database": str(store.path), **asdict(done), **found}, indent=2))
        return
    joined = map(_described, joins or ())
    click.echo("\n".join([*joined, *_findings(store, done, repaired=repaired)]))


def _described(join: "Join") -> str:
    return (
        f"{join.reason}\n"
        f"  {join.other_id} {join.other_title} · {join.other_feed} · {join.other_url or '-'}\n"
        f"  {join.entry_id} {join.title} · {join.feed} · {join.url or '-'}"
    )


def _findings(store: "Store", done: "Repair", *, repaired: bool) -> list[str]:
    mended = [problem for problem in done.found if problem not in done.left]
    lines = [f"mended: {problem}" for problem in mended]
    lines += [f"wrong: {problem}" for problem in done.left]
    lines += [done.copy] if done.copy else []
    lines += [] if done.left else [f"{store.path} is sound."]
    if store.read_only:
        lines.append(f"The full-text index was not looked at. {store.read_only}")
    elif done.left and not repaired:
        lines.append("`planet-mcp check --repair` mends what can be mended.")
    elif done.left and isinstance(store.path, ServerAddress):
        lines.append("That cannot be mended here: take a copy, or begin in another database.")
    elif done.left:
        lines.append(
            f"That cannot be mended here. Stop all servers, move {store.path.name} away and start "
            "again: the feeds are fetched anew; copies from before upgrades are beside it."
        )
    return lines


@commands.command("vacuum")
@JSON
@settings_from()
def vacuum_command(settings: Settings, *, as_json: bool) -> None:
    """Give back the space of what was deleted, and merge the index into one piece.

    Needs twice the size of the database for a while. Servers may go on, but wait meanwhile.
    """
    store = _open(settings)
    try:
        before, after = store.health.vacuum()
    finally:
        store.close()
    if as_json:
        click.echo(json.dumps({"database": str(store.path), "before": before, "after": after}))
    else:
        click.echo(f"{store.path}: {before / _MEGABYTE:.1f} MB, now {after / _MEGABYTE:.1f} MB")


def _open(settings: Settings, *, to_repair: bool = False) -> "Store":
    """Open a database that is there already."""
    from planet_mcp.store import Store  # deferred, as above

    require_database(settings)
    collect_from_now_on()
    return Store(settings.database, to_repair=to_repair)
