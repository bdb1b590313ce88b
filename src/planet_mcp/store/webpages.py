"""Pages: what was fetched for an entry, pages that belong to no feed, and pages not fetched yet."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from planet_mcp.models import Article, Validators
from planet_mcp.store.db import join_names, to_seconds
from planet_mcp.store.saving import note_hosts
from planet_mcp.text import index_terms
from planet_mcp.urls import canonical, host_of

MOST_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Teaser:
    """An entry whose page is to be fetched, and how often that was tried in vain."""

    id: int
    url: str
    attempts: int


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
        INSERT INTO contents (entry_id, title, heading, authors, tags, excerpt, markdown, text)
        VALUES (?, ?, ?, ?, '', ?, '', '')
        """,
        (
            entry_id,
            article.title or url,
            article.title,
            join_names(article.authors),
            article.content.excerpt,
        ),
    )
    return entry_id


def put_article(
    connection: sqlite3.Connection,
    entry_id: int,
    validators: Validators,
    article: Article,
    *,
    now: datetime,
) -> None:
    """Keep the page fetched for an entry in place of an earlier one, and index its text.

    The URL of the validators is the one where the page finally came from.
    """
    connection.execute(
        """
        INSERT INTO articles (entry_id, url, title, authors, published, markdown, fetched_at,
                              address, etag, last_modified)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (entry_id) DO UPDATE SET
            url = excluded.url, title = excluded.title, authors = excluded.authors,
            published = excluded.published, markdown = excluded.markdown,
            fetched_at = excluded.fetched_at, address = excluded.address, etag = excluded.etag,
            last_modified = excluded.last_modified
        """,
        (
            entry_id,
            validators.url,
            article.title,
            join_names(article.authors),
            to_seconds(article.published),
            article.content.markdown,
            to_seconds(now),
            canonical(validators.url),
            validators.etag,
            validators.last_modified,
        ),
    )
    connection.execute(
        "UPDATE contents SET text = ?, terms = ? WHERE entry_id = ?",
        (
            article.content.text,
            index_terms(f"{article.title}\n{article.content.text}"),
            entry_id,
        ),
    )
    connection.execute(
        "UPDATE entries SET words = ? WHERE id = ?", (article.content.words, entry_id)
    )
    note_hosts(connection, [*article.content.hosts, host_of(validators.url)])


def renew_article(
    connection: sqlite3.Connection, entry_id: int, validators: Validators, *, now: datetime
) -> None:
    """Note that the page of an entry is still as it was fetched."""
    connection.execute(
        "UPDATE articles SET etag = ?, last_modified = ?, fetched_at = ? WHERE entry_id = ?",
        (validators.etag, validators.last_modified, to_seconds(now), entry_id),
    )


def teasers_due(connection: sqlite3.Connection, *, since: datetime, now: datetime) -> list[Teaser]:
    """Return the entries first seen since then whose pages may be fetched now, newest first.

    Of a story only the entry that tells it, and none that a feed tells as a whole.
    """
    rows = connection.execute(
        """
        SELECT e.id, e.url, coalesce(f.attempts, 0)
        FROM entries AS e
        JOIN feeds AS n ON n.id = e.feed_id AND n.subscribed
        JOIN entries AS s ON s.id = e.story_id AND s.told_by = e.id
        LEFT JOIN fills AS f ON f.entry_id = e.id
        WHERE e.teaser AND e.first_seen_at >= ? AND e.url LIKE 'http%'
          AND NOT EXISTS (SELECT 1 FROM articles WHERE entry_id = e.id)
          AND coalesce(f.attempts, 0) < ? AND coalesce(f.next_at, 0) <= ?
        -- The plus keeps SQLite to the index of the teasers: they are few.
        ORDER BY +e.ordered_at DESC, e.id DESC
        """,
        (to_seconds(since), MOST_ATTEMPTS, to_seconds(now)),
    ).fetchall()
    return [Teaser(*row) for row in rows]


def retry_teaser(
    connection: sqlite3.Connection, entry_id: int, *, at: datetime, problem: str
) -> None:
    """Note that the page of an entry was tried in vain, and when to try again."""
    connection.execute(
        """
        INSERT INTO fills (entry_id, attempts, next_at, problem) VALUES (?, 1, ?, ?)
        ON CONFLICT (entry_id) DO UPDATE SET
            attempts = attempts + 1, next_at = excluded.next_at, problem = excluded.problem
        """,
        (entry_id, to_seconds(at), problem),
    )
