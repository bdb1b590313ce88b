"""Runs the protocol's own conformance suite against planet-mcp's HTTP server.

`python -m tests.conformance.run`, for each protocol version. It fails on every check that fails
or warns and is not in EXPECTED, and on every one in EXPECTED that passes.
"""

import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.tools import PYTHON, attempt, node, package, say, serving

SUITE = "@modelcontextprotocol/conformance@0.2.0-alpha.12"
PROGRAM = "@modelcontextprotocol/conformance/dist/index.js"
SUITE_SECONDS = 600
SHOWN = 240

_ASKS_NOTHING = "planet-mcp asks its clients for nothing, and stateless HTTP has no way to"
_NO_SESSIONS = "HTTP is stateless: there are no sessions, and no streams to resume"

# What does not apply, as SCENARIO:CHECK, and why.
EXPECTED: dict[str, dict[str, str]] = {
    "2025-11-25": {
        "tools-call-sampling:tools-call-sampling": _ASKS_NOTHING,
        "tools-call-elicitation:tools-call-elicitation": _ASKS_NOTHING,
        "elicitation-sep1034-defaults:elicitation-sep1034-general": _ASKS_NOTHING,
        "elicitation-sep1330-enums:elicitation-sep1330-general": _ASKS_NOTHING,
        "server-sse-polling:server-sse-polling-session": _NO_SESSIONS,
        "server-sse-polling:server-sse-priming-event": _NO_SESSIONS,
        "server-sse-polling:server-sse-retry-field": _NO_SESSIONS,
        "server-sse-multiple-streams:server-sse-multiple-streams-session": _NO_SESSIONS,
    },
    "2026-07-28": {},
}


@dataclass(frozen=True)
class Check:
    """What the suite says of one check of a scenario."""

    name: str
    status: str
    text: str


def main() -> None:
    """Run the suite for each version."""
    suite = [node(), str(package(SUITE) / PROGRAM), "server", "--suite", "all"]
    with serving(PYTHON, "-m", "tests.conformance.app") as url:
        passed = [_passes([*suite, "--url", url], version) for version in EXPECTED]
    sys.exit(not all(passed))


def _passes(suite: list[str], version: str) -> bool:
    """Run the suite for a version, print what it found, and say whether that was expected."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        # JSON is YAML, in which the suite reads this.
        expected = folder / "expected.yaml"
        expected.write_text(json.dumps({"server": list(EXPECTED[version])}), "utf-8")
        arguments = ["--spec-version", version, "--output-dir", str(folder)]
        code, output, errors = attempt(
            [*suite, *arguments, "--expected-failures", str(expected)], seconds=SUITE_SECONDS
        )
        _report(version, folder)
    if code:
        say(output.partition("\nTotal:")[2] or output + errors)
    return code == 0


def _report(version: str, folder: Path) -> None:
    files = sorted(folder.glob("*/checks.json"))
    checks = [check for path in files for check in _checks(path)]
    count = Counter(check.status for check in checks)
    say(
        f"{version}: {len(files)} scenarios, {count['SUCCESS']} checks passed, "
        f"{count['FAILURE']} failed, {count['WARNING']} warned"
    )
    for check in checks:
        if check.status in {"FAILURE", "WARNING"}:
            reason = EXPECTED[version].get(check.name)
            text = f"does not apply: {reason}" if reason else check.text
            say(f"  {check.status} {check.name}: {text}")


def _checks(path: Path) -> Iterator[Check]:
    # The folder is named server-SCENARIO-TIME.
    scenario = re.sub(r"^server-|-\d{4}-\d\d-\d\dT.*", "", path.parent.name)
    for item in json.loads(path.read_text("utf-8")):
        text = str(item.get("errorMessage", item["description"]))[:SHOWN]
        yield Check(f"{scenario}:{item['id']}", item["status"], text)


if __name__ == "__main__":
    main()
