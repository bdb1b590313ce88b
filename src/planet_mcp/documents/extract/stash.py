"""What is put aside while the article of a page is looked for: code blocks, links, images.

The search (trafilatura) looks at text. It would tear code blocks apart, and links and images that
it is to keep mislead it. So a code block becomes a paragraph of words, and links and images become
placeholders in the text around them; afterwards all become elements again.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lxml import etree
from lxml.etree import _Element

from planet_mcp.text.from_html import CodeBlock, Stash

# Placeholders, of private use characters (the table is in `from_html.placeholders`).
_LINK, _TEXT, _END, _IMAGE = "\ue004", "\ue005", "\ue006", "\ue007"
_DIGITS = "\ue008\ue009\ue00a\ue00b\ue00c\ue00d\ue00e\ue00f"
_PLACEHOLDER = re.compile(
    f"{_LINK}([{_DIGITS}]+){_TEXT}([^{_LINK}{_END}{_IMAGE}]*){_END}|{_IMAGE}([{_DIGITS}]+){_END}"
)
_ANY_PLACEHOLDER = re.compile(f"[{_LINK}{_TEXT}{_END}{_IMAGE}{_DIGITS}]+")
_ELSEWHERE = frozenset(("nav", "aside", "footer"))
_HEAVIEST = 20_000
_MOST_WAITING = 20
_MOST_IMAGES = 2000


class CodeStash:
    """Keeps the code blocks of a page while its boilerplate is taken out.

    Each code block is left as one paragraph of its own text between two marker words: with the
    weight it has, as a man page is nothing else, but without markup to stumble over.
    """

    def __init__(self, page: _Element) -> None:
        text = "".join(page.itertext())
        self._stem = "codeblock"
        while self._stem in text:
            self._stem += "z"
        self._blocks: list[CodeBlock] = []
        self._words = re.compile(rf"{self._stem}(\d+)a(?:.*?{self._stem}\1b|.*$)", re.DOTALL)

    def put(self, block: CodeBlock) -> str:
        """Put a code block aside and return the text that stands for it."""
        number = len(self._blocks)
        self._blocks.append(block)
        weight = " ".join(block.text[:_HEAVIEST].split())
        return f"{self._stem}{number}a {weight} {self._stem}{number}b"

    def exchange(self, tree: _Element, stash: Stash) -> None:
        """Exchange the paragraphs of code in a tree for the placeholders of the conversion."""
        for element in tree.iter(etree.Element):
            element.text = self._replaced(element.text, stash)
            element.tail = self._replaced(element.tail, stash)

    def _replaced(self, text: str | None, stash: Stash) -> str | None:
        if not text or self._stem not in text:
            return text
        return self._words.sub(lambda word: stash.block(self._blocks[int(word[1])]), text)

    def free_figures(self, page: _Element) -> None:
        """Make the figures that hold code or quotes ordinary parts; others are left out."""
        for figure in list(page.iter("figure")):
            quotes = next(figure.iterdescendants("blockquote"), None) is not None
            if quotes or any(self._stem in text for text in figure.itertext()):
                figure.tag = "div"


class _Slot(NamedTuple):
    """The text or the tail of an element."""

    element: _Element
    name: str

    @property
    def text(self) -> str:
        return getattr(self.element, self.name) or ""

    def put(self, text: str) -> None:
        setattr(self.element, self.name, text)


class LinkStash:
    """Keeps the links and images of a page; placeholders in its text stand for them."""

    def __init__(self, page: _Element) -> None:
        self._links: list[str] = []
        self._images: list[dict[str, str]] = []
        for link in page.iter("a"):
            self._stash_link(link)
        self._stash_images(page)

    def _stash_link(self, link: _Element) -> None:
        href = link.get("href") or ""
        slot = max(_slots(link), key=lambda slot: len(slot.text.strip()))
        words = slot.text.strip()
        if not href or not words or _ANY_PLACEHOLDER.search(words):
            return
        before, _, after = slot.text.partition(words)
        slot.put(f"{before}{_LINK}{_number(len(self._links))}{_TEXT}{words}{_END}{after}")
        self._links.append(href)

    def _stash_images(self, page: _Element) -> None:
        """Tie each image to the paragraph before it, else to the first one after it."""
        last: _Element | None = None
        waiting: list[_Element] = []
        for element in list(page.iter(etree.Element)):
            if element.tag == "img" and last is not None and _is_near(element, last):
                self._append(last, element)
            elif element.tag == "img" and len(waiting) < _MOST_WAITING:
                waiting.append(element)
            elif element.tag == "p" and _has_words(element):
                for image in (image for image in waiting if _is_near(image, element)):
                    self._append(element, image)
                waiting, last = [], element

    def _append(self, paragraph: _Element, image: _Element) -> None:
        if len(self._images) >= _MOST_IMAGES:
            return
        slot = _Slot(paragraph[-1], "tail") if len(paragraph) else _Slot(paragraph, "text")
        slot.put(f"{slot.text}{_IMAGE}{_number(len(self._images))}{_END}")
        self._images.append(dict(image.attrib))

    def exchange(self, tree: _Element) -> None:
        """Exchange the placeholders in a tree for links and images."""
        for element in list(tree.iter(etree.Element)):
            if element.text and _ANY_PLACEHOLDER.search(element.text):
                element.text, added = self._read(element.text)
                element[:0] = added
            parent = element.getparent()
            if element.tail and parent is not None and _ANY_PLACEHOLDER.search(element.tail):
                element.tail, added = self._read(element.tail)
                behind = parent.index(element) + 1
                parent[behind:behind] = added

    def remove(self, tree: _Element) -> None:
        """Remove the placeholders from a tree that still has its links and images."""
        for element in tree.iter(etree.Element):
            element.text = _ANY_PLACEHOLDER.sub("", element.text or "")
            element.tail = _ANY_PLACEHOLDER.sub("", element.tail or "")

    def _read(self, text: str) -> tuple[str, list[_Element]]:
        added: list[_Element] = []
        first = None
        position = 0
        for found in _PLACEHOLDER.finditer(text):
            before = _ANY_PLACEHOLDER.sub("", text[position : found.start()])
            position = found.end()
            if added:
                added[-1].tail = before
            else:
                first = before
            added.append(self._element(found))
        rest = _ANY_PLACEHOLDER.sub("", text[position:])
        if added:
            added[-1].tail = rest
        return (rest if first is None else first), added

    def _element(self, found: re.Match[str]) -> _Element:
        if found[3]:
            return etree.Element("img", self._images[_index(found[3])])
        link = etree.Element("a", href=self._links[_index(found[1])])
        link.text = found[2]
        return link


def _slots(element: _Element) -> Iterator[_Slot]:
    yield _Slot(element, "text")
    for inside in element.iterdescendants(etree.Element):
        yield _Slot(inside, "text")
        yield _Slot(inside, "tail")


def _has_words(element: _Element) -> bool:
    return any(text and not text.isspace() for text in element.itertext())


def _is_near(image: _Element, paragraph: _Element) -> bool:
    """Return whether an image is in the same part of the page as a paragraph."""
    around = [paragraph, *(e for _, e in zip(range(2), paragraph.iterancestors(), strict=False))]
    ancestors = list(image.iterancestors())
    if any(ancestor.tag in _ELSEWHERE for ancestor in ancestors):
        return False
    return any(e in ancestors and e.tag != "body" for e in around) or _is_at_top(paragraph)


def _is_at_top(paragraph: _Element) -> bool:
    parent = paragraph.getparent()
    return parent is not None and parent.tag == "body"


def _number(index: int) -> str:
    return "".join(_DIGITS[int(digit)] for digit in f"{index:o}")


def _index(digits: Iterable[str]) -> int:
    return int("".join(str(_DIGITS.index(digit)) for digit in digits), 8)
