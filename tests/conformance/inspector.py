"""Asks planet-mcp with the MCP Inspector, in both eras of the protocol and over both transports.

`python -m tests.conformance.inspector`; with `--strict`, tools' schemas must suit every host, but
for one remark: plain values of results have no type there, so that all tools can be read cheaply.
"""

import json
import re
import sys
import tempfile
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import anyio

from tests.conformance.tools import (
    PLANET,
    as_options,
    attempt,
    environment,
    fill,
    node,
    package,
    planet_over_http,
    say,
    variables,
)

INSPECTOR = "@modelcontextprotocol/inspector@2.12.0"
PROGRAM = "@modelcontextprotocol/inspector/clients/launcher/build/index.js"
CALL_SECONDS = 60
# What `planet_mcp.serving.mcp.schemas.outline` leaves out, as the Inspector says it.
OUTLINED = re.compile(
    r'Warning: tool "\w+"\n  Path: outputSchema\.[\w.]+\n'
    r"  Issue: Schema carries no validation keyword at all.*\n  Suggestion: .*\n"
    r"|0 errors, \d+ warnings across \d+ tools\.\n"
)
ERAS = ("legacy", "modern")


@dataclass(frozen=True)
class Request:
    """A method, what the Inspector needs to ask it, and where its answer has the items."""

    method: str
    items: str
    arguments: tuple[str, ...] = ()


REQUESTS = (
    Request("tools/list", "tools", ("--strict",)),
    Request("resources/list", "resources"),
    Request("resources/templates/list", "resourceTemplates"),
    Request("prompts/list", "prompts"),
    Request(
        "tools/call",
        "content",
        ("--tool-name", "search_entries", "--tool-args-json", '{"query": "TaskGroup"}'),
    ),
)


def main() -> None:
    """Ask everything; fail on any complaint."""
    inspector = [node(), str(package(INSPECTOR) / PROGRAM), "--cli"]
    with tempfile.TemporaryDirectory() as home:
        database = Path(home) / "planet.sqlite"
        anyio.run(fill, database)
        own = variables(database)
        with planet_over_http(own) as url:
            targets = {"stdio": [*as_options(own), PLANET], "http": [url]}
            passed = [
                _passes([*inspector, *targets[transport]], transport, era, request, home)
                for transport, era, request in product(targets, ERAS, REQUESTS)
            ]
    sys.exit(not all(passed))


def _passes(command: list[str], transport: str, era: str, request: Request, home: str) -> bool:
    """Ask one thing, print how it went, and say whether there was nothing to complain about."""
    asked = ["--method", request.method, *request.arguments, "--protocol-era", era]
    # The Inspector keeps files of its own in the home folder.
    code, output, complaint = attempt(
        [*command, *asked, "--format", "json"], seconds=CALL_SECONDS, env=environment(HOME=home)
    )
    complaint = OUTLINED.sub("", complaint).strip()
    found = 0 if code else _count(output, request)
    right = found > 0 and not complaint
    text = f"{found} {request.items}" if right else f"exit code {code}: {complaint or output}"
    say(f"{transport} {era} {request.method}: {text}")
    return right


def _count(output: str, request: Request) -> int:
    result = json.loads(output)["result"]
    return 0 if result.get("isError") else len(result[request.items])


if __name__ == "__main__":
    main()
