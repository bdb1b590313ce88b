"""Adds planet-mcp to a real host, Claude Code, and asks it whether it is connected.

`python -m tests.conformance.host`, over stdio and over HTTP, with a home folder of its own.
"""

import os
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

import anyio

from tests.conformance.tools import (
    INSTALL_SECONDS,
    PLANET,
    as_options,
    fill,
    installed,
    is_linux_x64,
    planet_over_http,
    run,
    say,
    variables,
)

CLAUDE = "@anthropic-ai/claude-code-linux-x64@2.1.330"
HOST_SECONDS = 90
# The host would also look for updates and report how it is used.
QUIET = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"}


def main() -> None:
    """Add the server twice, and fail unless the host reaches both."""
    if not is_linux_x64():
        sys.exit("this check brings the host for Linux on x86-64")
    claude = str(installed(CLAUDE, _install) / "package" / "claude")
    with tempfile.TemporaryDirectory() as home:
        database = Path(home) / "planet.sqlite"
        anyio.run(fill, database)
        own = variables(database)
        with planet_over_http(own) as url:
            servers = {
                "planet": [*as_options(own), "--", PLANET],
                "planet-http": ["--transport", "http", url],
            }
            listed = _listed(claude, servers, home)
    say(listed)
    sys.exit(listed.count("✔ Connected") != len(servers))


def _listed(claude: str, servers: Mapping[str, list[str]], home: str) -> str:
    """Add servers to the host, and return what it says about them."""
    env = {"HOME": home, "PATH": os.environ["PATH"], **QUIET}
    for name, server in servers.items():
        add = [claude, "mcp", "add", "--scope", "user", name, *server]
        say(run(add, seconds=HOST_SECONDS, env=env).rstrip())
    return run([claude, "mcp", "list"], seconds=HOST_SECONDS, env=env).rstrip()


def _install(folder: Path) -> None:
    pack = ["npm", "pack", "--silent", "--pack-destination", str(folder), CLAUDE]
    archive = folder / run(pack, seconds=INSTALL_SECONDS).split()[-1]
    with tarfile.open(archive) as package:
        package.extractall(folder, filter="data")
    archive.unlink()


if __name__ == "__main__":
    main()
