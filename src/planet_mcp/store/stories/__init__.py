"""Which stored entry a parsed one is, and which entries are duplicates: one story.

In: entries that a feed brought, and what is stored. Out: clusters of duplicates, in the store.
Only this package knows when two entries are one.
"""

from planet_mcp.store.stories.alike import ANY, Written
from planet_mcp.store.stories.comparison import ComparedEntry
from planet_mcp.store.stories.duplicates import (
    Duplicate,
    Join,
    duplicates_elsewhere,
    newest_joins,
    other_feeds,
)
from planet_mcp.store.stories.joining import delete_entries_of_feeds, join_stories
from planet_mcp.store.stories.recognition import recognise
from planet_mcp.store.stories.representatives import choose_representatives
from planet_mcp.store.stories.review import review_joins

__all__ = [
    "ANY",
    "ComparedEntry",
    "Duplicate",
    "Join",
    "Written",
    "choose_representatives",
    "delete_entries_of_feeds",
    "duplicates_elsewhere",
    "join_stories",
    "newest_joins",
    "other_feeds",
    "recognise",
    "review_joins",
]
