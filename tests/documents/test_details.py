"""A detail that is broken costs that detail, never the document around it."""

import pytest

from planet_mcp.documents.extract import extract_article
from planet_mcp.text import from_html

URL = "https://example.org/posts/ice"
PROSE = (
    "<p>The keeper of the lighthouse wrote down the weather every morning for forty years, and "
    "nobody read his notebooks until a student found them in a shed last spring.</p>"
)


def both(html: str) -> tuple[str, str]:
    """Read HTML as the article of a page and as the content of a feed."""
    page = f"<html><body><main><article><h1>Ice</h1>{PROSE}{html}{PROSE}</article></main></body>"
    article = extract_article(page.encode(), url=URL, content_type="text/html")
    return article.content.markdown, from_html.convert(f"{PROSE}{html}", base_url=URL).markdown


@pytest.mark.parametrize(
    "html",
    [
        '<p>Before it.</p><p><img alt="5" screen" src="/i/q.png"></p><p>Then the end.</p>',
        '<p @click="a" :class="b">Before it.</p><p><img 4 src="/i/q.png"></p><p>Then the end.</p>',
        "<p>Before it.</p><p><img src='/i/q.png' alt='a' b'c='d' é=1></p><p>Then the end.</p>",
        '<p>Before it.</p><p><img src="/i/q.png" xlink:title="a" "=""></p><p>Then the end.</p>',
    ],
)
def test_an_attribute_that_xml_does_not_allow_costs_itself_alone(html: str) -> None:
    for markdown in both(html):
        assert "Before it." in markdown
        assert "(https://example.org/i/q.png)" in markdown
        assert "Then the end." in markdown


@pytest.mark.parametrize(
    "html",
    [
        '<div><button class="menu"><div><div></button></div>',
        "<button><span><div>Open</button>",
        "<nav><div><ul><li>Home</nav>",
        "<svg><g><div></svg>",
        "<template><div><section></template>",
        "<noscript><div>Switch scripts on</noscript>",
        '<div class="bar"><svg viewBox="0 0 1 1"/></div>',
        "<select><option>One<option>Two<div></select>",
        '<embed src="/film.swf"><video src="/v.mp4"><track src="/v.vtt"></video>',
    ],
)
def test_what_is_left_out_ends_where_a_browser_ends_it(html: str) -> None:
    for markdown in both(f"{html}<p>Everything after it is still there, all of it.</p>"):
        assert "Everything after it is still there, all of it." in markdown
        assert "Switch" not in markdown


def test_elements_that_are_closed_as_in_xml_take_nothing_with_them() -> None:
    html = '<div><a name="x" /><iframe src="" /><span />One <b>two</b><textarea /> three</div><div>'
    assert from_html.convert(f"{html} four").text.split() == ["One", "two", "three", "four"]
    link = from_html.convert("<div><a href=https://e.org/>five</a>")
    assert link.markdown == "[five](https://e.org/)"


def test_unclosed_elements_that_are_nested_deeply_are_read_in_time() -> None:
    for html in ("<div>" * 40_000, "<div>" * 20_000 + "</div>" * 19_999, "<section><b><i>" * 9_000):
        assert from_html.convert(f"{html}x").text in ("x", "")


LETTER = f"<div class='letter'>{PROSE.replace('keeper', 'pilot') * 4}</div>"


@pytest.mark.parametrize(
    "html",
    [
        '<p aria-hidden="true">Seen by all.</p>',
        (
            '<p>It costs <span aria-hidden="true">Seen by all.</span>'
            '<span class="sr-only">Heard by some.</span></p>'
        ),
        f'<div class="modal" aria-hidden="true">{LETTER}<p>Seen by all.</p></div>',
        '<h3><button aria-expanded="true">Seen by all.</button></h3><p>They can swim.</p>',
        "<button><h3>Seen by all.</h3></button><p>They can swim.</p>",
        "<details><summary><button>Seen by all.</button></summary><p>They swim.</p></details>",
        '<script src="/g.js"></script><noscript><pre>Seen by all.</pre></noscript>',
    ],
)
def test_what_people_see_is_kept_whoever_else_does_not(html: str) -> None:
    for markdown in both(html):
        assert markdown.count("Seen by all.") == 1
        assert "Heard by some." not in markdown


@pytest.mark.parametrize(
    "html",
    [
        '<p aria-hidden="true">One.</p><p>One.</p>',
        '<p>One.</p><div class="dropdown-menu" aria-hidden="true">Two.</div>',
        '<p>One.</p><span class="icon icon-arrow" aria-hidden="true">Two.</span>',
        "<p>One.</p><noscript>Two.</noscript>",
        '<p>One.</p><noscript><img src="//t.example.org/p.gif" width=1 height=1></noscript>',
        "<p>One.</p><button>Two.</button>",
    ],
)
def test_what_nobody_misses_is_gone(html: str) -> None:
    markdown = from_html.convert(html).markdown
    assert markdown == "One."


@pytest.mark.parametrize(
    "image",
    ["", '<img class="lazy" alt="A pier">', '<img src="data:image/gif;base64,R0" alt="A pier">'],
)
def test_an_image_that_a_script_would_load_is_taken_from_noscript(image: str) -> None:
    html = f'<p>{image}<noscript><img src="/i/pier.jpg" alt="A pier"></noscript></p>'
    markdown = from_html.convert(html, base_url=URL).markdown
    assert markdown == "[image: A pier](https://example.org/i/pier.jpg)"
    lazy = html.replace("<p>", '<p><img data-src="/i/pier.jpg" alt="A pier">')
    assert from_html.convert(lazy, base_url=URL).markdown == markdown
