"""What is not loaded where it is not needed, however much is installed."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from planet_mcp.imports import doing_without

FIRST_START = """
import sys, anyio
from planet_mcp.planet import open_planet
from planet_mcp.serving.mcp import create_server
from planet_mcp.settings import load

async def start():
    async with open_planet(load(database=sys.argv[1], feeds="none", refresh="off")) as planet:
        create_server(planet, refresh=False)

anyio.run(start)
print({"numpy", "pandas", "markdown_it", "pygments", "rich", "psycopg"} & sys.modules.keys())
"""


def test_a_first_start_loads_neither_numbers_nor_what_makes_pages(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_START, str(tmp_path / "planet.sqlite")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "set()\n"


def test_a_module_is_missing_in_the_block_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with doing_without("colorsys", "json"):
        with pytest.raises(ImportError):
            import_module("colorsys")
        assert import_module("json").loads("1") == 1
    assert import_module("colorsys").rgb_to_hsv(0, 0, 0) == (0, 0, 0)
