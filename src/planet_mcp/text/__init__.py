"""Texts: names, likeness, snippets and characters; HTML in `from_html`, pages in `to_html` (pure).

In: HTML and plain text of strangers, our own Markdown. Out: clean Markdown, HTML that is safe.
Only this room knows the libraries that convert, and which characters nobody sees.
"""

from planet_mcp.text.addresses import addresses_in
from planet_mcp.text.asking import (
    STOP_WORDS,
    Wording,
    folded,
    is_greeting,
    is_thanks,
    leads_to_topic,
    only_asks,
    precedes_thanks,
    wording_of,
)
from planet_mcp.text.characters import FORBIDDEN_IN_XML, LATIN_CONTROLS
from planet_mcp.text.escapes import escaped
from planet_mcp.text.identifiers import humps, index_heading, index_terms, named_by_signs
from planet_mcp.text.indexing import (
    UNSPACED,
    compiled,
    has_unspaced,
    indexed,
    pieces,
    sought,
    words_in,
)
from planet_mcp.text.labels import label
from planet_mcp.text.likeness import (
    SIGNED_WORDS,
    are_clearly_different,
    are_filled_in,
    are_numbered_apart,
    are_of_one_form,
    counts_otherwise,
    has_few_words_of,
    has_title_within,
    has_words_of,
    is_beginning,
    is_corrected,
    is_respelled,
    key_of_words,
    likeness_of,
    names_another,
    opens,
    share_held,
    signature,
    title_key,
    words_of_title,
)
from planet_mcp.text.snippets import beginning, snippet

__all__ = [
    "FORBIDDEN_IN_XML",
    "LATIN_CONTROLS",
    "SIGNED_WORDS",
    "STOP_WORDS",
    "UNSPACED",
    "Wording",
    "addresses_in",
    "are_clearly_different",
    "are_filled_in",
    "are_numbered_apart",
    "are_of_one_form",
    "beginning",
    "compiled",
    "counts_otherwise",
    "escaped",
    "folded",
    "has_few_words_of",
    "has_title_within",
    "has_unspaced",
    "has_words_of",
    "humps",
    "index_heading",
    "index_terms",
    "indexed",
    "is_beginning",
    "is_corrected",
    "is_greeting",
    "is_respelled",
    "is_thanks",
    "key_of_words",
    "label",
    "leads_to_topic",
    "likeness_of",
    "named_by_signs",
    "names_another",
    "only_asks",
    "opens",
    "pieces",
    "precedes_thanks",
    "share_held",
    "signature",
    "snippet",
    "sought",
    "title_key",
    "wording_of",
    "words_in",
    "words_of_title",
]
