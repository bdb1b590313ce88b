"""Entries read: the river of what is new, whole texts, fetched pages."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from planet_mcp.models import Article, Enclosure, Validators
from planet_mcp.store.db import (
    Database,
    split_names,
    to_optional_time,
    to_seconds,
    to_time,
)
from planet_mcp.store.webpages import (
    Teaser,
    page_id,
    put_article,
    renew_article,
    retry_teaser,
    teasers_due,
)
from planet_mcp.urls import canonical, host_of

MERGED_PAGES = 50


def _tells_story_of(alias: str) -> str:
    """Write that entry `o` tells the story of another; spelled so that both parts have an index."""
    return f"(o.id = {alias}.story_id OR (o.story_id = {alias}.story_id AND o.story_id <> o.id))"


# Of the first entry `s` of a story: that it is one, and of all that a feed has of the story.
FIRST = "s.story_id = s.id AND s.feed_id IS NOT NULL"
FIRST_OF_FEED = f"""
    s.feed_id = :feed_id AND NOT EXISTS (
        SELECT 1 FROM entries AS o
        WHERE {_tells_story_of("s")} AND o.feed_id = :feed_id AND o.id < s.id
    )
"""
TELLS_STORY_OF_E = _tells_story_of("e")
# The fullest that a feed has of the story of `s`.
TOLD_IN_FEED = f"""(
    SELECT o.id FROM entries AS o
    WHERE {_tells_story_of("s")} AND o.feed_id = :feed_id
    ORDER BY o.words DESC, o.id LIMIT 1
)"""
# The feed that tells the story of `s`, which is nearly always that of `s`.
_TELLER = """CASE WHEN s.told_by = s.id THEN s.feed_id
ELSE (SELECT e.feed_id FROM entries AS e WHERE e.id = s.told_by) END"""
# A list that is read in parts goes by where its stories stood when the first part was made.
_STOOD_AT = "coalesce((SELECT value FROM json_each(:moved) WHERE key = s.id), s.ordered_at)"
# When an entry `e` was published; without a date of its own, when its story `s` was.
SHOWN_AT = "CASE WHEN e.ordered_at < e.first_seen_at THEN e.ordered_at ELSE s.ordered_at END"
# The title of an entry `e`, which may have it from another one that tells the same story.
TOLD_TITLE = """CASE WHEN e.title_derived THEN coalesce(
    (SELECT first.told_title FROM entries AS first WHERE first.id = e.story_id), c.title
) ELSE c.title END"""


@dataclass(frozen=True, slots=True)
class RiverEntry:
    """One line of the river.

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
    also_in: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """Part of the river, as it was when `snapshot` was the newest entry.

    It has the stories since a moment, newest first; or, where `since` is None, those stored
    after an entry, in the order of storing. `shown` is the (time, id) of the last that was shown.
    """

    snapshot: int
    feed_id: int | None
    since: datetime | None = None
    after: int = 0
    shown: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class FeedCount:
    """A feed and how many stories it has to tell."""

    feed_id: int
    feed: str
    entries: int


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
    """The text of an entry's page, fetched on its own; the validators are of its `url`."""

    url: str
    title: str
    authors: tuple[str, ...]
    published: datetime | None
    markdown: str
    fetched_at: datetime
    validators: Validators


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

    def total(self, window: Window) -> int:
        """Return how many stories a window has, with those that were shown already."""
        with self._database.reading() as connection:
            part = _part(connection, window)
            row = connection.execute(
                f"SELECT count(*) FROM entries AS s WHERE {part.whole}", part.values
            ).fetchone()
        return int(row[0])

    def river(self, window: Window, *, limit: int) -> list[RiverEntry]:
        """Return the next stories of a window, in its order."""
        with self._database.reading() as connection:
            part = _part(connection, window)
            rows = connection.execute(
                f"""
                SELECT e.id, s.id AS first_id, e.feed_id, f.name AS feed,
                       {TOLD_TITLE} AS title, e.url, place, c.excerpt
                FROM (
                    SELECT s.*, {part.place} AS place FROM entries AS s
                    WHERE {part.whole} AND {part.rest} ORDER BY {part.order} LIMIT :limit
                ) AS s
                JOIN entries AS e ON e.id = {TOLD_IN_FEED if window.feed_id else "s.told_by"}
                JOIN feeds AS f ON f.id = e.feed_id
                JOIN contents AS c ON c.entry_id = e.id
                ORDER BY {part.order}
                """,
                {**part.values, "limit": limit},
            ).fetchall()
            retold = retellings(connection, [row["id"] for row in rows])
        return [_river_entry(row, retold) for row in rows]

    def waiting(self, window: Window) -> list[FeedCount]:
        """Count the stories of a window that were not shown yet, by the feed that tells them."""
        with self._database.reading() as connection:
            part = _part(connection, window)
            rows = connection.execute(
                f"""
                SELECT f.id, f.name, g.entries
                FROM (
                    SELECT {"s.feed_id" if window.feed_id else _TELLER} AS teller,
                           count(*) AS entries
                    FROM entries AS s WHERE {part.whole} AND {part.rest} GROUP BY teller
                ) AS g
                JOIN feeds AS f ON f.id = g.teller
                """,
                part.values,
            ).fetchall()
        return [FeedCount(*row) for row in rows]

    def beginnings(self, ids: Sequence[int], *, chars: int) -> dict[int, str]:
        """Return the Markdown of entries, cut to a number of characters."""
        with self._database.reading() as connection:
            rows = connection.execute(
                """
                SELECT entry_id, substr(markdown, 1, ?) FROM contents
                WHERE entry_id IN (SELECT value FROM json_each(?))
                """,
                (chars, json.dumps(ids)),
            ).fetchall()
        return {row[0]: row[1] for row in rows}

    def text(self, entry_id: int) -> EntryText | None:
        """Return an entry with its whole text."""
        with self._database.reading() as connection:
            row = connection.execute(
                f"""
                SELECT e.id, f.name AS feed, {TOLD_TITLE} AS title,
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

    def whole_duplicate(self, entry_id: int) -> int | None:
        """Return the entry of another feed that tells the whole of what this one only begins."""
        with self._database.reading() as connection:
            row = connection.execute(
                f"""
                SELECT o.id
                FROM entries AS e
                JOIN contents AS c ON c.entry_id = e.id
                JOIN entries AS o ON {TELLS_STORY_OF_E}
                JOIN contents AS t ON t.entry_id = o.id
                LEFT JOIN articles AS a ON a.entry_id = o.id
                WHERE e.id = ? AND o.id <> e.id AND (NOT o.teaser OR a.entry_id IS NOT NULL)
                  AND length(coalesce(a.markdown, t.markdown)) > length(c.markdown)
                ORDER BY length(coalesce(a.markdown, t.markdown)) DESC, o.id LIMIT 1
                """,
                (entry_id,),
            ).fetchone()
        return row[0] if row else None

    def find(self, url: str) -> int | None:
        """Return the id of the entry at this URL, the fullest of several, or else of the page.

        Entries at anchors of one page are told apart by the anchor. An entry is also where its
        page finally came from, after redirects.
        """
        with self._database.reading() as connection:
            row = connection.execute(
                """
                SELECT id FROM entries
                WHERE canonical_url = :address
                   OR id IN (SELECT entry_id FROM articles WHERE address = :address)
                ORDER BY feed_id IS NULL, canonical_url IS NOT :address, url IS NOT :url,
                         words DESC, id
                LIMIT 1
                """,
                {"address": canonical(url), "url": url},
            ).fetchone()
        return row[0] if row else None

    def article(self, entry_id: int) -> StoredArticle | None:
        """Return the page that was fetched for an entry."""
        with self._database.reading() as connection:
            row = connection.execute(
                """
                SELECT url, title, authors, published, markdown, fetched_at, etag, last_modified
                FROM articles WHERE entry_id = ?
                """,
                (entry_id,),
            ).fetchone()
        return None if row is None else _stored_article(row)

    def save_article(
        self, entry_id: int, validators: Validators, article: Article, *, now: datetime
    ) -> None:
        """Keep the page fetched for an entry and make its text searchable, if this may be written.

        Where the database is only read, pages are read too, but not kept.
        """
        if self._database.read_only:
            return
        with self._database.writing() as connection:
            put_article(connection, entry_id, validators, article, now=now)

    def renew_article(self, entry_id: int, validators: Validators, *, now: datetime) -> None:
        """Note that an entry's page was asked for again and is as it was; see `save_article`."""
        if self._database.read_only:
            return
        with self._database.writing() as connection:
            renew_article(connection, entry_id, validators, now=now)

    def save_page(
        self, url: str, validators: Validators, article: Article, *, now: datetime
    ) -> int:
        """Keep a page that belongs to no feed; returns its entry id."""
        with self._database.writing() as connection:
            entry_id = page_id(connection, url, article, now)
            put_article(connection, entry_id, validators, article, now=now)
        return entry_id

    def teasers_due(self, *, since: datetime, now: datetime) -> list[Teaser]:
        """Return the teasers first seen since then whose pages may be fetched now, newest first."""
        with self._database.reading() as connection:
            return teasers_due(connection, since=since, now=now)

    def retry_teaser(self, entry_id: int, *, at: datetime, problem: str) -> None:
        """Note that the page of a teaser was tried in vain, and when to try again."""
        with self._database.writing() as connection:
            retry_teaser(connection, entry_id, at=at, problem=problem)

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


@dataclass(frozen=True, slots=True)
class _Part:
    """A window as SQL over entries `s`: all of it, what is left of it, where its stories stand."""

    whole: str
    rest: str
    place: str
    order: str
    values: Mapping[str, object]


def _part(connection: sqlite3.Connection, window: Window) -> _Part:
    first = FIRST_OF_FEED if window.feed_id else FIRST
    time, last = window.shown or (0, window.after)
    values = {
        "snapshot": window.snapshot,
        "feed_id": window.feed_id,
        "after": window.after,
        "time": time,
        "last": last,
    }
    if window.since is None:
        whole = f"s.id > :after AND s.id <= :snapshot AND {first}"
        return _Part(whole, "s.id > :last", "s.ordered_at", "s.id", values)
    moved = _moved_since(connection, window.snapshot) if window.shown else {}
    place = _STOOD_AT if moved else "s.ordered_at"
    return _Part(
        # The + keeps SQLite from going through all ids instead of the period.
        f"{place} >= :since AND +s.id <= :snapshot AND {first}",
        f"({place}, s.id) < (:time, :last)" if window.shown else "TRUE",
        place,
        "place DESC, s.id DESC",
        {**values, "since": to_seconds(window.since), "moved": json.dumps(moved)},
    )


def _moved_since(connection: sqlite3.Connection, snapshot: int) -> dict[int, int]:
    """Return where stories stood that took another date from what joined them after a snapshot."""
    rows = connection.execute(
        """
        SELECT s.id, coalesce(
            (
                SELECT min(o.ordered_at) FROM entries AS o
                WHERE o.story_id = s.id AND o.story_id <> o.id
                  AND max(o.id, o.joined_by) <= :snapshot AND o.published = o.ordered_at
            ),
            s.first_seen_at
        )
        FROM entries AS s
        WHERE s.id IN (SELECT story_id FROM entries WHERE id > :snapshot AND story_id <> id)
          AND s.id <= :snapshot AND s.published IS NOT s.ordered_at
          AND EXISTS (
              SELECT 1 FROM entries AS o
              WHERE o.story_id = s.id AND max(o.id, o.joined_by) > :snapshot
                AND o.published = s.ordered_at
          )
        """,
        {"snapshot": snapshot},
    ).fetchall()
    return {row[0]: row[1] for row in rows}


def retellings(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return, for each entry whose story others tell too, the titles of the other feeds."""
    rows = connection.execute(
        f"""
        SELECT DISTINCT e.id, f.name AS feed
        FROM entries AS e
        JOIN entries AS o ON {TELLS_STORY_OF_E}
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
        ordered_at=to_time(row["place"]),
        excerpt=row["excerpt"],
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
        validators=Validators(row["url"], row["etag"], row["last_modified"]),
    )
