"""Elements of a page: their text, and how they are taken away.

Every pass is linear.
"""

from lxml import etree
from lxml.etree import _Element

_DROPPED = "planet-dropped"
_UNSEEN_TAGS = (
    *("script", "style", "template", "noscript", "svg", "head", "link", "meta", "title", "canvas"),
    *("map", "datalist", "noframes", "param", "applet", "select", "textarea"),
    *("button", "meter", "progress", "rp", "area", "frame", "frameset", "noembed"),
)
# Elements that have no content, but into which libxml2 puts what follows.
_EMPTY_TAGS = ("embed", "track")
_VISIBLE_CONTROLS = etree.XPath(
    "boolean(.//button | .//textarea | .//select"
    " | .//input[not(translate(@type, 'HIDEN', 'hiden') = 'hidden')])"
)
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
# A button in these, or around them, has words of the text.
_TITLED = (*HEADINGS, "summary", "dt")
# What shows something, and the attributes that say what.
_SHOWN = ("img", "iframe", "video", "audio")
# How scripts call the attribute with what they load: `nitro-lazy-src`.
ADDRESS_ENDINGS = ("-src", "-lazy", "-lazyload")
_ADDRESSES = frozenset(
    """
    src srcset data-src data-srcset data-lazy-src data-lazy-srcset data-original data-orig-file
    data-url data-hi-res-src
    """.split()
)
_LONGEST_FORM = 400


def drop(element: _Element) -> None:
    """Empty an element, for `remove_dropped`: to remove each at once would take quadratic time."""
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
    within = next(button.iterancestors(*_TITLED), None) is not None
    if within or next(button.iter(*_TITLED), None) is not None:
        button.tag = "span"


def adopt_noscript(noscript: _Element) -> None:
    """Keep what a script would have shown instead: code, or what to see that is nowhere else."""
    if next(noscript.iterdescendants("pre"), None) is not None:
        noscript.tag = "div"
    elif _is_only_one(noscript):
        noscript.tag = "span"


def _is_only_one(noscript: _Element) -> bool:
    """Return whether it has pictures or players, and none beside it has an address of its own."""
    kinds = {each.tag for each in noscript.iterdescendants(*_SHOWN)}
    if (
        not kinds
        or not is_blank(noscript)
        or next(noscript.iterancestors("head"), None) is not None
    ):
        return False
    parent = noscript.getparent()
    beside = [] if parent is None else parent.iter(*kinds)
    shown = (each for each in beside if next(each.iterancestors("noscript"), None) is None)
    return not any(
        value and not value.startswith("data:")
        for each in shown
        for name, value in each.attrib.items()
        if name in _ADDRESSES or name.endswith(ADDRESS_ENDINGS)
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
