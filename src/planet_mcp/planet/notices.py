"""What a reader should know about the state of the planet as a whole (pure)."""

from datetime import datetime, timedelta

from planet_mcp.planet.language import Language
from planet_mcp.planet.markdown import counted
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
        return _first_refresh(summary, language, refreshing=refreshing)
    last = summary.last_success_at
    if last is None or now - last > STALE_AFTER:
        when = f"since {stamp(last)}" if last else "so far"
        return f"No feed could be refreshed {when}; the newest entries may be missing."
    return None


def _first_refresh(summary: Summary, language: Language, *, refreshing: bool) -> str:
    unread, refresh = none_read(summary), language.tool("refresh_feeds")
    if unread and summary.no_fault:
        return unread
    if unread:
        said = "A first refresh is under way." if refreshing else f"{refresh} reads them."
        return f"{unread} {said}"
    checked = f"{summary.feeds - summary.never_checked} of {summary.feeds} feeds checked"
    if refreshing:
        return f"A first refresh is under way ({checked}); more will be found soon."
    return f"Not all feeds were ever checked ({checked}); {refresh} checks them."


def none_read(summary: Summary) -> str | None:
    """Return that no feed was ever read, and why if that is no feed's fault; None if one was."""
    if not summary.feeds or summary.last_success_at or not summary.never_checked:
        return None
    unread = f"{counted(f'{summary.feeds:,}', 'feed')}, none read yet."
    return f"{unread} {summary.no_fault}" if summary.no_fault else unread


def read_only_notice(reason: str, summary: Summary) -> str:
    """Return why nothing can be stored, and how old what is there may be."""
    last = summary.last_success_at
    return f"{reason} Last refresh: {stamp(last) if last else 'never'}."
