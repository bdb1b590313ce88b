"""Emphasis that every reader of Markdown closes (CommonMark 0.31, section 6.2).

Asterisks between a letter outside and punctuation inside neither open nor close anything:
`**Note:**no`, and much emphasis within Chinese or Japanese that ends with a bracket.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from lxml import etree
from lxml.etree import _Element

from planet_mcp.text.from_html.tree import is_blank

_EMPHASIS = frozenset("b strong i em del s strike".split())
_ALIKE = {
    tag: tags for tags in (("b", "strong"), ("i", "em"), ("del", "s", "strike")) for tag in tags
}
_INLINE = _EMPHASIS | frozenset(
    """
    span font abbr acronym bdi bdo big small u ins label mark time data cite dfn var sub sup
    """.split()
)
# Blocks that Markdown cannot have inside of emphasis: they would be written as mere text.
_BLOCKS = "h1 h2 h3 h4 h5 h6 ul ol table blockquote hr pre".split()
_NORMAL_WEIGHT = re.compile(r"font-weight\s*:\s*(?:normal|[1-5]00|lighter)\b", re.IGNORECASE)
_EDGE = "\n"
# The first and last character of what Markdown will have there: of a link, and of code or a
# formula, for which a placeholder stands.
_LINK = ("[", ")")
_PLACEHOLDERS = ("\ue000", "\ue01f")
_LABEL = re.compile(r".*\w[:.,;!?\u3002\u3001\uff1a\uff01\uff1f]", re.DOTALL)
_Part = str | tuple[_Element, bool]


def of_normal_weight(root: _Element) -> list[_Element]:
    """Find `<b>` whose style is not bold: Google Docs wraps all of a text that is copied so."""
    return [e for e in root.iter("b", "strong") if _NORMAL_WEIGHT.search(e.get("style") or "")]


def show_plainly(element: _Element) -> None:
    """Take emphasis away; its text stays."""
    element.tag = "span"


def close_emphasis(root: _Element) -> None:
    """Take away emphasis that would not open or close where it stands; its text stays.

    Where a sign that ends it is the only hindrance, it ends before that sign.
    """
    emphasised = list(root.iter(*_EMPHASIS))
    if not emphasised:
        return
    for element in emphasised:
        _spread(element)
    for element in list(root.iter(*_EMPHASIS)):
        _end_divided(element)
    parts = list(_parts(root))
    before = _neighbours(parts, at=-1)
    after = _neighbours(reversed(parts), at=0)
    for element in {part[0] for part in parts if not isinstance(part, str)}:
        if _is_stuck(outside=before[element, True], inside=after[element, True]):
            element.tag = "span"
        elif _is_stuck(outside=after[element, False], inside=before[element, False]):
            _end_earlier(element)


def _spread(element: _Element) -> None:
    """Emphasise the paragraphs within emphasis in its place, as browsers show them."""
    paragraphs = list(element.iterdescendants("p", "div"))
    within = element.iterdescendants(*_ALIKE[element.tag], *_BLOCKS)
    if not paragraphs or next(within, None) is not None:
        return
    for paragraph in paragraphs:
        if next(paragraph.iterdescendants("p", "div"), None) is None and not is_blank(paragraph):
            inner = etree.Element(element.tag)
            inner.text, paragraph.text = (paragraph.text or "").lstrip(), None
            inner.extend(list(paragraph))
            paragraph.append(inner)
    element.tag = "div"


def _end_divided(element: _Element) -> None:
    """Take away emphasis that would have to go on beyond the end of a paragraph."""
    if next(element.iterdescendants(*_BLOCKS), None) is not None:
        element.tag = "div"
    elif _is_divided(element):
        element.tag = "span"


def _is_divided(element: _Element) -> bool:
    """Return whether two breaks divide a text: emphasis ends with its paragraph."""
    breaks = [e for e in element.iterdescendants("br") if not (e.tail or "").strip()]
    return any(e.getnext() is not None and e.getnext().tag == "br" for e in breaks)


def _parts(root: _Element) -> Iterator[_Part]:
    """Yield a tree as its texts, the edges of its blocks, and where emphasis opens and closes."""
    for event, element in etree.iterwalk(root, events=("start", "end")):
        starts = event == "start"
        if element.tag in _EMPHASIS:
            yield element, starts
        elif element.tag == "a":
            yield _LINK[not starts]
        elif element.tag not in _INLINE:
            yield _EDGE
        text = element.text if starts else element.tail
        if text:
            yield text


def _neighbours(parts: Iterable[_Part], *, at: int) -> dict[tuple[_Element, bool], str]:
    """Return the character that was passed last at each opening and closing of emphasis."""
    last, found = _EDGE, {}
    for part in parts:
        if isinstance(part, str):
            last = part[at]
        else:
            found[part] = last
    return found


def _is_stuck(*, outside: str, inside: str) -> bool:
    return _is_sign(inside) and not (outside.isspace() or _is_sign(outside))


def _is_sign(character: str) -> bool:
    first, last = _PLACEHOLDERS
    return unicodedata.category(character)[0] in "PS" or first <= character <= last


def _end_earlier(element: _Element) -> None:
    text = element.text or ""
    if len(element) or not _LABEL.fullmatch(text):
        element.tag = "span"
    else:
        element.text, element.tail = text[:-1], text[-1] + (element.tail or "")
