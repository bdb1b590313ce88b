"""Code in the tree: each listing and each piece of code in a line becomes a placeholder."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from lxml import etree
from lxml.etree import _Element

from planet_mcp.text.characters import clean_code
from planet_mcp.text.from_html.code import CodeBlock, code_block, is_code_table, joined_block
from planet_mcp.text.from_html.code_frames import lift_headers, unname_wrappers, with_label
from planet_mcp.text.from_html.placeholders import BLOCK, Stash
from planet_mcp.text.from_html.tree import drop

_IN_LINES = ("code", "samp", "tt")
_LISTINGS = ("pre", "table", "xmp", "listing", "plaintext", "div", *_IN_LINES)
# The classes of a listing in an editor (CodeMirror 5 and 6, Monaco), and of one of LaTeX (LaTeXML).
_DRAWN = frozenset(("CodeMirror-code", "cm-content", "view-lines", "ltx_listing"))
_DOXYGEN_LINES = ("line", "foldopen")
_OUTPUT = re.compile(r"(?:^|[\s-])output(?:\s|$)")
_NO_BLOCK_INSIDE = ("code", "a", "b", "strong", "em", "i", "del", "s", "strike", "q", "figcaption")
# The text of a link that leads to where it stands.
_ANCHORS = frozenset("\u00b6#\u00a7")
INLINE_CODE = "code kbd samp tt"
# What ends a line within a piece of code, where Markdown has a blank.
_LINES = ("br", "div", "p")


# Code that was copied from an editor has both styles. Neither alone says that a text is code: some
# set whole posts in letters of one width, and lines of verse keep their spaces.
_KEEPS_SPACES = re.compile(r"white-space\s*:\s*(?:pre|pre-wrap|break-spaces)\s*(?:;|$)")
_FIXED_WIDTH = re.compile(
    r"font(?:-family)?\s*:[^;]*(?:mono|courier|consolas|menlo)", re.IGNORECASE
)

# Elements that no editor writes into code that is copied.
_NOT_COPIED = ("pre", "p", "ul", "ol", "table", "img", "blockquote", "h1", "h2", "h3", "h4")


_SOURCE_LINE = re.compile(r"[ \t]*[\r\n]+[ \t]*")
_RUNS = frozenset(("span", "font", "p", "div"))
_SOURCE_BLANKS = " \t\r\n"
find_typewriter_lines = etree.XPath(
    "//*[@style[contains(., 'ourier') or contains(., 'onospace') or contains(., 'onsolas')]]"
    " | //font[contains(@face, 'ourier') or contains(@face, 'onsolas')]"
)


def adopt_typewriter_lines(element: _Element) -> None:
    """Turn lines in letters of one width, some of them indented, into a listing."""
    if (
        element.tag not in _RUNS
        or next(element.iterdescendants("div", *_NOT_COPIED), None) is not None
    ):
        return
    if next(element.iterancestors("pre", "table"), None) is not None:
        return
    indented = (line.tail.lstrip(_SOURCE_BLANKS) for line in element.iter("br") if line.tail)
    if not any(line.startswith("\xa0") for line in indented):
        return
    element.tag = "pre"
    # The source's line ends show as spaces; only `<br>` ends a line.
    for part in element.iter(etree.Element):
        part.text = _SOURCE_LINE.sub(" ", part.text or "")
        if part is not element:
            after = "" if part.tag == "br" else " "
            part.tail = _SOURCE_LINE.sub(after, part.tail or "")


@lru_cache(maxsize=4096)
def _is_styled_as_code(style: str) -> bool:
    """Return whether a style draws letters of one width and keeps spaces, as editors copy code."""
    return bool(_KEEPS_SPACES.search(style) and _FIXED_WIDTH.search(style))


def adopt_text_areas(root: _Element) -> None:
    """Turn the text areas that show code into listings, unless they only repeat one."""
    areas = [a for a in root.iter("textarea") if a.get("readonly") is not None and _is_lines(a)]
    if not areas:
        return
    page = "".join("".join(root.itertext()).split())
    for area in areas:
        if page.count("".join((area.text or "").split())) == 1:
            area.tag = "pre"


def _is_lines(area: _Element) -> bool:
    return "\n" in (area.text or "").strip()


def find_listings(root: _Element) -> list[_Element]:
    """Find what may draw a listing, in the order of the document."""
    return [element for element in root.iter(*_LISTINGS) if _may_draw_code(element)]


def _may_draw_code(element: _Element) -> bool:
    names = element.get("class") or ""
    if element.tag in _IN_LINES:
        styled = "white-space" in (element.get("style") or "") or "block" in names
        return styled or element.find("br") is not None
    if element.tag != "div":
        return True
    if _is_styled_as_code(element.get("style") or ""):
        return next(element.iterdescendants(*_NOT_COPIED), None) is None
    if not _DRAWN.isdisjoint(names.split()) or _is_of_doxygen(element):
        return True
    named = element.get("data-lang") or "language-" in names
    marked = " syntaxhighlighter" in f" {names}" or ("code" in names and named)
    return bool(marked) and next(element.iterdescendants("pre", "table"), None) is None


def _is_of_doxygen(element: _Element) -> bool:
    """Return whether a `<div>` is a listing of Doxygen, whose lines are others."""
    names = (element.get("class") or "").split()
    return "fragment" in names and len(element) > 0 and element[0].get("class") in _DOXYGEN_LINES


def _drop_numbers(listing: _Element) -> None:
    """Take the numbers of Doxygen away, with the blank that it writes behind each."""
    for number in listing.iter("span"):
        if number.get("class") == "lineno" and (number.tail or "").startswith(" "):
            number.tail = number.tail[1:]
            drop(number)


class Listings:
    """Replaces every code block by a paragraph with what `put` returns for it."""

    def __init__(self, put: Callable[[CodeBlock], str]) -> None:
        self._put = put
        self._done: set[_Element] = set()

    def replace(self, element: _Element) -> None:
        """Replace a listing, unless it is part of one, or a table like any other."""
        if element.tag in _IN_LINES and not _is_block(element):
            return
        if element in self._done or (element.tag == "table" and not is_code_table(element)):
            return
        self._done.update(element.iterdescendants(*_LISTINGS))
        lift_headers(element)
        if _is_of_doxygen(element):
            _drop_numbers(element)
        fragments = _fragments(element)
        block = joined_block([element, *fragments]) if fragments else code_block(element)
        self._done.update(fragments)
        for fragment in fragments:
            drop(fragment)
        if block.text:
            block = with_label(element, block)
            _replace(element, self._put(block))
        else:
            drop(element)

    def take_as_it_is(self, element: _Element) -> None:
        """Replace a listing by the text of its elements, whatever draws it."""
        if element.tag in ("pre", "xmp", "listing", "plaintext"):
            _replace(element, self._put(CodeBlock(clean_code("".join(element.itertext())), "")))


def _fragments(element: _Element) -> list[_Element]:
    """Find what continues a block `<code>`: the next one, or the output of it."""
    found: list[_Element] = []
    last = element
    while element.tag == "code" and not (last.tail or "").strip():
        last = last.getnext()
        if last is None or not _continues(last):
            break
        found.append(last)
    return found


def _continues(element: _Element) -> bool:
    names = element.get("class") or ""
    if element.tag == "code":
        return "block" in names.split()
    return element.tag == "pre" and bool(_OUTPUT.search(names))


def _is_block(code: _Element) -> bool:
    """Return whether a `<code>` stands for a block of its own without a `<pre>` around it."""
    lines = "".join(code.itertext()).strip().count("\n")
    if "block" in (code.get("class") or "").split():
        return True
    if "pre" in (code.get("style") or ""):
        return lines > 0
    parent = code.getparent()
    alone = parent is not None and len(parent) == 1 and not (parent.text or "").strip()
    return alone and not (code.tail or "").strip() and next(code.iter("br"), None) is not None


def _replace(element: _Element, placeholder: str) -> None:
    # Elements around it become ordinary ones: some sites wrap `<pre>` in `<code>`, and Markdown has
    # no block within a link or an emphasis.
    for around in element.iterancestors(*_NO_BLOCK_INSIDE):
        around.tag = "div"
    element.clear(keep_tail=True)
    element.tag = "p"
    element.text = placeholder
    unname_wrappers(element)


def stash_inline(code: _Element, stash: Stash) -> None:
    """Replace a piece of inline code by its placeholder."""
    for line in code.iterdescendants(*_LINES):
        line.text = f" {line.text or ''}"
        line.tail = f" {line.tail}" if line.tail and line.tag != "br" else line.tail
    text = "".join(code.itertext())
    if BLOCK in text or not text.strip():
        code.tag = "span"
        return
    parts = [(href, "".join(words)) for href, words in _linked(code) if any(words)]
    code.clear(keep_tail=True)
    code.tag = "span"
    for target, words in parts:
        if words.strip() in _ANCHORS and target.startswith("#"):
            continue
        href = target if words.strip() else ""
        part = etree.SubElement(code, "a" if href else "span", {"href": href} if href else {})
        part.text = stash.code(_collapsed(words))


def _linked(code: _Element) -> Iterator[tuple[str, list[str]]]:
    """Divide inline code where links begin and end: Markdown has none within a piece of code."""
    links = {e: href for e in code.iterdescendants("a") if (href := e.get("href"))}
    if not links:
        yield "", list(code.itertext())
        return
    href = ""
    words: list[str] = []
    for event, element in etree.iterwalk(code, events=("start", "end")):
        if element in links:
            yield href, words
            href, words = links[element] if event == "start" else "", []
        if element is not code or event == "start":
            words.append((element.text if event == "start" else element.tail) or "")
    yield href, words


def _collapsed(code: str) -> str:
    return re.sub(r"[ \t]*[\r\n]\s*", " ", code)
