"""Article page in, title and Markdown out (pure; runs in the child process).

In: the bytes of what a server sent for an entry's or reader's URL.
Out: its `Article`, the page that it sends its readers to, or a `DocumentError` that says what is
there instead.
Only this package knows trafilatura, and how to tell an article from a page in its way.

content_types (what is it?) ─▶ text and source code as they are
      └─▶ a page: metadata, then the article's part of it (trafilatura chooses, `selection` cuts)
            ─▶ interstitials (is it an article at all?)
"""

from lxml.etree import _Element

from planet_mcp.documents.encoding import decode
from planet_mcp.documents.extract.article import page_article, parse_page
from planet_mcp.documents.extract.content_types import BodyKind, SniffedBody, file_name, sniff_body
from planet_mcp.documents.page_redirects import redirect_of
from planet_mcp.errors import DocumentError
from planet_mcp.models import Article, PageRedirect
from planet_mcp.text.from_html import first_heading, from_code, from_markdown, one_line

__all__ = ["extract_article", "read_page"]

_FEWEST_CHARACTERS = 50


def read_page(
    body: bytes, *, url: str, content_type: str = "", refresh: str = ""
) -> Article | PageRedirect:
    """Find the article of a page, or the page that it sends its readers to.

    `refresh` is the header field of that name.

    Raises:
        DocumentError: There is no article to read; it says what is there and what to do.
    """
    sniffed, text, page = _read(body, url=url, content_type=content_type)
    is_page = sniffed.kind is BodyKind.PAGE or not text.strip()
    redirect = redirect_of(page, url=url, refresh=refresh) if is_page else None
    return redirect or _article(sniffed, text, page, url)


def extract_article(body: bytes, *, url: str, content_type: str = "") -> Article:
    """Find the article of a web page, or take a text as it is; code blocks are kept exactly.

    Raises:
        DocumentError: There is no article to read; it says what is there and what to do.
    """
    sniffed, text, page = _read(body, url=url, content_type=content_type)
    return _article(sniffed, text, page, url)


def _read(body: bytes, *, url: str, content_type: str) -> tuple[SniffedBody, str, _Element | None]:
    media_type = content_type.partition(";")[0].strip().lower()
    sniffed = sniff_body(body, url=url, media_type=media_type)
    text = decode(body, content_type=content_type).text
    return sniffed, text, parse_page(text) if sniffed.kind is BodyKind.PAGE else None


def _article(sniffed: SniffedBody, text: str, page: _Element | None, url: str) -> Article:
    if sniffed.kind is BodyKind.PAGE:
        return page_article(page, url)
    if sniffed.kind is BodyKind.CODE:
        return _code_article(text, url, sniffed.language)
    return _text_article(text, url)


def _code_article(text: str, url: str, language: str) -> Article:
    if not text.strip():
        raise DocumentError(f"{url} is an empty file: there is nothing to read.")
    content = from_code(text, language)
    return Article(title=file_name(url), authors=(), published=None, content=content)


def _text_article(text: str, url: str) -> Article:
    content = from_markdown(text)
    if len(content.text) < _FEWEST_CHARACTERS:
        raise DocumentError(
            f"{url} is a text of {len(content.text)} characters and holds no article text. The "
            "entry's own text is all there is to read."
        )
    title = first_heading(content.markdown) or content.text.partition("\n")[0]
    return Article(title=one_line(title), authors=(), published=None, content=content)
