"""Other ways in which what is typed may be written: numbers apart, other rules of spelling (pure).

No kept library knows both; the tables have what is regular, and words that no text has cost a
search nothing.
"""

import re
from collections.abc import Iterator
from functools import cache

# `PEP282`, `UTF-8`, `python3.13`; `3.13.1`, `v3.13.1`; the zeros of `PEP 0008`.
_NUMBERED = re.compile(r"([^\W\d_]{2,})([-_]?)(\d+(?:\.\d+)*)")
_VERSION = re.compile(r"\d+(?:\.\d+)+")
_WITH_V = re.compile(r"(?<![^\W_])[vV](?=\d)")
_ZEROS = re.compile(r"(?<![\d.])0+(?=\d)")
# French and Italian write a short word before a vowel as one with it: `l'index`, `dell'indice`.
_ELIDED = re.compile(r"(?:[cdjlmnst]|qu|un|all|dall|dell|nell|sull)'(?=[^\W\d_]{3})", re.IGNORECASE)

_STEMS = (
    "arm behavi clam col endeav fav flav glam harb hon hum lab neighb od parl rig rum sav tum val"
)
# The two ways to write the middle of a word, where British and American English differ by a rule.
_BOTH_WAYS = (
    ("our or", rf"({'|'.join(_STEMS.split())})(our|or)(\w*)"),
    ("is iz", r"(\w{3,})(is|iz)(e|ed|es|er|ers|ing|ation|ations|able)"),
    ("ys yz", r"(anal|catal|paral|electrol)(ys|yz)(e|ed|es|er|ers|ing)"),
    ("re er", r"(calib|cent|fib|lit|lust|\w*met|somb|spect|theat)(re|er)(s|d)?"),
    ("ogue og", r"(anal|catal|dial|epil|monol|prol)(ogue|og)(s)?"),
    ("ence ense", r"(def|lic|off|pret)(ence|ense)(s|d)?"),
    ("ement ment", r"(acknowledg|judg)(ement|ment)(s)?"),
    ("amme am", r"(progr)(amme|am)(s)?"),
    ("arte arti", r"()(arte|arti)(facts?)"),
    ("grey gray", r"()(grey|gray)(s|ed|scale)?"),
    ("ium um", r"(alumin)(ium|um)()"),
    # Plurals of Greek and Latin.
    ("sis ses", r"(\w{3,})(sis|ses)()"),
    ("ix ices", r"(append|matr)(ix|ices)()"),
    ("ex ices", r"(ap|ind|simpl|vert|vort)(ex|ices)()"),
)
_ONE_AND_MANY = (
    "child children,criterion criteria,foot feet,half halves,knife knives,leaf leaves,man men,"
    "mouse mice,phenomenon phenomena,schema schemata,shelf shelves,tooth teeth,woman women"
)


def numbered(text: str) -> Iterator[str]:
    """Yield a name with a number as others write it; one that is a version, with a v too."""
    named = _NUMBERED.fullmatch(text)
    if named:
        yield f"{named[1]} {named[3]}"
        yield f"{named[1]}{named[3]}"
    if _VERSION.fullmatch(text):
        yield f"v{text}"
    plain = _ZEROS.sub("", _WITH_V.sub("", text))
    if plain != text:
        yield plain


def respelled(word: str) -> Iterator[str]:
    """Yield a word by the other rules of English, in its other number, without an elision."""
    bare = _ELIDED.sub("", word, count=1)
    if bare != word:
        yield bare
    lower = word.lower()
    if lower.isascii() and lower.isalpha():
        yield from _others(lower)


def _others(word: str) -> Iterator[str]:
    for both, pattern in _patterns():
        found = pattern.fullmatch(word)
        if found:
            (other,) = {*both} - {found[2]}
            yield f"{found[1]}{other}{found[3] or ''}"
    if word in _irregular():
        yield _irregular()[word]


@cache
def _patterns() -> list[tuple[list[str], re.Pattern[str]]]:
    return [(both.split(), re.compile(pattern)) for both, pattern in _BOTH_WAYS]


@cache
def _irregular() -> dict[str, str]:
    pairs = [pair.split() for pair in _ONE_AND_MANY.split(",")]
    return {**dict(pairs), **{many: one for one, many in pairs}}
