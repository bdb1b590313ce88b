"""Whether two entries can be the same story: their titles and texts compared (pure)."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import repeat, takewhile
from operator import eq, xor
from typing import TypeVar
from zlib import crc32

T = TypeVar("T")

SIGNED_WORDS = 30
_SHINGLE = 4
_MOST_WORDS = 3_000
_LONG_WORDS, _LONG_CHARS = 20, 2_000
# XOR with this number reorders hash values, so that one hash of each run gives two minima.
_OTHER_ORDER = 0x9E3779B9
_DIFFERENT = 0.1
_HALF = 0.5
# A corrected text: at most 8 % of its words are added or mistyped, and 70 % of its runs of words
# are the same. (Each word is in four runs, so a few changes cost many.)
_CORRECTED, _IN_ORDER = 0.08, 0.7
# How many words at the end of a beginning may differ: a teaser may end in half a word and in words
# of its own, "Continue reading".
_CUT_WORDS = 5
_MOST_ERRORS, _MOST_COMPARED = 8, 40
# From how many letters on a letter more or less is a typing error: in a short word it makes another
# word, as in on, one, won.
_SPELLED_LETTERS = 5
# From Thai on, in Unicode's order, most scripts write without spaces or have a character for a
# word, so that one other character makes another text, and is no typing error.
_NO_ALPHABET = "\u0e00"

# `+` and `#` belong to the words C++ and C#, which are others than C.
_WORD = re.compile(r"[^\W_]+[+#]*")
_NAME = re.compile(r"\b[^\W\d_a-z]\w+")
_PART = frozenset({"part", "chapter", "episode", "ep", "vol", "volume", "teil", "partie", "parte"})
_COUNTED = frozenset(
    {
        *("one two three four five six seven eight nine ten eleven twelve").split(),
        *("first second third fourth fifth sixth seventh eighth ninth tenth").split(),
        *("january february march april may june july august september october").split(),
        *("november december monday tuesday wednesday thursday friday saturday sunday").split(),
        *("ii iii iv vi vii viii ix xi xii xiii xiv xv xvi xvii xviii xix xx").split(),
    }
)

Signature = tuple[int, int]


def _words(text: str) -> list[str]:
    """Return the words of a text in one spelling, without case and punctuation."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def title_key(title: str) -> int | None:
    """Return a number that is the same for titles that differ only in case and punctuation."""
    words = _words(title)
    return key_of_words(words) if words else None


def key_of_words(words: Sequence[str]) -> int:
    """Return the `title_key` of a title of these words, as `words_of_title` has them."""
    digest = blake2b(" ".join(words).encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def words_of_title(title: str) -> list[str]:
    """Return the words of a title, without case; those of scripts without spaces as they stand."""
    return _words(title)


def are_numbered_apart(title: str, other: str) -> bool:
    """Return whether two titles count differently, as the parts of a series or two releases do.

    A title without a number is apart from none.
    """
    numbers, others = _numbers(title), _numbers(other)
    return bool(numbers) and bool(others) and numbers != others


def _numbers(title: str) -> list[str]:
    words = _words(title)
    follows_part = {index + 1 for index, word in enumerate(words) if word in _PART}
    return [
        word
        for index, word in enumerate(words)
        if word in _COUNTED or index in follows_part or any(map(str.isdigit, word))
    ]


def names_another(title: str, other: str, text: str) -> bool:
    """Return whether a title has a word that neither the other title nor that one's text has."""
    return not set(_words(title)) <= {*_words(other), *_words(text)}


def has_title_within(title: str, other: str) -> bool:
    """Return whether one of two titles has all words of the other, as one with a name before it."""
    words, others = set(_words(title)), set(_words(other))
    return bool(words and others) and (words <= others or others <= words)


def are_of_one_form(title: str, other: str) -> bool:
    """Return whether few words of a title stand in the place of others: two parts of a series.

    A typing error makes no other word.
    """
    words, others = _words(title), _words(other)
    if len(words) != len(others):
        return False
    exchanged = [pair for pair in zip(words, others, strict=True) if pair[0] != pair[1]]
    is_form = 0 < len(exchanged) <= _HALF * len(words)
    return is_form and not all(_is_mistyped(*pair) for pair in exchanged)


def signature(text: str) -> Signature | None:
    """Return two numbers of which near-identical texts share at least one; None for short ones.

    The smallest hashes of the text's runs of four words, in two orders: the chance that texts
    share one is their likeness (min-wise hashing, Broder 1997).
    """
    words = [word.encode() for word in _words(text)[:_MOST_WORDS]]
    # In C, without a step of Python for each run: all entries of all feeds come through here.
    hashes = set(map(crc32, map(b" ".join, _windows(words))))
    if len(hashes) < SIGNED_WORDS - _SHINGLE + 1:
        return None
    return min(hashes), min(map(xor, hashes, repeat(_OTHER_ORDER)))


def likeness_of(text: str, other: str) -> float:
    """Return which share of the runs of words of both texts is common to them, 0 to 1."""
    if text == other:
        return 1.0 if text else 0.0
    runs, others = _runs(text), _runs(other)
    common = len(runs & others)
    return common / (len(runs) + len(others) - common) if runs and others else 0.0


def share_held(text: str, other: str) -> float:
    """Return which share of the shorter text's runs of words the longer one holds, 0 to 1.

    Texts of a few words hold nothing, for they would be held by many.
    """
    if not (_is_long(text) and _is_long(other)):
        return 0.0
    runs, others = _runs(text), _runs(other)
    return len(runs & others) / min(len(runs), len(others))


def are_clearly_different(text: str, other: str) -> bool:
    """Return whether two texts, neither too short to compare, have hardly a run in common."""
    long = _is_long(text) and _is_long(other)
    return long and share_held(text, other) < _DIFFERENT


def is_corrected(text: str, other: str) -> bool:
    """Return whether two texts are one but for corrections: typing errors, or words added to one.

    A word in the place of another one, or another number, makes a form filled in for two occasions.
    """
    lost, gained = sorted(_exchanged(text, other), key=len)
    few = len(gained) <= _CORRECTED * len(_words(text))
    return few and _are_typing_errors(lost, gained) and likeness_of(text, other) >= _IN_ORDER


def is_respelled(title: str, other: str) -> bool:
    """Return whether two titles have the same words but for typing errors."""
    lost, gained = _exchanged(title, other)
    return len(lost) == len(gained) and _are_typing_errors(lost, gained)


def has_words_of(text: str, other: str) -> bool:
    """Return whether two texts are the same words in the same order."""
    return _words(text) == _words(other)


def is_beginning(text: str, other: str) -> bool:
    """Return whether the shorter of two texts is the beginning of the longer, but for its end."""
    words, others = sorted((_words(text), _words(other)), key=len)
    most = len(words) - _CUT_WORDS
    return most > 0 and words[:most] == others[:most]


def counts_otherwise(text: str, other: str) -> bool:
    """Return whether two texts are one but for their numbers, as the prices of two days."""
    mine, its = _words(text), _words(other)
    return (
        mine != its
        and len(mine) == len(its)
        and all(
            word == another or (_has_digit(word) and _has_digit(another))
            for word, another in zip(mine, its, strict=True)
        )
    )


def are_filled_in(text: str, other: str, *, numbers: bool) -> bool:
    """Return whether two texts are one form with other names in it, or `numbers` if these count.

    A name is a word with a capital letter.
    """
    lost, gained = _exchanged(text, other)
    names = {word.casefold() for word in _NAME.findall(f"{text} {other}")}
    return 0 < len(lost) == len(gained) <= _MOST_ERRORS and all(
        (numbers and _has_digit(word)) or word in names for word in (*lost, *gained)
    )


def _has_digit(word: str) -> bool:
    return any(map(str.isdigit, word))


def has_few_words_of(text: str, other: str) -> bool:
    """Return whether one of two texts has less than half of the other one's words."""
    words, others = set(_words(text)), set(_words(other))
    return len(words & others) < _HALF * min(len(words), len(others))


def _exchanged(text: str, other: str) -> tuple[list[str], list[str]]:
    """Return the words of each of two texts that the other one has not, or not so often."""
    words, others = Counter(_words(text)), Counter(_words(other))
    return [*(words - others).elements()], [*(others - words).elements()]


def _are_typing_errors(words: Sequence[str], others: Sequence[str]) -> bool:
    """Return whether each word is one of the others, mistyped; many words are never all errors."""
    return len(words) <= _MOST_ERRORS and all(
        any(_is_mistyped(word, other) for other in others[:_MOST_COMPARED]) for word in words
    )


def _is_mistyped(word: str, other: str) -> bool:
    """Return whether one letter is too much, missing or another, or two have changed places.

    Another first letter makes another word: house, mouse.
    """
    letters = word + other
    if any(map(str.isdigit, letters)) or max(letters) >= _NO_ALPHABET or word[0] != other[0]:
        return False
    start = sum(1 for _ in takewhile(bool, map(eq, word, other)))
    mine, its = word[start:], other[start:]
    if mine[1::-1] + mine[2:] == its and len(mine) > 1:
        return True
    long = min(len(word), len(other)) >= _SPELLED_LETTERS
    return long and (mine[1:] == its[1:] or mine[1:] == its or mine == its[1:])


def opens(title: str, text: str) -> bool:
    """Return whether a text begins with the words of a title that has more than one."""
    words = _words(title)
    return len(words) > 1 and _words(text)[: len(words)] == words


def _is_long(text: str) -> bool:
    return len(_words(text[:_LONG_CHARS])) >= _LONG_WORDS


@lru_cache(maxsize=4)  # one text is compared with several
def _runs(text: str) -> frozenset[tuple[str, ...]]:
    return frozenset(_windows(_words(text)[:_MOST_WORDS]))


def _windows(words: list[T]) -> Iterator[tuple[T, ...]]:
    """Return the runs of words."""
    return zip(*(words[start:] for start in range(_SHINGLE)), strict=False)
