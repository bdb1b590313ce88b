"""Which stored entry a parsed one is, and which entries tell one story.

In: entries that a feed brought, and what is stored. Out: clusters of duplicates, in the store.
Only this package knows when two entries are one.
"""

from planet_mcp.store.stories.joining import forget_feeds, join_story, settle
from planet_mcp.store.stories.recognition import Recognised, recognise

__all__ = ["Recognised", "forget_feeds", "join_story", "recognise", "settle"]
