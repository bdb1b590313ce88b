"""What a site draws around a listing: labels and buttons, a second drawing, wrappers."""

import re

from lxml import etree
from lxml.etree import _Element

from planet_mcp.text.from_html.code import CodeBlock, is_gutter_class, is_numbers
from planet_mcp.text.from_html.languages import KNOWN_LANGUAGES
from planet_mcp.text.from_html.placeholders import BLOCK
from planet_mcp.text.from_html.tree import drop, is_blank

_LABELS = ("div", "span", "figcaption", "header", "button", "clipboard-copy", "a", "p")
_LABEL_CLASS = re.compile(
    r"lang|label|title|header|copy|toolbar|name|tooltip|btn|button|prompt", re.IGNORECASE
)
_COPY = re.compile(
    r"[^\w$>]*|copied!?|copy(?: (?:code|to clipboard|snippet|text))?|expand|collapse"
    r"|view raw|raw|wrap|run(?: code)?|download|edit|show (?:more|less)"
    r"|(?:in|out)\s?\[[\d\s*]*\]:?",
    re.IGNORECASE,
)
_LONGEST_LABEL = 120
_WRAPPED = 4
_MOST_PARTS = 12


def unname_wrappers(element: _Element) -> None:
    """Take the class from what wraps a listing only: it would pass for a toolbar or a widget."""
    for _ in range(_WRAPPED):
        parent = element.getparent()
        if parent is None or parent.tag not in ("div", "figure") or (parent.text or "").strip():
            return
        if _has_many(parent):
            return
        others = [child for child in parent if child is not element]
        if any((child.tail or "").strip() for child in parent) or not all(map(is_blank, others)):
            return
        parent.attrib.clear()
        element = parent


def with_label(element: _Element, block: CodeBlock) -> CodeBlock:
    """Take the labels and buttons around a listing away; a label may name the language."""
    drawn = "".join(block.text.split())
    for neighbour in _neighbours(element):
        if _is_gutter_beside(neighbour) or _repeats(neighbour, drawn):
            drop(neighbour)
        elif _is_label(neighbour):
            block = _read_label(neighbour, block)
            if is_blank(neighbour):
                drop(neighbour)
    return block


def _is_gutter_beside(element: _Element) -> bool:
    return is_gutter_class(element) and is_numbers(element)


def _repeats(element: _Element, drawn: str) -> bool:
    """Return whether an element draws the listing a second time."""
    if not drawn or element.tag != "div":
        return False
    text = _text_up_to(element, 2 * len(drawn) + _LONGEST_LABEL)
    return text is not None and "".join(text.split()) == drawn


def _text_up_to(element: _Element, limit: int) -> str | None:
    """Join the text of an element unless it is longer; it may be a whole page."""
    pieces: list[str] = []
    length = 0
    for piece in element.itertext():
        length += len(piece)
        if length > limit:
            return None
        pieces.append(piece)
    return "".join(pieces)


def _is_label(element: _Element) -> bool:
    if element.tag in ("p", "a") and not _LABEL_CLASS.search(element.get("class") or ""):
        return False
    text = _text_up_to(element, 4 * _LONGEST_LABEL)
    return text is not None and BLOCK not in text and len(" ".join(text.split())) <= _LONGEST_LABEL


def _read_label(label: _Element, block: CodeBlock) -> CodeBlock:
    """Blank the words of buttons and the name of the language; other words stay."""
    for element in label.iter(etree.Element):
        for part in ("text", "tail"):
            word = (getattr(element, part) or "").strip()
            if part == "tail" and element is label:
                continue
            language = word.lower()
            if language in KNOWN_LANGUAGES and block.language in ("", language):
                block = CodeBlock(block.text, language)
            elif language != block.language and not _COPY.fullmatch(word):
                continue
            setattr(element, part, None)
    return block


def _neighbours(element: _Element) -> list[_Element]:
    found: list[_Element] = []
    for _ in range(_WRAPPED):
        parent = element.getparent()
        found += _labels_before(element)
        after = element.getnext()
        if after is not None and after.tag in _LABELS and not (element.tail or "").strip():
            found.append(after)
        if parent is None or parent.tag not in ("div", "figure") or (parent.text or "").strip():
            break
        if _has_many(parent) or any(e.tag not in _LABELS for e in parent if e is not element):
            break
        element = parent
    return found


def _has_many(parent: _Element) -> bool:
    # `len(parent)` would count all children, of which there may be very many.
    return bool(parent[_MOST_PARTS : _MOST_PARTS + 1])


def _labels_before(element: _Element) -> list[_Element]:
    """Find what stands right before an element; what is blank does not stand between."""
    before = element.getprevious()
    for _ in range(_MOST_PARTS):
        if before is None or before.tag not in _LABELS or (before.tail or "").strip():
            break
        if not is_blank(before):
            return [before]
        before = before.getprevious()
    return []
