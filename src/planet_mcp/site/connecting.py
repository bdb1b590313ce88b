"""How each MCP host connects to a server that runs here."""

import json
from dataclasses import dataclass
from pathlib import PurePosixPath

from planet_mcp.hosts import COMMAND_HOSTS, HOSTS, Host, Machine, added, http_entry

_NAME = "planet"
_ANY_MACHINE = Machine("linux", PurePosixPath("~"), PurePosixPath(), {})


@dataclass(frozen=True, slots=True)
class HostConnection:
    """An MCP host: which `block` goes into which file; None if it can only start its own server."""

    name: str
    title: str
    file: str
    block: str | None


def connections(endpoint: str, *, token: bool) -> list[HostConnection]:
    """Return how all hosts that `planet-mcp install` knows connect to an endpoint."""
    of_files = [_of_file(host, endpoint, token=token) for host in HOSTS.values()]
    return [*of_files, *_of_commands(endpoint, token=token)]


def _of_file(host: Host, endpoint: str, *, token: bool) -> HostConnection:
    file = "/".join(host.project_file or ()) or str(host.config_files(_ANY_MACHINE)[-1].path)
    if host.token is None:
        return HostConnection(host.name, host.title, file, None)
    document = added(host, {}, _NAME, http_entry(host, endpoint, token=token))
    return HostConnection(host.name, host.title, file, json.dumps(document, indent=2))


def _of_commands(endpoint: str, *, token: bool) -> list[HostConnection]:
    entry = {"url": endpoint, **({"headers": {}} if token else {})}
    return [
        HostConnection(
            host.name,
            host.title,
            str(host.config_file(_ANY_MACHINE)),
            host.block(_NAME, entry) if host.program or not token else None,
        )
        for host in COMMAND_HOSTS.values()
    ]
