"""planet-mcp as a program: how tests start it."""

import os
import sys
from collections.abc import Mapping

COMMAND = (sys.executable, "-m", "planet_mcp")


def environment(**settings: str) -> dict[str, str]:
    """Return the test's environment with these settings."""
    return {**os.environ, **{f"PLANET_MCP_{k.upper()}": v for k, v in settings.items()}}


def settings_in(env: Mapping[str, str]) -> dict[str, str]:
    """Return the settings alone, for hosts that pass on nothing else."""
    return {name: value for name, value in env.items() if name.startswith("PLANET_MCP_")}
