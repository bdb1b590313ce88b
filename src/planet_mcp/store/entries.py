"""Entries by their ids and addresses, with their texts as their feeds gave them.

Aliases are those of `planet_mcp.store.sql`.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from weakref import WeakKeyDictionary

from planet_mcp.models import Enclosure
from planet_mcp.store.db import Connection, Engine, Row, split_names, to_optional_time, to_time
from planet_mcp.store.sql import SHOWN_TITLE, ids_of, in_story
from planet_mcp.text import addresses_in
from planet_mcp.urls import are_of_one_site, canonical, front_page_of, host_of, link_key, page_key

# What nobody has used for so many entries is no tag to propose.
TAGGED_ENTRIES = 20_000


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
    feed_url: str | None = None
    site_url: str | None = None

    @property
    def feed_host(self) -> str:
        """Return the host that the feed is read from; empty of a page that is in no feed."""
        return host_of(self.feed_url or "")

    @property
    def is_elsewhere(self) -> bool:
        """Return whether the entry's address is on another site than its feed and the feed's site.

        What the feed says then is not the word of the site at that address.
        """
        return _is_elsewhere(self.url, self.feed_url, self.site_url)


class Entries:
    """The entries of one database."""

    def __init__(self, database: Engine) -> None:
        self._database = database
        self._tags = WeakKeyDictionary[Connection, tuple[int, dict[str, int]]]()

    def newest_id(self) -> int:
        """Return the id of the entry stored last; ids are given out in the order of storing."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT entry_id FROM last_ids").fetchone()
        return int(row[0])

    def ids_like(self, beginning: str, *, feeds: bool, limit: int) -> list[str]:
        """Return ids of feeds or of entries whose digits begin so, the newest first."""
        table = "feeds WHERE subscribed AND" if feeds else "entries WHERE"
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT id FROM {table} substr(CAST(id AS TEXT), 1, ?) = ? "
                "ORDER BY id DESC LIMIT ?",
                (len(beginning), beginning, limit),
            ).fetchall()
        return [str(row[0]) for row in rows]

    # SELECT tags FROM (SELECT tags FROM contents ORDER BY entry_id DESC LIMIT 20000) AS newest
    # WHERE tags <> ''
    def tags(self) -> dict[str, int]:
        """Count the newest entries by tag, the most used first, as it is spelled most often.

        Forms ask for it again and again, so it is counted only when the database has changed.
        """
        with self._database.reading() as connection:
            version = connection.state()
            known = self._tags.get(connection)
            if known is None or known[0] != version:
                known = version, self._counted_tags(connection)
                self._tags[connection] = known
        return dict(known[1])

    def _counted_tags(self, connection: Connection) -> dict[str, int]:
        rows = connection.execute(
            "SELECT tags FROM (SELECT tags FROM contents ORDER BY entry_id DESC LIMIT ?) AS newest "
            "WHERE tags <> ''",
            (TAGGED_ENTRIES,),
        ).fetchall()
        spelled = Counter(tag for (column,) in rows for tag in {*split_names(column)})
        counts: Counter[str] = Counter()
        names: dict[str, str] = {}
        for tag, count in spelled.most_common():
            counts[names.setdefault(tag.casefold(), tag)] += count
        return dict(counts.most_common())

    def story_of(self, entry_id: int) -> int:
        """Return the story that an entry belongs to; its own id if it is not here (any more)."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT story_id FROM entries WHERE id = ?", (entry_id,)
            ).fetchone()
        return int(row[0]) if row else entry_id

    def beginnings(self, ids: Sequence[int], *, chars: int) -> dict[int, str]:
        """Return the Markdown of entries, cut to a number of characters."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"""
                SELECT entry_id, substr(markdown, 1, ?) FROM contents
                WHERE entry_id IN {ids_of("?")}
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
                       e.url, f.url AS feed_url, f.site_url,
                       c.authors, e.credible_date, e.first_seen_at,
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

    # SELECT e.id, e.url, f.url, f.site_url
    # FROM entries AS e LEFT JOIN feeds AS f ON f.id = e.feed_id
    # WHERE e.canonical_url = 'example.org/post'
    #    OR e.id IN (SELECT entry_id FROM articles WHERE address = 'example.org/post')
    # ORDER BY e.feed_id IS NULL, coalesce(e.canonical_url = 'example.org/post', FALSE) DESC, …,
    #          e.words DESC, e.id LIMIT 100
    def find(self, url: str) -> int | None:
        """Return the id of the entry at this URL, the fullest of several, or else of the page.

        One in a feed of that site comes before what other feeds say of its page. Entries at anchors
        of one page are told apart by the anchor. An entry is also where its page finally came
        from, after redirects.
        """
        with self._database.reading() as connection:
            rows = connection.execute(
                """
                SELECT e.id, e.url, f.url, f.site_url
                FROM entries AS e LEFT JOIN feeds AS f ON f.id = e.feed_id
                WHERE e.canonical_url = :page
                   OR e.id IN (SELECT entry_id FROM articles WHERE address = :address)
                ORDER BY e.feed_id IS NULL, coalesce(e.canonical_url = :page, FALSE) DESC,
                         coalesce(e.url = :url, FALSE) DESC, e.words DESC, e.id
                LIMIT 100
                """,
                {"address": canonical(url), "page": page_key(url), "url": url},
            ).fetchall()
        return min(rows, key=lambda row: _is_elsewhere(*row[1:]))[0] if rows else None

    def spelling_of(self, url: str) -> str | None:
        """Return how an address is spelled in a stored text, or that of a followed site or feed.

        A front page is known by any address of its site. None if it stands nowhere.
        """
        key = link_key(url)
        return next(
            (each for each in self._addresses_like(url, key) if link_key(each) == key), None
        )

    def _addresses_like(self, url: str, key: int) -> Iterator[str]:
        with self._database.reading() as connection:
            followed = connection.execute(
                """
                SELECT url, site_url FROM feeds
                WHERE subscribed AND (instr(url, :host) > 0 OR instr(site_url, :host) > 0)
                """,
                {"host": host_of(url)},
            ).fetchall()
            texts = connection.execute(
                """
                SELECT c.markdown, a.markdown
                FROM links AS l
                JOIN contents AS c ON c.entry_id = l.entry_id
                LEFT JOIN articles AS a ON a.entry_id = l.entry_id
                WHERE l.key = ? ORDER BY l.entry_id DESC LIMIT 3
                """,
                (key,),
            ).fetchall()
        for address in chain.from_iterable(followed):
            if address:
                yield from (address, front_page_of(address))
        for text in chain.from_iterable(texts):
            yield from addresses_in(text or "")


def _is_elsewhere(url: str | None, feed_url: str | None, site_url: str | None) -> bool:
    homes = [each for each in (feed_url, site_url) if each]
    return bool(url and homes) and not any(are_of_one_site(url or "", home) for home in homes)


def _entry_text(row: Row, enclosures: Sequence[Row]) -> EntryText:
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
        feed_url=row["feed_url"],
        site_url=row["site_url"],
    )
