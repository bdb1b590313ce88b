"""What publishers' programs draw as cards and players, as the links and words that these hold."""

import re

from lxml import etree
from lxml.etree import _Element

from planet_mcp.text.from_html.tree import HEADINGS, drop, is_blank, text_of

_BLOCKS = (
    *("div", "p", "ul", "ol", "li", "table", "figure", "figcaption", "blockquote", "section"),
    *("article", "header", "footer", "pre", "dl", *HEADINGS),
)
_PLAYER = re.compile(
    r"(?:^|[\s_-])(?:player|controls?|(?:current-)?time|duration|playback-rate|seek|volume|progress)"
    r"(?:[\s_-]|$)"
)
# What a player counts: times, speeds, percentages.
_COUNTER = re.compile(r"[\d\s:./%\u00d7x-]*")
_LOOK_UP = 2
# How many elements beside each player or picture are looked at: a page may have thousands of both,
# and the work would grow with their product.
_MOST_PARTS = 50
_SIZE_OF_PICTURE = re.compile(r"\d+\s?[\u00d7x]\s?\d+(?:\s+[\d.,]+\s?[kKMG]?i?B)?")


def open_card(link: _Element) -> None:
    """Link the first words of a card in place of all its blocks, which stay blocks.

    Those are its heading, else its first line, else its picture: Markdown's links hold no blocks.
    """
    if not len(link) or not link.get("href") or (link.text or "").strip():
        return
    if next(link.iterdescendants(*_BLOCKS), None) is None or link.find(".//a") is not None:
        return
    if any((child.tail or "").strip() for child in link):
        return
    target = _first_words(link)
    if target is None:
        return
    inner = etree.Element("a", href=link.get("href"))
    if target.tag == "img":
        target.addprevious(inner)
        inner.tail, target.tail = target.tail, None
        inner.append(target)
    else:
        inner.text, target.text = target.text, None
        inner.extend(list(target))
        target.append(inner)
    link.tag = "div"
    link.attrib.clear()


def _first_words(card: _Element) -> _Element | None:
    for heading in card.iterdescendants(*HEADINGS):
        if not is_blank(heading):
            return heading
    lines = (e for e in card.iterdescendants(*_BLOCKS) if e.tag not in ("figcaption", "pre"))
    innermost = (e for e in lines if next(e.iterdescendants(*_BLOCKS), None) is None)
    line = next((e for e in innermost if not is_blank(e)), None)
    return card.find(".//img") if line is None else line


def drop_controls_of(player: _Element) -> None:
    """Take away the times and speeds that a player's controls show: nothing plays in Markdown."""
    around = list(zip(range(_LOOK_UP), player.iterancestors(), strict=False))
    if not around:
        return
    parts = zip(range(_MOST_PARTS), around[-1][1].iterdescendants("div", "span"), strict=False)
    for part in [part for _, part in parts]:
        named = _PLAYER.search(part.get("class") or "")
        if named and not is_blank(part) and _COUNTER.fullmatch(text_of(part)):
            drop(part)


def drop_facts_of_picture(image: _Element) -> None:
    """Take away the file's name and size that a forum draws over a picture that it enlarges."""
    link = next(image.iterancestors("a"), None)
    if link is None:
        return
    said = {image.get("alt") or "", image.get("title") or "", link.get("title") or ""}
    for _, part in zip(range(_MOST_PARTS), link.iterdescendants("span"), strict=False):
        text = text_of(part)
        if text and len(part) == 0 and (text in said or _SIZE_OF_PICTURE.fullmatch(text)):
            drop(part)
