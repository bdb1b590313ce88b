"""Plain text written so that Markdown shows its characters as they are (pure)."""

import re

BARE_URL = re.compile(r"(\bhttps?://[^\s<>\[\]()`*\"]+)")
# Without one of these there is nothing to escape, as in most titles.
_SIGNS = re.compile(r"[\\*`_~\]!&<]")
_MARKUP = (
    (
        re.compile(
            r"\\(?=[!-/:-@\[-`{-~])|[*`]|(?<![^\W_])_|_(?![^\W_])|~(?=~)|\](?=[(\[:])|!(?=\[)"
        ),
        r"\\\g<0>",
    ),
    (re.compile(r"&(?=#?\w{1,31};)"), r"\\&"),
    (re.compile(r"<(?![\s=\d-])"), "&lt;"),
)


def escaped(text: str) -> str:
    """Escape what Markdown would read within a line, but for addresses."""
    if not _SIGNS.search(text):
        return text
    pieces = BARE_URL.split(text)
    for pattern, replacement in _MARKUP:
        pieces[::2] = [pattern.sub(replacement, piece) for piece in pieces[::2]]
    return "".join(pieces)
