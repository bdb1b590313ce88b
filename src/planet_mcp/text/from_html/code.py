"""Code blocks: the exact text of a listing, whatever drew it.

Highlighters wrap each token, line and line number in elements of their own. What counts is what
a reader would copy: the code without its line numbers, buttons and labels.
"""

import re
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from lxml import etree
from lxml.etree import _Element

from planet_mcp.text.characters import clean_code
from planet_mcp.text.from_html.languages import KNOWN_LANGUAGES, language_of


class CodeBlock(NamedTuple):
    """A listing: its text and the name of its language, empty when unknown."""

    text: str
    language: str


_GUTTER = re.compile(
    r"(?:^|[\s_])(?:linenos?|lnt?|ln-num|line-?num(?:ber)?s?|line-numbers-rows|gutter|linenodiv"
    r"|linenumber|linenr|react-syntax-highlighter-line-number|blob-num|rouge-gutter|crayon-nums?"
    r"|ec-line-number|hljs-ln-(?:numbers|n)|CodeMirror-(?:linenumber|gutter-wrapper)|cm-gutters?|code-line-number"
    r"|line_numbers|lineNumbers?|lineno\w*|react-code-line-number|lines-num|ltx_tag_listingline"
    r"|giallo-ln|pre-numbering)"
    r"(?:\s|$)"
)
_CHROME = re.compile(
    r"(?:^|[\s_-])(?:copy|copy-?(?:btn|button|code|icon|to-clipboard)|copybtn|clipboard|clipboard-copy"
    r"|code-toolbar-item|sr-only|visually-hidden|select-none|zeroclipboard-container|tooltip|tooltiptext"
    # Lines that a book of Rust shows to whoever asks for them, and a listing to download.
    r"|boring|ltx_listing_data|ttc|code-annotation-anchor|hover-info|twoslash-popup|tippy|popover)(?:[\s_-]|$)",
    re.IGNORECASE,
)
_BAR = re.compile(
    r"(?:^|[\s_-])(?:toolbar|code__header|code-?header|codeblock-?header|code-block-header)(?:[\s_-]|$)",
    re.IGNORECASE,
)
_UNSELECTABLE = re.compile(r"user-select:\s*none|display:\s*none", re.IGNORECASE)
_NUMBERS = re.compile(r"[\d\s]*")
# What is called a gutter and has letters is a line, or the name of a file.
_LETTER = re.compile(r"[^\W\d_]")
_TABLE_HINT = re.compile(
    r"highlight|lntable|rouge|lineno|codehilite|gist|blob-|CodeRay|crayon|chroma|hljs|syntax|js-file-line"
    r"|RktBlk|(?:^|\s)code(?:\s|$)"
)
_CHROME_TAGS = frozenset(
    ("button", "style", "script", "svg", "clipboard-copy", "textarea", "template")
)
_LINES = frozenset(
    """
    div li p tr ol ul table tbody thead figure header figcaption section dd dt dl pre h6
    """.split()
)
_TABLE_PARTS = frozenset(("table", "tbody", "thead", "tfoot", "tr"))
_LINES_OR_SPANS = _LINES | {"span", "code"}
_HEADERS = frozenset(("div", "header", "figcaption", "button", "clipboard-copy", "svg", "style"))
_LINE_SPAN = re.compile(
    r"(?:^|\s)(?:line|token-line|code-line|view-line|cm-line|hljs-line|row)(?:\s|$)"
)
_EDITOR = etree.XPath(
    ".//*[contains(concat(' ', @class, ' '), ' cm-content ')"
    " or contains(concat(' ', @class, ' '), ' CodeMirror-code ')]"
)
_DRAWN_BLANK = re.compile(r"[ \xa0\u200b]")
# The head of a diff's hunk: in a diff, a line of a single blank is an empty line that is unchanged.
_DIFF = re.compile(r"^@@ -\d", re.MULTILINE)
_LOOK_AT_PIECES = 20
_FEWEST_LINES = 2
_CELLS = 2
_PROSE = ("p", "ul", "blockquote", "h1", "h2", "h3", "h4", "img", "figure")
_NUMBER = re.compile(r"\d{1,6}")
# The attribute in which a table keeps whether its first column counts lines: each of its cells is
# asked that, and to count the whole table each time would be quadratic.
_COUNTED = "planet-counted"
# How highlighters call a number of the code itself.
_TOKEN = re.compile(r"(?:^|[\s_-])(?:m[bfhiol]?|il|number|numeric|literal|constant|pl-c1)(?:\s|$)")
_LONGEST_HEADER = 200


def code_block(element: _Element) -> CodeBlock:
    """Read a `<pre>`, or another element that draws a listing."""
    source = only_code(element)
    text = _read(source).strip("\n")
    language = language_of(element) or _named_in_header(element, source)
    return CodeBlock(text.strip() if element.tag == "code" else text, language)


def joined_block(fragments: list[_Element]) -> CodeBlock:
    """Read elements below each other as one listing, such as code and its output."""
    texts = (_read(fragment).removesuffix("\n") for fragment in fragments)
    return CodeBlock("\n".join(texts).strip("\n"), language_of(fragments[0]))


def _read(source: _Element) -> str:
    # A highlighter may have marked everything as not selectable.
    return _collected(source, skipping=True) or _collected(source, skipping=False)


def _collected(source: _Element, *, skipping: bool) -> str:
    reader = _Reader(skipping=skipping, is_diff=bool(_DIFF.search("".join(source.itertext()))))
    reader.read(source)
    return clean_code("".join(reader.pieces))


def _named_in_header(element: _Element, source: _Element) -> str:
    """Find a language among the words of a header bar inside the `<pre>`."""
    if source is element or source.tag == "code":
        return ""
    pieces = (text.strip().lower() for text in element.itertext())
    first = (text for _, text in zip(range(_LOOK_AT_PIECES), pieces, strict=False))
    return next((name for name in first if name in KNOWN_LANGUAGES), "")


def is_code_table(table: _Element) -> bool:
    """Return whether a table only draws line numbers beside a listing."""
    inside = (e for _, e in zip(range(12), table.iter(etree.Element), strict=False))
    around = [*inside, *(e for _, e in zip(range(3), table.iterancestors(), strict=False))]
    if not any(_TABLE_HINT.search(e.get("class") or "") for e in around):
        return _is_numbered_listing(table)
    rows = filter(None, (row.findall("td") for row in table.iter("tr")))
    first: list[_Element] = next(rows, [])
    return any(map(_is_gutter, first)) or (
        len(first) == 1 and all(len(cells) == 1 for cells in rows) and _is_all_code(table)
    )


def _is_all_code(table: _Element) -> bool:
    """Return whether a table holds code alone: a comment with a listing in it has prose, too."""
    if next(table.iterdescendants(*_PROSE), None) is not None:
        return False
    listings = [e for e in table.iter("pre") if next(e.iterancestors("pre"), None) is None]
    return not listings or sum(map(_size, listings)) == _size(table)


def _size(element: _Element) -> int:
    return sum(len(text.strip()) for text in element.itertext())


def _is_numbered_listing(table: _Element) -> bool:
    """Return whether a table has two cells, whatever its class: numbers, and as many lines."""
    cells = list(islice(table.iter("td", "th"), _CELLS + 1))
    if len(cells) != _CELLS or not all(len(cell) == 1 and cell[0].tag == "pre" for cell in cells):
        return False
    return not any((cell.text or "").strip() for cell in cells) and _counts_lines(cells[0])


def _is_gutter(cell: _Element) -> bool:
    if is_gutter_class(cell):
        return True
    if cell.getprevious() is not None or cell.getnext() is None:
        return False
    return bool(cell.get("data-line-number")) or _counts_lines(cell)


def _counts_lines(cell: _Element) -> bool:
    """Return whether a cell numbers the lines beside it, though no class says so.

    It has a number for each line of the next cell, or each row of the table has the next number.
    """
    table = next(cell.iterancestors("table"), None)
    if table is None:
        return False
    if table.get(_COUNTED) is None:
        table.set(_COUNTED, str(_is_run(_first_numbers(table))))
    return bool(table.get(_COUNTED) == str(True))


def _first_numbers(table: _Element) -> list[int]:
    """Return the numbers in a table's first column, if they are as many as its lines."""
    rows = [row for row in table.iter("tr") if len(row) > 1]
    if len(rows) == 1:
        numbers = _whole_numbers(rows[0][0])
        lines = "".join(rows[0][1].itertext()).strip("\n").count("\n") + 1
        # YARD gives no number to lines of its own. The first end of a line in a `<pre>` is none.
        drawn = "".join(rows[0][0].itertext()).removeprefix("\n").rstrip("\n").count("\n") + 1
        return numbers if lines in (len(numbers), drawn) else []
    numbers = [number for row in rows for number in _whole_numbers(row[0])]
    return numbers if len(numbers) == len(rows) else []


def _whole_numbers(element: _Element) -> list[int]:
    """Return the numbers that an element holds, none if there is anything else in it."""
    words = " ".join(element.itertext()).split()
    return [int(word) for word in words] if all(map(_NUMBER.fullmatch, words)) else []


def _is_run(numbers: list[int]) -> bool:
    return bool(numbers) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def is_gutter_class(element: _Element) -> bool:
    """Return whether a class says that an element holds line numbers, and it holds no words.

    Rows are never numbers alone: those of a listing may be called by the number that is in them.
    """
    if element.tag == "tr" or not _is_gutter_name(element.get("class") or ""):
        return False
    return not any(map(_LETTER.search, element.itertext()))


def is_numbers(element: _Element) -> bool:
    """Return whether an element holds nothing but numbers, if anything."""
    return all(_NUMBERS.fullmatch(text) for text in element.itertext())


def only_code(pre: _Element) -> _Element:
    """Find the code in a `<pre>` that also holds a header bar."""
    editor = next(iter(_EDITOR(pre)), None)
    if editor is not None and pre.tag == "pre":
        return editor
    codes = [code for code in pre.iterdescendants("code") if not _is_chrome(code.getparent())]
    if len(codes) != 1 or (pre.text or "").strip():
        return pre
    top = codes[0]
    while top.getparent() is not pre:
        top = top.getparent()
    others = [child for child in pre if child is not top]
    if (top.tail or "").strip() or any((child.tail or "").strip() for child in others):
        return pre
    spare = sum(map(_length, others))
    headers = all(child.tag in _HEADERS for child in others) and spare <= _LONGEST_HEADER
    return codes[0] if headers and _length(top) - _length(codes[0]) <= _LONGEST_HEADER else pre


def _length(element: _Element) -> int:
    return sum(len(text) for text in element.itertext())


class _Reader:
    """Collects the text of a listing, one piece an element."""

    def __init__(self, *, skipping: bool, is_diff: bool) -> None:
        self.pieces: list[str] = []
        self._skipping = skipping
        self._is_diff = is_diff

    def read(self, element: _Element) -> None:
        children = [child for child in element if isinstance(child.tag, str)]
        in_table = element.tag in _TABLE_PARTS
        lines = _LINES if not _unbroken(children) else _LINES_OR_SPANS
        opens_line = in_table or bool(children and children[0].tag in _LINES)
        self._add(element.text, blank_counts=not opens_line)
        numbers = _numbers_of(children)
        for child in element:
            is_line = child.tag in lines
            if isinstance(child.tag, str):
                self._child(child, is_line=is_line, numbers=numbers)
            self._add(child.tail, blank_counts=not (is_line or in_table))

    def _child(self, child: _Element, *, is_line: bool, numbers: frozenset[_Element]) -> None:
        if child.tag == "br":
            self.pieces.append("\n")
        elif self._skipping and _is_chrome(child):
            pass
        elif is_line:
            self._line(child, numbers)
        else:
            before = len(self.pieces)
            self.read(child)
            if _is_line_span(child):
                self._blank_out(before)

    def _line(self, line: _Element, numbers: frozenset[_Element]) -> None:
        if self.pieces and not self.pieces[-1].endswith("\n"):
            self.pieces.append("\n")
        before = len(self.pieces)
        if line[:1] and line[0] in numbers:
            line[0].text = ""
            del line[0][:]
        self.read(line)
        self._blank_out(before)
        if len(self.pieces) == before or not self.pieces[-1].endswith("\n"):
            self.pieces.append("\n")

    def _blank_out(self, before: int) -> None:
        # Highlighters put a blank into an empty line to give it its height.
        if not self._is_diff and _DRAWN_BLANK.fullmatch("".join(self.pieces[before:])):
            del self.pieces[before:]

    def _add(self, text: str | None, *, blank_counts: bool) -> None:
        if text and (blank_counts or not text.isspace()):
            self.pieces.append(text)


def _is_chrome(element: _Element) -> bool:
    return is_drawn_over(element) or _is_bar(element.get("class") or "")


# The cache pays: highlighters use few classes, each for very many elements.
@lru_cache(maxsize=4096)
def _is_bar(names: str) -> bool:
    return bool(_BAR.search(names))


@lru_cache(maxsize=4096)
def _is_chrome_name(names: str) -> bool:
    return bool(_CHROME.search(names))


@lru_cache(maxsize=4096)
def _is_gutter_name(names: str) -> bool:
    return bool(_GUTTER.search(names))


def is_drawn_over(element: _Element) -> bool:
    """Return whether an element is a line number, a button or a hint, and no part of the code."""
    if element.tag in _CHROME_TAGS:
        return True
    if element.tag in ("td", "th"):
        return _is_gutter(element)
    names = element.get("class") or ""
    if names and (_is_chrome_name(names) or is_gutter_class(element)):
        return True
    style = element.get("style")
    return bool(style and _UNSELECTABLE.search(style))


def _unbroken(children: list[_Element]) -> bool:
    """Return whether elements are lines that only a style sheet puts below each other."""
    if len(children) < _FEWEST_LINES:
        return False
    if not all(c.tag in ("span", "code") and _is_line_span(c) for c in children):
        return False
    return not any("\n" in "".join(span.itertext()) + (span.tail or "") for span in children) and (
        all(span.find(".//br") is None for span in children)
    )


def _is_line_span(span: _Element) -> bool:
    names = span.get("class") or ""
    style = span.get("style") or ""
    return (
        (span.tag == "code" and span.getparent().tag == "pre")
        or bool(_LINE_SPAN.search(names))
        or span.get("data-line") is not None
        or "display:block" in style.replace(" ", "")
    )


def _numbers_of(lines: list[_Element]) -> frozenset[_Element]:
    """Find line numbers that no class names as such: consecutive, and one beside every line."""
    rows = [line for line in lines if line.tag in _LINES]
    if len(rows) < _FEWEST_LINES or not all(map(_is_number_and_line, rows)):
        return frozenset()
    numbers = [number for row in rows for number in _whole_numbers(row[0])]
    return frozenset(row[0] for row in rows) if _is_run(numbers) else frozenset()


def _is_number_and_line(row: _Element) -> bool:
    """Return whether a line is two elements: a number that is no token of code, and the code."""
    if len(row) != _FEWEST_LINES or _TOKEN.search(row[0].get("class") or ""):
        return False
    loose = (row.text, row[0].tail, row[1].tail)
    return not any(text and text.strip() for text in loose) and len(_whole_numbers(row[0])) == 1
