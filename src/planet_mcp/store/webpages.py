"""Web pages: those fetched for entries, those that belong to no feed, those not fetched yet.

Aliases are those of `planet_mcp.store.sql`, and `b` is the backfill of `e`: what is known of the
attempts to fetch its page.
"""

from dataclasses import dataclass
from datetime import datetime

from planet_mcp.models import Article, Validators
from planet_mcp.store.db import (
    Connection,
    Engine,
    Row,
    join_names,
    split_names,
    to_optional_time,
    to_seconds,
    to_time,
)
from planet_mcp.store.saving import as_indexed, new_ids, renew_links
from planet_mcp.text import index_heading, index_terms, indexed
from planet_mcp.times import credible
from planet_mcp.urls import canonical, page_key

MOST_ATTEMPTS = 3


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


@dataclass(frozen=True, slots=True)
class Teaser:
    """An entry whose page is to be fetched, and how often that was tried in vain."""

    id: int
    url: str
    attempts: int


class Webpages:
    """The pages of one database; where it may not be written they are read, but not kept."""

    def __init__(self, database: Engine) -> None:
        self._database = database

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
        """Keep the page fetched for an entry in place of an earlier one, and index its text.

        The URL of the validators is the one where the page finally came from.
        """
        if not self._database.read_only:
            with self._database.writing() as connection:
                _put_article(connection, entry_id, validators, article, now=now)

    def renew_article(self, entry_id: int, validators: Validators, *, now: datetime) -> None:
        """Note that an entry's page was asked for again and is as it was."""
        if self._database.read_only:
            return
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE articles SET etag = ?, last_modified = ?, fetched_at = ? "
                "WHERE entry_id = ?",
                (validators.etag, validators.last_modified, to_seconds(now), entry_id),
            )

    def save_page(
        self, url: str, validators: Validators, article: Article, *, now: datetime
    ) -> int:
        """Keep a page that belongs to no feed; returns its entry id."""
        with self._database.writing() as connection:
            entry_id = _page_id(connection, url, article, now)
            _put_article(connection, entry_id, validators, article, now=now)
        return entry_id

    # SELECT e.id, e.url, coalesce(b.attempts, 0)
    # FROM entries AS e
    # JOIN feeds AS f ON f.id = e.feed_id AND f.subscribed
    # JOIN entries AS s ON s.id = e.story_id AND s.representative_id = e.id
    # LEFT JOIN backfills AS b ON b.entry_id = e.id
    # WHERE e.teaser AND e.first_seen_at >= 1795000000 AND e.url LIKE 'http%'
    # AND NOT EXISTS (SELECT 1 FROM articles AS a WHERE a.entry_id = e.id)
    # AND coalesce(b.attempts, 0) < 3 AND coalesce(b.retry_at, 0) <= 1795100000
    # ORDER BY +e.ordered_at DESC, e.id DESC
    def teasers_due(self, *, since: datetime, now: datetime) -> list[Teaser]:
        """Return the teasers first seen since then whose pages may be fetched now, newest first.

        Of a story only its representative, so none of which a feed has the whole text.
        """
        with self._database.reading() as connection:
            rows = connection.execute(
                """
                SELECT e.id, e.url, coalesce(b.attempts, 0)
                FROM entries AS e
                JOIN feeds AS f ON f.id = e.feed_id AND f.subscribed
                JOIN entries AS s ON s.id = e.story_id AND s.representative_id = e.id
                LEFT JOIN backfills AS b ON b.entry_id = e.id
                WHERE e.teaser AND e.first_seen_at >= ? AND e.url LIKE 'http%'
                  AND NOT EXISTS (SELECT 1 FROM articles AS a WHERE a.entry_id = e.id)
                  AND coalesce(b.attempts, 0) < ? AND coalesce(b.retry_at, 0) <= ?
                -- The plus keeps SQLite to the index of the teasers: they are few.
                ORDER BY +e.ordered_at DESC, e.id DESC
                """,
                (to_seconds(since), MOST_ATTEMPTS, to_seconds(now)),
            ).fetchall()
        return [Teaser(*row) for row in rows]

    def retry_teaser(self, entry_id: int, *, at: datetime, problem: str) -> None:
        """Note that the page of a teaser was tried in vain, and when to try again."""
        with self._database.writing() as connection:
            connection.execute(
                """
                INSERT INTO backfills (entry_id, attempts, retry_at, problem) VALUES (?, 1, ?, ?)
                ON CONFLICT (entry_id) DO UPDATE SET
                    attempts = backfills.attempts + 1, retry_at = excluded.retry_at,
                    problem = excluded.problem
                """,
                (entry_id, to_seconds(at), problem),
            )


def _page_id(connection: Connection, url: str, article: Article, now: datetime) -> int:
    """Return the entry id of a page that belongs to no feed; a new one gets its entry."""
    known = connection.execute(
        "SELECT id FROM entries WHERE feed_id IS NULL AND key = ?", (canonical(url),)
    ).fetchone()
    if known:
        return int(known["id"])
    (entry_id,) = new_ids(connection, 1)
    _add_page(connection, entry_id, url, article, now=now)
    connection.execute(
        """
        INSERT INTO contents (entry_id, title, heading, authors, indexed_authors, tags, excerpt,
                              markdown, text)
        VALUES (?, ?, ?, ?, ?, '', ?, '', '')
        """,
        (
            entry_id,
            article.title or url,
            indexed(index_heading(article.title)),
            *as_indexed(join_names(article.authors)),
            article.content.excerpt,
        ),
    )
    return entry_id


def _add_page(
    connection: Connection, entry_id: int, url: str, article: Article, *, now: datetime
) -> None:
    published = credible(article.published, now=now)
    connection.execute(
        """
        INSERT INTO entries (id, story_id, representative_id, feed_id, key, ordered_at, undated,
                             published, credible_date, first_seen_at, url, canonical_url, words,
                             teaser, title_derived, fingerprint)
        VALUES (:id, :id, :id, NULL, :key, :ordered_at, :undated, :published, :credible, :now,
                :url, :page, :words, FALSE, FALSE, '')
        """,
        {
            "id": entry_id,
            "key": canonical(url),
            "page": page_key(url),
            "ordered_at": to_seconds(min(published, now) if published else now),
            "undated": published is None,
            "published": to_seconds(article.published),
            "credible": to_seconds(published),
            "now": to_seconds(now),
            "url": url,
            "words": article.content.words,
        },
    )


def _put_article(
    connection: Connection,
    entry_id: int,
    validators: Validators,
    article: Article,
    *,
    now: datetime,
) -> None:
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
        "UPDATE contents SET text = ?, indexed_text = ?, terms = ? WHERE entry_id = ?",
        (
            *as_indexed(article.content.text),
            indexed(index_terms(f"{article.title}\n{article.content.text}")),
            entry_id,
        ),
    )
    connection.execute(
        "UPDATE entries SET words = ? WHERE id = ?", (article.content.words, entry_id)
    )
    renew_links(connection, [entry_id])


def _stored_article(row: Row) -> StoredArticle:
    return StoredArticle(
        url=row["url"],
        title=row["title"],
        authors=split_names(row["authors"]),
        published=to_optional_time(row["published"]),
        markdown=row["markdown"],
        fetched_at=to_time(row["fetched_at"]),
        validators=Validators(row["url"], row["etag"], row["last_modified"]),
    )
