"""The errors of libraries that documents can cause: no version brings one that nobody catches."""

import inspect
from types import ModuleType

import dateutil.parser
import lxml.etree
import pytest
import trafilatura.core

from planet_mcp.documents.extract import extract_article
from planet_mcp.documents.library_errors import DATEUTIL_ERRORS, TRAFILATURA_ERRORS
from planet_mcp.text.from_html import LXML_ERRORS


def errors_of(library: ModuleType) -> set[type[Exception]]:
    """Return the errors that a library names in public, but not its warnings."""
    public = (each for name, each in vars(library).items() if not name.startswith("_"))
    kinds = {each for each in public if inspect.isclass(each) and issubclass(each, Exception)}
    return {kind for kind in kinds if not issubclass(kind, Warning)}


@pytest.mark.parametrize(
    ("library", "caught", "known"),
    [
        (lxml.etree, LXML_ERRORS, "LxmlError"),
        (lxml.etree, TRAFILATURA_ERRORS, "LxmlError"),
        (dateutil.parser, DATEUTIL_ERRORS, "ParserError"),
        (dateutil.parser, TRAFILATURA_ERRORS, "ParserError"),
        (trafilatura.core, TRAFILATURA_ERRORS, None),
    ],
)
def test_every_error_that_a_library_names_is_caught(
    library: ModuleType, caught: tuple[type[Exception], ...], known: str | None
) -> None:
    errors = errors_of(library)
    assert known is None or known in {error.__name__ for error in errors}
    assert [error for error in errors if not issubclass(error, caught)] == []


def test_a_date_beyond_all_numbers_does_not_cost_the_article() -> None:
    prose = "A garden is more than the bees in it, and less than what they make of it. " * 4
    odd = "2020 " + "9" * 40 + "h"
    head = f'<head><meta name="date" content="{odd}"></head>'
    page = f"<html>{head}<body><article><p>{prose}</p></article></body></html>"
    article = extract_article(page.encode(), url="https://a.example/", content_type="text/html")
    assert article.published is None
    assert article.content.text
