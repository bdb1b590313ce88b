"""The colours of highlighted code, in light and dark, and the classes that stand for them."""

from collections import defaultdict
from functools import cache

from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES, Error, Token, Whitespace, _TokenType

# In both styles, every kind of token has a contrast of 4.5:1 and more (WCAG 2.2, 1.4.3; tests
# compute it), but for the space between words, which has no colour, and errors, which are rare.
_STYLES = ("default", "github-dark")
_TEXT = ("#1f2328", "#e6edf3")
_MEDIA = ("print,(prefers-color-scheme:light)", "screen and (prefers-color-scheme:dark)")
_UNCOLOURED = (Error, Whitespace)


def code_css() -> str:
    """Write the rules for `.code` and what is in it, as the reader prefers light or dark."""
    return "\n".join(f"@media {media}{{{_rules(which)}}}" for which, media in enumerate(_MEDIA))


@cache
def class_of(kind: _TokenType) -> str:
    """Return the class of a kind of token; empty when it looks like any other text."""
    return _classes()[_looks(kind)]


def _rules(which: int) -> str:
    selectors = defaultdict(list)
    for looks, name in _classes().items():
        if looks[which]:
            selectors[looks[which]].append(f".code .{name}")
    background = get_style_by_name(_STYLES[which]).background_color
    block = f".code{{color:{_TEXT[which]};background:{background}}}"
    return block + "".join(f"{','.join(names)}{{{look}}}" for look, names in selectors.items())


@cache
def _classes() -> dict[tuple[str, str], str]:
    """Name every pair of looks after the first kind of token that has it."""
    names = {("", ""): ""}
    for kind, name in STANDARD_TYPES.items():
        names.setdefault(_looks(kind), name)
    return names


@cache
def _looks(kind: _TokenType) -> tuple[str, str]:
    """Return the CSS by which a kind of token differs from other text, in light and in dark."""
    while kind not in STANDARD_TYPES:
        kind = kind.parent or Token
    if kind in _UNCOLOURED:
        return "", ""
    return _look(kind, 0), _look(kind, 1)


def _look(kind: _TokenType, which: int) -> str:
    style = get_style_by_name(_STYLES[which]).style_for_token(kind)
    colour = f"#{(style['color'] or _TEXT[which]).lstrip('#').lower()}"
    declarations = (
        f"color:{colour}" if colour != _TEXT[which] else "",
        f"background:#{style['bgcolor'].lower()}" if style["bgcolor"] else "",
        "font-weight:bold" if style["bold"] else "",
        "font-style:italic" if style["italic"] else "",
    )
    return ";".join(filter(None, declarations))
