"""What is deleted for its age, when that is wanted, and how it is kept from coming back."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import blake2b

from planet_mcp.models import ParsedEntry
from planet_mcp.store.db import Connection, Engine, to_seconds, to_time
from planet_mcp.store.health import newest_published
from planet_mcp.store.saving import count_entries
from planet_mcp.store.sql import ids_of, in_story
from planet_mcp.urls import canonical, names_a_page

PERIOD = timedelta(days=1)
_MEMBERS = in_story("s.id", "o")
_OLD_STORIES = f"""
    SELECT s.id, s.ordered_at, NOT EXISTS (
        SELECT 1 FROM entries AS o
        WHERE {_MEMBERS} AND (o.ordered_at >= :limit OR o.first_seen_at >= :limit)
    )
    FROM entries AS s
    WHERE s.story_id = s.id AND s.ordered_at < :limit AND (s.ordered_at, s.id) > (:time, :id)
    ORDER BY s.ordered_at, s.id LIMIT :most
"""


class Retention:
    """Deletes the entries of one database that are older than what it is to keep.

    With `keep` None it keeps all. One transaction looks at `stories_at_once`.
    """

    def __init__(self, database: Engine, keep: timedelta | None, *, stories_at_once: int) -> None:
        self._database = database
        self._keep = keep
        self._most = stories_at_once
        # How far this pass has come, and when the next one is due.
        self._passed = (0, 0)
        self._next: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Return whether there may be something to delete now; costs nothing."""
        # A clock that was set back does not put it off for ever.
        return self._keep is not None and not (
            self._next is not None and self._next - PERIOD <= now < self._next
        )

    def forget(self, now: datetime) -> bool:
        """Delete some of what is too old, a short transaction's worth; False when all is done.

        What is done is not done again for a day, by whichever process.
        """
        if self._was_done(now):
            return False
        with self._database.writing() as connection:
            limit = kept_since(connection, self._keep, now)
            time, first = self._passed
            values = {
                "limit": to_seconds(limit),
                "time": time,
                "id": first,
                "most": self._most,
            }
            rows = connection.execute(_OLD_STORIES, values).fetchall()
            _forget_stories(connection, [row[0] for row in rows if row[2]])
            if len(rows) == self._most:
                self._passed = (rows[-1][1], rows[-1][0])
                return True
            self._passed = (0, 0)
            _note(connection, now)
        self._next = now + PERIOD
        return False

    def _was_done(self, now: datetime) -> bool:
        with self._database.reading() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = 'forgot_at'").fetchone()
        if row is not None and self._passed == (0, 0):
            self._next = datetime.fromisoformat(row[0]) + PERIOD
        return not self.is_due(now)


def kept_since(connection: Connection, keep: timedelta | None, now: datetime) -> datetime | None:
    """Return from when on entries are kept; None when all are.

    Counted from now, but not from a time at which nobody has published anything: a clock that is
    years ahead is not to delete all there is.
    """
    if keep is None:
        return None
    newest = newest_published(connection)
    return (now if newest is None else min(now, to_time(newest) + PERIOD)) - keep


def deleted_entries(
    connection: Connection, feed_id: int, document: Sequence[ParsedEntry]
) -> dict[str, datetime]:
    """Return what those entries of a document were ordered by that were deleted, by their keys."""
    keys = {_identity_hash(entry.key, entry.title, entry.url): entry.key for entry in document}
    rows = connection.execute(
        f"""
        SELECT identity_hash, ordered_at FROM forgotten
        WHERE feed_id = ? AND identity_hash IN {ids_of("?")}
        """,
        (feed_id, json.dumps([*keys])),
    )
    return {keys[row[0]]: to_time(row[1]) for row in rows}


def _identity_hash(key: str, title: str, url: str | None) -> int:
    """Return a hash of what makes a post of a feed the same as one that was deleted."""
    address = canonical(url) if url else ""
    identity = json.dumps([key, title, address if names_a_page(address) else ""])
    return int.from_bytes(blake2b(identity.encode(), digest_size=8).digest(), "big", signed=True)


def _forget_stories(connection: Connection, stories: Sequence[int]) -> None:
    """Delete whole stories, so that none loses its first entry or its representative."""
    rows = connection.execute(
        f"""
        SELECT o.id, o.feed_id, o.key, c.title, o.url, o.ordered_at
        FROM entries AS s JOIN entries AS o ON {_MEMBERS} JOIN contents AS c ON c.entry_id = o.id
        WHERE s.id IN {ids_of("?")}
        """,
        (json.dumps(stories),),
    ).fetchall()
    connection.executemany(
        "INSERT INTO forgotten (feed_id, identity_hash, ordered_at) VALUES (?, ?, ?) "
        "ON CONFLICT (feed_id, identity_hash) DO UPDATE SET ordered_at = excluded.ordered_at",
        [
            (feed, _identity_hash(key, title, url), time)
            for _, feed, key, title, url, time in rows
            if feed
        ],
    )
    connection.execute(
        f"DELETE FROM entries WHERE id IN {ids_of('?')}",
        (json.dumps([row[0] for row in rows]),),
    )
    count_entries(connection, {row[1] for row in rows if row[1]})


def _note(connection: Connection, now: datetime) -> None:
    connection.execute(
        "INSERT INTO meta (key, value) VALUES ('forgot_at', ?) "
        "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (now.isoformat(),),
    )
