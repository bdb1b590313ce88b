"""From the cleaned tree to Markdown and plain text."""

import json
import re
import unicodedata

import html_to_markdown
from lxml import etree
from lxml.etree import _Element

from planet_mcp.models import Content
from planet_mcp.text.characters import count_unseen, strip_unseen
from planet_mcp.text.from_html import (
    emphasis,
    footnotes,
    formulas,
    links,
    listings,
    structure,
    tables,
)
from planet_mcp.text.from_html.placeholders import INLINE, Stash
from planet_mcp.text.from_html.plain import excerpt_of, shortened
from planet_mcp.text.from_html.tree import (
    count_controls,
    drop,
    parse,
    remove_dropped,
    remove_unseen,
)

NOTHING = Content(markdown="", text="", excerpt="", words=0)

_WRAPPERS = (
    *("span", "font", "abbr", "acronym", "bdi", "bdo", "big", "small", "u", "ins", "label", "mark"),
    *("time", "data", "picture", "source", "object", "output", "nobr", "wbr", "cite", "dfn", "var"),
    *("slot", "noindex", "base", "sub", "form", "fieldset", "legend", "option", "optgroup"),
)
# html-to-markdown leaves some of these out as boilerplate: that is for `extract` to decide.
_SECTIONS = ("header", "footer", "nav", "aside", "main", "article", "section", "hgroup", "menu")
_ATTRIBUTES = {
    "a": ("href",),
    "img": ("src", "alt"),
    "ol": ("start",),
    "td": ("colspan", "rowspan"),
    "th": ("colspan", "rowspan"),
    "input": ("type", "checked"),
}
_WITH_ATTRIBUTES = etree.XPath("//*[@*]")
# White space other than a single space: a match for each word would take half the time.
_SPACE = re.compile(r"[\t\r\n\f][ \t\r\n\f]*| [ \t\r\n\f]+")
_BLOCKS = frozenset(
    """
    p div section article header footer main aside nav figure figcaption ul ol li dl dt dd
    table caption thead tbody tfoot tr blockquote h1 h2 h3 h4 h5 h6 hr br address details
    summary center body hgroup menu
    """.split()
)
_CELL_ENDS = frozenset(("/td", "/th"))
_BARE_URL = re.compile(r"https?://[^\s<>]+")
_FENCES = re.compile(r"^([ >]*)(`{3,80}|~{3,80})(?![`~])([^`\n]*)$", re.MULTILINE)

# What an author typed and Markdown or a browser would take for markup: how it begins, its pattern,
# its placeholder, and how Markdown writes it.
_TYPED: tuple[tuple[str, re.Pattern[str] | None, str, str], ...] = (
    ("\\", re.compile(rf"\\(?=[!-/:-@\[-`{{-~{INLINE}])"), "\ue010", "\\\\"),
    ("*", None, "\ue011", "\\*"),
    ("`", None, "\ue012", "\\`"),
    ("_", re.compile(r"_(?:(?<![^\W_]_)|(?![^\W_]))"), "\ue013", "\\_"),
    ("~~", None, "\ue014", "\\~\\~"),
    ("]", re.compile(r"\](?=[(\[:<])"), "\ue015", "\\]"),
    ("&lt;", re.compile(r"&lt;(?![\s=\d-])"), "\ue017", "&lt;"),
    ("&amp;", re.compile(r"&amp;(?=#?\w{1,31};)"), "\ue018", "\\&"),
)
# Exclamation marks that would make an image of the link behind them: which those are is known
# only in the Markdown.
_WOULD_BE_IMAGE, _NO_IMAGE = re.compile(rf"!(?=[\[{INLINE}])"), "\\\\!"
_ADJOINING = re.compile(r"^(?! *>)(.+)\n(?=> )", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n{3,}")


# Options made from JSON are values of the library's own, which it need not convert at each call.
_OPTIONS = html_to_markdown.ConversionOptions.from_json(
    json.dumps(
        {
            "autolinks": False,
            "bullets": "-",
            "compact_tables": True,
            "expand_abbreviations": False,
            "extract_metadata": False,
            "hidden_content": "all",
            "highlight_style": "none",
            "include_blockquote_citations": False,
        }
    )
)


def convert(html: str, *, base_url: str | None = None) -> Content:
    """Convert HTML into Markdown, plain text and an excerpt."""
    return convert_counting(html, base_url=base_url)[0]


def convert_counting(html: str, *, base_url: str | None = None) -> tuple[Content, int]:
    """Convert HTML, and count the characters that a person would not have seen.

    Counted are hidden elements and invisible characters, but no scripts, styles or comments.
    """
    root = parse(html)
    if root is None:
        return NOTHING, 0
    stash = Stash()
    base_url = links.declared_base(root, base_url)
    formulas.stash_formulas(root, stash)
    listings.adopt_text_areas(root)
    structure.adopt_embedded(root)
    hidden = remove_unseen(root)
    invisible = count_controls(html) + count_unseen("".join(root.itertext()))
    listings.stash_listings(root, stash.block)
    content = render(root, stash, base_url=base_url)
    return content, hidden + invisible


def render(root: _Element, stash: Stash, *, base_url: str | None = None) -> Content:
    """Convert a tree without unseen elements, its code blocks in the stash."""
    listings.stash_inline_code(root, stash)
    footnotes.link_footnotes(root, stash)
    structure.adapt_structure(root, stash)
    links.rewrite(root, stash, base_url=base_url)
    tables.adapt_tables(root)
    tables.limit_nesting(root)
    formulas.raise_exponents(root)
    remove_dropped(root)
    _strip(root)
    emphasis.close_emphasis(root)
    html = strip_unseen(etree.tostring(root, encoding="unicode", method="html"))
    html = unicodedata.normalize("NFC", _SPACE.sub(" ", html))
    prose = _plain(html)
    text = shortened(stash.fill_text(prose).strip(), at="\n")
    return Content(
        markdown=_capped(_markdown(html, stash)),
        text=text,
        excerpt=excerpt_of(stash.fill_prose(prose)),
        words=len(text.split()),
    )


def _strip(root: _Element) -> None:
    """Take away all wrappers and attributes that Markdown has no use for."""
    for section in root.iter(*_SECTIONS):
        section.tag = "div"
    etree.strip_tags(root, *_WRAPPERS)
    for element in _WITH_ATTRIBUTES(root):
        wanted = _ATTRIBUTES.get(element.tag, ())
        for name in list(element.attrib):
            if name not in wanted:
                del element.attrib[name]
    for control in list(root.iter("input")):
        if (control.get("type") or "").lower() != "checkbox" or control.getparent().tag != "li":
            drop(control)
    remove_dropped(root)


def _plain(html: str) -> str:
    pieces = html.split("<")
    lines = [pieces[0]]
    for piece in pieces[1:]:
        tag, _, text = piece.partition(">")
        name = tag.partition(" ")[0].removeprefix("/")
        lines.append("\n" if name in _BLOCKS else " " if tag in _CELL_ENDS else "")
        lines.append(text)
    text = "".join(lines)
    if "http" in text:
        text = _BARE_URL.sub("", text)
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return "\n".join(stripped for line in text.split("\n") if (stripped := line.strip()))


def _markdown(html: str, stash: Stash) -> str:
    for sign, typed, placeholder, _ in _TYPED:
        if sign in html:
            html = typed.sub(placeholder, html) if typed else html.replace(sign, placeholder)
    markdown = html_to_markdown.convert(html, _OPTIONS).content or ""
    if "\n> " in markdown:
        markdown = _ADJOINING.sub(r"\1\n\n", markdown)
    markdown = _WOULD_BE_IMAGE.sub(_NO_IMAGE, markdown)
    markdown = stash.fill_markdown(_BLANK_LINES.sub("\n\n", markdown).strip())
    for _, _, placeholder, escaped in _TYPED:
        markdown = markdown.replace(placeholder, escaped)
    return markdown


def _capped(markdown: str) -> str:
    """Cut a Markdown text that is too long at the end of a block."""
    head = shortened(markdown)
    if len(head) == len(markdown):
        return markdown
    fence = ""
    for line in _FENCES.finditer(head):
        if not fence:
            fence = line[1] + line[2]
        elif fence == line[1] + line[2] and not line[3]:
            fence = ""
    return f"{head}\n{fence}" if fence else head
