"""Lists in the tree: the numbers that a browser shows, and lists in the cells of tables."""

import re
from collections.abc import Callable

from lxml import etree
from lxml.etree import _Element

_WHOLE = re.compile(r"-?\d{1,9}")
_STYLE = re.compile(r"list-style(?:-type)?\s*:\s*([a-z-]+)", re.IGNORECASE)
_STYLES = {
    "lower-alpha": "a",
    "lower-latin": "a",
    "upper-alpha": "A",
    "upper-latin": "A",
    "lower-roman": "i",
    "upper-roman": "I",
}
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_MOST_ROMAN = 3999


def nest(inner: _Element) -> None:
    """Put a list that stands between the items of another one into the item above it."""
    around, above = inner.getparent(), inner.getprevious()
    if (
        around is not None
        and around.tag in ("ul", "ol")
        and above is not None
        and above.tag == "li"
    ):
        above.append(inner)


def number(ordered: _Element) -> None:
    """Give a list the numbers that a browser shows, where Markdown counts up by one.

    Where a number jumps, another list begins. What is no number to Markdown (letters, Roman and
    negative numbers) is written before the words of items without numbers.
    """
    numbers = _numbers(ordered)
    write = _NUMERALS.get(_numeral_of(ordered), str)
    if write is str and all(number >= 0 for number in numbers):
        ordered.attrib.update({"start": str(numbers[0])} if numbers else {})
        _divide(ordered, numbers)
        return
    ordered.tag = "ul"
    for item, value in zip(ordered.iterchildren("li"), numbers, strict=True):
        first = item
        while not (first.text or "").strip() and len(first) and first[0].tag in ("p", "span"):
            first = first[0]
        first.text = f"{write(value)}. {(first.text or '').lstrip()}"


def _divide(ordered: _Element, numbers: list[int]) -> None:
    """Begin another list at each item whose number does not follow the one before."""
    last, before, left = ordered, None, iter(numbers)
    for child in list(ordered):
        if child.tag == "li":
            value = next(left)
            if before is not None and value != before + 1:
                following = etree.Element("ol", start=str(value))
                following.tail, last.tail = last.tail, None
                last.addnext(following)
                last = following
            before = value
        if last is not ordered:
            last.append(child)


def _numbers(ordered: _Element) -> list[int]:
    items = list(ordered.iterchildren("li"))
    down = ordered.get("reversed") is not None
    number = _whole(ordered.get("start"), len(items) if down else 1)
    numbers = []
    for item in items:
        number = _whole(item.get("value"), number)
        numbers.append(number)
        number += -1 if down else 1
    return numbers


def _whole(value: str | None, default: int) -> int:
    return int(value) if value and _WHOLE.fullmatch(value) else default


def _numeral_of(ordered: _Element) -> str:
    style = _STYLE.search(ordered.get("style") or "")
    return _STYLES.get(style[1].lower(), "") if style else (ordered.get("type") or "")


def _letters(value: int) -> str:
    """Count as CSS does (Counter Styles 3, section 6.2): z is followed by aa."""
    letters = ""
    while value > 0:
        value, letter = divmod(value - 1, 26)
        letters = chr(ord("a") + letter) + letters
    return letters


def _roman(value: int) -> str:
    numeral = ""
    for worth, sign in _ROMAN:
        numeral += sign * (value // worth)
        value %= worth
    return numeral


def _lower(write: Callable[[int], str]) -> Callable[[int], str]:
    return lambda value: write(value) if 0 < value <= _MOST_ROMAN else str(value)


def _upper(write: Callable[[int], str]) -> Callable[[int], str]:
    return lambda value: _lower(write)(value).upper()


_NUMERALS = {
    "a": _lower(_letters),
    "A": _upper(_letters),
    "i": _lower(_roman),
    "I": _upper(_roman),
}


def flatten_cell(cell: _Element) -> None:
    """Write the lists and paragraphs of a table's cell in one line, each item with its mark."""
    for listed in cell.iter("ol", "ul"):
        start = _whole(listed.get("start"), 1)
        for number, item in enumerate(listed.iterchildren("li"), start):
            mark = f"{number}. " if listed.tag == "ol" else "\u2022 "
            item.text = mark + (item.text or "").lstrip()
