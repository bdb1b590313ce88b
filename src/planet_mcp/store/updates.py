"""Updates of feeds: one read of what a decision needs, and one write of what was decided."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from planet_mcp.models import (
    Answered,
    DomainPause,
    EntryChange,
    FactsWanted,
    Feed,
    FeedFacts,
    FeedPlan,
    ParsedEntry,
    Postponement,
    RecognisedEntry,
)
from planet_mcp.store.db import Connection, Engine, FeedClaims, Row, to_seconds, to_time
from planet_mcp.store.feed_rows import columns_of, select_feeds
from planet_mcp.store.retention import deleted_entries, kept_since
from planet_mcp.store.saving import rename_feed, write_entries
from planet_mcp.store.sql import ids_of
from planet_mcp.store.statistics import count_answer
from planet_mcp.store.stories import recognise
from planet_mcp.urls import canonical, host_of, registrable_domain

T = TypeVar("T")

# Longer than a query for a reader: a document may have a hundred thousand entries.
FACTS_SECONDS = 120.0
PAUSES_REMEMBERED_FOR = timedelta(days=1)


class Updates:
    """The updates of the feeds of one database, of which entries are kept for `keep`, or always.

    Of a document's entries so many are written in one transaction. With `claims`, nothing is
    written of a feed that another process took over.
    """

    def __init__(
        self,
        database: Engine,
        keep: timedelta | None,
        *,
        claims: FeedClaims | None = None,
        entries_at_once: int = 2_000,
    ) -> None:
        self._database = database
        self._keep = keep
        self._claims = claims
        self._at_once = entries_at_once

    def facts(self, feed_id: int, wanted: FactsWanted, *, now: datetime) -> FeedFacts | None:
        """Return what a decision about a feed needs; None when it is not followed (any more)."""
        with self._database.reading(seconds=FACTS_SECONDS) as connection:
            feeds = select_feeds(connection, "subscribed AND id = :id", {"id": feed_id}, now=now)
            if not feeds:
                return None
            return FeedFacts(
                feeds[0],
                tuple(_row(connection, feed_id) or ()),
                tuple(self._recognised(connection, feed_id, wanted.entries)),
                dates=self._dates(connection, feed_id, wanted.dates),
                kept_since=kept_since(connection, self._keep, now),
                is_target_followed=_is_followed(connection, feed_id, wanted.target),
                neighbours=_neighbours(connection, feed_id, wanted.domain),
            )

    def apply(self, plan: FeedPlan) -> Feed | None:
        """Write what was decided about a feed, and return the feed as it is stored now.

        None, and no more is written, when the plan was made from facts that hold no longer. While
        one transaction is committed nobody reads, so what a very long document brings is written
        in several; the feed counts as read with the last, and is read again if that does not come.
        What this process claimed of it is given back then.

        Raises:
            LateAnswerError: Another process took the feed over.
        """
        token: tuple[object, ...] | None = plan.change_token
        first, *later = _parts(plan.changes, self._at_once)
        for following in later:
            token = self._write(partial(_write_ahead, plan, token, first), plan, first, ends=False)
            first = following
        stored = self._write(partial(_write_plan, plan, token, first), plan, first, ends=True)
        if stored and self._claims:
            self._claims.forget(claim_of(plan.feed.id))
        return stored

    def _write(
        self,
        work: Callable[[Connection], T],
        plan: FeedPlan,
        changes: Sequence[EntryChange],
        *,
        ends: bool,
    ) -> T:
        def claimed(connection: Connection) -> T:
            written = work(connection)
            if written and self._claims:
                self._claims.confirm(connection, claim_of(plan.feed.id), ends=ends)
            return written

        return self._database.write(claimed, weight=len(changes))

    def pauses(self, now: datetime) -> list[DomainPause]:
        """Return the pauses of domains, those of the last day that are over included."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT domain, until, times FROM pauses WHERE until > ?",
                (to_seconds(now - PAUSES_REMEMBERED_FOR),),
            )
            return [DomainPause(row["domain"], to_time(row["until"]), row["times"]) for row in rows]

    def _recognised(
        self, connection: Connection, feed_id: int, entries: Sequence[ParsedEntry]
    ) -> list[RecognisedEntry]:
        """Recognise the entries of a document; of those with one key the first counts."""
        document = list({entry.key: entry for entry in reversed(entries)}.values())[::-1]
        found = recognise(connection, feed_id, document)
        deleted = deleted_entries(connection, feed_id, document) if self._keep else {}
        if not deleted:
            return found
        return [
            replace(each, deleted_from=deleted.get(entry.key))
            for entry, each in zip(document, found, strict=True)
        ]

    def _dates(self, connection: Connection, feed_id: int, limit: int) -> tuple[datetime, ...]:
        """Return what a feed's newest entries are ordered by, with those that were deleted."""
        times: list[int] = []
        # Archived entries without dates are ordered by places we gave them, and tell no rhythm.
        entries, deleted = "entries WHERE NOT (archived AND undated) AND", "forgotten WHERE"
        for rows_of in (entries, deleted) if self._keep else (entries,):
            rows = connection.execute(
                f"SELECT ordered_at FROM {rows_of} feed_id = ? ORDER BY ordered_at DESC LIMIT ?",
                (feed_id, limit),
            )
            times += (row[0] for row in rows)
        return tuple(map(to_time, sorted(times, reverse=True)[:limit]))


def claim_of(feed_id: int) -> str:
    """Return what a process claims that checks a feed."""
    return f"feed {feed_id}"


def _write_ahead(
    plan: FeedPlan,
    token: tuple[object, ...] | None,
    changes: Sequence[EntryChange],
    connection: Connection,
) -> tuple[object, ...] | None:
    """Write entries of a document that has more; returns what the feed's row is then."""
    before = _row(connection, plan.feed.id)
    if before is None or tuple(before) != token:
        return None
    # The title goes first, as it is indexed with each entry.
    connection.execute(
        "UPDATE feeds SET title = ? WHERE id = ?", (plan.feed.own_title, plan.feed.id)
    )
    name = _rename(connection, before)
    write_entries(connection, plan.feed.id, name, changes, now=plan.now)
    return tuple(_row(connection, plan.feed.id) or ())


def _write_plan(
    plan: FeedPlan,
    token: tuple[object, ...] | None,
    changes: Sequence[EntryChange],
    connection: Connection,
) -> Feed | None:
    feed = plan.feed
    before = _row(connection, feed.id)
    if before is None or tuple(before) != token:
        return None
    if feed.url != before["url"]:
        if _is_followed(connection, feed.id, feed.url):
            return None
        _leave_address(connection, before, plan.now, left_for=feed.url)
    _write_feed(connection, feed, before)
    name = _rename(connection, before)
    write_entries(connection, feed.id, name, changes, now=plan.now)
    if plan.postponement:
        _postpone(connection, plan.postponement)
    elif plan.answered in {Answered.DOCUMENT, Answered.NOT_MODIFIED}:
        _forget_pause(connection, feed, plan.now)
    if plan.answered:
        count_answer(connection, plan.answered, now=plan.now)
    return select_feeds(connection, "id = :id", {"id": feed.id}, now=plan.now)[0]


def _parts(changes: Sequence[EntryChange], size: int) -> list[Sequence[EntryChange]]:
    return [changes[begin : begin + size] for begin in range(0, len(changes), size)] or [()]


def _row(connection: Connection, feed_id: int) -> Row | None:
    """Return all columns of a feed; every check and every count of its entries changes some."""
    row: Row | None = connection.execute("SELECT * FROM feeds WHERE id = ?", (feed_id,)).fetchone()
    return row


def _is_followed(connection: Connection, feed_id: int, url: str | None) -> bool:
    """Return whether another feed is, or was once, followed at an address."""
    if url is None:
        return False
    rows = connection.execute("SELECT url FROM feeds WHERE id <> ?", (feed_id,))
    address = canonical(url)
    return any(canonical(row["url"]) == address for row in rows)


def _neighbours(connection: Connection, feed_id: int, domain: str | None) -> tuple[int, ...]:
    if domain is None:
        return ()
    rows = connection.execute("SELECT id, url FROM feeds WHERE subscribed AND id <> ?", (feed_id,))
    return tuple(row["id"] for row in rows if registrable_domain(host_of(row["url"])) == domain)


def _leave_address(connection: Connection, feed: Row, now: datetime, *, left_for: str) -> None:
    """Remember where a feed was followed, so that it is known there too."""
    connection.execute("DELETE FROM former_addresses WHERE address = ?", (canonical(left_for),))
    connection.execute(
        """
        INSERT INTO former_addresses (address, feed_id, url, left_at) VALUES (?, ?, ?, ?)
        ON CONFLICT (address) DO UPDATE SET
            feed_id = excluded.feed_id, url = excluded.url, left_at = excluded.left_at
        """,
        (canonical(feed["url"]), feed["id"], feed["url"], to_seconds(now)),
    )


def _write_feed(connection: Connection, feed: Feed, before: Row) -> None:
    """Write what has changed: UPDATE feeds SET errors = :errors, … WHERE id = :id."""
    columns = columns_of(feed)
    # Columns that did not change are left out: to write a URL again would also write its index.
    changed = [name for name, value in columns.items() if value != before[name]]
    if changed:
        connection.execute(
            f"UPDATE feeds SET {', '.join(f'{name} = :{name}' for name in changed)} WHERE id = :id",
            {**columns, "id": feed.id},
        )


def _rename(connection: Connection, before: Row) -> str:
    """Let the entries of a feed be found by its name, if that is another now; returns it."""
    name = _indexed_name(connection, before["id"])
    if before["indexed_name"] != name:
        rename_feed(connection, before["id"], name)
    return name


def _indexed_name(connection: Connection, feed_id: int) -> str:
    row = connection.execute("SELECT indexed_name FROM feeds WHERE id = ?", (feed_id,)).fetchone()
    return str(row[0])


def _postpone(connection: Connection, postponement: Postponement) -> None:
    ids, pause = postponement.feed_ids, postponement.pause
    connection.execute(
        """
        INSERT INTO pauses (domain, until, times) VALUES (?, ?, ?)
        ON CONFLICT (domain) DO UPDATE SET times = excluded.times, until =
            CASE WHEN excluded.until > pauses.until THEN excluded.until ELSE pauses.until END
        """,
        (pause.domain, to_seconds(pause.until), pause.times),
    )
    connection.execute(
        "UPDATE feeds SET next_check_at = :until WHERE next_check_at < :until "
        f"AND id IN {ids_of(':ids')}",
        {"until": to_seconds(pause.until), "ids": json.dumps(ids)},
    )


def _forget_pause(connection: Connection, feed: Feed, now: datetime) -> None:
    """Let the next pause of a feed's domain be a first one, since the domain answered."""
    connection.execute(
        "DELETE FROM pauses WHERE domain = ? AND until <= ?",
        (registrable_domain(host_of(feed.url)), to_seconds(now)),
    )
