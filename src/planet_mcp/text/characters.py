"""Characters: what no person sees goes, what a language or an emoji needs stays."""

import re
import unicodedata

# The package's own marks live in this part of the private use area; whatever text from outside
# holds there is removed before it can be taken for one.
MARKS = "\ue000-\ue01f"

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,999}(?:\x07|\x1b\\)|[@-Z\\^_])")
_CONTROLS = r"\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_PLANE_ENDS = "".join(f"{chr(p << 16 | 0xFFFE)}{chr(p << 16 | 0xFFFF)}" for p in range(1, 15))
_NO_CHARACTERS = "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U000f0000-\U0010ffff" + _PLANE_ENDS
_UNSEEN = re.compile(f"[{_CONTROLS}{_INVISIBLE}{_NO_CHARACTERS}\ue020-\uf8ff]+")
_OWN_MARKS = re.compile(f"[{MARKS}]+")
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000]")
_ORDINARY = re.compile(r"[\n\t -~]+")
_ABOVE = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_MARKS_ABOVE = re.compile(f"[{_ABOVE}]")
_MARK_PILES = re.compile(f"([{_ABOVE}]{{8}})[{_ABOVE}]+")
_ODD = re.compile(
    f"[{_CONTROLS}{_INVISIBLE}{_NO_CHARACTERS}{_ABOVE}\ue020-\uf8ff"
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
_USEFUL = tuple(
    (re.compile(pattern), stand_in)
    for pattern, stand_in in (
        (f"(?<=[{_EMOJI}\ufe0f])\u200d(?=[{_EMOJI}])", "\uf8f0"),
        (f"(?<=[{_JOINED}])\u200d(?=[{_JOINED}])", "\uf8f0"),
        (f"(?<=[{_VIRAMAS}])\u200d(?![\u200b-\u200f])", "\uf8f0"),
        (f"(?<=[{_JOINED}])\u200c(?=[{_JOINED}])", "\uf8f1"),
        (f"(?<=[{_EMOJI}])\ufe0e(?![\ufe00-\ufe0f])", "\uf8f2"),
        (f"(?<=[{_EMOJI}])\ufe0f(?![\ufe00-\ufe0f])|(?<=[#*0-9])\ufe0f(?=\u20e3)", "\uf8f3"),
    )
)
_STANDS_FOR = {"\uf8f0": "\u200d", "\uf8f1": "\u200c", "\uf8f2": "\ufe0e", "\uf8f3": "\ufe0f"}
_FLAGS = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{2,7}\U000e007f")
_SHIFT = 0xF000 - 0xE0000
_STAND_INS = "\uf030-\uf039\uf061-\uf07a\uf07f\uf8f0-\uf8f3"
_SHIFTED = re.compile("[\uf030-\uf07f]+")
_FORGED = re.compile(f"[{_STAND_INS}]+")
_UNSEEN_BUT_STAND_INS = re.compile(
    f"[{_CONTROLS}{_INVISIBLE}{_NO_CHARACTERS}"
    "\ue020-\uf02f\uf03a-\uf060\uf07b-\uf07e\uf080-\uf8ef\uf8f4-\uf8ff]+"
)


def clean_text(text: str) -> str:
    """Remove the characters that no person sees and normalise the rest to NFC."""
    return unicodedata.normalize("NFC", clean_code(text))


def clean_code(text: str) -> str:
    """Remove the characters that no person sees and leave all others as they are."""
    return _OWN_MARKS.sub("", strip_unseen(text))


def without_marks(text: str) -> str:
    """Remove the characters that this package uses as its own marks."""
    return _OWN_MARKS.sub("", text)


def strip_ansi(text: str) -> str:
    """Remove the sequences that steer a terminal."""
    return _ANSI.sub("", text) if "\x1b" in text else text


def strip_unseen(text: str) -> str:
    """Remove the characters that no person sees, but leave the package's own marks."""
    odd = _ORDINARY.sub("", text)
    if not odd or not _ODD.search(odd):
        return text
    text = strip_ansi(text)
    if _LINE_ENDS.search(odd):
        text = _LINE_ENDS.sub("\n", text)
    if _SPACES.search(odd):
        text = _SPACES.sub(" ", text)
    if _UNSEEN.search(odd):
        text = _strip_all_but_useful(text)
    return _MARK_PILES.sub(r"\1", text) if _MARKS_ABOVE.search(odd) else text


def count_unseen(text: str) -> int:
    """Count the characters that are removed because no person sees them."""
    odd = _ORDINARY.sub("", text)
    if not odd or not _ODD.search(odd):
        return 0
    text = _LINE_ENDS.sub("\n", text)
    return len(text) - len(strip_unseen(text))


def _strip_all_but_useful(text: str) -> str:
    text = _FLAGS.sub(_shift_flag, _FORGED.sub("", text))
    for useful, stand_in in _USEFUL:
        text = useful.sub(stand_in, text)
    text = _UNSEEN_BUT_STAND_INS.sub("", text)
    for stand_in, character in _STANDS_FOR.items():
        text = text.replace(stand_in, character)
    return _SHIFTED.sub(lambda tags: _shift(tags[0], -_SHIFT), text)


def _shift_flag(flag: re.Match[str]) -> str:
    return flag[0][0] + _shift(flag[0][1:], _SHIFT)


def _shift(tags: str, distance: int) -> str:
    return "".join(chr(ord(tag) + distance) for tag in tags)
