"""Where each MCP host keeps its configuration, and what is its own about entries there (pure)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal

from planet_mcp.errors import ArgumentError

Scope = Literal["user", "project"]
Entry = dict[str, Any]

TOKEN = "PLANET_MCP_TOKEN"  # noqa: S105, the name of a variable
TOKEN_INPUT = {
    "type": "promptString",
    "id": "planet-mcp-token",
    "description": f"The token of the planet-mcp server ({TOKEN})",
    "password": True,
}
ASKED_TOKEN = f"${{input:{TOKEN_INPUT['id']}}}"
_MSIX = ("Packages", "Claude_pzs8sxrjxfjjc", "LocalCache", "Roaming")


@dataclass(frozen=True)
class Machine:
    """What the paths of configuration files depend on."""

    platform: str
    home: PurePath
    project: PurePath
    environ: Mapping[str, str]

    def folder(self, variable: str, *default: str) -> PurePath:
        """Return the folder that a variable names, or a default in the home folder."""
        named = self.environ.get(variable)
        return type(self.home)(named) if named else self.home.joinpath(*default)

    def application_data(self) -> PurePath:
        """Return the folder in which desktop programs keep their settings."""
        if self.platform == "win32":
            return self.folder("APPDATA", "AppData", "Roaming")
        if self.platform == "darwin":
            return self.home / "Library" / "Application Support"
        return self.folder("XDG_CONFIG_HOME", ".config")


@dataclass(frozen=True)
class ConfigFile:
    """A file that a host may read; it does if `evidence`, the file or a folder of it, exists."""

    path: PurePath
    evidence: PurePath


@dataclass(frozen=True)
class Host:
    """An MCP host: how it writes an entry down, and what to do after a change.

    `servers` is the key under which its configuration has them, and `typed` lists the transports
    whose entries state their `type`. `token` is how it refers to the token; None if it takes no
    HTTP servers that ask for one. The last of `config_files` is what it reads if there is evidence
    of none. `written` spells an entry in words of its own, and `read` takes it back.
    """

    name: str
    title: str
    servers: str
    strict: bool
    token: str | None
    config_files: Callable[[Machine], tuple[ConfigFile, ...]]
    project_file: tuple[str, ...] | None
    typed: tuple[str, ...]
    afterwards: str
    in_project: str = ""
    written: Callable[[Entry], Entry] = dict
    read: Callable[[Entry], Entry] = dict
    without_http: str = ""


def _claude_code(machine: Machine) -> tuple[ConfigFile, ...]:
    folder = machine.folder("CLAUDE_CONFIG_DIR", ".claude")
    old = folder / ".config.json"
    own = machine.environ.get("CLAUDE_CONFIG_DIR")
    path = (folder if own else machine.home) / ".claude.json"
    return ConfigFile(old, old), ConfigFile(path, path)


def _vscode(machine: Machine) -> tuple[ConfigFile, ...]:
    folders = [machine.application_data() / name for name in ("Code", "Code - Insiders", "Code")]
    return tuple(ConfigFile(folder / "User" / "mcp.json", folder) for folder in folders)


def _cursor(machine: Machine) -> tuple[ConfigFile, ...]:
    path = machine.home / ".cursor" / "mcp.json"
    return (ConfigFile(path, path),)


def _claude_desktop(machine: Machine) -> tuple[ConfigFile, ...]:
    folders = [machine.application_data() / "Claude"]
    if machine.platform == "win32":
        local = machine.folder("LOCALAPPDATA", "AppData", "Local")
        folders.insert(0, local.joinpath(*_MSIX, "Claude"))
    return tuple(ConfigFile(folder / "claude_desktop_config.json", folder) for folder in folders)


def _vscode_insiders(machine: Machine) -> tuple[ConfigFile, ...]:
    folder = machine.application_data() / "Code - Insiders"
    return (ConfigFile(folder / "User" / "mcp.json", folder),)


def _in_home(*path: str, variable: str = "") -> Callable[[Machine], tuple[ConfigFile, ...]]:
    """Return where a host keeps a file below the home folder, in a folder of its own."""

    def files(machine: Machine) -> tuple[ConfigFile, ...]:
        default = path[:-1]
        folder = machine.folder(variable, *default) if variable else machine.home.joinpath(*default)
        return (ConfigFile(folder / path[-1], folder),)

    return files


def _zed(machine: Machine) -> tuple[ConfigFile, ...]:
    # ~/.config on macOS, too.
    linux = machine.folder("XDG_CONFIG_HOME", ".config") / "zed"
    folder = machine.application_data() / "Zed" if machine.platform == "win32" else linux
    return (ConfigFile(folder / "settings.json", folder),)


def _opencode(machine: Machine) -> tuple[ConfigFile, ...]:
    folder = machine.folder("XDG_CONFIG_HOME", ".config") / "opencode"
    paths = (folder / "opencode.jsonc", folder / "opencode.json")
    return ConfigFile(paths[0], paths[0]), ConfigFile(paths[1], folder)


def _renaming(names: Mapping[str, str]) -> Callable[[Entry], Entry]:
    """Return how keys of an entry get other names."""
    return lambda entry: {names.get(key, key): value for key, value in entry.items()}


def _written_for_opencode(entry: Entry) -> Entry:
    rest = {key: value for key, value in entry.items() if key not in {"command", "args", "env"}}
    if "command" not in entry:
        return {"type": "remote", "enabled": True, **rest}
    command = [entry["command"], *entry.get("args", [])]
    local = {"command": command, "environment": entry.get("env", {})}
    return {"type": "local", "enabled": True, **rest, **local}


def _read_of_opencode(entry: Entry) -> Entry:
    command, rest = entry.get("command"), {**entry}
    if not isinstance(command, list) or not command:
        return rest
    environment = rest.pop("environment", {})
    kind = {key: value for key, value in rest.items() if key != "type"}
    return {**kind, "command": command[0], "args": command[1:], "env": environment}


HOSTS = {
    host.name: host
    for host in (
        Host(
            name="claude-code",
            title="Claude Code",
            servers="mcpServers",
            strict=True,
            token=f"${{{TOKEN}}}",
            config_files=_claude_code,
            project_file=(".mcp.json",),
            typed=("stdio", "http"),
            afterwards="Start Claude Code anew; `claude mcp list` shows the server.",
            in_project="Claude Code asks once whether to trust a project's servers.",
        ),
        Host(
            name="vscode",
            title="VS Code",
            servers="servers",
            strict=False,
            token=ASKED_TOKEN,
            config_files=_vscode,
            project_file=(".vscode", "mcp.json"),
            typed=("stdio", "http"),
            afterwards="VS Code starts it by `MCP: List Servers`, once you trust it.",
        ),
        Host(
            name="cursor",
            title="Cursor",
            servers="mcpServers",
            strict=False,
            token=f"${{env:{TOKEN}}}",
            config_files=_cursor,
            project_file=(".cursor", "mcp.json"),
            typed=("stdio",),
            afterwards="Start Cursor anew; its settings list the server under MCP.",
        ),
        Host(
            name="claude-desktop",
            title="Claude Desktop",
            servers="mcpServers",
            strict=True,
            token=None,
            config_files=_claude_desktop,
            project_file=None,
            typed=(),
            afterwards="Quit Claude Desktop and start it anew; Settings > Developer lists it.",
            without_http=" One on the internet is added under Settings > Connectors.",
        ),
        Host(
            name="vscode-insiders",
            title="VS Code Insiders",
            servers="servers",
            strict=False,
            token=ASKED_TOKEN,
            config_files=_vscode_insiders,
            project_file=(".vscode", "mcp.json"),
            typed=("stdio", "http"),
            afterwards="VS Code starts it by `MCP: List Servers`, once you trust it.",
        ),
        Host(
            name="copilot-cli",
            title="Copilot CLI",
            servers="mcpServers",
            strict=False,
            token=None,
            config_files=_in_home(".copilot", "mcp-config.json", variable="COPILOT_HOME"),
            project_file=None,
            typed=("stdio", "http"),
            afterwards="Start Copilot CLI anew; `/mcp show` lists the server.",
            # `tools`: it offers only tools that the entry names.
            written=lambda entry: {"tools": ["*"], **entry},
        ),
        Host(
            name="gemini-cli",
            title="Gemini CLI",
            servers="mcpServers",
            strict=False,
            token=f"${TOKEN}",
            config_files=_in_home(".gemini", "settings.json"),
            project_file=(".gemini", "settings.json"),
            typed=(),
            afterwards="Start Gemini CLI anew; `/mcp` lists the server.",
            # `httpUrl`: what it calls `url` is a server of the older SSE transport.
            written=_renaming({"url": "httpUrl"}),
            read=_renaming({"httpUrl": "url"}),
        ),
        Host(
            name="windsurf",
            title="Windsurf",
            servers="mcpServers",
            strict=False,
            token=f"${{env:{TOKEN}}}",
            config_files=_in_home(".codeium", "windsurf", "mcp_config.json"),
            project_file=None,
            typed=(),
            afterwards="Refresh the servers in Windsurf's Cascade panel, or start it anew.",
            written=_renaming({"url": "serverUrl"}),
            read=_renaming({"serverUrl": "url"}),
        ),
        Host(
            name="zed",
            title="Zed",
            servers="context_servers",
            strict=False,
            token=None,
            config_files=_zed,
            project_file=(".zed", "settings.json"),
            typed=(),
            afterwards="Zed starts it at once; its agent panel lists the server.",
        ),
        Host(
            name="opencode",
            title="OpenCode",
            servers="mcp",
            strict=False,
            token=f"{{env:{TOKEN}}}",
            config_files=_opencode,
            project_file=("opencode.json",),
            typed=(),
            afterwards="Start OpenCode anew; `opencode mcp list` shows the server.",
            written=_written_for_opencode,
            read=_read_of_opencode,
        ),
        Host(
            name="junie",
            title="JetBrains Junie",
            servers="mcpServers",
            strict=False,
            token=None,
            config_files=_in_home(".junie", "mcp", "mcp.json"),
            project_file=(".junie", "mcp", "mcp.json"),
            typed=(),
            afterwards="Settings > Tools > Junie > MCP Settings of the IDE lists the server.",
        ),
    )
}


def config_path(
    host: Host, scope: Scope, machine: Machine, exists: Callable[[PurePath], bool]
) -> PurePath:
    """Return the file that a host reads its servers from.

    Raises:
        ArgumentError: The host has no file for a project.
    """
    if scope == "user":
        *others, usual = host.config_files(machine)
        return next((file.path for file in others if exists(file.evidence)), usual.path)
    if host.project_file is None:
        raise ArgumentError(
            f"{host.title} has no configuration for a project. Leave --scope project out."
        )
    return machine.project.joinpath(*host.project_file)
