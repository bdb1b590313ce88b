"""HTML to clean Markdown, plain text and excerpts; code blocks are kept exactly.

No HTML leaves this package: what a reader would not see is gone, what an author typed as text
stays text. Pure: values in, values out.

tree ─▶ blocks, links (code, formulas and URLs go on the shelf) ─▶ render (and back from it)
"""

from planet_mcp.text.characters import clean_text, count_unseen
from planet_mcp.text.from_html.convert import convert, convert_counting
from planet_mcp.text.from_html.foreign_markdown import from_markdown
from planet_mcp.text.from_html.plain import (
    excerpt_of,
    from_code,
    from_plain_text,
    looks_like_html,
    one_line,
)

__all__ = [
    "clean_text",
    "convert",
    "convert_counting",
    "count_unseen",
    "excerpt_of",
    "from_code",
    "from_markdown",
    "from_plain_text",
    "looks_like_html",
    "one_line",
]
