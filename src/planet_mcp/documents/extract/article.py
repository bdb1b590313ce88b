"""A web page in, its article out."""

import logging
from collections.abc import Callable

import trafilatura
from lxml import etree
from lxml.etree import _Element
from lxml.html import HtmlElement
from trafilatura.htmlprocessing import convert_to_html
from trafilatura.settings import Document

from planet_mcp.documents.extract.dating import published
from planet_mcp.documents.extract.interstitials import Hints, refuse_interstitials
from planet_mcp.documents.extract.metadata import authors, metadata
from planet_mcp.documents.extract.selection import Selection, remove_numbers
from planet_mcp.documents.extract.stash import CodeStash
from planet_mcp.documents.heads import without_head
from planet_mcp.documents.library_errors import TRAFILATURA_ERRORS
from planet_mcp.errors import DocumentError
from planet_mcp.models import Article, Content
from planet_mcp.text.from_html import (
    FOOTNOTES,
    NOTHING,
    STEPS,
    Steps,
    Work,
    declared_base,
    drop,
    one_line,
    parse,
    render,
    text_of,
)

# The logs of trafilatura are silenced: it logs each page without an article, for which we raise.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
logging.getLogger("htmldate").setLevel(logging.CRITICAL)

# Signs behind a heading that link to it, and are no part of a title.
_ANCHORS = " \u00b6\U0001f517\u2693\ufe0e\ufe0f"
_FEWEST_CHARACTERS = 50
_HARDLY_MORE = 1.2
_FRAME = ("nav", "footer", "form")
Select = Callable[[_Element], Selection]


def parse_page(html: str) -> _Element | None:
    """Parse a page, so that its article can be looked for; None when it holds nothing."""
    return parse(html, make_parser=_page_parser)


def _page_parser(**options: bool | str) -> etree.HTMLParser:
    """Make a parser whose elements are of the class that trafilatura needs.

    All are of one class: lxml's own parser chooses one for each by its name, which is slower.
    """
    parser = etree.HTMLParser(**options)
    parser.set_element_class_lookup(etree.ElementDefaultClassLookup(element=HtmlElement))
    return parser


def page_article(
    page: _Element | None, url: str, *, steps: Steps = STEPS, select: Select = Selection
) -> Article:
    """Find the article of a page; the page is cut down to it.

    Raises:
        DocumentError: The page holds none, or is an interstitial.
    """
    if page is None:
        raise DocumentError(f"{url} is an empty page: there is no article to read.")
    facts = metadata(page, url)
    time = published(page, facts.url or url)
    hints = Hints.of(page)
    content = _content(page, url, steps, select)
    refuse_interstitials(url, content, hints)
    title, names = one_line(facts.title or "").rstrip(_ANCHORS), authors(facts.author or "")
    content = without_head(content, title=title, authors=names)
    return Article(title=title, authors=names, published=time, content=content)


def _content(page: _Element, url: str, steps: Steps, select: Select) -> Content:
    base_url = declared_base(page, url)
    code = CodeStash(page)
    work = Work(base_url=base_url, put=code.put, interactive=True)
    work.clear(page, steps)
    work.stash_listings(page, steps)
    code.free_figures(page)
    work.take([FOOTNOTES], page)
    article = _article(page, base_url, work, select)
    if article is not None:
        code.exchange(article, work.stash)
        content = render(article, work, steps=steps)
        if len(content.text) >= _FEWEST_CHARACTERS:
            return content
    return _fallback(page, code, work, steps)


def _article(page: _Element, base_url: str | None, work: Work, select: Select) -> _Element | None:
    """Find the article: in the page's own elements, else as the search wrote it anew.

    The selection may fail at a detail that nobody has thought of; the search's text serves then.
    """
    try:
        selection = select(page)
    except Exception:  # noqa: BLE001 - any failure of the selection; the page is as it was
        work.flaws += 1
        return _as_html(_found(page, base_url))
    body = _found(page, base_url)
    try:
        article = selection.cut(body, fewest=_FEWEST_CHARACTERS)
    except Exception:  # noqa: BLE001 - as above
        work.flaws += 1
        article = None
    if article is None:
        article = _own_part(page, body)
    return _as_html(body) if article is None else article


def _own_part(page: _Element, found: _Element | None) -> _Element | None:
    """Return the part of a page that holds hardly more words than were found of it.

    Of a page with few words the search returns a single line, without links and code.
    """
    if found is None:
        return None
    words = text_of(found)
    for frame in list(page.iter(*_FRAME)):
        drop(frame)
    for tag in ("article", "main", "body"):
        part = next(page.iter(tag), None)
        if part is not None and len(text_of(part)) <= _HARDLY_MORE * len(words):
            return part
    return None


def _fallback(page: _Element, code: CodeStash, work: Work, steps: Steps) -> Content:
    for tag in ("article", "main", "body"):
        element = next(page.iter(tag), None)
        if element is not None:
            code.exchange(element, work.stash)
            content = render(element, work, steps=steps)
            if len(content.text) >= _FEWEST_CHARACTERS or tag == "body":
                return content
    return NOTHING


def _as_html(body: _Element | None) -> _Element | None:
    if body is None:
        return None
    try:
        html: _Element = convert_to_html(body)
    except TRAFILATURA_ERRORS:
        return None
    # `<pre>` can only be code within a line, which trafilatura writes so: listings are stashed.
    for element in html.iter("pre"):
        element.tag = "code"
    remove_numbers(html)
    return html


def _found(page: _Element, base_url: str | None) -> _Element | None:
    """Let trafilatura find the article; where it finds little, it looks again, less strictly."""
    try:
        document = trafilatura.bare_extraction(
            page,
            url=base_url,
            output_format="html",
            include_comments=False,
            include_formatting=True,
            include_images=False,
            include_links=False,
            include_tables=True,
        )
    except TRAFILATURA_ERRORS:
        return None
    return document.body if isinstance(document, Document) else None
