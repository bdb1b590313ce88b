"""When a feed has moved for good: a permanent redirect that stays the same for days (pure)."""

from datetime import datetime, timedelta

from planet_mcp.models import Redirect

CHECKS = 3
APART = timedelta(hours=20)


def after_answer(
    redirect: Redirect | None, moved_to: str | None, *, now: datetime
) -> Redirect | None:
    """Return what is known of a feed's permanent redirect after it answered.

    `moved_to` is the target when all redirects on the way were permanent (RFC 9110, sections
    15.4.2 and 15.4.9), else None. Only checks a day apart count.
    """
    if moved_to is None:
        return None
    if redirect is None or redirect.url != moved_to:
        return Redirect(moved_to, checks=1, seen_at=now)
    if now - redirect.seen_at < APART:
        return redirect
    return Redirect(moved_to, checks=redirect.checks + 1, seen_at=now)


def is_for_good(redirect: Redirect) -> bool:
    """Return whether a redirect was seen often enough to follow the feed at its target."""
    return redirect.checks >= CHECKS
