"""What readers see and Markdown has no element for, written with what Markdown has."""

import re
from itertools import pairwise, takewhile

from lxml import etree
from lxml.etree import _Element

from planet_mcp.text.characters import clean_text
from planet_mcp.text.from_html.placeholders import Stash
from planet_mcp.text.from_html.tree import is_blank, text_of

_NAMES = ("h1", "h2", "h3", "h4", "h5", "h6", "summary", "dt")
# Scripts that show a document of another site where they stand, and that document's address.
_EMBEDS = (
    (re.compile(r"(?:https?:)?//(gist\.github\.com/[\w./-]{1,200}?)\.js(?:[?#].*)?"), "gist"),
    (re.compile(r"(?:https?:)?//(asciinema\.org/a/[\w-]{1,100})\.js(?:[?#].*)?"), "recording"),
    (
        re.compile(r"(?:https?:)?//([\w.-]{1,100}/[\w./-]{1,200}/snippets/\d+)\.js(?:[?#].*)?"),
        "code",
    ),
)
_NOT_IN_EMPHASIS = ("b", "i", "em", "strong", "p", "div", "ul", "ol", "table", "blockquote")
_DEFINITIONS = "definitions"
_NUMBER = re.compile(r"-?\d{1,9}")
_LONGEST_EXPANSION = 100
_EXPANSION = re.compile(r"[^\W\d_][^\d]*[^\W\d_]")
_TITLE_CLASS = re.compile(r"(?:^|\s)(?:admonition|markdown-alert|callout)-title(?:\s|$)")


def adopt_embedded(root: _Element) -> None:
    """Turn what is removed as unseen, but shows something in these places, into what it shows.

    These are the words of headings that stand in a button, and documents that a script or a
    plug-in embeds, which become links.
    """
    for button in root.iter("button"):
        if next(button.iterancestors(*_NAMES), None) is not None:
            button.tag = "span"
    for script in list(root.iter("script")):
        _adopt_script(script, root)
    for plugin in root.iter("embed", "object"):
        shown = next(plugin.iterdescendants("img", "a", "embed", "iframe"), None)
        if shown is None and is_blank(plugin):
            _to_link(plugin, plugin.get("src") or plugin.get("data") or "", "embedded document")


def _adopt_script(script: _Element, root: _Element) -> None:
    for pattern, label in _EMBEDS:
        found = pattern.fullmatch(script.get("src") or "")
        if not found:
            continue
        body = root.find("body")
        if body is not None and script.getparent().tag == "head":
            # The parser takes a text that begins with a script for a document with a head.
            body.insert(0, script)
        _to_link(script, f"https://{found[1]}", label)
        return


def _to_link(element: _Element, url: str, label: str) -> None:
    element.clear(keep_tail=True)
    element.tag = "p"
    if url:
        etree.SubElement(element, "a", href=url).text = label


def adapt_structure(root: _Element, stash: Stash) -> None:
    """Rewrite captions, task boxes, definitions, lists that count oddly and lists in cells."""
    _free_captions(root)
    _expand_abbreviations(root)
    _lead_items(root)
    for ordered in list(root.iter("ol")):
        _number(ordered, stash)
    for cell in root.iter("td", "th"):
        _flatten(cell)
    _write_readings(root)
    for quote in root.iter("blockquote"):
        _name_source(quote)
    for title in root.iter("p", "div"):
        if _TITLE_CLASS.search(title.get("class") or "") and len(title) == 0 and title.text:
            title.tag, title.text, text = "p", None, title.text
            etree.SubElement(title, "strong").text = text
    _write_definitions(root)


def _write_readings(root: _Element) -> None:
    """Write how characters are read (ruby) in brackets behind them."""
    for reading in root.iter("rt"):
        reading.text, reading.tail = f"({reading.text or ''}", f"){reading.tail or ''}"
    etree.strip_tags(root, "ruby", "rb", "rt", "rtc")


def _name_source(quote: _Element) -> None:
    """Link the source of a quotation below it, unless it has a link to it."""
    source = (quote.get("cite") or "").strip()
    if source and all(link.get("href") != source for link in quote.iterdescendants("a")):
        _to_link(etree.SubElement(quote, "p"), source, "source")


def _free_captions(root: _Element) -> None:
    """Put the captions of tables above them, and leave those with emphasis of their own plain.

    The others become emphasis, which tells them from the text.
    """
    for caption in list(root.iter("caption", "figcaption")):
        table = caption.getparent()
        if caption.tag == "caption" and table is not None and table.tag == "table":
            caption.tag, caption.tail = "p", None
            table.addprevious(caption)
        elif next(caption.iterdescendants(*_NOT_IN_EMPHASIS), None) is not None:
            caption.tag = "div"


def _expand_abbreviations(root: _Element) -> None:
    """Say once what an abbreviation's title says, which a browser shows to whoever points at it."""
    said: set[str] = set()
    for short in root.iter("abbr", "acronym"):
        title = " ".join(clean_text(short.get("title") or "").split())
        if title in said or len(title) > _LONGEST_EXPANSION or not _EXPANSION.fullmatch(title):
            continue
        said.add(title)
        text, parent = text_of(short), short.getparent()
        if len(title) > len(text) and parent is not None and title not in text_of(parent):
            short.tail = f" ({title}){short.tail or ''}"


def _lead_items(root: _Element) -> None:
    """Put the boxes of tasks at the beginning of their items, where Markdown has them."""
    for box in list(root.iter("input")):
        if (box.get("type") or "").lower() == "checkbox":
            _lead_item(box)


def _lead_item(box: _Element) -> None:
    item = next(box.iterancestors("li"), None)
    if item is None or box.getparent() is item:
        return
    wrappers = list(takewhile(lambda around: around is not item, box.iterancestors()))
    for inner, outer in pairwise([box, *wrappers, item]):
        if inner.getprevious() is not None or (outer.text or "").strip():
            return
    for wrapper in wrappers:
        wrapper.tag = "span"
    wrappers[0].text, box.tail = box.tail, None
    item.text = None
    item.insert(0, box)


def _number(ordered: _Element, stash: Stash) -> None:
    """Write the numbers of a list as text where Markdown, which counts up by one, has others."""
    items = list(ordered.iterchildren("li"))
    numbers = _numbers(ordered, items)
    if numbers == list(range(numbers[0], numbers[0] + len(items))) if numbers else True:
        ordered.attrib.update({"start": str(numbers[0])} if numbers else {})
        return
    ordered.tag = "div"
    for item, number in zip(items, numbers, strict=True):
        item.tag = "div"
        first = item
        while not (first.text or "").strip() and len(first) and first[0].tag in ("p", "span"):
            first = first[0]
        first.text = stash.inline(f"{number}\\.", f"{number}.") + f" {(first.text or '').lstrip()}"


def _numbers(ordered: _Element, items: list[_Element]) -> list[int]:
    down = ordered.get("reversed") is not None
    number = _whole(ordered.get("start"), len(items) if down else 1)
    numbers = []
    for item in items:
        number = _whole(item.get("value"), number)
        numbers.append(number)
        number += -1 if down else 1
    return numbers


def _whole(value: str | None, default: int) -> int:
    return int(value) if value and _NUMBER.fullmatch(value) else default


def _flatten(cell: _Element) -> None:
    """Write the lists and paragraphs of a table's cell in one line, each item with its mark."""
    for ordered in cell.iter("ol", "ul"):
        for number, item in enumerate(ordered.iterchildren("li"), 1):
            mark = f"{number}. " if ordered.tag == "ol" else "\u2022 "
            item.text = mark + (item.text or "").lstrip()


def _write_definitions(root: _Element) -> None:
    """Write each term in bold, above a list of its definitions: every renderer shows that."""
    for term in list(root.iter("dt")):
        term.tag = "p"
        if next(term.iterancestors("td", "th"), None) is None and not is_blank(term):
            strong = etree.Element("strong")
            strong.text, term.text = term.text, None
            strong.extend(list(term))
            term.append(strong)
    for definition in list(root.iter("dd")):
        before = definition.getprevious()
        if definition.getparent().tag != "dl":
            definition.tag = "div"
        elif before is not None and before.tag == "ul" and before.get("class") == _DEFINITIONS:
            before.append(definition)
        else:
            around = etree.Element("ul", {"class": _DEFINITIONS})
            definition.addprevious(around)
            around.append(definition)
    for definition in root.iter("dd"):
        definition.tag = "li"
    for definitions in root.iter("dl"):
        definitions.tag = "div"
