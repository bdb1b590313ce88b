"""When a feed has moved for good: a permanent redirect that stays the same for days (pure)."""

from datetime import datetime, timedelta

from planet_mcp.models import Move

CHECKS = 3
APART = timedelta(hours=20)


def after_answer(move: Move | None, moved_to: str | None, *, now: datetime) -> Move | None:
    """Return what is known of a feed's move after it answered.

    `moved_to` is the target when all redirects on the way were permanent (RFC 9110, sections
    15.4.2 and 15.4.9), else None. Only checks a day apart count.
    """
    if moved_to is None:
        return None
    if move is None or move.url != moved_to:
        return Move(moved_to, checks=1, seen_at=now)
    if now - move.seen_at < APART:
        return move
    return Move(moved_to, checks=move.checks + 1, seen_at=now)


def is_for_good(move: Move | None) -> bool:
    """Say whether a redirect was seen often enough to follow the feed at its target."""
    return move is not None and move.checks >= CHECKS
