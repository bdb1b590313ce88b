"""Whatever stands around a listing: the words outside stay as they are, and the code is exact."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from benchmarks.extraction import listings
from planet_mcp.text import from_html

_FENCED = re.compile(r"^(`{3,})[^\n]*\n.*?^\1$", re.MULTILINE | re.DOTALL)
# Words that a label could say too; "zebra" makes each sentence one that no label says.
_WORDS = st.sampled_from(
    "run make all now edit raw copy python go json download expand wrap yaml in out main".split()
)
_INLINE = st.sampled_from(("{}", "<b>{}</b>", "<i>{}</i>", "<code>{}</code>", "<span>{}</span>"))
_BLOCKS = st.sampled_from(
    (
        "<p>{}</p>",
        "<p class=title>{}</p>",
        "<div>{}</div>",
        '<div class="header">{}</div>',
        "<div><span>{}</span></div>",
        "<div><p>{}</p></div>",
        '<div class="admonition note"><p class="admonition-title">zebra</p><p>{}</p></div>',
        "<h3>{}</h3>",
        "<ul><li>{}</li></ul>",
        "<blockquote>{}</blockquote>",
        "<section><div>{}</div></section>",
        "<header>{}</header>",
        "<figure><figcaption>{}</figcaption></figure>",
        " <span>{}</span> ",
    )
)
_TOKENS = st.sampled_from(
    ("run", ":", " ", "all", "(", ")", "1", "copy", "  ", "python", "\n", "$")
)
_FRAMES = st.sampled_from(
    (
        "<pre>{}</pre>",
        "<pre><code>{}</code></pre>",
        '<div class="highlight"><pre><span></span><code>{}</code></pre></div>',
        '<div class="highlight-python"><div class="highlight"><pre>{}</pre></div></div>',
        "<figure><pre><code>{}</code></pre></figure>",
        '<pre><div class="header">zebra</div><code>{}</code></pre>',
    )
)


@st.composite
def _sentences(draw: st.DrawFn) -> tuple[str, list[str]]:
    words = [*draw(st.lists(_WORDS, max_size=3)), "zebra", *draw(st.lists(_WORDS, max_size=2))]
    html = " ".join(draw(_INLINE).format(word) for word in words)
    block = draw(_BLOCKS)
    return block.format(html), re.findall("zebra(?=<)", block) + words


@st.composite
def _code(draw: st.DrawFn) -> tuple[str, list[str], str]:
    tokens = ["x", *draw(st.lists(_TOKENS, max_size=8)), "y"]
    spans = "".join(f"<span class=n>{t}</span>" if t.strip() else t for t in tokens)
    frame = draw(_FRAMES)
    return frame.format(spans), ["zebra"] if "zebra" in frame else [], "".join(tokens)


_DOCUMENTS = st.lists(
    st.one_of(_sentences(), _code().map(lambda code: code)), min_size=1, max_size=6
)


@given(blocks=_DOCUMENTS, glue=st.sampled_from(("", "\n", "\n\n  ")))
def test_words_around_a_listing_stay_in_order_and_its_code_is_exact(
    blocks: list[tuple[str, list[str]] | tuple[str, list[str], str]], glue: str
) -> None:
    markdown = from_html.convert(glue.join(block[0] for block in blocks)).markdown
    assert [code for code, _ in listings(markdown)] == [b[2] for b in blocks if len(b) == 3]
    outside = re.findall(r"\w+", _FENCED.sub("", markdown))
    assert outside == [word for block in blocks for word in block[1]]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (
            (
                '<div class="highlight"><pre><b>version</b><b>:</b> '
                '<span>2</span></pre></div><div class="highlight"><pre><b>formats</b>'
                '<span class="p">:</span> <span>all</span></pre></div>'
            ),
            "```\nversion: 2\n```\n\n```\nformats: all\n```",
        ),
        (
            (
                '<div class="note"><p>Use <code><span>pip</span> <span>install</span></code>.</p>'
                "</div><pre>x</pre>"
            ),
            "Use `pip install`.\n\n```\nx\n```",
        ),
        ("<p>Now <span>Go</span><pre>x</pre>", "Now Go\n\n```\nx\n```"),
        ("<pre>x</pre><span>Run</span> <b>it</b>", "```\nx\n```\n\nRun **it**"),
        ("<pre>x</pre><div>Go</div>", "```\nx\n```\n\nGo"),
        ("<div>* * *</div><pre>x</pre>", "\\* \\* \\*\n\n```\nx\n```"),
        ("<div>x</div><pre>x</pre>", "x\n\n```\nx\n```"),
        ("<pre>x</pre><div><pre>x</pre></div>", "```\nx\n```\n\n```\nx\n```"),
        (
            "<div><div>Python</div> <div>Ruby</div></div><pre>x</pre>",
            "Python\n\nRuby\n\n```\nx\n```",
        ),
        ('<div class="t">a.py</div><pre>x</pre>', "a.py\n\n```\nx\n```"),
        (
            '<pre><div class="code-header">a.py <b>main</b></div><code>x</code></pre>',
            "a.py **main**\n\n```\nx\n```",
        ),
        (
            (
                '<div class="chroma"><table><tr><td colspan="2">T</td></tr><tr><td>a</td><td>b</td>'
                "</tr></table></div>"
            ),
            "| T | |\n| --- | --- |\n| a | b |",
        ),
    ],
)
def test_what_only_stands_beside_a_listing_is_kept(html: str, expected: str) -> None:
    assert from_html.convert(html).markdown == expected


@pytest.mark.parametrize(
    "html",
    [
        '<div><div class="bar"><span>Python</span><b class="copy">Copy</b></div>PRE</div>',
        '<div><div class="bar">Python <a class="btn" href="#">Copy code</a></div>PRE</div>',
        "<div>Python</div>PRE",
        '<figure><figcaption><span class="lang">python</span></figcaption>PRE</figure>',
        '<div>PRE<div class="lang-label">Python</div></div>',
        '<div class="language-python">PRE<div>Copied!</div></div>',
        '<pre><div class="toolbar"><b>python</b><div>Copy</div></div><code>x = 1</code></pre>',
    ],
)
def test_a_label_that_says_nothing_else_is_not_kept_as_text(html: str) -> None:
    listing = html.replace("PRE", "<pre>x = 1</pre>")
    assert from_html.convert(listing).markdown == "```python\nx = 1\n```"


_CELLS = st.sampled_from(
    ("<td>{}</td>", "<td><pre>{}</pre></td>", '<td class="code"><code>{}</code></td>')
)


@given(
    numbers=st.lists(st.integers(0, 5), min_size=2, max_size=5),
    start=st.integers(0, 99),
    cell=_CELLS,
)
@example(numbers=[1, 1], start=7, cell="<td>{}</td>")
def test_numbers_are_left_out_only_where_they_count_all_lines(
    numbers: list[int], start: int, cell: str
) -> None:
    shown = [start + sum(numbers[: n + 1]) for n in range(len(numbers))]
    rows = "".join(f"<tr><td>{n}</td>{cell.format('abc')}</tr>" for n in shown)
    lines = "".join(f"<div><i>{n}</i><b>abc</b></div>" for n in shown)
    for html in (f"<table class=highlight>{rows}</table>", f"<pre>{lines}</pre>"):
        kept = [int(number) for number in re.findall(r"\d+", from_html.convert(html).text)]
        assert kept == ([] if set(numbers[1:]) == {1} else shown)


@pytest.mark.parametrize(
    ("html", "code"),
    [
        # Line numbers that no class betrays.
        (
            "<pre><div><i>8</i><b>a = 1</b></div><div><i>9</i><b>b = 2</b></div></pre>",
            "a = 1\nb = 2",
        ),
        (
            (
                "<table class=code><tr><td><pre>1\n2</pre></td><td><pre>a = 1\nb = 2</pre></td>"
                "</tr></table>"
            ),
            "a = 1\nb = 2",
        ),
        # What a class calls a number, and is a row or has words.
        (
            (
                "<pre><table><tr class=lineno><td class=gutter>1</td><td>a</td></tr>"
                "<tr class=lineno><td class=gutter>2</td><td>3</td></tr></table></pre>"
            ),
            "a\n3",
        ),
        ("<pre><span class=lineno>setup.py</span>:3</pre>", "setup.py:3"),
        # Numbers of the code itself.
        (
            (
                "<pre><div><i class=mi>1</i><b>, 4</b></div><div><i class=mi>2</i><b>, 5</b></div>"
                "</pre>"
            ),
            "1, 4\n2, 5",
        ),
        ("<pre><div><i>1</i> <b>a</b></div><div><i>3</i> <b>b</b></div></pre>", "1 a\n3 b"),
        (
            ("<pre><div><i>1</i><b>,</b><b>4</b></div><div><i>2</i><b>,</b><b>5</b></div></pre>"),
            "1,4\n2,5",
        ),
        (
            "<pre><span class=line>@@ -1 +1 @@</span>\n<span class=line> </span>\n-x</pre>",
            "@@ -1 +1 @@\n \n-x",
        ),
    ],
)
def test_line_numbers_go_and_numbers_of_the_code_stay(html: str, code: str) -> None:
    assert from_html.convert(html).markdown == f"```\n{code}\n```"


@pytest.mark.parametrize(
    "html",
    [
        # a post in typewriter letters, verse that keeps its spaces, and as many numbers as no lines
        "<div style='font-family:Courier New;white-space:pre-wrap'><p>Fog</p><p>Ice</p></div>",
        "<div style='white-space:pre-wrap'>Fog\n  Ice</div>",
        "<div style='font-family:monospace'>Fog<br>Ice</div>",
    ],
)
def test_spaces_that_are_kept_or_letters_of_one_width_alone_are_no_code(html: str) -> None:
    assert "```" not in from_html.convert(html).markdown
    assert from_html.convert(html).text.split() == ["Fog", "Ice"]


def test_a_column_of_numbers_that_are_no_lines_stays() -> None:
    cells = "<td><pre>1\n2\n3</pre></td><td><pre>a\nb</pre></td>"
    text = from_html.convert(f"<table><tr>{cells}</tr></table>").text
    assert text.split() == ["1", "2", "3", "a", "b"]


@pytest.mark.parametrize(
    ("below", "left"),
    [
        ("<ul class='pre-numbering'><li>1</li><li>2</li></ul>", ""),
        ("<ul class='pre-numbering'><li>1 egg</li></ul>", "1 egg"),
        ("<ul><li>1</li><li>2</li></ul>", "1 2"),
    ],
)
def test_a_list_below_a_listing_is_its_numbers_if_it_is_called_so(below: str, left: str) -> None:
    text = from_html.convert(f"<pre>a\nb</pre>{below}").text
    assert " ".join(text.split()) == f"a b {left}".strip()


@pytest.mark.parametrize(
    "cell",
    [
        "<p>Fog.</p><div class=highlight><pre>ice()</pre></div><p>Rime.</p>",
        "Fog.<div class='highlight-source-python'><pre>ice()</pre></div>Rime.",
    ],
)
def test_a_comment_in_a_table_with_a_listing_stays_prose(cell: str) -> None:
    markdown = from_html.convert(f"<table class=code><tr><td>{cell}</td></tr></table>").markdown
    assert markdown.replace("python", "") == "Fog.\n\n```\nice()\n```\n\nRime."


def test_a_table_of_numbers_within_a_listing_s_frame_stays_a_table() -> None:
    html = (
        "<div class=highlight><table><tr><td>1987</td><td>ice</td></tr><tr><td>1991</td>"
        "<td>fog</td></tr></table></div>"
    )
    assert from_html.convert(html).markdown == "| 1987 | ice |\n| --- | --- |\n| 1991 | fog |"
