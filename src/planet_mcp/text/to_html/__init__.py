"""Our stored Markdown as HTML that a page can show: nothing in it loads, runs or misleads (pure).

In: Markdown, whoever wrote it. Out: HTML whose every element and attribute is written here.
Only this package knows markdown-it and Pygments.

parser (tokens of bounded work) ─▶ html (tokens to HTML; code by highlight) ─▶ folding
"""

from planet_mcp.text.to_html.folding import Rendered, render
from planet_mcp.text.to_html.style import code_css

__all__ = ["Rendered", "code_css", "render"]
