"""What changed among the followed feeds, and which arrivals can be told no more.

Triggers of the schema (`m022_changes`) write both, whichever process changes the tables.
"""

from dataclasses import dataclass
from datetime import datetime

from planet_mcp.store.db import Engine, to_time


@dataclass(frozen=True, slots=True)
class FeedChange:
    """A feed was `followed`, `unfollowed`, or `moved` to another URL, or is `gone`."""

    id: int
    feed_id: int
    feed: str
    url: str
    change: str
    at: datetime


class Changes:
    """The changes in one database, in the order of their ids."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def newest_id(self) -> int:
        """Return the id of the last change of a feed."""
        return self._number("SELECT max(id) FROM feed_changes")

    def lost_upto(self) -> int:
        """Return up to which id changes of feeds are kept no more."""
        oldest = self._number("SELECT min(id) FROM feed_changes")
        return oldest - 1 if oldest else self.newest_id()

    def news_lost_upto(self) -> int:
        """Return the largest id of an entry that was news, and was deleted."""
        return self._number("SELECT value FROM meta WHERE key = 'news_lost_upto'")

    def of_feeds(self, *, after: int, limit: int) -> list[FeedChange]:
        """Return the changes of feeds after one of them, the first of them first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                """
                SELECT c.id, c.feed_id, f.name, f.url, c.change, c.changed_at
                FROM feed_changes AS c JOIN feeds AS f ON f.id = c.feed_id
                WHERE c.id > :after ORDER BY c.id LIMIT :limit
                """,
                {"after": after, "limit": limit},
            ).fetchall()
        return [
            FeedChange(number, feed_id, feed, url, change, to_time(at))
            for number, feed_id, feed, url, change, at in rows
        ]

    def entry_seen_before(self, moment: int, *, after: int) -> int:
        """Return the last entry after another one that was stored before a moment; else 0."""
        return self._number(
            "SELECT max(id) FROM entries WHERE id > ? AND first_seen_at < ?", after, moment
        )

    def change_before(self, moment: int, *, after: int) -> int:
        """Return the last change of a feed after another one that was before a moment; else 0."""
        return self._number(
            "SELECT max(id) FROM feed_changes WHERE id > ? AND changed_at < ?", after, moment
        )

    def _number(self, sql: str, *values: int) -> int:
        with self._database.reading() as connection:
            row = connection.execute(sql, values).fetchone()
        return int(row[0] or 0) if row else 0
