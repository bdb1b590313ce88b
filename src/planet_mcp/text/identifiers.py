"""The names that programmers write, as words that an index of words can find (pure).

The index takes signs for spaces and a run of letters for one word: `C++` becomes `c`, and
`BaseTaskGroup` is found by no part of it. So such names get words of their own.
"""

import re
from collections.abc import Iterator

MOST_NAMES = 300
LONGEST_NAME = 60

# Where a word in camel case has its hump. The pattern begins with the capital, and not with the
# letter before it: so a text is searched five times faster.
_HUMP = re.compile(r"[A-Z](?:(?<=[a-z0-9][A-Z])|[A-Z][a-z])")
_HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SIGN = re.compile(r"\+\+(?![\w+#])|#(?![\w+#])|\.NET\b|__[a-zA-Z]\w*?__(?!\w)|--[a-zA-Z][\w-]*")
_NAME_BEFORE = re.compile(r"(?:[^\W_]|_)+\Z")
_NAME_AROUND = re.compile(r"[\w-]\Z")
_SIGNS = {"++": "plusplus", "#": "sharp"}
_AROUND = {"__": "dunder", "--": "option"}


def named_by_signs(text: str) -> list[str]:
    """Return words for the names in a text that have signs, as often as they stand there.

    `cplusplus`, `csharp`, `dotnet`; `dunderslots` for `__slots__`, `optionjobs` for `--jobs`.
    """
    # The signs first: they are rare, and words are not.
    return [name for sign in _SIGN.finditer(text) if (name := _named(text, sign))]


def _named(text: str, sign: re.Match[str]) -> str | None:
    if sign[0] == ".NET":
        return "dotnet"
    around = _AROUND.get(sign[0][:2])
    if around:
        begins = not _NAME_AROUND.search(text, max(sign.start() - 1, 0), sign.start())
        return around + "".join(filter(str.isalnum, sign[0].lower())) if begins else None
    before = _NAME_BEFORE.search(text, max(sign.start() - LONGEST_NAME, 0), sign.start())
    return f"{before[0].lower()}{_SIGNS[sign[0]]}" if before and before[0][0].isalpha() else None


def humps(word: str) -> list[str]:
    """Return the parts of a name in camel case, in lower case; one part if it has no humps."""
    if not _HUMP.search(word):
        return [word.lower()]
    return [part.lower() for part in _HUMPS.findall(word)]


def index_terms(text: str) -> str:
    """Return the words that a text is to be found by besides its own."""
    camels = dict.fromkeys(" ".join(humps(word)) for word in _camels(text))
    return "\n".join([*named_by_signs(text)[:MOST_NAMES], *[*camels][:MOST_NAMES]])


def index_heading(title: str) -> str:
    """Return a title with the words for the names in it that have signs."""
    return "\n".join([title, *named_by_signs(title)])


def _camels(text: str) -> Iterator[str]:
    end = 0
    for hump in _HUMP.finditer(text):
        if hump.start() >= end:
            start, end = hump.span()
            while start > 0 and text[start - 1].isalnum():
                start -= 1
            while end < len(text) and text[end].isalnum():
                end += 1
            yield text[start : min(end, start + LONGEST_NAME)]
