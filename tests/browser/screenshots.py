"""Writes the pictures of docs/images: `python -m tests.browser.screenshots`."""

import sys
import tempfile
from http import HTTPStatus
from itertools import product
from pathlib import Path

from playwright.sync_api import BrowserContext, Page

from tests.browser import chromium, pictures
from tests.browser.app_host import hosted, tools_of_week
from tests.browser.servers import Served, planet_of_week
from tests.browser.test_pages import ENTRY, FEED
from tests.browser.visit import LOOKS, Scheme, begin
from tests.conformance.tools import say
from tests.support.paths import ROOT

FOLDER = ROOT / "docs" / "images"
PAGES = {
    "river": "/",
    "search": "/search?q=packaging",
    "entry": "/entries/{entry}",
    "feeds": "/feeds",
    "stats": "/stats",
}
# The river's view in a host: file, width and scheme.
VIEWS: tuple[tuple[str, int, Scheme], ...] = (
    ("app-light", 640, "light"),
    ("app-dark", 640, "dark"),
    ("app-narrow", 320, "light"),
)
MOST_BYTES = 100_000


def main() -> None:
    """Write all pictures; fail where one is too large for a repository."""
    path = chromium.find() or sys.exit("this needs Chromium")
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        planet_of_week(Path(folder), entry=ENTRY, feed=FEED) as week,
        chromium.launched(path) as browser,
    ):
        context = browser.new_context()
        sizes = [
            _take(context, week, name, width, scheme)
            for name, (width, scheme) in product(PAGES, LOOKS)
        ]
        sizes += _take_views(context, Path(folder) / "views")
    sys.exit(max(sizes) > MOST_BYTES)


def _take_views(context: BrowserContext, folder: Path) -> list[int]:
    """Write the pictures of the view, with an entry open."""
    folder.mkdir()
    sizes = []
    with tools_of_week(folder) as tools:
        for name, width, scheme in VIEWS:
            shown = hosted(context, tools, width=width, scheme=scheme, about={"theme": scheme})
            shown.show("latest_entries", {"since": "8d", "detail": "titles", "max_chars": 2500})
            shown.view.locator(".title").nth(1).click()
            shown.until("() => document.querySelector('.open .text').textContent.length > 100")
            sizes.append(_write(shown.visit.page, FOLDER / f"{name}.png"))
    return sizes


def _take(context: BrowserContext, week: Served, name: str, width: int, scheme: Scheme) -> int:
    """Write the picture of what is in the window first; returns its bytes."""
    file = FOLDER / f"{name}-{width}-{scheme}.png"
    visit = begin(context, width, scheme)
    status = visit.open(week.url(PAGES[name]))
    if status != HTTPStatus.OK:
        sys.exit(f"{PAGES[name]}: status {status}")
    return _write(visit.page, file)


def _write(page: Page, file: Path) -> int:
    """Write the picture of what a page shows now, and close it; returns its bytes."""
    shot = page.screenshot(animations="disabled")
    picture = pictures.with_palette(pictures.read(page, shot))
    page.close()
    file.write_bytes(picture)
    say(f"{file.relative_to(ROOT)} {len(picture):,} bytes")
    return len(picture)


if __name__ == "__main__":
    main()
