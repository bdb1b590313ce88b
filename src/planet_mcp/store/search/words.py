"""How a word that is typed may be written in the index: strings of FTS5 (pure).

The one place that spells: what the index holds of a text (`planet_mcp.text.identifiers`) and what
a query asks for are two sides of one rule.
"""

import re
from collections.abc import Iterator

from planet_mcp.store.search.variants import numbered, respelled, with_article
from planet_mcp.text import STOP_WORDS, humps, named_by_signs, pieces, sought

SHORTEST_SPLIT, LONGEST_SPLIT = 5, 24

WORD = re.compile(r"[^\W_]+")
_LETTERS = re.compile(r"[a-zA-Z]+")
# What stands after a word or a version as one with it or apart: `HTML 5`, `3.14.0 rc2`.
_APPENDED = (
    (_LETTERS, re.compile(r"\d{1,3}")),
    (re.compile(r"v?\d+(?:\.\d+)+"), re.compile(r"(?i:a|b|rc)\d+")),
)
_HYPHENATED = re.compile(r"[a-zA-Z]+(?:[-_'\u2019][a-zA-Z]+)+")


def fts_string(text: str, *, prefix: bool = False) -> str:
    """Return the FTS5 string that finds a text as the index has it; a prefix: what begins so."""
    words, is_open = sought(text.replace("\0", " ").replace('"', " "))
    return f'"{words}"{"*" if prefix or is_open else ""}'


def spellings(word: str) -> list[str]:
    """Spell a word as typed, and as the index may have it: `free-threading`, `TaskGroup`, `C++`."""
    signed = named_by_signs(word)
    if signed:
        return [fts_string(name) for name in signed]
    return list(dict.fromkeys([*forms(word), *map(fts_string, _written(word))]))


def forms(name: str) -> list[str]:
    """Spell a name as typed, and with its number as others write it: `PEP282`, `v3.13`."""
    return list(dict.fromkeys(map(fts_string, [name, *numbered(name)])))


def _written(word: str) -> Iterator[str]:
    if _HYPHENATED.fullmatch(word):
        yield "".join(WORD.findall(word))
    yield from with_article(word)
    camel = humps(word) if word.isalnum() else ()
    if len(camel) > 1:
        yield " ".join(camel)


def others(word: str) -> list[str]:
    """Spell a word by other rules, as most may have written it."""
    return [fts_string(other) for other in respelled(word)]


def parts_of(text: str) -> list[str]:
    """Return the words that say something of a name or phrase; empty when it has but one word."""
    found = pieces(text)
    if len(found) == 1 and not named_by_signs(text):
        return []
    return [fts_string(word) for word in found if len(word) > 1 and word not in STOP_WORDS]


def joined(first: str, second: str) -> list[str]:
    """Spell two neighbours as one word, as `free threading` is by some."""
    if _LETTERS.fullmatch(first) and _LETTERS.fullmatch(second):
        return [fts_string(first + second)]
    return []


def appended(first: str, second: str) -> list[str]:
    """Spell a name and its number as one word, as `HTML 5` is by most."""
    pairs = (each for each in _APPENDED if each[0].fullmatch(first) and each[1].fullmatch(second))
    return forms(first + second) if any(pairs) else []


def splits(word: str) -> list[str]:
    """Spell one word as two, wherever it may be: few of these phrases occur anywhere."""
    if not (_LETTERS.fullmatch(word) and SHORTEST_SPLIT <= len(word) <= LONGEST_SPLIT):
        return []
    return [fts_string(f"{word[:cut]} {word[cut:]}") for cut in range(2, len(word) - 1)]
