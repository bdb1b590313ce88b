"""What libraries raise at documents that they cannot read: each is caught where one is called.

What is not here, a `MemoryError` above all, ends in the loop of the child process, that answers
for the whole document. So does what html-to-markdown raises, and what feedparser does, that fails
on broken feeds with nearly any error.
"""

from planet_mcp.text.from_html import LXML_ERRORS

# dateutil documents the first two; the others escape from its arithmetic on odd texts.
DATEUTIL_ERRORS = (
    *(ValueError, OverflowError),
    *(ArithmeticError, TypeError, AttributeError, IndexError),
)
# trafilatura has none of its own: it trusts the HTML, the JSON and the dates that pages carry.
TRAFILATURA_ERRORS = (*DATEUTIL_ERRORS, LookupError, RecursionError, *LXML_ERRORS)
