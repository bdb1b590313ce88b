"""Asks planet-mcp with the clients that agents are built with, each in an environment of its own.

`python -m tests.conformance.clients`, over stdio and over HTTP.
"""

import sys
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import anyio

from tests.conformance.tools import (
    INSTALL_SECONDS,
    PLANET,
    PYTHON,
    attempt,
    environment,
    fill,
    installed,
    node,
    package,
    planet_over_http,
    run,
    say,
    variables,
)

PACKAGES = {
    "fastmcp": "fastmcp==4.2.3",
    "pydantic-ai": "pydantic-ai-slim[mcp]==2.68.0",
    "langchain": "langchain-mcp-adapters==0.3.2",
    "openai-agents": "openai-agents==0.24.0",
}
TYPESCRIPT = "@modelcontextprotocol/client@2.4.0"
SESSION = Path(__file__).with_name("client_session.py")
TYPESCRIPT_SESSION = Path(__file__).with_name("client_session.mjs")
SESSION_SECONDS = 90


def main() -> None:
    """Run every client's session over both transports; fail if one of them did."""
    commands = _commands()
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "planet.sqlite"
        anyio.run(fill, database)
        own = variables(database)
        with planet_over_http(own) as url:
            passed = [
                _passes(client, [*command, target], own)
                for client, command in commands.items()
                for target in (PLANET, url)
            ]
    sys.exit(not all(passed))


def _commands() -> dict[str, list[str]]:
    """Install the clients; returns what runs the session of each."""
    commands = {}
    for client, name in PACKAGES.items():
        folder = installed(name, partial(_install, name=name))
        commands[client] = [str(folder / "bin" / "python"), "-I", str(SESSION), client]
    modules = package(TYPESCRIPT)
    # Node looks for packages beside the program alone.
    program = modules.parent / TYPESCRIPT_SESSION.name
    program.write_bytes(TYPESCRIPT_SESSION.read_bytes())
    return {**commands, "typescript": [node(), str(program)]}


def _install(folder: Path, name: str) -> None:
    run([PYTHON, "-m", "venv", str(folder)], seconds=INSTALL_SECONDS)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    run([*pip, "install", "--quiet", name], seconds=INSTALL_SECONDS)


def _passes(client: str, command: list[str], own: Mapping[str, str]) -> bool:
    """Run a session, print how it went, and say whether it went well."""
    code, output, errors = attempt(command, seconds=SESSION_SECONDS, env=environment(**own))
    transport = "http" if command[-1].startswith("http") else "stdio"
    text = output.strip() if not code else f"exit code {code}: {output}{errors}"
    say(f"{client} {transport}: {text}")
    return not code


if __name__ == "__main__":
    main()
