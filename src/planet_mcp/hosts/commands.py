"""Hosts whose configuration is not JSON: their own command writes it, or a person does (pure)."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from planet_mcp.hosts.known import TOKEN, Entry, Machine


@dataclass(frozen=True)
class CommandHost:
    """An MCP host whose `program` changes its file; if that is None, a person has to.

    `adding` and `removing` return the arguments of its command, `block` what its file has then.
    """

    name: str
    title: str
    program: str | None
    config_file: Callable[[Machine], PurePath]
    block: Callable[[str, Entry], str]
    adding: Callable[[str, Entry], Sequence[str]]
    removing: Callable[[str], Sequence[str]]


def _codex_block(name: str, entry: Entry) -> str:
    lines = [f"[mcp_servers.{name}]"]
    if "url" in entry:
        lines.append(f"url = {json.dumps(entry['url'])}")
        lines += [f"bearer_token_env_var = {json.dumps(TOKEN)}"] if "headers" in entry else []
        return "\n".join(lines)
    lines.append(f"command = {json.dumps(entry['command'])}")
    lines.append(f"args = {json.dumps(entry['args'])}")
    if entry["env"]:
        lines += ["", f"[mcp_servers.{name}.env]"]
        lines += [f"{key} = {json.dumps(value)}" for key, value in entry["env"].items()]
    return "\n".join(lines)


def _codex_adding(name: str, entry: Entry) -> list[str]:
    if "url" in entry:
        token = ["--bearer-token-env-var", TOKEN] if "headers" in entry else []
        return ["mcp", "add", name, "--url", entry["url"], *token]
    variables = [
        word for key, value in entry["env"].items() for word in ("--env", f"{key}={value}")
    ]
    return ["mcp", "add", name, *variables, "--", entry["command"], *entry["args"]]


def _goose_block(name: str, entry: Entry) -> str:
    lines = ["extensions:", f"  {name}:", f"    name: {name}", "    enabled: true"]
    if "url" in entry:
        lines += ["    type: streamable_http", f"    uri: {json.dumps(entry['url'])}"]
        return "\n".join(lines)
    lines += [
        "    type: stdio",
        f"    cmd: {json.dumps(entry['command'])}",
        f"    args: {json.dumps(entry['args'])}",
        f"    envs: {json.dumps(entry['env'])}",
        "    timeout: 300",
    ]
    return "\n".join(lines)


def _codex_file(machine: Machine) -> PurePath:
    return machine.folder("CODEX_HOME", ".codex") / "config.toml"


def _goose_file(machine: Machine) -> PurePath:
    if machine.platform == "win32":
        return machine.application_data() / "Block" / "goose" / "config" / "config.yaml"
    return machine.folder("XDG_CONFIG_HOME", ".config") / "goose" / "config.yaml"


COMMAND_HOSTS = {
    host.name: host
    for host in (
        CommandHost(
            name="codex",
            title="Codex",
            program="codex",
            config_file=_codex_file,
            block=_codex_block,
            adding=_codex_adding,
            removing=lambda name: ["mcp", "remove", name],
        ),
        CommandHost(
            name="goose",
            title="Goose",
            program=None,
            config_file=_goose_file,
            block=_goose_block,
            adding=lambda _, __: [],
            removing=lambda _: [],
        ),
    )
}
