"""The plugin is what Agent Plugins 1.0.0 and Claude Code want, and both say the same.

The rules are those of agent-plugins.org/spec/1.0.0 (sections 4 to 9) and agentskills.io.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plugin.build import CLAUDE, PORTABLE, SCHEMA, build, project, wheel_name
from tests.support.paths import ROOT

FIELDS = {"$schema", "name", "version", "description", "author", "homepage", "repository"}
FIELDS |= {"license", "keywords", "extensions"}
NAME = re.compile(r"(?!.*(--|\.\.))[a-z0-9]([a-z0-9.-]{0,62}[a-z0-9])?")
SKILL_NAME = re.compile(r"(?!.*--)[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")
# A line that any reader of YAML understands as this name with this text.
PLAIN = re.compile(r"([a-z-]+): ([A-Za-z](?:(?!: | #).)*[^:\s])")


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    (folder / wheel_name()).write_bytes(b"a wheel")
    build(folder / "plugin", folder)
    return folder / "plugin"


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def plain_front_matter(file: str) -> tuple[dict[str, str], str]:
    """Return the front matter of a SKILL.md, which has to be plain, and its text."""
    head, _, text = file.removeprefix("---\n").partition("\n---\n")
    lines = [PLAIN.fullmatch(line) for line in head.splitlines()]
    assert all(lines), head
    return {line[1]: line[2] for line in lines if line}, text


def skills(plugin: Path) -> Iterator[tuple[str, dict[str, str], str]]:
    """Yield each skill's folder, front matter and text."""
    for path in sorted((plugin / "skills").iterdir()):
        yield path.name, *plain_front_matter((path / "SKILL.md").read_text("utf-8"))


def test_the_manifest_has_the_fields_that_there_are(plugin: Path) -> None:
    manifest = read(plugin / "plugin.json")
    assert manifest["$schema"] == SCHEMA.format("plugin")
    assert set(manifest) <= FIELDS
    assert NAME.fullmatch(manifest["name"])
    assert set(manifest["author"]) <= {"name", "email", "url"}
    strings = ("version", "description", "license")
    assert all(isinstance(manifest[name], str) for name in strings)
    assert all(isinstance(word, str) for word in manifest["keywords"])


def test_the_servers_are_started_as_the_portable_format_can_say(plugin: Path) -> None:
    document = read(plugin / "mcp.json")
    assert set(document) == {"$schema", "mcpServers"}
    assert document["$schema"] == SCHEMA.format("mcp")
    [server] = document["mcpServers"].values()
    assert set(server) <= {"type", "command", "args", "env", "cwd"}
    assert server["type"] == "stdio"
    assert re.fullmatch(r"[a-z]+", server["command"])  # a bare name, without a placeholder
    root, data = PORTABLE
    assert server["args"] == ["--from", f"{root}/{wheel_name()}", "planet-mcp"]
    assert server["env"] == {"PLANET_MCP_DATABASE": f"{data}/planet.sqlite"}
    assert (plugin / wheel_name()).is_file()
    assert server["args"][-1] in project()["scripts"]


def test_both_kinds_of_plugin_say_the_same(plugin: Path) -> None:
    portable, claude = read(plugin / "plugin.json"), read(plugin / ".claude-plugin/plugin.json")
    assert {"$schema": SCHEMA.format("plugin"), **claude} == portable
    servers = json.dumps(read(plugin / "mcp.json")["mcpServers"])
    for ours, theirs in zip(PORTABLE, CLAUDE, strict=True):
        servers = servers.replace(ours, theirs)
    assert read(plugin / ".mcp.json") == {"mcpServers": json.loads(servers)}


def test_the_marketplace_offers_this_plugin(plugin: Path) -> None:
    marketplace, manifest = (
        read(plugin / ".claude-plugin/marketplace.json"),
        read(plugin / "plugin.json"),
    )
    [offered] = marketplace["plugins"]
    assert (offered["name"], offered["source"]) == (manifest["name"], "./")
    assert marketplace["owner"]["name"] == manifest["author"]["name"]


def test_the_plugin_is_of_this_package(plugin: Path) -> None:
    manifest = read(plugin / "plugin.json")
    for name in ("name", "version", "description", "license", "keywords"):
        assert manifest[name] == project()[name], name
    assert manifest["author"] == project()["authors"][0]
    assert (plugin / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_skills_are_what_readers_of_skills_take(plugin: Path) -> None:
    found = list(skills(plugin))
    assert [name for name, _, _ in found] == ["planet-digest", "planet-research", "planet-watch"]
    for name, front_matter, text in found:
        assert front_matter["name"] == name
        assert SKILL_NAME.fullmatch(name)
        assert 1 <= len(front_matter["description"]) <= 1024
        assert "Use when" in front_matter["description"]
        assert set(front_matter) <= {"name", "description", "license", "compatibility"}
        assert len(text) < 2_500


def test_skills_name_tools_and_arguments_that_there_are(plugin: Path) -> None:
    tools = {path.stem: read(path) for path in (ROOT / "tests" / "tools").glob("*.json")}
    called = 0
    for _, _, text in skills(plugin):
        for name, given in re.findall(r"`(\w+)\(([^`]*)\)`", " ".join(text.split())):
            arguments = tools[name]["inputSchema"]["properties"]
            assert set(re.findall(r"(\w+)=", given)) <= set(arguments), name
            called += 1
    assert called > 6


def test_nothing_in_the_plugin_leads_out_of_it(plugin: Path) -> None:
    assert not [path for path in plugin.rglob("*") if path.is_symlink()]


def test_the_readme_installs_this_plugin(plugin: Path) -> None:
    marketplace = read(plugin / ".claude-plugin/marketplace.json")
    line = (
        "claude plugin marketplace add ./dist/plugin && "
        f"claude plugin install {marketplace['plugins'][0]['name']}@{marketplace['name']}"
    )
    for page in ("README.md", "docs/hosts.md"):
        assert line in (ROOT / page).read_text("utf-8"), page
