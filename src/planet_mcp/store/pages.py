"""Pages written: what was fetched for an entry, and pages that belong to no feed."""

import sqlite3
from datetime import datetime

from planet_mcp.models import Article
from planet_mcp.store.rows import join_names, to_seconds
from planet_mcp.store.saving import note_hosts
from planet_mcp.urls import canonical, host_of


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
    connection.execute("UPDATE entries SET story_id = id, told_by = id WHERE id = ?", (entry_id,))
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
    note_hosts(connection, [*article.content.hosts, host_of(url)])
