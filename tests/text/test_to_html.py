"""Rendering: our Markdown as HTML for a page, whoever wrote it."""

import re
from collections.abc import Iterator
from html import escape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from planet_mcp.models import ImageMode
from planet_mcp.text.from_html import convert
from planet_mcp.text.to_html import Rendered, code_css, places_in, render, with_pictures
from planet_mcp.urls import link_key

PARAGRAPH = "Some words about something. " * 8 + "\n\n"
ATTRIBUTES = {
    "a": {"href", "rel", "id"},
    "input": {"type", "disabled", "checked", "aria-label"},
    "code": {"class"},
    "img": {"src", "alt", "loading", "decoding", "referrerpolicy"},
    "pre": {"class", "tabindex"},
    "span": {"class"},
    "div": {"class", "tabindex", "role", "aria-label", "id"},
    "ol": {"start"},
    "th": {"class", "scope"},
    "td": {"class"},
}
ELEMENTS = {
    *("p", "h4", "h5", "h6", "ul", "li", "blockquote", "hr", "br", "table", "thead", "tbody"),
    *("tr", "em", "strong", "s", "sup"),
    *ATTRIBUTES,
}
VOID = {"hr", "br", "img", "input"}
TAG = re.compile(r"<(/?)([a-z0-9]+)((?: [a-z-]+(?:=\"[^\"<>]*\")?)*)>")
NOTE = re.compile(r"#[nr][0-9a-f]{8}-\d+")
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
            if url is not None and not re.match(r"https?://[^/]", url) and not NOTE.fullmatch(url):
                yield url
        within = NOTE.fullmatch(element.get("href") or "")
        if element.tag == "a" and not within and element.get("rel") != "nofollow noopener ugc":
            yield "link without rel"


def unbalanced(part: str) -> Iterator[str]:
    if re.search("[<>]", TAG.sub("", part)):
        yield "a tag of an unknown form"
    still_open: list[str] = []
    for end, name, _ in TAG.findall(part):
        if end and (not still_open or still_open.pop() != name):
            yield f"</{name}>"
        if not end and name not in VOID:
            still_open.append(name)
    yield from still_open


def whole(markdown: str, **options: Any) -> str:
    return render(markdown, **options).beginning


def words_of(part: str) -> list[str]:
    text: str = html.fragment_fromstring(part, create_parent="main").text_content()
    return text.split()


def test_no_entity_spells_what_nobody_sees() -> None:
    spelled = "".join(f"&#{ord(each)};" for each in "\u00ad\u3164\ufe01\U000e0041\ue000\u200b")
    assert whole(f"a{spelled}b") == "<p>ab</p>\n"


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
            *("[^1]", "[^1]: ", "[^<b>]", "[^<b>]: ", "$a_b$", "$$", "$", "[x] ", "[ ] "),
        ]
    )
    | st.text(max_size=5),
    max_size=40,
).map("".join)


MODES: st.SearchStrategy[ImageMode] = st.sampled_from(("off", "direct"))


@given(
    markdown=MARKDOWN,
    images=MODES,
    fold_after=st.none() | st.integers(0, 200),
)
def test_nothing_but_harmless_elements_comes_out(
    markdown: str, images: ImageMode, fold_after: int | None
) -> None:
    rendered = render(markdown, images=images, top_heading=4, fold_after=fold_after)
    assert list(problems(rendered.beginning)) == []
    assert list(problems(rendered.rest)) == []


@pytest.mark.parametrize("markdown", HOSTILE)
def test_hostile_markdown_is_text(markdown: str) -> None:
    assert list(problems(whole(markdown, images="direct", top_heading=4))) == []


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


def test_links_lead_to_the_web_or_are_text() -> None:
    assert whole("[a](https://a.example/?x=1&y=2 'title')") == (
        '<p><a href="https://a.example/?x=1&amp;y=2" rel="nofollow noopener ugc">a</a></p>\n'
    )
    assert whole("[b](javascript:alert(1)) <mailto:x@c.example> [](https://d.example)") == (
        "<p>b mailto:x@c.example </p>\n"
    )


def test_images_are_links_unless_they_are_wanted() -> None:
    image = convert('<p><img src="https://a.example/b.png" alt=\'A "B" [c]\'></p>').markdown
    link = '<a href="https://a.example/b.png" rel="nofollow noopener ugc">image: A "B" [c]</a>'
    assert whole(image) == f"<p>{link}</p>\n"
    assert whole(image, images="direct") == (
        '<p><img src="https://a.example/b.png" alt="A &quot;B&quot; [c]"'
        ' loading="lazy" decoding="async" referrerpolicy="no-referrer"></p>\n'
    )


def test_places_are_kept_for_pictures_of_our_own() -> None:
    url = 'https://a.example/b.png?x=1&y="2"'
    image = convert(f"<p><img src='{url}' alt='<b> \"B\"'></p>").markdown
    html = whole(image, images="proxy")
    ((place, address),) = places_in(html)
    assert address == "https://a.example/b.png?x=1&y=%222%22"
    assert place.key == link_key(url)
    assert with_pictures(html, lambda each: each.as_link) == whole(image).replace(
        '"B"', "&quot;B&quot;"
    )
    assert with_pictures(html, lambda each: f"({each.alt})") == (
        "<p>(&lt;b&gt; &quot;B&quot;)</p>\n"
    )


def test_a_text_that_looks_like_a_place_is_none() -> None:
    forged = '<a href="x" rel="nofollow noopener ugc"><img src="picture:1" alt=""></a>'
    assert list(places_in(whole(convert(escape(forged)).markdown, images="proxy"))) == []
    assert list(places_in(whole(f"`{forged}` {forged}", images="proxy"))) == []


def test_vectors_stay_links_where_pictures_are_our_own() -> None:
    svg = convert('<p><img src="https://a.example/b.svg" alt="c"></p>').markdown
    assert whole(svg, images="proxy") == whole(svg)
    assert "<img" in whole(svg, images="direct")


def test_an_image_that_was_a_link_stays_one() -> None:
    page = convert(
        '<a href="https://a.example/page"><img src="https://a.example/b.png" alt="c"></a>'
    ).markdown
    assert "<img" not in whole(page, images="direct")
    assert 'href="https://a.example/page"' in whole(page, images="direct")


@pytest.mark.parametrize(
    ("levels", "expected"),
    [("123", "566"), ("2332", "5665"), ("3123", "5566"), ("141", "565"), ("24", "56")],
)
def test_headings_keep_their_order_below_the_top(levels: str, expected: str) -> None:
    markdown = "\n\n".join(f"{'#' * int(level)} x" for level in levels)
    assert re.findall(r"<h(\d)>", whole(markdown)) == list(expected)


def test_headings_never_skip_a_level() -> None:
    assert re.findall(r"<h(\d)>", whole("# a\n\n#### b\n\n## c\n\n### d", top_heading=2)) == [
        *("2", "3", "3", "4")
    ]


def test_code_is_coloured_by_its_own_language_only() -> None:
    code = "def f(x):\n    return '<b>'  # {x}\n"
    python = whole(f"```python\n{code}```")
    assert '<span class="k">def</span>' in python
    assert html.fromstring(python).text_content() == code
    for language in ("", "nonsense", "java"):
        assert "<span" not in whole(f"```{language}\n{code}```")
    assert (
        whole("    a  < b\n") == '<pre class="code" tabindex="0"><code>a  &lt; b\n</code></pre>\n'
    )


def test_an_entry_full_of_code_is_coloured_at_its_beginning() -> None:
    code = "x = 1\n" * 500
    blocks = whole(f"```python\n{code}```\n\n" * 20).split("<pre")[1:]
    coloured = ["<span" in block for block in blocks]
    assert coloured == sorted(coloured, reverse=True)
    assert set(coloured) == {True, False}


@pytest.mark.parametrize("code", ["x = 1\n" * 1000, "x" * 1500 + "\n", "x\n" + "\n" * 300])
def test_code_that_no_author_writes_is_not_coloured(code: str) -> None:
    rendered = whole(f"```python\n{code}```")
    assert "<span" not in rendered
    assert html.fromstring(rendered).text_content() == code


def test_a_table_scrolls_and_is_aligned_by_classes() -> None:
    table = whole("| a | b |\n|---|--:|\n| 1 | 2 |\n")
    assert table.startswith('<div class="table" tabindex="0" role="group" aria-label="Table">')
    assert '<th scope="col" class="right">b</th>' in table
    assert "<thead" not in whole("|  |  |\n|---|---|\n| 1 | 2 |\n")


def test_a_long_entry_is_folded_between_blocks() -> None:
    rendered = render(PARAGRAPH * 10, fold_after=500)
    assert rendered.beginning.count("<p>") == 3
    assert rendered.rest.count("<p>") == 7


def test_a_small_rest_is_not_folded() -> None:
    assert render(PARAGRAPH * 3 + "The end.", fold_after=600).rest == ""
    assert render(PARAGRAPH * 10).rest == ""
    assert render("", fold_after=600) == Rendered("", "", cut=False)


def test_a_long_text_is_cut_at_a_paragraph() -> None:
    rendered = render(PARAGRAPH * 10, max_chars=700)
    assert rendered.cut
    assert rendered.beginning.count("<p>") == 3
    assert words_of(rendered.beginning) == (PARAGRAPH * 3).split()
    assert not render(PARAGRAPH * 10).cut


def test_code_that_is_cut_ends_with_the_text() -> None:
    rendered = render("```python\n" + "x = 1\n" * 100, max_chars=300)
    assert rendered.cut
    assert list(problems(rendered.beginning)) == []
    assert set(html.fromstring(rendered.beginning).text_content().split("\n")) == {"x = 1", ""}


@pytest.mark.parametrize("piece", ["[", "[[a](", "|a", "> ", "- a\n", "*a **b ", "a|b\n-|-\n", "`"])
def test_what_is_nothing_but_markup_is_cut_and_harmless(piece: str) -> None:
    rendered = render(piece * 200_000, max_chars=len(piece) * 200_000)
    assert rendered.cut
    assert len(rendered.beginning) < 4_000_000
    assert not re.search("[<>]", TAG.sub("", rendered.beginning))


def contrast(one: str, other: str) -> float:
    """Compute the contrast of two colours (WCAG 2.2, relative luminance)."""
    lights = sorted(map(luminance, (one, other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_colour_of_code_can_be_read_in_light_and_dark() -> None:
    css = code_css()
    assert len(css) < 6000
    media = css.split("@media")[1:]
    assert ["light" in media[0], "dark" in media[1]] == [True, True]
    for rules in media:
        base = re.findall(r"\.code\{color:(#\w{6});background:(#\w{6})\}", rules)
        assert len(base) == 1
        looks = re.findall(r"\{((?:color|background)[^{}]*)\}", rules)
        assert len(looks) > 15
        for look in looks:
            found = dict(part.split(":") for part in look.split(";"))
            ink, paper = found.get("color", base[0][0]), found.get("background", base[0][1])
            assert contrast(ink, paper) >= 4.5, look


# All that `from_html` can write, as HTML; what a page shows of it; and what no page may show.
CONSTRUCTS = {
    "emphasis": ("<p><b>bold</b>, <i>slanted</i>, <del>gone</del></p>", "bold, slanted, gone"),
    "heading": ("<h2>Tides</h2>", "Tides"),
    "code": ("<p><code>a`b</code></p><pre>x = 1\n</pre>", "a`b x = 1"),
    "lists": ("<ul><li>one<ol start=4><li>two</li></ol></li></ul>", "one two"),
    "list that counts down": ("<ol reversed><li>b</li><li>a</li></ol>", "b a"),
    "list by letters": ("<ol type=a><li>b</li><li>a</li></ol>", "a. b b. a"),
    "footnote of two paragraphs": (
        "<p>a<sup><a href='#fn1'>1</a></sup></p><ol><li id=fn1><p>one</p><p>two</p></li></ol>",
        "a1 1 one two",
    ),
    "bars and alignment": (
        (
            "<table><tr><th align=right>a</th><th>b</th></tr><tr><td><code>x|y</code></td><td>"
            "\\(|z|\\)</td></tr></table>"
        ),
        "ab x|y|z|",
    ),
    "tasks": ("<ul><li><input type=checkbox checked> done</li></ul>", "done"),
    "quote": ("<blockquote cite='https://a.example'><p>said</p></blockquote>", "said source"),
    "rule": ("<p>a</p><hr><p>b</p>", "a b"),
    "table": (
        (
            "<table><caption>Cap</caption><tr><th>h</th><th>i</th></tr><tr><td>a|b</td><td>c</td>"
            "</tr></table>"
        ),
        "Cap hi a|bc",
    ),
    "caption": (
        "<figure><img src='https://a.example/i.png'><figcaption>cap</figcaption></figure>",
        "image cap",
    ),
    "video": ("<video src='https://a.example/v.mp4' title=Surf></video>", "video: Surf"),
    "footnote": (
        "<p>text<sup><a href='#fn1'>1</a></sup></p><ol><li id=fn1><p>note</p></li></ol>",
        "text1 1 note",
    ),
    "formula": (
        "<p>So \\(x_1 \\\\ \\{y_2\\}\\) and the \\(n\\)th, $$a_i * b_i$$</p>",
        "So x_1 \\\\ \\{y_2\\} and the nth, a_i * b_i",
    ),
    "definitions": ("<dl><dt>term</dt><dd>said</dd><dd><p>more</p></dd></dl>", "term said more"),
    "fold": ("<details><summary>Title</summary><p>inside</p></details>", "Title inside"),
    "signs": ("<p>2 * 3 * 4, _a_, [x](y), # 1, a\\b, $5 or $6, US$7/$8</p>",) * 2,
    "ruby": ("<p><ruby>港<rt>みなと</rt></ruby></p>", "港(みなと)"),
    "line break": ("<p>a<br>b</p>", "a b"),
}


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_a_page_shows_what_can_be_written_and_no_sign_of_the_markdown(name: str) -> None:
    source, shown = CONSTRUCTS[name]
    page = whole(convert(source).markdown)
    expected = html.fragment_fromstring(shown, create_parent="main").text_content()
    assert " ".join(words_of(page)) == " ".join(expected.split())
    assert list(problems(page)) == []


def test_a_footnote_and_its_place_in_the_text_link_to_each_other() -> None:
    page = whole("One[^a] two[^a].\n\n[^a]: Note.\n\n    More.\n\n[^b]: Never called.\n")
    body = html.fragment_fromstring(page, create_parent="main")
    call, again, back = body.iterdescendants("a")
    assert body.get_element_by_id(call.get("href")[1:]).text_content().split() == [
        *("a", "Note.", "More.")
    ]
    assert again.get("href") == call.get("href")
    assert body.get_element_by_id(back.get("href")[1:]) is call
    assert "Never called." in page


@pytest.mark.parametrize(
    ("source", "markdown"),
    [
        ("<b><h2>Tides</h2></b><p>x</p>", "## Tides\n\nx"),
        ("<p><em>One<br> <br>two</em></p>", "One\n\ntwo"),
        ("<b>a<ul><li>b</li></ul></b>", "a\n\n- b"),
        ("<p><em>One<br>two</em></p>", "*One  \ntwo*"),
    ],
)
def test_emphasis_around_more_than_a_paragraph_is_left_out(source: str, markdown: str) -> None:
    written = convert(source).markdown
    assert written == markdown
    assert "*" not in html.fragment_fromstring(whole(written), create_parent="x").text_content()


def test_a_list_that_counts_down_counts_down_on_a_page() -> None:
    page = whole(convert("<ol reversed><li>c</li><li>b</li><li>a</li></ol>").markdown)
    assert re.findall(r'<ol(?: start="(\d)")?>', page) == ["3", "2", ""]


def test_the_footnotes_of_two_entries_on_a_page_have_names_of_their_own() -> None:
    names = [re.findall(r'id="([^"]+)"', whole(f"{n}[^1]\n\n[^1]: x")) for n in ("a", "b")]
    assert len({*names[0], *names[1]}) == 4


@pytest.mark.parametrize(
    ("line", "checked"), [("- [x] a", True), ("1. [X] a", True), ("- [ ] a", False)]
)
def test_a_task_has_a_box(line: str, checked: bool) -> None:
    (item,) = html.fragment_fromstring(whole(line), create_parent="main").iterdescendants("li")
    assert (item[0].type, item[0].checked) == ("checkbox", checked)
    assert item.text_content().strip() == "a"


@pytest.mark.parametrize("line", ["[x] a", "- [y] a", "- a [x] b", "- [x]a", "- `[x]` a"])
def test_what_is_no_task_has_no_box(line: str) -> None:
    assert "<input" not in whole(line)


@pytest.mark.parametrize(
    "text", ["$5 or $6", "US$5/CA$6", "$HOME/$PATH", "$ a $", "a$$b", "cost$ and $x", "\\$a\\$"]
)
def test_a_dollar_sign_alone_makes_no_formula(text: str) -> None:
    assert "<code" not in whole(text)
    assert words_of(whole(text)) == text.replace("\\", "").split()


@pytest.mark.parametrize(
    "source",
    [
        "<p><b>Note:</b>no and <i>(so)</i>what, a<b>\u00abq\u00bb</b>t</p>",
        "<p>日本<b>語「強調」</b>です。<em>「全部」</em>だ</p>",
        "<p><b><code>x</code></b>y <b><a href='https://a.example'>link</a></b>s</p>",
        "<p><i><b>both!</b></i>so a<i>b</i>c <del>5%</del>x</p>",
    ],
)
def test_no_sign_of_emphasis_is_left_beside_letters_or_signs(source: str) -> None:
    page = whole(convert(source).markdown)
    assert not re.search("[*~]", page)
    plain = html.fragment_fromstring(source, create_parent="main").text_content()
    assert "".join(words_of(page)) == "".join(plain.split())


def test_a_label_stays_bold_up_to_its_colon() -> None:
    assert convert("<p><b>Note:</b>no</p>").markdown == "**Note**:no"
    assert convert("<p><b>Note:</b> no</p>").markdown == "**Note:** no"
