"""The command that tells an MCP host of this server: install, and its undoing."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from planet_mcp.cli.options import FEEDS, FETCH_ANY, NETWORK, READ_ONLY, REFRESH, settings_from
from planet_mcp.cli.serve import commands
from planet_mcp.errors import HostFileError, SettingsError
from planet_mcp.settings import DEFAULT_FEEDS, ENV_PREFIX, Settings
from planet_mcp.urls import SERVER_SCHEMES

if TYPE_CHECKING:
    from planet_mcp.hosts import CommandHost, Entry, Host, Installation

HOST_NAMES = (
    *("claude-code", "vscode", "cursor", "claude-desktop", "vscode-insiders", "copilot-cli"),
    *("gemini-cli", "windsurf", "zed", "opencode", "junie", "codex", "goose"),
)
OF_HTTP = {"token", "token_file", "allowed_hosts"}
TOOLS, READING_TOOLS = 9, 5
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@commands.command("install")
@click.argument("host_name", metavar="[HOST]", type=click.Choice(HOST_NAMES), required=False)
@click.option(
    "--scope",
    type=click.Choice(["user", "project"]),
    default="user",
    show_default=True,
    help="For all your projects, or for the one in this folder.",
)
@click.option("--http", "url", metavar="URL", help="Use the HTTP server at this address.")
@click.option("--name", default="planet", show_default=True, help="The server's name there.")
@click.option("--print", "only_print", is_flag=True, help="Show what to add; write nothing.")
@click.option("--undo", is_flag=True, help="Take the entry away again.")
@click.option("--force", is_flag=True, help="Replace another server of that name.")
@settings_from(FEEDS, REFRESH, FETCH_ANY, READ_ONLY, *NETWORK)
def install_command(
    _settings: Settings,
    *,
    host_name: str | None,
    url: str | None,
    name: str,
    undo: bool,
    **given: Any,
) -> None:
    """Add this server to an MCP host's configuration, and keep all that is there.

    Without a HOST, list those that are on this machine. Settings given as flags are written too.
    """
    # Deferred, here and below: no other command needs them.
    from planet_mcp.hosts import COMMAND_HOSTS, HOSTS, Installation, this_machine

    if host_name is None:
        click.echo("\n".join(_found()))
        return
    only_print: bool = given.pop("only_print")
    flags = _flags(url=url, undo=undo, only_print=only_print)
    if not NAME.fullmatch(name):
        raise click.UsageError("--name takes letters, digits, - and _.")
    if host_name in COMMAND_HOSTS:
        _by_command(COMMAND_HOSTS[host_name], name, url, flags, undo=undo, only_print=only_print)
        return
    host = HOSTS[host_name]
    installation = Installation(host, this_machine(), name=name, **given)
    if undo:
        click.echo("\n".join(installation.undo()))
        return
    entry = _entry(host, url, flags)
    hints = _http_hints(host, entry) if url else _local_hints(entry, given["scope"])
    _add(installation, entry, hints, only_print=only_print)


def _add(
    installation: "Installation", entry: "Entry", hints: Iterable[str], *, only_print: bool
) -> None:
    """Add an entry to a host's file, or show it, with what there is to know besides."""
    if only_print:
        click.echo(installation.block(entry))
        hints = [f"this belongs in {installation.path}. Nothing was written.", *hints]
    else:
        click.echo("\n".join(installation.add(entry)))
    for hint in hints:
        click.echo(f"Note: {hint}", err=True)


def _found() -> list[str]:
    """List the hosts of which there are files on this machine, and which start this server."""
    from planet_mcp.hosts import COMMAND_HOSTS, HOSTS, servers_in, this_machine

    machine, lines = this_machine(), []
    for host in HOSTS.values():
        files = host.config_files(machine)
        if not any(Path(file.evidence).exists() for file in files):
            continue
        try:
            path, servers = servers_in(host, "user", machine)
        except HostFileError as error:
            lines.append(f"{host.name:16} {host.title}: {error}")
            continue
        starts = f", starts it as {', '.join(map(repr, servers))}" if servers else ""
        lines.append(f"{host.name:16} {host.title} ({path}){starts}")
    for other in COMMAND_HOSTS.values():
        file = other.config_file(machine)
        if Path(file).exists() or (other.program and shutil.which(other.program)):
            lines.append(f"{other.name:16} {other.title} ({file})")
    if not lines:
        return [f"No host that is known was found. Known are: {', '.join(HOST_NAMES)}."]
    return ["Found on this machine; `planet-mcp install HOST` adds the server:", *lines]


def _by_command(
    host: "CommandHost",
    name: str,
    url: str | None,
    flags: dict[str, Any],
    *,
    undo: bool,
    only_print: bool,
) -> None:
    """Let a host change its own configuration, or say what is to be changed by hand."""
    from planet_mcp.hosts import HOSTS, this_machine

    path = host.config_file(this_machine())
    program = shutil.which(host.program) if host.program else None
    # Gemini CLI's entries are the plainest: no type, and a token that comes from the environment.
    entry = {} if undo else _entry(HOSTS["gemini-cli"], url, flags)
    if program and not only_print:
        arguments = host.removing(name) if undo else host.adding(name, entry)
        done = subprocess.run([program, *arguments], check=False)  # noqa: S603 - the host's own
        if done.returncode:
            raise HostFileError(f"`{shlex.join([program, *arguments])}` failed; see what it said.")
        return
    if undo:
        click.echo(f"Take {name!r} out of {path} by hand: nothing was written.")
        return
    click.echo(host.block(name, entry))
    click.echo(f"Note: this belongs in {path}. Nothing was written.", err=True)


def _flags(*, url: str | None, undo: bool, only_print: bool) -> dict[str, Any]:
    """Return the settings that were given as flags."""
    flags: dict[str, Any] = click.get_current_context().obj
    if undo and (url or flags or only_print):
        raise click.UsageError("--undo goes with --scope, --name and --force alone.")
    if url and flags:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in flags)
        raise click.UsageError(f"{names}: a server reached by --http has settings of its own.")
    return flags


def _entry(host: "Host", url: str | None, flags: dict[str, Any]) -> "Entry":
    from planet_mcp import hosts

    if url:
        address = hosts.server_url(url)
        asks = not hosts.is_this_machine(address) or bool(os.environ.get(hosts.TOKEN))
        return hosts.http_entry(host, address, token=asks)
    env = {f"{ENV_PREFIX}{name.upper()}": _written(name, flags[name]) for name in flags}
    uvx = shutil.which("uvx") or "uvx"
    command = hosts.start_command(_program(), sys.executable, _source(), uvx)
    return hosts.local_entry(host, command, env)


def _written(name: str, value: Any) -> str:
    """Write a setting down so that it means the same in whatever folder the host starts."""
    if name == "database" and not str(value).startswith(SERVER_SCHEMES):
        return str(_absolute(value))
    if name == "feeds" and value not in {"none", DEFAULT_FEEDS}:
        path = _absolute(value)
        if not path.is_file():
            raise SettingsError(f"--feeds: there is no file {path}. Name an OPML file, or `none`.")
        return str(path)
    return str(int(value)) if isinstance(value, bool) else str(value)


def _absolute(path: str | Path) -> Path:
    return Path(path).expanduser().absolute()


def _program() -> str:
    program = _absolute(sys.argv[0])
    if not program.exists() and program.with_suffix(".exe").exists():
        program = program.with_suffix(".exe")  # Windows leaves it out
    return str(program)


def _source() -> str | None:
    """Return what this package was installed from, if that was no index."""
    from importlib.metadata import PackageNotFoundError, distribution

    from planet_mcp.hosts import installed_from

    try:
        return installed_from(distribution("planet-mcp").read_text("direct_url.json"))
    except PackageNotFoundError:
        return None


def _local_hints(entry: "Entry", scope: str) -> list[str]:
    tools = READING_TOOLS if entry["env"].get("PLANET_MCP_READ_ONLY") == "1" else TOOLS
    hints = [f"once it runs, the host shows {tools} tools."]
    names = [f"{ENV_PREFIX}{name.upper()}" for name in Settings.model_fields if name not in OF_HTTP]
    ambient = [name for name in names if os.environ.get(name) and name not in entry["env"]]
    if ambient:
        hints.append(
            f"set here, but not written: {', '.join(ambient)}. Give it as a flag, or add it to "
            "`env` there by hand: that is kept."
        )
    if scope == "project":
        hints.append("the command is a path on this machine; who shares the file needs another.")
    return hints


def _http_hints(host: "Host", entry: "Entry") -> list[str]:
    from planet_mcp import hosts

    if "headers" not in entry:
        return []
    source = (
        f"takes it from {hosts.TOKEN} when it starts"
        if hosts.TOKEN in (host.token or "")
        else "asks for it"
    )
    hints = [f"the token is not written: {host.title} {source}."]
    if entry["url"].startswith("http:") and not hosts.is_this_machine(entry["url"]):
        hints.append("whoever is on the way can read the token; an https: address keeps it secret.")
    return hints
