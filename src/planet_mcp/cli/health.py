"""The command that looks for what is wrong: doctor."""

import json
from dataclasses import asdict

import anyio
import click

from planet_mcp.cli.options import FAILURE, JSON, NETWORK, REFRESH, settings_from
from planet_mcp.cli.serving import commands
from planet_mcp.settings import Settings


@commands.command("doctor")
@JSON
@settings_from(REFRESH, *NETWORK)
def doctor_command(settings: Settings, *, as_json: bool) -> int:
    """Check the database, its index, the refresher, feeds, network and hosts; say what to do.

    The exit code is 1 when something is wrong.
    """
    return anyio.run(lambda: _examine(settings, as_json=as_json))


async def _examine(settings: Settings, *, as_json: bool) -> int:
    from planet_mcp.doctor import examine  # deferred: --help needs none of it
    from planet_mcp.hosts import this_machine
    from planet_mcp.refresh import utc_now

    findings = []
    async for finding in examine(settings, this_machine(), clock=utc_now):
        findings.append(finding)
        if not as_json:
            click.echo(f"{finding.state:6}{finding.topic:10}{finding.text}")
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    return FAILURE if any(finding.state == "wrong" for finding in findings) else 0
