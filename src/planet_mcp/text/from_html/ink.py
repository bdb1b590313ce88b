"""Text that nobody can read although it is shown: in the colour of its ground, clear, or tiny.

Colours are those of `style` attributes and of old attributes, each with what is inherited. Where a
style sheet may have a say (a class, an image or a gradient behind the text) nothing is taken away,
and code keeps the colours of its theme.
"""

import colorsys
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from lxml import etree
from lxml.etree import _Element

Colour = tuple[float, float, float, float]  # red, green, blue, opacity: from 0 to 1

WHITE: Colour = (1.0, 1.0, 1.0, 1.0)
CLEAR: Colour = (0.0, 0.0, 0.0, 0.0)
_NAMED = {
    "white": WHITE,
    "black": (0.0, 0.0, 0.0, 1.0),
    "transparent": CLEAR,
    **dict.fromkeys("snow ivory ghostwhite floralwhite azure mintcream seashell".split(), WHITE),
    "whitesmoke": (0.96, 0.96, 0.96, 1.0),
}
# Contrast as of WCAG 2.2: black on white has 21, the same colour 1; print that is meant to be read
# has 3 and more. Light grey on white (#eee) has 1.16.
_UNREADABLE = 1.15
_BARELY_OPAQUE = 0.05
_NEARLY_ALL = 0.8
_SMALLEST_PX = 2.0
_PX = {"px": 1.0, "pt": 4 / 3, "em": 16.0, "rem": 16.0, "%": 0.16, "ex": 8.0, "vw": 10.0, "": 0.0}
_HEX = re.compile(r"#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", re.IGNORECASE)
_FUNCTION = re.compile(r"(rgb|hsl)a?\(([^()]{1,80})\)", re.IGNORECASE)
_NUMBER = re.compile(r"(-?[\d.]+)(%?)")
_SIZE = re.compile(r"(\d*\.?\d+)(px|pt|r?em|%|ex|vw|)", re.IGNORECASE)
_FONT = re.compile(r"(?:^|\s)(\d*\.?\d+(?:px|pt|r?em|%))(?:/|\s)", re.IGNORECASE)
_COMMENT = re.compile(r"/\*.{0,200}?\*/|!\s*important", re.DOTALL | re.IGNORECASE)
# What is drawn in another way than by the colour of the text.
_DRAWN_OTHERWISE = re.compile(r"text-shadow\s*:(?!\s*none)|background-clip\s*:\s*text|text-stroke")
_STYLED = etree.XPath(".//@style/..")
# HTML's own attributes for colours are those of these elements alone.
_COLOURED = ("font", "body", "table", "thead", "tbody", "tfoot", "tr", "td", "th")
_CODE = frozenset(("pre", "code", "kbd", "samp", "tt"))


class Ink(NamedTuple):
    """What is known of how an element's text is shown.

    `ground` is what a style lays under it, else white paper, or None where there may be anything: a
    picture, or what a style sheet lays there, since something has a class or an id.
    """

    colour: Colour | None
    ground: Colour | None
    is_paper: bool
    is_code: bool


_PAPER = Ink(None, WHITE, is_paper=True, is_code=False)


def remove_unreadable(root: _Element) -> int:
    """Take away text that nobody can read; return the number of its characters.

    Where nearly all text is white, it is written for dark paper, and stays.
    """
    inks = Inks()
    unreadable: list[_Element] = []
    on_paper: list[_Element] = []
    tiny: list[_Element] = []
    for element in dict.fromkeys((*root.iter(*_COLOURED), *_STYLED(root))):
        if sets_ink(element) and is_unreadable(element, ink := inks.of(element)):
            is_white = ink.is_paper and ink.colour and ink.colour[3] > _BARELY_OPAQUE
            (on_paper if is_white else unreadable).append(element)
        elif is_tiny(element):
            tiny.append(element)
    count = sum(_blank(each, sets_ink) for each in unreadable)
    count += sum(_blank(each, sets_size) for each in tiny)
    white = sum(_letters(each, sets_ink) for each in on_paper)
    if on_paper and white < _NEARLY_ALL * _letters(root, lambda _: False):
        count += sum(_blank(each, sets_ink) for each in on_paper)
    return count


def _pieces(element: _Element, sets: Callable[[_Element], bool]) -> Iterator[tuple[_Element, str]]:
    """Find the texts of an element, but for those of elements that set the same anew."""
    waiting = [element]
    while waiting:
        inside = waiting.pop()
        yield inside, "text"
        for child in inside:
            yield child, "tail"
            if not sets(child):
                waiting.append(child)


def _letters(element: _Element, sets: Callable[[_Element], bool]) -> int:
    texts = (getattr(each, name) or "" for each, name in _pieces(element, sets))
    return sum(len("".join(text.split())) for text in texts)


def _blank(element: _Element, sets: Callable[[_Element], bool]) -> int:
    count = _letters(element, sets)
    for each, name in _pieces(element, sets):
        setattr(each, name, None)
    return count


class Inks:
    """The ink of each element of a document, looked up once."""

    def __init__(self) -> None:
        self._known: dict[_Element, Ink] = {}

    def of(self, element: _Element) -> Ink:
        """Return how the text of an element is shown."""
        path = [element]
        while path[-1] not in self._known and (parent := path[-1].getparent()) is not None:
            path.append(parent)
        ink = self._known.get(path[-1], _PAPER)
        for each in reversed(path):
            ink = self._known.setdefault(each, _over(ink, each))
        return ink


def _over(around: Ink, element: _Element) -> Ink:
    style = declarations(element.get("style", ""))
    named = bool(element.get("class") or element.get("id"))
    ground, is_paper = (None if named else around.ground), around.is_paper
    behind = style.get("background-color") or style.get("background") or element.get("bgcolor")
    if "background-image" in style or "url(" in (behind or "") or "gradient(" in (behind or ""):
        ground, is_paper = None, False
    elif behind and behind != "none":
        laid = colour(behind)
        if laid is None or laid[3] > _BARELY_OPAQUE:
            ground, is_paper = laid, False
    return Ink(
        colour=colour(style.get("color") or element.get("color") or "") or around.colour,
        ground=ground,
        is_paper=is_paper,
        is_code=around.is_code or element.tag in _CODE,
    )


def sets_ink(element: _Element) -> bool:
    """Return whether an element says itself how its text is shown."""
    return any(element.get(name) for name in ("color", "bgcolor")) or bool(
        {"color", "background", "background-color", "background-image"}
        & declarations(element.get("style", "")).keys()
    )


def is_unreadable(element: _Element, ink: Ink) -> bool:
    """Return whether the text of an element is clear, or in the colour of its ground."""
    if ink.colour is None or _DRAWN_OTHERWISE.search(element.get("style", "").lower()):
        return False
    if ink.colour[3] <= _BARELY_OPAQUE:
        return True
    ground = None if ink.is_code else ink.ground
    return ground is not None and _contrast(ink.colour, ground) < _UNREADABLE


def sets_size(element: _Element) -> bool:
    """Return whether an element says itself how large its text is."""
    return size(element.get("style", "")) is not None


def is_tiny(element: _Element) -> bool:
    """Return whether the text of an element is at most two pixels high."""
    pixels = size(element.get("style", ""))
    return pixels is not None and 0 < pixels <= _SMALLEST_PX


@lru_cache(maxsize=4096)
def size(style: str) -> float | None:
    """Return the size of text that a style gives, in pixels, as far as that can be known."""
    declared = declarations(style)
    written = declared.get("font-size")
    if written is None and (short := _FONT.search(declared.get("font", ""))):
        written = short[1]
    found = _SIZE.fullmatch(written or "")
    return float(found[1]) * _PX[found[2].lower()] if found else None


@lru_cache(maxsize=4096)
def declarations(style: str) -> dict[str, str]:
    """Return the properties of a `style` attribute, the last of each name."""
    return dict(_declared(style)) if ":" in style else {}


def _declared(style: str) -> Iterator[tuple[str, str]]:
    for each in _COMMENT.sub("", style[:2000]).split(";"):
        name, colon, value = each.partition(":")
        if colon and value.strip():
            yield name.strip().lower(), value.strip().lower()


@lru_cache(maxsize=4096)
def colour(written: str) -> Colour | None:
    """Read a colour of CSS or HTML; None for one that is not known here."""
    text = written.strip().lower()
    if text in _NAMED:
        return _NAMED[text]
    if found := _HEX.fullmatch(text):
        digits = found[1] if len(found[1]) > 4 else "".join(each * 2 for each in found[1])  # noqa: PLR2004 - #rgb
        parts = [int(digits[at : at + 2], 16) / 255 for at in range(0, len(digits), 2)]
        return (parts[0], parts[1], parts[2], parts[3] if len(parts) > 3 else 1.0)  # noqa: PLR2004
    found = _FUNCTION.fullmatch(text)
    numbers = _NUMBER.findall(found[2]) if found else []
    if not found or not 3 <= len(numbers) <= 4:  # noqa: PLR2004 - with or without opacity
        return None
    try:
        return _of_function(found[1], numbers)
    except ValueError:
        return None


def _of_function(name: str, numbers: list[tuple[str, str]]) -> Colour:
    def part(index: int, whole: float) -> float:
        number, percent = numbers[index]
        return min(max(float(number) / (100 if percent else whole), 0.0), 1.0)

    opacity = part(3, 1) if len(numbers) > 3 else 1.0  # noqa: PLR2004
    if name == "rgb":
        return (part(0, 255), part(1, 255), part(2, 255), opacity)
    red, green, blue = colorsys.hls_to_rgb(
        float(numbers[0][0]) % 360 / 360, part(2, 100), part(1, 100)
    )
    return (red, green, blue, opacity)


def _contrast(ink: Colour, ground: Colour) -> float:
    """Return the contrast of two colours (WCAG 2.2)."""
    seen = [ink[part] * ink[3] + ground[part] * (1 - ink[3]) for part in range(3)]
    lights = sorted((_light((*seen, 1.0)) + 0.05, _light(ground) + 0.05))  # type: ignore[arg-type]
    return lights[1] / lights[0]


def _light(colour: Colour) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]  # noqa: PLR2004 - sRGB
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
