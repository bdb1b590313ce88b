"""Changes to the finished Markdown: for what html-to-markdown has no option.

Placeholders in the tree say where: that a column is aligned, that a footnote begins and ends.
"""

import re

from planet_mcp.text.from_html.placeholders import ALIGNED, INLINE, NOTE, NOTE_END

# An exclamation mark that would make an image of the link behind it. It is escaped here, since only
# in the Markdown a link is known to follow.
_WOULD_BE_IMAGE, _NO_IMAGE = re.compile(rf"!(?=[\[{INLINE}])"), "\\\\!"
_ADJOINING = re.compile(r"^(?! *>)(.+)\n(?=> )", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n{3,}")
_BREAK_BEFORE_BLANK = re.compile(r" {2,}\n(?=[ >]*\n)")
_ALIGNMENTS = dict(zip(ALIGNED.values(), (":--", ":-:", "--:"), strict=True))
_ALIGNMENT = re.compile(f"[{''.join(_ALIGNMENTS)}]")
_HEAD = re.compile(rf"^(.*[{''.join(_ALIGNMENTS)}].*)\n([ >]*)(\|(?: -+ \|)+)$", re.MULTILINE)
_CELL = re.compile(r"(?:\\.|[^|\\])+")
_NOTE = re.compile(f"{NOTE}(?:([^{NOTE}{NOTE_END}]*){NOTE_END})?")
_NOTE_LINE = re.compile(r"\n(?=[^\n])")
_LAYOUT = re.compile(f"[{NOTE}{NOTE_END}{''.join(_ALIGNMENTS)}]")


def without_layout(text: str) -> str:
    """Take out the placeholders of the layout, which plain text does not have."""
    return _LAYOUT.sub("", text)


def finish(markdown: str) -> str:
    """Lay Markdown out as the placeholders in it say, and so that every renderer shows the same."""
    if "\n> " in markdown:
        markdown = _ADJOINING.sub(r"\1\n\n", markdown)
    if _ALIGNMENT.search(markdown):
        markdown = _HEAD.sub(_aligned, markdown)
    if NOTE in markdown:
        markdown = _NOTE.sub(lambda note: _NOTE_LINE.sub("\n    ", note[1] or ""), markdown)
    markdown = _WOULD_BE_IMAGE.sub(_NO_IMAGE, markdown)
    if "  \n" in markdown:
        markdown = _BREAK_BEFORE_BLANK.sub("\n", markdown)
    if "\n\n\n" in markdown:
        markdown = _BLANK_LINES.sub("\n\n", markdown)
    return without_layout(markdown.strip())


def _aligned(table: re.Match[str]) -> str:
    """Write how the columns of a table are aligned below its first row (GFM, section 4.10)."""
    head = table[1].lstrip(" >").strip("|")
    found = (_ALIGNMENT.search(cell[0]) for cell in _CELL.finditer(head))
    columns = [_ALIGNMENTS[sign[0]] if sign else "---" for sign in found]
    if len(columns) != table[3].count("|") - 1:
        return table[0]
    return f"{table[1]}\n{table[2]}| {' | '.join(columns)} |"
