"""What attributes, styles and classes hide of a page; its style sheet is never loaded.

Text that is hidden by its colour is the subject of `ink`.
"""

import re
from functools import lru_cache

from lxml import etree
from lxml.etree import _Element

from planet_mcp.text.from_html.ink import remove_unreadable
from planet_mcp.text.from_html.tree import drop, is_blank, text_of

_HIDING = frozenset(("hidden", "style", "aria-hidden", "popover"))
# The attributes, and the one element, without which nothing is hidden in a document.
MAY_HIDE = frozenset((*_HIDING, "class", "dialog"))
_MAY_BE_READER_ONLY = re.compile(r"sr-only|visually|screen")
_CONTROLLED = etree.XPath(
    "//@aria-controls[parent::button or parent::a or ../@role='tab'] | //@role[.='tabpanel']/../@id"
    " | //@popovertarget"
)
_NEVER_HIDDEN = frozenset(("html", "body", "main", "article"))
_HIDING_STYLE = re.compile(
    r"(?:^|;)(?:display:none|mso-hide:all|font-size:0(?:[a-z%.0]*)(?:;|$)"
    r"|text-indent:-\d{3,}|(?:margin-)?(?:left|top|right|bottom):-\d{4,}|clip:rect\(0|clip:rect\(1px"
    r"|clip-path:inset\((?:50|100)%|transform:scale\(0)"
)
_FADED = re.compile(
    r"(?:^|;)(?:opacity:(?:0*(?:\.0*|\.0[0-5]\d*)?|[0-5](?:\.\d*)?%)(?:;|$)|filter:opacity\(0*[.%)]"
    r"|visibility:(?:hidden|collapse))"
)
_REVEALED = re.compile(r"transform|transition|animation|will-change")
_COLLAPSED = re.compile(r"(?:^|;)(?:max-)?(?:height|width):[01](?:px)?(?:;|$)")
_STYLE_NOISE = re.compile(r"\s+|!important|/\*[^*]{0,200}\*/")
_SIZED_AGAIN = re.compile(r"font-size\s*:\s*(?!0)[\w.]", re.IGNORECASE)
_FOLD = re.compile(
    r"(?:^|[\s_-])(?:is-collapsed|collapsible|accordion|foldable|expandable|spoiler)"
)
_FOLD_TITLE = re.compile(r"title|header|summary|toggle|trigger|head(?:\s|$)", re.IGNORECASE)
_STREAMED = re.compile(r"S:[0-9a-f]{1,4}")
_LONGEST_STYLE = 2000
_LOOK_BELOW = 100
_FEWEST_PARAGRAPHS = 3
_ICON = re.compile(
    r"(?:^|[\s_-])(?:icons?|fa[bsrl]?|glyphicon|octicon|material-symbols\w*)(?:[\s_-]|$)"
)
_CLOSED = re.compile(
    r"(?:^|[\s_-])(?:modal|menu|nav|navbar|drawer|pop(?:up|over)|dialog|overlay|lightbox|off-?canvas"
    r"|sidebar|tool-?tip|cookies?|toast|dropdown|submenu|search|skip-link)(?:[\s_-]|$)",
    re.IGNORECASE,
)
_FORMULA = re.compile(r"katex|mathjax|mjx|math-", re.IGNORECASE)
_READER_ONLY = frozenset(
    """
    sr-only visually-hidden visuallyhidden screen-reader-text screen-reader-only screenreader-only
    screen-reader
    """.split()
)
_READER_ONLY_BLOCKS = ("p", "pre", "ul", "ol", "table", "blockquote", "h1", "h2", "h3")
_LONGEST_ASIDE = 200


def may_be_hidden(root: _Element) -> list[_Element]:
    """Find the elements that may be hidden, in the order of the document."""
    return [
        element
        for element in root.iter(etree.Element)
        if not _HIDING.isdisjoint(element.keys())
        or _may_be_reader_only(element.get("class"))
        or element.tag == "dialog"
    ]


# The cache pays: most elements of a page have one of few classes.
@lru_cache(maxsize=4096)
def _may_be_reader_only(names: str | None) -> bool:
    return names is not None and bool(_MAY_BE_READER_ONLY.search(names))


class Unseen:
    """Takes away what is hidden, and counts its characters.

    On an `interactive` page, what a button or tab opens stays: readers can open it.
    """

    def __init__(self, *, interactive: bool = False) -> None:
        self.characters = 0
        self.interactive = interactive
        self._within_reach: set[str] = set()
        self._gone: set[_Element] = set()

    def look_for_tabs(self, root: _Element) -> None:
        """Find what a button or tab opens."""
        self._within_reach = set(_CONTROLLED(root)) if self.interactive else set()

    def remove_if_hidden(self, element: _Element) -> None:
        """Take an element away if it is hidden."""
        if element in self._gone:
            return
        if element.get("id") not in self._within_reach and _is_hidden(element):
            self.remove(element)
        # What is visible loses `aria-hidden`, and a class such as `menu` beside it: by these the
        # search for an article would leave it out.
        elif element.attrib.pop("aria-hidden", None) and _CLOSED.search(element.get("class", "")):
            del element.attrib["class"]

    def remove_unreadable(self, root: _Element) -> None:
        """Take away what is shown so that nobody can read it."""
        self.characters += remove_unreadable(root)

    def remove(self, element: _Element) -> None:
        """Take an element away."""
        self._gone.update(element.iterdescendants())
        self.characters += len(text_of(element))
        drop(element)


def _is_hidden(element: _Element) -> bool:
    if element.tag in _NEVER_HIDDEN:
        return False
    return _by_attribute(element) or _by_style(element) or _is_reader_only(element)


def _by_attribute(element: _Element) -> bool:
    if element.get("aria-hidden", "").strip().lower() == "true" and _is_unheard(element):
        return True
    if element.get("hidden", "until-found").strip().lower() != "until-found":
        # `<div hidden id="S:0">` is content that React streams and a script moves into place.
        return not (_STREAMED.fullmatch(element.get("id") or "") or _is_folded(element))
    if element.get("popover") is not None:
        return True
    return bool(element.tag == "dialog") and element.get("open") is None


def _is_unheard(element: _Element) -> bool:
    """Return whether an element with `aria-hidden` can go without loss.

    Only screen readers leave such an element out; people see it, unless a style sheet hides it
    until it is opened. So these go: icons, the second of two drawings of the same, what is beside
    code, and menus and dialogs that are closed. What holds an article stays: some pages set the
    attribute while a dialog or a script has the reader's attention.
    """
    if _holds_article(element) or len(element.findall(".//p")) >= _FEWEST_PARAGRAPHS:
        return False
    names = element.get("class") or ""
    text = "".join(text_of(element).split())
    words = any(map(str.isalnum, text)) and not text.isdecimal()
    if not words or _ICON.search(names) or _CLOSED.search(names) or element.get("tabindex") == "-1":
        return True
    if element.tag in ("a", "svg", "nav", "dialog", "select", "pre", "textarea"):
        return True
    if (
        next(element.iterancestors("pre", "code", "table", "a", "h1", "h2", "h3", "h4"), None)
        is not None
    ):
        return True
    return _is_repeated_beside(element)


def _is_repeated_beside(element: _Element) -> bool:
    """Return whether right beside an element is the same text, or the formula that it draws."""
    text = "".join(text_of(element).split())
    for beside in (element.getprevious(), element.getnext()):
        if beside is None or _is_reader_only(beside):
            continue
        if _is_formula(beside) or beside.tag == "math":
            return True
        if "".join(text_of(beside).split()) == text:
            return True
    parent = element.getparent()
    # KaTeX and MathJax may be told to leave the other drawing out.
    return parent is not None and len(parent) > 1 and _is_formula(parent)


def _is_formula(element: _Element) -> bool:
    return bool(_FORMULA.search(element.get("class") or ""))


def _by_style(element: _Element) -> bool:
    style = element.get("style", "")[:_LONGEST_STYLE]
    if not style:
        return False
    if _hides(style):
        return not (_is_reset_below(element) or _is_folded(element))
    # An article stays: pages that fade their content in begin with it transparent.
    return _fades(style) and not (_holds_article(element) or _is_lazy(element))


def _is_lazy(element: _Element) -> bool:
    """Return whether an element is a picture that fades in when a script has loaded it."""
    return bool(element.tag == "img") and any("-src" in name for name, _ in element.items())


def _holds_article(element: _Element) -> bool:
    return next(element.iterdescendants("article", "main", "h1"), None) is not None


@lru_cache(maxsize=4096)
def _hides(style: str) -> bool:
    style = _STYLE_NOISE.sub("", style.lower())
    if _HIDING_STYLE.search(style):
        return True
    return "overflow:hidden" in style and "padding" not in style and bool(_COLLAPSED.search(style))


@lru_cache(maxsize=4096)
def _fades(style: str) -> bool:
    style = _STYLE_NOISE.sub("", style.lower())
    return bool(_FADED.search(style)) and not _REVEALED.search(style)


def _is_folded(element: _Element) -> bool:
    """Return whether an element is the body of a fold, which the title above it opens."""
    parent, title = element.getparent(), element.getprevious()
    if parent is None or title is None or title.getprevious() is not None:
        return False
    named = _FOLD.search(parent.get("class") or "") and _FOLD_TITLE.search(title.get("class") or "")
    return bool(named) and not is_blank(title)


def _is_reset_below(element: _Element) -> bool:
    style = _STYLE_NOISE.sub("", element.get("style", "").lower())
    if "font-size:0" not in style or "display:none" in style:
        return False
    below = (e for _, e in zip(range(_LOOK_BELOW), element.iterdescendants(), strict=False))
    return any(_SIZED_AGAIN.search(e.get("style") or "") for e in below)


def _is_reader_only(element: _Element) -> bool:
    """Return whether a class shows a label or a repetition to screen readers alone.

    That the class hides is a guess, without the style sheet, so only what is short goes.
    """
    if _READER_ONLY.isdisjoint((element.get("class") or "").lower().split()):
        return False
    if next(element.iterdescendants(*_READER_ONLY_BLOCKS), None) is not None:
        return False
    return len(text_of(element)) <= _LONGEST_ASIDE
