"""What people call a feed, as a list of feeds has it (pure)."""

import re

_LONGEST = 300
# What nobody sees in a title, or what turns around the text behind it. Joiners and the variation
# selectors of text and emoji stay; `markdown.characters` is more exact, and slower to load.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e"
    "\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffc\U000e0000-\U000e0fff]+"
)


def label(written: str) -> str | None:
    """Return the beginning of a name without what nobody sees; None when nothing is left."""
    return _UNSEEN.sub("", written[: 2 * _LONGEST]).strip()[:_LONGEST] or None
