"""What a page says of its article: title, authors, address."""

import re
from collections.abc import Callable
from copy import deepcopy
from functools import lru_cache
from typing import TypeVar

from lxml import etree
from lxml.etree import _Element
from trafilatura.metadata import (
    Document,
    examine_meta,
    extract_author,
    extract_meta_json,
    extract_title,
    extract_url,
)

from planet_mcp.documents.library_errors import TRAFILATURA_ERRORS
from planet_mcp.text.from_html import one_line

# The attributes, and the words in them, by which trafilatura knows what may name an author.
_NAMING = frozenset(("class", "id", "itemprop", "rel", "data-testid", "data-component"))
_MAY_NAME_AUTHOR = re.compile(
    "[Aa]uthor|[Bb]yline|byl|BBL|username|screenname|writer|channel-name|journalist-name"
    "|submitted-by|posted-by|zuozhe|bianji|xiaobian"
)
_MOST_AUTHORS = 20
_Found = TypeVar("_Found")


def metadata(page: _Element, url: str) -> Document:
    """Read what a page states of itself, by those steps of trafilatura whose results are used."""
    facts = tried(lambda: examine_meta(page)) or Document()
    if " " not in (facts.author or ""):
        facts.author = None
    tried(lambda: extract_meta_json(page, facts))
    facts.title = facts.title or tried(lambda: extract_title(page))
    facts.author = facts.author or tried(lambda: _named_author(page))
    facts.url = facts.url or tried(lambda: extract_url(page, url)) or url
    tried(facts.clean_and_trim)
    return facts


def tried(step: Callable[[], _Found]) -> _Found | None:
    """Return what a step of the libraries finds; None where it fails, which costs nothing else."""
    try:
        return step()
    except TRAFILATURA_ERRORS:
        return None


def _named_author(page: _Element) -> str | None:
    """Find an author in the text of a page.

    trafilatura asks each element of a page six long questions. So it gets a page of those elements
    alone that can answer, with empty copies of their ancestors, by which it leaves some out.
    """
    root = page.makeelement(page.tag)
    shells, whole = {page: root}, set[_Element]()
    for element in page.iterdescendants(etree.Element):
        named = any(n in _NAMING and _may_name_author(value) for n, value in element.items())
        if named or element.tag == "author":
            if whole.isdisjoint(element.iterancestors()):
                _shell(element.getparent(), shells).append(deepcopy(element))
            whole.add(element)
    return extract_author(root) if whole else None


# The cache pays: most elements of a page have one of few classes.
@lru_cache(maxsize=4096)
def _may_name_author(names: str) -> bool:
    return bool(_MAY_NAME_AUTHOR.search(names))


def _shell(element: _Element, shells: dict[_Element, _Element]) -> _Element:
    """Return the empty copy of an element in the copies of its ancestors, made if need be."""
    waiting = []
    while element not in shells:
        waiting.append(element)
        element = element.getparent()
    for outer in reversed(waiting):
        shells[outer] = etree.SubElement(shells[outer.getparent()], outer.tag, outer.attrib)
    return shells[waiting[0] if waiting else element]


def authors(names: str) -> tuple[str, ...]:
    """Split and clean the names that the metadata reader joined."""
    found = (one_line(name, limit=100) for name in names.split(";"))
    return tuple(dict.fromkeys(name for name in found if name))[:_MOST_AUTHORS]
