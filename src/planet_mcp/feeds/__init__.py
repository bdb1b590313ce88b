"""Following feeds: check, decide, refresh, schedule, redirects, lease, discovery, subscribing.

In: the feeds that are due, and what people want to follow. Out: their entries in the store.
Only this room knows when a feed is asked and what is made of its answer.
"""

from planet_mcp.feeds.decide import Moment, NewDocument
from planet_mcp.feeds.discovery import Finder
from planet_mcp.feeds.lease import Lease, lease_of
from planet_mcp.feeds.refresh import Progress, Refresher, RefreshLimits
from planet_mcp.feeds.subscribing import (
    Added,
    AddOutcome,
    Counts,
    Subscriber,
    added_list,
)
from planet_mcp.feeds.update import (
    Failed,
    Queued,
    Unchanged,
    Updated,
    UpdateResult,
    record_answer,
)
from planet_mcp.feeds.warnings import stands_still, warning_of

__all__ = [
    "AddOutcome",
    "Added",
    "Counts",
    "Failed",
    "Finder",
    "Lease",
    "Moment",
    "NewDocument",
    "Progress",
    "Queued",
    "RefreshLimits",
    "Refresher",
    "Subscriber",
    "Unchanged",
    "UpdateResult",
    "Updated",
    "added_list",
    "lease_of",
    "record_answer",
    "stands_still",
    "warning_of",
]
