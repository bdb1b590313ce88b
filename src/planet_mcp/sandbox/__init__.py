"""Work on strangers' bytes in a process that can be killed.

In: the bytes of a document. Out: a feed, an article, or an error that says what is wrong with it.
Only this room starts processes and limits what they may use.
"""

from planet_mcp.sandbox.parent import Worker

__all__ = ["Worker"]
