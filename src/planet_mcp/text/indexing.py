"""What the index of words holds of a text, and how a typed word is looked up there, in any script.

SQLite's tokenizer folds case and Latin accents, and takes a run of letters for one word. What it
would leave in several spellings it gets in one. Text in a script without spaces between words
(`UNSPACED`) it gets in pairs of characters, `使用Python编程` as `使用 用 Python 编程 程`; a run of
such characters is looked up as a phrase of its pairs (pure).
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import pairwise

MOST_PIECES = 32

# The characters of scripts that write no spaces between words, or whose words have endings:
# Chinese, Japanese, Korean; Thai, Lao, Burmese, Khmer. Letters and marks, no digits or punctuation.
UNSPACED = (
    "\u0e01-\u0e2e\u0e30-\u0e3a\u0e40-\u0e4e\u0e81-\u0ebd\u0ec0-\u0ece\u0edc-\u0edf"
    "\u1000-\u103f\u1050-\u109d\uaa60-\uaa7f\u1780-\u17d3\u17d7\u17dc\u17dd"
    "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7fb\u3131-\u318e\uffa1-\uffdc"
    "\u3005-\u3007\u3031-\u3035\u3041-\u3096\u3099\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u31f0-\u31ff\uff66-\uff9f\U0001b000-\U0001b16f\u3105-\u312f\u31a0-\u31bf"
    "\u2e80-\u2fd5\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
# The marks among them, which stay with the character before.
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
# Letters that Unicode does not decompose, and what people write instead of them.
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
    """Compile a pattern when a text first needs it: these tables take some milliseconds."""
    return re.compile(pattern)


def indexed(text: str) -> str:
    """Return a text as the index is to have it; most are the same."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFC", text)
    text = compiled(f"[{_UNFOLDED}]+").sub(lambda found: _spelled(found[0]), text)
    return compiled(f"[{UNSPACED}]+").sub(lambda found: f" {' '.join(_pairs(found[0]))} ", text)


def sought(text: str) -> tuple[str, bool]:
    """Return the words of a phrase that finds a text, and whether the last is only a beginning."""
    tail = None if text.isascii() else compiled(f"[{UNSPACED}]+(?=\\W*\\Z)").search(text)
    if not tail:
        return indexed(text), False
    *pairs, last = _pairs(tail[0])
    return " ".join([indexed(text[: tail.start()]), *(pairs or [last])]), not pairs


def pieces(text: str) -> list[str]:
    """Return what texts on a subject may have of a typed word: its words, or pairs of characters.

    Japanese pairs in hiragana alone are grammar, and are left out where there are others.
    """
    found: list[str] = []
    for run in words_in(text):
        pairs = _pairs(run)[:-1] if has_unspaced(run) else []
        meaningful = [pair for pair in pairs if not _KANA.fullmatch(pair)]
        found += meaningful or pairs or [run]
    return [*dict.fromkeys(found)][:MOST_PIECES]


def words_in(text: str) -> list[str]:
    """Return the runs of letters and digits of a text; runs of `UNSPACED` are runs of their own."""
    if text.isascii():
        return compiled(r"[^\W_]+").findall(text)
    return compiled(f"[{UNSPACED}]+|(?:(?![{UNSPACED}])(?:[^\\W_]|[{_JOINED}]))+").findall(text)


def has_unspaced(text: str) -> bool:
    """Return whether a text has characters of a script without spaces between its words."""
    return not text.isascii() and compiled(f"[{UNSPACED}]").search(text) is not None


def compared(text: str) -> tuple[str, Sequence[int]]:
    """Return a text without case and accents, and where each letter of that stands in the text."""
    # Most texts in English have only ASCII, quotation marks and dashes, which fold to themselves.
    if text.isascii() or not compiled("[^\\x00-\\x7f\\u2010-\\u203a]").search(text):
        return text.lower(), range(len(text))
    same = text.translate(_COMPARED)
    if len(same) == len(text):
        return same, range(len(text))
    return same, _offsets(text)


def _offsets(text: str) -> list[int]:
    """Return for each letter of a folded text the offset of the letter that it was made of."""
    lengths = {letter: len(letter.translate(_COMPARED)) for letter in set(text)}
    longer = "".join(map(re.escape, (each for each, length in lengths.items() if length != 1)))
    offsets: list[int] = []
    end = 0
    for found in re.finditer(f"[{longer}]", text):
        offsets += range(end, found.start())
        offsets += [found.start()] * lengths[found[0]]
        end = found.end()
    return [*offsets, *range(end, len(text))]


class _Compared(dict[int, str]):
    """The folded form of each letter, made when a text first has it."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        # Cyrillic й and ї are letters of their own, and no accented ones; only Ѐ and Ё are.
        keeps = "\u0400" <= letter < "\u0530" and letter not in "ЀЁѐё"
        same = self[code] = letter.lower() if keeps else _spelled(letter)
        return same


_COMPARED = _Compared()


def _pairs(run: str) -> list[str]:
    """Return each character of a run, with its marks, and the next one; the last one alone."""
    characters = compiled(f".[{_MARKS}]*").findall(unicodedata.normalize("NFKC", run))
    return [*map("".join, pairwise(characters)), characters[-1]]


@lru_cache(maxsize=4_096)
def _spelled(letters: str) -> str:
    apart = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", letters).casefold())
    bare = compiled(f"[{_ACCENTS}]+").sub("", apart)
    return unicodedata.normalize("NFC", bare).translate(_WITHOUT)
