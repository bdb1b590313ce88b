"""Watermarks: up to which entry a reader has read, in which database, of which feed (pure)."""

import re

from planet_mcp.errors import ArgumentError

# A watermark is the name of a database, an entry id and perhaps a feed id. Eighteen digits are
# always an integer of SQLite, nineteen may be none.
_WATERMARK = re.compile(r"([^-]*)-([0-9]{1,18})(?:-([0-9]{1,18}))?")


def encode(entry_id: int, *, identity: str, feed_id: int | None) -> str:
    """Write a watermark that says: everything up to this entry was given out."""
    return f"{identity}-{entry_id}" + (f"-{feed_id}" if feed_id else "")


def decode(watermark: str, *, identity: str, feed_id: int | None, newest: int) -> int:
    """Read a watermark.

    Raises:
        ArgumentError: It is none, or was given out by another database or for another feed.
    """
    match = _WATERMARK.fullmatch(watermark.strip())
    if match is None:
        raise ArgumentError(
            f"{watermark[:100]!r} is not a watermark. Copy the watermark of an earlier answer "
            "exactly, or use since instead."
        )
    name, entry_id, of_feed = match[1], int(match[2]), match[3]
    if name != identity or entry_id > newest:
        raise ArgumentError(
            "This watermark was given out by another database, so what is new since then cannot "
            "be told. Use since instead, and keep the watermark of that answer."
        )
    if of_feed and of_feed != str(feed_id):
        raise ArgumentError(
            f"This watermark is of feed {of_feed} alone. Name that feed with it, or use since "
            "instead."
        )
    return entry_id
