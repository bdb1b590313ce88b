"""What describes this package elsewhere says what is true of it.

Run `python -m tests.test_packaging` after a deliberate change of a tool or a setting: it writes
the lists of both into server.json and manifest.json.
"""

import asyncio
import fnmatch
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin
from urllib.parse import parse_qs, urlsplit

import pytest
from jsonschema import Draft7Validator  # type: ignore[import-untyped]
from pydantic import SecretStr

from planet_mcp.cli.install import OF_HTTP
from planet_mcp.hosts import HOSTS, http_entry, local_entry
from planet_mcp.hosts.entries import added
from planet_mcp.settings import DEFAULT_FEEDS, Settings, load
from plugin import build as plugin
from tests.support import surface
from tests.support.paths import ROOT

SERVER, MANIFEST = ROOT / "server.json", ROOT / "manifest.json"
README = (ROOT / "README.md").read_text("utf-8")
HOSTS_PAGE = (ROOT / "docs" / "hosts.md").read_text("utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
SCHEMA = ROOT / "tests" / "data" / "server.schema.json"
OWNED_BY_OTHERS = "planet-mcp"  # on PyPI: another program of that name

# What a person is asked for when a bundle is installed; anything else has good defaults.
ASKED = {
    "database": "Database",
    "feeds": "First feeds",
    "full_text": "Full texts",
    "contact": "Contact",
    "read_only": "Read only",
    "fetch_any": "Fetch any page",
}


def loaded(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def environment_variables() -> list[dict[str, Any]]:
    """Describe the settings of a server over stdio as the registry wants them."""
    fields = Settings.model_fields.items()
    return [_variable(name, field) for name, field in fields if name not in OF_HTTP]


def _variable(name: str, field: Any) -> dict[str, Any]:
    variable: dict[str, Any] = {
        "name": f"PLANET_MCP_{name.upper()}",
        "description": field.description,
        "isRequired": False,
        "format": _format(field.annotation),
    }
    if SecretStr in get_args(field.annotation):
        variable["isSecret"] = True
    if get_origin(field.annotation) is Literal:
        variable["choices"] = list(get_args(field.annotation))
    if isinstance(field.default, str | bool | int | float) and field.default != DEFAULT_FEEDS:
        variable["default"] = str(field.default).lower()
    return variable


def _format(annotation: Any) -> str:
    kinds = get_args(annotation) if get_origin(annotation) in {Union, UnionType} else (annotation,)
    if bool in kinds:
        return "boolean"
    if int in kinds or float in kinds:
        return "number"
    return "filepath" if Path in kinds else "string"


def user_config() -> dict[str, Any]:
    """Describe the settings that a bundle asks for."""
    return {name: _option(name, title) for name, title in ASKED.items()}


def _option(name: str, title: str) -> dict[str, Any]:
    field = Settings.model_fields[name]
    flag = isinstance(field.default, bool)
    # Without a default the variable would keep its placeholder; an empty one counts as unset.
    default = field.default if flag or get_origin(field.annotation) is Literal else ""
    return {
        "type": "boolean" if flag else "string",
        "title": title,
        "description": field.description,
        "required": False,
        "default": default,
    }


def bundle_env() -> dict[str, str]:
    """Return the variables that a bundle's answers go into."""
    return {f"PLANET_MCP_{name.upper()}": f"${{user_config.{name}}}" for name in ASKED}


async def bundle_tools() -> list[dict[str, str]]:
    """Name the tools as a bundle does."""
    tools = await surface.tools()
    return [{"name": tool["name"], "description": tool["description"]} for tool in tools]


def blocks() -> list[Any]:
    found = re.findall(r"```json\n(.*?)```", HOSTS_PAGE, re.DOTALL)
    return [json.loads(block) for block in found]


# The registry


def test_the_registry_s_schema_is_met() -> None:
    document = loaded(SERVER)
    schema = loaded(SCHEMA)
    assert document["$schema"] == schema["$id"]
    assert [error.message for error in Draft7Validator(schema).iter_errors(document)] == []


def test_the_registry_hears_what_the_package_says() -> None:
    document = loaded(SERVER)
    [package] = document["packages"]
    assert document["version"] == package["version"] == PROJECT["version"]
    assert document["description"] == PROJECT["description"]
    assert package["transport"] == {"type": "stdio"}
    assert "remotes" not in document
    assert package["environmentVariables"] == environment_variables(), (
        "run python -m tests.test_packaging"
    )


def test_the_registry_can_see_that_the_readme_is_this_server_s() -> None:
    assert f"<!-- mcp-name: {loaded(SERVER)['name']} -->\n" in README
    assert f'io.modelcontextprotocol.server.name="{loaded(SERVER)["name"]}"' in DOCKERFILE


def test_nothing_leads_to_the_other_program_of_that_name() -> None:
    assert loaded(SERVER)["packages"][0]["identifier"] != OWNED_BY_OTHERS
    for text in (README, HOSTS_PAGE):
        assert not re.search(r"(uvx|tool install|pip install)( -\S+)* planet-mcp\b", text)


# The bundle


@pytest.mark.anyio
async def test_the_bundle_names_the_tools_and_settings() -> None:
    manifest = loaded(MANIFEST)
    hint = "run python -m tests.test_packaging"
    assert manifest["tools"] == await bundle_tools(), hint
    assert {tool["name"] for tool in manifest["tools"]} == {
        path.stem for path in (ROOT / "tests" / "tools").glob("*.json")
    }
    assert manifest["user_config"] == user_config(), hint
    assert manifest["server"]["mcp_config"]["env"] == bundle_env(), hint


def test_the_bundle_is_of_this_package() -> None:
    manifest = loaded(MANIFEST)
    for key in ("name", "version", "description", "license", "keywords"):
        assert manifest[key] == PROJECT[key], key
    assert manifest["author"] == PROJECT["authors"][0]
    assert manifest["compatibility"]["runtimes"] == {"python": PROJECT["requires-python"]}
    assert (manifest["manifest_version"], manifest["server"]["type"]) == ("0.4", "uv")
    assert (ROOT / manifest["server"]["entry_point"]).is_file()
    assert manifest["server"]["mcp_config"]["args"][-1] in PROJECT["scripts"]


def test_an_answer_left_out_counts_as_unset() -> None:
    defaults = {name: option["default"] for name, option in user_config().items()}
    given = {name: value for name, value in defaults.items() if value != ""}
    assert load(**given) == load()


@pytest.mark.parametrize("name", [".mcpbignore", ".dockerignore"])
def test_bundle_and_image_are_made_of_listed_files_alone(name: str) -> None:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    kept = {line.removeprefix("!").lstrip("/") for line in lines if line.startswith("!")}
    assert next(line for line in lines if not line.startswith("#")) in {"*", "/*"}
    assert all((ROOT / path).exists() for path in kept)
    assert {"pyproject.toml", "README.md", "LICENSE", "feeds.opml", "src"} <= kept
    assert any("__pycache__" in line for line in lines)


# All of them


def test_registry_bundle_plugin_and_readme_agree() -> None:
    server, manifest = loaded(SERVER), loaded(MANIFEST)
    made = plugin.documents()
    offered = [made["plugin.json"], made[".claude-plugin/plugin.json"]]
    for name in ("version", "description"):
        assert {each[name] for each in (server, manifest, *offered)} == {PROJECT[name]}, name
    for name in ("name", "license", "keywords", "author"):
        assert all(each[name] == manifest[name] for each in offered), name
    [ours] = made["mcp.json"]["mcpServers"].values()
    assert ours["args"][-1] == manifest["server"]["mcp_config"]["args"][-1]
    assert server["packages"][0]["runtimeHint"] == ours["command"] == "uvx"
    variables = {each["name"] for each in server["packages"][0]["environmentVariables"]}
    assert {*ours["env"], *manifest["server"]["mcp_config"]["env"]} <= variables
    assert PROJECT["description"].partition(":")[0] in README
    for made_file in ("dist/plugin", "dist/planet-mcp.mcpb"):
        assert made_file in README


def test_what_needs_an_account_is_listed_with_its_names() -> None:
    page = (ROOT / "docs" / "publishing.md").read_text("utf-8")
    names = (loaded(SERVER)["name"], loaded(SERVER)["packages"][0]["identifier"], PROJECT["name"])
    assert all(f"`{name}`" in page for name in names)
    assert "dist/plugin" in page


# The image


def test_the_image_is_built_from_the_lock_file() -> None:
    assert "--no-deps --require-hashes --requirement requirements.lock" in DOCKERFILE
    copied = " ".join(re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE)).split()
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert {f"!{path}" for path in copied} <= set(ignored)
    assert not re.search(r"https?://(?!127\.0\.0\.1)", DOCKERFILE)


def test_the_image_serves_as_nobody_in_particular() -> None:
    final = DOCKERFILE.split("\nFROM ")[-1]
    lines = final.splitlines()
    assert "USER planet" in lines
    assert lines.index("USER planet") < lines.index(
        'CMD ["planet-mcp", "serve", "--http", "--host", "0.0.0.0"]'
    )
    assert "VOLUME /data" in lines
    assert "PLANET_MCP_DATABASE=/data/" in final
    assert "EXPOSE 8000" in lines
    assert "http://127.0.0.1:8000/health" in final
    assert "PLANET_MCP_TOKEN=" not in final  # it is given when it is run


# The configurations in docs/hosts.md

CLONE = "/path/to/planet-mcp/.venv/bin/planet-mcp"
URL = "http://127.0.0.1:8000/mcp"


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
def test_the_page_of_hosts_shows_what_install_writes(host: Any) -> None:
    entry = local_entry(host, [CLONE], {})
    assert added(host, {}, "planet", entry) in blocks()


def test_the_page_of_hosts_shows_the_entry_for_http() -> None:
    entry = http_entry(HOSTS["claude-code"], URL, token=False)
    assert added(HOSTS["claude-code"], {}, "planet", entry) in blocks()


def test_the_badge_adds_what_the_page_shows() -> None:
    [link] = re.findall(r"\((https://insiders\.vscode\.dev/[^)]*)\)", HOSTS_PAGE)
    query = parse_qs(urlsplit(link).query)
    assert urlsplit(link).path == "/redirect/mcp/install"
    assert query["name"] == ["planet"]
    assert json.loads(query["config"][0]) == http_entry(HOSTS["vscode"], URL, token=False)


def test_the_sources_hold_all_that_the_tests_read() -> None:
    hatch = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]
    listed = hatch["build"]["targets"]["sdist"]["include"]
    for name in ("server.json", "manifest.json", "Dockerfile", ".mcpbignore", ".dockerignore"):
        assert any(fnmatch.fnmatch(f"/{name}", pattern) for pattern in listed), name


def test_each_dependency_names_the_lowest_version_that_is_tried() -> None:
    command = [sys.executable, str(ROOT / ".ci" / "lowest.py")]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    tried = [line.split("==") for line in printed.splitlines()]
    assert len(tried) == len(PROJECT["dependencies"])
    for (name, lowest), declared in zip(tried, PROJECT["dependencies"], strict=True):
        assert re.match(rf"{name}(\[[a-z-]+\])?>={re.escape(lowest)}(,|$)", declared)


def main() -> None:
    """Write the lists of settings and tools."""
    server, manifest = loaded(SERVER), loaded(MANIFEST)
    server["packages"][0]["environmentVariables"] = environment_variables()
    manifest["server"]["mcp_config"]["env"] = bundle_env()
    manifest["tools"] = asyncio.run(bundle_tools())
    manifest["keywords"] = PROJECT["keywords"]
    manifest["user_config"] = user_config()
    for path, document in ((SERVER, server), (MANIFEST, manifest)):
        path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
