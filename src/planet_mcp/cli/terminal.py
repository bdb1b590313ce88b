"""How answers look on a terminal: bold instead of asterisks, wrapped, quotes dim (pure).

The texts are Markdown of ours, written by `planet`, in which feeds' texts are escaped.
"""

import re
import textwrap

_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_EMPHASIS = re.compile(r"(?<!\\)\*\*(?=\S)(.+?)(?<=\S)(?<!\\)\*\*", re.DOTALL)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_CODE = re.compile(r"(?<![\\`])(`+)(?!`).+?(?<!`)\1(?!`)")
_HEAD = re.compile(r"#{1,6} |\[\d+\] ")
_LEAD = re.compile(r"\s*(?:> ?|- \[\d+\] |[-*+] |\d{1,9}[.)] )*")
_FENCE = re.compile(r"[\s>]*(?:```|~~~)")
_NARROWEST = 40


def as_seen(text: str, *, width: int, styled: bool) -> str:
    """Return a text for a terminal of so many columns; `styled` allows bold and dim print."""
    lines, fenced = [], False
    for line in text.split("\n"):
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            lines += _shown(line, max(width, _NARROWEST), styled=styled)
            continue
        lines.append(line)
    return "\n".join(lines)


def _shown(line: str, width: int, *, styled: bool) -> list[str]:
    bold, plain = (_BOLD, _PLAIN) if styled else ("", "")
    found = _LEAD.match(line)
    lead = found[0] if found else ""
    indent = lead if ">" in lead else " " * len(lead)
    wrapped = textwrap.wrap(
        line,
        width,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    ) or [line]
    # All lines together, since bold print may begin on one and end on the next.
    joined = _unmarked("\n".join(wrapped), bold, plain)
    look = _BOLD if _HEAD.match(line) else _DIM if line.lstrip().startswith(">") else ""
    if not (styled and look):
        return joined.split("\n")
    return [f"{look}{each.replace(_PLAIN, _PLAIN + look)}{_PLAIN}" for each in joined.split("\n")]


def _unmarked(text: str, bold: str, plain: str) -> str:
    """Return Markdown without its marks of emphasis and its escapes; code stays as it is."""
    pieces, at = [], 0
    for code in _CODE.finditer(text):
        pieces += [_prose(text[at : code.start()], bold, plain), code[0]]
        at = code.end()
    return "".join([*pieces, _prose(text[at:], bold, plain)])


def _prose(text: str, bold: str, plain: str) -> str:
    text = _EMPHASIS.sub(rf"{bold}\1{plain}", text)
    return _ESCAPED.sub(r"\1", text).replace("&lt;", "<")
