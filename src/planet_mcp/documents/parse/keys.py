"""What makes an entry the same entry at the next fetch (pure)."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Sequence

from planet_mcp.documents.parse.raw import RawEntry

_LONGEST = 500


def keys_of(entries: Sequence[RawEntry], *, not_ids: frozenset[str]) -> list[str]:
    """Give every entry a key within its feed: its id, its link, or a hash of words and date.

    `not_ids` are the feed's own addresses, which some generators write into every guid. Entries
    that would share a key although their links, titles or (untitled) texts differ get these added
    to it, so that none replaces another; copies of one entry share their key. Ids and links count
    as written, so that a feed that moves keeps its entries.
    """
    bases = [_basis(entry, not_ids) for entry in entries]
    for name, aspect in _ASPECTS:
        seen: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
        for base, entry in zip(bases, entries, strict=True):
            seen[base].add(aspect(entry))
        bases = [
            _refined(base, name, aspect(entry)) if len(seen[base]) > 1 else base
            for base, entry in zip(bases, entries, strict=True)
        ]
    return [_spelled(base) for base in bases]


def _basis(entry: RawEntry, not_ids: frozenset[str]) -> tuple[str, ...]:
    if entry.id and entry.id not in not_ids:
        return ("id", entry.id)
    if entry.link and entry.link not in not_ids:
        return ("link", entry.link)
    # The day is part of it: the same words on another day are another entry, as in weekly reports.
    return ("hash", digest(entry.title.value, *filter(None, (_words(entry), _day(entry)))))


def _words(entry: RawEntry) -> str:
    return max((text.value for text in entry.texts), key=len, default="")


def _day(entry: RawEntry) -> str:
    moment = entry.published or entry.updated
    return moment.isoformat() if moment else ""


def _untitled_words(entry: RawEntry) -> str:
    return "" if entry.title.value else digest(_words(entry), _day(entry))


_ASPECTS: tuple[tuple[str, Callable[[RawEntry], str]], ...] = (
    ("link", lambda entry: entry.link),
    ("title", lambda entry: entry.title.value),
    ("text", _untitled_words),
)


def _refined(base: tuple[str, ...], name: str, value: str) -> tuple[str, ...]:
    kind, *values = base
    return (f"{kind}+{name}", *values, value)


def _spelled(base: tuple[str, ...]) -> str:
    kind, *values = base
    if len(values) == 1 and len(values[0]) <= _LONGEST:
        return f"{kind}:{values[0]}"
    return f"{kind}#{digest(*values)}"


def digest(*values: str) -> str:
    """Hash texts so that no two lists of them are spelled alike."""
    spelled = json.dumps(values, ensure_ascii=True)
    return hashlib.sha256(spelled.encode("ascii")).hexdigest()
