"""Which stored entry a parsed one is, and which entries are duplicates: one story.

In: entries that a feed brought, and what is stored. Out: clusters of duplicates, in the store.
Only this package knows when two entries are one.
"""

from planet_mcp.store.stories.duplicates import Duplicate, duplicates_elsewhere, other_feeds
from planet_mcp.store.stories.joining import (
    choose_representative,
    delete_entries_of_feeds,
    join_story,
)
from planet_mcp.store.stories.recognition import recognise

__all__ = [
    "Duplicate",
    "choose_representative",
    "delete_entries_of_feeds",
    "duplicates_elsewhere",
    "join_story",
    "other_feeds",
    "recognise",
]
