"""Change a JSON document as text: what stays is not touched, comments and layout included (pure).

JSON as editors read it: comments and commas before a closing bracket are understood.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

BLANK = " \t\r\n"
DEEPEST = 200

Splice = tuple[int, int, str]

_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]+)"
    r"|(?P<comment>//[^\r\n]*|/\*.*?\*/)"
    r'|(?P<string>"(?:[^"\\\x00-\x1f]|\\[^\x00-\x1f])*")'
    r"|(?P<word>[-+.\w]+)"
    r"|(?P<mark>[{}\[\]:,])",
    re.DOTALL,
)
_INDENT = re.compile(r'\n([ \t]+)"')
_SKIPPED = {"space", "comment"}
_CLOSING = {"{": "}", "[": "]"}


@dataclass(frozen=True, slots=True)
class Node:
    """A value and its span in the text, as offsets."""

    start: int
    end: int
    value: Any
    items: "tuple[Item, ...]" = ()


@dataclass(frozen=True, slots=True)
class Item:
    """A member of an object or an element of an array, and the offset of the comma after it."""

    start: int
    key: str | None
    node: Node
    comma: int | None


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


def read(text: str, *, strict: bool = False) -> Any:
    """Return the value of a document; an object when it has none.

    Raises:
        ValueError: It is no JSON, or strictly none for its comments or spare commas; the text
            names the line.
    """
    return _Parser(text, strict=strict).document().value


def rewrite(text: str, wanted: Any) -> str:
    """Return the document with the wanted value; only what differs is written anew.

    Raises:
        ValueError: It is no JSON; the text names the line.
    """
    if all(token.kind in _SKIPPED for token in _tokens(text)):
        text = f"{text}\n{{}}\n" if text.strip(BLANK) else "{}\n"
    while splices := _difference(_Page(text), _Parser(text).document(), wanted):
        text = _spliced(text, splices)
    return text


def _spliced(text: str, splices: list[Splice]) -> str:
    parts, position = [], 0
    for start, end, new in sorted(splices, key=lambda splice: splice[:2]):
        parts += [text[position:start], new]
        position = end
    return "".join([*parts, text[position:]])


class _Page:
    """How a document is laid out, so that what is added looks like the rest."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"
        indent = _INDENT.search(text)
        self._unit = indent[1] if indent else "  "
        self._spread = "\n" in text.strip(BLANK) or text.strip(BLANK) == "{}"

    def indent_at(self, offset: int) -> str:
        """Return the white space that the line at an offset begins with."""
        line = self.text[self._line_start(offset) : offset]
        return line[: len(line) - len(line.lstrip(" \t"))]

    def begins_line(self, offset: int) -> bool:
        """Return whether only white space precedes an offset on its line."""
        return not self.text[self._line_start(offset) : offset].strip(" \t")

    def is_spread(self, node: Node) -> bool:
        """Return whether a node's items are on lines of their own."""
        return "\n" in self.text[node.start : node.end] or (not node.items and self._spread)

    def indent_in(self, node: Node) -> str:
        """Return the white space before each item of a node."""
        if node.items and self.begins_line(node.items[0].start):
            return self.indent_at(node.items[0].start)
        return self.indent_at(node.start) + self._unit

    def written(self, value: Any, indent: str | None) -> str:
        """Write a value: on one line, or spread out in lines with this indent."""
        if indent is None:
            return json.dumps(value, ensure_ascii=False)
        lines = json.dumps(value, ensure_ascii=False, indent=self._unit).split("\n")
        return f"{self.newline}{indent}".join(lines)

    def around(self, start: int, end: int) -> tuple[int, int]:
        """Return the bounds of the whole lines of a span, or the span with the spaces beside it."""
        after = end + len(self.text[end:]) - len(self.text[end:].lstrip(" \t"))
        following = self.text[after : after + 1]
        if self.begins_line(start) and following in {"\r", "\n"}:
            return self._line_start(start), self.text.index("\n", after) + 1
        if following in {"}", "]"}:
            return len(self.text[:start].rstrip(" \t")), end
        return start, after

    def _line_start(self, offset: int) -> int:
        return self.text.rfind("\n", 0, offset) + 1


def _difference(page: _Page, node: Node, wanted: Any) -> list[Splice]:
    """Return the splices that remove the first difference from the wanted value."""
    if node.value == wanted:
        return []
    if isinstance(node.value, dict) and isinstance(wanted, dict):
        return _object_difference(page, node, wanted)
    if isinstance(node.value, list) and isinstance(wanted, list):
        return _array_difference(page, node, wanted)
    indent = page.indent_at(node.start) if page.is_spread(node) else None
    return [(node.start, node.end, page.written(wanted, indent))]


def _object_difference(page: _Page, node: Node, wanted: dict[str, Any]) -> list[Splice]:
    here = {item.key: item.node for item in node.items}  # of two equal keys the last counts
    for key, value in wanted.items():
        if key not in here:
            return _insertion(page, node, key, value)
        if splices := _difference(page, here[key], value):
            return splices
    gone = next(at for at, item in enumerate(node.items) if item.key not in wanted)
    return _removal(page, node, gone)


def _array_difference(page: _Page, node: Node, wanted: list[Any]) -> list[Splice]:
    here = node.value
    if wanted[: len(here)] == here:
        return _insertion(page, node, None, wanted[len(here)])
    if len(wanted) < len(here):
        pairs = zip(here, wanted, strict=False)
        gone = next((at for at, (old, new) in enumerate(pairs) if old != new), len(wanted))
        return _removal(page, node, gone)
    indent = page.indent_at(node.start) if page.is_spread(node) else None
    return [(node.start, node.end, page.written(wanted, indent))]


def _insertion(page: _Page, node: Node, key: str | None, value: Any) -> list[Splice]:
    """Add an item at the end: after the comments there, with a comma after the item before."""
    bracket = node.end - 1
    tail = node.start + len(page.text[node.start : bracket].rstrip(BLANK))
    indent = page.indent_in(node) if page.is_spread(node) else None
    item = page.written(value, indent)
    if key is not None:
        item = f"{json.dumps(key, ensure_ascii=False)}: {item}"
    splices = []
    if node.items and node.items[-1].comma is None:
        splices = [(node.items[-1].node.end, node.items[-1].node.end, ",")]
    if indent is None:
        return [*splices, (tail, tail, f" {item}" if node.items else item)]
    piece = f"{page.newline}{indent}{item}"
    if "\n" in page.text[tail:bracket]:
        return [*splices, (tail, tail, piece)]
    return [*splices, (tail, bracket, f"{piece}{page.newline}{page.indent_at(node.start)}")]


def _removal(page: _Page, node: Node, at: int) -> list[Splice]:
    """Take an item away with its comma, or the one before it; comments beside it stay."""
    item, splices = node.items[at], []
    start, end = item.start, item.node.end
    if not (page.text[node.start + 1 : start] + page.text[end : node.end - 1]).strip(BLANK + ","):
        return [(node.start + 1, node.end - 1, "")]
    if item.comma is None:
        if at and (before := node.items[at - 1].comma) is not None:
            splices = [(before, before + 1, "")]
    elif page.text[end : item.comma].strip(BLANK):
        splices = [(item.comma, item.comma + 1, "")]  # a comment precedes the comma
    else:
        end = item.comma + 1
    return [*splices, (*page.around(start, end), "")]


def _refuse(constant: str) -> Any:
    raise ValueError(constant)  # NaN and Infinity, which JSON does not have


_SCALARS = json.JSONDecoder(parse_constant=_refuse)


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if not found:
            raise _wrong(text, position, f"unexpected {text[position]!r}")
        yield _Token(found.lastgroup or "", found[0], position, found.end())
        position = found.end()


def _wrong(text: str, offset: int, problem: str) -> ValueError:
    return ValueError(f"line {text.count(chr(10), 0, offset) + 1}: {problem}")


class _Parser:
    """Reads a document into nodes."""

    def __init__(self, text: str, *, strict: bool = False) -> None:
        self._text, self._strict = text, strict
        tokens = list(_tokens(text))
        if comment := next((t for t in tokens if strict and t.kind == "comment"), None):
            raise _wrong(text, comment.start, "a comment, which this host does not read")
        self._rest = [token for token in tokens if token.kind not in _SKIPPED]
        self._rest.append(_Token("end", "the end", len(text), len(text)))
        self._rest.reverse()

    def document(self) -> Node:
        if self._rest[-1].kind == "end":
            return Node(len(self._text), len(self._text), {})
        node = self._node(0)
        self._expect("the end")
        return node

    def _node(self, depth: int) -> Node:
        token = self._rest.pop()
        if token.text in _CLOSING:
            if depth == DEEPEST:
                raise _wrong(self._text, token.start, "it is nested too deeply")
            return self._container(token, depth)
        if token.kind not in {"string", "word"}:
            raise _wrong(self._text, token.start, f"expected a value, found {token.text}")
        return Node(token.start, token.end, self._scalar(token))

    def _scalar(self, token: _Token) -> Any:
        try:
            return _SCALARS.decode(token.text)
        except ValueError:
            raise _wrong(self._text, token.start, f"{token.text[:60]} is no value") from None

    def _container(self, opening: _Token, depth: int) -> Node:
        closing = _CLOSING[opening.text]
        items: list[Item] = []
        while self._rest[-1].text != closing:
            if items and items[-1].comma is None:
                raise _wrong(self._text, self._rest[-1].start, f"a comma or {closing} is missing")
            items.append(self._item(opening.text, depth))
        if self._strict and items and items[-1].comma is not None:
            raise _wrong(
                self._text,
                items[-1].comma,
                f"a comma before {closing}, which this host does not read",
            )
        end = self._rest.pop().end
        if closing == "}":
            return Node(opening.start, end, {i.key: i.node.value for i in items}, tuple(items))
        return Node(opening.start, end, [i.node.value for i in items], tuple(items))

    def _item(self, opening: str, depth: int) -> Item:
        start, key = self._rest[-1].start, None
        if opening == "{":
            token = self._rest.pop()
            if token.kind != "string":
                raise _wrong(
                    self._text, token.start, f"expected a name in quotes, found {token.text}"
                )
            key = str(self._scalar(token))
            self._expect(":")
        node = self._node(depth + 1)
        comma = self._rest.pop().start if self._rest[-1].text == "," else None
        return Item(start, key, node, comma)

    def _expect(self, text: str) -> None:
        token = self._rest.pop()
        if token.text != text:
            raise _wrong(self._text, token.start, f"expected {text}, found {token.text[:60]}")
