"""Formulas and exponents in the tree: TeX where there is any, else what can be read of them."""

import json
import re
from functools import partial
from itertools import chain, repeat

from lxml import etree
from lxml.etree import _Element

from planet_mcp.text.characters import clean_code, clean_text
from planet_mcp.text.from_html.placeholders import Stash
from planet_mcp.text.from_html.tree import all_text, drop, is_blank, text_of

_TEX_IMAGE = re.compile(r"(?:^|\s)(?:la)?tex(?:\s|$)|math")
# Formulas of Substack: a script draws each from the JSON of its attribute.
attributed_formulas = etree.XPath("//*[@data-attrs and contains(@class, 'latex-rendered')]")
_TYPED_TEX = etree.XPath("//text()[contains(., '\\(') or contains(., '\\[') or contains(., '$$')]")
_TYPED_SIGNS = ("\\(", "\\[", "$$")
_TEX = re.compile(
    r"(?<![\w\\])\\\(((?:(?!\\\))[^\n$]){1,300})\\\)"
    r"|(?<![\w\\])\\\[((?:(?!\\\])[^$]){1,1000})\\\](?![\w(\[])|\$\$([^$]{1,1000})\$\$"
)
# What TeX has and words do not: between `$$` or `\[` there may also be prose, or Markdown that
# nobody rendered.
_TEX_SIGN = re.compile(r"\\[A-Za-z]|[\^_=+<>*/\u2264\u2265]")
_TEX_WORD = re.compile(r"[^\W\d_]{2}")
_NO_TEX = frozenset(("pre", "code", "script", "style", "textarea", "samp", "kbd", "tt"))
# MathML draws the parts of these elements by position; in a line, an operator stands between them.
_OPERATORS = {
    **dict.fromkeys(("msup", "mover"), ("^",)),
    **dict.fromkeys(("msub", "munder"), ("_",)),
    **dict.fromkeys(("msubsup", "munderover"), ("_", "^")),
    "mfrac": ("/",),
    "mroot": ("^(1/",),
    "mtr": (",",),
    "mtable": (";",),
    "msqrt": (),
}
# What MathJax draws stands before the script with its source; the rest of it is a preview.
_TEX_PREVIEWS = etree.XPath(
    "//*[contains(@class, 'MathJax') and not(.//script)]"
    "[not(.//math) or following-sibling::*[1][self::script[starts-with(@type, 'math/tex')]]]"
)
# An exponent of several characters: with an operator in it, a fraction or a sign before it. A date
# or a note's name has none of these.
_COMPOUND = re.compile(
    r"[-+\u2212]?\s?(?:\d{0,6}[a-zA-Z\u0370-\u03ff]?|\d+[.,]\d+)"
    r"(?:\s?[-+\u2212*/\u00b7\u00d7]\s?(?:\d{1,6}[a-zA-Z\u0370-\u03ff]?|[a-zA-Z\u0370-\u03ff])){1,4}"
    r"|[-+\u2212]?\d{1,4}(?:[.,]\d{1,4}|[a-zA-Z])|[-+\u2212][a-zA-Z]"
)
_VARIABLES = ("i", "em", "var", "b", "strong")
_CLOSING = tuple(")]")
_LOOK_UP = 2
_EXPONENT = re.compile(r"[-+\u2212]?\d{1,4}|[nkmxijt]")


def drawn_formulas(root: _Element) -> list[_Element]:
    """Find the formulas that are elements: scripts, MathML, images."""
    scripts = [e for e in root.iter("script") if (e.get("type") or "").startswith("math/tex")]
    for preview in _TEX_PREVIEWS(root) if scripts else ():
        drop(preview)
    return [*scripts, *root.iter("math"), *filter(_is_tex_image, root.iter("img"))]


def _is_tex_image(image: _Element) -> bool:
    if not image.get("alt"):
        return False
    return bool(_TEX_IMAGE.search(image.get("class") or "")) or _is_displayed(image)


def _is_displayed(image: _Element) -> bool:
    """Return whether an image is all that a block of mathematics holds (Sphinx)."""
    around = (e for _, e in zip(range(_LOOK_UP), image.iterancestors("div"), strict=False))
    block = next((e for e in around if "math" in (e.get("class") or "").split()), None)
    return block is not None and next(block.iter("img"), None) is image and is_blank(block)


def stash_formula(formula: _Element, stash: Stash) -> None:
    """Replace a formula by its TeX source, or what else can be read of it."""
    tex, display = _tex_of(formula)
    if tex or formula.tag != "math":
        _put_formula(formula, tex, stash, display=display)
    else:
        _put_readable(formula)


def _tex_of(formula: _Element) -> tuple[str, bool]:
    """Return the TeX of a formula, and whether it stands in a line of its own."""
    if formula.tag == "script":
        return formula.text or "", "mode=display" in formula.get("type", "")
    if formula.tag == "math":
        return formula.get("alttext") or _annotation(formula), formula.get("display") == "block"
    if formula.tag == "img":
        return formula.get("alt") or "", _is_displayed(formula)
    return _expression(formula.get("data-attrs")), formula.tag == "div"


def typed_formulas(root: _Element) -> list[_Element]:
    """Find the elements with TeX, in or behind them, that an author typed for a script to find."""
    text = all_text(root)
    found = _TYPED_TEX(root) if any(sign in text for sign in _TYPED_SIGNS) else ()
    return list(dict.fromkeys(text.getparent() for text in found))


def stash_typed(element: _Element, stash: Stash) -> None:
    """Replace the TeX between its usual signs in and behind an element."""
    for holder, name in ((element, "text"), (element.getparent(), "tail")):
        text = getattr(element, name)
        if text and holder is not None and _may_hold_tex(holder):
            is_math = "math" in (holder.get("class") or "").split()
            written = partial(_typed_formula, stash=stash, is_math=is_math)
            setattr(element, name, _TEX.sub(written, text))


def _may_hold_tex(element: _Element) -> bool:
    return element.tag not in _NO_TEX and next(element.iterancestors(*_NO_TEX), None) is None


def _typed_formula(tex: re.Match[str], *, stash: Stash, is_math: bool) -> str:
    code = " ".join(clean_code(tex[1] or tex[2] or tex[3]).split())
    if not is_math and not _TEX_SIGN.search(code) and (tex[2] or _TEX_WORD.search(code)):
        return tex[0]
    fence = "$" if tex[1] else "$$"
    return stash.inline(f"{fence}{_harmless(code)}{fence}", code)


def _expression(attributes: str) -> str:
    try:
        expression = json.loads(attributes)["persistentExpression"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
    return expression if isinstance(expression, str) else ""


def _annotation(formula: _Element) -> str:
    for annotation in formula.iter("annotation"):
        if "tex" in (annotation.get("encoding") or "").lower():
            return annotation.text or ""
    return ""


def _put_formula(element: _Element, tex: str, stash: Stash, *, display: bool) -> None:
    tex = " ".join(clean_code(tex).split())
    if tex.startswith("{\\displaystyle") and tex.endswith("}"):
        tex = tex[len("{\\displaystyle") : -1].strip()
    element.clear(keep_tail=True)
    element.tag = "span"
    if tex:
        fence = "$$" if display else "$"
        element.text = stash.inline(f"{fence}{_harmless(tex)}{fence}", tex)


def _harmless(tex: str) -> str:
    """Keep a host that knows no formulas from seeing markup in one."""
    # In TeX a backtick is nothing but an opening quote.
    return re.sub(r"<(?=[A-Za-z/!?])", "< ", tex).replace("![", "! [").replace("`", "\u2018")


def _put_readable(formula: _Element) -> None:
    for note in list(formula.iter("annotation", "annotation-xml")):
        drop(note)
    for part in formula.iter(*_OPERATORS):
        _write_out(part)
    text = "".join("".join(formula.itertext()).split())
    formula.clear(keep_tail=True)
    formula.tag = "span"
    formula.text = clean_text(text)


def _write_out(part: _Element) -> None:
    """Write out what MathML draws by position: powers, indices, fractions, roots."""
    if part.tag == "msqrt":
        part.text, part.tail = "\u221a(", ")" + (part.tail or "")
        return
    if part.tag == "mover" and not any(map(str.isalnum, "".join(map(text_of, part[1:])))):
        return  # a bar or an arrow above a letter
    operators = chain(_OPERATORS[part.tag], repeat(_OPERATORS[part.tag][-1]))
    for child in part:
        last = child.getnext() is None
        is_degree = part.tag == "mroot" and last
        compound = len(text_of(child)) > 1 and part.tag not in ("mtr", "mtable")
        child.text = ("(" if compound and not is_degree else "") + (child.text or "")
        child.tail = (")" if compound or is_degree else "") + ("" if last else next(operators))


def moved_signs(root: _Element) -> list[_Element]:
    """Find what is raised and lowered, the last first.

    So an exponent's own exponent is written before it: afterwards its elements are gone.
    """
    return list(reversed(list(root.iter("sup", "sub"))))


def raise_exponent(moved: _Element) -> None:
    """Mark an exponent or the base of a number, so that 10 to the 6th does not read 106.

    Ordinals (1st), marks (TM) and indices (H2O) can be read without a sign, and stay.
    """
    before = moved.getprevious()
    base = (moved.getparent().text if before is None else before.tail) or ""
    if before is not None and not base and before.tag in _VARIABLES:
        base = "".join(before.itertext())
    text = "".join(moved.itertext()).strip()
    if moved.tag == "sup" and (base[-1:].isalnum() or base[-1:] in _CLOSING):
        if _EXPONENT.fullmatch(text):
            _write_raised(moved, f"^{text}")
        elif _COMPOUND.fullmatch(text):
            _write_raised(moved, f"^({text})")
    elif moved.tag == "sub" and base[-1:].isdecimal() and text.isdecimal():
        _write_raised(moved, f"_{text}")


def _write_raised(moved: _Element, text: str) -> None:
    moved.clear(keep_tail=True)
    moved.text = text
