"""Tokens to HTML: every element and attribute that can occur is written here."""

import re
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import NamedTuple
from urllib.parse import urlsplit
from zlib import crc32

from markdown_it.token import Token

from planet_mcp.models import ImageMode
from planet_mcp.text.to_html.highlight import highlighted
from planet_mcp.text.to_html.pictures import LINK, place_of
from planet_mcp.urls import http_url

_TAGS = {
    "paragraph_close": "</p>\n",
    "blockquote_open": "<blockquote>\n",
    "blockquote_close": "</blockquote>\n",
    "bullet_list_open": "<ul>\n",
    "bullet_list_close": "</ul>\n",
    "ordered_list_close": "</ol>\n",
    "list_item_close": "</li>\n",
    "hr": "<hr>\n",
    "table_open": '<div class="table" tabindex="0" role="group" aria-label="Table"><table>\n',
    "table_close": "</table></div>\n",
    "tbody_open": "<tbody>\n",
    "tbody_close": "</tbody>\n",
    "tr_open": "<tr>",
    "tr_close": "</tr>\n",
    "th_close": "</th>",
    "td_close": "</td>",
    "em_open": "<em>",
    "em_close": "</em>",
    "strong_open": "<strong>",
    "strong_close": "</strong>",
    "s_open": "<s>",
    "s_close": "</s>",
    "footnote_reference_close": "</div>\n",
    "softbreak": "\n",
    "hardbreak": "<br>\n",
}
_ALIGNED = {"text-align:center": ' class="center"', "text-align:right": ' class="right"'}
_LOWEST_HEADING = 6
_HEADING = re.compile(r"(</?h)([1-6])>")
_DEEPEST_INLINE = 12
# How many characters of code in an entry are coloured.
_MOST_COLOURED = 20_000
# What our converter writes for an image. Where the image was a link, the URL is that link's: only
# an address that names an image is loaded as one.
_IMAGE_LABEL = re.compile(r"image(?:: (.*))?", re.DOTALL)
# What we show ourselves has no vectors, which can hold scripts and addresses.
_PICTURE_NAMES = (".gif", ".jpeg", ".jpg", ".png", ".webp")
_IMAGE_NAMES = {"off": (), "proxy": _PICTURE_NAMES, "direct": (*_PICTURE_NAMES, ".avif", ".svg")}
_LAZILY = ' loading="lazy" decoding="async" referrerpolicy="no-referrer"'
_TAG = re.compile("<[^>]*>")
_TASK = re.compile(r"\[([ xX])\][ \t]+")
_BOX = '<input type="checkbox" disabled{} aria-label="{}"> '


class Block(NamedTuple):
    """A whole block of the top level, and how many characters of text it shows."""

    html: str
    visible: int


def blocks_of(tokens: Sequence[Token], *, images: ImageMode) -> list[Block]:
    """Write each block of the top level; the first headings get the level 1."""
    writer = _Writer(images=images, notes=_Notes(tokens))
    return [writer.block(block) for block in _top_level(tokens)]


def with_headings(html: str, *, top: int) -> str:
    """Put the headings of blocks below those of the page: the first ones get the level `top`."""
    # Nothing else has such a tag: a stranger's angle brackets are escaped.
    return _HEADING.sub(
        lambda found: f"{found[1]}{min(int(found[2]) + top - 1, _LOWEST_HEADING)}>", html
    )


def _top_level(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    start = depth = 0
    for position, token in enumerate(tokens, 1):
        depth += token.nesting
        if depth == 0 and token.type != "inline":
            yield tokens[start:position]
            start = position


class _Notes:
    """Numbers the footnotes of an entry, and names the places that link to each other.

    Names hold a checksum of the entry, as a page shows several.
    """

    def __init__(self, tokens: Sequence[Token]) -> None:
        text = "".join(token.content for token in tokens)
        self._entry = f"{crc32(text.encode('utf-8', 'replace')):08x}"
        self._numbers: dict[str, int] = {}
        inline = (child for token in tokens for child in token.children or ())
        self._referred = {t.meta["label"] for t in inline if t.type == "footnote_ref"}
        self._named: set[str] = set()

    def reference(self, label: str) -> str:
        shown = escape(label)
        return (
            f'<sup><a{self._name("r", label)} href="#{self._place("n", label)}">{shown}</a></sup>'
        )

    def note(self, label: str) -> tuple[str, str]:
        """Return how a note opens, and its label, which links back to the text."""
        shown = escape(label)
        if label in self._referred:
            shown = f'<a href="#{self._place("r", label)}">{shown}</a>'
        return f'<div class="footnote"{self._name("n", label)}>\n', f"<sup>{shown}</sup> "

    def _place(self, kind: str, label: str) -> str:
        number = self._numbers.setdefault(label, len(self._numbers) + 1)
        return f"{kind}{self._entry}-{number}"

    def _name(self, kind: str, label: str) -> str:
        """Name a place, once: of two notes or references with one label the first is linked."""
        place = self._place(kind, label)
        if place in self._named:
            return ""
        self._named.add(place)
        return f' id="{place}"'


class _Writer:
    """Writes tokens, and knows what came before: the headings, and what is still open."""

    def __init__(self, *, images: ImageMode, notes: _Notes) -> None:
        self._notes = notes
        # The label of a note, which its first paragraph begins with.
        self._label = ""
        # Whether the next line is the first of a list's item.
        self._in_item = False
        self._images = images
        self._outline: list[int] = []
        self._pieces: list[str] = []
        self._visible = 0
        self._depth = 0
        self._colours = _MOST_COLOURED
        self._urls: list[str | None] = []
        # Where open headings, links and heads of tables began, and how much was visible before:
        # without text, they would be stops for a keyboard or a screen reader that say nothing.
        self._unclosed: list[tuple[int, int]] = []

    def block(self, tokens: Sequence[Token]) -> Block:
        self._pieces, self._visible = [], 0
        for token in tokens:
            if token.type == "inline":
                self._inline(self._boxed(token.children or []))
            else:
                self._in_item &= token.type == "paragraph_open"
                if token.type != "paragraph_open":
                    self._put_label()
                self._write(token)
        return Block("".join(self._pieces), self._visible)

    def _boxed(self, tokens: list[Token]) -> Sequence[Token]:
        """Write the box that a list's item begins with; return the rest of its line."""
        task = _TASK.match(tokens[0].content) if self._in_item and tokens else None
        self._in_item = False
        if task is None or tokens[0].type != "text":
            return tokens
        done = task[1] != " "
        self._pieces.append(_BOX.format(*(" checked", "Done") if done else ("", "To do")))
        return [Token("text", "", 0, content=tokens[0].content[task.end() :]), *tokens[1:]]

    def _inline(self, tokens: Sequence[Token]) -> None:
        self._depth = 0
        for token in tokens:
            kind = token.type
            if kind == "text":
                self._text(token.content)
            elif token.nesting == 0:
                self._write(token)
            else:
                self._nested(token)

    def _nested(self, token: Token) -> None:
        """Write an element within a line, unless it is one of far too many within each other."""
        opens = token.nesting > 0
        self._depth += opens
        if self._depth <= _DEEPEST_INLINE:
            self._write(token)
        self._depth -= not opens

    def _write(self, token: Token) -> None:
        write = _WRITERS.get(token.type)
        if write:
            write(self, token)
        elif token.hidden:
            self._pieces.append("\n" if token.nesting < 0 else "")
        else:
            self._pieces.append(_TAGS[token.type])

    def _text(self, text: str) -> None:
        self._visible += len(text.strip())
        self._pieces.append(escape(text, quote=False))

    def code(self, token: Token) -> None:
        size = len(token.content)
        self._visible += size
        language = token.info.split(maxsplit=1)[0] if token.info.strip() else ""
        coloured = size <= self._colours
        self._colours -= size if coloured and language else 0
        code = highlighted(token.content, language if coloured else "")
        self._pieces.append(f'<pre class="code" tabindex="0"><code>{code}</code></pre>\n')

    def code_in_line(self, token: Token) -> None:
        self._visible += len(token.content)
        self._pieces.append(f"<code>{escape(token.content, quote=False)}</code>")

    def formula(self, token: Token) -> None:
        self._visible += len(token.content)
        kind = "formula block" if token.block else "formula"
        self._pieces.append(f'<code class="{kind}">{escape(token.content, quote=False)}</code>')

    def item(self, token: Token) -> None:
        self._pieces.append("<li>")
        self._in_item = True

    def paragraph(self, token: Token) -> None:
        self._pieces.append("" if token.hidden else "<p>")
        self._put_label()

    def _put_label(self) -> None:
        self._pieces.append(self._label)
        self._label = ""

    def reference(self, token: Token) -> None:
        self._visible += len(token.meta["label"])
        self._pieces.append(self._notes.reference(token.meta["label"]))

    def note(self, token: Token) -> None:
        opening, self._label = self._notes.note(token.meta["label"])
        self._pieces.append(opening)

    def numbered(self, token: Token) -> None:
        start = token.attrs.get("start", 1)
        self._pieces.append("<ol>\n" if start == 1 else f'<ol start="{int(start)}">\n')

    def cell(self, token: Token) -> None:
        aligned = _ALIGNED.get(str(token.attrs.get("style")), "")
        scope = ' scope="col"' if token.tag == "th" else ""
        self._pieces.append(f"<{token.tag}{scope}{aligned}>")

    def heading(self, token: Token) -> None:
        """Open a heading at most one level below the one before it."""
        level = int(token.tag[1])
        while self._outline and self._outline[-1] >= level:
            self._outline.pop()
        self._outline.append(level)
        self._open(f"<h{self._level()}>")

    def heading_end(self, token: Token) -> None:
        self._close(f"</h{self._level()}>\n")

    def _level(self) -> int:
        return min(len(self._outline), _LOWEST_HEADING)

    def head(self, token: Token) -> None:
        self._open("<thead>\n")

    def head_end(self, token: Token) -> None:
        self._close("</thead>\n")

    def link(self, token: Token) -> None:
        url = http_url(str(token.attrs["href"]))
        self._urls.append(url)
        self._open(LINK.format(escape(url)) if url else "")

    def link_end(self, token: Token) -> None:
        url = self._urls.pop()
        start = self._close("</a>" if url else "")
        if url and self._images != "off":
            self._to_image(start, url)

    def _to_image(self, start: int, url: str) -> None:
        """Show the image that a link names, if it was an image."""
        label = _IMAGE_LABEL.fullmatch("".join(self._pieces[start + 1 : -1]))
        if label and urlsplit(url).path.lower().endswith(_IMAGE_NAMES[self._images]):
            alt = _TAG.sub("", label[1] or "").replace('"', "&quot;")
            image = f'<img src="{escape(url)}" alt="{alt}"{_LAZILY}>'
            self._pieces[start:] = [place_of(url, alt) if self._images == "proxy" else image]

    def _open(self, tag: str) -> None:
        self._unclosed.append((len(self._pieces), self._visible))
        self._pieces.append(tag)

    def _close(self, tag: str) -> int:
        """Close what must not be empty, or take it away; return where it began."""
        start, visible = self._unclosed.pop()
        if self._visible == visible:
            del self._pieces[start:]
        else:
            self._pieces.append(tag)
        return start


_WRITERS: dict[str, Callable[[_Writer, Token], None]] = {
    "fence": _Writer.code,
    "code_block": _Writer.code,
    "code_inline": _Writer.code_in_line,
    "formula": _Writer.formula,
    "footnote_ref": _Writer.reference,
    "footnote_reference_open": _Writer.note,
    "paragraph_open": _Writer.paragraph,
    "list_item_open": _Writer.item,
    "ordered_list_open": _Writer.numbered,
    "th_open": _Writer.cell,
    "td_open": _Writer.cell,
    "heading_open": _Writer.heading,
    "heading_close": _Writer.heading_end,
    "thead_open": _Writer.head,
    "thead_close": _Writer.head_end,
    "link_open": _Writer.link,
    "link_close": _Writer.link_end,
}
