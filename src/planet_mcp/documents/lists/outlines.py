"""The outlines of an OPML document, strictly as XML or mended (pure)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import unescape
from xml.etree import ElementTree as ET
from xml.parsers.expat import ErrorString

from planet_mcp.documents.repair import declared_entities, repair
from planet_mcp.text import label

_PREFIX = r"(?:[\w.-]{1,40}:)?"
_OPENING = rf"<{_PREFIX}outline(?=[\s/>]|\Z)"
_ROOT = re.compile(rf"<{_PREFIX}opml(?=[\s/>])|{_OPENING}", re.IGNORECASE)
_FIRST_TAG = re.compile(rf"<{_PREFIX}([A-Za-z_][\w.-]{{0,60}})")
_OUTLINE = re.compile(rf"{_OPENING}|(?P<end></{_PREFIX}outline\b)", re.IGNORECASE)
_NAME = r"[\w:.-]{1,40}"
_NEXT = re.compile(rf"(?P<name>{_NAME})\s*=\s*(?P<quote>[\"']?)|(?P<end>/?>)|(?=<)")


def _quoted(quote: str) -> re.Pattern[str]:
    """Return a pattern of a value up to its end, though quotes, `<` and `>` may stand in it.

    A quote ends it if an attribute or the end of the tag follows. Where none does, the value ends
    before the next attribute or tag.
    """
    return re.compile(
        rf"""(?P<value>.*?)(?:
            {quote}(?=\s*(?:/?>|<|\Z|{_NAME}\s*=) | [^{quote}<>=]{{0,200}}(?:/?>|=\s*["']))
            | (?=\s{_NAME}\s*={quote})
            | (?=/?>\s*</?{_PREFIX}(?:outline|body|opml)\b)
            | (?={_OPENING})
            | (?P<cut>\Z)
        )""",
        re.DOTALL | re.VERBOSE | re.IGNORECASE,
    )


_VALUES = {
    '"': _quoted('"'),
    "'": _quoted("'"),
    "": re.compile(r"(?P<value>(?:[^\s\"'<>/]|/(?!>))*)(?P<cut>\Z)?"),
}


@dataclass(slots=True, eq=False)
class Outline:
    """One outline: its attributes by their names in lower case, and the folder that it is in.

    `holds_others` says that outlines are inside of it, `cut` that the document ends there.
    """

    attributes: Mapping[str, str]
    folder: str | None = None
    holds_others: bool = False
    cut: bool = False

    @property
    def title(self) -> str | None:
        """Return its name, as people read it."""
        return label(self.attributes.get("text", "")) or label(self.attributes.get("title", ""))

    @property
    def folder_inside(self) -> str | None:
        """Return the folder of the outlines inside: a feed is none, and one has a title."""
        is_feed = "xmlurl" in self.attributes
        return self.folder if is_feed else self.title or self.folder


@dataclass(frozen=True, slots=True)
class Malformed:
    """Where a document is no well-formed XML, and why."""

    line: int
    column: int
    reason: str


@dataclass(frozen=True, slots=True)
class Outlines:
    """What was found in a document; `root` is the name of its first element in lower case."""

    root: str
    found: tuple[Outline, ...]
    malformed: Malformed | None = None


class _Tree:
    """Takes the tags of a document in their order, as a target of `XMLParser`."""

    def __init__(self) -> None:
        self.root = ""
        self.found: list[Outline] = []
        self._open: list[Outline] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = _local(tag)
        self.root = self.root or name
        if name == "outline":
            self.begin(attributes.items())

    def begin(self, attributes: Iterable[tuple[str, str]], *, cut: bool = False) -> None:
        outline = Outline(_by_name(attributes), cut=cut)
        if self._open:
            self._open[-1].holds_others = True
            outline.folder = self._open[-1].folder_inside
        self.found.append(outline)
        self._open.append(outline)

    def end(self, tag: str) -> None:
        if _local(tag) == "outline" and self._open:
            self._open.pop()

    def close(self) -> None:
        """Nothing is left to do at the end of a document."""


def read_outlines(text: str) -> Outlines:
    """Read the outlines of a document, in order; what is no well-formed XML is mended."""
    tree = _Tree()
    # Expat stops entity floods by itself (2.4.1 and later) and loads nothing external.
    parser = ET.XMLParser(target=tree)  # noqa: S314
    try:
        parser.feed(text)
        parser.close()
    except ET.ParseError as error:
        line, column = error.position
        return _mended(text, Malformed(line, column + 1, ErrorString(error.code)))
    return Outlines(tree.root, tuple(tree.found))


def _mended(text: str, malformed: Malformed) -> Outlines:
    """Read the tags of outlines alone, whatever is between them, as browsers read HTML."""
    root = _ROOT.search(text)
    start = root.start() if root else 0
    body, _ = repair(text[start:], entities=declared_entities(text[:start]))
    for opening, closing in (("<!--", "-->"), (r"<!\[CDATA\[", "]]>")):
        body = _without(body, opening, closing)
    tree = _Tree()
    for outline in _OUTLINE.finditer(body):
        if outline["end"]:
            tree.end("outline")
        else:
            _begin(tree, body, outline.end())
    first = _FIRST_TAG.search(text, start)
    return Outlines(_local(first[1]) if first else "", tuple(tree.found), malformed)


def _without(text: str, opening: str, closing: str) -> str:
    # The search ends at the last closing: an opening behind it has none, and each would be searched
    # for one to the end of the text.
    end = text.rfind(closing) + len(closing)
    return re.sub(f"{opening}.*?{closing}", "", text[:end], flags=re.DOTALL) + text[end:]


def _begin(tree: _Tree, text: str, position: int) -> None:
    """Read the attributes of an outline, up to the end of its tag or the next one."""
    attributes: list[tuple[str, str]] = []
    while found := _NEXT.search(text, position):
        if found["name"] is None:
            tree.begin(attributes)
            if found["end"] == "/>":
                tree.end("outline")
            return
        value = _VALUES[found["quote"]].match(text, found.end())
        if value is None or value["cut"] is not None:
            break
        attributes.append((found["name"], unescape(re.sub(r"[\t\r\n]", " ", value["value"]))))
        position = value.end()
    tree.begin(attributes, cut=True)


def _by_name(attributes: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the attributes of no namespace; of a repeated one, the first with a value."""
    found: dict[str, str] = {}
    for name, value in attributes:
        if value.strip() and not name.startswith("{") and ":" not in name:
            found.setdefault(name.lower(), value.strip())
    return found


def _local(tag: str) -> str:
    return tag.rpartition("}")[2].rpartition(":")[2].lower()
