"""Which stored entry a parsed one is: by its key, or by what it is when keys cannot be trusted.

Some feeds give one id to all that they ever publish; others change all ids when their site is
rebuilt. Neither may collapse a feed's history or double it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256

from planet_mcp.models import ParsedEntry, RecognisedEntry
from planet_mcp.store.db import Connection, in_parts, to_seconds
from planet_mcp.text import (
    SIGNED_WORDS,
    are_clearly_different,
    counts_otherwise,
    has_few_words_of,
    has_words_of,
    is_corrected,
    share_held,
    title_key,
)
from planet_mcp.urls import names_a_page, page_key

_COLUMNS = """
    e.id, e.key, e.fingerprint, e.canonical_url, e.title_key, e.published, e.minhash_a, e.minhash_b
"""
_HELD = 0.7
# An entry with neither id nor link is known by its words and its date.
_KEY_WITHOUT_ID = "hash"
_MOST = 20
_AT_ONCE = 200
_LIKELY = f"""
    SELECT {_COLUMNS} FROM entries AS e
    WHERE e.id IN (
        SELECT id FROM entries WHERE feed_id = :feed AND key = :key
        UNION
        SELECT * FROM (SELECT id FROM entries WHERE title_key = :title AND feed_id = :feed
                       ORDER BY id DESC LIMIT {_MOST})
        UNION
        SELECT * FROM (SELECT id FROM entries WHERE canonical_url = :url AND feed_id = :feed
                       ORDER BY id DESC LIMIT {_MOST})
        UNION
        SELECT * FROM (SELECT id FROM entries WHERE feed_id = :feed AND ordered_at = :time
                       ORDER BY id DESC LIMIT {_MOST})
    )
    ORDER BY e.key = :key DESC, e.id DESC
"""


@dataclass(frozen=True, slots=True)
class Known:
    """A stored entry, as far as it is compared; `published` is in seconds since 1970."""

    id: int
    key: str
    fingerprint: str
    canonical_url: str | None
    title_key: int | None
    published: int | None
    minhash_a: int | None
    minhash_b: int | None


def recognise(
    connection: Connection, feed_id: int, document: Sequence[ParsedEntry]
) -> list[RecognisedEntry]:
    """Return for each entry of a document, of which each has another key, which stored one it is.

    A stored entry is at most one of the document; those with its key come first.
    """
    listed = _with_keys(connection, feed_id, [entry.key for entry in document])
    found = {
        entry.key: listed[entry.key]
        for entry in document
        if entry.key in listed and not _is_other(connection, entry, listed[entry.key])
    }
    own = [_under_its_own(entry, listed) for entry in document if entry.key not in found]
    taken = {known.id for known in found.values()}
    is_rebuilt = not found and len(document) > 1
    others = _elsewhere(connection, feed_id, own, taken, is_rebuilt=is_rebuilt)
    return [
        _recognised(entry, found[entry.key]) if entry.key in found else _recognised(*next(others))
        for entry in document
    ]


def _recognised(entry: ParsedEntry, known: Known | None) -> RecognisedEntry:
    if known is None:
        return RecognisedEntry(entry)
    return RecognisedEntry(
        entry,
        known.id,
        has_other_key=known.key != entry.key,
        has_other_date=known.published != to_seconds(entry.published),
        has_other_text=known.fingerprint != entry.fingerprint,
    )


def _with_keys(connection: Connection, feed_id: int, keys: Sequence[str]) -> dict[str, Known]:
    rows = connection.execute(
        f"""
        SELECT {_COLUMNS} FROM entries AS e
        WHERE e.feed_id = ? AND e.key IN (SELECT value FROM json_each(?))
        """,
        (feed_id, json.dumps(keys)),
    )
    return {row["key"]: Known(*row) for row in rows}


def _under_its_own(entry: ParsedEntry, listed: Mapping[str, Known]) -> ParsedEntry:
    """Give an entry whose id stands for another post a key that is not taken."""
    if entry.key not in listed:
        return entry
    spelled = json.dumps([entry.key, _own_address(entry), entry.title, entry.content.excerpt])
    return replace(entry, key=f"reused#{sha256(spelled.encode()).hexdigest()}")


def _elsewhere(
    connection: Connection,
    feed_id: int,
    entries: Sequence[ParsedEntry],
    taken: set[int],
    *,
    is_rebuilt: bool,
) -> Iterator[tuple[ParsedEntry, Known | None]]:
    """Find the stored entries with a key that the feed has given up, or that was made here."""
    is_it = partial(_is_it, connection, is_rebuilt=is_rebuilt)
    for some in in_parts(entries, _AT_ONCE):
        answers = connection.each(_LIKELY, [_likely(feed_id, entry) for entry in some])
        for entry, rows in zip(some, answers, strict=True):
            likely = (Known(*row) for row in rows if row[0] not in taken)
            known = next((each for each in likely if is_it(entry, each)), None)
            taken |= {known.id} if known else set()
            yield entry, known


def _likely(feed_id: int, entry: ParsedEntry) -> dict[str, object]:
    return {
        "feed": feed_id,
        "key": entry.key,
        "title": title_key(entry.title),
        "url": _own_address(entry),
        "time": to_seconds(entry.published),
    }


def _is_it(connection: Connection, entry: ParsedEntry, known: Known, *, is_rebuilt: bool) -> bool:
    return known.key == entry.key or _is_same(connection, entry, known, is_rebuilt=is_rebuilt)


def _is_other(connection: Connection, entry: ParsedEntry, known: Known) -> bool:
    """Return whether an id was given to another post, by title, address, date and text.

    A new text with a new date is another post, whatever else repeats.
    """
    if entry.fingerprint == known.fingerprint:
        return False
    title = title_key(entry.title) == known.title_key
    link, date = _agree(_own_address(entry), known.canonical_url), _dates_agree(entry, known)
    is_told = (title and link) or (date and (title or link))
    if (is_told and date is not False) or _may_share_text(entry, known):
        return False
    text, its = entry.content.text, _text(connection, known)
    if are_clearly_different(text, its):
        return not title or date is False
    if date is False:
        short = min(entry.content.words, len(its.split())) < SIGNED_WORDS
        is_new = has_few_words_of(text, its) or (title and counts_otherwise(text, its))
        return (short and is_new) or not (title or link)
    return not title and not link and not date and link is False


def _is_same(connection: Connection, entry: ParsedEntry, known: Known, *, is_rebuilt: bool) -> bool:
    """Return whether a stored post has come again under another id.

    It has its title or address, or with another headline at another address its date and text.
    With another date it is what the feed says every week, unless it is the same long text at the
    same address, or the whole feed has other ids.
    """
    title = title_key(entry.title) == known.title_key and not entry.title_derived
    link, date = _agree(_own_address(entry), known.canonical_url), _dates_agree(entry, known)
    if date is False and entry.key.startswith(_KEY_WITHOUT_ID):
        return False
    if date is False and not is_rebuilt:
        may_share = link and _may_share_text(entry, known)
        return bool(may_share) and is_corrected(entry.content.text, _text(connection, known))
    told = title and (date or (link and date is None))
    if told:
        return not are_clearly_different(entry.content.text, _text(connection, known))
    if (title or link) and _may_share_text(entry, known):
        return share_held(entry.content.text, _text(connection, known)) >= _HELD
    return bool(date) and _is_text_of(entry, _text(connection, known))


def _is_text_of(entry: ParsedEntry, text: str) -> bool:
    """Return whether an entry has a long text, but for corrections, or that of one without id."""
    if entry.key.startswith(_KEY_WITHOUT_ID) and entry.content.words:
        return has_words_of(entry.content.text, text)
    return entry.content.words >= SIGNED_WORDS and is_corrected(entry.content.text, text)


def _agree(mine: object, its: object) -> bool | None:
    """Compare two facts; None when one of them is not known."""
    return None if mine is None or its is None else mine == its


def _dates_agree(entry: ParsedEntry, known: Known) -> bool | None:
    return _agree(to_seconds(entry.published), known.published)


def _own_address(entry: ParsedEntry) -> str | None:
    """Return the entry's address in canonical form, unless it is only that of a site."""
    address = page_key(entry.url) if entry.url else ""
    return address if names_a_page(address) else None


def _may_share_text(entry: ParsedEntry, known: Known) -> bool:
    mine = entry.signature or (None, None)
    pairs = zip(mine, (known.minhash_a, known.minhash_b), strict=True)
    return any(own is not None and own == its for own, its in pairs)


def _text(connection: Connection, known: Known) -> str:
    (text,) = connection.execute(
        "SELECT substr(text, 1, 40000) FROM contents WHERE entry_id = ?", (known.id,)
    ).fetchone()
    return str(text)
