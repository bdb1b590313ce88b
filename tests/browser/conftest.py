"""A browser for the tests of a module, and pages in it."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import NoReturn

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browser import axe, chromium
from tests.browser.axe import Violations
from tests.browser.visit import PageAt, Scheme, Visit, begin


def missing(what: str) -> NoReturn:
    """Skip the test, or fail where CI is set: there, all must be tried."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}; with CI set, it must be here")
    pytest.skip(what)


# Not for the session: while it runs, the async tests of other modules could not.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    if path is None:
        missing(f"no Chromium here (looked for {', '.join(chromium.NAMES)})")
    with chromium.launched(path) as running:
        yield running


@pytest.fixture(scope="module")
def contexts(browser: Browser) -> dict[bool, BrowserContext]:
    """Return a context that heeds pages' Content-Security-Policy, and at True one that does not."""
    return {bypass: browser.new_context(bypass_csp=bypass) for bypass in (False, True)}


@pytest.fixture
def page_at(contexts: dict[bool, BrowserContext]) -> Iterator[PageAt]:
    """Return what opens a page of a width in a colour scheme; all are closed in the end."""
    with ExitStack() as opened:

        def at(width: int, scheme: Scheme, *, bypass_csp: bool = False) -> Visit:
            visit = begin(contexts[bypass_csp], width, scheme)
            opened.callback(visit.page.close)
            return visit

        yield at


@pytest.fixture
def violations() -> Violations:
    """Return axe's check of a page."""
    if not axe.is_there():
        missing("no npm here, which brings axe-core")
    return axe.violations
