"""Entries written: what a feed document brings is added or revised."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
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
from planet_mcp.store.db import Connection, in_parts, join_names, placeholders, to_seconds
from planet_mcp.store.sql import ids_of
from planet_mcp.store.stories import ANY, ComparedEntry, Written, join_stories
from planet_mcp.text import addresses_in, index_heading, index_terms, indexed, title_key
from planet_mcp.times import credible
from planet_mcp.urls import link_key, page_key

_CONTENT = (
    *("title", "heading", "authors", "indexed_authors", "tags", "indexed_tags", "excerpt"),
    *("markdown", "text", "indexed_text", "terms"),
)
# Enough for any article; a page of nothing but links would fill the table.
MOST_LINKS = 2_000
_TEXTS_AT_ONCE = 200


def write_entries(
    connection: Connection,
    feed_id: int,
    name: str,
    changes: Sequence[EntryChange],
    *,
    now: datetime,
) -> None:
    """Add and revise entries of a feed with a name; what the feed no longer lists stays.

    Each statement is executed for all of them at once, as a server is asked over a network.
    """
    if not changes:
        return
    news = [change for change in changes if isinstance(change, NewEntry)]
    added = [*zip(new_ids(connection, len(news)), news, strict=True)]
    revised = [change for change in changes if isinstance(change, RevisedEntry)]
    with connection.together():
        _rekey(connection, [each for each in changes if not isinstance(each, NewEntry)], now)
        _insert(connection, (feed_id, indexed(name)), added, now=now)
        _revise(connection, revised)
        _attach(connection, [(entry_id, new.entry) for entry_id, new in added])
        _attach(connection, [(change.id, change.entry) for change in revised])
        _note_links(connection, ((id_, [new.entry.content.markdown]) for id_, new in added))
        count_entries(connection, [feed_id])
    renew_links(connection, [change.id for change in revised])
    join_stories(connection, _written(feed_id, changes, added))


def _written(
    feed_id: int, changes: Sequence[EntryChange], added: Sequence[tuple[int, NewEntry]]
) -> Iterator[Written]:
    """Yield what was written in its order: each is compared with what was stored before it."""
    ids = iter(added)
    newest = added[0][0] - 1 if added else ANY
    for change in changes:
        if isinstance(change, NewEntry):
            newest, _ = next(ids)
            new = _compared(newest, feed_id, change)
            yield Written(newest, upto=newest, new=new, text=change.entry.content.text)
        elif isinstance(change, RevisedEntry):
            yield Written(change.id, upto=newest)


def _compared(entry_id: int, feed_id: int, change: NewEntry) -> ComparedEntry:
    entry = change.entry
    minhash_a, minhash_b = entry.signature or (None, None)
    return ComparedEntry(
        id=entry_id,
        feed_id=feed_id,
        ordered_at=to_seconds(change.ordered_at),
        published=to_seconds(entry.published),
        canonical_url=page_key(entry.url) if entry.url else None,
        words=entry.content.words,
        title_derived=entry.title_derived,
        title_key=title_key(entry.title),
        minhash_a=minhash_a,
        minhash_b=minhash_b,
        url=entry.url,
        title=entry.title,
        authors=join_names(entry.authors),
    )


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
        f"""
        UPDATE feeds SET (entries, newest_entry) = (
            SELECT count(*), max(
                CASE WHEN credible_date > first_seen_at THEN first_seen_at ELSE credible_date END
            )
            FROM entries WHERE feed_id = feeds.id
        )
        WHERE id IN {ids_of("?")}
        """,
        (json.dumps([*feed_ids]),),
    )


def _insert(
    connection: Connection,
    feed: tuple[int, str],
    added: Sequence[tuple[int, NewEntry]],
    *,
    now: datetime,
) -> None:
    feed_id, name = feed
    connection.executemany(
        f"""
        INSERT INTO entries (id, story_id, representative_id, feed_id, key, ordered_at, published,
                             credible_date, first_seen_at, archived, undated, updated, url,
                             canonical_url, words, teaser, title_derived, fingerprint, title_key,
                             minhash_a, minhash_b)
        VALUES ({placeholders(21)})
        """,
        (
            (
                *[entry_id] * 3,
                feed_id,
                new.entry.key,
                to_seconds(new.ordered_at),
                *_dates(new.entry, now),
                to_seconds(now),
                new.archived,
                new.undated,
                *_described(new.entry),
            )
            for entry_id, new in added
        ),
    )
    connection.executemany(
        f"""
        INSERT INTO contents (entry_id, feed, {", ".join(_CONTENT)})
        VALUES ({placeholders(2 + len(_CONTENT))})
        """,
        ((entry_id, name, *_content_values(new.entry)) for entry_id, new in added),
    )


def _rekey(
    connection: Connection, changes: Sequence[RekeyedEntry | RevisedEntry], now: datetime
) -> None:
    """Take over keys and dates; `ordered_at` stays as it was when an entry was added."""
    connection.executemany(
        "UPDATE entries SET key = ?, published = ?, credible_date = ? WHERE id = ?",
        [(change.entry.key, *_dates(change.entry, now), change.id) for change in changes],
    )


def _dates(entry: ParsedEntry, now: datetime) -> tuple[int | None, int | None]:
    """Return when an entry was published as its feed claims, and as far as that can be."""
    return to_seconds(entry.published), to_seconds(credible(entry.published, now=now))


def _revise(connection: Connection, changes: Sequence[RevisedEntry]) -> None:
    connection.executemany(
        """
        UPDATE entries SET
            revised_at = coalesce(?, revised_at), revisions = revisions + ?,
            updated = ?, url = ?, canonical_url = ?, words = ?, teaser = ?, title_derived = ?,
            fingerprint = ?, title_key = ?, minhash_a = ?, minhash_b = ?
        WHERE id = ?
        """,
        [
            (
                to_seconds(change.revised_at),
                int(change.revised_at is not None),
                *_described(change.entry),
                change.id,
            )
            for change in changes
        ],
    )
    connection.executemany(
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
        (
            {"id": change.id, **dict(zip(_CONTENT, _content_values(change.entry), strict=True))}
            for change in changes
        ),
    )
    connection.executemany(
        "DELETE FROM enclosures WHERE entry_id = ?", [(change.id,) for change in changes]
    )


def _described(entry: ParsedEntry) -> tuple[object, ...]:
    return (
        to_seconds(entry.updated),
        entry.url,
        page_key(entry.url) if entry.url else None,
        entry.content.words,
        entry.teaser,
        entry.title_derived,
        entry.fingerprint,
        title_key(entry.title),
        *(entry.signature or (None, None)),
    )


def _attach(connection: Connection, entries: Iterable[tuple[int, ParsedEntry]]) -> None:
    connection.executemany(
        "INSERT INTO enclosures (entry_id, position, url, type, length, seconds) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [
            (entry_id, position, each.url, each.type, each.length, each.seconds)
            for entry_id, entry in entries
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


def rename_feed(connection: Connection, feed_id: int, name: str) -> None:
    """Let the entries of a feed be found by the name that it has now."""
    connection.execute(
        """
        UPDATE contents SET feed = :name
        WHERE entry_id IN (SELECT id FROM entries WHERE feed_id = :feed)
        """,
        {"name": indexed(name), "feed": feed_id},
    )


def renew_links(connection: Connection, ids: Sequence[int]) -> None:
    """Note again which addresses stand in the texts of entries, the feed's and their pages'."""
    for some in in_parts(ids, _TEXTS_AT_ONCE):
        rows = connection.execute(
            """
            WITH wanted AS (SELECT CAST(value AS BIGINT) AS id FROM json_each(:ids))
            SELECT entry_id, markdown FROM contents WHERE entry_id IN (SELECT id FROM wanted)
            UNION ALL
            SELECT entry_id, markdown FROM articles WHERE entry_id IN (SELECT id FROM wanted)
            """,
            {"ids": json.dumps(some)},
        )
        texts = defaultdict[int, list[str]](list)
        for entry_id, text in rows.fetchall():
            texts[entry_id].append(text)
        connection.executemany("DELETE FROM links WHERE entry_id = ?", [(each,) for each in some])
        _note_links(connection, texts.items())


def _note_links(connection: Connection, texts: Iterable[tuple[int, Sequence[str]]]) -> None:
    connection.executemany(
        "INSERT INTO links (key, entry_id) VALUES (?, ?)",
        ((key, entry_id) for entry_id, own in texts for key in _link_keys(own)),
    )


def _link_keys(texts: Iterable[str]) -> set[int]:
    addresses = chain.from_iterable(map(addresses_in, texts))
    return {link_key(address) for address in islice(addresses, MOST_LINKS)}
