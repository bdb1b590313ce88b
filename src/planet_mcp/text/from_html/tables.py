"""Tables and nesting in the tree: bounded, and unwrapped where they only place blocks."""

import re

from lxml import etree
from lxml.etree import _Element

from planet_mcp.text.from_html.placeholders import BLOCK

_LAYOUT_ROLES = frozenset(("presentation", "none"))
_ROW_GROUPS = frozenset(("thead", "tbody", "tfoot"))
_MOST_SPANNED = 20
_SPAN = re.compile(r"[0-9]{1,2}")
TOO_NESTED = etree.XPath(
    "//*[self::ul or self::ol or self::blockquote or self::dl][ancestor::*[self::ul or self::ol"
    " or self::blockquote or self::dl][12]]"
)


def adapt_table(table: _Element) -> None:
    """Unwrap a table that only places blocks beside each other."""
    rows = _own_rows(table)
    if _is_layout(table, rows):
        _unwrap(table, rows)


def _own_rows(table: _Element) -> list[_Element]:
    rows = []
    for child in table:
        if child.tag == "tr":
            rows.append(child)
        elif child.tag in _ROW_GROUPS:
            rows.extend(child.iterchildren("tr"))
    return rows


def _is_layout(table: _Element, rows: list[_Element]) -> bool:
    if (table.get("role") or "").lower() in _LAYOUT_ROLES:
        return True
    if next(table.iterdescendants("table"), None) is not None:
        return True
    if all(sum(1 for _ in row.iterchildren("td", "th")) <= 1 for row in rows):
        return next(table.iter("th"), None) is None
    blocks = ("h1", "h2", "h3", "hr", "article", "section", "blockquote")
    if next(table.iterdescendants(*blocks), None) is not None:
        return True
    return any(BLOCK in text for text in table.itertext())


def _unwrap(table: _Element, rows: list[_Element]) -> None:
    for row in rows:
        for cell in row.iterchildren("td", "th"):
            cell.tag = "div"
        row.tag = "div"
    for part in table.iterchildren(*_ROW_GROUPS, "caption"):
        part.tag = "div"
    table.tag = "div"


def flatten(element: _Element) -> None:
    """Flatten what is nested so deeply that each of its lines would begin with pages of spaces."""
    for item in element.iterchildren("li", "dt", "dd"):
        item.tag = "div"
    element.tag = "div"


def limit_span(cell: _Element) -> None:
    """Bound how many columns and rows a cell takes."""
    for name in ("colspan", "rowspan"):
        value = cell.get(name)
        if value is not None and not _SPAN.fullmatch(value):
            cell.set(name, str(_MOST_SPANNED) if value.isdecimal() else "1")
