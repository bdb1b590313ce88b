"""What readers see and Markdown has no element for, written with what Markdown has."""

import html
import re
from itertools import pairwise, takewhile

from lxml import etree
from lxml.etree import _Element

from planet_mcp.text.characters import clean_text
from planet_mcp.text.from_html.parsing import parse
from planet_mcp.text.from_html.placeholders import Stash
from planet_mcp.text.from_html.tree import HEADINGS, drop, is_blank, text_of

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
_TYPED_LINK = re.compile(r"""<a\s[^<>]{0,500}?href=["']([^"'<>]{1,2000})["']""")
_CODE = frozenset(("pre", "code", "textarea", "table", "ul", "ol"))
_DEFINITIONS = "definitions"
_SIGNATURE_PARTS = etree.XPath(
    "boolean(.//*[contains(@class, 'sig-paren') or contains(@class, 'descname')])"
)
_LONGEST_EXPANSION = 100
_EXPANSION = re.compile(r"[^\W\d_][^\d]*[^\W\d_]")
_TITLE_CLASS = re.compile(
    r"(?:^|\s)(?:(?:admonition|markdown-alert|callout|alert)-(?:title|heading)(?:\s|$)"
    r"|admonitionHeading)"
)
# Elements of components that play a video, and where it can be seen.
_PLAYERS = {
    "lite-youtube": "https://www.youtube.com/watch?v=",
    "amp-youtube": "https://www.youtube.com/watch?v=",
    "lite-vimeo": "https://vimeo.com/",
    "amp-vimeo": "https://vimeo.com/",
}
_AMP = {"amp-img": "img", "amp-anim": "img", "amp-video": "video", "amp-audio": "audio"}
PLAYERS = " ".join((*_PLAYERS, *_AMP, "amp-iframe"))
_VIDEO_ID = re.compile(r"[\w-]{1,64}")
find_check_boxes = etree.XPath(".//div[contains(@class, 'checkbox-o')]")
_NOTES = ("sidenote", "marginnote", "ltx_role_footnote", "modern-footnotes-footnote__note")
_NUMBERS_OF_NOTE = frozenset(("ltx_note_mark", "ltx_tag_note", "sidenote-number"))
_NOT_IN_A_LINE = ("p", "div", "ul", "ol", "table", "blockquote", "pre", "h2", "h3")
find_notes = etree.XPath(
    ".//span[{}]".format(
        " or ".join(f"contains(concat(' ', @class, ' '), ' {name} ')" for name in _NOTES)
    )
)
find_frames = etree.XPath(".//iframe[@srcdoc]")
_PRE_LINES = re.compile(r"white-space\s*:\s*(?:pre-wrap|pre-line|pre|break-spaces)\s*(?:;|$)")
may_keep_lines = etree.XPath("descendant-or-self::*/@style[contains(., 'white-space')]/..")


def adopt_script(script: _Element) -> None:
    """Turn a script that shows a document of another site into a link to that document."""
    for pattern, label in _EMBEDS:
        found = pattern.fullmatch(script.get("src") or "")
        if not found:
            continue
        head = script.getparent()
        if head is not None and head.tag == "head":
            # A text that begins with a script has it in its head, where it would be left out.
            body = head.getnext()
            body = etree.SubElement(head.getparent(), "body") if body is None else body
            body.insert(0, script)
        _to_link(script, f"https://{found[1]}", label)
        return


def adopt_plugin(plugin: _Element) -> None:
    """Turn a document that a plug-in would show into a link, unless something stands for it."""
    if plugin.tag == "embed":
        # The link stands before it: `<embed>` has no content, but to libxml2 all that follows.
        plugin.addprevious(etree.Element("p"))
        _to_link(plugin.getprevious(), plugin.get("src") or "", "embedded document")
        return
    shown = next(plugin.iterdescendants("img", "a", "embed", "iframe"), None)
    if shown is None and is_blank(plugin):
        _to_link(plugin, plugin.get("data") or "", "embedded document")


def adopt_component(player: _Element) -> None:
    """Turn the element of a component that shows a picture or plays a video into the usual one."""
    if player.tag not in _PLAYERS:
        player.tag = _AMP.get(player.tag, "iframe")
        return
    name = player.get("videoid") or player.get("data-videoid") or ""
    if _VIDEO_ID.fullmatch(name):
        title = player.get("playlabel") or player.get("title") or ""
        address = _PLAYERS[player.tag] + name
        player.clear(keep_tail=True)
        player.tag = "video"
        player.attrib.update({"src": address, **({"title": title} if title else {})})


def keep_lines(element: _Element) -> None:
    """Write the ends of lines that a style keeps as breaks."""
    if not _PRE_LINES.search(element.get("style") or ""):
        return
    for part in list(element.iter(etree.Element)):
        if next(part.iterancestors("pre", "code"), None) is None and part.tag not in _CODE:
            _break_lines(part, "text")
        if part is not element and part.getparent().tag not in _CODE:
            _break_lines(part, "tail")


def _break_lines(element: _Element, name: str) -> None:
    text = getattr(element, name)
    if not text or "\n" not in text.strip():
        return
    first, *rest = text.strip("\n").split("\n")
    setattr(element, name, first)
    place = element if name == "tail" else None
    for line in rest:
        ending = etree.Element("br")
        ending.tail = line
        if place is None:
            element.insert(0, ending)
        else:
            place.addnext(ending)
        place = ending


def open_frame(frame: _Element) -> None:
    """Put the document that a frame brings with it in its place, unless it has an address."""
    inside = None if frame.get("src") or frame.get("data-src") else parse(frame.get("srcdoc"))
    body = None if inside is None else inside.find("body")
    if body is None:
        return
    frame.clear(keep_tail=True)
    frame.tag, frame.text = "div", body.text
    frame.extend(list(body))


def check_box(box: _Element) -> None:
    """Turn the drawing of a box before a task (Notion) into a box."""
    checked = "checkbox-on" in (box.get("class") or "").split()
    if is_blank(box) and not len(box) and next(box.iterancestors("li"), None) is not None:
        box.attrib.clear()
        box.tag = "input"
        box.attrib.update({"type": "checkbox", **({"checked": ""} if checked else {})})


def adopt_frame(frame: _Element) -> None:
    """Give a frame without an address that of the link in it, which a script would show there."""
    if frame.get("src") or frame.get("data-src") or frame.get("data-lazy-src"):
        return
    # Inside of a frame, libxml2 may have left the link as text.
    link = frame.find(".//a")
    typed = _TYPED_LINK.search(frame.text or "")
    href = link.get("href") if link is not None else html.unescape(typed[1]) if typed else ""
    if href:
        frame.attrib.clear()
        frame.set("src", href)


def _to_link(element: _Element, url: str, label: str) -> None:
    element.clear(keep_tail=True)
    element.tag = "p"
    if url:
        etree.SubElement(element, "a", href=url).text = label


def mark_title(title: _Element) -> None:
    """Write the title of an admonition in bold."""
    names = title.get("class") or ""
    if not (_TITLE_CLASS.search(names) or (names == "title" and _is_icon(title.getparent()))):
        return
    if is_blank(title) or any(e.tag not in ("span", "i") for e in title.iterdescendants()):
        return
    strong = etree.Element("strong")
    title.tag, strong.text, title.text = "p", (title.text or "").lstrip(), None
    strong.extend(list(title))
    title.append(strong)


def _is_icon(cell: _Element | None) -> bool:
    return cell is not None and cell.tag == "td" and cell.get("class") == "icon"


def bracket_note(note: _Element) -> None:
    """Put a note that style sheets draw beside the text in brackets, without its number."""
    if (
        note.find(".//label") is not None
        or next(note.iterdescendants(*_NOT_IN_A_LINE), None) is not None
    ):
        return
    before = note.getprevious()
    if before is not None and before.tag == "sup" and "footnote" in (before.get("class") or ""):
        before.clear(keep_tail=True)
    for number in list(note.iterdescendants("sup", "span")):
        if not _NUMBERS_OF_NOTE.isdisjoint((number.get("class") or "").split()):
            number.clear(keep_tail=True)
    if not is_blank(note):
        note.text, note.tail = f" ({(note.text or '').lstrip()}", f"){note.tail or ''}"


def write_reading(reading: _Element) -> None:
    """Write how characters are read (ruby) in brackets behind them."""
    reading.tag = "span"
    reading.text, reading.tail = f"({reading.text or ''}", f"){reading.tail or ''}"


def name_source(quote: _Element) -> None:
    """Link the source of a quotation below it, unless it has a link to it."""
    source = (quote.get("cite") or "").strip()
    if source and all(link.get("href") != source for link in quote.iterdescendants("a")):
        _to_link(etree.SubElement(quote, "p"), source, "source")


def free_caption(caption: _Element) -> None:
    """Put the caption of a table above it, and leave a caption with emphasis of its own plain.

    Other captions are written as emphasis later, so that they differ from the text.
    """
    table = caption.getparent()
    if caption.tag == "caption" and table is not None and table.tag == "table":
        caption.tag = "p"
        table.addprevious(caption)
    elif next(caption.iterdescendants(*_NOT_IN_EMPHASIS), None) is not None:
        caption.tag = "div"
    for part in caption[:-1]:
        # A blank parts a caption from the link to its source, which style sheets put far from it.
        if part.tag == "span" and not part.tail and part.getnext().tag == "a":
            part.tail = " "


def expand_abbreviation(short: _Element, said: set[str]) -> None:
    """Say once what an abbreviation's title says, which a browser shows to whoever points at it."""
    title = " ".join(clean_text(short.get("title") or "").split())
    if title in said or len(title) > _LONGEST_EXPANSION or not _EXPANSION.fullmatch(title):
        return
    said.add(title)
    text, parent = text_of(short), short.getparent()
    if len(title) > len(text) and parent is not None and title not in text_of(parent):
        short.tail = f" ({title}){short.tail or ''}"


def set_label_apart(label: _Element) -> None:
    """Put a blank between the names of tabs, which a style sheet draws beside each other."""
    following = label.getnext()
    if not label.tail and following is not None and following.tag == "label":
        label.tail = " "


def lead_item(box: _Element) -> None:
    """Put the box of a task at the beginning of its item, where Markdown has it."""
    item = next(box.iterancestors("li"), None)
    is_box = (box.get("type") or "").lower() == "checkbox"
    if not is_box or item is None or box.getparent() is item:
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


def write_signature(term: _Element, stash: Stash) -> None:
    """Write the signature of a function as the code that it is, with the link to its source."""
    names = (term.get("class") or "").split()
    if "sig" not in names and not _SIGNATURE_PARTS(term):
        return
    sources = []
    for link in list(term.iterdescendants("a")):
        inside = " ".join(e.get("class") or "" for e in link.iter(etree.Element))
        if "headerlink" in inside or "viewcode" in inside:
            sources += [] if "headerlink" in inside else [(link.get("href"), text_of(link))]
            drop(link)
    text = text_of(term)
    term.clear(keep_tail=True)
    term.text = stash.code(text)
    for href, label in sources:
        etree.SubElement(term, "a", href=href or "").text = label
        term[-1].addprevious(etree.Element("span"))
        term[-2].tail = " "


def write_definitions(definitions: _Element) -> None:
    """Write each term in bold, above a list of its definitions: every renderer shows that."""
    definitions.tag = "div"
    for group in definitions.iterchildren("div"):
        write_definitions(group)
    for term in definitions.iterchildren("dt"):
        term.tag = "p"
        if next(term.iterancestors("td", "th"), None) is None and not is_blank(term):
            strong = etree.Element("strong")
            strong.text, term.text = term.text, None
            strong.extend(list(term))
            term.append(strong)
    for definition in list(definitions.iterchildren("dd")):
        definition.tag = "li"
        around = definition.getprevious()
        if around is None or around.tag != "ul" or around.get("class") != _DEFINITIONS:
            around = etree.Element("ul", {"class": _DEFINITIONS})
            definition.addprevious(around)
        around.append(definition)


def free_summary(summary: _Element) -> None:
    """Leave the title of a fold plain where it holds a heading; others are written in bold."""
    if next(summary.iterdescendants(*HEADINGS), None) is not None:
        summary.tag = "div"


def free_definition(part: _Element) -> None:
    """Make an ordinary part of a term or definition that stands in no list of them."""
    part.tag = "p" if part.tag == "dt" else "div"
