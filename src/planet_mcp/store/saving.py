"""Entries written: what a feed document and a fetched page bring, and what is one story."""

import sqlite3
from collections.abc import Collection, Iterable
from datetime import datetime

from planet_mcp.models import Article, Content, ParsedEntry
from planet_mcp.store.rows import join_names, to_seconds
from planet_mcp.urls import canonical, host_of


def save_entries(
    connection: sqlite3.Connection, feed_id: int, entries: Iterable[ParsedEntry], *, now: datetime
) -> int:
    """Store the entries of a feed document: new ones are added, changed ones revised.

    What the feed no longer lists stays. Returns the number of new entries.
    """
    new = sum(_save_entry(connection, feed_id, entry, now) for entry in entries)
    connection.execute(
        """
        UPDATE feeds SET (entries, newest_entry) =
            (SELECT count(*), max(ordered_at) FROM entries WHERE feed_id = feeds.id)
        WHERE id = ?
        """,
        (feed_id,),
    )
    return new


def _save_entry(
    connection: sqlite3.Connection, feed_id: int, entry: ParsedEntry, now: datetime
) -> bool:
    known = connection.execute(
        "SELECT id, fingerprint FROM entries WHERE feed_id = ? AND key = ?", (feed_id, entry.key)
    ).fetchone()
    if known is None:
        _insert(connection, feed_id, entry, now)
    elif known["fingerprint"] != entry.fingerprint:
        _revise(connection, known["id"], entry, now)
    return known is None


def _insert(
    connection: sqlite3.Connection, feed_id: int, entry: ParsedEntry, now: datetime
) -> None:
    url_key = canonical(entry.url) if entry.url else None
    ordered_at = min(entry.published or now, now)
    cursor = connection.execute(
        """
        INSERT INTO entries (feed_id, key, story_id, ordered_at, published, updated, first_seen_at,
                             url, canonical_url, words, teaser, title_derived, fingerprint)
        VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            feed_id,
            entry.key,
            to_seconds(ordered_at),
            to_seconds(entry.published),
            to_seconds(entry.updated),
            to_seconds(now),
            entry.url,
            url_key,
            entry.content.words,
            entry.teaser,
            entry.title_derived,
            entry.fingerprint,
        ),
    )
    entry_id = cursor.lastrowid
    assert entry_id is not None  # noqa: S101 - an INSERT always sets it
    story_id = _story(connection, feed_id, entry, url_key) or entry_id
    connection.execute("UPDATE entries SET story_id = ? WHERE id = ?", (story_id, entry_id))
    connection.execute(
        """
        INSERT INTO contents (entry_id, title, authors, tags, excerpt, markdown, text)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        (entry_id, *_content_values(entry)),
    )
    _note_hosts(connection, [*entry.content.hosts, host_of(entry.url or "")])


def _story(
    connection: sqlite3.Connection, feed_id: int, entry: ParsedEntry, url_key: str | None
) -> int | None:
    """Find an entry that tells the same story: the same page, told under the same title.

    The title counts because some feeds link all their entries to one page.
    """
    if url_key is None:
        return None
    row = connection.execute(
        """
        SELECT e.story_id FROM entries AS e JOIN contents AS c ON c.entry_id = e.id
        WHERE e.canonical_url = ? AND e.feed_id IS NOT NULL AND e.story_id <> 0
          AND (lower(c.title) = lower(?)
               OR (e.feed_id <> ? AND (instr(c.title, ?) OR instr(?, c.title))))
        ORDER BY e.id LIMIT 1
        """,
        (url_key, entry.title, feed_id, entry.title, entry.title),
    ).fetchone()
    return None if row is None else row["story_id"]


def _revise(
    connection: sqlite3.Connection, entry_id: int, entry: ParsedEntry, now: datetime
) -> None:
    """Take over a changed text; where the entry stands in time stays as first seen."""
    connection.execute(
        """
        UPDATE entries SET updated = ?, revised_at = ?, revisions = revisions + 1, url = ?,
                           canonical_url = ?, words = ?, teaser = ?, title_derived = ?,
                           fingerprint = ?
        WHERE id = ?
        """,
        (
            to_seconds(entry.updated),
            to_seconds(now),
            entry.url,
            canonical(entry.url) if entry.url else None,
            entry.content.words,
            entry.teaser,
            entry.title_derived,
            entry.fingerprint,
            entry_id,
        ),
    )
    connection.execute(
        """
        UPDATE contents SET
            title = ?, authors = ?, tags = ?, excerpt = ?, markdown = ?,
            -- A page that was fetched has more to find than the feed's own text.
            text = CASE WHEN EXISTS (SELECT 1 FROM articles WHERE entry_id = contents.entry_id)
                        THEN text ELSE ? END
        WHERE entry_id = ?
        """,
        (*_content_values(entry), entry_id),
    )
    _note_hosts(connection, [*entry.content.hosts, host_of(entry.url or "")])


def _content_values(entry: ParsedEntry) -> tuple[str, ...]:
    content: Content = entry.content
    return (
        entry.title,
        join_names(entry.authors),
        join_names(entry.tags),
        content.excerpt,
        content.markdown,
        content.text,
    )


def _note_hosts(connection: sqlite3.Connection, hosts: Collection[str]) -> None:
    connection.executemany(
        "INSERT INTO hosts (host) VALUES (?) ON CONFLICT DO NOTHING",
        [(host,) for host in hosts if host],
    )


def page_id(connection: sqlite3.Connection, url: str, article: Article, now: datetime) -> int:
    """Return the entry id of a page that belongs to no feed; a new one gets its entry."""
    key = canonical(url)
    known = connection.execute(
        "SELECT id FROM entries WHERE feed_id IS NULL AND key = ?", (key,)
    ).fetchone()
    if known:
        return int(known["id"])
    ordered_at = to_seconds(min(article.published or now, now))
    entry_id = connection.execute(
        """
        INSERT INTO entries (feed_id, key, story_id, ordered_at, published, first_seen_at, url,
                             canonical_url, words, teaser, title_derived, fingerprint)
        VALUES (NULL, ?, 0, ?, ?, ?, ?, ?, ?, 0, 0, '')
        """,
        (
            key,
            ordered_at,
            to_seconds(article.published),
            to_seconds(now),
            url,
            key,
            article.content.words,
        ),
    ).lastrowid
    assert entry_id is not None  # noqa: S101 - an INSERT always sets it
    connection.execute("UPDATE entries SET story_id = id WHERE id = ?", (entry_id,))
    connection.execute(
        """
        INSERT INTO contents (entry_id, title, authors, tags, excerpt, markdown, text)
        VALUES (?, ?, ?, '', ?, '', '')
        """,
        (entry_id, article.title or url, join_names(article.authors), article.content.excerpt),
    )
    return entry_id


def put_article(
    connection: sqlite3.Connection, entry_id: int, url: str, article: Article, *, now: datetime
) -> None:
    """Keep the page fetched for an entry in place of an earlier one, and index its text."""
    connection.execute(
        """
        INSERT INTO articles (entry_id, url, title, authors, published, markdown, fetched_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (entry_id) DO UPDATE SET
            url = excluded.url, title = excluded.title, authors = excluded.authors,
            published = excluded.published, markdown = excluded.markdown,
            fetched_at = excluded.fetched_at
        """,
        (
            entry_id,
            url,
            article.title,
            join_names(article.authors),
            to_seconds(article.published),
            article.content.markdown,
            to_seconds(now),
        ),
    )
    connection.execute(
        "UPDATE contents SET text = ? WHERE entry_id = ?", (article.content.text, entry_id)
    )
    connection.execute(
        "UPDATE entries SET words = ? WHERE id = ?", (article.content.words, entry_id)
    )
    _note_hosts(connection, [*article.content.hosts, host_of(url)])
