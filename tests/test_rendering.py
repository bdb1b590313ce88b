"""Rendering: our Markdown as HTML for a page, whoever wrote it."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from planet_mcp.rendering import render

PARAGRAPH = "Some words about something. " * 8 + "\n\n"
ATTRIBUTES = {
    "a": {"href", "rel"},
    "img": {"src", "alt", "loading", "decoding", "referrerpolicy"},
    "pre": {"class", "tabindex"},
    "span": {"class"},
    "div": {"class", "tabindex", "role", "aria-label"},
    "ol": {"start"},
    "th": {"class", "scope"},
    "td": {"class"},
}
ELEMENTS = {
    *("p", "h4", "h5", "h6", "ul", "li", "blockquote", "hr", "br", "table", "thead", "tbody"),
    *("tr", "em", "strong", "s", "code"),
    *ATTRIBUTES,
}
VOID = {"hr", "br", "img"}
TAG = re.compile(r"<(/?)([a-z0-9]+)((?: [a-z-]+=\"[^\"<>]*\")*)>")
HOSTILE = (
    *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))"),
    *(
        "[x](JaVa&#115;cript&colon;alert(1))",
        "[x](<java\nscript:alert(1)>)",
        "[x](data:text/html,x)",
    ),
    *("[x](vbscript:x)", "<javascript:alert(1)>", "<a@b.example>", "![x](https://x.example/y.png)"),
    *('[x](https://x.example "on\\"mouse=x")', '[x](https://x.example/"onclick="x)', "&lt;b&gt;"),
    *("[r]: javascript:x\n\n[r]", "[image: a](//x.example/y.png)", "&#0;&#8238;&#xD800;", "\x00"),
    *("\u202eabc", '```x" onclick="y\n<b>\n```', "``` <script>\n```", "|<b>|\n|:-:|\n|`<i>`|"),
    *('[image: "><b>](https://x.example/y.png)', "- > # [x](file:///x)\n", "\\<b>", "~~~\n</code>"),
    *(
        "[x](//x.example)",
        "[x](/path)",
        "[x](#part)",
        "[x](https:x)",
        "[a [b](https://b.example)](x)",
    ),
)


def problems(part: str) -> Iterator[str]:
    """Name everything in a part that is not allowed there."""
    if set(part) & set(map(chr, (0, 0x202E, 0x2066, 0xD800))):
        yield "unseen character"
    yield from unbalanced(part)
    for element in html.fragment_fromstring(part, create_parent="main").iterdescendants():
        if element.tag not in ELEMENTS:
            yield f"<{element.tag}>"
        yield from (
            f"{element.tag} {name}"
            for name in set(element.keys()) - ATTRIBUTES.get(element.tag, set())
        )
        for url in (element.get("href"), element.get("src")):
            if url is not None and not re.match(r"https?://[^/]", url):
                yield url
        if element.tag == "a" and element.get("rel") != "nofollow noopener ugc":
            yield "link without rel"


def unbalanced(part: str) -> Iterator[str]:
    if re.search("[<>]", TAG.sub("", part)):
        yield "a tag of an unknown form"
    still_open = []
    for end, name, _ in TAG.findall(part):
        if end and (not still_open or still_open.pop() != name):
            yield f"</{name}>"
        if not end and name not in VOID:
            still_open.append(name)
    yield from still_open


def whole(markdown: str, **options: bool | int) -> str:
    return render(markdown, **options).beginning  # type: ignore[arg-type]


def words_of(part: str) -> list[str]:
    return html.fragment_fromstring(part, create_parent="main").text_content().split()


MARKDOWN = st.lists(
    st.sampled_from(
        [
            *HOSTILE,
            *("word", " ", "\n", "\n\n", "# ", "- ", "1. ", "> ", "    ", "**", "_", "~~", "`"),
            *(
                "[",
                "](https://a.example/b)",
                "](",
                ")",
                "![",
                "<",
                ">",
                "|",
                "\n|-|\n",
                "```python\n",
            ),
            *("```\n", "\\", "&amp;", "---\n", "===\n", "[image: a](https://a.example/b.png)"),
        ]
    )
    | st.text(max_size=5),
    max_size=40,
).map("".join)


@given(markdown=MARKDOWN, images=st.booleans(), fold_after=st.none() | st.integers(0, 200))
def test_nothing_but_harmless_elements_comes_out(
    markdown: str, images: bool, fold_after: int | None
) -> None:
    rendered = render(markdown, images=images, top_heading=4, fold_after=fold_after)
    assert list(problems(rendered.beginning)) == []
    assert list(problems(rendered.rest)) == []


@pytest.mark.parametrize("markdown", HOSTILE)
def test_hostile_markdown_is_text(markdown: str) -> None:
    assert list(problems(whole(markdown, images=True, top_heading=4))) == []


@given(st.lists(st.from_regex(r"[a-z]{1,9}", fullmatch=True), min_size=1, max_size=80))
def test_every_word_survives(words: list[str]) -> None:
    lines = [" ".join(words[n : n + 5]) for n in range(0, len(words), 5)]
    shapes = (
        "{}\n\n",
        "# {}\n\n",
        "- {}\n",
        "> {}\n\n",
        "```sh\n{}\n```\n",
        "| {} |\n|-|\n\n",
        "**{}**\n\n",
    )
    markdown = "".join(shapes[n % len(shapes)].format(line) for n, line in enumerate(lines))
    rendered = render(markdown, fold_after=100)
    assert words_of(rendered.beginning + rendered.rest) == words
