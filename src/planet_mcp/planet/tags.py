"""Which of the tags that entries have are near one that none has (pure)."""

from collections.abc import Mapping
from difflib import get_close_matches

MOST_NEAR = 5


def near_tags(tags: Mapping[str, int], wanted: str) -> list[str]:
    """Return the tags that someone may have meant, the most used of equals first."""
    by_name = {tag.casefold(): tag for tag in sorted(tags, key=lambda tag: tags[tag])}
    text = wanted.strip().casefold()
    parts = [name for name in by_name if name in text or text in name]
    parts.sort(key=lambda name: (-tags[by_name[name]], name))
    close = get_close_matches(text, by_name, MOST_NEAR)
    return [by_name[name] for name in dict.fromkeys([*close, *parts])][:MOST_NEAR]


def no_such_tag(tags: Mapping[str, int], wanted: str) -> tuple[str | None, bool]:
    """Return in words that no entry has a tag, None if one has it; and whether others are near."""
    words = wanted.casefold().split()
    if any(set(words) <= set(tag.casefold().split()) for tag in tags):
        return None, False
    near = ", ".join(f'"{tag}" ({tags[tag]})' for tag in near_tags(tags, wanted))
    said = f'No entry has the tag "{wanted[:100]}"{f"; near it are {near}" if near else ""}.'
    return said, bool(near)
