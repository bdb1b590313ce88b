"""What `planet_mcp.text.from_html` makes of HTML, plain text and titles."""

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from benchmarks.extraction import EXPECTED
from planet_mcp.models import Content
from planet_mcp.text import from_html
from planet_mcp.text.characters import count_unseen
from tests.support.paths import DATA

BASE = "https://example.org/blog/post"
INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
CODE = 'def f(x):\n    """Doc."""\n\n    if x:\n        return "a  b"\n\treturn None'
ESCAPED = CODE.replace('"', "&quot;")


def md(html: str) -> str:
    return from_html.convert(html, base_url=BASE).markdown


def numbers(template: str) -> str:
    return "".join(template.format(n) for n in range(1, CODE.count("\n") + 2))


def lines(template: str) -> str:
    return "".join(template.format(line) for line in ESCAPED.split("\n"))


LINE, SPAN_LINE, BR, EMPTY = "{}\n", "<span>{}</span>\n", "{}<br/>", "<span></span>"
LNT = '<span class="lnt">{}\n</span>'
CHROMA = '<span class="line"><span class="ln">7</span><span class="cl">{}\n</span></span>'
HEXO = '<span class="line">{}</span><br>'
BLOB = '<tr><td class="blob-num" data-line-number="4"></td><td class="blob-code">{}</td></tr>'
NUMBERED = "".join(
    f"<div><span>{n}</span><div>{line}</div></div>" for n, line in enumerate(ESCAPED.split("\n"), 8)
)
SHAPES = {
    "plain": '<pre><code class="language-python">CODE</code></pre>',
    "pygments": (
        '<div class="highlight-python notranslate"><div class="highlight">'
        "<pre><span></span>CODE\n</pre></div></div>"
    ),
    "pygments table": (
        '<div class="highlight-python"><table class="highlighttable"><tr><td class="linenos">'
        f'<div class="linenodiv"><pre>{numbers(SPAN_LINE)}</pre></div></td>'
        '<td class="code"><div><pre><span></span>CODE\n</pre></div></td></tr></table></div>'
    ),
    "inline line numbers": (
        '<div class="highlight-python"><pre>'
        f"{lines('<span class=linenos>3</span>' + LINE)}</pre></div>"
    ),
    "rouge table": (
        '<div class="language-python highlighter-rouge"><div class="highlight">'
        '<pre class="highlight"><code><table class="rouge-table"><tbody><tr>'
        f'<td class="rouge-gutter gl"><pre class="lineno">{numbers(LINE)}</pre></td>'
        '<td class="rouge-code"><pre>CODE\n</pre></td></tr></tbody></table></code></pre>'
        "</div></div>"
    ),
    "chroma table": (
        '<div class="highlight"><div class="chroma"><table class="lntable"><tr><td class="lntd">'
        f'<pre class="chroma"><code>{numbers(LNT)}</code></pre></td><td class="lntd">'
        '<pre class="chroma"><code class="language-python" data-lang="python">CODE</code></pre>'
        "</td></tr></table></div></div>"
    ),
    "chroma lines": (
        '<div class="highlight"><pre class="chroma"><code class="language-python">'
        f"{lines(CHROMA)}</code></pre></div>"
    ),
    "hexo": (
        '<figure class="highlight python"><table><tr><td class="gutter"><pre>'
        f'{numbers(HEXO)}</pre></td><td class="code"><pre>{lines(HEXO)}</pre></td></tr></table>'
        "</figure>"
    ),
    "wordpress brush": '<pre class="brush: python; title: ; notranslate">CODE</pre>',
    "line breaks": f'<pre lang="python">{lines(BR)}</pre>',
    "highlight.js": '<pre><code class="hljs python">CODE</code></pre>',
    "prism": (
        '<div class="code-toolbar"><pre class="line-numbers language-python"><code>CODE'
        f'<span aria-hidden="true" class="line-numbers-rows">{numbers(EMPTY)}</span></code></pre>'
        '<div class="toolbar"><button>Copy</button></div></div>'
    ),
    "github": (
        '<div class="highlight highlight-source-python"><pre>CODE</pre>'
        '<div class="zeroclipboard-container"><clipboard-copy>Copy</clipboard-copy></div></div>'
    ),
    "block lines with numbers": f'<pre><code class="language-python">{NUMBERED}</code></pre>',
    "gist": (
        f'<table class="highlight js-file-line-container" data-lang="python">{lines(BLOB)}</table>'
    ),
    "label and button": (
        '<div class="code-block"><div class="header"><span>Python</span><button>Copy</button></div>'
        "<pre><code>CODE</code></pre></div>"
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_code_block_keeps_every_character_and_its_language(shape: str) -> None:
    html = SHAPES[shape].replace("CODE", ESCAPED)
    fenced = f"```python\n{CODE}\n```"
    assert md(f"<p>Before</p>{html}<p>After</p>") == f"Before\n\n{fenced}\n\nAfter"


@pytest.mark.parametrize("path", sorted((DATA / "code").glob("*.html")), ids=lambda p: p.stem)
def test_each_shape_of_a_code_block_comes_out_exactly_and_nothing_else_with_it(path: Path) -> None:
    html, _, expected = path.read_text("utf-8").partition(EXPECTED)
    assert md(f"<p>Before</p>{html}<p>After</p>") == f"Before\n\n{expected.rstrip()}\n\nAfter"


def test_what_the_document_of_a_frame_hides_stays_hidden() -> None:
    frame = '<iframe srcdoc="<p style=&quot;display:none&quot;>unseen</p><p>seen</p>"></iframe>'
    content, unseen = from_html.convert_counting(f"<p>Before</p>{frame}")
    assert (content.markdown, unseen) == ("Before\n\nseen", len("unseen"))


def test_what_is_named_as_a_box_but_stands_before_no_item_is_none() -> None:
    assert md("<div class='checkbox checkbox-on'></div><p>Words</p>") == "Words"
    assert md("<ul><li><div class='checkbox-outer'>Words</div></li></ul>") == "- Words"


def test_a_fence_is_longer_than_any_backticks_inside() -> None:
    assert md("<pre>```\nx\n````</pre>") == "`````\n```\nx\n````\n`````"


def test_code_in_a_nested_list_is_indented_and_otherwise_exact() -> None:
    html = "<ul><li>a<ul><li>b<pre>x\n\n  y</pre></li></ul></li></ul>"
    assert md(html) == "- a\n  - b\n\n    ```\n    x\n\n      y\n    ```"


def test_code_in_a_quote_stays_in_the_quote() -> None:
    assert md("<blockquote><pre>x\n\ny</pre></blockquote>") == "> ```\n> x\n>\n> y\n> ```"


def test_several_code_blocks_in_a_heading_come_out_one_by_one() -> None:
    assert md("<h2>a<pre>b</pre>c<pre>d</pre></h2>").count("```") == 4


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p><code>a</code> <kbd>b</kbd></p>", "`a` `b`"),
        ("<p><code>a`b</code></p>", "``a`b``"),
        ("<p><code>`</code></p>", "`` ` ``"),
        ("<p><code>&lt;b&gt; *x*</code></p>", "`<b> *x*`"),
        ("<p><code><a href='/x'>f()</a></code></p>", "[`f()`](https://example.org/x)"),
        ("<h2>T <em>e</em></h2>", "## T *e*"),
        ("<ol start=3><li>a</li><li>b</li></ol>", "3. a\n4. b"),
        ("<ul><li>a<ul><li>b</li></ul></li></ul>", "- a\n  - b"),
        ("<p>a</p><hr><p>b</p>", "a\n\n---\n\nb"),
        ("<p>a<br>b</p>", "a  \nb"),
        ("<blockquote><p>q</p></blockquote>", "> q"),
        (
            "<table><tr><th>a</th><th>b</th></tr><tr><td><code>x|y</code></td><td>2</td></tr></table>",
            "| a | b |\n| --- | --- |\n| `x\\|y` | 2 |",
        ),
        ("<p>10<sup>6</sup> and 1<sup>st</sup></p>", "10^6 and 1st"),
        ("<math alttext='x_1^2'><mi>x</mi></math>", "$x_1^2$"),
        ("<math><mi>x</mi><mo>=</mo><mn>1</mn></math>", "x=1"),
        ("<table role=presentation><tr><td><p>a</p></td><td><p>b</p></td></tr></table>", "a\n\nb"),
    ],
)
def test_markup_becomes_markdown(html: str, expected: str) -> None:
    assert md(html) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<a href='../x?a=1&amp;b=2'>t</a>", "[t](https://example.org/x?a=1&b=2)"),
        ("<a href='http://e.org/a b(c)'>t</a>", "[t](http://e.org/a%20b%28c%29)"),
        ("<a href='javascript:alert(1)'>t</a>", "t"),
        ("<a href='&#1;java\nscript:alert(1)'>t</a>", "t"),
        ("<a href='data:text/html,x'>t</a>", "t"),
        ("<a href='mailto:a@b.c'>t</a>", "t"),
        ("<a href='http://[bad'>t</a>", "t"),
        ("<a href='/x'></a>", ""),
        ("<h2>T<a class='headerlink' href='#t'>¶</a></h2>", "## T"),
        ("<a href='/x'><h2>T</h2></a>", "## [T](https://example.org/x)"),
        ("<img src='i.png' alt='a [b]'>", "[image: a \\[b\\]](https://example.org/blog/i.png)"),
        (
            "<img src='data:image/gif;base64,x' data-src='/i.png'>",
            "[image](https://example.org/i.png)",
        ),
        ("<img src='http://t.co/x.gif' width=1 height=1>", ""),
        ("<img src='data:image/png;base64,x' alt='x'>", ""),
        ("<img class='emoji' alt='🙂' src='http://e.org/e.png'>", "🙂"),
        (
            "<iframe src='//v.org/1' title='Talk'></iframe>",
            "[embedded page: Talk](https://v.org/1)",
        ),
        ("<video><source src='/v.mp4'></video>", "[video](https://example.org/v.mp4)"),
    ],
)
def test_links_and_images_are_absolute_and_lead_to_the_web_only(html: str, expected: str) -> None:
    assert md(html) == expected


@pytest.mark.parametrize(
    "html",
    [
        "<script>bad()</script>",
        "<style>bad</style>",
        "<svg><text>bad</text></svg>",
        "<!-- bad -->",
        "<form><label>bad</label><input value=bad></form>",
        "<noscript>bad</noscript>",
        "<template>bad</template>",
        "<p hidden>bad</p>",
        "<p style='display : none !important'>bad</p>",
        "<span aria-hidden=true>\u2192</span>",
        "<div class=menu aria-hidden=true>bad</div>",
        "<p style='font-size:0px'>bad</p>",
        "<p style='position:absolute;left:-9999px'>bad</p>",
        "<p style='opacity: 0'>bad</p>",
        "<p style='visibility:hidden'>bad</p>",
        "<p style='height:0;overflow:hidden'>bad</p>",
        "<span class=sr-only>bad</span>",
        "<span class=screenreader-only>bad</span>",
        "<button>bad</button>",
        "<dialog>bad</dialog>",
        "<p style='color:white;background:#fff'>bad</p>",
        "<p style='color:#fff'>bad</p>",
        "<p><font color='#FFFFFE'>bad</font></p>",
        "<table><tr><td bgcolor=white><b style='color:rgb(255 255 255)'>bad</b></td></tr></table>",
        "<div style='background-color:#111'><p style='color:#111'>bad</p></div>",
        "<p style='color:hsl(0, 0%, 100%)'><i>bad</i></p>",
        "<p style='color:rgba(0,0,0,0)'>bad</p>",
        "<p style='color:#00000000'>bad</p>",
        "<p style='color:transparent'>bad</p>",
        "<p style='color: rgb(1 2 3 / 1%)'>bad</p>",
        "<p style='font-size:1px'>bad</p>",
        "<p style='font: 1px/1 serif'>bad</p>",
        "<p style='font-size:.1em'>bad</p>",
        "<p style='height:1px;overflow:hidden'>bad</p>",
        "<p style='opacity:0.01'>bad</p>",
        "<p style='opacity:1%'>bad</p>",
        "<p style='filter:opacity(0)'>bad</p>",
        "<div popover>bad</div>",
        "<noembed>bad</noembed>",
        "<iframe src='about:blank'>bad</iframe>",
        "<video><p>bad</p>bad</video>",
    ],
)
def test_what_a_reader_does_not_see_is_gone_and_the_rest_stays(html: str) -> None:
    content = from_html.convert(f"<p>one</p>{html}<p>two</p>")
    assert (content.markdown, content.text) == ("one\n\ntwo", "one\ntwo")


@pytest.mark.parametrize(
    "html",
    [
        "<div style='background:#111'><p style='color:#eee'>seen</p></div>",
        "<p style='color:#fff;background-color:#c00'>seen</p>",
        "<p class=banner style='color:#fff'>seen</p>",
        "<div id=hero><p style='color:white'>seen</p></div>",
        "<div style='background:url(sky.jpg)'><p style='color:white'>seen</p></div>",
        "<div style='background-image:url(x)'><p style='color:white'>seen</p></div>",
        "<p style='color:transparent;background-clip:text'>seen</p>",
        "<p style='color:transparent;text-shadow:0 0 5px #000'>seen</p>",
        "<p style='color:#999'>seen</p>",
        "<p style='color:yellow'>seen</p>",
        "<p style='color:var(--ink);background:var(--paper)'>seen</p>",
        "<div style='color:#fff;background:#fff'><p style='color:#000'>seen</p></div>",
        "<div style='font-size:1px'><p style='font-size:16px'>seen</p></div>",
        "<p style='opacity:.6'>seen</p>",
        "<p style='font-size:9px'>seen</p>",
        "<p style='border-width:1px;height:1px'>seen</p>",
    ],
)
def test_what_a_reader_does_see_stays_whatever_its_colours(html: str) -> None:
    assert from_html.convert(f"<p>one</p>{html}<p>two</p>").text == "one\nseen\ntwo"


def test_a_text_for_dark_paper_and_the_theme_of_code_stay() -> None:
    dark = "<p>one</p>" + "<p style='color:white'>White for a dark page.</p>" * 2
    assert from_html.convert(dark).text.count("White for a dark page.") == 2
    code = "<pre><span style='color:#fff'>x</span><span style='color:#f8f8f2'> = 1</span></pre>"
    assert md(f"<p>one and more</p>{code}") == "one and more\n\n```\nx = 1\n```"


def test_a_class_that_merely_says_only_hides_nothing() -> None:
    assert from_html.convert("<p class=only style='color:red'>one</p>").text == "one"


def test_a_wrapper_that_fades_in_or_resets_the_font_size_is_kept() -> None:
    assert md("<div style='opacity:0'><h1>T</h1></div>") == "# T"
    assert md("<div style='font-size:0'><b style='font-size:12px'>T</b></div>") == "**T**"


def test_markup_that_an_author_typed_stays_readable_and_harmless() -> None:
    content = from_html.convert(
        "<p>&lt;script&gt;x&lt;/script&gt; [a](javascript:b) __init__ 2*3*4 a &lt; b</p>"
    )
    assert content.markdown == (
        "&lt;script>x&lt;/script> [a\\](javascript:b) \\_\\_init\\_\\_ 2\\*3\\*4 a < b"
    )
    assert content.text == "<script>x</script> [a](javascript:b) __init__ 2*3*4 a < b"


def test_an_exclamation_mark_does_not_turn_a_link_into_an_image() -> None:
    assert md("<p>Wow!<a href='/x'>t</a></p>") == "Wow\\![t](https://example.org/x)"


def test_footnotes_refer_to_their_notes() -> None:
    html = (
        "<p>Text<sup><a href='#fn1' id='r1'>1</a></sup>.</p>"
        "<ol><li id='fn1'><p>The note. <a href='#r1'>↩</a></p></li></ol>"
    )
    assert md(html) == "Text[^1].\n\n[^1]: The note."


def test_the_text_holds_words_and_code_but_no_urls() -> None:
    link = "<a href='https://www.E.org:8080/x'>this</a>"
    html = f"<h1>T</h1><p>See {link} <img src='/i.png' alt=a></p><pre>x = 1</pre>"
    content = from_html.convert(html, base_url=BASE)
    assert content.text == "T\nSee this\nx = 1"
    assert content.words == 6


def test_the_excerpt_skips_code_and_ends_at_a_word() -> None:
    content = from_html.convert(
        "<pre>code</pre><p><img src='http://e.org/i.png'></p><p>" + "word " * 100 + "</p>"
    )
    assert content.excerpt.startswith("word word")
    assert content.excerpt.endswith("word…")
    assert len(content.excerpt) <= 300


def test_a_huge_document_is_cut_at_the_end_of_a_block() -> None:
    content = from_html.convert("<p>Some words of a paragraph.</p>" * 60_000)
    assert 900_000 < len(content.markdown) <= 1_000_000
    assert content.markdown.endswith("paragraph.")


@pytest.mark.parametrize(("line", "fence"), [("x = 1\n", "```"), ("`" * 200, "~~~")])
def test_a_huge_code_block_is_cut_and_closed(line: str, fence: str) -> None:
    content = from_html.convert("<pre>" + line * (1_500_000 // len(line)) + "</pre>")
    assert len(content.markdown) <= 1_000_010
    assert content.markdown.endswith(f"\n{fence}")


@pytest.mark.parametrize("tag", ["header", "footer", "nav", "aside", "section", "form", "center"])
def test_the_text_of_a_section_is_kept_whatever_its_kind(tag: str) -> None:
    html = f"<{tag}><h1>Head</h1><p>words</p></{tag}><p>more</p>"
    assert md(html) == "# Head\n\nwords\n\nmore"


@pytest.mark.parametrize("tag", ["div", "b", "ul><li", "blockquote", "table><tr><td", "span", "a"])
def test_text_below_a_thousand_levels_is_found(tag: str) -> None:
    assert "deep" in from_html.convert(f"<{tag}>" * 1000 + "deep").text


@pytest.mark.parametrize(
    "html", ["", " \n", "<", "<!--", "<p>", "\x00", "<table>", "&#xd800;", "<pre></pre>", "\ud800"]
)
def test_next_to_nothing_is_converted_without_an_error(html: str) -> None:
    assert from_html.convert(html).words <= 1


TAGS = (
    *("<p>", "<div>", "</div>", "<pre>", "</pre>", "<code>", "</code>", "<table>", "<tr>", "<td>"),
    *("<ul>", "<li>", "<a href='/x'>", "</a>", "<img src=x>", "<h2>", "<blockquote>", "<script>"),
    *("</script>", "<!--", "-->", "<sup>", "<math>", "<svg>", "<br>", "<span class=line>"),
    *("<b hidden>", "&lt;", "&#8203;", "x", "`", "```", "\n"),
)
ANYTHING = st.lists(st.sampled_from(TAGS) | st.text(max_size=8), max_size=40).map("".join)


@given(ANYTHING)
@settings(deadline=None, max_examples=200)
def test_no_input_raises_and_no_invisible_character_survives(html: str) -> None:
    content = from_html.convert(html, base_url=BASE)
    assert not INVISIBLE.search(content.markdown + content.text + content.excerpt)
    assert len(content.excerpt) <= 300
    assert not re.search(
        r"<(?:script|p|div|svg|b)\b", re.sub(r"(?s)\\`|(`+).*?\1", "", content.markdown)
    )


@given(st.text())
@settings(deadline=None)
def test_clean_text_is_stable_normal_and_visible(text: str) -> None:
    cleaned = from_html.clean_text(text)
    assert from_html.clean_text(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not INVISIBLE.search(cleaned)


@pytest.mark.parametrize("text", ["👩🏽‍💻", "❤️‍🔥", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "می‌خواهم", "क्‍ष", "한국어", "a\nb\tc"])
def test_clean_text_keeps_what_languages_and_emoji_need(text: str) -> None:
    assert from_html.clean_text(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\u200bb\u202ec\u2066d\ufeff", "abcd"),
        ("x\U000e0041\U000e0042y", "xy"),
        ("😀\U000e0101\U000e0102\ufe01", "😀"),
        ("a\u200c\u200d\u200cb", "ab"),
        ("\x1b[31mred\x1b[0m\x07", "red"),
        ("a\r\nb\u2028c\xa0d", "a\nb\nc d"),
        ("e\u0301", "é"),
        ("a\ue000\uf8ff\ufffe\U0001ffffb", "ab"),
    ],
)
def test_clean_text_removes_what_nobody_sees(text: str, expected: str) -> None:
    assert from_html.clean_text(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("AT&amp;T &amp;amp; co", "AT&T & co"),
        ("it&aposs &amp;#8217; R&#38;D", "it's \u2019 R&D"),
        ("<b>Bold</b>\n  title<br>two", "Bold title two"),
        ("Use &lt;div&gt; and List<String>", "Use <div> and List<String>"),
        ("a < b and c > d", "a < b and c > d"),
        ("hid\u200bden", "hidden"),
        ("word " * 100, "word " * 58 + "word…"),
    ],
)
def test_a_title_is_one_readable_line(text: str, expected: str) -> None:
    assert from_html.one_line(text, limit=298) == expected


def test_an_apostrophe_without_its_semicolon_is_one() -> None:
    assert md("<p>it&aposs &apos;fine&apos;, <code>&amp;apos</code></p>") == "it's 'fine', `&apos`"


def test_a_line_without_spaces_is_cut_anywhere() -> None:
    assert from_html.one_line("x" * 50, limit=10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<p>x", True),
        ("x</b>", True),
        ("&lt;p&gt;", False),
        ("R&#38;D", False),
        ("<a href='x'>", True),
        ("", False),
        ("a < b", False),
        ("AT&T; x", False),
        ("List<int>", False),
        ("the <b> tag", False),
        ("a & b", False),
    ],
)
def test_html_is_told_from_text(text: str, *, expected: bool) -> None:
    assert from_html.looks_like_html(text) is expected


def test_plain_text_keeps_its_paragraphs_and_its_characters_mean_themselves() -> None:
    content = from_html.from_plain_text("# a\nb *c* <i>\n\n\n    1. d https://e.org/_f_\n- g")
    assert content.markdown == "\\# a\nb \\*c\\* &lt;i>\n\n1\\. d https://e.org/_f_\n\\- g"
    assert content.text == "# a\nb *c* <i>\n1. d \n- g"


def test_a_markdown_document_keeps_its_markdown_and_loses_its_html() -> None:
    source = "# T\n\n<p align=center>Hi <!-- no --> **you** [x](javascript:y) [z](http://e.org)</p>\n\n```html\n<p>\n```"
    content = from_html.from_markdown(source)
    assert content.markdown == "# T\n\nHi  **you** [x] [z](http://e.org)\n\n```html\n<p>\n```"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (
            "<a href='/big.html'><img src='/small.png' alt='A map'></a>",
            "[image: A map](https://example.org/big.html)",
        ),
        (
            "<p>Before <img src='/a.png'> after</p>",
            "Before [image](https://example.org/a.png) after",
        ),
        ("<p>![x](https://evil.example/?q=1)</p>", "\\![x\\](https://evil.example/?q=1)"),
    ],
    ids=["linked", "inline", "typed"],
)
def test_no_image_is_written_so_that_a_host_would_load_it(html: str, expected: str) -> None:
    assert md(html) == expected


def test_images_of_a_markdown_document_become_links() -> None:
    content = from_html.from_markdown(
        "See ![a map](https://example.org/m.png) and ![](https://e.org/x.png)"
    )
    assert content.markdown == (
        "See [image: a map](https://example.org/m.png) and [image](https://e.org/x.png)"
    )


# ------------------------------------------------------------ what a host makes of the Markdown

HOSTS = (MarkdownIt("commonmark"), MarkdownIt("commonmark").enable(["table", "strikethrough"]))
LOADED = ("image", "html_inline", "html_block")
EVIL = "![x](http://e.example/p.png)"
NO_IMAGE, NO_FENCE = "[image: x](http://e.example/p.png)", "\\`\\`\\`"
IMAGE = "&lt;img src=http://e.example/p.png>"


def loaded(text: str) -> list[str]:
    """Return what a host would load or run that shows a Markdown text."""

    def walk(tokens: list[Token]) -> list[str]:
        return [
            f"{each.type}: {each.content}"
            for token in tokens
            for each in (token, *(token.children or ()))
            if each.type in LOADED
        ]

    return [found for host in HOSTS for found in walk(host.parse(text))]


@pytest.mark.parametrize(
    "html",
    [
        rf"<p>\<code>{EVIL}</code></p>",
        rf"<p>\\<code>a`{EVIL}</code></p>",
        f"<code>x</code><code>`</code> y <code>a`{EVIL}</code>",
        "<p>Wow!<x-y><a href='http://e.example/p.png'>t</a></x-y></p>",
        "<p>!<b></b><a href='http://e.example/p.png'>t</a></p>",
        "<p>!<sup><a href='http://e.example/p.png'>t</a></sup></p>",
        "<p>!<ruby><a href='http://e.example/p.png'>t</a></ruby>",
        "<p>!<sup><a href='#fn1'>1</a></sup></p><ol><li id=fn1>http://e.example/p.png</li></ol>",
        rf"<p>\({EVIL}\) and \[{IMAGE}\]</p>",
        f"<p>$$a`b$$ <code>{EVIL}</code></p>",
        f"<math alttext='{EVIL}'></math>",
        f"<i><table><pre>{EVIL}",
        f"<figure><figcaption><pre>{IMAGE}</pre></figcaption></figure>",
        f"<a href='/x'><div><pre>{IMAGE}</pre></div></a>",
        f"<ul><li><i><pre>{EVIL}</pre></i></li></ul>",
        f"<table><tr><th>a<th>b<tr><td><code>x\\|{EVIL}</code><td>b</table>",
        f"<pre>{'`' * 90}\n{'~' * 300}\n{EVIL}</pre>",
        f"<img src=http://e.example/a.png alt='a](http://e.example/b.png) {EVIL}'>",
        f"<p>{IMAGE} &amp;lt;img src=x> &lt;!-- &lt;script></p>",
    ],
)
def test_no_html_becomes_what_a_host_loads(html: str) -> None:
    assert loaded(md(html)) == []


def test_code_side_by_side_is_one_piece_of_code() -> None:
    assert md("<p><code>f</code><code>(x)</code> <code>y</code></p>") == "`f(x)` `y`"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("![a\nb](/p.png)", "\\![a\nb](/p.png)"),
        ("![a [b] c](/p.png)", "\\![a [b] c](/p.png)"),
        ("![foo]\n\n[foo]: /p.png", "\\![foo]\n\n[foo]: /p.png"),
        ("\\![x](/p.png) \\\\![x](/p.png)", "\\![x](/p.png) \\\\[image: x](/p.png)"),
        ("!![x](/p.png)", "\\![image: x](/p.png)"),
        (f"\\`{EVIL}\\`", f"\\`{NO_IMAGE}\\`"),
        (f"[a](/x`y) {EVIL} `)", f"[a\\](/x`y) {EVIL} `)"),
        (f"<http://a`>{EVIL}`", f"&lt;http://a`>{EVIL}`"),
        (f"``` a ``` \n{EVIL}\n```", f"``` a ``` \n{NO_IMAGE}\n{NO_FENCE}"),
        (f"- a\n  ```\n{EVIL}\n  ```", f"- a\n  {NO_FENCE}\n{NO_IMAGE}\n  {NO_FENCE}"),
        ("~~~\nnever closed <img>", "\\~~~\nnever closed"),
        ("| `a | <img src=x>` |", "| \\`a | &lt;img src=x>\\` |"),
        ("<scr<b>ipt>x", "&lt;script>x"),
        ("a <http://e.org/> `<b>` b", "a <http://e.org/> `<b>` b"),
    ],
)  # fmt: skip
def test_a_markdown_document_is_disarmed_where_it_could_be_read_as_markup(
    source: str, expected: str
) -> None:
    text = from_html.from_markdown(source).markdown
    assert text == expected
    assert loaded(text) == []


@pytest.mark.parametrize(
    "code",
    [
        f"```html\n{EVIL} <img src=x>\n```",
        f"~~~~\n```\n{EVIL} <!-- x -->\n~~~~",
        f"- a\n\n  ```py\n  {EVIL}\n\n  <b>\n  ```",
        f"1. a\n\n   > ```\n   > {EVIL}\n   >\n   > <b>\n   > ```",
        f"> ```\n> {EVIL}\n>\n> <b>\n> ```",
        f"- ```\n  {EVIL}\n  ```",
        "1. a\n    ```bash\n    echo x\n\n    ls\n    ```",
        "\t```\n\tx <b>\n\t```",
        f"Use `{EVIL}` or ``a`<b>``.",
    ],
)
def test_code_in_a_markdown_document_stays_exactly_as_it_is(code: str) -> None:
    text = from_html.from_markdown(f"Before\n\n{code}\n\nAfter").markdown
    assert text == f"Before\n\n{code}\n\nAfter"
    assert loaded(text) == []


HTML_PIECES = st.sampled_from(
    """
    <p> </p> <div> <pre> </pre> <code> </code> <kbd> </kbd> <table> <tr> <td> <th> </table> <ul>
    <li> </ul> <a_href='http://e.example/p.png'> </a> <img_src='/i.png'_alt='![a](/b)'> <h2> </h2>
    <blockquote> </blockquote> <sup> </sup> <i> </i> <x-y> </x-y> <br> <hr> <math_alttext='EVIL'>
    </math> <dl> <dd> <del> </del> <ruby> <details> <figcaption> <sup><a_href='#fn1'>1</a></sup>
    <li_id=fn1> <iframe_src='/v'_title='![a'></iframe> <span> ! ![ ] ](http://e.example/q.png) [
    _x_ ` `` ``` ~~~ \\ \\\\ > -_ 1._ | &lt;img_src=x> &gt; $ $$ \\( \\) EVIL [^1] * _ # === &#33;
    &#91; é
    """.replace("EVIL", EVIL).split()
).map(lambda piece: piece.replace("_", " "))
MARKDOWN_PIECES = st.sampled_from(
    [
        *("!", "![", "]", "](http://e.example/q.png)", "](", "(", ")", "[", "[a]", "x", "`", "``"),
        *(
            "```",
            "```\n",
            "~~~",
            "~~~\n",
            "\\",
            "\\\\",
            "\n",
            "\n\n",
            "    ",
            "  ",
            "\t",
            "> ",
            ">",
        ),
        *(
            "- ",
            "1. ",
            "2. ",
            "|",
            "\n| a | b |\n|---|---|\n",
            "<img src=x>",
            "<b>",
            "</b>",
            "<x-y>",
        ),
        *(
            "<!--",
            "-->",
            "<script>",
            "</script>",
            "<?",
            "<!A",
            "</",
            "&lt;",
            EVIL,
            "[^1]",
            "[a]: /u",
        ),
        *("[1]: http://e.example/p.png", "*", "_", "#", "=", "---", "<http://e.example/", "&#33;"),
        *('"', "'", "\n      ", "\n    ", "\n  ", "word"),
    ]
)


@given(st.lists(HTML_PIECES, min_size=2, max_size=25).map("".join))
@settings(deadline=None, max_examples=300)
def test_whatever_the_html_a_host_loads_nothing(html: str) -> None:
    assert loaded(md(html)) == []


@given(st.lists(MARKDOWN_PIECES, min_size=2, max_size=30).map("".join))
@settings(deadline=None, max_examples=300)
@example(f"text\n      ```\n      {EVIL}\n\n      x\n      ```")
def test_whatever_the_markdown_a_host_loads_nothing(source: str) -> None:
    assert loaded(from_html.from_markdown(source).markdown) == []


@given(st.lists(MARKDOWN_PIECES, min_size=2, max_size=30).map("".join))
@settings(deadline=None, max_examples=200)
def test_whatever_the_text_a_host_loads_nothing(source: str) -> None:
    content: Content
    for content in (from_html.from_plain_text(source), from_html.from_code(source)):
        assert loaded(content.markdown) == []


# ------------------------------------------------------------------------ what nobody sees, counted

KEPT = {
    "Persian": "نمی\u200cخواهم کتاب\u200cها",  # noqa: RUF001
    "Hindi": "क्\u200dष क्\u200cष",
    "Bengali": "র\u200d্য",
    "Malayalam": "ന്\u200d",
    "families": "👩\u200d👩\u200d👧\u200d👦 👩🏽\u200d💻 🏳\ufe0f\u200d🌈",
    "hearts": "❤\ufe0f ❤\ufe0e ❤\ufe0f\u200d🔥",
    "flags": "🇩🇪 🇯🇵 🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "keycaps": "1\ufe0f\u20e3 #\ufe0f\u20e3",
    "accents": "ã ế ǖ З\u0301",  # noqa: RUF001
    "right to left": "שלום עולם مرحبا",
}
UNSEEN = {
    "zero-width": ("a\u200bb\u200cc\u200dd\u2060e\ufefff", 5),
    "bidi controls": ("a\u202eb\u202cc\u2066d\u2069e\u200ef\u061cg", 6),
    "tags": ("a" + "".join(chr(0xE0000 + ord(c)) for c in "ignore all") + "b", 10),
    "a flag that is none": ("🏴" + "\U000e0061" * 30 + "\U000e007f", 31),
    "variation selectors": ("😀" + "".join(chr(0xE0100 + n) for n in b"obey"), 4),
    "more of them": ("a\ufe0f\ufe0e\ufe01b", 3),
    "controls": ("a\0b\x08c\x7fd\x9be", 4),
    "ANSI": ("\x1b[2J\x1b[31mred\x1b[0m", 13),
    "blanks that fill": ("a\u3164b\u115fc\uffa0d", 3),
    "soft hyphens": ("Silben\u00adtrennung", 1),
    "private use": ("a\ue0ffb\U000f1234c", 2),
    "piles of accents": ("a" + "\u0301" * 20, 12),
}


@pytest.mark.parametrize("need", KEPT)
def test_what_a_language_or_an_emoji_needs_stays_and_is_not_counted(need: str) -> None:
    text = unicodedata.normalize("NFC", KEPT[need])
    assert from_html.clean_text(text) == text
    assert from_html.one_line(text) == text
    assert md(f"<p>{text}</p>") == text
    assert count_unseen(text) == 0
    assert from_html.convert_counting(f"<p>{text}</p><pre>{text}</pre>")[1] == 0


@pytest.mark.parametrize("kind", UNSEEN)
def test_what_nobody_sees_is_removed_and_counted(kind: str) -> None:
    text, count = UNSEEN[kind]
    assert len(text) - len(from_html.clean_text(text)) >= count - 1
    assert count_unseen(text) == count
    content, found = from_html.convert_counting(f"<p>{text}</p>")
    assert count_unseen(content.markdown + content.text) == 0
    assert found == count


@pytest.mark.parametrize(
    ("html", "count"),
    [
        ("<p>seen</p><p hidden>not seen</p>", 8),
        ("<p hidden>not <b hidden>seen</b></p>", 8),
        ("<p style='display:none'>not seen</p><p class=menu aria-hidden=true>nor this</p>", 16),
        ("<p>seen well</p><p style='color:#fff'>not seen, though long</p>", 18),
        ("<p style='font-size:0'>a\u200bb</p>", 3),
        ("<span class=sr-only>not seen</span>", 8),
        ("a<!-- not seen -->b<!--nor this-->", 0),
        ("a<!-- without an end", 0),
        ("&#8203;&#x202e;&#xe0041;x", 3),
        ("<script>var x</script><style>p {}</style><p>seen</p>", 0),
        ("<p>seen</p>\n\t<pre>\r\n x\xa0</pre>", 0),
    ],
)
def test_hidden_elements_are_counted_and_comments_are_not(html: str, count: int) -> None:
    assert from_html.convert_counting(html)[1] == count


@given(st.text())
def test_clean_text_has_nothing_left_to_count(text: str) -> None:
    assert count_unseen(from_html.clean_text(text)) == 0


@pytest.mark.parametrize(
    "flood",
    [
        *(
            "<!--",
            "-->",
            "<script>",
            "<style ",
            "</style",
            "<b>",
            "&lt;",
            "&amp;",
            "`",
            "` `` ",
            "```\n",
        ),
        *(
            "```a\n",
            "> ```a\n",
            "~~~\n",
            "![",
            "](",
            "[a](",
            "](a(",
            "<http://",
            "\\",
            "\\`",
            "!",
            "_",
            "| ",
        ),
        *(
            "   ```\n",
            "a\u200b",
            "\u0301",
            "\x1b[",
            "\x1b]8",
            "\U0001f3f4\U000e0061",
            "🏴",
            "- ```\n",
        ),
    ],
)
def test_floods_of_signs_are_read_in_time(flood: str) -> None:
    text = flood * (200_000 // len(flood))
    from_html.from_markdown(text)
    from_html.one_line(text)
    count_unseen(text)


@pytest.mark.parametrize(
    ("typed", "markdown"),
    [
        (r"So \(x^2\), \(n\)th, \(a, b\) and \(12\).", "So $x^2$, $n$th, $a, b$ and $12$."),
        (r"<code>f</code> is \(x_1\)", "`f` is $x_1$"),
        (r"\[a \le b\]", r"$$a \le b$$"),
        (r"<span class='math display'>\[b\]</span>, \[b\]", r"$$b$$, \\[b\\\]"),
        # Markdown that nobody rendered, patterns and asides.
        (r"\[x\] done, \(see below\), \[sic\]!", r"\\[x\\] done, \\(see below\\), \\[sic\\]!"),
        (r"a\[^a\-z\]b \[c_d\](e)", r"a\\[^a\\-z\\]b \\[c_d\\\](e)"),
    ],
)
def test_what_is_typed_is_a_formula_only_if_it_cannot_be_anything_else(
    typed: str, markdown: str
) -> None:
    assert md(f"<p>{typed}</p>") == markdown


@pytest.mark.parametrize(
    "html",
    [
        "<div id=top><p>One<sup><a href='#top'>1</a></sup> two.</p></div>",
        "<p>One<sup><a href='#part'>there</a></sup> two.</p><div id=part><p>Three.</p></div>",
    ],
)
def test_a_raised_link_that_only_leads_to_a_part_of_the_text_makes_no_footnote(html: str) -> None:
    assert "[^" not in md(html)


def test_the_number_that_a_footnote_begins_with_is_its_label_however_it_is_written() -> None:
    note = "<p>One<sup><a href='#fn1'>[1]</a></sup></p><p id=fn1><a href='#r1'>[1]</a> Two</p>"
    assert md(note) == "One[^1]\n\n[^1]: Two"
