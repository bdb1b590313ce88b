"""Which parts of a page are its article, while the page itself stays as it is.

The search (trafilatura) finds an article's words, but rewrites or loses what is among them: lists,
captions, pictures, quotations. So it only chooses. Each run of text of the page gets a number; the
numbers that come back say what was chosen. Then the page's own elements are converted, as those of
a feed are.
"""

import re
from itertools import takewhile

from lxml import etree
from lxml.etree import _Element

from planet_mcp.text.from_html import all_text, drop, is_blank, remove_dropped, text_of

# Placeholders, of private use characters (the table is in `from_html.placeholders`).
_NUMBER, _END = "\ue004", "\ue006"
_DIGITS = "\ue008\ue009\ue00a\ue00b\ue00c\ue00d\ue00e\ue00f"
_NUMBERED = re.compile(f"{_NUMBER}([{_DIGITS}]+){_END}")
_TO_DIGITS = str.maketrans("01234567", _DIGITS)
_FROM_DIGITS = str.maketrans(_DIGITS, "01234567")

_INLINE = frozenset(
    """
    a abbr acronym b bdi bdo big br button cite code data del dfn em font i img ins kbd label mark
    nobr picture q rb rp rt ruby s samp small source span strike strong sub sup time tt u var wbr
    """.split()
)
_PLAYERS = ("iframe", "video", "audio", "object")
_MEDIA = ("img", "hr", *_PLAYERS)
# Elements that stay whole if any part was chosen: a list without some of its items would say
# something else.
_WHOLE = frozenset("table ul ol dl figure blockquote details pre p".split())
_NOTE = re.compile(r"(?:^|\s)(?:admonition(?:block)?|markdown-alert|callout)(?:[\s-]|$)")
_NEVER = frozenset("nav footer form dialog".split())
_TEXTS = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6"))
_AROUND = re.compile(
    r"(?:^|[\s_-])(?:nav(?:bar|igation)?|menu|breadcrumbs?|share|sharing|social|related|recommend\w*"
    r"|subscribe|subscription|newsletter|sign-?up|comments?|respond|sidebar|widget|promo|advert\w*"
    r"|ads?|banner|sponsor\w*|footer|pagination|pager|prev|next|toc|table-of-contents|author|byline"
    r"|avatar|bio|tags?|categor(?:y|ies)|meta|entry-meta|postmeta|cookie|consent|popup|modal|toolbar"
    r"|print|copyright|license|rating|likes?|reactions?|more-posts|read-?next|skip-link|logo|button)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
# To Elementor each part of a page is a widget: what comes behind says of which kind.
_ANY_PART = ("elementor-widget", "elementor-part")
_LEAD = re.compile(
    r"(?:^|[\s_-])(?:lead|lede|intro|introduction|standfirst|dek|deck|subtitle|subheading|teaser"
    r"|correction|corrections|update|editors?-note|abstract)(?:$|[\s_-])",
    re.IGNORECASE,
)
_LEAD_NAMES = ("standfirst", "subtitle", "lede", "dek", "deck", "correction", "editor")
_MAY_LEAD = etree.XPath(
    f".//@class[{' or '.join(f'contains(., {name!r})' for name in _LEAD_NAMES)}]/.."
)
_LEAD_TAGS = frozenset(("p", "div", "h2", "h3", "section", "aside"))
_NOT_AROUND_LEADS = frozenset(("nav", "form", "dialog", "ul", "ol", "table"))
_PICTURES = frozenset(("figure", "img", "picture", "p", "a", "video", "audio", "iframe"))
_FILE = re.compile(
    r"\.(?:pdf|zip|epub|csv|xlsx?|docx?|pptx?|odt|ods|ipynb|t?gz|mp[34]|og[gv]|jpe?g|png|gif|webp)"
    r"(?:[?#]|$)",
    re.IGNORECASE,
)
_MOST_LINKED = 0.5
_CARD = re.compile(
    r"(?:^|[\s_-])(?:embed(?:ded)?|bookmark|instagram-media|og-?link|one-?box|link-?(?:card|preview)"
    r"|blog-?card|web-?card|tweet|h-cite)(?:$|[\s_-])"
)
_MOST_OF_CARD = 4
# How many elements around the last text of an article may hold a picture that belongs to it.
_NEAR = 3


_Slot = tuple[_Element, str, str]


class _Run:
    """Text of a page up to the next block: where it stands, and its longest piece.

    Each piece is an element, whether it is its `text` or its `tail`, and the text itself.
    """

    __slots__ = ("_slots", "holder", "longest")

    def __init__(self, holder: _Element, slots: list[_Slot]) -> None:
        self.holder = holder
        self._slots = slots
        self.longest = max(slots, key=_length) if len(slots) > 1 else slots[0]

    def number(self, placeholder: str) -> None:
        """Write the placeholder of a number at the beginning of the longest piece."""
        element, name, text = self.longest
        start = len(text) - len(text.lstrip())
        setattr(element, name, text[:start] + placeholder + text[start:])

    def restore(self) -> None:
        """Write the longest piece as it was."""
        element, name, text = self.longest
        setattr(element, name, text)

    def clear(self) -> None:
        """Take the text away."""
        for element, name, _ in self._slots:
            setattr(element, name, None)

    def is_linked(self) -> bool:
        """Return whether most of the text is in links."""
        linked = total = 0
        for element, name, text in self._slots:
            size = len(text.strip())
            total += size
            inside = element if name == "text" else element.getparent()
            if inside.tag == "a" or next(inside.iterancestors("a"), None) is not None:
                linked += size
        return linked > total * _MOST_LINKED


def _length(slot: _Slot) -> int:
    return len(slot[2])


def remove_numbers(tree: _Element) -> None:
    """Take the numbers of a page's runs out of what was copied from it."""
    for element in tree.iter(etree.Element):
        element.text = _NUMBERED.sub("", element.text or "")
        element.tail = _NUMBERED.sub("", element.tail or "")


class Selection:
    """Numbers the runs of a page, and cuts the page down to those that were chosen."""

    def __init__(self, page: _Element) -> None:
        self._runs: list[_Run] = []
        # How many runs come before an element.
        self._before: dict[_Element, int] = {}
        body = page.find("body")
        self._read(page if body is None else body)
        # The page is changed last: if reading it fails, it is as it was.
        for number, run in enumerate(self._runs):
            run.number(f"{_NUMBER}{f'{number:o}'.translate(_TO_DIGITS)}{_END}")

    def _read(self, body: _Element) -> None:
        blocks = [body]
        slots: list[_Slot] = []
        for event, element in etree.iterwalk(body, events=("start", "end")):
            starts = event == "start"
            if element.tag not in _INLINE and element is not body:
                if slots:
                    self._runs.append(_Run(blocks[-1], slots))
                    slots = []
                blocks.append(element) if starts else blocks.pop()
            if starts:
                self._before[element] = len(self._runs)
                text = element.text
            else:
                text = element.tail
            if text and not text.isspace() and (starts or element is not body):
                slots.append((element, "text" if starts else "tail", text))
        if slots:
            self._runs.append(_Run(blocks[-1], slots))

    def cut(self, found: _Element | None, *, fewest: int) -> _Element | None:
        """Take the numbers out of the page, and cut it down to the part that was found.

        None if fewer characters of the page's text than `fewest` were found; the page is whole
        then.
        """
        for run in self._runs:
            run.restore()
        text = "" if found is None else all_text(found)
        numbers = {int(digits.translate(_FROM_DIGITS), 8) for digits in _NUMBERED.findall(text)}
        chosen = [run for number, run in enumerate(self._runs) if number in numbers]
        if sum(_length(run.longest) for run in chosen) < fewest:
            return None
        root = _common_ancestor(chosen[0].holder, chosen[-1].holder)
        root = next(root.iterancestors("article", "main"), root)
        _Cut(self._runs, self._before, numbers).within(root)
        return root


class _Cut:
    """Takes out of a part of a page what was not chosen and no reader misses."""

    def __init__(self, runs: list[_Run], before: dict[_Element, int], numbers: set[int]) -> None:
        self._runs = runs
        self._before = before
        self._numbers = numbers
        self._first, self._last = min(numbers), max(numbers)
        self._chosen = {runs[number].holder for number in numbers}
        self._around = set(self._chosen)
        for holder in self._chosen:
            for ancestor in holder.iterancestors():
                if ancestor in self._around:
                    break
                self._around.add(ancestor)
        self._leads: dict[_Element, list[_Element]] = {}
        near = [runs[self._last].holder, *runs[self._last].holder.iterancestors()]
        self._ends = set(near[:_NEAR])

    def within(self, root: _Element) -> None:
        self._clear_loose_text()
        self._note_leads(root)
        waiting = [root]
        while waiting:
            element = waiting.pop()
            for child in list(element):
                if child not in self._around:
                    if not self._stays(child, element):
                        self._reduce_to_leads(child)
                elif child.tag not in _WHOLE and not _NOTE.search(child.get("class") or ""):
                    waiting.append(child)
        remove_dropped(root)

    def _note_leads(self, root: _Element) -> None:
        """Note for each element which leads and corrections it holds."""
        leads = [e for e in _MAY_LEAD(root) if _is_lead(e) and e.tag in _LEAD_TAGS]
        for lead in leads:
            for ancestor in lead.iterancestors():
                self._leads.setdefault(ancestor, []).append(lead)

    def _reduce_to_leads(self, element: _Element) -> None:
        """Take an element away but for the leads and corrections in it.

        They stand in heads, feet and columns, which the search does not choose.
        """
        leads = self._leads.get(element, [])
        if not leads or element.tag in _NOT_AROUND_LEADS or _is_mostly_links(element):
            drop(element)
            return
        element.tag, element.text, element[:] = "div", None, []
        for lead in leads:
            lead.tail = None
            element.append(lead)

    def _clear_loose_text(self) -> None:
        """Clear text that was left out and stands among blocks of which some were chosen."""
        for number, run in enumerate(self._runs):
            if number in self._numbers or run.holder not in self._around:
                continue
            if run.holder.tag in _WHOLE or (self._is_among(number) and not run.is_linked()):
                continue
            run.clear()

    def _is_among(self, number: int) -> bool:
        return self._first < number <= self._last

    def _stays(self, element: _Element, parent: _Element) -> bool:
        if element.tag in _INLINE and parent in self._chosen:
            return True
        if _is_boilerplate(element):
            return False
        number = self._before[element]
        media = element.tag in _MEDIA or next(element.iterdescendants(*_MEDIA), None) is not None
        if number <= self._first:
            return (media and element.tag in _PICTURES) or _is_lead(element)
        if number > self._last:
            plays = next(element.iter(*_PLAYERS), None) is not None and is_blank(element)
            return parent in self._ends and (plays or (media and element.tag in _PICTURES))
        kept = element.tag in _TEXTS or not _is_mostly_links(element) or _shows(element)
        return kept or _leads_to_files(element)


def _common_ancestor(first: _Element, last: _Element) -> _Element:
    pairs = zip(_path(first), _path(last), strict=False)
    return [ancestor for ancestor, _ in takewhile(lambda pair: pair[0] is pair[1], pairs)][-1]


def _path(element: _Element) -> list[_Element]:
    return [*reversed(list(element.iterancestors())), element]


def _is_boilerplate(element: _Element) -> bool:
    if element.tag in _NEVER or element.get("role") in ("navigation", "search", "complementary"):
        return True
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    return bool(_AROUND.search(names.replace(*_ANY_PART)))


def _is_lead(element: _Element) -> bool:
    return bool(_LEAD.search(element.get("class") or "")) and not _is_mostly_links(element)


def _shows(element: _Element) -> bool:
    """Return whether a part plays something, has a caption, or is a card.

    A mere picture beside linked words leads to another article.
    """
    return next(element.iter(*_PLAYERS, "figcaption"), None) is not None or _is_card(element)


def _is_card(element: _Element) -> bool:
    """Return whether a part shows what is said of one page elsewhere, or a post of it."""
    if len({link.get("href") for link in element.iter("a")}) > _MOST_OF_CARD:
        return False
    return element.tag == "figure" or any(
        _CARD.search(part.get("class") or "") for part in element.iter("a", "div", "blockquote")
    )


def _leads_to_files(element: _Element) -> bool:
    """Return whether all links of a part are to files, which are a part of the article."""
    links = list(element.iter("a"))
    return bool(links) and all(_FILE.search(link.get("href") or "") for link in links)


def _is_mostly_links(element: _Element) -> bool:
    links = (link for link in element.iterdescendants("a") if link.get("href"))
    return sum(len(text_of(link)) for link in links) > len(text_of(element)) * _MOST_LINKED
