"""Times that are in the future because a clock was ahead when they were stored."""

import logging
from datetime import datetime

from planet_mcp.store.db import Connection, Engine

logger = logging.getLogger(__name__)

# Clocks of two machines may differ by so much.
_TOLERANCE_SECONDS = 3600

# What is stored right after the clock was ahead. Entries without a date were ordered by the time
# at which they were seen.
_CORRECTIONS = (
    """
    UPDATE feeds SET
        checked_at = :now,
        next_check_at = CASE WHEN next_check_at > :now THEN :now ELSE next_check_at END,
        succeeded_at = CASE WHEN succeeded_at > :now THEN :now ELSE succeeded_at END,
        moved_seen_at = CASE WHEN moved_seen_at > :now THEN :now ELSE moved_seen_at END
    WHERE checked_at > :ahead
    """,
    """
    UPDATE entries SET
        first_seen_at = :now,
        ordered_at = CASE WHEN ordered_at > :now THEN :now ELSE ordered_at END,
        credible_date = CASE WHEN credible_date <= :now THEN credible_date END
    WHERE first_seen_at > :ahead
    """,
    "UPDATE articles SET fetched_at = :now WHERE fetched_at > :ahead",
    "UPDATE backfills SET retry_at = :now WHERE retry_at > :now",
)


def correct_times(database: Engine, now: datetime) -> None:
    """Take back what a clock has left that was ahead: feeds would not be due for long.

    Where entries were published later than now, it is the present clock that is wrong.
    """
    seconds = int(now.timestamp())
    ahead = seconds + _TOLERANCE_SECONDS
    with database.reading() as connection:
        (checked_ahead,) = connection.execute(
            "SELECT count(*) FROM feeds WHERE checked_at > ?", (ahead,)
        ).fetchone()
        newest = newest_published(connection) if checked_ahead else None
    if newest is not None and newest <= seconds:
        logger.warning("The clock was ahead when feeds were last checked: they are due now.")
        with database.writing() as connection:
            for statement in _CORRECTIONS:
                connection.execute(statement, {"now": seconds, "ahead": ahead})


def newest_published(connection: Connection) -> int | None:
    """Return when the newest of all entries with a date was published."""
    row = connection.execute(
        """
        SELECT ordered_at FROM entries WHERE ordered_at < first_seen_at AND NOT undated
        ORDER BY ordered_at DESC, id DESC LIMIT 1
        """
    ).fetchone()
    return None if row is None else int(row[0])
