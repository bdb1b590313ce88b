"""Feeds: subscriptions, which are due, lists and counts."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic
from weakref import WeakKeyDictionary

from planet_mcp.models import Feed, FeedName, FeedStatus, Subscription
from planet_mcp.requests import FeedQuery, FeedSort
from planet_mcp.store.db import Connection, Engine, to_optional_time, to_seconds
from planet_mcp.store.feed_rows import FEEDS, FeedColumns, FeedT, as_of, select_feeds
from planet_mcp.store.saving import count_entries
from planet_mcp.store.sql import ids_of
from planet_mcp.store.stories import delete_entries_of_feeds
from planet_mcp.urls import canonical, host_of, is_address

_ORDERS: dict[FeedSort, str] = {
    "title": "lower(name), id",
    "newest_entry": "newest_entry DESC NULLS LAST, id",
    "entries": "entries DESC, id",
}


@dataclass(frozen=True, slots=True)
class FeedsPage(Generic[FeedT]):
    """Some feeds of a list, and how many of each status there are, listed or not."""

    feeds: tuple[FeedT, ...]
    counts: dict[FeedStatus, int]


@dataclass(frozen=True, slots=True)
class Summary:
    """The planet in numbers; `no_fault` is why feeds cannot be read that are not failing."""

    feeds: int
    never_checked: int
    failing: int
    entries: int
    no_fault: str | None
    last_refresh_at: datetime | None
    last_success_at: datetime | None


class Feeds:
    """The feeds of one database."""

    def __init__(self, database: Engine) -> None:
        self._database = database
        self._summaries = WeakKeyDictionary[Connection, tuple[int, Summary]]()

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
        """Return whether the first feeds were subscribed to, or deliberately none."""
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

    def put_in_groups(self, groups: Mapping[int, str | None], *, from_others: bool = False) -> None:
        """Put feeds, by id, in groups; those in another stay there unless they are to leave it."""
        named = [(name, feed_id) for feed_id, name in groups.items() if name]
        if not named:
            return
        with self._database.writing() as connection:
            connection.executemany(
                "UPDATE feeds SET group_name = ? WHERE id = ? AND (? OR group_name IS NULL)",
                [(*each, from_others) for each in named],
            )

    def unsubscribe(self, ids: Sequence[int], *, delete_entries: bool) -> None:
        """Stop following feeds; their entries stay unless they are to be deleted too."""
        with self._database.writing() as connection:
            if delete_entries:
                _delete_entries(connection, ids)
            connection.execute(
                f"UPDATE feeds SET subscribed = FALSE WHERE id IN {ids_of('?')}",
                (json.dumps([*ids]),),
            )

    def get(self, ids: Collection[int], *, now: datetime) -> dict[int, Feed]:
        """Return the feeds with these ids."""
        listed: dict[str, object] = {"ids": json.dumps([*ids])}
        where = f"id IN {ids_of(':ids')}"
        return {feed.id: feed for feed in self._select(where, listed, now=now)}

    def by_url(self, url: str, *, now: datetime) -> Feed | None:
        """Return the subscribed feed at exactly this URL."""
        found = self._select("subscribed AND url = :url", {"url": url}, now=now)
        return found[0] if found else None

    def subscribed(self, *, now: datetime) -> list[Feed]:
        """Return all feeds that are followed, by title."""
        return self._select("subscribed", {}, now=now)

    def titles(self) -> list[str]:
        """Return what the followed feeds are called, in order."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT name FROM feeds WHERE subscribed ORDER BY lower(name), id"
            ).fetchall()
        return [row[0] for row in rows]

    def names(self, *, followed: bool) -> list[FeedName]:
        """Return what feeds can be called by: those that are followed, or all with entries too."""
        former: dict[int, list[str]] = {}
        with self._database.reading() as connection:
            for feed_id, address in connection.execute(
                "SELECT feed_id, address FROM former_addresses ORDER BY left_at DESC"
            ):
                former.setdefault(feed_id, []).append(address)
            rows = connection.execute(
                "SELECT id, name, url, site_url, group_name FROM feeds "
                f"WHERE subscribed {'' if followed else 'OR entries > 0'} ORDER BY lower(name), id"
            ).fetchall()
        return [FeedName(*row[:], *[tuple(former.get(row[0], ()))]) for row in rows]

    def at(self, address: str, *, now: datetime) -> Feed | None:
        """Return the followed feed at an address, however that is spelled, or that was there."""
        key = canonical(address)
        likely = self._select(
            "subscribed AND instr(lower(url), :host) > 0", {"host": host_of(address)}, now=now
        )
        found = next((feed for feed in likely if canonical(feed.url) == key), None)
        if found:
            return found
        former = self._select(
            "subscribed AND id IN (SELECT feed_id FROM former_addresses WHERE address = :key)",
            {"key": key},
            now=now,
        )
        return next(iter(former), None)

    def known(self, *, now: datetime) -> list[Feed]:
        """Return all feeds whose entries may be in the corpus, followed or not."""
        return self._select("subscribed OR entries > 0", {}, now=now)

    def groups(self) -> dict[str, int]:
        """Return the groups that feeds stand in, by name, with how many followed ones each has."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT group_name, count(*) FILTER (WHERE subscribed) FROM feeds "
                "WHERE group_name IS NOT NULL "
                "GROUP BY group_name ORDER BY lower(group_name), group_name"
            ).fetchall()
        return dict(map(tuple, rows))

    def due(self, *, now: datetime, limit: int) -> list[Feed]:
        """Return feeds that are to be checked now, the longest overdue first."""
        return self._select(
            "subscribed AND next_check_at <= :now",
            {},
            now=now,
            tail=f"ORDER BY next_check_at, id LIMIT {int(limit)}",
        )

    def make_due(self, ids: Sequence[int], *, now: datetime) -> None:
        """Ask whoever refreshes to check these feeds now."""
        with self._database.writing() as connection:
            connection.execute(
                f"UPDATE feeds SET next_check_at = ? WHERE id IN {ids_of('?')}",
                (to_seconds(now), json.dumps([*ids])),
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
            return select_feeds(connection, where, values, now=now, tail=tail)

    # SELECT * FROM (feeds with status) WHERE subscribed AND … ORDER BY lower(name), id LIMIT 51
    def page(
        self,
        columns: FeedColumns[FeedT],
        asked: FeedQuery,
        named: Collection[int] | None,
        *,
        shown: Collection[int],
        limit: int,
        now: datetime,
    ) -> FeedsPage[FeedT]:
        """List followed feeds, of those that are `named` if any are, without those in `shown`.

        The counts are of all statuses, whichever is listed.
        """
        of_names = f"AND id IN {ids_of(':named')}" if named is not None else ""
        source = f"""FROM {FEEDS} WHERE subscribed {of_names}
            AND (CAST(:group AS TEXT) IS NULL OR lower(group_name) = lower(:group))"""
        values = {
            "named": json.dumps([*named]) if named is not None else None,
            "status": asked.status,
            "group": asked.group,
            "shown": json.dumps([*shown]),
            **as_of(now),
        }
        with self._database.reading() as connection:
            found = connection.execute(
                f"SELECT status, count(*) {source} GROUP BY status", values
            ).fetchall()
            rows = connection.execute(
                f"SELECT {columns.names} {source} AND (:status = 'any' OR status = :status) "
                f"AND id NOT IN {ids_of(':shown')} "
                f"ORDER BY {_ORDERS[asked.sort]} LIMIT {int(limit)}",
                values,
            ).fetchall()
        counts = dict.fromkeys(FeedStatus, 0) | {FeedStatus(row[0]): row[1] for row in found}
        return FeedsPage(tuple(map(columns.feed_of, rows)), counts)

    def summary(self) -> Summary:
        """Count feeds and entries, and note when a feed was last checked and last answered.

        Every answer asks for it, so it is counted again only when the database has changed.
        """
        with self._database.reading() as connection:
            version = connection.state()
            known = self._summaries.get(connection)
            if known is None or known[0] != version:
                known = version, _summary(connection)
                self._summaries[connection] = known
        return known[1]


def _summary(connection: Connection) -> Summary:
    row = connection.execute(
        """
        SELECT count(*) FILTER (WHERE subscribed) AS feeds,
               count(*) FILTER (WHERE subscribed AND checked_at IS NULL) AS never_checked,
               count(*) FILTER (WHERE subscribed AND errors > 0) AS failing,
               max(problem) FILTER (WHERE subscribed AND errors = 0) AS no_fault,
               CAST(coalesce(sum(entries), 0) AS BIGINT) AS entries,
               max(checked_at) AS checked_at,
               max(succeeded_at) AS succeeded_at
        FROM feeds
        """
    ).fetchone()
    return Summary(
        feeds=row["feeds"],
        never_checked=row["never_checked"],
        failing=row["failing"],
        entries=row["entries"],
        no_fault=row["no_fault"],
        last_refresh_at=to_optional_time(row["checked_at"]),
        last_success_at=to_optional_time(row["succeeded_at"]),
    )


def _subscribe(connection: Connection, item: Subscription, due_at: datetime) -> bool:
    # Programs that know no title write the address in its place.
    label = item.title if item.title and not is_address(item.title, item.url) else None
    return bool(
        connection.execute(
            """
            INSERT INTO feeds (url, label, site_url, group_name, next_check_at)
            VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (url) DO UPDATE SET
                subscribed = TRUE, next_check_at = excluded.next_check_at,
                label = coalesce(excluded.label, feeds.label),
                group_name = coalesce(excluded.group_name, feeds.group_name),
                errors = 0, gone = 0, problem = NULL
            WHERE NOT feeds.subscribed
            """,
            (item.url, label, item.site_url, item.group, to_seconds(due_at)),
        ).rowcount
    )


def _delete_entries(connection: Connection, ids: Sequence[int]) -> None:
    listed = json.dumps([*ids])
    delete_entries_of_feeds(connection, listed)
    connection.execute(
        f"""
        UPDATE feeds SET body_hash = NULL, validators_url = NULL, etag = NULL, last_modified = NULL,
                         -- Its next document is the first one again (`feeds.archive`).
                         succeeded_at = NULL
        WHERE id IN {ids_of("?")}
        """,
        (listed,),
    )
    count_entries(connection, ids)
