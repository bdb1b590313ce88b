"""HTML to clean Markdown, plain text and excerpts; code blocks are kept exactly.

No HTML leaves this package: what a reader would not see is gone, what an author typed as text
stays text. Pure: values in, values out.

tree ─▶ blocks, links (code, formulas and URLs go on the shelf) ─▶ render (and back from it)
"""

from planet_mcp.text.characters import clean_text, count_unseen
from planet_mcp.text.from_html.blocks import (
    adopt_text_areas,
    link_footnotes,
    shelve_formulas,
    shelve_listings,
)
from planet_mcp.text.from_html.code import CodeBlock
from planet_mcp.text.from_html.convert import NOTHING, convert, convert_counting, render
from planet_mcp.text.from_html.foreign_markdown import from_markdown
from planet_mcp.text.from_html.links import declared_base
from planet_mcp.text.from_html.placeholders import Shelf
from planet_mcp.text.from_html.plain import (
    excerpt_of,
    first_heading,
    from_code,
    from_plain_text,
    looks_like_html,
    one_line,
)
from planet_mcp.text.from_html.tree import parse, remove_unseen, text_of

__all__ = [
    "NOTHING",
    "CodeBlock",
    "Shelf",
    "adopt_text_areas",
    "clean_text",
    "convert",
    "convert_counting",
    "count_unseen",
    "declared_base",
    "excerpt_of",
    "first_heading",
    "from_code",
    "from_markdown",
    "from_plain_text",
    "link_footnotes",
    "looks_like_html",
    "one_line",
    "parse",
    "remove_unseen",
    "render",
    "shelve_formulas",
    "shelve_listings",
    "text_of",
]
