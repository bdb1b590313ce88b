"""What people call a feed, as a list of feeds has it (pure)."""

from planet_mcp.text.characters import clean_text

_LONGEST = 300


def label(written: str) -> str | None:
    """Return the beginning of a name in one line, without what nobody sees; None for no name."""
    return " ".join(clean_text(written[: 2 * _LONGEST]).split())[:_LONGEST].rstrip() or None
