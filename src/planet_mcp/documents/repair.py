"""Small repairs that let a strict XML parser read what browsers would (pure)."""

import html.entities
import re
import sys
from xml.sax.saxutils import escape

from planet_mcp.text import FORBIDDEN_IN_XML

_FORBIDDEN = re.compile(f"[{FORBIDDEN_IN_XML}]")
# What may need repair: each `&`, but not in CDATA. A section without an end takes the rest of the
# text, which keeps the search linear.
_SUSPECT = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)"
    r"|&(?!(?:amp|lt|gt|quot|apos);)(?:#([xX][0-9a-fA-F]{1,8}|[0-9]{1,8});|(\w{1,40});)?",
    re.DOTALL,
)
_VALUE = r"(?:[^%s<&%%]|&#\w{1,8};){0,64}"
_ENTITY = re.compile(
    rf"""<!ENTITY\s+(\w{{1,40}})\s+(?:"({_VALUE % '"'})"|'({_VALUE % "'"})')\s*>"""
)
_SURROGATES = range(0xD800, 0xE000)
_SPACE = 0x20


def without_forbidden(text: str) -> str:
    """Return a text without the control characters that no document may have."""
    return _FORBIDDEN.sub("", text)


def declared_entities(prolog: str) -> dict[str, str]:
    """Collect the entities that a DOCTYPE declares as short texts; nested ones are left out."""
    found = _ENTITY.findall(prolog)
    return {name: (first or second).replace('"', "&quot;") for name, first, second in found}


def repair(text: str, *, entities: dict[str, str]) -> tuple[str, bool]:
    """Remove forbidden characters and make every `&` a valid reference.

    References to `entities` and HTML's become the characters they stand for, so that no DOCTYPE
    is needed; what stands for nothing becomes literal text. The second value is whether anything
    was wrong.
    """
    count = 0

    def fix(found: re.Match[str]) -> str:
        nonlocal count
        fixed, wrong = _fixed(found, entities)
        count += wrong
        return fixed

    bare = without_forbidden(text)
    return _SUSPECT.sub(fix, bare), count > 0 or len(bare) < len(text)


def _fixed(found: re.Match[str], entities: dict[str, str]) -> tuple[str, bool]:
    whole, number, name = found[0], found[1], found[2]
    if whole.startswith("<"):
        return whole, False
    if number:
        return (whole, False) if _allowed(number) else ("", True)
    if name in entities:
        return entities[name], False
    character = html.entities.html5.get(f"{name};") if name else None
    return (escape(character) if character else f"&amp;{whole[1:]}"), True


def _allowed(number: str) -> bool:
    hexadecimal = number[0] in "xX"
    code = int(number[1:], 16) if hexadecimal else int(number)
    if code < _SPACE:
        return chr(code) in "\t\n\r"
    return code not in _SURROGATES and code not in {0xFFFE, 0xFFFF} and code <= sys.maxunicode
