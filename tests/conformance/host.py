"""Adds planet-mcp to a real host, Claude Code, and asks it whether it is connected.

`python -m tests.conformance.host`, over stdio, over HTTP and as a plugin, which the host validates
too, with a home folder of its own.
"""

import os
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

import anyio

from plugin.build import wheel_name
from tests.conformance.tools import (
    INSTALL_SECONDS,
    PLANET,
    PYTHON,
    as_options,
    fill,
    installed,
    is_linux_x64,
    planet_over_http,
    run,
    say,
    variables,
)
from tests.support.paths import ROOT

CLAUDE = "@anthropic-ai/claude-code-linux-x64@2.1.330"
# What the plugin runs its server with, and the variables that tell it where packages come from.
UV = "uv==0.13.9"
TOOLS = ("UV_", "SSL_", "HTTP_PROXY", "HTTPS_PROXY")
PLUGIN = "planet-mcp@planet-mcp"
HOST_SECONDS = 90
# The host would also look for updates and report how it is used.
QUIET = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"}


def main() -> None:
    """Add the server three times, and fail unless the host reaches all."""
    if not is_linux_x64():
        sys.exit("this check brings the host for Linux on x86-64")
    claude = str(installed(CLAUDE, _install) / "package" / "claude")
    with tempfile.TemporaryDirectory() as home:
        database = Path(home) / "planet.sqlite"
        anyio.run(fill, database)
        own = variables(database)
        env = _environment(home, own)
        with planet_over_http(own) as url:
            servers = {
                "planet": [*as_options(own), "--", PLANET],
                "planet-http": ["--transport", "http", url],
            }
            for name, server in servers.items():
                add = [claude, "mcp", "add", "--scope", "user", name, *server]
                say(run(add, seconds=HOST_SECONDS, env=env).rstrip())
            _add_plugin(claude, _plugin(Path(home), env), env)
            listed = run([claude, "mcp", "list"], seconds=HOST_SECONDS, env=env).rstrip()
        kept = list(Path(home, ".claude", "plugins", "data").glob("*/planet.sqlite"))
    say(listed)
    sys.exit(listed.count("✔ Connected") != len(servers) + 1 or len(kept) != 1)


def _environment(home: str, own: Mapping[str, str]) -> dict[str, str]:
    """Return what the host is run with; the plugin's server has its own database and these."""
    uv = installed(UV, lambda folder: _pip("--target", str(folder), UV)) / "bin"
    path = {"HOME": home, "PATH": f"{uv}{os.pathsep}{os.environ['PATH']}"}
    tools = {name: text for name, text in os.environ.items() if name.startswith(TOOLS)}
    rest = {name: text for name, text in own.items() if name != "PLANET_MCP_DATABASE"}
    return {**path, **QUIET, **tools, **rest, "UV_CACHE_DIR": str(uv.parent / "cache")}


def _pip(*arguments: str) -> None:
    run([PYTHON, "-m", "pip", "install", "--quiet", *arguments], seconds=INSTALL_SECONDS)


def _plugin(home: Path, env: Mapping[str, str]) -> Path:
    """Build the plugin; returns its folder, when what its server needs is there."""
    dist = home / "dist"
    wheel = [PYTHON, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(dist), str(ROOT)]
    run(wheel, seconds=INSTALL_SECONDS)
    run([PYTHON, str(ROOT / "plugin" / "build.py"), f"{dist}/plugin", str(dist)], seconds=60)
    # The host gives a server half a minute to start, which the first downloads may outlast.
    start = ["uvx", "--from", str(dist / "plugin" / wheel_name()), "planet-mcp", "--version"]
    run(start, seconds=INSTALL_SECONDS, env=env)
    return dist / "plugin"


def _add_plugin(claude: str, plugin: Path, env: Mapping[str, str]) -> None:
    validate = ["validate", str(plugin), "--strict"]
    manifest = [*validate[:1], str(plugin / ".claude-plugin" / "plugin.json"), "--strict"]
    add, install = ["marketplace", "add", str(plugin)], ["install", PLUGIN]
    for command in (validate, [*validate, "--profile", "directory"], manifest, add, install):
        told = run([claude, "plugin", *command], seconds=HOST_SECONDS, env=env)
        say(f"plugin {command[0]}: {told.strip().splitlines()[-1]}")


def _install(folder: Path) -> None:
    pack = ["npm", "pack", "--silent", "--pack-destination", str(folder), CLAUDE]
    archive = folder / run(pack, seconds=INSTALL_SECONDS).split()[-1]
    with tarfile.open(archive) as package:
        package.extractall(folder, filter="data")
    archive.unlink()


if __name__ == "__main__":
    main()
