"""Watermarks: up to which entry someone has read, of which database, of which feeds (pure)."""

import hashlib
import re
from collections.abc import Collection

from planet_mcp.errors import ArgumentError

_SCOPE_CHARS = 6
# A watermark is the name of a database, an entry id and perhaps a feed id, or a checksum of a
# choice of feeds. Eighteen digits are always an integer of SQLite, nineteen may be none.
_WATERMARK = re.compile(r"([^-]*)-([0-9]{1,18})(?:-([0-9]{1,18}|x[0-9a-f]{6}))?")
# A day looks like one, but for its name.
_DAY = re.compile(r"(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]")


def scope(feeds: Collection[int] | None, group: str | None) -> str | None:
    """Name a choice of feeds: one by its id, a group by its name, whatever feeds it has by then."""
    if feeds is None:
        return None
    if group is None and len(feeds) == 1:
        return str(*feeds)
    chosen = group.strip().casefold() if group is not None else repr(sorted(feeds))
    return "x" + hashlib.sha256(chosen.encode()).hexdigest()[:_SCOPE_CHARS]


def encode(entry_id: int, *, identity: str, scope: str | None) -> str:
    """Write a watermark that says: everything up to this entry was given out."""
    return f"{identity}-{entry_id}" + (f"-{scope}" if scope else "")


def read(watermark: str) -> tuple[str, int, str | None] | None:
    """Return the database, the entry and the scope that a watermark names; None if it is none."""
    match = _WATERMARK.fullmatch(watermark.strip())
    return (match[1], int(match[2]), match[3]) if match else None


def decode(watermark: str, *, identity: str, scope: str | None, newest: int) -> int:
    """Read a watermark.

    Raises:
        ArgumentError: It is none, or was given out by another database or for other feeds.
    """
    named = read(watermark)
    if named is None or (named[0] != identity and _DAY.fullmatch(watermark.strip())):
        raise ArgumentError(
            f"{watermark[:100]!r} is not a watermark. Copy the watermark of an earlier answer "
            "exactly, or use since instead."
        )
    name, entry_id, of_feeds = named
    if name != identity or entry_id > newest:
        raise ArgumentError(
            "This watermark was given out by another database, so what is new since then cannot "
            "be told. Use since instead, and keep the watermark of that answer."
        )
    if of_feeds and of_feeds != scope:
        whose, those = f"feed {of_feeds} alone", "that feed"
        if of_feeds.startswith("x"):
            whose, those = "other feeds, or of a group", "the same feeds or group"
        raise ArgumentError(
            f"This watermark is of {whose}. Name {those} with it, or use since instead."
        )
    return entry_id
