"""Asks planet-mcp with the client of the MCP SDK's first generation, in an environment of its own.

`python -m tests.conformance.old_client`, over stdio and over HTTP.
"""

import tempfile
from pathlib import Path

import anyio

from tests.conformance.tools import (
    INSTALL_SECONDS,
    PLANET,
    PYTHON,
    environment,
    fill,
    installed,
    planet_over_http,
    run,
    say,
    variables,
)

SDK = "mcp==1.30.0"
SESSION = Path(__file__).with_name("old_session.py")
SESSION_SECONDS = 60


def main() -> None:
    """Run the old client's session over both transports."""
    python = str(installed(SDK, _install) / "bin" / "python")
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "planet.sqlite"
        anyio.run(fill, database)
        own = variables(database)
        with planet_over_http(own) as url:
            for target in (PLANET, url):
                command = [python, "-I", str(SESSION), target]
                say(run(command, seconds=SESSION_SECONDS, env=environment(**own)).rstrip())


def _install(folder: Path) -> None:
    run([PYTHON, "-m", "venv", str(folder)], seconds=INSTALL_SECONDS)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    run([*pip, "install", "--quiet", SDK], seconds=INSTALL_SECONDS)


if __name__ == "__main__":
    main()
