"""Our stored Markdown as HTML that a page can show: nothing in it loads, runs or misleads.

Only what this package writes itself becomes an element or an attribute, so what is not named here
cannot occur. Pure: values in, values out.

parser (tokens of bounded work) ─▶ html (tokens to HTML; code by highlight) ─▶ folding
"""

from planet_mcp.text.to_html.folding import Rendered, render
from planet_mcp.text.to_html.style import code_css

__all__ = ["Rendered", "code_css", "render"]
