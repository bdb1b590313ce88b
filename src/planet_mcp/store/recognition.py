"""Which stored entry a parsed one is: by its key, or by what it is when keys cannot be trusted.

Some feeds give one id to all that they ever publish; others change all ids when their site is
rebuilt. Neither may collapse a feed's history or double it.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from planet_mcp.likeness import are_clearly_different, likeness, title_key
from planet_mcp.models import ParsedEntry
from planet_mcp.store.rows import to_seconds
from planet_mcp.urls import canonical, names_a_page

_COLUMNS = """
    e.id, e.key, e.fingerprint, e.canonical_url, e.title_key, e.published, e.minhash_a, e.minhash_b
"""
_EQUAL = 0.97


@dataclass(frozen=True, slots=True)
class Known:
    """A stored entry, as far as it is needed to know it again."""

    id: int
    key: str
    fingerprint: str
    canonical_url: str | None
    title_key: int | None
    published: int | None
    minhash_a: int | None
    minhash_b: int | None


@dataclass(frozen=True, slots=True)
class Recognised:
    """A parsed entry with the stored one that it is; None when it is new.

    Its key is the one under which it is to be stored.
    """

    entry: ParsedEntry
    known: Known | None


def recognise(
    connection: sqlite3.Connection, feed_id: int, entries: Sequence[ParsedEntry]
) -> Iterator[Recognised]:
    """Tell which stored entries those of a feed document are; of copies the first counts."""
    distinct = {entry.key: entry for entry in reversed(entries)}
    known = _with_keys(connection, feed_id, list(distinct))
    taken = set(distinct)
    for key in reversed(distinct):
        entry, found = distinct[key], known.get(key)
        if found is not None and _is_other(entry, found):
            entry = replace(entry, key=_own_key(entry))
            found = _with_keys(connection, feed_id, [entry.key]).get(entry.key)
        if found is None:
            found = _under_another_key(connection, feed_id, entry, taken)
        taken.add(found.key if found else entry.key)
        yield Recognised(entry, found)


def _with_keys(
    connection: sqlite3.Connection, feed_id: int, keys: Sequence[str]
) -> dict[str, Known]:
    rows = connection.execute(
        f"""
        SELECT {_COLUMNS} FROM entries AS e
        WHERE e.feed_id = ? AND e.key IN (SELECT value FROM json_each(?))
        """,
        (feed_id, json.dumps(keys)),
    )
    return {row["key"]: Known(*row) for row in rows}


def _is_other(entry: ParsedEntry, known: Known) -> bool:
    """Say whether an id was given to another post: all that could tell them as one differs."""
    link, published = _own_address(entry), to_seconds(entry.published)
    if title_key(entry.title) == known.title_key or _shares_text(entry, known):
        return False
    if (link and link == known.canonical_url) or (published and published == known.published):
        return False
    return bool((link and known.canonical_url) or (published and known.published))


def _own_key(entry: ParsedEntry) -> str:
    spelled = json.dumps([entry.key, _own_address(entry), title_key(entry.title)])
    return f"reused#{sha256(spelled.encode()).hexdigest()}"


def _own_address(entry: ParsedEntry) -> str | None:
    """Return the entry's address in canonical form, unless it is only that of a site."""
    address = canonical(entry.url) if entry.url else ""
    return address if names_a_page(address) else None


def _shares_text(entry: ParsedEntry, known: Known) -> bool:
    mine = entry.signature or (None, None)
    pairs = zip(mine, (known.minhash_a, known.minhash_b), strict=True)
    return any(own is not None and own == its for own, its in pairs)


def _under_another_key(
    connection: sqlite3.Connection, feed_id: int, entry: ParsedEntry, taken: set[str]
) -> Known | None:
    """Find an entry of the same title that the feed lists no more under its old key."""
    rows = connection.execute(
        f"""
        SELECT {_COLUMNS}, substr(c.text, 1, 40000) AS text
        FROM entries AS e JOIN contents AS c ON c.entry_id = e.id
        WHERE e.feed_id = ? AND e.title_key = ? ORDER BY e.id DESC LIMIT 50
        """,
        (feed_id, title_key(entry.title)),
    )
    for *columns, text in rows:
        known = Known(*columns)
        if known.key not in taken and _is_same(entry, known, text):
            return known
    return None


def _is_same(entry: ParsedEntry, known: Known, text: str) -> bool:
    link, published = _own_address(entry), to_seconds(entry.published)
    told = (link and link == known.canonical_url) or (published and published == known.published)
    if told and not entry.title_derived:
        return not are_clearly_different(entry.content.text, text)
    return _shares_text(entry, known) and likeness(entry.content.text, text) >= _EQUAL
