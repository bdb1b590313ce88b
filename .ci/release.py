"""Makes a release of what is committed; `make release VERSION=1.2.3` runs both steps.

`prepare VERSION` writes the version and the date into the files that have them. `tag VERSION`
commits those files and tags the commit; the wheel is built and tried in between. Nothing is pushed.
"""

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
USAGE = "usage: make release VERSION=1.2.3"
# What stands before the version in each file: it is written at every place where that occurs.
PLACES = {
    "pyproject.toml": r'^version = "',
    "src/planet_mcp/__init__.py": r'^__version__ = "',
    "manifest.json": r'^ *"version": "',
    "server.json": r'^ *"version": "',
}
CHANGELOG = "CHANGELOG.md"
UNRELEASED = "## [Unreleased]\n"


def prepare(version: str) -> None:
    """Write a version into all files; ends the program if that cannot become a release."""
    _refuse_unless_clean()
    if _git("tag", "--list", _tag(version)):
        sys.exit(f"{_tag(version)} is a tag already: take the next version.")
    changes = _dated_changelog(version)  # before anything is written
    for name, before in PLACES.items():
        path = ROOT / name
        text = path.read_text("utf-8")
        path.write_text(_with_version(text, before, version), "utf-8")
    (ROOT / CHANGELOG).write_text(changes, "utf-8")
    sys.stdout.write(f"{version} is written; if a step fails now, git restore . undoes that\n")


def _refuse_unless_clean() -> None:
    if changed := _git("status", "--porcelain"):
        sys.exit(f"Commit or undo these changes first, a release is what is committed:\n{changed}")


def _with_version(text: str, before: str, version: str) -> str:
    return re.sub(f'({before})[^"]*', rf"\g<1>{version}", text, flags=re.MULTILINE)


def _dated_changelog(version: str) -> str:
    """Return the changelog with what is unreleased under a heading of this version and day."""
    before, heading, after = (ROOT / CHANGELOG).read_text("utf-8").partition(UNRELEASED)
    if not heading or not after.partition("\n## ")[0].strip():
        sys.exit(f"{CHANGELOG} says nothing under {UNRELEASED.strip()}: write what is new there.")
    today = datetime.now(UTC).date()
    return f"{before}{heading}\n## [{version}] - {today}\n{after}"


def tag(version: str) -> None:
    """Commit the files that `prepare` wrote, and tag the commit."""
    message = f"Release {version}"
    _git("commit", "--quiet", "--message", message, "--", *PLACES, CHANGELOG)
    _git("tag", "--annotate", "--message", message, _tag(version))
    sys.stdout.write(f"tagged {_tag(version)}; git push --follow-tags publishes it\n")


def _tag(version: str) -> str:
    return f"v{version}"


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def main(arguments: list[str]) -> None:
    """Run a step, named by the first argument, for the version that is the second."""
    steps: dict[str, Callable[[str], None]] = {"prepare": prepare, "tag": tag}
    match arguments:
        case [step, version] if step in steps and re.fullmatch(r"\d+\.\d+\.\d+", version):
            steps[step](version)
        case _:
            sys.exit(USAGE)


if __name__ == "__main__":
    main(sys.argv[1:])
