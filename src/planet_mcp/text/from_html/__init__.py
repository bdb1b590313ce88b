"""HTML to clean Markdown, plain text and excerpts; code blocks are kept exactly (pure).

In: HTML, Markdown or plain text of strangers. Out: `Content` that holds no HTML and nothing that a
reader would not see; what an author typed as text stays text.
Only this package knows html-to-markdown, and how sites draw code, formulas, tables and footnotes.

parsing ─▶ steps: hiding, formulas, listings, footnotes, structure, links, tables (what must come
           through goes into the stash, `placeholders`) ─▶ convert (and back from the stash)
"""

from planet_mcp.text.characters import clean_text, count_unseen
from planet_mcp.text.from_html.code import CodeBlock
from planet_mcp.text.from_html.convert import NOTHING, convert, convert_counting, render
from planet_mcp.text.from_html.foreign_markdown import from_markdown, looks_like_markdown
from planet_mcp.text.from_html.links import declared_base
from planet_mcp.text.from_html.parsing import LXML_ERRORS, parse
from planet_mcp.text.from_html.placeholders import Stash
from planet_mcp.text.from_html.plain import (
    decoded,
    excerpt_of,
    first_heading,
    from_code,
    from_plain_text,
    looks_like_html,
    one_line,
)
from planet_mcp.text.from_html.steps import FOOTNOTES, STEPS, Step, Steps, Work
from planet_mcp.text.from_html.tree import all_text, drop, is_blank, remove_dropped, text_of

__all__ = [
    "FOOTNOTES",
    "LXML_ERRORS",
    "NOTHING",
    "STEPS",
    "CodeBlock",
    "Stash",
    "Step",
    "Steps",
    "Work",
    "all_text",
    "clean_text",
    "convert",
    "convert_counting",
    "count_unseen",
    "declared_base",
    "decoded",
    "drop",
    "excerpt_of",
    "first_heading",
    "from_code",
    "from_markdown",
    "from_plain_text",
    "is_blank",
    "looks_like_html",
    "looks_like_markdown",
    "one_line",
    "parse",
    "remove_dropped",
    "render",
    "text_of",
]
