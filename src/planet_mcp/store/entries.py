"""Entries by their ids and addresses, with their texts as their feeds gave them.

Aliases are those of `planet_mcp.store.sql`.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from planet_mcp.models import Enclosure
from planet_mcp.store.db import Database, split_names, to_optional_time, to_time
from planet_mcp.store.sql import SHOWN_TITLE, in_story
from planet_mcp.urls import canonical, host_of


@dataclass(frozen=True, slots=True)
class EntryText:
    """An entry with its whole text, as its feed gave it; `published` only if that can be."""

    id: int
    feed: str | None
    title: str
    url: str | None
    authors: tuple[str, ...]
    published: datetime | None
    first_seen_at: datetime
    seen_at: datetime
    markdown: str
    words: int
    teaser: bool
    enclosures: tuple[Enclosure, ...]


class Entries:
    """The entries of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest_id(self) -> int:
        """Return the id of the entry stored last; ids are given out in the order of storing."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT seq FROM sqlite_sequence WHERE name = 'entries'"
            ).fetchone()
        return int(row[0]) if row else 0

    def ids_like(self, beginning: str, *, feeds: bool, limit: int) -> list[str]:
        """Return ids of feeds or of entries whose digits begin so, the newest first."""
        table = "feeds WHERE subscribed AND" if feeds else "entries WHERE"
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT id FROM {table} substr(id, 1, ?) = ? ORDER BY id DESC LIMIT ?",
                (len(beginning), beginning, limit),
            ).fetchall()
        return [str(row[0]) for row in rows]

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

    # SELECT e.id, f.name AS feed, …, c.markdown, e.words, e.teaser
    # FROM entries AS e
    # JOIN contents AS c ON c.entry_id = e.id
    # LEFT JOIN feeds AS f ON f.id = e.feed_id
    # WHERE e.id = 17
    def text(self, entry_id: int) -> EntryText | None:
        """Return an entry with its whole text."""
        with self._database.reading() as connection:
            row = connection.execute(
                f"""
                SELECT e.id, f.name AS feed, {SHOWN_TITLE} AS title,
                       e.url, c.authors, e.credible_date, e.first_seen_at,
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

    # SELECT d.id
    # FROM entries AS e
    # JOIN contents AS c ON c.entry_id = e.id
    # JOIN entries AS d ON (d.id = e.story_id OR (d.story_id = e.story_id AND d.story_id <> d.id))
    # JOIN contents AS t ON t.entry_id = d.id
    # LEFT JOIN articles AS a ON a.entry_id = d.id
    # WHERE e.id = 17 AND d.id <> e.id AND (NOT d.teaser OR a.entry_id IS NOT NULL)
    # AND length(coalesce(a.markdown, t.markdown)) > length(c.markdown)
    # ORDER BY length(coalesce(a.markdown, t.markdown)) DESC, d.id LIMIT 1
    def whole_duplicate(self, entry_id: int) -> int | None:
        """Return the duplicate that has the whole text of what this entry only begins.

        Here `t` and `a` are the contents and the article of the duplicate.
        """
        with self._database.reading() as connection:
            row = connection.execute(
                f"""
                SELECT d.id
                FROM entries AS e
                JOIN contents AS c ON c.entry_id = e.id
                JOIN entries AS d ON {in_story("e.story_id")}
                JOIN contents AS t ON t.entry_id = d.id
                LEFT JOIN articles AS a ON a.entry_id = d.id
                WHERE e.id = ? AND d.id <> e.id AND (NOT d.teaser OR a.entry_id IS NOT NULL)
                  AND length(coalesce(a.markdown, t.markdown)) > length(c.markdown)
                ORDER BY length(coalesce(a.markdown, t.markdown)) DESC, d.id LIMIT 1
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

    def knows_host(self, host: str) -> bool:
        """Return whether a feed, a site or a stored entry leads to this host."""
        with self._database.reading() as connection:
            if connection.execute("SELECT 1 FROM hosts WHERE host = ?", (host,)).fetchone():
                return True
            rows = connection.execute("SELECT url, site_url FROM feeds").fetchall()
        return any(host in {host_of(row["url"]), host_of(row["site_url"] or "")} for row in rows)


def _entry_text(row: sqlite3.Row, enclosures: Sequence[sqlite3.Row]) -> EntryText:
    return EntryText(
        id=row["id"],
        feed=row["feed"],
        title=row["title"],
        url=row["url"],
        authors=split_names(row["authors"]),
        published=to_optional_time(row["credible_date"]),
        first_seen_at=to_time(row["first_seen_at"]),
        seen_at=to_time(row["seen_at"]),
        markdown=row["markdown"],
        words=row["words"],
        teaser=bool(row["teaser"]),
        enclosures=tuple(Enclosure(*each) for each in enclosures),
    )
