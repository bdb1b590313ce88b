"""Tables and nesting in the tree: bounded, and unwrapped where they only place blocks."""

import re
from itertools import zip_longest

from lxml import etree
from lxml.etree import _Element

from planet_mcp.text.from_html.placeholders import ALIGNED, BLOCK, Stash

_LAYOUT_ROLES = frozenset(("presentation", "none"))
_ROW_GROUPS = frozenset(("thead", "tbody", "tfoot"))
_MOST_SPANNED = 20
_MOST_NESTED = 12
_SPANS = ("colspan", "rowspan")
_TEXT_ALIGN = re.compile(r"text-align\s*:\s*([a-z]+)", re.IGNORECASE)
_ALIGNING_CLASS = re.compile(
    r"(?:^|\s)(?:has-)?(?:text-(?:align-)?|align-?)(left|center|right)(?:\s|$)"
)
_SPAN = re.compile(r"[0-9]{1,2}")
_TOO_NESTED = etree.XPath(
    "descendant-or-self::*[self::ul or self::ol or self::blockquote or self::dl]"
    "[ancestor::*[self::ul or self::ol or self::blockquote or self::dl][12]]"
)


def too_nested(root: _Element) -> list[_Element]:
    """Find the lists and quotations that stand in twelve others."""
    some = sum(1 for _ in root.iter("ul", "ol", "blockquote", "dl"))
    return list(_TOO_NESTED(root)) if some > _MOST_NESTED else []


def adapt_table(table: _Element) -> None:
    """Unwrap a table that only places blocks beside each other; note how others are aligned."""
    rows = _own_rows(table)
    if _is_layout(table, rows):
        _unwrap(table, rows)
    else:
        _align(rows)


def _align(rows: list[_Element]) -> None:
    """Put how a column is aligned into its first cell, where all cells that say so agree."""
    cells = [list(row.iterchildren("td", "th")) for row in rows]
    if any(cell.get(name, "1") != "1" for row in cells for cell in row for name in _SPANS):
        return
    for column in zip_longest(*cells):
        body = {_alignment(cell) for cell in column if cell is not None and cell.tag == "td"}
        said = body - {""} or {_alignment(column[0])} if column[0] is not None else set()
        if len(said) == 1 and (sign := ALIGNED.get(said.pop())):
            column[0].text = sign + (column[0].text or "")


def _alignment(cell: _Element) -> str:
    style = _TEXT_ALIGN.search(cell.get("style") or "")
    name = _ALIGNING_CLASS.search(cell.get("class") or "")
    value = style[1] if style else cell.get("align") or (name[1] if name else "")
    return {"start": "left", "end": "right"}.get(value.lower(), value.lower())


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
    if "ltx_eqn_table" in (table.get("class") or "").split() or _is_beside_sign(rows):
        return True
    narrow = all(sum(1 for _ in row.iterchildren("td", "th")) <= 1 for row in rows)
    # A single row whose cells hold blocks only places these beside each other.
    beside = (
        len(rows) == 1 and next(table.iterdescendants("p", "div", "ul", "ol"), None) is not None
    )
    if (narrow or beside) and next(table.iter("th"), None) is None:
        return True
    blocks = ("h1", "h2", "h3", "hr", "article", "section", "blockquote")
    if next(table.iterdescendants(*blocks), None) is not None:
        return True
    return any(BLOCK in text for text in table.itertext())


def _is_beside_sign(rows: list[_Element]) -> bool:
    """Return whether a table places a text beside a sign, as Asciidoctor and DocBook do."""
    first = rows[0][0] if rows and len(rows[0]) else None
    if first is None or (len(rows) == 1 and first.get("class") == "icon"):
        return first is not None
    cells = [[cell.tag for cell in row] for row in rows]
    return first.get("rowspan") == "2" and cells == [["td", "th"], ["td"]]


def _unwrap(table: _Element, rows: list[_Element]) -> None:
    for row in rows:
        for cell in row.iterchildren("td", "th"):
            cell.tag = "div"
        row.tag = "div"
    for part in table.iterchildren(*_ROW_GROUPS, "caption"):
        part.tag = "div"
    table.tag = "div"


def adapt_cell(cell: _Element, stash: Stash) -> None:
    """Write code and formulas of a cell so that no bar in them ends it."""
    for part in cell.iter(etree.Element):
        if part.text:
            part.text = stash.put_in_cell(part.text)
        if part.tail and part is not cell:
            part.tail = stash.put_in_cell(part.tail)


def flatten(element: _Element) -> None:
    """Flatten what is nested so deeply that each of its lines would begin with pages of spaces."""
    for item in element.iterchildren("li", "dt", "dd"):
        item.tag = "div"
    element.tag = "div"


def limit_span(cell: _Element) -> None:
    """Bound how many columns and rows a cell takes."""
    for name in _SPANS:
        value = cell.get(name)
        if value is not None and not _SPAN.fullmatch(value):
            cell.set(name, str(_MOST_SPANNED) if value.isdecimal() else "1")
