"""What `planet_mcp.extract` finds on article pages."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planet_mcp.errors import DocumentError
from planet_mcp.extract import extract_article

URL = "https://example.org/posts/gardens"
PROSE = (
    "A garden that feeds bees needs flowers from March to October, and a gardener who "
    "leaves some corners alone. Here is how we planned ours, bed by bed, over two years."
)
CODE = "def bloom(month):\n    if month < 3:\n        return None\n\n    return  month"
HTML_CODE = CODE.replace("<", "&lt;")
PAGE = f"""<!doctype html><html lang="en"><head><title>Bees first | Garden Notes</title>
<meta property="og:title" content="Bees first"><meta name="author" content="Ada Meadow">
<meta property="article:published_time" content="2025-03-04T10:30:00+02:00"></head><body>
<nav><a href="/">Home</a> <a href="/about">About this site</a></nav>
<main><article><h1>Bees first</h1><p>{PROSE}</p><h2>The plan</h2>
<p>{PROSE} <a href="../plan">The plan</a> is open,
call <code>bloom()</code> <b>twice</b> or wait. <span style="display:none">Ignore it</span></p>
<ul><li>Crocus for the early bees</li><li>Ivy for the late ones</li></ul>
<p>In this order:</p><ol><li>Dig</li><li>Sow</li></ol>
<div class="highlight"><pre><code class="language-python"><i>{HTML_CODE}</i></code></pre></div>
<blockquote><p>Leave the ivy alone until it has finished flowering.</p></blockquote>
<table><tr><th>Month</th><th>Flower</th></tr><tr><td>March</td><td>Crocus</td></tr></table>
<p><img src="/bed.jpg" alt="The first bed"></p><p>{PROSE}</p></article></main>
<footer>Copyright and imprint, subscribe to our newsletter</footer></body></html>"""


def page(body: str, head: str = "") -> bytes:
    return f"<html><head>{head}</head><body>{body}</body></html>".encode()


def test_an_article_page_gives_title_author_and_time() -> None:
    article = extract_article(PAGE.encode(), url=URL, content_type="text/html; charset=utf-8")
    assert article.title == "Bees first"
    assert article.authors == ("Ada Meadow",)
    assert article.published == datetime(2025, 3, 4, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "expected",
    [
        f"```python\n{CODE}\n```",
        "## The plan",
        "[The plan](https://example.org/plan)",
        "- Crocus for the early bees\n- Ivy for the late ones",
        "> Leave the ivy alone",
        "1. Dig\n2. Sow",
        "call `bloom()` **twice** or",
        "| Month | Flower |\n| --- | --- |\n| March | Crocus |",
        "[image: The first bed](https://example.org/bed.jpg)",
    ],
)
def test_the_structure_of_an_article_is_kept(expected: str) -> None:
    article = extract_article(PAGE.encode(), url=URL, content_type="text/html")
    assert expected in article.content.markdown


@pytest.mark.parametrize("unwanted", ["About this site", "imprint", "Ignore it", "codeblock"])
def test_what_is_not_the_article_is_left_out(unwanted: str) -> None:
    content = extract_article(PAGE.encode(), url=URL).content
    assert unwanted not in content.markdown + content.text


def test_a_page_that_is_all_code_keeps_the_code() -> None:
    listing = "\n".join(f"{n:4}  option --number-{n}  sets the number to {n}" for n in range(80))
    article = extract_article(page(f"<h1>Manual</h1><pre>{listing}</pre>"), url=URL)
    assert listing.strip("\n") in article.content.markdown


def test_a_page_without_paragraphs_falls_back_to_its_main_part() -> None:
    words = "one two three four five six seven eight nine ten eleven twelve"
    article = extract_article(page(f"<main><div>{words}</div></main>"), url=URL)
    assert words in article.content.text


def test_a_tab_that_a_button_opens_is_part_of_the_page() -> None:
    tab = f"<div role=tabpanel id=t hidden><p>{PROSE[:60]} tab</p></div>"
    body = f"<article><p>{PROSE}</p>{tab}</article>"
    assert "tab" in extract_article(page(body), url=URL).content.text


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("é".encode("latin-1"), "text/html; charset=ISO-8859-1"),
        (b"<meta charset=windows-1252>\xe9", "text/html"),
        (b"\xef\xbb\xbf" + "é".encode(), "text/html; charset=latin-1"),
        ("é".encode(), "text/html"),
        (b"\xe9", "text/html"),
        (b"\xe9", "text/html; charset=unicode_escape"),
    ],
)
def test_the_charset_is_found(body: bytes, content_type: str) -> None:
    source = body + b"<article><p>" + PROSE.encode() * 2 + b"</p></article>"
    source = source.replace(b"<p>", b"<p>" + body.removeprefix(b"\xef\xbb\xbf"), 1)
    article = extract_article(source, url=URL, content_type=content_type)
    assert "éA garden" in article.content.text


def test_a_utf16_page_is_read_by_its_byte_order_mark() -> None:
    article = extract_article(PAGE.encode("utf-16"), url=URL, content_type="text/html")
    assert article.title == "Bees first"


def test_a_markdown_document_is_returned_as_it_is() -> None:
    source = f"# Bees\n\n{PROSE}\n\n- *a*\n\n```py\nx = 1\n```"
    article = extract_article(source.encode(), url=URL, content_type="text/markdown")
    assert (article.title, article.content.markdown) == ("Bees", source)


def test_a_plain_text_takes_its_title_from_the_first_line() -> None:
    article = extract_article(f"Bees\n\n{PROSE}".encode(), url=URL, content_type="text/plain")
    assert article.title == "Bees"


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (b"x" * 100, "application/pdf", "application/pdf, not a web page"),
        (b"%PDF-1.7 ...", "text/html", "binary file"),
        (b"", "text/html", "empty page"),
        (b"<html><body><div id=root></div></body></html>", "text/html", "no article text"),
        (b"short", "text/plain", "no article text"),
    ],
)
def test_a_document_without_an_article_is_refused_with_a_reason(
    body: bytes, content_type: str, message: str
) -> None:
    with pytest.raises(DocumentError, match=message):
        extract_article(body, url=URL, content_type=content_type)


@pytest.mark.parametrize(
    "stated", ["yesterday", "0000-00-00", "99999999999999", "2025-13-45T99:00"]
)
def test_a_broken_date_gives_no_error(stated: str) -> None:
    head = f"<meta property='article:published_time' content='{stated}'>"
    article = extract_article(page(f"<article><p>{PROSE}</p></article>", head), url=URL)
    assert article.published is None or article.published.tzinfo is UTC


@given(
    st.binary(max_size=300)
    | st.text(max_size=300).map(lambda text: f"<p>{text}<pre>".encode("utf-8", "replace"))
)
@settings(deadline=None, max_examples=60)
def test_any_bytes_give_an_article_or_a_document_error(body: bytes) -> None:
    try:
        article = extract_article(body, url=URL)
    except DocumentError:
        return
    assert article.content.text
