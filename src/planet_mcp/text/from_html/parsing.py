"""Any HTML → its element tree, as a browser reads it.

Every pass is linear; the parser bounds the depth of the tree.
"""

import re
from collections import Counter
from collections.abc import Callable
from itertools import chain

from lxml import etree
from lxml.etree import _Element

from planet_mcp.text.characters import (
    ASCII_CONTROLS,
    PLACEHOLDERS,
    strip_ansi,
    without_placeholders,
)
from planet_mcp.text.from_html.tree import all_text

# What lxml raises at a document: its own, and Python's where one has no root or odd characters.
LXML_ERRORS = (etree.Error, AssertionError, ValueError)
_CONTROLS = re.compile(rf"[{ASCII_CONTROLS}\x7f]+")
_CONTROL_BYTES = bytes(code for code in range(0x80) if _CONTROLS.match(chr(code)))
_ANY_PLACEHOLDER = re.compile(f"[{PLACEHOLDERS}]")
_WRAPPERS = re.compile(
    r"</?(?:div|span|section|font|b|i|em|strong|center|blockquote|ul|ol|li|table|tbody|tr|td|a|u"
    r"|small|big|article|main|nav|header|footer|aside|form|fieldset|[a-z]+-[a-z-]+)\b[^<>]*>",
    re.IGNORECASE,
)
# The elements that a head may have (WHATWG HTML, section 13.2.6.4.4).
_HEAD_TAGS = frozenset(
    "title meta link base script style noscript noframes template bgsound basefont".split()
)
_ATTRIBUTES = etree.XPath("//@*")
_SOUND_ATTRIBUTE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
# XML's entity for an apostrophe: HTML parsers know it only with its semicolon.
_LOOSE_APOSTROPHE = re.compile(r"&apos(?!;)")
# Elements that hold blocks, and whose end tags are always written.
_CONTAINERS = (
    *(
        "div",
        "span",
        "section",
        "article",
        "main",
        "header",
        "nav",
        "aside",
        "figure",
        "form",
        "pre",
    ),
    *("button", "svg", "template", "noscript", "select", "textarea"),
)
# Emphasis that begins with a paragraph: libxml2 would end it before the paragraph, as it is empty
# so far; with an empty element in it, it stays open.
_EMPHASISED_BLOCK = re.compile(r"(<(?:b|strong|i|em)>\s*)(?=<(?:p|div)[\s>])", re.IGNORECASE)
_TAG_NAME = re.compile(r"</?[a-z][a-z0-9-]*")
_SIGNATURE = re.compile(
    r"(<dt\b[^<>]{0,200}\bsig\b[^<>]{0,500}>)((?:(?!</?dt\b).)*)(?=</dt)", re.DOTALL
)
_LINES_OF_SIGNATURE = re.compile(r"</?d[ld]\b[^<>]*>")
_TAG = re.compile(r"<(/?)([a-z][a-z0-9-]*)")
_WITHOUT_END = frozenset(
    """
    area base br col embed hr img input link meta param source track wbr p li dt dd td th tr tbody
    thead tfoot option optgroup rt rp path g circle rect line polygon use
    """.split()
)
_DEEPEST = 1000
# XHTML that is sent as HTML: a browser would take what follows `<iframe />` for its content.
_CLOSED_AS_IN_XML = re.compile(r"""<([A-Za-z][A-Za-z0-9-]*)((?:\s(?:[^<>]{0,2000}["'\s])?)?)/>""")


def parse(
    html: str, *, make_parser: Callable[..., etree.HTMLParser] = etree.HTMLParser
) -> _Element | None:
    """Parse any HTML; None when it holds nothing."""
    html = _SIGNATURE.sub(_in_one_line, html) if "sig-paren" in html else html
    html = _as_browsers_read(_LOOSE_APOSTROPHE.sub("'", _without_controls(html)))
    html = _EMPHASISED_BLOCK.sub(r"\1<wbr>", html)
    root, complete = _parse(html, make_parser)
    if not complete:
        # libxml2 drops what is nested too deeply, so it gets the document without wrappers.
        root, _ = _parse(_WRAPPERS.sub(" ", html), make_parser)
    if root is not None:
        _end_head(root)
        _remove_odd_attributes(root)
    if root is not None and _ANY_PLACEHOLDER.search(all_text(root)):
        _remove_forged_placeholders(root)
    return root


def _in_one_line(signature: re.Match[str]) -> str:
    """Write a signature of several lines (Sphinx) in one: to the parser `<dd>` ends a `<dt>`."""
    return signature[1] + _LINES_OF_SIGNATURE.sub(" ", signature[2])


def _without_controls(html: str) -> str:
    html = strip_ansi(html)
    # Most documents have none, and a search for bytes is many times faster than for characters.
    data = html.encode("utf-8", "replace")
    some = len(data.translate(None, _CONTROL_BYTES)) < len(data)
    return _CONTROLS.sub("", html) if some else html


def count_controls(html: str) -> int:
    """Count the control characters of a document, which the parser never sees."""
    return len(html) - len(_without_controls(html))


def _as_browsers_read(html: str) -> str:
    """Write a document with unclosed elements as browsers read it, who end them elsewhere.

    To libxml2 `</button>` ends no `<div>` (WHATWG HTML, section 13.2.6.4.7, says it does): a button
    that is left out would take the rest of the page with it. Sound documents are left alone, and
    deep ones, for which the parser of browsers takes too long.
    """
    tags = Counter(_TAG_NAME.findall(html.lower()))
    sound = all(tags[f"<{name}"] == tags[f"</{name}"] for name in _CONTAINERS)
    if sound or _depth(html.lower()) > _DEEPEST:
        return html
    from selectolax.lexbor import LexborHTMLParser

    def read(part: str) -> LexborHTMLParser:
        return LexborHTMLParser(part.encode("utf-8", "replace"))

    pieces = _CLOSED_AS_IN_XML.sub(_close_as_in_html, html).split("</noscript>")
    for index, piece in enumerate(pieces[:-1]):
        # To a browser with scripts, all up to `</noscript>` is text, which cannot leave elements
        # open; here it is read as elements, and so they are closed first.
        before, tag, inside = piece.rpartition("<noscript>")
        if tag and (body := read(inside).body):
            pieces[index] = f"{before}{tag}{body.inner_html}"
    return read("</noscript>".join(pieces)).html or html


def _close_as_in_html(tag: re.Match[str]) -> str:
    return tag[0] if tag[1].lower() in _WITHOUT_END else f"<{tag[1]}{tag[2]}></{tag[1]}>"


def _depth(html: str) -> int:
    """Return how deep elements may be nested, at most: the end of some can be left out."""
    depth = deepest = 0
    for tag in _TAG.finditer(html):
        if tag[2] not in _WITHOUT_END:
            depth = max(0, depth - 1) if tag[1] else depth + 1
            deepest = max(deepest, depth)
    return deepest


def _remove_odd_attributes(root: _Element) -> None:
    """Take away the attributes whose names XML does not allow, and lxml refuses to copy."""
    names = set(chain.from_iterable(map(_Element.keys, root.iter(etree.Element))))
    if not all(map(_SOUND_ATTRIBUTE.fullmatch, names)):
        for value in _ATTRIBUTES(root):
            if not _SOUND_ATTRIBUTE.fullmatch(value.attrname):
                del value.getparent().attrib[value.attrname]


def _parse(html: str, make_parser: Callable[..., etree.HTMLParser]) -> tuple[_Element | None, bool]:
    parser = make_parser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(html.encode("utf-8", "replace"), parser)
    except etree.ParserError:
        return None, True
    except LXML_ERRORS:
        return None, not html.strip()
    return root, all(entry.type_name != "ERR_RESOURCE_LIMIT" for entry in parser.error_log)


def _end_head(root: _Element) -> None:
    """Move what belongs to the body out of the head: the parser takes `<main>` for a part of it."""
    head = root.find("head")
    left = [] if head is None else [e for e in head if e.tag not in _HEAD_TAGS]
    if head is None or not left:
        return
    body = root.find("body")
    if body is None:
        body = etree.SubElement(root, "body")
    body[:0] = head[head.index(left[0]) :]


def _remove_forged_placeholders(root: _Element) -> None:
    for element in root.iter(etree.Element):
        element.text = without_placeholders(element.text or "")
        element.tail = without_placeholders(element.tail or "")
