"""The addresses that stand in our own Markdown: targets of links, and those written out (pure)."""

import re
from collections.abc import Iterator

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
# A bracket belongs to an address only with its partner, as in Wikipedia's `/wiki/C_(language)`: a
# single one closes the Markdown link around the address.
_ADDRESS = re.compile(
    r"\bhttps?://(?:[^\s<>()\[\]`|\"\\]|\([^\s<>()\[\]`|\"\\]*\))+", re.IGNORECASE
)
_AFTER = ".,;:!?'*_~"


def addresses_in(markdown: str) -> Iterator[str]:
    """Find the http(s) addresses of a text, in its order."""
    for found in _ADDRESS.finditer(_ESCAPED.sub(r"\1", markdown)):
        yield found[0].rstrip(_AFTER)
