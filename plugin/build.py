"""Builds the plugin: one directory that is an Agent Plugin 1.0.0 and a Claude Code plugin.

`python plugin/build.py FOLDER WHEELS` makes the folder anew, of the project's metadata, the skills
that the server serves too, and this version's wheel from the folder WHEELS. Both kinds of plugin
have the same name, version, skills and command, for all are made here of the same values.
"""

import json
import shutil
import sys
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent
SKILLS = ROOT / "src" / "planet_mcp" / "serving" / "mcp" / "skills"
SERVER = "planet"
ABOUT = ("name", "version", "description", "license", "keywords")
USAGE = "usage: python plugin/build.py FOLDER WHEELS"

# The constants of Agent Plugins 1.0.0 (agent-plugins.org, sections 5.2, 7.2 and 9).
SCHEMA = "https://agent-plugins.org/schemas/1.0.0/{}.schema.json"
PORTABLE = ("${PLUGIN_ROOT}", "${PLUGIN_DATA}")
# Those of Claude Code (code.claude.com/docs/en/plugins-reference).
CLAUDE = ("${CLAUDE_PLUGIN_ROOT}", "${CLAUDE_PLUGIN_DATA}")


def project() -> dict[str, Any]:
    """Return what the project says about itself."""
    metadata: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return metadata["project"]  # type: ignore[no-any-return]


def wheel_name() -> str:
    """Return the name of the wheel of this version."""
    return f"{project()['name'].replace('-', '_')}-{project()['version']}-py3-none-any.whl"


def documents() -> dict[str, Any]:
    """Return the JSON documents of the plugin by their paths."""
    about = {name: project()[name] for name in ABOUT} | {"author": project()["authors"][0]}
    offered = {"name": about["name"], "source": "./", "description": about["description"]}
    return {
        "plugin.json": {"$schema": SCHEMA.format("plugin"), **about},
        "mcp.json": {"$schema": SCHEMA.format("mcp"), "mcpServers": _servers(*PORTABLE)},
        ".claude-plugin/plugin.json": about,
        ".claude-plugin/marketplace.json": {
            "name": about["name"],
            "owner": about["author"],
            "metadata": {"description": about["description"]},
            "plugins": [offered],
        },
        ".mcp.json": {"mcpServers": _servers(*CLAUDE)},
    }


def _servers(root: str, data: str) -> dict[str, Any]:
    # The database is where updates of the plugin leave it alone.
    return {
        SERVER: {
            "type": "stdio",
            "command": "uvx",
            "args": ["--from", f"{root}/{wheel_name()}", "planet-mcp"],
            "env": {"PLANET_MCP_DATABASE": f"{data}/planet.sqlite"},
        }
    }


def build(folder: Path, wheels: Path) -> None:
    """Make the folder of the plugin anew."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(SKILLS, folder / "skills")
    for path in (HERE / "README.md", HERE / "icon.png", ROOT / "LICENSE", wheels / wheel_name()):
        shutil.copy(path, folder)
    for name, document in documents().items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")


def main(arguments: list[str]) -> None:
    """Build the plugin into the first argument, with a wheel from the second."""
    match arguments:
        case [folder, wheels]:
            build(Path(folder), Path(wheels))
        case _:
            sys.exit(USAGE)


if __name__ == "__main__":
    main(sys.argv[1:])
