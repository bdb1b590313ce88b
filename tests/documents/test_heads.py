"""What only repeats an article's head goes from above it; what an author says there stays."""

from datetime import UTC, datetime
from html import escape

import pytest

from planet_mcp.documents.extract import extract_article
from planet_mcp.documents.parse import parse_feed

URL = "https://blog.example/feed.xml"
TEXT = (
    "The keeper of the lighthouse wrote down the weather every morning for forty years, and "
    "nobody read his notebooks until a student found them in a shed last spring."
)


def entry(above: str) -> str:
    """Return the Markdown of an entry by Ann Lund, called `Forty years`."""
    html = escape(f"{above}<p>{TEXT}</p>")
    item = f"<title>Forty years</title><author>Ann Lund</author><description>{html}</description>"
    feed = f'<rss version="2.0"><channel><title>F</title><item>{item}</item></channel></rss>'
    (found,) = parse_feed(feed.encode(), url=URL, now=datetime(2026, 11, 22, tzinfo=UTC)).entries
    assert found.content.words == len(found.content.text.split())
    assert found.content.text.endswith(TEXT)
    return found.content.markdown


@pytest.mark.parametrize(
    "above",
    [
        "<h1>Forty years</h1>",
        "<h3><a href='/p'>Forty Years</a></h3>",
        "<h1>Forty years</h1><p>By Ann Lund</p>",
        "<p>Written by <b>Ann Lund</b> on March 3, 2026 · 4 min read</p>",
        "<p><em>Updated on 3 March 2026</em></p>",
        "<h2>Forty years!</h2><p>By <a href='/ann'>Ann Lund</a></p><p>Last updated: 2026-03-03</p>",
    ],
)
def test_what_repeats_the_head_goes(above: str) -> None:
    assert entry(above) == TEXT


@pytest.mark.parametrize(
    ("above", "kept"),
    [
        ("<h1>Forty years of ice</h1>", "# Forty years of ice"),
        ("<p>Forty years</p>", "Forty years"),
        ("<p>By Ann Lund and Kim Ahl</p>", "By Ann Lund and Kim Ahl"),
        ("<p>By noon it was over.</p>", "By noon it was over."),
        ("<p>Updated on 3 March 2026: a name.</p>", "Updated on 3 March 2026: a name."),
        ("<p>Updated on Monday.</p>", "Updated on Monday."),
        ("<h2>Log</h2><h3>Forty years</h3>", "## Log\n\n### Forty years"),
    ],
)
def test_what_says_more_than_the_head_stays(above: str, kept: str) -> None:
    assert entry(above) == f"{kept}\n\n{TEXT}"


def test_a_last_line_that_says_when_the_text_was_updated_goes() -> None:
    page = f"<body><article><p>{TEXT}</p><p>{TEXT[60:]}</p>END</article></body>"
    for end, kept in (("<p>Updated on March 3, 2026</p>", 0), ("<p>Updated in Rome 2026</p>", 1)):
        article = extract_article(page.replace("END", end).encode(), url="https://blog.example/1")
        assert article.content.markdown.count("Updated") == kept
        assert article.content.text.count("Updated") == kept


def test_an_entry_that_is_nothing_but_its_title_keeps_it() -> None:
    item = "<title>Ice</title><description>&lt;h1>Ice&lt;/h1></description>"
    feed = f'<rss version="2.0"><channel><title>F</title><item>{item}</item></channel></rss>'
    (found,) = parse_feed(feed.encode(), url=URL, now=datetime(2026, 11, 22, tzinfo=UTC)).entries
    assert found.content.markdown == "# Ice"


def test_a_page_begins_with_its_text_too() -> None:
    head = "<title>Forty years</title><meta name=author content='Ann Lund'>"
    body = f"<h1>Forty years</h1><p>By Ann Lund</p><p>{TEXT}</p><p>{TEXT[60:]}</p>"
    page = f"<html><head>{head}</head><body><article>{body}</article></body></html>"
    article = extract_article(page.encode(), url="https://blog.example/1")
    assert article.title == "Forty years"
    assert article.content.markdown == f"{TEXT}\n\n{TEXT[60:]}".replace("\n ", "\n")
