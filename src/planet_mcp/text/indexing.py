"""What the index of words holds of a text, and how a typed word is looked up there, in any script.

SQLite's tokenizer folds case and Latin accents, and takes a run of letters for one word. It gets
what it would leave in several spellings in one, and scripts without spaces in pairs of signs:
`使用Python编程` as `使用 用 Python 编程 程`, where a run of signs is a phrase of its pairs (pure).
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import pairwise

MOST_PIECES = 32

# Chinese, Japanese, Korean; Thai, Lao, Burmese, Khmer: letters and marks, no digits or punctuation.
SIGNS = (
    "\u0e01-\u0e2e\u0e30-\u0e3a\u0e40-\u0e4e\u0e81-\u0ebd\u0ec0-\u0ece\u0edc-\u0edf"
    "\u1000-\u103f\u1050-\u109d\uaa60-\uaa7f\u1780-\u17d3\u17d7\u17dc\u17dd"
    "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7fb\u3131-\u318e\uffa1-\uffdc"
    "\u3005-\u3007\u3031-\u3035\u3041-\u3096\u3099\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u31f0-\u31ff\uff66-\uff9f\U0001b000-\U0001b16f\u3105-\u312f\u31a0-\u31bf"
    "\u2e80-\u2fd5\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
# What stays with the sign before it.
_MARKS = (
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u1056-\u1059"
    "\u105e-\u1060\u1062-\u1064\u1067-\u106d\u1071-\u1074\u1082-\u108d\u108f\u109a-\u109d"
    "\u17b4-\u17d3\u17dd\u3099\u309a"
)
# Vowels and accents that people leave out: of Latin, Greek and Cyrillic, Hebrew, Arabic.
_ACCENTS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
)
# Within a word though no letters: accents, and the vowels of India's scripts.
_JOINED = f"{_ACCENTS}\u0900-\u0963\u0980-\u0dff"
# Letters that the tokenizer leaves as they are and people spell in other ways, too.
_UNFOLDED = (
    "ªº²³¹¼-¾ßÆæØøÐðÞþĐđĦħıĲĳĿŀŁłŊŋŒœŦŧǄ-ǌǢǣǱ-ǳǼ-ǿʰ-ʸᴬ-ᵪẞ⁰-ₜⅠ-ↈ"
    "\u0384-\u0390\u03aa-\u03b0\u03ca-\u03ce\u03d0-\u03d6\u03f0-\u03f5\u1f00-\u1ffc"
    "ЀЁѐё\u0587\u0622-\u0626\u0629\u0640\u0649\u0660-\u0669\u0671\u0675-\u0678\u06a9\u06c0\u06c2"
    "\u06cc\u06d3\u06f0-\u06f9\ufb00-\ufdfc\ufe70-\ufefc\uff10-\uff19\uff21-\uff3a\uff41-\uff5a"
    f"\U0001d400-\U0001d7ff{_ACCENTS}"
)
# Letters without a decomposition in Unicode: what they are written as without them.
_WITHOUT: dict[int, int | str] = {
    **str.maketrans("øðđħ\u0131łŋŧ", "oddhilnt"),
    **str.maketrans("\u0671\u0649\u06cc\u0629\u06a9", "\u0627\u064a\u064a\u0647\u0643"),
    ord("æ"): "ae",
    ord("œ"): "oe",
    ord("þ"): "th",
    0x640: "",
    **{zero + digit: str(digit) for zero in (0x660, 0x6F0) for digit in range(10)},
}
_KANA = re.compile("[\u3041-\u309f]+")


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern when a text first needs it: tables of signs take some milliseconds."""
    return re.compile(pattern)


def indexed(text: str) -> str:
    """Return a text as the index is to have it; most are the same."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFC", text)
    text = compiled(f"[{_UNFOLDED}]+").sub(lambda found: _spelled(found[0]), text)
    return compiled(f"[{SIGNS}]+").sub(lambda found: f" {' '.join(_pairs(found[0]))} ", text)


def sought(text: str) -> tuple[str, bool]:
    """Return the words of a phrase that finds a text, and whether the last is only a beginning."""
    tail = None if text.isascii() else compiled(f"[{SIGNS}]+(?=\\W*\\Z)").search(text)
    if not tail:
        return indexed(text), False
    *pairs, last = _pairs(tail[0])
    return " ".join([indexed(text[: tail.start()]), *(pairs or [last])]), not pairs


def pieces(text: str) -> list[str]:
    """Return what texts on a subject may have of a typed word: its words, pairs of its signs.

    Of Japanese, only pairs with a sign that is no hiragana, which is grammar, where there are any.
    """
    found: list[str] = []
    for run in words_in(text):
        pairs = _pairs(run)[:-1] if has_signs(run) else []
        said = [pair for pair in pairs if not _KANA.fullmatch(pair)]
        found += said or pairs or [run]
    return [*dict.fromkeys(found)][:MOST_PIECES]


def words_in(text: str) -> list[str]:
    """Return the runs of letters and digits of a text; where signs begin or end, so does a run."""
    if text.isascii():
        return compiled(r"[^\W_]+").findall(text)
    return compiled(f"[{SIGNS}]+|(?:(?![{SIGNS}])(?:[^\\W_]|[{_JOINED}]))+").findall(text)


def has_signs(text: str) -> bool:
    """Return whether a text has signs of a script without spaces between its words."""
    return not text.isascii() and compiled(f"[{SIGNS}]").search(text) is not None


def compared(text: str) -> tuple[str, Sequence[int]]:
    """Return a text without case and accents, and where each letter of that stands in the text."""
    # Most texts in English have but quotation marks and dashes besides, and are quick to fold.
    if text.isascii() or not compiled("[^\\x00-\\x7f\\u2010-\\u203a]").search(text):
        return text.lower(), range(len(text))
    same = text.translate(_COMPARED)
    if len(same) == len(text):
        return same, range(len(text))
    return same, _places(text)


def _places(text: str) -> list[int]:
    """Return, for each letter of what stands for a text, the place of what it stands for."""
    lengths = {letter: len(letter.translate(_COMPARED)) for letter in set(text)}
    longer = "".join(map(re.escape, (each for each, length in lengths.items() if length != 1)))
    places: list[int] = []
    end = 0
    for found in re.finditer(f"[{longer}]", text):
        places += range(end, found.start())
        places += [found.start()] * lengths[found[0]]
        end = found.end()
    return [*places, *range(end, len(text))]


class _Compared(dict[int, str]):
    """What stands for each letter where texts are compared; made when a text first has it."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        # Other letters of Cyrillic are no letters with an accent: й, ї.
        keeps = "\u0400" <= letter < "\u0530" and letter not in "ЀЁѐё"
        same = self[code] = letter.lower() if keeps else _spelled(letter)
        return same


_COMPARED = _Compared()


def _pairs(run: str) -> list[str]:
    """Return each sign of a run with the next one, and the last one alone."""
    signs = compiled(f".[{_MARKS}]*").findall(unicodedata.normalize("NFKC", run))
    return [*map("".join, pairwise(signs)), signs[-1]]


@lru_cache(maxsize=4_096)
def _spelled(letters: str) -> str:
    apart = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", letters).casefold())
    bare = compiled(f"[{_ACCENTS}]+").sub("", apart)
    return unicodedata.normalize("NFC", bare).translate(_WITHOUT)
