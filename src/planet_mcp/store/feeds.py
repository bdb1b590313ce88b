"""Feeds: subscriptions, what is due, what a check brought, lists and counts."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from planet_mcp.feeds import redirects
from planet_mcp.feeds.schedule import DORMANT_AFTER
from planet_mcp.models import (
    Feed,
    FeedStatus,
    Gone,
    Move,
    ParsedEntry,
    ParsedFeed,
    PollingHints,
    Subscription,
    Validators,
)
from planet_mcp.requests import FeedQuery, FeedSort
from planet_mcp.store.db import (
    Database,
    placeholders,
    split_names,
    to_optional_time,
    to_seconds,
    to_time,
)
from planet_mcp.store.saving import count_entries, rename_feed, save_entries
from planet_mcp.store.statistics import Answered, count_answer
from planet_mcp.store.stories import delete_entries_of_feeds, recognise
from planet_mcp.times import day_of
from planet_mcp.urls import canonical

MOVE_SAID_FOR = timedelta(days=30)


_COLUMNS = """
    id, url, name, site_url, entries, newest_entry,
    problem, warning, errors, gone, validators_url, etag, last_modified, body_hash,
    checked_at, next_check_at, hint_interval, skip_hours, skip_days,
    moved_to, moved_checks, moved_seen_at, proposal,
    (SELECT url || char(10) || left_at FROM former_addresses
     WHERE feed_id = feeds.id AND left_at > :said_after ORDER BY left_at DESC LIMIT 1) AS former,
    (SELECT group_concat(url, char(10)) FROM former_addresses
     WHERE feed_id = feeds.id) AS former_urls,
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
    """What a check of a feed decided about its next one, and what it showed of a move."""

    checked_at: datetime
    next_check_at: datetime
    move: Move | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """What was wrong with a feed, in words, and where its site has another one."""

    problem: str
    gone: Gone = Gone.NO
    proposal: str | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """What a feed document brought: new entries, and whether it has any that were known."""

    new: int
    shared: bool


class Feeds:
    """The feeds of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._summaries = WeakKeyDictionary[sqlite3.Connection, tuple[int, Summary]]()

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
                {**values, **_periods(now)},
            ).fetchall()
        return [_feed(row) for row in rows]

    def page(
        self, asked: FeedQuery, *, shown: Collection[int], limit: int, now: datetime
    ) -> FeedsPage:
        """List followed feeds whose title or URL contains the query, without those in `shown`."""
        where = """
            subscribed
            AND (:query = '' OR instr(lower(name || ' ' || url || ' ' || coalesce(site_url, '')),
                                      :query))
            AND (:status = 'any' OR status = :status)
        """
        values = {
            "query": asked.query.strip().lower(),
            "status": asked.status,
            **_periods(now),
        }
        source = f"FROM (SELECT {_COLUMNS}, subscribed FROM feeds) WHERE {where}"
        hidden = ", ".join(str(int(item)) for item in shown)
        with self._database.reading() as connection:
            total: int = connection.execute(f"SELECT count(*) {source}", values).fetchone()[0]
            rows = connection.execute(
                f"SELECT * {source} AND id NOT IN ({hidden}) "
                f"ORDER BY {_ORDERS[asked.sort]} LIMIT {int(limit)}",
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
            known = self._summaries.get(connection)
            if known is None or known[0] != version:
                known = version, _summary(connection)
                self._summaries[connection] = known
        return known[1]

    def record_document(
        self,
        feed_id: int,
        parsed: ParsedFeed,
        outcome: Outcome,
        *,
        validators: Validators,
        body_hash: str,
    ) -> Saved:
        """Store what a feed document brought, with the feed's state."""
        with self._database.writing() as connection:
            before = _name(connection, feed_id)
            _describe(connection, feed_id, parsed, body_hash)
            if before and before != _name(connection, feed_id):
                rename_feed(connection, feed_id)
            cut = parsed.entries[-1].key if parsed.truncated and parsed.entries else None
            new = save_entries(connection, feed_id, parsed.entries, cut=cut, now=outcome.checked_at)
            _record_answer(connection, feed_id, outcome, validators)
            count_answer(connection, Answered.DOCUMENT, now=outcome.checked_at)
        return Saved(new, shared=new < len({entry.key for entry in parsed.entries}))

    def has_any(self, feed_id: int, entries: Sequence[ParsedEntry]) -> bool:
        """Say whether any of these is an entry that the feed is known to have."""
        with self._database.reading() as connection:
            return any(found.known for found in recognise(connection, feed_id, entries))

    def record_unchanged(
        self, feed_id: int, outcome: Outcome, *, validators: Validators, answered: Answered
    ) -> None:
        """Note that a feed answered, but has nothing new."""
        with self._database.writing() as connection:
            _record_answer(connection, feed_id, outcome, validators)
            count_answer(connection, answered, now=outcome.checked_at)

    def record_failure(self, feed_id: int, outcome: Outcome, *, failure: Failure) -> None:
        """Note that a check failed; entries and validators stay as they are."""
        with self._database.writing() as connection:
            count_answer(connection, Answered.FAILURE, now=outcome.checked_at)
            connection.execute(
                """
                UPDATE feeds SET checked_at = ?, next_check_at = ?, errors = errors + 1,
                                 problem = ?, gone = ?, proposal = ?
                WHERE id = ?
                """,
                (
                    to_seconds(outcome.checked_at),
                    to_seconds(outcome.next_check_at),
                    failure.problem,
                    int(failure.gone),
                    failure.proposal,
                    feed_id,
                ),
            )

    def postpone(self, ids: Sequence[int], *, until: datetime) -> None:
        """Check feeds later that would be checked before; what is known of them stays."""
        with self._database.writing() as connection:
            connection.execute(
                f"UPDATE feeds SET next_check_at = max(next_check_at, ?) "
                f"WHERE id IN ({placeholders(len(ids))})",
                (to_seconds(until), *ids),
            )

    def adopt(self, feed_id: int, url: str, *, now: datetime) -> bool:
        """Follow a feed at the address that it moved to; False when another feed is there."""
        address = canonical(url)
        with self._database.writing() as connection:
            rows = connection.execute("SELECT id, url FROM feeds").fetchall()
            if any(row["id"] != feed_id and canonical(row["url"]) == address for row in rows):
                return False
            before = next(row["url"] for row in rows if row["id"] == feed_id)
            connection.execute("DELETE FROM former_addresses WHERE address = ?", (address,))
            connection.execute(
                """
                INSERT INTO former_addresses (address, feed_id, url, left_at) VALUES (?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET feed_id = excluded.feed_id, url = excluded.url,
                                          left_at = excluded.left_at
                """,
                (canonical(before), feed_id, before, to_seconds(now)),
            )
            connection.execute(
                "UPDATE feeds SET url = ?, moved_to = NULL, moved_checks = 0 WHERE id = ?",
                (url, feed_id),
            )
        return True

    def recent_dates(self, feed_id: int, *, limit: int = 10) -> list[datetime]:
        """Return the dates of a feed's newest entries."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT ordered_at FROM entries WHERE feed_id = ? ORDER BY ordered_at DESC LIMIT ?",
                (feed_id, limit),
            ).fetchall()
        return [to_time(row[0]) for row in rows]


def _name(connection: sqlite3.Connection, feed_id: int) -> str | None:
    row = connection.execute("SELECT indexed_name FROM feeds WHERE id = ?", (feed_id,)).fetchone()
    return None if row is None else row[0]


def _describe(
    connection: sqlite3.Connection, feed_id: int, parsed: ParsedFeed, body_hash: str
) -> None:
    connection.execute(
        """
        UPDATE feeds SET
            title = coalesce(:title, title), site_url = coalesce(:site_url, site_url),
            description = coalesce(:description, description),
            language = coalesce(:language, language),
            image_url = coalesce(:image_url, image_url), hub_url = :hub_url,
            hint_interval = :interval, skip_hours = :hours, skip_days = :days,
            body_hash = :body_hash, warning = :warning
        WHERE id = :id
        """,
        {
            "id": feed_id,
            "title": parsed.title,
            "site_url": parsed.site_url,
            "description": parsed.description,
            "language": parsed.language,
            "image_url": parsed.image_url,
            "hub_url": parsed.hub_url,
            "interval": parsed.hints.interval,
            "hours": _join_numbers(parsed.hints.skip_hours),
            "days": _join_numbers(parsed.hints.skip_days),
            "body_hash": body_hash,
            "warning": parsed.warning,
        },
    )


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
    delete_entries_of_feeds(connection, json.dumps(ids))
    connection.execute(
        f"""
        UPDATE feeds SET body_hash = NULL, validators_url = NULL, etag = NULL, last_modified = NULL
        WHERE id IN ({placeholders(len(ids))})
        """,
        ids,
    )
    count_entries(connection, ids)


def _record_answer(
    connection: sqlite3.Connection, feed_id: int, outcome: Outcome, validators: Validators
) -> None:
    connection.execute(
        """
        UPDATE feeds SET
            checked_at = :checked_at, succeeded_at = :checked_at, next_check_at = :next_check_at,
            validators_url = :url, etag = :etag, last_modified = :last_modified,
            moved_to = :moved_to, moved_checks = :moved_checks, moved_seen_at = :moved_seen_at,
            errors = 0, gone = 0, problem = NULL, proposal = NULL
        WHERE id = :id
        """,
        {
            "id": feed_id,
            "checked_at": to_seconds(outcome.checked_at),
            "next_check_at": to_seconds(outcome.next_check_at),
            "url": validators.url,
            "etag": validators.etag,
            "last_modified": validators.last_modified,
            "moved_to": outcome.move.url if outcome.move else None,
            "moved_checks": outcome.move.checks if outcome.move else 0,
            "moved_seen_at": to_seconds(outcome.move.seen_at) if outcome.move else None,
        },
    )


def _periods(now: datetime) -> dict[str, object]:
    return {
        "dormant_before": to_seconds(now - DORMANT_AFTER),
        "said_after": to_seconds(now - MOVE_SAID_FOR),
    }


def _join_numbers(numbers: Iterable[int]) -> str:
    return ",".join(map(str, numbers))


def _split_numbers(column: str) -> tuple[int, ...]:
    return tuple(map(int, column.split(","))) if column else ()


def _warning(row: sqlite3.Row) -> str | None:
    said = [row["warning"]]
    if row["former"]:
        url, _, left_at = row["former"].partition("\n")
        said.append(
            f"It moved here; it was followed at {url} until {day_of(to_time(int(left_at)))}"
        )
    if row["moved_checks"] >= redirects.CHECKS:
        said.append(
            f"It moved to {row['moved_to']}, where another feed is followed: remove one of the two"
        )
    return "; ".join(filter(None, said)) or None


def _move(row: sqlite3.Row) -> Move | None:
    if row["moved_to"] is None:
        return None
    return Move(row["moved_to"], row["moved_checks"], to_time(row["moved_seen_at"]))


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
        warning=_warning(row),
        errors=row["errors"],
        gone=Gone(row["gone"]),
        validators=validators,
        body_hash=row["body_hash"],
        hints=PollingHints(
            row["hint_interval"],
            _split_numbers(row["skip_hours"]),
            _split_numbers(row["skip_days"]),
        ),
        move=_move(row),
        proposal=row["proposal"],
        former_urls=split_names(row["former_urls"] or ""),
        checked_at=to_optional_time(row["checked_at"]),
        next_check_at=to_time(row["next_check_at"]),
    )
