"""Texts: names, likeness, snippets and characters; HTML in `from_html`, pages in `to_html` (pure).

In: HTML and plain text of strangers, our own Markdown. Out: clean Markdown, HTML that is safe.
Only this room knows the libraries that convert, and which characters nobody sees.
"""

from planet_mcp.text.characters import FORBIDDEN_IN_XML, LATIN_CONTROLS
from planet_mcp.text.identifiers import humps, index_terms, named_by_signs
from planet_mcp.text.labels import label
from planet_mcp.text.likeness import (
    are_clearly_different,
    are_numbered_apart,
    likeness_of,
    may_be_one,
    names_another,
    opens,
    share_held,
    signature,
    title_key,
)
from planet_mcp.text.snippets import STOP_WORDS, beginning, snippet

__all__ = [
    "FORBIDDEN_IN_XML",
    "LATIN_CONTROLS",
    "STOP_WORDS",
    "are_clearly_different",
    "are_numbered_apart",
    "beginning",
    "humps",
    "index_terms",
    "label",
    "likeness_of",
    "may_be_one",
    "named_by_signs",
    "names_another",
    "opens",
    "share_held",
    "signature",
    "snippet",
    "title_key",
]
