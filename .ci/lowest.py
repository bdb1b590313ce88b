"""Print each dependency of pyproject.toml at its lowest version, as constraints for pip."""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
DEPENDENCY = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)(\[[^]]*\])?>=(?P<lowest>[0-9a-z.]+)(,<[0-9.]+)?"
)


def lowest(dependency: str) -> str:
    """Return `name==version`; a dependency without a lower bound ends the program."""
    match = DEPENDENCY.fullmatch(dependency)
    if match is None:
        sys.exit(f"pyproject.toml: {dependency!r} needs a lower bound: NAME>=VERSION.")
    return f"{match['name']}=={match['lowest']}"


if __name__ == "__main__":
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    sys.stdout.writelines(f"{lowest(line)}\n" for line in project["dependencies"])
