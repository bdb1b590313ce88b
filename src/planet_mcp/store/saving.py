"""Entries written: what a feed document brings is added or revised."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain, islice

from planet_mcp.models import (
    Content,
    EntryChange,
    NewEntry,
    ParsedEntry,
    RekeyedEntry,
    RevisedEntry,
)
from planet_mcp.store.db import Connection, join_names, placeholders, to_seconds
from planet_mcp.store.stories import join_story
from planet_mcp.text import addresses_in, index_heading, index_terms, indexed, title_key
from planet_mcp.times import is_credible
from planet_mcp.urls import canonical, link_key

_CONTENT = (
    *("title", "heading", "authors", "indexed_authors", "tags", "indexed_tags", "excerpt"),
    *("markdown", "text", "indexed_text", "terms"),
)
# Enough for any article; a page of nothing but links would fill the table.
MOST_LINKS = 2_000


def write_entries(
    connection: Connection,
    feed_id: int,
    changes: Sequence[EntryChange],
    *,
    now: datetime,
) -> None:
    """Add and revise entries of a feed; what the feed no longer lists stays."""
    ids = iter(new_ids(connection, sum(isinstance(change, NewEntry) for change in changes)))
    for change in changes:
        match change:
            case NewEntry():
                _insert(connection, next(ids), feed_id, change, now=now)
            case RekeyedEntry():
                _rekey(connection, change, now)
            case RevisedEntry():
                _rekey(connection, change, now)
                _revise(connection, change)
    if changes:
        count_entries(connection, [feed_id])


def new_ids(connection: Connection, count: int) -> range:
    """Return ids for entries that are about to be stored: never given before, in order of commits.

    Whoever reads up to an id misses nothing, since the row of the last one is written by one
    transaction at a time.
    """
    if not count:
        return range(0)
    ((last,),) = connection.execute(
        "UPDATE last_ids SET entry_id = entry_id + ? RETURNING entry_id", (count,)
    ).fetchall()
    return range(last - count + 1, last + 1)


def count_entries(connection: Connection, feed_ids: Iterable[int]) -> None:
    """Count the entries of feeds again, and note the newest date that each has."""
    connection.execute(
        """
        UPDATE feeds SET (entries, newest_entry) = (
            SELECT count(*), max(
                CASE WHEN credible_date > first_seen_at THEN first_seen_at ELSE credible_date END
            )
            FROM entries WHERE feed_id = feeds.id
        )
        WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each(?))
        """,
        (json.dumps([*feed_ids]),),
    )


def _insert(
    connection: Connection, entry_id: int, feed_id: int, new: NewEntry, *, now: datetime
) -> None:
    entry = new.entry
    connection.execute(
        f"""
        INSERT INTO entries (id, story_id, representative_id, feed_id, key, ordered_at, published,
                             credible_date, first_seen_at, archived, undated, updated, url,
                             canonical_url, words, teaser, title_derived, fingerprint, title_key,
                             minhash_a, minhash_b)
        VALUES ({placeholders(21)})
        """,
        (
            *[entry_id] * 3,
            feed_id,
            entry.key,
            to_seconds(new.ordered_at),
            *_dates(entry, now),
            to_seconds(now),
            new.archived,
            new.undated,
            *_described(entry),
        ),
    )
    connection.execute(
        f"""
        INSERT INTO contents (entry_id, feed, {", ".join(_CONTENT)})
        VALUES ({placeholders(2 + len(_CONTENT))})
        """,
        (entry_id, _name_of_feed(connection, feed_id), *_content_values(entry)),
    )
    _attach(connection, entry_id, entry)
    _note_links(connection, entry_id, [entry.content.markdown])
    join_story(connection, entry_id)


def _rekey(connection: Connection, change: RekeyedEntry | RevisedEntry, now: datetime) -> None:
    """Take over key and date; `ordered_at` stays as it was when the entry was added."""
    connection.execute(
        "UPDATE entries SET key = ?, published = ?, credible_date = ? WHERE id = ?",
        (change.entry.key, *_dates(change.entry, now), change.id),
    )


def _dates(entry: ParsedEntry, now: datetime) -> tuple[int | None, int | None]:
    """Return when an entry was published as its feed claims, and as far as that can be."""
    claim = entry.published
    credible = claim if claim and is_credible(claim, now=now) else None
    return to_seconds(claim), to_seconds(credible)


def _revise(connection: Connection, change: RevisedEntry) -> None:
    entry, entry_id = change.entry, change.id
    connection.execute(
        """
        UPDATE entries SET
            revised_at = coalesce(?, revised_at), revisions = revisions + ?,
            updated = ?, url = ?, canonical_url = ?, words = ?, teaser = ?, title_derived = ?,
            fingerprint = ?, title_key = ?, minhash_a = ?, minhash_b = ?
        WHERE id = ?
        """,
        (
            to_seconds(change.revised_at),
            int(change.revised_at is not None),
            *_described(entry),
            entry_id,
        ),
    )
    connection.execute(
        """
        UPDATE contents SET
            title = :title, heading = :heading, excerpt = :excerpt, markdown = :markdown,
            authors = :authors, indexed_authors = :indexed_authors,
            tags = :tags, indexed_tags = :indexed_tags,
            -- A page that was fetched has more to find than the feed's own text.
            text = CASE WHEN fetched THEN text ELSE :text END,
            indexed_text = CASE WHEN fetched THEN indexed_text ELSE :indexed_text END,
            terms = CASE WHEN fetched THEN terms ELSE :terms END
        FROM (SELECT EXISTS (SELECT 1 FROM articles WHERE entry_id = :id) AS fetched)
        WHERE entry_id = :id
        """,
        {"id": entry_id, **dict(zip(_CONTENT, _content_values(entry), strict=True))},
    )
    connection.execute("DELETE FROM enclosures WHERE entry_id = ?", (entry_id,))
    _attach(connection, entry_id, entry)
    renew_links(connection, entry_id)
    join_story(connection, entry_id)


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


def _attach(connection: Connection, entry_id: int, entry: ParsedEntry) -> None:
    connection.executemany(
        "INSERT INTO enclosures (entry_id, position, url, type, length, seconds) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [
            (entry_id, position, each.url, each.type, each.length, each.seconds)
            for position, each in enumerate(entry.enclosures)
        ],
    )


def _content_values(entry: ParsedEntry) -> tuple[str | None, ...]:
    content: Content = entry.content
    return (
        entry.title,
        "" if entry.title_derived else indexed(index_heading(entry.title)),
        *as_indexed(join_names(entry.authors)),
        *as_indexed(join_names(entry.tags)),
        content.excerpt,
        content.markdown,
        *as_indexed(content.text),
        indexed(index_terms(f"{entry.title}\n{content.text}")),
    )


def as_indexed(text: str) -> tuple[str, str | None]:
    """Return a text with what the index is to have instead, if that is not the same."""
    held = indexed(text)
    return text, held if held != text else None


def rename_feed(connection: Connection, feed_id: int) -> None:
    """Let the entries of a feed be found by the title that it has now."""
    connection.execute(
        """
        UPDATE contents SET feed = :name
        WHERE entry_id IN (SELECT id FROM entries WHERE feed_id = :feed)
        """,
        {"name": _name_of_feed(connection, feed_id), "feed": feed_id},
    )


def _name_of_feed(connection: Connection, feed_id: int) -> str:
    row = connection.execute("SELECT indexed_name FROM feeds WHERE id = ?", (feed_id,)).fetchone()
    return indexed(row[0])


def renew_links(connection: Connection, entry_id: int) -> None:
    """Note again which addresses stand in the texts of an entry, the feed's and its page's."""
    texts = connection.execute(
        """
        SELECT markdown FROM contents WHERE entry_id = :id
        UNION ALL SELECT markdown FROM articles WHERE entry_id = :id
        """,
        {"id": entry_id},
    ).fetchall()
    connection.execute("DELETE FROM links WHERE entry_id = ?", (entry_id,))
    _note_links(connection, entry_id, [row[0] for row in texts])


def _note_links(connection: Connection, entry_id: int, texts: Iterable[str]) -> None:
    addresses = chain.from_iterable(map(addresses_in, texts))
    keys = {link_key(address) for address in islice(addresses, MOST_LINKS)}
    connection.executemany(
        "INSERT INTO links (key, entry_id) VALUES (?, ?)", [(key, entry_id) for key in keys]
    )
