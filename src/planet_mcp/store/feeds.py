"""Feeds: subscriptions, what is due, what a check brought, lists and counts."""

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from planet_mcp.models import Feed, FeedStatus, Gone, ParsedFeed, Subscription, Validators
from planet_mcp.schedule import DORMANT_AFTER
from planet_mcp.store.database import Database
from planet_mcp.store.rows import placeholders, to_optional_time, to_seconds, to_time
from planet_mcp.store.saving import save_entries

FeedSort = Literal["title", "newest_entry", "entries"]

_COLUMNS = """
    id, url, coalesce(label, title, url) AS name, site_url, entries, newest_entry,
    problem, warning, errors, gone, validators_url, etag, last_modified, body_hash,
    checked_at, next_check_at,
    CASE
        WHEN gone = 2 THEN 'gone'
        WHEN errors > 0 THEN 'failing'
        WHEN checked_at IS NOT NULL AND coalesce(newest_entry, 0) < :dormant_before THEN 'dormant'
        ELSE 'ok'
    END AS status
"""

_ORDERS: dict[FeedSort, str] = {
    "title": "lower(name), id",
    "newest_entry": "newest_entry DESC NULLS LAST, id",
    "entries": "entries DESC, id",
}


@dataclass(frozen=True, slots=True)
class FeedsPage:
    """Some feeds of a list, and how many the whole list has."""

    feeds: tuple[Feed, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The planet in numbers."""

    feeds: int
    never_checked: int
    failing: int
    entries: int
    last_refresh_at: datetime | None
    last_success_at: datetime | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check of a feed decided about its next one."""

    checked_at: datetime
    next_check_at: datetime


class Feeds:
    """The feeds of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._summaries: dict[int, tuple[int, Summary]] = {}

    def seed(self, subscriptions: Iterable[Subscription], *, now: datetime) -> bool:
        """Subscribe a new database to its first feeds; False when that was done before."""
        with self._database.writing() as connection:
            done = connection.execute(
                "INSERT INTO meta (key, value) VALUES ('seeded_at', ?) ON CONFLICT DO NOTHING",
                (now.isoformat(),),
            ).rowcount
            if done:
                for subscription in subscriptions:
                    _subscribe(connection, subscription, now)
        return bool(done)

    def is_seeded(self) -> bool:
        """Say whether the first feeds were subscribed to, or deliberately none."""
        with self._database.reading() as connection:
            return (
                connection.execute("SELECT 1 FROM meta WHERE key = 'seeded_at'").fetchone()
                is not None
            )

    def subscribe(self, subscriptions: Iterable[Subscription], *, due_at: datetime) -> list[bool]:
        """Subscribe to feeds in one transaction; says for each whether it is new.

        A feed that was removed before comes back with its id and its entries.
        """
        with self._database.writing() as connection:
            return [_subscribe(connection, item, due_at) for item in subscriptions]

    def unsubscribe(self, ids: Sequence[int], *, delete_entries: bool) -> None:
        """Stop following feeds; their entries stay unless they are to be deleted too."""
        marks = placeholders(len(ids))
        with self._database.writing() as connection:
            if delete_entries:
                _delete_entries(connection, ids)
            connection.execute(
                f"UPDATE feeds SET subscribed = 0 WHERE id IN ({marks})",
                ids,
            )

    def get(self, ids: Collection[int], *, now: datetime) -> dict[int, Feed]:
        """Return the feeds with these ids."""
        return {
            feed.id: feed
            for feed in self._select(
                f"id IN ({', '.join(str(int(item)) for item in ids)})", {}, now=now
            )
        }

    def by_url(self, url: str, *, now: datetime) -> Feed | None:
        """Return the subscribed feed at exactly this URL."""
        found = self._select("subscribed AND url = :url", {"url": url}, now=now)
        return found[0] if found else None

    def subscribed(self, *, now: datetime) -> list[Feed]:
        """Return all feeds that are followed, by title."""
        return self._select("subscribed", {}, now=now)

    def known(self, *, now: datetime) -> list[Feed]:
        """Return all feeds whose entries may be in the corpus, followed or not."""
        return self._select("subscribed OR entries > 0", {}, now=now)

    def due(self, *, now: datetime, limit: int) -> list[Feed]:
        """Return feeds that are to be checked now, the longest overdue first."""
        return self._select(
            "subscribed AND next_check_at <= :now",
            {"now": to_seconds(now)},
            now=now,
            tail=f"ORDER BY next_check_at, id LIMIT {int(limit)}",
        )

    def make_due(self, ids: Sequence[int], *, now: datetime) -> None:
        """Ask whoever refreshes to check these feeds now."""
        with self._database.writing() as connection:
            connection.execute(
                f"UPDATE feeds SET next_check_at = ? WHERE id IN ({placeholders(len(ids))})",
                (to_seconds(now), *ids),
            )

    def _select(
        self,
        where: str,
        values: dict[str, object],
        *,
        now: datetime,
        tail: str = "ORDER BY lower(name), id",
    ) -> list[Feed]:
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM feeds WHERE {where} {tail}",
                {**values, "dormant_before": to_seconds(now - DORMANT_AFTER)},
            ).fetchall()
        return [_feed(row) for row in rows]

    def page(
        self,
        *,
        query: str,
        status: FeedStatus | None,
        sort: FeedSort,
        shown: Collection[int],
        limit: int,
        now: datetime,
    ) -> FeedsPage:
        """List followed feeds whose title or URL contains the query, without those in `shown`."""
        where = """
            subscribed
            AND (:query = '' OR instr(lower(name || ' ' || url || ' ' || coalesce(site_url, '')),
                                      :query))
            AND (:status IS NULL OR status = :status)
        """
        values = {
            "query": query.strip().lower(),
            "status": status,
            "dormant_before": to_seconds(now - DORMANT_AFTER),
        }
        source = f"FROM (SELECT {_COLUMNS}, subscribed FROM feeds) WHERE {where}"
        hidden = ", ".join(str(int(item)) for item in shown)
        with self._database.reading() as connection:
            total: int = connection.execute(f"SELECT count(*) {source}", values).fetchone()[0]
            rows = connection.execute(
                f"SELECT * {source} AND id NOT IN ({hidden}) "
                f"ORDER BY {_ORDERS[sort]} LIMIT {int(limit)}",
                values,
            ).fetchall()
        return FeedsPage(feeds=tuple(_feed(row) for row in rows), total=total)

    def summary(self) -> Summary:
        """Count feeds and entries, and say when a feed was last checked and last answered.

        Every answer asks for it, so it is counted anew only when the database has changed.
        """
        with self._database.reading() as connection:
            # Counts the commits of all other connections, as this one sees them.
            version: int = connection.execute("PRAGMA data_version").fetchone()[0]
            known = self._summaries.get(id(connection))
            if known is None or known[0] != version:
                known = version, _summary(connection)
                self._summaries[id(connection)] = known
        return known[1]

    def record_document(
        self,
        feed_id: int,
        parsed: ParsedFeed,
        outcome: Outcome,
        *,
        validators: Validators,
        body_hash: str,
    ) -> int:
        """Store what a feed document brought, with the feed's state; returns the new entries."""
        with self._database.writing() as connection:
            new = save_entries(connection, feed_id, parsed.entries, now=outcome.checked_at)
            connection.execute(
                """
                UPDATE feeds SET
                    title = coalesce(:title, title), site_url = coalesce(:site_url, site_url),
                    description = coalesce(:description, description),
                    language = coalesce(:language, language),
                    body_hash = :body_hash, warning = :warning
                WHERE id = :id
                """,
                {
                    "id": feed_id,
                    "title": parsed.title,
                    "site_url": parsed.site_url,
                    "description": parsed.description,
                    "language": parsed.language,
                    "body_hash": body_hash,
                    "warning": parsed.warning,
                },
            )
            _record_answer(connection, feed_id, outcome, validators)
        return new

    def record_unchanged(self, feed_id: int, outcome: Outcome, *, validators: Validators) -> None:
        """Note that a feed answered, but has nothing new."""
        with self._database.writing() as connection:
            _record_answer(connection, feed_id, outcome, validators)

    def record_failure(
        self, feed_id: int, outcome: Outcome, *, problem: str, gone: Gone = Gone.NO
    ) -> None:
        """Note that a check failed; entries and validators stay as they are."""
        with self._database.writing() as connection:
            connection.execute(
                """
                UPDATE feeds SET checked_at = ?, next_check_at = ?, errors = errors + 1,
                                 problem = ?, gone = ?
                WHERE id = ?
                """,
                (
                    to_seconds(outcome.checked_at),
                    to_seconds(outcome.next_check_at),
                    problem,
                    int(gone),
                    feed_id,
                ),
            )

    def postpone(self, feed_id: int, *, until: datetime) -> None:
        """Check a feed later; what is known of it stays as it is."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE feeds SET next_check_at = ? WHERE id = ?", (to_seconds(until), feed_id)
            )

    def recent_dates(self, feed_id: int, *, limit: int = 10) -> list[datetime]:
        """Return the dates of a feed's newest entries."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT ordered_at FROM entries WHERE feed_id = ? ORDER BY ordered_at DESC LIMIT ?",
                (feed_id, limit),
            ).fetchall()
        return [to_time(row[0]) for row in rows]


def _summary(connection: sqlite3.Connection) -> Summary:
    row = connection.execute(
        """
        SELECT count(*) FILTER (WHERE subscribed) AS feeds,
               count(*) FILTER (WHERE subscribed AND checked_at IS NULL) AS never_checked,
               count(*) FILTER (WHERE subscribed AND errors > 0) AS failing,
               total(entries) AS entries,
               max(checked_at) AS checked_at,
               max(succeeded_at) AS succeeded_at
        FROM feeds
        """
    ).fetchone()
    return Summary(
        feeds=row["feeds"],
        never_checked=row["never_checked"],
        failing=row["failing"],
        entries=int(row["entries"]),
        last_refresh_at=to_optional_time(row["checked_at"]),
        last_success_at=to_optional_time(row["succeeded_at"]),
    )


def _subscribe(connection: sqlite3.Connection, item: Subscription, due_at: datetime) -> bool:
    return bool(
        connection.execute(
            """
            INSERT INTO feeds (url, label, site_url, next_check_at) VALUES (?, ?, ?, ?)
            ON CONFLICT (url) DO UPDATE SET
                subscribed = 1, next_check_at = excluded.next_check_at,
                label = coalesce(excluded.label, label), errors = 0, gone = 0, problem = NULL
            WHERE NOT subscribed
            """,
            (item.url, item.title, item.site_url, to_seconds(due_at)),
        ).rowcount
    )


def _delete_entries(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    marks = placeholders(len(ids))
    connection.execute(
        # A story whose first teller goes is led by its next one.
        f"""
        UPDATE entries SET story_id = (
            SELECT min(other.id) FROM entries AS other
            WHERE other.story_id = entries.story_id AND other.feed_id NOT IN ({marks})
        )
        WHERE feed_id NOT IN ({marks})
          AND story_id IN (SELECT id FROM entries WHERE feed_id IN ({marks}))
        """,
        (*ids, *ids, *ids),
    )
    connection.execute(f"DELETE FROM entries WHERE feed_id IN ({marks})", ids)
    connection.execute(
        f"""
        UPDATE feeds SET entries = 0, newest_entry = NULL, body_hash = NULL,
                         validators_url = NULL, etag = NULL, last_modified = NULL
        WHERE id IN ({marks})
        """,
        ids,
    )


def _record_answer(
    connection: sqlite3.Connection, feed_id: int, outcome: Outcome, validators: Validators
) -> None:
    connection.execute(
        """
        UPDATE feeds SET
            checked_at = :checked_at, succeeded_at = :checked_at, next_check_at = :next_check_at,
            validators_url = :url, etag = :etag, last_modified = :last_modified,
            errors = 0, gone = 0, problem = NULL
        WHERE id = :id
        """,
        {
            "id": feed_id,
            "checked_at": to_seconds(outcome.checked_at),
            "next_check_at": to_seconds(outcome.next_check_at),
            "url": validators.url,
            "etag": validators.etag,
            "last_modified": validators.last_modified,
        },
    )


def _feed(row: sqlite3.Row) -> Feed:
    validators = None
    if row["validators_url"]:
        validators = Validators(row["validators_url"], row["etag"], row["last_modified"])
    return Feed(
        id=row["id"],
        url=row["url"],
        title=row["name"],
        site_url=row["site_url"],
        entries=row["entries"],
        newest_entry=to_optional_time(row["newest_entry"]),
        status=FeedStatus(row["status"]),
        problem=row["problem"],
        warning=row["warning"],
        errors=row["errors"],
        gone=Gone(row["gone"]),
        validators=validators,
        body_hash=row["body_hash"],
        checked_at=to_optional_time(row["checked_at"]),
        next_check_at=to_time(row["next_check_at"]),
    )
