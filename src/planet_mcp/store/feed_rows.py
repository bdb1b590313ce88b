"""Rows of the table `feeds` and the values that they are: what is stored of a feed, once.

A new fact about a feed is a field of `models.Feed`, a line in `feed_of` and in `columns_of`, and
a column (a migration in `planet_mcp.store.db.schema`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from planet_mcp.models import (
    DORMANT_AFTER,
    BriefFeed,
    Feed,
    FeedStatus,
    FormerAddress,
    Gone,
    PollingHints,
    Redirect,
    Validators,
)
from planet_mcp.store.db import Connection, Row, to_optional_time, to_seconds, to_time

# Rows of the table with the status, and the former addresses as lines of time and URL.
FEEDS = """(
    SELECT feeds.*,
           (SELECT group_concat(left_at || ' ' || url, '\n') FROM former_addresses
            WHERE feed_id = feeds.id) AS former,
           CASE
               WHEN gone = 2 THEN 'gone'
               WHEN errors > 0 THEN 'failing'
               WHEN succeeded_at IS NULL THEN 'new'
               -- A feed whose entries have no dates cannot be told to be silent.
               WHEN entries = 0 OR newest_entry < :dormant_before
                   THEN 'dormant'
               ELSE 'ok'
           END AS status,
           :now AS as_of
    FROM feeds
)"""

FeedT = TypeVar("FeedT", bound=Feed | BriefFeed)


@dataclass(frozen=True, slots=True)
class FeedColumns(Generic[FeedT]):
    """The columns of `FEEDS` that a list reads, and what makes a feed of a row of them."""

    names: str
    feed_of: Callable[[Row], FeedT]


def as_of(now: datetime) -> dict[str, object]:
    """Return the values of the placeholders in `FEEDS`."""
    return {"now": to_seconds(now), "dormant_before": to_seconds(now - DORMANT_AFTER)}


def select_feeds(
    connection: Connection,
    where: str,
    values: Mapping[str, object],
    *,
    now: datetime,
    tail: str = "ORDER BY lower(name), id",
) -> list[Feed]:
    """Return the feeds of which a condition holds, by name.

    SELECT * FROM (feeds with status) WHERE subscribed AND url = :url ORDER BY lower(name), id
    """
    rows = connection.execute(
        f"SELECT * FROM {FEEDS} WHERE {where} {tail}", {**values, **as_of(now)}
    )
    return [feed_of(row) for row in rows]


def feed_of(row: Row) -> Feed:
    """Return the feed of a row of `FEEDS`."""
    # A row of SQLite compares a name with all of its names until it finds it.
    at = dict(zip(row.keys(), row, strict=True))
    return Feed(
        id=at["id"],
        url=at["url"],
        title=at["name"],
        group=at["group_name"],
        status=FeedStatus(at["status"]),
        entries=at["entries"],
        newest_entry=to_optional_time(at["newest_entry"]),
        former=_former(at["former"]),
        as_of=to_time(at["as_of"]),
        next_check_at=to_time(at["next_check_at"]),
        checked_at=to_optional_time(at["checked_at"]),
        succeeded_at=to_optional_time(at["succeeded_at"]),
        errors=at["errors"],
        gone=Gone(at["gone"]),
        problem=at["problem"],
        warning=at["warning"],
        proposal=at["proposal"],
        redirect=_redirect(at),
        validators=_validators(at),
        body_hash=at["body_hash"],
        whole_at=to_optional_time(at["whole_at"]),
        not_modified=at["not_modified"],
        overdue_at=to_optional_time(at["overdue_at"]),
        own_title=at["title"],
        site_url=at["site_url"],
        description=at["description"],
        language=at["language"],
        image_url=at["image_url"],
        hub_url=at["hub_url"],
        hints=PollingHints(
            at["hint_interval"], _numbers(at["skip_hours"]), _numbers(at["skip_days"])
        ),
    )


def brief_feed_of(row: Row) -> BriefFeed:
    """Return the feed of a row of the columns of `BRIEF`."""
    feed_id, url, title, group, status, entries, newest_entry, problem = row
    newest = to_optional_time(newest_entry)
    return BriefFeed(feed_id, url, title, group, FeedStatus(status), entries, newest, problem)


WHOLE = FeedColumns("*", feed_of)
BRIEF = FeedColumns(
    "id, url, name, group_name, status, entries, newest_entry, problem", brief_feed_of
)


def columns_of(feed: Feed) -> dict[str, object]:
    """Return the columns that an update of a feed may change, by name."""
    validators, redirect = feed.validators, feed.redirect
    return {
        "url": feed.url,
        "next_check_at": to_seconds(feed.next_check_at),
        "checked_at": to_seconds(feed.checked_at),
        "succeeded_at": to_seconds(feed.succeeded_at),
        "errors": feed.errors,
        "gone": int(feed.gone),
        "problem": feed.problem,
        "warning": feed.warning,
        "proposal": feed.proposal,
        "moved_to": redirect.url if redirect else None,
        "moved_checks": redirect.checks if redirect else 0,
        "moved_seen_at": to_seconds(redirect.seen_at) if redirect else None,
        "validators_url": validators.url if validators else None,
        "etag": validators.etag if validators else None,
        "last_modified": validators.last_modified if validators else None,
        "body_hash": feed.body_hash,
        "whole_at": to_seconds(feed.whole_at),
        "not_modified": feed.not_modified,
        "overdue_at": to_seconds(feed.overdue_at),
        "title": feed.own_title,
        "site_url": feed.site_url,
        "description": feed.description,
        "language": feed.language,
        "image_url": feed.image_url,
        "hub_url": feed.hub_url,
        "hint_interval": feed.hints.interval,
        "skip_hours": _joined(feed.hints.skip_hours),
        "skip_days": _joined(feed.hints.skip_days),
    }


def _redirect(row: Mapping[str, Any]) -> Redirect | None:
    if row["moved_to"] is None:
        return None
    return Redirect(row["moved_to"], row["moved_checks"], to_time(row["moved_seen_at"]))


def _validators(row: Mapping[str, Any]) -> Validators | None:
    if not row["validators_url"]:
        return None
    return Validators(row["validators_url"], row["etag"], row["last_modified"])


def _former(column: str | None) -> tuple[FormerAddress, ...]:
    lines = (line.partition(" ") for line in column.split("\n")) if column else ()
    addresses = [FormerAddress(url, to_time(int(left_at))) for left_at, _, url in lines]
    return tuple(sorted(addresses, key=lambda address: address.left_at, reverse=True))


def _joined(numbers: Iterable[int]) -> str:
    return ",".join(map(str, numbers))


def _numbers(column: str) -> tuple[int, ...]:
    return tuple(map(int, column.split(","))) if column else ()
