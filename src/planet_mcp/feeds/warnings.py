"""What a reader should know of a feed that works (pure)."""

from datetime import timedelta

from planet_mcp.feeds import redirects
from planet_mcp.models import Feed, FeedStatus
from planet_mcp.times import day_of

ADOPTION_NOTED_FOR = timedelta(days=30)


def warning_of(feed: Feed) -> str | None:
    """Return what is wrong with a feed's document, where it moved, and that it stands still."""
    notes = (feed.warning, _adopted(feed), _moved(feed), _standing_still(feed))
    return "; ".join(filter(None, notes)) or None


def _adopted(feed: Feed) -> str | None:
    former = next(iter(feed.former), None)
    if former is None or former.left_at <= feed.as_of - ADOPTION_NOTED_FOR:
        return None
    return f"It moved here; it was followed at {former.url} until {day_of(former.left_at)}"


def _moved(feed: Feed) -> str | None:
    if feed.redirect is None or not redirects.is_for_good(feed.redirect):
        return None
    return f"It moved to {feed.redirect.url}, where another feed is followed: remove one of the two"


def stands_still(feed: Feed) -> bool:
    """Return whether a lively feed's server answers as it should, with nothing new for long."""
    is_overdue = feed.overdue_at is not None and feed.overdue_at <= feed.as_of
    return is_overdue and feed.status is FeedStatus.OK


def _standing_still(feed: Feed) -> str | None:
    if not (feed.newest_entry and stands_still(feed)):
        return None
    return (
        f"It stands still: its server answers, but nothing is newer than "
        f"{day_of(feed.newest_entry)}, which is far longer than between its entries before. "
        "Its site may have another feed by now"
    )
