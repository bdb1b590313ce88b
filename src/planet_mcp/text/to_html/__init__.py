"""Our stored Markdown as HTML that a page can show: nothing in it loads, runs or misleads (pure).

In: Markdown, whoever wrote it. Out: HTML whose every element and attribute is written here.
Only this package knows markdown-it and Pygments.

parser (tokens of bounded work) ─▶ html (tokens to HTML; code by highlight) ─▶ folding
"""

from planet_mcp.text.to_html.folding import Rendered, render
from planet_mcp.text.to_html.pictures import Place, places_in, with_pictures
from planet_mcp.text.to_html.style import code_css

__all__ = ["Place", "Rendered", "code_css", "places_in", "render", "with_pictures"]
