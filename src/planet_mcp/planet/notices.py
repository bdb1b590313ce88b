"""What a reader should know about the state of the planet as a whole (pure)."""

from datetime import datetime, timedelta

from planet_mcp.planet.language import Language
from planet_mcp.store import Summary
from planet_mcp.times import stamp

# STALE_AFTER without a feed that could be refreshed, readers are told that news may be missing.
STALE_AFTER = timedelta(days=1)


def notice(summary: Summary, language: Language, *, refreshing: bool, now: datetime) -> str | None:
    """Return why there may be less to find than there should be, and what to do; None if not.

    `refreshing` says that feeds are checked in the background.
    """
    if not summary.feeds:
        return f"The planet follows no feeds yet; add some with {language.tool('add_feeds')}."
    if summary.never_checked:
        checked = f"{summary.feeds - summary.never_checked} of {summary.feeds} feeds checked"
        if refreshing:
            return f"A first refresh is under way ({checked}); more will be found soon."
        refresh = language.tool("refresh_feeds")
        return f"Not all feeds were ever checked ({checked}); {refresh} checks them."
    last = summary.last_success_at
    if last is None or now - last > STALE_AFTER:
        when = f"since {stamp(last)}" if last else "so far"
        return f"No feed could be refreshed {when}; the newest entries may be missing."
    return None


def read_only_notice(reason: str, summary: Summary) -> str:
    """Return why nothing can be stored, and how old what is there may be."""
    last = summary.last_success_at
    return f"{reason} Last refresh: {stamp(last) if last else 'never'}."
