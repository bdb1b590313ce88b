"""README.md and the pages for users in docs say what is true."""

import json
import re

import click
import pytest

from planet_mcp.cli import commands
from tests.support import surface
from tests.support.paths import ROOT

README = (ROOT / "README.md").read_text("utf-8")
SETTINGS = (ROOT / "docs" / "settings.md").read_text("utf-8")
COMMANDS = (ROOT / "docs" / "command-line.md").read_text("utf-8")
HOSTS = (ROOT / "docs" / "hosts.md").read_text("utf-8")
TWO_SCREENS = 120  # lines


@pytest.mark.anyio
async def test_the_tool_table_is_the_published_surface() -> None:
    block = surface.tool_table(await surface.tools())
    assert surface.with_block(README, "tools", block) == README, (
        "run python -m tests.support.surface"
    )


def test_the_settings_table_is_what_the_settings_say() -> None:
    block = surface.settings_table()
    assert surface.with_block(SETTINGS, "settings", block) == SETTINGS, (
        "run python -m tests.support.surface"
    )


def test_every_command_is_named_and_no_other() -> None:
    named = set(re.findall(r"^\$ planet-mcp ([a-z-]+)", COMMANDS, re.MULTILINE))
    assert named == set(commands.list_commands(click.Context(commands)))


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= TWO_SCREENS


def test_the_first_screen_has_the_two_commands() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    first_screen = "\n".join(README.splitlines()[:40])
    for target in ("serve", "test"):
        assert f"make {target}" in first_screen
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_the_configurations_are_json() -> None:
    blocks = re.findall(r"```json\n(.*?)```", HOSTS, re.DOTALL)
    assert len(blocks) >= 2
    for block in blocks:
        assert json.loads(block)


def test_no_machine_or_registry_is_named_in_the_lock_file() -> None:
    locks = [path.read_text("utf-8") for path in ROOT.glob("requirements*.lock")]
    assert len(locks) == 3
    assert not any(re.search(r"https?://|file:|--index|--find-links", lock) for lock in locks)


def test_a_system_without_wheels_for_an_extra_is_installed_without_it() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert not re.search(r"^(numpy|onnxruntime|tokenizers|psycopg)==", lock, re.MULTILINE)
    recipe = (ROOT / "Makefile").read_text("utf-8")
    for extra in ("semantic", "postgres"):
        assert re.search(
            rf"--only-binary :all: \\\n\s+-r requirements-{extra}\.lock \|\| echo", recipe
        )


def test_what_is_installed_is_the_lock_file_alone_whatever_was_released_since() -> None:
    # pip before 23.3 takes the newest release of `coverage[toml]`, which then has no hash here.
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert "pip install" in makefile
    assert "--no-deps --require-hashes -r requirements.lock" in makefile
