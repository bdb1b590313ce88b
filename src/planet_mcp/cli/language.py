"""The commands as the texts of answers name them: `planet-mcp latest --since 2d --feed 240`."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

import click

_COMMANDS = {
    "add_feeds": "add",
    "catch_up": "catch-up",
    "fetch_article": "article",
    "latest_entries": "latest",
    "list_feeds": "feeds",
    "refresh_feeds": "refresh",
    "remove_feeds": "remove",
    "search_entries": "search",
    "trending": "trending",
}


@dataclass(frozen=True, slots=True)
class CommandLanguage:
    """What people at a terminal read; see `planet_mcp.planet.Language`."""

    commands: click.Group

    def tool(self, name: str) -> str:
        """Name the command that does what a tool does."""
        return f"`planet-mcp {_COMMANDS[name]}`"

    def argument(self, name: str) -> str:
        """Name the option that is an argument of a tool."""
        return f"--{name.replace('_', '-')}"

    def call(self, tool: str, arguments: Mapping[str, object]) -> str:
        """Spell the command that does what a call of a tool does."""
        command = self.commands.commands[_COMMANDS[tool]]
        words = ["planet-mcp", _COMMANDS[tool]]
        for parameter in command.params:
            value = arguments.get(parameter.name or "")
            if value is None:
                continue
            named = isinstance(parameter, click.Option)
            is_flag = isinstance(parameter, click.Option) and parameter.is_flag
            for each in value if isinstance(value, list) else [value]:
                words += [parameter.opts[0]] if named else []
                words += [] if is_flag else [str(each)]
        return shlex.join(words)

    def again(self, tool: str, arguments: Mapping[str, object]) -> str:
        """Say how the answer goes on; the command may have had options of settings, too."""
        return f"the same command with {self.argument('cursor')} {arguments['cursor']}"

    def rest(self) -> str:
        """Say in short how to get what an answer left out."""
        return f"go on with {self.argument('cursor')}"
