"""A Markdown or text document of a stranger: as it was written, but nothing in it loads or runs.

Code stays exactly as it is where no reader of Markdown can take it for anything else (CommonMark
0.31, sections 4.5 and 6.1). Everywhere else, images and HTML are disarmed.
"""

import re
from collections.abc import Iterator, Sequence

from planet_mcp.models import Content
from planet_mcp.text.characters import clean_text
from planet_mcp.text.escapes import BARE_URL
from planet_mcp.text.from_html.plain import TAG, excerpt_of, shortened, without_hidden

_FENCE = re.compile(
    r"((?:[ \t]*>)*[ \t]*)((?:[-*+]|\d{1,9}[.)]) {1,4})?(`{3,}|~{3,})[ \t]*[\w+#.{}=-]*[ \t]*"
)
_SPAN = r"(?<![`\\])(?P<ticks>`{1,9})(?!`)[^\n]{1,2000}?(?<!`)(?P=ticks)(?!`)"
_CODE_SPAN = re.compile(f"({_SPAN})")
# The target of a link. One with a backtick counts as none, since the backtick could begin or end
# code around it.
_TARGET = r"\([^()\[\]\n`<]{0,1000}(?:\([^()\[\]\n`<]{0,1000}\)[^()\[\]\n`<]{0,1000}){0,3}(?<!\\)\)"
_ARMED = r"!(?=!?\[)|\](?=\()|`|~(?=~~)|<(?=[A-Za-z/!?])"
_UNITS = re.compile(
    rf"{_SPAN}|\\[!-/:-@\[-`{{-~]|<https?://[^\s<>`]{{1,2000}}>"
    rf"|!\[(?P<alt>[^\[\]\n`<\\]{{0,500}})\](?={_TARGET}|\[)|\]{_TARGET}|(?P<armed>{_ARMED})"
)
_EACH_ARMED = re.compile(_ARMED)
_MARKUP_IN_CODE = re.compile(r"!\[|<[A-Za-z/!?]")
_UNSAFE_LINK = re.compile(
    r"\[([^\[\]\n]{0,500})\]\(\s*<?(?:javascript|data|vbscript|file):[^)\n]{0,2000}\)",
    re.IGNORECASE,
)
_LINK = re.compile(r"!?\[([^\[\]\n]{0,500})\](?:\([^()\n]{0,1000}\)|\[[^\[\]\n]{0,100}\])")
_MARKUP = re.compile(
    r"^ {0,3}(?:#{1,6}[ \t]+|>[ \t]?|(?:`{3,}|~{3,}).*|[=-]{3,}[ \t]*$)|[*`]+", re.MULTILINE
)
_DEEP = 4
_BLANK_START = re.compile(r"\A(?:[ \t]*\n)+")
_LOOK_AT = 100_000
_FENCED = re.compile(r"^ {0,3}(```|~~~)[\w+#.{}=-]*[ \t]*\n(?:.*\n)*? {0,3}\1[ \t]*$", re.MULTILINE)
# What Markdown looks like. Any one of them also occurs in plain text, so two are asked for.
_HINTS = tuple(
    re.compile(hint, re.MULTILINE)
    for hint in (
        r"^#{1,6} \S.*\n",
        r"(?<!!)\[[^\[\]\n]{1,300}\]\(https?://[^\s()]{1,1000}\)",
        r"^ *(?:[-*+]|\d{1,3}\.) \S.*\n(?:.*\n){0,3}? *(?:[-*+]|\d{1,3}\.) \S",
        r"^( *)(?:[-*+]|\d{1,3}\.) \S.*\n\1 {2,4}(?:[-*+]|\d{1,3}\.) \S",
        r"(?<![*\w])\*\*[^\s*][^*\n]{0,200}\*\*",
        r"(?<!`)`[^`\n]{1,200}`(?!`)",
        r"^> \S",
        r"\n[ \t]*\n(?: {4}|\t)\S",
    )
)


def looks_like_markdown(text: str) -> bool:
    """Return whether a text is the source of a Markdown document: it has two hints, or a fence."""
    sample = text[:_LOOK_AT]
    return bool(_FENCED.search(sample)) or sum(bool(hint.search(sample)) for hint in _HINTS) > 1


def from_markdown(text: str) -> Content:
    """Take a Markdown or text document as it is, without its HTML and with its images as links."""
    pieces = list(_pieces(_BLANK_START.sub("", clean_text(text)).rstrip().split("\n")))
    pieces[::2] = [_without_html(piece) for piece in pieces[::2]]
    bare = [_LINK.sub(r"\1", _MARKUP.sub("", piece)) for piece in pieces]
    plain = shortened(BARE_URL.sub("", "".join(bare)).strip(), at="\n")
    pieces[::2] = [_UNITS.sub(_harmless, piece) for piece in pieces[::2]]
    return Content(
        markdown=shortened(_BLANK_START.sub("", "".join(pieces)).rstrip()),
        text=plain,
        excerpt=excerpt_of("".join(bare[::2])),
        words=len(plain.split()),
    )


def _pieces(lines: Sequence[str]) -> Iterator[str]:
    """Split a document into what may be markup and, at odd places, fenced code."""
    start = position = 0
    hopeless: dict[tuple[str, str], int] = {}
    while position < len(lines):
        end = _end_of_code(lines, position, hopeless)
        if end:
            yield "".join(f"{line}\n" for line in lines[start:position])
            yield "".join(f"{line}\n" for line in lines[position:end])
            start = end
        position = end or position + 1
    yield "\n".join(lines[start:])


def _end_of_code(
    lines: Sequence[str], start: int, hopeless: dict[tuple[str, str], int]
) -> int | None:
    """Return where the fenced code that begins at a line ends; None where that is not certain.

    `hopeless` has for each kind of fence up to which line none closes it: without it, a document of
    open fences would be searched to its end from each of them.
    """
    opening = _FENCE.fullmatch(lines[start])
    if opening is None:
        return None
    around, marker, fence = opening.groups()
    prefix = around + " " * len(marker or "")
    if start < hopeless.get((prefix, fence), 0):
        return None
    end, closed = _closing(lines, start + 1, prefix, fence)
    if not closed:
        hopeless[prefix, fence] = end
        return None
    # A fence that is indented so deeply may be a line of the paragraph before it, and open no code.
    deep = marker or any(len(part.expandtabs(4)) > _DEEP for part in f" {around}".split(">"))
    follows = deep and start and lines[start - 1].strip(" \t>")
    if follows and _MARKUP_IN_CODE.search("\n".join(lines[start:end])):
        return None
    return end


def _closing(lines: Sequence[str], start: int, prefix: str, fence: str) -> tuple[int, bool]:
    """Find the line behind the end of code, or where it is no longer in its list or quote."""
    for number in range(start, len(lines)):
        line = lines[number].rstrip(" \t")
        if not line.startswith(prefix) and line != prefix.rstrip(" \t"):
            return number, False
        rest = line[len(prefix) :]
        if rest.lstrip(" \t").startswith(fence) and not rest.strip(f" \t{fence[0]}"):
            return number + 1, not rest[0].isspace()
    return len(lines), False


def _without_html(text: str) -> str:
    """Take tags and what they hide out of a text, but not out of the code in its lines."""
    pieces = _CODE_SPAN.split(text)
    del pieces[2::3]  # the backticks alone
    pieces[::2] = [
        TAG.sub("", without_hidden(_UNSAFE_LINK.sub(r"[\1]", piece))) for piece in pieces[::2]
    ]
    return "".join(pieces)


def _harmless(unit: re.Match[str]) -> str:
    if unit["armed"]:
        return _disarmed(unit)
    if unit["alt"] is not None:
        return f"[image: {unit['alt']}]" if unit["alt"].strip() else "[image]"
    # A bar ends a table's cell, and with it the code there: the markup in it would work.
    if unit["ticks"] and "|" in unit[0] and _MARKUP_IN_CODE.search(unit[0]):
        return _EACH_ARMED.sub(_disarmed, unit[0])
    return unit[0]


def _disarmed(sign: re.Match[str]) -> str:
    return "&lt;" if sign[0] == "<" else f"\\{sign[0]}"
