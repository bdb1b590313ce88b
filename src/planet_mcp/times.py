"""Moments: now, whether one can be true, and how one is written (pure, but for the clock)."""

from datetime import UTC, datetime, time, timedelta

# Feeds came up in the years after 1995. Clocks and time zones are wrong by a day at most.
EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(hours=24)


def utc_now() -> datetime:
    """Return the current time as everything here wants it: aware UTC."""
    return datetime.now(UTC)


def is_credible(moment: datetime, *, now: datetime) -> bool:
    """Return whether an entry can have been published then: 1995 to a day from now.

    Other claims are kept, but order nothing.
    """
    return EARLIEST <= moment <= now + _AHEAD


def credible(claim: datetime | None, *, now: datetime) -> datetime | None:
    """Return a claim of when an entry was published if it `is_credible`, else None."""
    return claim if claim and is_credible(claim, now=now) else None


def day_of(moment: datetime) -> str:
    """Return the UTC date of a moment as `YYYY-MM-DD`."""
    return moment.astimezone(UTC).date().isoformat()


def stamp(moment: datetime) -> str:
    """Return a moment in UTC to the minute, or only its date when it is midnight."""
    utc = moment.astimezone(UTC)
    if utc.time() == time(0):
        return utc.date().isoformat()
    return f"{utc.isoformat()[:16]}Z"
