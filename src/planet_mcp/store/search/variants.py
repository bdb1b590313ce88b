"""Other ways in which what is typed may be written: numbers apart, other rules of spelling (pure).

No kept library knows both; the tables have what is regular, and words that no text has cost a
search nothing.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from planet_mcp.text import STOP_WORDS

# `PEP282`, `UTF-8`, `python3.13`; `3.13.1`, `v3.13.1`; the zeros of `PEP 0008`.
_NUMBERED = re.compile(r"([^\W\d_]{2,})([-_]?)(\d+(?:\.\d+)*)")
_VERSION = re.compile(r"\d+(?:\.\d+)+")
_WITH_V = re.compile(r"(?<![^\W_])[vV](?=\d)")
_ZEROS = re.compile(r"(?<![\d.])0+(?=\d)")
# `3.14.0rc2`, `v3.11a4`; and what notes of releases call these stages.
_PRERELEASE = re.compile(
    r"(.*?)(\d+(?:\.\d+)+)[-_.]?(a|b|c|rc|alpha|beta)[-_.]?(\d+)", re.IGNORECASE
)
_STAGES = {"a": ("a", " alpha "), "b": ("b", " beta "), "c": ("rc", " rc", " release candidate ")}
# The tags of tools for versions of Python: `py314`, `cp311`.
_TAG = re.compile(r"(?:py|cp|python)([23])(\d{1,2})", re.IGNORECASE)
_ACRONYM = re.compile(r"(?:[A-Z]\.)+[A-Z]")
# How German and its neighbours spell letters that a keyboard does not have; `queue` has none.
_SPELLED_OUT = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"}
_TWO_FOR_ONE = re.compile(r"(?<![aeq])([aou])e|a(?=a)")
_SHORTEST_SPELLED_OUT = 5
# Arabic and Hebrew write the article, and Arabic some prepositions before it, as one with the word.
_WITH_ARTICLE = re.compile(
    r"(?:[\u0648\u0641\u0628\u0643]?\u0627\u0644|\u0644\u0644)(?=[\u0621-\u064a]{3})|\u05d4(?=[\u05d0-\u05ea]{3})"
)
_ARABIC_ARTICLE = "\u0627\u0644"
_ARABIC, _HEBREW = re.compile(r"[\u0621-\u064a]{3,}"), re.compile(r"[\u05d0-\u05ea]{3,}")
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
    plain = _ZEROS.sub("", _WITH_V.sub("", text))
    if plain != text:
        yield plain
    for each in dict.fromkeys((text, plain)):
        named = _NUMBERED.fullmatch(each)
        if named:
            yield f"{named[1]} {named[3]}"
            yield f"{named[1]}{named[3]}"
    if _VERSION.fullmatch(text):
        yield f"v{text}"
    tag = _TAG.fullmatch(text)
    if tag:
        yield f"python {tag[1]}.{tag[2]}"
    yield from _prereleases(plain)


def _prereleases(text: str) -> Iterator[str]:
    """Yield a version before its release as feeds call it: `3.11.0 alpha 4` for `3.11a4`."""
    found = _PRERELEASE.fullmatch(text)
    if found:
        version = found[2] if found[2].count(".") > 1 else f"{found[2]}.0"
        for said in _STAGES[found[3].lower()[0] if found[3].lower() != "rc" else "c"]:
            yield f"{found[1]}{version}{said}{found[4]}"


def with_article(word: str) -> Iterator[str]:
    """Yield an Arabic or Hebrew word without its article, and with it alone."""
    bare = _WITH_ARTICLE.sub("", word, count=1) if _WITH_ARTICLE.match(word) else word
    article = _ARABIC_ARTICLE if _ARABIC.fullmatch(bare) else "\u05d4"
    if _ARABIC.fullmatch(bare) or _HEBREW.fullmatch(bare):
        yield from (each for each in (bare, f"{article}{bare}") if each != word)


def respelled(word: str) -> Iterator[str]:
    """Yield a word by other rules: of English, in its other number, without elision or points."""
    if _ACRONYM.fullmatch(word) and word.replace(".", "").lower() not in STOP_WORDS:
        yield word.replace(".", "")
    bare = _ELIDED.sub("", word, count=1)
    if bare != word:
        yield bare
    lower = unicodedata.normalize("NFC", word.lower())
    spelled = "".join(_SPELLED_OUT.get(letter, letter) for letter in lower)
    if spelled != lower:
        yield spelled
    if lower.isascii() and lower.isalpha():
        yield from _others(lower)
        if len(lower) >= _SHORTEST_SPELLED_OUT and _TWO_FOR_ONE.search(lower):
            yield _TWO_FOR_ONE.sub(r"\1", lower)


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
