"""What the texts of answers say to people who read pages, and have forms and links for calls."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageLanguage:
    """What readers of pages read; see `planet_mcp.planet.Language`."""

    def tool(self, name: str) -> str:
        """Name what a page does for a tool: `search`."""
        return name.split("_", 1)[0]

    def argument(self, name: str) -> str:
        """Name a field of a form."""
        return name.replace("_", " ")

    def call(self, tool: str, arguments: Mapping[str, object]) -> str:
        """Say what to fill in: `search for "pears", author: Ada`."""
        query = arguments.get("query")
        others = [f"{self.argument(n)}: {v}" for n, v in arguments.items() if n != "query"]
        return ", ".join(
            [f'{self.tool(tool)} for "{query}"' if query else self.tool(tool), *others]
        )

    def again(self, tool: str, arguments: Mapping[str, object]) -> str:
        """Say how the answer goes on."""
        return "see the next page"

    def rest(self) -> str:
        """Say how to get what was left out."""
        return "see the next page"
