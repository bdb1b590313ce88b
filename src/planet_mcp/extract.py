"""Article page in, title and Markdown out.

The code blocks of a page are put aside before the boilerplate is told from the article and put
back afterwards: the heuristics for prose would tear them apart.
"""

import codecs
import logging
import re
from datetime import UTC, datetime
from typing import NamedTuple

import lxml.html
import trafilatura
from dateutil import parser as dates
from lxml import etree
from lxml.etree import _Element
from trafilatura.baseline import html2txt
from trafilatura.htmlprocessing import convert_to_html
from trafilatura.metadata import extract_metadata
from trafilatura.settings import Document, set_date_params

from planet_mcp.errors import DocumentError
from planet_mcp.markdown import from_markdown, one_line
from planet_mcp.markdown.blocks import shelve_formulas, shelve_listings
from planet_mcp.markdown.code import CodeBlock
from planet_mcp.markdown.links import declared_base
from planet_mcp.markdown.render import NOTHING, render
from planet_mcp.markdown.shelf import Shelf
from planet_mcp.markdown.tree import parse, remove_unseen
from planet_mcp.models import Article, Content

# It reports each page without an article on its own; we raise.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
logging.getLogger("htmldate").setLevel(logging.CRITICAL)

_FEWEST_CHARACTERS = 50
_HTML_TYPES = frozenset(("", "text/html", "application/xhtml+xml", "application/xml", "text/xml"))
_TEXT_TYPES = frozenset(("text/plain", "text/markdown", "text/x-markdown", "text/x-rst"))
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_META_CHARSET = re.compile(
    rb"<(?:meta\b[^<>]{0,500}?charset\s*=\s*[\"']?\s*|\?xml\b[^<>]{0,200}?encoding\s*=\s*[\"'])"
    rb"([A-Za-z0-9._:-]{1,40})",
    re.IGNORECASE,
)
_META_REACH = 4096
# The codecs of the Encoding Standard; Python knows others that take minutes on hostile input.
_WEB_CODEC = re.compile(
    r"(?:utf[-_]?(?:8|16|16le|16be|32)|us-ascii|ascii|(?:windows|iso|cp|x-cp|ibm)[-_]?[\d_-]+\w{0,2}|latin[-_]?\d{1,2}"
    r"|koi8[-_]?[ru]|gb_?2312|gbk|gb18030|big5(?:-hkscs)?|shift[-_]?jis|sjis|ms_kanji|euc[-_]?(?:jp|kr)"
    r"|ks_c_5601-1987|macintosh|mac[-_](?:roman|cyrillic)|tis-620)",
    re.IGNORECASE,
)
_LATIN = frozenset(("iso8859-1", "ascii"))
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BINARY = (b"%PDF-", b"PK\x03\x04", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"\x1f\x8b", b"\x7fELF")
_HEADING = re.compile(r"^#{1,2}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
_PUBLISHED = (
    "//meta[@property='article:published_time' or @property='og:article:published_time'"
    " or @itemprop='datePublished' or @name='article:published_time' or @name='datePublished'"
    " or @name='date' or @name='pubdate' or @name='publish-date' or @name='DC.date.issued'"
    " or @name='parsely-pub-date']/@content | //time[@itemprop='datePublished' or @pubdate"
    " or contains(@class, 'published') or contains(@class, 'entry-date')]/@datetime"
)
_LD_PUBLISHED = re.compile(r'"datePublished"\s*:\s*"([^"]{8,40})"')
_LIBRARY_ERRORS = (
    *(ValueError, TypeError, AttributeError, LookupError, OverflowError, RecursionError),
    *(AssertionError, etree.LxmlError),
)
_MOST_AUTHORS = 20
_FIRST_YEAR = 1990
_YEAR = re.compile(r"(?:19|20)\d\d")
_HEAVIEST = 20_000


class _Attempt(NamedTuple):
    """How to look for the article of a page."""

    fast: bool
    links: bool
    images: bool


# Links and images are worth having, but on some pages they mislead the search for the article.
_ATTEMPTS = (
    _Attempt(fast=True, links=True, images=True),
    _Attempt(fast=False, links=True, images=False),
    _Attempt(fast=False, links=False, images=False),
)
_ENOUGH = 0.4
_CLEARLY_MORE = 1.2


def extract_article(body: bytes, *, url: str, content_type: str = "") -> Article:
    """Find the article of a web page; its code blocks are kept exactly."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in _HTML_TYPES | _TEXT_TYPES:
        raise DocumentError(
            f"{url} is {one_line(media_type, limit=80)}, not a web page or text: "
            "there is no article to read. Look for a page that describes it."
        )
    if body.startswith(_BINARY):
        raise DocumentError(f"{url} is a binary file, not a web page: there is no article to read.")
    text = _decoded(body, content_type)
    if media_type in _TEXT_TYPES:
        return _text_article(text, url)
    return _page_article(text, url)


def _decoded(body: bytes, content_type: str) -> str:
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(encoding, "replace")
    declared = _CHARSET.search(content_type)
    in_page = _META_CHARSET.search(body[:_META_REACH])
    labels = [declared[1] if declared else "", in_page[1].decode("ascii") if in_page else ""]
    for encoding in filter(None, map(_codec, labels)):
        return body.decode(encoding, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("windows-1252", "replace")


def _codec(label: str) -> str | None:
    if not _WEB_CODEC.fullmatch(label):
        return None
    try:
        name = codecs.lookup(label).name
    except LookupError:
        return None
    return "windows-1252" if name in _LATIN else name


def _text_article(text: str, url: str) -> Article:
    content = from_markdown(text)
    _require_text(content, url)
    heading = _HEADING.search(content.markdown)
    title = heading[1] if heading else content.text.partition("\n")[0]
    return Article(title=one_line(title), authors=(), published=None, content=content)


def _page_article(html: str, url: str) -> Article:
    page = parse(html, parser_class=lxml.html.HTMLParser)
    if page is None:
        raise DocumentError(f"{url} is an empty page: there is no article to read.")
    facts = _metadata(page, url)
    published = _published(page, facts)
    content = _content(page, url)
    _require_text(content, url)
    return Article(
        title=one_line(facts.title or ""),
        authors=_authors(facts.author or ""),
        published=published,
        content=content,
    )


def _require_text(content: Content, url: str) -> None:
    if len(content.text) < _FEWEST_CHARACTERS:
        raise DocumentError(
            f"{url} holds no article text: it may be built by scripts, ask for a login, or be a "
            "list of links. The entry's own text is all there is to read."
        )


def _metadata(page: _Element, url: str) -> Document:
    try:
        return extract_metadata(page, url, set_date_params(extensive=False))
    # The library trusts the JSON and dates that pages carry.
    except _LIBRARY_ERRORS:
        return Document()


def _authors(names: str) -> tuple[str, ...]:
    found = (one_line(name, limit=100) for name in names.split(";"))
    return tuple(dict.fromkeys(name for name in found if name))[:_MOST_AUTHORS]


def _published(page: _Element, facts: Document) -> datetime | None:
    """Prefer a time that the page states to the day that the metadata reader worked out."""
    day = _moment(facts.date or "")
    stated = [str(value) for value in page.xpath(_PUBLISHED)][:20]
    for script in page.iter("script"):
        if "ld+json" in (script.get("type") or ""):
            stated += _LD_PUBLISHED.findall(script.text or "")[:5]
    moments = [moment for value in stated if (moment := _moment(value))]
    if day is None:
        return moments[0] if moments else None
    return next((m for m in moments if abs((m - day).total_seconds()) < 2 * 86_400), day)


def _moment(value: str) -> datetime | None:
    if not _YEAR.search(value):
        return None
    try:
        moment: datetime = dates.parse(
            value[:60],
            default=datetime(2000, 1, 1, tzinfo=UTC),
            tzinfos=lambda _, seconds: seconds or 0,
        )
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError, TypeError):
        return None
    return moment if moment.year >= _FIRST_YEAR else None


def _content(page: _Element, url: str) -> Content:
    base_url = declared_base(page, url)
    shelf = Shelf()
    shelve_formulas(page, shelf)
    remove_unseen(page, interactive=True)
    words = _Words(page)
    shelve_listings(page, words.put)
    article = _article_body(page, base_url)
    if article is not None:
        words.exchange(article, shelf)
        content = render(article, shelf, base_url=base_url)
        if len(content.text) >= _FEWEST_CHARACTERS:
            return content
    return _fallback(page, words, shelf, base_url)


def _fallback(page: _Element, words: "_Words", shelf: Shelf, base_url: str | None) -> Content:
    for tag in ("article", "main", "body"):
        element = next(page.iter(tag), None)
        if element is not None:
            words.exchange(element, shelf)
            content = render(element, shelf, base_url=base_url)
            if len(content.text) >= _FEWEST_CHARACTERS or tag == "body":
                return content
    return NOTHING


def _article_body(page: _Element, base_url: str | None) -> _Element | None:
    """Find the article; look again, and longer, where much of the page was left out."""
    whole = len(html2txt(page))
    best, found = None, 0
    for attempt in _ATTEMPTS:
        body = _attempt(page, base_url, attempt)
        length = 0 if body is None else _text_length(body)
        if length > found * _CLEARLY_MORE:
            best, found = body, length
        if found >= whole * _ENOUGH:
            break
    try:
        return None if best is None else _as_html(best)
    except _LIBRARY_ERRORS:
        return None


def _as_html(body: _Element) -> _Element:
    numbered = [element for element in body.iter("list") if element.get("rend") == "ol"]
    html: _Element = convert_to_html(body)
    for element in numbered:
        element.tag = "ol"
    # All listings are put aside: what it takes for one is code within a line.
    for code in html.iter("pre"):
        code.tag = "code"
    return html


def _attempt(page: _Element, base_url: str | None, attempt: _Attempt) -> _Element | None:
    try:
        document = trafilatura.bare_extraction(
            page,
            url=base_url,
            fast=attempt.fast,
            output_format="html",
            include_comments=False,
            include_formatting=True,
            include_images=attempt.images,
            include_links=attempt.links,
            include_tables=True,
        )
    except _LIBRARY_ERRORS:
        return None
    return document.body if isinstance(document, Document) else None


def _text_length(element: _Element) -> int:
    return sum(len(text) for text in element.itertext())


class _Words:
    """Words that stand for the code blocks of a page while its boilerplate is taken out.

    Each code block is left as one paragraph of its own text between two marker words: with the
    weight it has, as a man page is nothing else, but without markup to stumble over.
    """

    def __init__(self, page: _Element) -> None:
        text = "".join(page.itertext())
        self._stem = "codeblock"
        while self._stem in text:
            self._stem += "z"
        self._blocks: list[CodeBlock] = []
        self._words = re.compile(rf"{self._stem}(\d+)a(?:.*?{self._stem}\1b|.*$)", re.DOTALL)

    def put(self, block: CodeBlock) -> str:
        """Put a code block aside and return the text that stands for it."""
        number = len(self._blocks)
        self._blocks.append(block)
        weight = " ".join(block.text[:_HEAVIEST].split())
        return f"{self._stem}{number}a {weight} {self._stem}{number}b"

    def exchange(self, tree: _Element, shelf: Shelf) -> None:
        """Exchange what stands for code blocks in a tree for the tokens of a shelf."""
        for element in tree.iter(etree.Element):
            element.text = self._shelved(element.text, shelf)
            element.tail = self._shelved(element.tail, shelf)

    def _shelved(self, text: str | None, shelf: Shelf) -> str | None:
        if not text or self._stem not in text:
            return text
        return self._words.sub(lambda word: shelf.block(self._blocks[int(word[1])]), text)
