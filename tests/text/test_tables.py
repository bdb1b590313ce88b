"""What a table holds comes through it: bars in code and formulas, and how columns are aligned."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from planet_mcp.text import from_html

_TABLES = MarkdownIt("commonmark").enable("table")
# A bar ends a cell unless a backslash stands before it that is not itself behind one.
_ENDS_CELL = re.compile(r"(?<!\\)(?:\\\\)*\|")


def cell_of(markdown: str) -> str:
    """Return the text of the last cell of a table, as a renderer shows it."""
    inline = [token for token in _TABLES.parse(markdown) if token.type == "inline"]
    return "".join(part.content for part in inline[-1].children or ())


@given(code=st.text("ab|\\ `*$", min_size=1, max_size=8).map(lambda code: f"x{code}y"))
@example(code="grep a\\|b\\\\|c")
def test_code_in_a_cell_is_what_it_was(code: str) -> None:
    html = f"<table><tr><th>a</th></tr><tr><th>b</th><td><code>{code}</code></td></tr></table>"
    markdown = from_html.convert(html).markdown
    assert cell_of(markdown) == code
    assert len(_ENDS_CELL.findall(markdown.splitlines()[-1])) == 3


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        (r"\(|x| \le 1\)", r"$|x| \le 1$"),
        (r"\(\|x\| \le 1\)", r"$\Vert x\Vert  \le 1$"),
        ("<img src='https://e.org/i.png' alt='a|b'>", "image: a|b"),
        ("p|q", "p|q"),
    ],
)
def test_a_bar_in_a_cell_does_not_end_it(html: str, shown: str) -> None:
    markdown = from_html.convert(f"<table><tr><th>a<th>b<tr><td>c<td>{html}</table>").markdown
    assert _TABLES.render(markdown).count("<td>") == 2
    assert shown in cell_of(markdown.replace("\\\\", "\\"))


def test_bars_outside_of_tables_are_left_alone() -> None:
    layout = "<table role=presentation><tr><td><code>a|b</code></td></tr></table>"
    assert from_html.convert(f"{layout}<p><code>c|d</code></p>").markdown == "`a|b`\n\n`c|d`"


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<tr><td><a href='/x'>Pier</a></td><td><p>One.</p><p>Two.</p> By me</td></tr>", None),
        ("<tr><td>a</td><td>b</td></tr>", "| a | b |\n| --- | --- |"),
        ("<tr><th>a</th><td><p>b</p></td></tr>", "| a | b |\n| --- | --- |"),
        ("<tr><td>a</td><td><p>b</p></td></tr>" * 2, "| a | b |\n| --- | --- |\n| a | b |"),
    ],
)
def test_one_row_of_paragraphs_only_places_them(html: str, markdown: str | None) -> None:
    placed = "[Pier](https://e.org/x)\n\nOne.\n\nTwo.\n\nBy me"
    content = from_html.convert(f"<table>{html}</table>", base_url="https://e.org/")
    assert content.markdown == (markdown or placed)
