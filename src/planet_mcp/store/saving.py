"""Entries written: what a feed document brings is added or revised."""

import sqlite3
from collections.abc import Collection, Sequence
from datetime import datetime

from planet_mcp.likeness import title_key
from planet_mcp.models import Content, ParsedEntry
from planet_mcp.store.recognition import Recognised, recognise
from planet_mcp.store.rows import join_names, to_seconds
from planet_mcp.store.stories import join_story, settle
from planet_mcp.times import is_credible
from planet_mcp.urls import canonical, host_of


def save_entries(
    connection: sqlite3.Connection, feed_id: int, entries: Sequence[ParsedEntry], *, now: datetime
) -> int:
    """Store the entries of a feed document: new ones are added, changed ones revised.

    What the feed no longer lists stays. Returns the number of new entries.
    """
    new = 0
    for found in recognise(connection, feed_id, entries):
        if found.known is None:
            _insert(connection, feed_id, found.entry, now)
            new += 1
        else:
            _update(connection, found, now)
    connection.execute(
        """
        UPDATE feeds SET (entries, newest_entry) =
            (SELECT count(*), max(ordered_at) FROM entries WHERE feed_id = feeds.id)
        WHERE id = ?
        """,
        (feed_id,),
    )
    return new


def _insert(
    connection: sqlite3.Connection, feed_id: int, entry: ParsedEntry, now: datetime
) -> None:
    cursor = connection.execute(
        """
        INSERT INTO entries (feed_id, key, story_id, ordered_at, published, first_seen_at,
                             updated, url, canonical_url, words, teaser, title_derived,
                             fingerprint, title_key, minhash_a, minhash_b)
        VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            feed_id,
            entry.key,
            to_seconds(_place(entry.published, now)),
            to_seconds(entry.published),
            to_seconds(now),
            *_described(entry),
        ),
    )
    entry_id = cursor.lastrowid
    assert entry_id is not None  # noqa: S101 - an INSERT always sets it
    connection.execute("UPDATE entries SET story_id = id, told_by = id WHERE id = ?", (entry_id,))
    connection.execute(
        """
        INSERT INTO contents (entry_id, title, authors, tags, excerpt, markdown, text)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        (entry_id, *_content_values(entry)),
    )
    _attach(connection, entry_id, entry)
    join_story(connection, entry_id)


def _place(published: datetime | None, now: datetime) -> datetime:
    """Return where an entry stands in time for good: as published, if that can be, else now."""
    return min(published, now) if published and is_credible(published, now=now) else now


def _update(connection: sqlite3.Connection, found: Recognised, now: datetime) -> None:
    """Take over what changed; where the entry stands in time stays as first seen."""
    entry, known = found.entry, found.known
    assert known is not None  # noqa: S101 - new entries are inserted
    if known.key != entry.key:
        connection.execute("UPDATE entries SET key = ? WHERE id = ?", (entry.key, known.id))
    if known.fingerprint != entry.fingerprint:
        # That a feed changed its ids and addresses is no revision of its posts.
        _revise(connection, known.id, entry, None if known.key != entry.key else now)


def _revise(
    connection: sqlite3.Connection, entry_id: int, entry: ParsedEntry, now: datetime | None
) -> None:
    connection.execute(
        """
        UPDATE entries SET
            revised_at = coalesce(?, revised_at), revisions = revisions + ?,
            updated = ?, url = ?, canonical_url = ?, words = ?, teaser = ?, title_derived = ?,
            fingerprint = ?, title_key = ?, minhash_a = ?, minhash_b = ?
        WHERE id = ?
        """,
        (to_seconds(now), now is not None, *_described(entry), entry_id),
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
    connection.execute("DELETE FROM enclosures WHERE entry_id = ?", (entry_id,))
    _attach(connection, entry_id, entry)
    (story_id,) = connection.execute(
        "SELECT story_id FROM entries WHERE id = ?", (entry_id,)
    ).fetchone()
    settle(connection, story_id)


def _described(entry: ParsedEntry) -> tuple[object, ...]:
    return (
        to_seconds(entry.updated),
        entry.url,
        canonical(entry.url) if entry.url else None,
        entry.content.words,
        entry.teaser,
        entry.title_derived,
        entry.fingerprint,
        title_key(entry.title),
        *(entry.signature or (None, None)),
    )


def _attach(connection: sqlite3.Connection, entry_id: int, entry: ParsedEntry) -> None:
    connection.executemany(
        "INSERT INTO enclosures (entry_id, position, url, type, length, seconds) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [
            (entry_id, position, each.url, each.type, each.length, each.seconds)
            for position, each in enumerate(entry.enclosures)
        ],
    )
    note_hosts(connection, [*entry.content.hosts, host_of(entry.url or "")])


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


def note_hosts(connection: sqlite3.Connection, hosts: Collection[str]) -> None:
    """Remember hosts to which stored entries lead."""
    connection.executemany(
        "INSERT INTO hosts (host) VALUES (?) ON CONFLICT DO NOTHING",
        [(host,) for host in hosts if host],
    )
