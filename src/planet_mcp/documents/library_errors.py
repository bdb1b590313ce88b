"""The errors of libraries at documents that they cannot read, caught where the library is called.

All others, a `MemoryError` above all, are caught in the loop of the child process, and fail the
whole document. html-to-markdown and feedparser have no list here: they fail on broken documents
with nearly any error, and so each call of them catches all.
"""

from planet_mcp.text.from_html import LXML_ERRORS

# dateutil documents the first two; the others escape from its arithmetic on odd texts.
DATEUTIL_ERRORS = (
    *(ValueError, OverflowError),
    *(ArithmeticError, TypeError, AttributeError, IndexError),
)
# trafilatura has none of its own: it trusts the HTML, the JSON and the dates that pages carry.
TRAFILATURA_ERRORS = (*DATEUTIL_ERRORS, LookupError, RecursionError, *LXML_ERRORS)
