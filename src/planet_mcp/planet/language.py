"""How texts name what their reader can call: tools here, commands in the room `cli` (pure)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


class Language(Protocol):
    """Spells tools and their arguments for those who read the answers of one planet."""

    def tool(self, name: str) -> str:
        """Name a tool."""

    def argument(self, name: str) -> str:
        """Name an argument of a tool."""

    def call(self, tool: str, arguments: Mapping[str, object]) -> str:
        """Spell a call of a tool."""

    def again(self, tool: str, arguments: Mapping[str, object]) -> str:
        """Spell the call that was answered, with these arguments, of which the cursor is new."""

    def rest(self) -> str:
        """Say, where the call is not spelled, how to get what an answer left out."""


@dataclass(frozen=True, slots=True)
class ToolLanguage:
    """What agents read: `list_feeds(status="failing")`."""

    def tool(self, name: str) -> str:
        """Name a tool."""
        return name

    def argument(self, name: str) -> str:
        """Name an argument of a tool."""
        return name

    def call(self, tool: str, arguments: Mapping[str, object]) -> str:
        """Spell a call of a tool."""
        given = [f"{name}={_literal(value)}" for name, value in arguments.items()]
        return f"{tool}({', '.join(given)})"

    again = call

    def rest(self) -> str:
        """Say, where the call is not spelled, how to get what an answer left out."""
        return "pass next_cursor as cursor"


TOOLS = ToolLanguage()


def _literal(value: object) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return json.dumps(value) if isinstance(value, list) else str(value)
