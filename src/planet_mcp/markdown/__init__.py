"""HTML to clean Markdown, plain text and excerpts; code blocks are kept exactly.

No HTML leaves this package: what a reader would not see is gone, what an author typed as text
stays text. Pure: values in, values out.

tree ─▶ blocks, links (code, formulas and URLs go on the shelf) ─▶ render (and back from it)
"""

from planet_mcp.markdown.characters import clean_text, count_unseen
from planet_mcp.markdown.plain import (
    excerpt_of,
    from_code,
    from_plain_text,
    looks_like_html,
    one_line,
)
from planet_mcp.markdown.render import convert, convert_counting
from planet_mcp.markdown.source import from_markdown

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
