"""What a site draws around a listing: labels and buttons, a second drawing, wrappers."""

import re
from collections.abc import Iterator
from itertools import takewhile

from lxml import etree
from lxml.etree import _Element

from planet_mcp.text.from_html.code import (
    CodeBlock,
    is_drawn_over,
    is_gutter_class,
    is_numbers,
    only_code,
)
from planet_mcp.text.from_html.languages import KNOWN_LANGUAGES
from planet_mcp.text.from_html.placeholders import BLOCK
from planet_mcp.text.from_html.tree import drop, is_blank, text_of

_LABELS = ("div", "span", "figcaption", "header", "button", "clipboard-copy", "a", "p")
_INLINE_LABELS = frozenset(("span", "a", "button", "clipboard-copy"))
_BARS = ("div", "header", "figcaption")
_BUTTONS = frozenset(("button", "clipboard-copy"))
_IN_A_SENTENCE = frozenset(
    """
    a abbr b bdi bdo cite code del dfn em font i img ins kbd label mark q s samp small span strong
    sub sup time tt u var
    """.split()
)
_LABEL_CLASS = re.compile(
    r"lang|label|title|header|copy|toolbar|name|tooltip|btn|button|prompt", re.IGNORECASE
)
# Words that only a button or an interpreter's prompt has; and those that may be code or prose, too,
# and are a button's only where a class calls them a label.
_SURELY_DRAWN = re.compile(
    r"copied!?|copy(?: (?:code|to clipboard|snippet|text))?|view raw|(?:in|out)\s?\[[\d\s*]*\]:?",
    re.IGNORECASE,
)
_MAYBE_DRAWN = re.compile(
    r"[^\w$>]*|expand|collapse|raw|wrap|run(?: code)?|download|edit|show (?:more|less)",
    re.IGNORECASE,
)
_LISTINGS = ("pre", "textarea", "table", "xmp", "listing", "plaintext")
_LONGEST_LABEL = 120
_WRAPPED = 4
_MOST_PARTS = 12


def lift_headers(pre: _Element) -> None:
    """Move the header bars inside a listing outside of it: they are no code, but may have words."""
    for row in takewhile(_is_heading_row, pre.iter("tr")) if pre.tag == "table" else ():
        pre.addprevious(row)
        row.tag, row[0].tag = "div", "span"
    code = only_code(pre)
    if pre.tag != "pre" or code.tag != "code":
        return
    around = {pre, *takewhile(lambda element: element is not pre, code.iterancestors())}
    bars = {e for e in pre.iter(*_BARS) if e.getparent() in around and e not in around}
    above, last = True, pre
    for element in list(pre.iter(code.tag, *_BARS)):
        above = above and element is not code
        if element not in bars or is_blank(element) or is_drawn_over(element):
            continue
        if above:
            pre.addprevious(element)
        else:
            last.addnext(element)
            last = element


def _is_heading_row(row: _Element) -> bool:
    return len(row) == 1 and row[0].tag == "th"


def unname_wrappers(element: _Element) -> None:
    """Take the classes from the elements that wrap only a listing.

    By such a class (`toolbar`, `widget`) a later step would take the listing for the site's frame.
    """
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
    """Take the labels and buttons around a listing away; a label may name the language.

    A label is a short element that says nothing but the name of a language, of a file or of a
    button. Every other neighbour stays as it is, and so does a file's name.
    """
    # One line of a listing may be quoted beside it on purpose; several are the listing, drawn
    # twice.
    is_long, drawn = "\n" in block.text, "".join(block.text.split())
    for neighbour in _neighbours(element):
        if _is_gutter_beside(neighbour) or (is_long and _repeats(neighbour, drawn)):
            drop(neighbour)
        elif _may_be_label(neighbour):
            block = _read_label(neighbour, block)
            if is_blank(neighbour):
                drop(neighbour)
    return block


def _is_gutter_beside(element: _Element) -> bool:
    return is_gutter_class(element) and is_numbers(element)


def _repeats(element: _Element, drawn: str) -> bool:
    """Return whether an element draws the listing a second time."""
    if not drawn or element.tag != "div" or _holds_listing(element):
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


def _holds_listing(element: _Element) -> bool:
    return next(element.iterdescendants(*_LISTINGS), None) is not None


def _may_be_label(element: _Element) -> bool:
    if element.tag in ("p", "a") and not _is_marked(element):
        return False
    if _holds_listing(element) or not _stands_alone(element):
        return False
    text = _text_up_to(element, 4 * _LONGEST_LABEL)
    return text is not None and BLOCK not in text and len(" ".join(text.split())) <= _LONGEST_LABEL


def _is_marked(element: _Element) -> bool:
    """Return whether an element is called a label or a button."""
    return element.tag in _BUTTONS or bool(_LABEL_CLASS.search(element.get("class") or ""))


def _stands_alone(element: _Element) -> bool:
    """Return whether no words of the same line stand beside an element."""
    if element.tag not in _INLINE_LABELS:
        return True
    before, after = element.getprevious(), element.getnext()
    parent = element.getparent()
    words = (parent.text if before is None else before.tail) if parent is not None else None
    if (words or "").strip() or (element.tail or "").strip():
        return False
    return not any(
        beside is not None and beside.tag in _IN_A_SENTENCE and not is_blank(beside)
        for beside in (before, after)
    )


def _read_label(label: _Element, block: CodeBlock) -> CodeBlock:
    """Drop a label's buttons, and its language if it names one alone, which the listing gets."""
    parts = list(_parts(label))
    languages = {text_of(part).lower() for part in parts} & KNOWN_LANGUAGES
    language = next(iter(languages)) if len(languages) == 1 else ""
    if language and block.language in ("", language):
        block = CodeBlock(block.text, language)
    for part in parts:
        text = text_of(part)
        if (language and text.lower() == block.language) or _is_drawn(part, text, label):
            drop(part)
    return block


def _is_drawn(part: _Element, text: str, label: _Element) -> bool:
    if _SURELY_DRAWN.fullmatch(text):
        return True
    if not _MAYBE_DRAWN.fullmatch(text):
        return False
    around = takewhile(lambda element: element is not label.getparent(), part.iterancestors())
    return _is_marked(part) or any(map(_is_marked, around))


def _parts(element: _Element) -> Iterator[_Element]:
    """Find the smallest elements of a label that say one thing each, and are not in a sentence."""
    children = [child for child in element if not is_blank(child)]
    if not children:
        yield element
        return
    marked = any(map(_is_marked, children))
    if any((child.tail or "").strip() for child in element):
        return
    if (element.text or "").strip():
        if not marked:
            return
        children.insert(0, _wrap_text(element))
    if marked or len(children) == 1 or any(c.tag not in _IN_A_SENTENCE for c in children):
        for child in children:
            yield from _parts(child)


def _wrap_text(element: _Element) -> _Element:
    words = etree.Element("span")
    words.text, element.text = element.text, None
    element.insert(0, words)
    return words


def _neighbours(element: _Element) -> list[_Element]:
    found: list[_Element] = []
    for _ in range(_WRAPPED):
        parent = element.getparent()
        found += _labels_before(element)
        after = element.getnext()
        if after is not None and _is_of_listing(after) and not (element.tail or "").strip():
            found.append(after)
        if parent is None or parent.tag not in ("div", "figure") or (parent.text or "").strip():
            break
        if _has_many(parent) or any(e.tag not in _LABELS for e in parent if e is not element):
            break
        element = parent
    return found


def _is_of_listing(element: _Element) -> bool:
    """Return whether an element below a listing is its label, or its numbers in a list."""
    if element.tag in ("ol", "ul"):
        return _is_gutter_beside(element)
    return element.tag in _LABELS and _is_surely_label(element)


def _is_surely_label(element: _Element) -> bool:
    """Return whether an element below a listing is a label, and not the text that goes on."""
    inside = zip(range(_MOST_PARTS), element.iter(etree.Element), strict=False)
    return any(_is_marked(part) for _, part in inside) or bool(
        _SURELY_DRAWN.fullmatch(" ".join((_text_up_to(element, _LONGEST_LABEL) or "").split()))
    )


def _has_many(parent: _Element) -> bool:
    # `len(parent)` would count all children, of which there may be very many.
    return bool(parent[_MOST_PARTS : _MOST_PARTS + 1])


def _labels_before(element: _Element) -> list[_Element]:
    """Find the label right before an element; blank elements between them are looked past."""
    before = element.getprevious()
    for _ in range(_MOST_PARTS):
        if before is None or before.tag not in _LABELS or (before.tail or "").strip():
            break
        if not is_blank(before):
            return [before]
        before = before.getprevious()
    return []
