"""axe-core, the checker of accessibility, from npm."""

import shutil
from collections.abc import Callable
from functools import cache

from playwright.sync_api import Page

from tests.conformance.tools import package

AXE = "axe-core@4.14.1"
COUNTED = ("moderate", "serious", "critical")

Violations = Callable[[Page], list[str]]

_RUN = """async (impacts) => {
    const found = await axe.run(document, {resultTypes: ["violations"]});
    return found.violations
        .filter((each) => impacts.includes(each.impact))
        .flatMap((each) => each.nodes.map(({html, any, all, none}) => {
            const why = [...any, ...all, ...none].map(({message}) => message).join("; ");
            return `${each.id}: ${html.slice(0, 200)}: ${why}`;
        }));
}"""


def is_there() -> bool:
    """Return whether npm can bring it."""
    return shutil.which("npm") is not None


@cache
def _script() -> str:
    return str(package(AXE) / "axe-core" / "axe.min.js")


def violations(page: Page) -> list[str]:
    """Check the page, with all that is folded open; returns what is not minor, an element a line.

    The page's context must bypass its Content-Security-Policy, which lets no script in.
    """
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    if page.evaluate("typeof axe") == "undefined":
        page.add_script_tag(path=_script())
    found: list[str] = page.evaluate(_RUN, list(COUNTED))
    return found
