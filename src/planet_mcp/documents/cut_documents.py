"""Feed documents of which only a part was fetched, made into whole ones of what is there (pure).

The bytes are searched as Latin-1, in which each is one character: so positions are those of bytes.
"""

import json
import re
from itertools import islice
from typing import Any

_XML_END = re.compile(r"</(item|entry)\s*>")
_ITEMS = re.compile(r'"items"\s*:\s*\[')
_BETWEEN = re.compile(r"\s*,\s*")
_NEXT_OBJECT = re.compile(r"\}\s*,\s*(?=\{)")
# How many objects of the part after the gap are tried: in a real feed an item is among them, and a
# hostile document could have millions.
_MOST_OBJECTS = 1_000
_DECODER = json.JSONDecoder(strict=False)


def joined(body: bytes, gap: int) -> bytes:
    """Return a document without the entries that a gap at a position has cut in two."""
    beginning, end = body[:gap].decode("latin-1"), body[gap:].decode("latin-1")
    join = _join_json if beginning.lstrip().startswith("{") else _join_xml
    return join(beginning, end).encode("latin-1")


def end_of_items(text: str) -> int | None:
    """Return where the last whole item of a JSON Feed ends; None where there is none."""
    found = _ITEMS.search(text)
    position, last = (found.end() if found else len(text)), None
    while item := _item_at(text, position + _blanks(text, position)):
        last = item[1]
        between = _BETWEEN.match(text, last)
        if not between:
            break
        position = between.end()
    return last


def _join_xml(beginning: str, end: str) -> str:
    ends = list(_XML_END.finditer(beginning))
    if not ends:
        return beginning
    first = re.search(rf"<{ends[-1][1]}[\s>]", end)
    return beginning[: ends[-1].end()] + end[first.start() :] if first else beginning


def _join_json(beginning: str, end: str) -> str:
    last = end_of_items(beginning)
    if last is None:
        return beginning
    for found in islice(_NEXT_OBJECT.finditer(end), _MOST_OBJECTS):
        item = _item_at(end, found.end())
        # An object without an id is no item, but an author or an attachment.
        if item and "id" in item[0]:
            return f"{beginning[:last]},{end[found.end() :]}"
    return beginning


def _item_at(text: str, position: int) -> tuple[dict[str, Any], int] | None:
    try:
        item, after = _DECODER.raw_decode(text, position)
    except (json.JSONDecodeError, RecursionError):
        return None
    return (item, after) if isinstance(item, dict) else None


def _blanks(text: str, position: int) -> int:
    return len(text[position : position + 1_000]) - len(text[position : position + 1_000].lstrip())
