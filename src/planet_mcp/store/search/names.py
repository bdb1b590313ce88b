"""What in a query is a name: something that is written in one way only (pure).

A name is found by its exact words, and where it stands as a whole it says more than its words do.
"""

import re
from urllib.parse import urlsplit

from planet_mcp.text import addresses_in

_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[^\W\d_]")
# Signs between or around words: `os.path`, `std::vector`, `__slots__`, `C++`, `--jobs`, `@cache`.
_SIGNED = re.compile(r"\w(?:\.|::|@)\w\w|\w::\w|_\w|\w_|\w\+\+|\w#|\A(?:--?|@|\.)\w")
# Shorter numbers are years and counts.
_LONG_NUMBER = re.compile(r"#\d+|#?\d{5,}|\d+(?:\.\d+)+")
_NUMBER = re.compile(r"#?v?\d+(?:\.\w+)*")
_NUMBERED = re.compile(r"[^\W\d_]+[\W_]*\d")
_PARTS = re.compile(r"[^\W\d_]+|\d+")
_ADDRESS = re.compile(
    r"(?:(?i:https?)://)(?P<url>\S+)|(?P<domain>(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_]{2,})(?:/\S*)?"
)


def is_name(word: str) -> bool:
    """Return whether a word is a name: it has digits and letters, or signs that carry meaning."""
    if _LONG_NUMBER.fullmatch(word) or _SIGNED.search(word):
        return True
    return bool(_DIGIT.search(word) and _LETTER.search(word))


def has_number(name: str) -> bool:
    """Return whether a name is of letters and then a number, as that of a proposal or a version."""
    return bool(_NUMBERED.match(name))


def at_the_beginning(name: str) -> re.Pattern[str]:
    """Return what finds a name at the beginning of a title, whatever stands between its parts.

    `PEP-0585` is `PEP 585`; `3.8` is no beginning of `3.8.1`.
    """
    parts = [part.lstrip("0") or "0" for part in _PARTS.findall(name)]
    return re.compile(
        r"[\W_]*" + r"[\W_]*0*".join(map(re.escape, parts)) + r"(?![^\W_]|\.\d)", re.IGNORECASE
    )


def named_by_number(word: str | None, number: str | None) -> str | None:
    """Return the name that a word and its number make: `PEP 701`, `Python 3.13`."""
    if word and number and word.isalpha() and _NUMBER.fullmatch(number):
        return f"{word} {number}"
    return None


def address_in(word: str) -> str | None:
    """Return what may be the address of an entry or the domain of a site."""
    # An address may also stand in brackets, as in a link of Markdown.
    return word if _ADDRESS.fullmatch(word) else next(addresses_in(word), None)


def words_of_address(address: str) -> str:
    """Return what the last part of an address's path says, where that is a page's."""
    path = urlsplit(address if "://" in address else f"https://{address}").path.strip("/")
    return re.sub(r"\.\w{1,5}\Z", "", path.rpartition("/")[2])
