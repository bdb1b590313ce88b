"""Watermarks: up to which entry a reader has read, in which database, of which feed (pure)."""

from planet_mcp.errors import ArgumentError

_MAX_DIGITS = 18


def encode(entry_id: int, *, identity: str, feed_id: int | None) -> str:
    """Write a watermark that says: everything up to this entry was given out."""
    return f"{identity}-{entry_id}" + (f"-{feed_id}" if feed_id else "")


def decode(watermark: str, *, identity: str, feed_id: int | None, newest: int) -> int:
    """Read a watermark.

    Raises:
        ArgumentError: It is none, or was given out by another database or for another feed.
    """
    name, *numbers = watermark.strip().split("-")
    if not _numeric(numbers) or len(numbers) > 2:  # noqa: PLR2004 - entry and feed
        raise ArgumentError(
            f"{watermark[:100]!r} is not a watermark. Copy the watermark of an earlier answer "
            "exactly, or use since instead."
        )
    entry_id, of_feed = int(numbers[0]), numbers[1:]
    if name != identity or entry_id > newest:
        raise ArgumentError(
            "This watermark was given out by another database, so what is new since then cannot "
            "be told. Use since instead, and keep the watermark of that answer."
        )
    if of_feed and of_feed != [str(feed_id)]:
        raise ArgumentError(
            f"This watermark is of feed {of_feed[0]} alone. Pass feed={of_feed[0]} with it, or use "
            "since instead."
        )
    return entry_id


def _numeric(numbers: list[str]) -> bool:
    return bool(numbers) and all(
        item.isascii() and item.isdigit() and len(item) <= _MAX_DIGITS for item in numbers
    )
