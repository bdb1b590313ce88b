"""Following feeds: check, decide, refresh, schedule, redirects, lease, discovery, subscribing.

In: the feeds that are due, and what people want to follow. Out: their entries in the store.
Only this room knows when a feed is asked and what is made of its answer.
"""

from planet_mcp.feeds.discovery import Finder
from planet_mcp.feeds.lease import Lease
from planet_mcp.feeds.refresh import Progress, Refresher
from planet_mcp.feeds.subscribing import (
    Added,
    AddOutcome,
    Subscriber,
    added_list,
    with_reading_lists,
)
from planet_mcp.feeds.update import Checked

__all__ = [
    "AddOutcome",
    "Added",
    "Checked",
    "Finder",
    "Lease",
    "Progress",
    "Refresher",
    "Subscriber",
    "added_list",
    "with_reading_lists",
]
