"""Entries read: the river of what is new, whole texts, fetched pages."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from planet_mcp.models import Article, Enclosure
from planet_mcp.store.database import Database
from planet_mcp.store.pages import page_id, put_article
from planet_mcp.store.rows import (
    split_names,
    to_optional_time,
    to_seconds,
    to_time,
)
from planet_mcp.urls import canonical, host_of

MERGED_PAGES = 50

# Of the first entry `s` of a story: that it is one, and of all that a feed has of the story.
_FIRST = "s.story_id = s.id AND s.feed_id IS NOT NULL"
_FIRST_OF_FEED = """
    s.feed_id = :feed_id AND NOT EXISTS (
        SELECT 1 FROM entries AS o
        WHERE (o.id = s.story_id OR (o.story_id = s.story_id AND o.story_id <> o.id))
          AND o.feed_id = :feed_id AND o.id < s.id
    )
"""
# The fullest that a feed has of the story of `s`.
TOLD_IN_FEED = """(
    SELECT o.id FROM entries AS o
    WHERE (o.id = s.story_id OR (o.story_id = s.story_id AND o.story_id <> o.id))
      AND o.feed_id = :feed_id
    ORDER BY o.words DESC, o.id LIMIT 1
)"""
# The title of an entry `e`, which may have it from another one that tells the same story.
TOLD_TITLE = """CASE WHEN e.title_derived THEN coalesce(
    (SELECT first.told_title FROM entries AS first WHERE first.id = e.story_id), c.title
) ELSE c.title END"""


@dataclass(frozen=True, slots=True)
class RiverEntry:
    """One line of the river; `text` is the Markdown, cut, when it was asked for.

    `id` is the entry that tells the story, `first_id` the one that stands for it in the order.
    """

    id: int
    first_id: int
    feed_id: int
    feed: str
    title: str
    url: str | None
    ordered_at: datetime
    excerpt: str
    text: str
    also_in: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EntryText:
    """An entry with its whole text, as its feed gave it."""

    id: int
    feed: str | None
    title: str
    url: str | None
    authors: tuple[str, ...]
    published: datetime | None
    seen_at: datetime
    markdown: str
    words: int
    teaser: bool
    enclosures: tuple[Enclosure, ...]


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """The text of an entry's page, fetched on its own."""

    url: str
    title: str
    authors: tuple[str, ...]
    published: datetime | None
    markdown: str
    fetched_at: datetime


class Entries:
    """The entries of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest_id(self) -> int:
        """Return the id of the entry stored last; ids are given out in the order of storing."""
        with self._database.reading() as connection:
            return _newest_id(connection)

    def ids_like(self, beginning: str, *, feeds: bool, limit: int) -> list[str]:
        """Return ids of feeds or of entries whose digits begin so, the newest first."""
        table = "feeds WHERE subscribed AND" if feeds else "entries WHERE"
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT id FROM {table} substr(id, 1, ?) = ? ORDER BY id DESC LIMIT ?",
                (len(beginning), beginning, limit),
            ).fetchall()
        return [str(row[0]) for row in rows]

    def river(
        self,
        *,
        since: datetime,
        feed_id: int | None,
        snapshot: int,
        before: tuple[int, int] | None,
        limit: int,
        text_chars: int,
    ) -> tuple[list[RiverEntry], int]:
        """Return entries since a moment, newest first, and how many there are in all.

        Only entries stored up to `snapshot` count; `before` is the (time, id) of the last entry
        that was shown already.
        """
        where = "s.ordered_at >= :since AND s.id <= :snapshot"
        more = " AND (s.ordered_at, s.id) < (:time, :id)" if before else ""
        values: dict[str, object] = {"since": to_seconds(since), "snapshot": snapshot}
        values |= {"time": before[0], "id": before[1]} if before else {}
        return self._river(
            where, more, values, "s.ordered_at DESC, s.id DESC", feed_id, limit, text_chars
        )

    def arrivals(
        self,
        *,
        after: int,
        snapshot: int,
        feed_id: int | None,
        shown: int,
        limit: int,
        text_chars: int,
    ) -> tuple[list[RiverEntry], int]:
        """Return entries stored after an id, in the order of storing, and how many there are.

        `shown` is the id up to which they were shown already.
        """
        where = "s.id > :after AND s.id <= :snapshot"
        values: dict[str, object] = {"after": after, "snapshot": snapshot, "shown": shown}
        return self._river(where, " AND s.id > :shown", values, "s.id", feed_id, limit, text_chars)

    def _river(  # noqa: PLR0917
        self,
        where: str,
        more: str,
        values: dict[str, object],
        order: str,
        feed_id: int | None,
        limit: int,
        text_chars: int,
    ) -> tuple[list[RiverEntry], int]:
        source = f"FROM entries AS s WHERE {where} AND {_FIRST_OF_FEED if feed_id else _FIRST}"
        values = {**values, "feed_id": feed_id, "limit": limit, "chars": text_chars}
        with self._database.reading() as connection:
            total: int = connection.execute(f"SELECT count(*) {source}", values).fetchone()[0]
            rows = connection.execute(
                f"""
                SELECT e.id, s.id AS first_id, e.feed_id, coalesce(f.label, f.title, f.url) AS feed,
                       {TOLD_TITLE} AS title, e.url, s.ordered_at, c.excerpt,
                       substr(c.markdown, 1, :chars) AS text
                FROM (SELECT s.* {source}{more} ORDER BY {order} LIMIT :limit) AS s
                JOIN entries AS e ON e.id = {TOLD_IN_FEED if feed_id else "s.told_by"}
                JOIN feeds AS f ON f.id = e.feed_id
                JOIN contents AS c ON c.entry_id = e.id
                ORDER BY {order}
                """,
                values,
            ).fetchall()
            retold = retellings(connection, [row["id"] for row in rows])
        return [_river_entry(row, retold) for row in rows], total

    def text(self, entry_id: int) -> EntryText | None:
        """Return an entry with its whole text."""
        with self._database.reading() as connection:
            row = connection.execute(
                f"""
                SELECT e.id, coalesce(f.label, f.title, f.url) AS feed, {TOLD_TITLE} AS title,
                       e.url, c.authors, e.published,
                       coalesce(e.revised_at, e.first_seen_at) AS seen_at,
                       c.markdown, e.words, e.teaser
                FROM entries AS e
                JOIN contents AS c ON c.entry_id = e.id
                LEFT JOIN feeds AS f ON f.id = e.feed_id
                WHERE e.id = ?
                """,
                (entry_id,),
            ).fetchone()
            enclosures = connection.execute(
                """
                SELECT url, type, length, seconds FROM enclosures
                WHERE entry_id = ? ORDER BY position
                """,
                (entry_id,),
            ).fetchall()
        return None if row is None else _entry_text(row, enclosures)

    def find(self, url: str) -> int | None:
        """Return the id of the entry at this URL, the fullest of several, or else of the page."""
        with self._database.reading() as connection:
            row = connection.execute(
                """
                SELECT id FROM entries WHERE canonical_url = ?
                ORDER BY feed_id IS NULL, words DESC, id LIMIT 1
                """,
                (canonical(url),),
            ).fetchone()
        return row[0] if row else None

    def article(self, entry_id: int) -> StoredArticle | None:
        """Return the page that was fetched for an entry."""
        with self._database.reading() as connection:
            row = connection.execute(
                """
                SELECT url, title, authors, published, markdown, fetched_at
                FROM articles WHERE entry_id = ?
                """,
                (entry_id,),
            ).fetchone()
        return None if row is None else _stored_article(row)

    def save_article(self, entry_id: int, url: str, article: Article, *, now: datetime) -> None:
        """Keep the page fetched for an entry and make its text searchable."""
        with self._database.writing() as connection:
            put_article(connection, entry_id, url, article, now=now)

    def save_page(self, url: str, article: Article, *, now: datetime) -> int:
        """Keep a page that belongs to no feed; returns its entry id."""
        with self._database.writing() as connection:
            entry_id = page_id(connection, url, article, now)
            put_article(connection, entry_id, url, article, now=now)
        return entry_id

    def merge_index(self) -> bool:
        """Merge some segments of the index, a short transaction's worth; False when all is done.

        Each feed leaves a segment of its own, and a search looks into all of them
        (sqlite.org/fts5.html, section 6.8).
        """
        with self._database.writing() as connection:
            before = connection.total_changes
            connection.execute(
                "INSERT INTO entries_index (entries_index, rank) VALUES ('merge', ?)",
                (MERGED_PAGES,),
            )
            return connection.total_changes - before > 1

    def knows_host(self, host: str) -> bool:
        """Say whether a feed, a site or a stored entry leads to this host."""
        with self._database.reading() as connection:
            if connection.execute("SELECT 1 FROM hosts WHERE host = ?", (host,)).fetchone():
                return True
            rows = connection.execute("SELECT url, site_url FROM feeds").fetchall()
        return any(host in {host_of(row["url"]), host_of(row["site_url"] or "")} for row in rows)


def _newest_id(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'entries'").fetchone()
    return int(row[0]) if row else 0


def retellings(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return, for each entry whose story others tell too, the titles of the other feeds."""
    rows = connection.execute(
        """
        SELECT DISTINCT e.id, coalesce(f.label, f.title, f.url) AS feed
        FROM entries AS e
        JOIN entries AS o ON o.id = e.story_id OR (o.story_id = e.story_id AND o.story_id <> o.id)
        JOIN feeds AS f ON f.id = o.feed_id
        WHERE e.id IN (SELECT value FROM json_each(?)) AND o.feed_id IS NOT e.feed_id
        ORDER BY feed
        """,
        (json.dumps(ids),),
    ).fetchall()
    found: dict[int, tuple[str, ...]] = {}
    for row in rows:
        found[row["id"]] = (*found.get(row["id"], ()), row["feed"])
    return found


def _river_entry(row: sqlite3.Row, retold: dict[int, tuple[str, ...]]) -> RiverEntry:
    return RiverEntry(
        id=row["id"],
        first_id=row["first_id"],
        feed_id=row["feed_id"],
        feed=row["feed"],
        title=row["title"],
        url=row["url"],
        ordered_at=to_time(row["ordered_at"]),
        excerpt=row["excerpt"],
        text=row["text"],
        also_in=retold.get(row["id"], ()),
    )


def _entry_text(row: sqlite3.Row, enclosures: Sequence[sqlite3.Row]) -> EntryText:
    return EntryText(
        id=row["id"],
        feed=row["feed"],
        title=row["title"],
        url=row["url"],
        authors=split_names(row["authors"]),
        published=to_optional_time(row["published"]),
        seen_at=to_time(row["seen_at"]),
        markdown=row["markdown"],
        words=row["words"],
        teaser=bool(row["teaser"]),
        enclosures=tuple(Enclosure(*each) for each in enclosures),
    )


def _stored_article(row: sqlite3.Row) -> StoredArticle:
    return StoredArticle(
        url=row["url"],
        title=row["title"],
        authors=split_names(row["authors"]),
        published=to_optional_time(row["published"]),
        markdown=row["markdown"],
        fetched_at=to_time(row["fetched_at"]),
    )
