"""Placeholders for what must come through the conversion untouched: code, formulas, URLs.

The stash keeps each thing; in the tree and the Markdown a placeholder stands for it. Placeholders
are made of private use characters that text from outside cannot hold (they are removed from it,
`characters.PLACEHOLDERS`), so that no author can forge one. All that have a meaning:

| characters | stand for | put in | and out |
|---|---|---|---|
| U+E000, E001, E002 | a code block, a piece of a line; end of its number | `Stash` | `Stash` |
| U+E003, E005 | the beginning and the end of a footnote | `footnotes` | `finishing` |
| U+E004, E006 | the number of a run of a page's text, its end | `extract.selection` | there |
| U+E008 to E00F | the octal digits of that number | `extract.selection` | there |
| U+E010 to E018 | characters that an author typed and Markdown would read | `convert` | there |
| U+E019, E01A, E01B | how a column is aligned | `tables` | `finishing` |
| U+F030 to F07F, F8F0 to F8F3 | useful unseen characters, within one call | `characters` | there |

A URL has a placeholder of ordinary characters, `u:0`, which only stands in attributes. While the
article of a page is looked for, words stand for its code blocks (`extract.stash`).
"""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from planet_mcp.text.characters import clean_code
from planet_mcp.text.from_html.code import CodeBlock

BLOCK, INLINE, END = "\ue000", "\ue001", "\ue002"
NOTE, NOTE_END = "\ue003", "\ue005"
ALIGNED = {"left": "\ue019", "center": "\ue01a", "right": "\ue01b"}
_BLOCK_LINE = re.compile(f"^[^{BLOCK}\n]*{BLOCK}.*$", re.MULTILINE)
_BLOCK_PLACEHOLDER = re.compile(f"{BLOCK}(\\d+){END}")
_PADDED_BLOCK = re.compile(f"\n?{BLOCK}(\\d+){END}\n?")
_INLINE_PLACEHOLDER = re.compile(f"{INLINE}(\\d+){END}")
_INLINE_RUN = re.compile(f"(?:{INLINE}\\d+{END})+")
_URL_PLACEHOLDER = re.compile(r"\]\(u:(\d{1,9})\)")
_CONTAINERS = re.compile(r"[ \t]*(?:(?:[-*+]|\d{1,9}[.)]) +|>(?: +|$))*")
_BACKTICKS = re.compile("`+")
_TILDES = re.compile("~+")
_LONGEST_FENCE = 80
_LONG_TILDES = re.compile(f"~{{{_LONGEST_FENCE - 1}}}")


class _Piece(NamedTuple):
    """A piece of a line, as Markdown (without the backticks of code) and as plain text."""

    markdown: str
    text: str
    is_code: bool = False

    def in_cell(self) -> "Iterator[_Piece]":
        """Write it for a cell of a table, which a bar would end, even in code (GFM, section 4.10).

        A backslash before the bar prevents that, but on GitHub two do not. So a bar that has one
        already gets another spelling in TeX, and in code becomes a piece of its own.
        """
        if not self.is_code:
            norm = "\\Vert " if self.markdown.startswith("$") else "\\&#124;"
            markdown = self.markdown.replace("\\|", norm).replace("|", "\\|")
            yield self._replace(markdown=markdown)
            return
        first, *rest = self.markdown.split("\\|")
        yield self._replace(markdown=first.replace("|", "\\|") + "\\" * bool(rest))
        for number, part in enumerate(rest, 1):
            end = "\\" * (number < len(rest))
            yield _Piece("\\|", "")
            yield _Piece(part.replace("|", "\\|") + end, "", is_code=True)


class Stash:
    """Keeps what placeholders stand for, once as Markdown and once as plain text."""

    def __init__(self) -> None:
        self._blocks: list[CodeBlock] = []
        self._inline: list[_Piece] = []
        self._urls: list[str] = []

    def block(self, block: CodeBlock) -> str:
        """Put aside a code block and return its placeholder."""
        self._blocks.append(block)
        return f"{BLOCK}{len(self._blocks) - 1}{END}"

    def inline(self, markdown: str, text: str) -> str:
        """Put aside a piece of a line and return its placeholder."""
        return self._put(_Piece(markdown, text))

    def _put(self, piece: _Piece) -> str:
        self._inline.append(piece)
        return f"{INLINE}{len(self._inline) - 1}{END}"

    def code(self, code: str) -> str:
        """Put aside inline code and return its placeholder."""
        code = " ".join(clean_code(code).split("\n"))
        return self._put(_Piece(code, code, is_code=True))

    def put_in_cell(self, text: str) -> str:
        """Exchange the placeholders of a text that stands in a cell for what may stand there."""
        return _INLINE_PLACEHOLDER.sub(self._in_cell, text)

    def _in_cell(self, found: re.Match[str]) -> str:
        piece = self._inline[int(found[1])]
        if "|" not in piece.markdown:
            return found[0]
        return "".join(self._put(part) for part in piece.in_cell())

    def url(self, url: str) -> str:
        """Put aside a URL and return its placeholder, for an attribute."""
        self._urls.append(url)
        return f"u:{len(self._urls) - 1}"

    def fill_markdown(self, markdown: str) -> str:
        """Put everything back into Markdown."""
        markdown = _URL_PLACEHOLDER.sub(self._url_at, markdown)
        markdown = _INLINE_RUN.sub(self._put_inline, markdown)
        return _BLOCK_LINE.sub(self._put_blocks, markdown) if self._blocks else markdown

    def fill_text(self, text: str) -> str:
        """Put code and formulas back into plain text."""
        text = _INLINE_PLACEHOLDER.sub(lambda found: self._inline[int(found[1])].text, text)
        # An image has no plain text, so the line that ended with it may end in a blank.
        text = text.replace(" \n", "\n")
        if not self._blocks:
            return text
        return _PADDED_BLOCK.sub(lambda found: f"\n{self._blocks[int(found[1])].text}\n", text)

    def fill_prose(self, text: str) -> str:
        """Put inline pieces back into plain text and leave the code blocks out."""
        text = _INLINE_PLACEHOLDER.sub(lambda found: self._inline[int(found[1])].text, text)
        return _BLOCK_PLACEHOLDER.sub("\n", text)

    def _put_inline(self, run: re.Match[str]) -> str:
        # Code spans side by side become one: where one ends and one begins, the backticks would
        # make a longer run, which ends neither.
        pieces = [self._inline[int(number)] for number in _INLINE_PLACEHOLDER.findall(run[0])]
        joined = [
            (is_code, "".join(piece.markdown for piece in group))
            for is_code, group in groupby(pieces, key=lambda piece: piece.is_code)
        ]
        return "".join(span_of(text) if is_code else text for is_code, text in joined)

    def _put_blocks(self, line: re.Match[str]) -> str:
        before, *rest = _BLOCK_PLACEHOLDER.split(line[0])
        containers = _CONTAINERS.match(before)
        marker = containers[0] if containers else ""
        indent = re.sub(r"[^>\s]", " ", marker)
        pieces = []
        if before.strip() != marker.strip():
            pieces.append(before.rstrip())
            marker = indent
        for index, after in zip(rest[::2], rest[1::2], strict=True):
            pieces.append(marker + fenced(self._blocks[int(index)], indent=indent))
            marker = indent
            if after.strip():
                pieces.append(indent + after.strip())
        return f"\n{indent.rstrip()}\n".join(pieces)

    def _url_at(self, found: re.Match[str]) -> str:
        index = int(found[1])
        return f"]({self._urls[index]})" if index < len(self._urls) else found[0]


def span_of(code: str) -> str:
    """Write inline code between enough backticks."""
    if not code.strip():
        return code
    ticks = "`" * (_longest_run(code) + 1 if "`" in code else 1)
    pad = " " if (code[0] in "` " and code[-1] in "` ") or "`" in (code[0], code[-1]) else ""
    return f"{ticks}{pad}{code}{pad}{ticks}"


def fenced(block: CodeBlock, *, indent: str = "") -> str:
    """Write a code block; `indent` is what every line but the first begins with."""
    ticks = "`" * max(3, _longest_run(block.text) + 1)
    text = block.text
    if len(ticks) > _LONGEST_FENCE:
        # Runs of tildes as long as the fence would end the code: they are broken up.
        text = _LONG_TILDES.sub(r"\g<0> ", text)
        ticks = "~" * max(3, _longest_run(text, _TILDES) + 1)
    lines = [ticks + block.language, *text.split("\n"), ticks]
    return "\n".join(line for line in _indented(lines, indent))


def _indented(lines: list[str], indent: str) -> Iterator[str]:
    yield lines[0]
    blank = indent.rstrip()
    yield from (indent + line if line else blank for line in lines[1:])


def _longest_run(code: str, runs: re.Pattern[str] = _BACKTICKS) -> int:
    return max((len(run) for run in runs.findall(code)), default=0)
