"""Characters: what no person sees goes, what a language or an emoji needs stays.

The patterns are compiled when a text first needs them: together they take longer to compile than
the rest of the package to load, and names and titles in plain ASCII need none.
"""

import re
import unicodedata
from functools import cache

# Placeholders are made of these private use characters (the table of them is in
# `from_html.placeholders`); whatever text from outside holds of them is removed before it can be
# taken for one.
PLACEHOLDERS = "\ue000-\ue01f"
# The controls of ASCII but tab and line ends, and all that XML 1.0 forbids (section 2.2).
ASCII_CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1f"
FORBIDDEN_IN_XML = ASCII_CONTROLS + "\ud800-\udfff\ufffe\uffff"
# The controls between ASCII and Latin-1 but NEL (U+0085), which ends a line.
LATIN_CONTROLS = r"\x7f-\x84\x86-\x9f"

_ANSI = r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,999}(?:\x07|\x1b\\)|[@-Z\\^_])"
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_PLANE_ENDS = "".join(f"{chr(p << 16 | 0xFFFE)}{chr(p << 16 | 0xFFFF)}" for p in range(1, 15))
_NO_CHARACTERS = "\ufdd0-\ufdef\U000f0000-\U0010ffff" + _PLANE_ENDS
_NEVER_SEEN = f"{FORBIDDEN_IN_XML}{LATIN_CONTROLS}{_INVISIBLE}{_NO_CHARACTERS}"
_UNSEEN = f"[{_NEVER_SEEN}\ue020-\uf8ff]+"
_PLACEHOLDERS = re.compile(f"[{PLACEHOLDERS}]+")
_LINE_ENDS = "\r\n|[\r\x0b\x0c\x85\u2028\u2029]"
_SPACES = "[\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000]"
_ORDINARY = re.compile(r"[\n\t -~]+")
_ORDINARY_BYTES = bytes((9, 10, *range(0x20, 0x7F)))
_ABOVE = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_MARKS_ABOVE = f"[{_ABOVE}]"
_MARK_PILES = f"([{_ABOVE}]{{8}})[{_ABOVE}]+"
_ODD = (
    f"[{_NEVER_SEEN}{_ABOVE}\ue020-\uf8ff"
    "\x0b-\x0d\x85\u2028\u2029\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000]"
)

_EMOJI = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf"
    "\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
_JOINED = (
    "\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc"
)
_VIRAMAS = "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca"
# Invisible characters that have a use where they stand, each with its stand-in.
_USEFUL = (
    (f"(?<=[{_EMOJI}\ufe0f])\u200d(?=[{_EMOJI}])", "\uf8f0"),
    (f"(?<=[{_JOINED}])\u200d(?=[{_JOINED}])", "\uf8f0"),
    (f"(?<=[{_VIRAMAS}])\u200d(?![\u200b-\u200f])", "\uf8f0"),
    (f"(?<=[{_JOINED}])\u200c(?=[{_JOINED}])", "\uf8f1"),
    (f"(?<=[{_EMOJI}])\ufe0e(?![\ufe00-\ufe0f])", "\uf8f2"),
    (f"(?<=[{_EMOJI}])\ufe0f(?![\ufe00-\ufe0f])|(?<=[#*0-9])\ufe0f(?=\u20e3)", "\uf8f3"),
)
_STANDS_FOR = {"\uf8f0": "\u200d", "\uf8f1": "\u200c", "\uf8f2": "\ufe0e", "\uf8f3": "\ufe0f"}
_FLAGS = "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{2,7}\U000e007f"
_SHIFT = 0xF000 - 0xE0000
_STAND_INS = "\uf030-\uf039\uf061-\uf07a\uf07f\uf8f0-\uf8f3"
_SHIFTED = "[\uf030-\uf07f]+"
_FORGED = f"[{_STAND_INS}]+"
_UNSEEN_BUT_STAND_INS = (
    f"[{_NEVER_SEEN}\ue020-\uf02f\uf03a-\uf060\uf07b-\uf07e\uf080-\uf8ef\uf8f4-\uf8ff]+"
)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def clean_text(text: str) -> str:
    """Remove the characters that no person sees and normalise the rest to NFC."""
    return unicodedata.normalize("NFC", clean_code(text))


def clean_code(text: str) -> str:
    """Remove the characters that no person sees and leave all others as they are."""
    return _PLACEHOLDERS.sub("", strip_unseen(text))


def without_placeholders(text: str) -> str:
    """Remove the characters that placeholders are made of."""
    return _PLACEHOLDERS.sub("", text)


def strip_ansi(text: str) -> str:
    """Remove the sequences that steer a terminal."""
    return _compiled(_ANSI).sub("", text) if "\x1b" in text else text


def strip_unseen(text: str) -> str:
    """Remove the characters that no person sees, but leave placeholders."""
    odd = _odd(text)
    if not odd or not _compiled(_ODD).search(odd):
        return text
    text = strip_ansi(text)
    if _compiled(_LINE_ENDS).search(odd):
        text = _compiled(_LINE_ENDS).sub("\n", text)
    if _compiled(_SPACES).search(odd):
        text = _compiled(_SPACES).sub(" ", text)
    if _compiled(_UNSEEN).search(odd):
        text = _strip_all_but_useful(text)
    if _compiled(_MARKS_ABOVE).search(odd):
        text = _compiled(_MARK_PILES).sub(r"\1", text)
    return text


def _odd(text: str) -> str:
    """Return the characters of a text that are not printable ASCII."""
    # Most texts are ASCII, and in bytes their odd characters are found ten times faster.
    if text.isascii():
        return text.encode().translate(None, _ORDINARY_BYTES).decode()
    return _ORDINARY.sub("", text)


def count_unseen(text: str) -> int:
    """Count the characters that are removed because no person sees them."""
    odd = _odd(text)
    if not odd or not _compiled(_ODD).search(odd):
        return 0
    text = _compiled(_LINE_ENDS).sub("\n", text)
    return len(text) - len(strip_unseen(text))


def _strip_all_but_useful(text: str) -> str:
    text = _compiled(_FLAGS).sub(_shift_flag, _compiled(_FORGED).sub("", text))
    for useful, stand_in in _USEFUL:
        text = _compiled(useful).sub(stand_in, text)
    text = _compiled(_UNSEEN_BUT_STAND_INS).sub("", text)
    for stand_in, character in _STANDS_FOR.items():
        text = text.replace(stand_in, character)
    return _compiled(_SHIFTED).sub(lambda tags: _shift(tags[0], -_SHIFT), text)


def _shift_flag(flag: re.Match[str]) -> str:
    return flag[0][0] + _shift(flag[0][1:], _SHIFT)


def _shift(tags: str, distance: int) -> str:
    return "".join(chr(ord(tag) + distance) for tag in tags)
