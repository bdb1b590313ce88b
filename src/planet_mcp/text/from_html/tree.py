"""The element tree of any HTML, and what of it a reader does not see.

Every pass is linear; the parser bounds the depth of the tree.
"""

import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from itertools import chain

from lxml import etree
from lxml.etree import _Element

from planet_mcp.text.characters import (
    ASCII_CONTROLS,
    PLACEHOLDERS,
    strip_ansi,
    without_placeholders,
)
from planet_mcp.text.from_html.ink import remove_unreadable

# What lxml raises at a document: its own, and Python's where one has no root or odd characters.
LXML_ERRORS = (etree.Error, AssertionError, ValueError)

_DROPPED = "planet-dropped"
_CONTROLS = re.compile(rf"[{ASCII_CONTROLS}\x7f]+")
_CONTROL_BYTES = bytes(code for code in range(0x80) if _CONTROLS.match(chr(code)))
_ANY_PLACEHOLDER = re.compile(f"[{PLACEHOLDERS}]")
_WRAPPERS = re.compile(
    r"</?(?:div|span|section|font|b|i|em|strong|center|blockquote|ul|ol|li|table|tbody|tr|td|a|u"
    r"|small|big|article|main|nav|header|footer|aside|form|fieldset|[a-z]+-[a-z-]+)\b[^<>]*>",
    re.IGNORECASE,
)
_UNSEEN_TAGS = (
    *("script", "style", "template", "noscript", "svg", "head", "link", "meta", "title", "canvas"),
    *("map", "datalist", "noframes", "param", "applet", "select", "textarea"),
    *("button", "meter", "progress", "rp", "area", "frame", "frameset", "noembed"),
)
# Elements that have no content; the parser puts what follows into them.
_EMPTY_TAGS = ("embed", "track")
# What may stand in a head (WHATWG HTML, section 13.2.6.4.4).
_HEAD_TAGS = frozenset(
    "title meta link base script style noscript noframes template bgsound basefont".split()
)
_HIDING = frozenset(("hidden", "style", "aria-hidden", "popover"))
_MAY_BE_READER_ONLY = re.compile(r"sr-only|visually|screen")
_CONTROLLED = etree.XPath(
    "//@aria-controls[parent::button or parent::a or ../@role='tab'] | //@role[.='tabpanel']/../@id"
    " | //@popovertarget"
)
_ATTRIBUTES = etree.XPath("//@*")
_SOUND_ATTRIBUTE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_VISIBLE_CONTROLS = etree.XPath(
    "boolean(.//button | .//textarea | .//select"
    " | .//input[not(translate(@type, 'HIDEN', 'hiden') = 'hidden')])"
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
# A comment without an end takes the rest of the document, as in a browser.
# XML's entity for an apostrophe: HTML parsers know it only with its semicolon.
_LOOSE_APOSTROPHE = re.compile(r"&apos(?!;)")
_STREAMED = re.compile(r"S:[0-9a-f]{1,4}")
_LONGEST_STYLE = 2000
_LOOK_BELOW = 100
_FEWEST_PARAGRAPHS = 3
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6", "summary", "dt")
_IMAGE_ADDRESSES = frozenset(
    """
    src srcset data-src data-srcset data-lazy-src data-lazy-srcset data-original data-orig-file
    data-url data-hi-res-src
    """.split()
)
_ICON = re.compile(
    r"(?:^|[\s_-])(?:icons?|fa[bsrl]?|glyphicon|octicon|material-symbols\w*)(?:[\s_-]|$)"
)
_CLOSED = re.compile(
    r"(?:^|[\s_-])(?:modal|menu|nav|navbar|drawer|pop(?:up|over)|dialog|overlay|lightbox|off-?canvas"
    r"|sidebar|tool-?tip|cookies?|toast|dropdown|submenu|search|skip-link)(?:[\s_-]|$)",
    re.IGNORECASE,
)
_FORMULA = re.compile(r"katex|mathjax|mjx|math-", re.IGNORECASE)
# Elements that hold blocks, and whose end tags are always written.
_CONTAINERS = (
    *(
        "div",
        "span",
        "section",
        "article",
        "main",
        "header",
        "nav",
        "aside",
        "figure",
        "form",
        "pre",
    ),
    *("button", "svg", "template", "noscript", "select", "textarea"),
)
_TAG_NAME = re.compile(r"</?[a-z][a-z0-9-]*")
_SIGNATURE = re.compile(
    r"(<dt\b[^<>]{0,200}\bsig\b[^<>]{0,500}>)((?:(?!</?dt\b).)*)(?=</dt)", re.DOTALL
)
_LINES_OF_SIGNATURE = re.compile(r"</?d[ld]\b[^<>]*>")
_TAG = re.compile(r"<(/?)([a-z][a-z0-9-]*)")
_WITHOUT_END = frozenset(
    """
    area base br col embed hr img input link meta param source track wbr p li dt dd td th tr tbody
    thead tfoot option optgroup rt rp path g circle rect line polygon use
    """.split()
)
_DEEPEST = 1000
# XHTML that is sent as HTML: a browser would take what follows `<iframe />` for its content.
_CLOSED_AS_IN_XML = re.compile(r"""<([A-Za-z][A-Za-z0-9-]*)((?:\s(?:[^<>]{0,2000}["'\s])?)?)/>""")
_READER_ONLY = frozenset(
    """
    sr-only visually-hidden visuallyhidden screen-reader-text screen-reader-only screenreader-only
    screen-reader
    """.split()
)
_READER_ONLY_BLOCKS = ("p", "pre", "ul", "ol", "table", "blockquote", "h1", "h2", "h3")
_LONGEST_ASIDE = 200
_LONGEST_FORM = 400


def parse(
    html: str, *, make_parser: Callable[..., etree.HTMLParser] = etree.HTMLParser
) -> _Element | None:
    """Parse any HTML; None when it holds nothing."""
    html = _SIGNATURE.sub(_in_one_line, html) if "sig-paren" in html else html
    html = _as_browsers_read(_LOOSE_APOSTROPHE.sub("'", _without_controls(html)))
    root, complete = _parse(html, make_parser)
    if not complete:
        # The parser drops what lies too deep: look for it in a flatter document.
        root, _ = _parse(_WRAPPERS.sub(" ", html), make_parser)
    if root is not None:
        _end_head(root)
        _remove_odd_attributes(root)
    if root is not None and _ANY_PLACEHOLDER.search(all_text(root)):
        _remove_forged_placeholders(root)
    return root


def _in_one_line(signature: re.Match[str]) -> str:
    """Write a signature of several lines (Sphinx) in one: to the parser `<dd>` ends a `<dt>`."""
    return signature[1] + _LINES_OF_SIGNATURE.sub(" ", signature[2])


def _without_controls(html: str) -> str:
    html = strip_ansi(html)
    # Most documents have none, and a search for bytes is many times faster than for characters.
    data = html.encode("utf-8", "replace")
    some = len(data.translate(None, _CONTROL_BYTES)) < len(data)
    return _CONTROLS.sub("", html) if some else html


def count_controls(html: str) -> int:
    """Count the control characters of a document, which the parser never sees."""
    return len(html) - len(_without_controls(html))


def _as_browsers_read(html: str) -> str:
    """Write a document with unclosed elements as browsers read it, who end them elsewhere.

    To libxml2 `</button>` ends no `<div>` (WHATWG HTML, section 13.2.6.4.7, says it does): a button
    that is left out would take the rest of the page with it. Sound documents are left alone, and
    deep ones, for which the parser of browsers takes too long.
    """
    tags = Counter(_TAG_NAME.findall(html.lower()))
    sound = all(tags[f"<{name}"] == tags[f"</{name}"] for name in _CONTAINERS)
    if sound or _depth(html.lower()) > _DEEPEST:
        return html
    from selectolax.lexbor import LexborHTMLParser

    def read(part: str) -> LexborHTMLParser:
        return LexborHTMLParser(part.encode("utf-8", "replace"))

    pieces = _CLOSED_AS_IN_XML.sub(_close_as_in_html, html).split("</noscript>")
    for index, piece in enumerate(pieces[:-1]):
        # A browser with scripts reads this as text, and its end tag closes all.
        before, tag, inside = piece.rpartition("<noscript>")
        if tag and (body := read(inside).body):
            pieces[index] = f"{before}{tag}{body.inner_html}"
    return read("</noscript>".join(pieces)).html or html


def _close_as_in_html(tag: re.Match[str]) -> str:
    return tag[0] if tag[1].lower() in _WITHOUT_END else f"<{tag[1]}{tag[2]}></{tag[1]}>"


def _depth(html: str) -> int:
    """Return how deep elements may be nested, at most: the end of some can be left out."""
    depth = deepest = 0
    for tag in _TAG.finditer(html):
        if tag[2] not in _WITHOUT_END:
            depth = max(0, depth - 1) if tag[1] else depth + 1
            deepest = max(deepest, depth)
    return deepest


def _remove_odd_attributes(root: _Element) -> None:
    """Take away the attributes whose names XML does not allow, and lxml refuses to copy."""
    names = set(chain.from_iterable(map(_Element.keys, root.iter(etree.Element))))
    if not all(map(_SOUND_ATTRIBUTE.fullmatch, names)):
        for value in _ATTRIBUTES(root):
            if not _SOUND_ATTRIBUTE.fullmatch(value.attrname):
                del value.getparent().attrib[value.attrname]


def _parse(html: str, make_parser: Callable[..., etree.HTMLParser]) -> tuple[_Element | None, bool]:
    parser = make_parser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(html.encode("utf-8", "replace"), parser)
    except etree.ParserError:
        return None, True
    except LXML_ERRORS:
        return None, not html.strip()
    return root, all(entry.type_name != "ERR_RESOURCE_LIMIT" for entry in parser.error_log)


def _end_head(root: _Element) -> None:
    """Move what belongs to the body out of the head: the parser takes `<main>` for a part of it."""
    head = root.find("head")
    left = [] if head is None else [e for e in head if e.tag not in _HEAD_TAGS]
    if head is None or not left:
        return
    body = root.find("body")
    if body is None:
        body = etree.SubElement(root, "body")
    body[:0] = head[head.index(left[0]) :]


def _remove_forged_placeholders(root: _Element) -> None:
    for element in root.iter(etree.Element):
        element.text = without_placeholders(element.text or "")
        element.tail = without_placeholders(element.tail or "")


def drop(element: _Element) -> None:
    """Empty an element; `remove_dropped` takes it away, in linear time for all together."""
    element.clear(keep_tail=True)
    element.tag = _DROPPED


def remove_dropped(root: _Element) -> None:
    """Take away the elements that were dropped; the text behind them stays."""
    etree.strip_elements(root, _DROPPED, with_tail=False)


def all_text(root: _Element) -> str:
    """Join all text of a document as it is, several times faster than from its single pieces."""
    text: str = etree.tostring(root, method="text", encoding="unicode", with_tail=False)
    return text


def text_of(element: _Element) -> str:
    """Join all text in an element, white space collapsed."""
    return " ".join("".join(element.itertext()).split())


def is_blank(element: _Element) -> bool:
    """Return whether an element holds no text."""
    return not any(text and not text.isspace() for text in element.itertext())


def may_be_hidden(root: _Element) -> list[_Element]:
    """Find the elements that may be hidden, in the order of the document."""
    return [
        element
        for element in root.iter(etree.Element)
        if not _HIDING.isdisjoint(element.keys())
        or _may_be_reader_only(element.get("class"))
        or element.tag == "dialog"
    ]


# Most elements of a page have one of few classes.
@lru_cache(maxsize=4096)
def _may_be_reader_only(names: str | None) -> bool:
    return names is not None and bool(_MAY_BE_READER_ONLY.search(names))


class Unseen:
    """Takes away what is hidden, and counts the characters of it.

    On an `interactive` page a reader gets at what a button or tab opens, and so it stays.
    """

    def __init__(self, *, interactive: bool = False) -> None:
        self.characters = 0
        self._interactive = interactive
        self._within_reach: set[str] = set()
        self._gone: set[_Element] = set()

    def look_for_tabs(self, root: _Element) -> None:
        """Look for what a reader gets at."""
        self._within_reach = set(_CONTROLLED(root)) if self._interactive else set()

    def judge(self, element: _Element) -> None:
        """Take an element away if it is hidden."""
        if element in self._gone:
            return
        if element.get("id") not in self._within_reach and _is_hidden(element):
            self.remove(element)
        # The search for an article goes by this attribute, and by the names of what opens.
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


def remove_unseen_tags(root: _Element) -> None:
    """Take away the elements that a browser never shows, and those that were dropped."""
    etree.strip_tags(root, *_EMPTY_TAGS)
    etree.strip_elements(root, _DROPPED, *_UNSEEN_TAGS, with_tail=False)


def empty_player(player: _Element) -> None:
    """Take away what a browser that knows no players or frames would show in their place."""
    player.text = None
    for child in list(player):
        if child.tag not in ("source", "track"):
            drop(child)
        child.tail = None


def keep_heading_words(button: _Element) -> None:
    """Turn a button that holds a heading's words, or a heading, into an ordinary part."""
    within = next(button.iterancestors(*_HEADINGS), None) is not None
    if within or next(button.iter(*_HEADINGS), None) is not None:
        button.tag = "span"


def adopt_noscript(noscript: _Element) -> None:
    """Keep what a script would have shown instead: code, or an image that is nowhere else."""
    if next(noscript.iterdescendants("pre"), None) is not None:
        noscript.tag = "div"
    elif next(noscript.iterdescendants("img"), None) is not None and _is_only_image(noscript):
        noscript.tag = "span"


def _is_only_image(noscript: _Element) -> bool:
    """Return whether no image beside a `<noscript>` has an address of its own."""
    if not is_blank(noscript) or next(noscript.iterancestors("head"), None) is not None:
        return False
    parent = noscript.getparent()
    beside = [] if parent is None else parent.iter("img")
    shown = (image for image in beside if next(image.iterancestors("noscript"), None) is None)
    return not any(
        value and not value.startswith("data:")
        for image in shown
        for name, value in image.attrib.items()
        if name in _IMAGE_ADDRESSES
    )


def drop_controls(form: _Element) -> None:
    """Take away a form to sign up or search, but not a page that is one big form."""
    if _is_only_controls(form):
        drop(form)


def _is_only_controls(form: _Element) -> bool:
    if not _VISIBLE_CONTROLS(form):
        return False
    if next(form.iterdescendants("pre", "h1", "h2", "article"), None) is not None:
        return False
    length = 0
    for text in form.itertext():
        length += len(text)
        if length > _LONGEST_FORM:
            return False
    return True


def _is_hidden(element: _Element) -> bool:
    if element.tag in _NEVER_HIDDEN:
        return False
    return _by_attribute(element) or _by_style(element) or _is_reader_only(element)


def _by_attribute(element: _Element) -> bool:
    if element.get("aria-hidden", "").strip().lower() == "true" and _is_unheard(element):
        return True
    if element.get("hidden", "until-found").strip().lower() != "until-found":
        # React streams content as `<div hidden id="S:0">` and a script moves it into place.
        return not (_STREAMED.fullmatch(element.get("id") or "") or _is_folded(element))
    if element.get("popover") is not None:
        return True
    return bool(element.tag == "dialog") and element.get("open") is None


def _is_unheard(element: _Element) -> bool:
    """Return whether nothing is lost with an element that only screen readers are to leave out.

    People see such an element, unless a style sheet hides it too until it is opened. Gone are signs
    and icons, one of two drawings of the same, what is beside code, and menus and dialogs that are
    closed; but not what holds an article, as of a page that waits for a dialog or for a script.
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
    return _is_twin(element)


def _is_twin(element: _Element) -> bool:
    """Return whether the same stands right beside an element, or a formula that it draws."""
    text = "".join(text_of(element).split())
    for beside in (element.getprevious(), element.getnext()):
        if beside is None or _is_reader_only(beside):
            continue
        if _FORMULA.search(beside.get("class") or "") or beside.tag == "math":
            return True
        if "".join(text_of(beside).split()) == text:
            return True
    parent = element.getparent()
    return parent is not None and bool(_FORMULA.search(parent.get("class") or ""))


def _by_style(element: _Element) -> bool:
    style = element.get("style", "")[:_LONGEST_STYLE]
    if not style:
        return False
    if _hides(style):
        return not (_is_reset_below(element) or _is_folded(element))
    # Pages that fade their content in begin like this, so an article stays.
    return _fades(style) and not _holds_article(element)


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
    """Return whether an element is the body of a fold, that its title above opens."""
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
    """Return whether a class leaves an element to screen readers: a label or a repetition.

    A class alone hides nothing (the style sheet is not here), so only what is short goes.
    """
    if _READER_ONLY.isdisjoint((element.get("class") or "").lower().split()):
        return False
    if next(element.iterdescendants(*_READER_ONLY_BLOCKS), None) is not None:
        return False
    return len(text_of(element)) <= _LONGEST_ASIDE
