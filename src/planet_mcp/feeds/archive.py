"""What of a document is its feed's archive, and where in time that stands (pure).

What a feed holds when it is first read was written before anybody here followed it, so none of it
is news. The same is true of what comes in bulk and is older than it could be: after a re-upload, a
redesign that changes all ids, or an absence of months.
"""

from datetime import datetime, timedelta

from planet_mcp.models import FeedFacts, ParsedEntry, ParsedFeed, RecognisedEntry
from planet_mcp.times import EARLIEST, credible

# How old an entry of a first document may be, and be news and no archive.
NEWS_AGE = timedelta(days=1)
# How late a post may come: drafts keep the day on which they were begun, lists are sent weekly.
LATE = timedelta(days=7)
# After ABSENCE a feed is read as if for the first time.
ABSENCE = timedelta(days=60)
# How many old posts a feed that is followed may add at once: more of them are an archive.
FEW = 5


def claimed_at(entry: ParsedEntry, now: datetime) -> datetime | None:
    """Return when an entry was published, as far as that can be; at the latest now."""
    claim = credible(entry.published, now=now)
    return min(claim, now) if claim else None


def archive_of(facts: FeedFacts, parsed: ParsedFeed, now: datetime) -> dict[str, datetime]:
    """Return where in time the archive of a document stands, by the keys of its entries.

    Entries with a credible date stand there. Those without keep the order of the document, below
    the oldest date in it; where it has none, at the feed's own date, or else below all dates.
    """
    old = [found.entry for found in _older(facts, now)]
    if facts.feed.succeeded_at is not None and len(old) <= FEW:
        return {}
    dated = {entry.key: at for entry in old if (at := claimed_at(entry, now))}
    undated = [entry.key for entry in old if entry.key not in dated]
    top = _below(parsed, now)
    return dated | {
        key: top - timedelta(seconds=number) for number, key in enumerate(undated, start=1)
    }


def _older(facts: FeedFacts, now: datetime) -> list[RecognisedEntry]:
    """Return the new entries of a document that are older than news can be."""
    before = facts.feed.succeeded_at
    is_first = before is None or now - before > ABSENCE
    known = [number for number, found in enumerate(facts.entries) if not _is_new(found)]
    # Documents begin with the newest: what stands above a known entry was added since.
    lowest = -1 if is_first or not known else known[-1]
    since = now - NEWS_AGE if is_first or before is None else before - LATE
    return [
        found
        for number, found in enumerate(facts.entries)
        if _is_new(found)
        and (at < since if (at := claimed_at(found.entry, now)) else number > lowest)
    ]


def _is_new(found: RecognisedEntry) -> bool:
    return found.id is None and found.deleted_from is None


def _below(parsed: ParsedFeed, now: datetime) -> datetime:
    dates = [at for entry in parsed.entries if (at := claimed_at(entry, now))]
    if dates:
        return min(dates)
    own = credible(parsed.updated, now=now)
    return min(own, now) if own else EARLIEST
