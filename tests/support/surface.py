"""Writes the published surface: tests/tools, tables of documents, lists of packages, the front.

Run `python -m tests.support.surface` after a deliberate change of a tool.
"""

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

from mcp import Client

from planet_mcp.planet import open_planet
from planet_mcp.serving.mcp import create_server
from planet_mcp.settings import Settings, load
from tests.support import front
from tests.support.paths import ROOT

BEGIN, END = "<!-- {}: begin -->", "<!-- {}: end -->"


async def tools() -> list[dict[str, Any]]:
    """Return the tools as a client of an empty planet sees them."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "planet.sqlite"
        async with (
            open_planet(load(database=database, feeds="none")) as planet,
            Client(create_server(planet, refresh=False)) as client,
        ):
            listed = (await client.list_tools()).tools
    return [tool.model_dump(mode="json", exclude_none=True, by_alias=True) for tool in listed]


def tool_table(listed: list[dict[str, Any]]) -> str:
    """Write the README's table of tools."""
    rows = ["| tool | what it does | arguments |", "|---|---|---|"]
    for tool in listed:
        schema = tool["inputSchema"]
        required = schema.get("required", [])
        names = [f"`{name}`" if name in required else f"`{name}`?" for name in schema["properties"]]
        rows.append(f"| `{tool['name']}` | {tool['description']} | {', '.join(names)} |")
    return "\n".join(rows)


def settings_table() -> str:
    """Write the table of settings of docs/settings.md."""
    rows = ["| variable | default | what it sets |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "the user's data folder" if name == "database" else _default(field.default)
        rows.append(f"| `PLANET_MCP_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows)


def _default(value: object) -> str:
    return {
        "": "none",
        "()": "none",
        "None": "none",
        "False": "0",
        "planet-python": "Planet Python",
    }.get(str(value), f"`{value}`")


def with_block(text: str, name: str, block: str) -> str:
    """Return a text with a generated block put between its marks."""
    begin, end = BEGIN.format(name), END.format(name)
    before, rest = text.split(begin)
    after = rest.split(end)[1]
    return f"{before}{begin}\n{block}\n{end}{after}"


def write_block(path: Path, name: str, block: str) -> None:
    """Put a generated block between its marks in a file."""
    path.write_text(with_block(path.read_text("utf-8"), name, block), "utf-8")


def main() -> None:
    """Write the files."""
    listed = asyncio.run(tools())
    folder = ROOT / "tests" / "tools"
    folder.mkdir(exist_ok=True)
    for tool in listed:
        text = json.dumps(tool, indent=2, ensure_ascii=False) + "\n"
        (folder / f"{tool['name']}.json").write_text(text, "utf-8")
    write_block(ROOT / "README.md", "tools", tool_table(listed))
    write_block(ROOT / "docs" / "settings.md", "settings", settings_table())
    asyncio.run(front.write())
    from tests import test_packaging  # deferred: it uses this module

    test_packaging.main()


if __name__ == "__main__":
    main()
