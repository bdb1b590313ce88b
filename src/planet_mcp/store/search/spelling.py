"""The word that was meant where a typed one is in hardly any entry: a near one that is in many.

The index knows the stems of words. So all words near the typed one are looked up in it, and read
as they are written from the newest texts that have them.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from string import ascii_lowercase

from planet_mcp.store.db import Connection, Engine
from planet_mcp.store.search.words import fts_string, splits
from planet_mcp.text import has_unspaced

# A word that is in more entries than FEW is a word. One that is in some is meant, unless a near one
# is in so many times more; one that is in none, unless a near one is in many: one of SHARE entries.
FEW, TIMES_MORE = 10, 100
SHARE, LEAST, MOST = 200, 2, 20
# Others of a word's stem may be more frequent: packages, packaging.
_WRITTEN = 4
# How long a word is that may be misspelt (in a shorter one each letter counts); one in which a
# letter may be another; one in which two may be wrong; and the longest that is a word.
SHORTEST, SUBSTITUTED, LONG, LONGEST = 5, 6, 8, 24
_MOST_COUNTED = 2_000
_MOST_TRIED, _TEXTS, _CHARS = 6, 40, 8_000
_MOST_TERMS = 20_000
_MOST_REMEMBERED = 1_000
_SAME_BEGINNING = 3
_SUBSTITUTION, _OTHER_FIRST_LETTER = 0.3, 0.1

_WORD = re.compile(r"[a-z]+")
# How long what words begin with has to be, and how many letters may be left away for that: an
# ending. English has stems in the index, so of ASCII more has to be left.
_SHORTEST_BEGINNING, _SHORTEST_STEM, _SHORTEST_ASCII_STEM, _LONGEST_ENDING = 5, 4, 6, 2


@dataclass(frozen=True, slots=True)
class MeantWord:
    """A word in place of one that is in `typed_in` entries."""

    word: str
    typed_in: int


class Spelling:
    """The words of one index, as far as they are near what is typed."""

    def __init__(self, database: Engine) -> None:
        self._database = database
        self._known: dict[str, MeantWord | None] = {}
        self._known_at = 0

    def meant(self, word: str, *, snapshot: int) -> MeantWord | None:
        """Return the word that was probably meant; None if it is this one, or none is near.

        Only words of ASCII letters are ever others: in lower case, or with a capital first.
        `snapshot` is the newest entry: what was found is remembered until another one is.
        """
        typed = word.lower()
        is_word = SHORTEST <= len(word) <= LONGEST and _WORD.fullmatch(typed)
        if not is_word or word[1:] != typed[1:]:
            return None
        if snapshot != self._known_at or len(self._known) >= _MOST_REMEMBERED:
            self._known, self._known_at = {}, snapshot
        known = self._known  # another thread may begin anew meanwhile
        if typed not in known:
            with self._database.reading() as connection:
                known[typed] = _meant(connection, typed, snapshot)
        return known[typed]

    def beginning(self, word: str) -> str | None:
        """Return what some words of entries begin with, as this one does; None if it is in any.

        German `Datenbank` for `Datenbankabfrage`, Russian `ошибк` for `ошибки` and `ошибка`.
        """
        if not word.isalpha() or has_unspaced(word) or len(word) > LONGEST:
            return None
        with self._database.reading() as connection:
            if _has(connection, fts_string(word)):
                return None
            tried = _beginnings(word)
            return next((e for e in tried if _has(connection, fts_string(e, prefix=True))), None)


def _beginnings(word: str) -> Iterator[str]:
    if len(word) >= _SHORTEST_BEGINNING:
        yield word
    shortest = _SHORTEST_ASCII_STEM if word.isascii() else _SHORTEST_STEM
    for ending in range(1, _LONGEST_ENDING + 1):
        if len(word) - ending >= shortest:
            yield word[:-ending]


def _has(connection: Connection, expression: str) -> bool:
    found = connection.execute("SELECT 1 FROM entries_index(:match) LIMIT 1", {"match": expression})
    return found.fetchone() is not None


def _meant(connection: Connection, typed: str, snapshot: int) -> MeantWord | None:
    typed_in = dict(connection.counted([typed], FEW + 1)).get(typed, 0)
    if typed_in > FEW or (not typed_in and _is_two_words(connection, typed)):
        return None
    least = TIMES_MORE * typed_in or min(max(snapshot // SHARE, LEAST), MOST)
    edits = set(_edits(typed))
    near = _near(connection, edits, least, edits.__contains__)
    if not near and not typed_in and len(typed) >= LONG:
        terms = _terms(connection, typed, least)
        near = _near(connection, terms, least, lambda word: _is_near(typed, word))
    likely = {word: entries * _likelihood(typed, word) for word, entries in near.items()}
    best = max(likely, key=likely.__getitem__, default="")
    if not best or likely[best] < least / _WRITTEN:
        return None
    # What some have written is rather a rare word: heater, xarray.
    return None if typed_in and not _is_typing_error(typed, best) else MeantWord(best, typed_in)


def _is_two_words(connection: Connection, typed: str) -> bool:
    """Return whether entries have the word as two, as some write `free threading`."""
    return _has(connection, " OR ".join(splits(typed)))


def _near(
    connection: Connection,
    tried: Iterable[str],
    least: int,
    is_near: Callable[[str], bool],
) -> dict[str, float]:
    """Return the near words as texts have them, and in about how many entries.

    A word that is tried may be one that nobody writes, with the stem of another.
    """
    found: dict[str, float] = {}
    counted = [each for each in connection.counted(tried, _MOST_COUNTED) if each[1] >= least]
    for tried_word, entries in counted[:_MOST_TRIED]:
        texts = [set(_WORD.findall(text.lower())) for text in _texts(connection, tried_word)]
        said = Counter(word for text in texts for word in text if is_near(word))
        for word, times in said.items():
            found[word] = max(found.get(word, 0), entries * times / len(texts))
    return found


def _texts(connection: Connection, word: str) -> list[str]:
    rows = connection.execute(
        """
        SELECT c.title || ' ' || substr(c.text, 1, :chars)
        FROM entries_index(:match) JOIN contents AS c ON c.entry_id = entries_index.rowid
        ORDER BY entries_index.rowid DESC LIMIT :texts
        """,
        {"match": f'{{heading text}} : "{word}"', "chars": _CHARS, "texts": _TEXTS},
    )
    return [row[0] for row in rows]


def _terms(connection: Connection, typed: str, least: int) -> list[str]:
    """Return the stems of the index that may belong to a long word with two wrong letters."""
    lengths = range(len(typed) - 6, len(typed) + 3)
    terms = connection.terms(typed[:_SAME_BEGINNING], least=least, most=_MOST_TERMS)
    return [term for term in terms if len(term) in lengths and _is_stem(typed, term)]


def _is_stem(typed: str, term: str) -> bool:
    lengths = range(max(len(term) - 2, 0), len(term) + 3)
    return any(_distance(typed[:length], term) <= 2 for length in lengths)  # noqa: PLR2004


def _is_near(typed: str, word: str) -> bool:
    return (
        abs(len(word) - len(typed)) <= 2  # noqa: PLR2004
        and word.startswith(typed[:_SAME_BEGINNING])
        and _distance(typed, word) <= 2  # noqa: PLR2004
    )


def _edits(word: str) -> Iterator[str]:
    """Yield all words that differ by one letter: left out, put in, another, or two exchanged."""
    for place in range(len(word) + 1):
        before, after = word[:place], word[place:]
        yield from (f"{before}{letter}{after}" for letter in ascii_lowercase)
        if after:
            yield f"{before}{after[1:]}"
        if len(after) > 1:
            yield f"{before}{after[1]}{after[0]}{after[2:]}"
        if after and len(word) >= SUBSTITUTED:
            yield from (f"{before}{letter}{after[1:]}" for letter in ascii_lowercase)


def _likelihood(typed: str, word: str) -> float:
    """Return how likely a word was meant, of those that are in as many entries."""
    by_letters = _SUBSTITUTION if _replaced(typed, word) else 1.0
    return by_letters if _begin_alike(typed, word) else by_letters * _OTHER_FIRST_LETTER


def _is_typing_error(typed: str, word: str) -> bool:
    """Return whether a word of texts is misspelt as many do: not by another consonant."""
    return _begin_alike(typed, word) and set(_replaced(typed, word)) <= set("aeiouy")


def _replaced(typed: str, word: str) -> str:
    """Return the letters that stand for others in a word of the same length and other letters."""
    if len(typed) != len(word) or sorted(typed) == sorted(word):
        return ""
    return "".join(mine + other for mine, other in zip(typed, word, strict=True) if mine != other)


def _begin_alike(typed: str, word: str) -> bool:
    return typed[0] == word[0] or typed[:2] == word[1::-1]


def _distance(one: str, other: str) -> int:
    """Return how many letters to leave out, put in, change or exchange (optimal alignment)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        now = [row]
        for column, wanted in enumerate(other, 1):
            cost = min(last[column] + 1, now[-1] + 1, last[column - 1] + (letter != wanted))
            if row > 1 < column and letter == other[column - 2] and wanted == one[row - 2]:
                cost = min(cost, before[column - 2] + 1)
            now.append(cost)
        before, last = last, now
    return last[-1]
