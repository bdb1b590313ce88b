"""Footnotes in the tree, and what refers to them, as Markdown writes them."""

import re
from itertools import chain, count

from lxml.etree import _Element

from planet_mcp.text.from_html.placeholders import NOTE, NOTE_END, Stash
from planet_mcp.text.from_html.tree import drop, is_blank, remove_dropped, text_of

_NOTE_NAME = re.compile(
    r"(?:^|[-_:#.])(?:fn|foot-?note|cite[-_]?note|ftn|note|endnote|sdfootnote)", re.IGNORECASE
)
_NOTE_CLASS = re.compile(r"footnote|footdef", re.IGNORECASE)
_NOTE_LABEL = re.compile(r"\[?\s*([\w*†‡§-]{1,12})\s*\]?")
_USUAL_LABEL = re.compile(r"[\[(]?\s*(?:\d{1,3}|[a-z]|[*\u2020\u2021\u00a7]{1,3})\s*[\])]?")
_LONGEST_REFERENCE = 2000
_NOTE_TABLES, _CELLS_OF_NOTE = frozenset(("footnote", "citation")), 2
_BRACKETED = re.compile(r"\[\w{1,4}\]")
_NUMBER_CLASSES = frozenset(("label", "fn-bracket"))
_WITHOUT_TEXT = frozenset(("img", "br", "hr", "input", "iframe", "video", "audio"))
_BACK_CLASS = re.compile(r"back|reverse|return")
# What is left of `1. ` where the number was a link.
_BEHIND_NUMBER = re.compile(r"\A\s*(?:[.:)]\s)?\s*")
_BACK = re.compile(r"[\s↩︎⤴↑^⏎\ufe0e]*|[↩⤴↑^⏎]\ufe0e?\s?\d{1,2}")


def link_footnotes(root: _Element, stash: Stash) -> None:
    """Turn footnotes and what refers to them into Markdown footnotes."""
    for table in root.iter("table"):
        _open_note(table)
    references = [link for link in root.iter("a") if _is_reference(link)]
    if not references:
        return
    notes = _notes(root)
    labels: dict[_Element, str] = {}
    taken: set[str] = set()
    for link in references:
        note = notes.get(link.get("href", "").rpartition("#")[2])
        match = _NOTE_LABEL.fullmatch(text_of(link))
        if note is not None and match and all(note is not e for e in link.iterancestors()):
            if note not in labels:
                labels[note] = _free_label(match[1], taken)
            _put_reference(link, f"[^{labels[note]}]", stash)
    for note, label in labels.items():
        _put_note(note, label, stash)


def _open_note(table: _Element) -> None:
    """Make a block of a note that older versions of docutils drew as a table of one row."""
    if _NOTE_TABLES.isdisjoint((table.get("class") or "").split()):
        return
    cells = list(table.iter("td"))
    if len(cells) == _CELLS_OF_NOTE and "label" in (cells[0].get("class") or "").split():
        name = table.get("id") or ""
        table.clear(keep_tail=True)
        table.tag, cells[0].tag, cells[1].tag = "aside", "span", "div"
        table.set("id", name)
        table.extend(cells)


def _free_label(shown: str, taken: set[str]) -> str:
    """Return a label that no other note has: the parts of an entry may each count from 1."""
    others = (f"{shown}-{number}" for number in count(2))
    label = next(each for each in chain([shown], others) if each not in taken)
    taken.add(label)
    return label


def _notes(root: _Element) -> dict[str, _Element]:
    notes = {e.get("id"): e for e in root.iter("li", "p", "div", "aside", "dd") if e.get("id")}
    for link in root.iter("a"):
        parent = link.getparent()
        if parent is not None and parent.tag == "sup":
            parent = parent.getparent()
        if link.get("id") and parent is not None and _is_note_class(parent):
            notes[link.get("id")] = parent
        # Word and Google Docs name the link that a note begins with and that leads back.
        name = link.get("name") or link.get("id") or ""
        leads_back = _NOTE_NAME.search(name) and "#" in (link.get("href") or "")
        if leads_back and parent.tag in ("p", "div", "li") and parent[0] is link:
            notes.setdefault(name, parent)
    return notes


def _is_note_class(element: _Element) -> bool:
    return element.tag in ("div", "p", "li") and bool(
        _NOTE_CLASS.search(element.get("class") or "")
    )


def _is_reference(link: _Element) -> bool:
    href = link.get("href") or ""
    if "#" not in href or len(href) > _LONGEST_REFERENCE:
        return False
    marked = link.get("role") == "doc-noteref" or "footnote" in (link.get("class") or "").lower()
    parent = link.getparent()
    raised = (parent is not None and parent.tag == "sup") or link.find("sup") is not None
    names = link.get("class") or ""
    # Org calls what leads to a note a way back, too.
    if "footref" in names:
        return True
    back = "backref" in names or "footnote-number" in names or link.get("role") == "doc-backlink"
    name = href.rpartition("#")[2]
    named = bool(_NOTE_NAME.search(name))
    # Word does not raise its references, but brackets them; its links back lead to `_ftnref1`.
    bracketed = named and "ref" not in name and bool(_BRACKETED.fullmatch(text_of(link)))
    # A raised link whose target has no note's name counts if it reads like a note's number: other
    # raised links lead to sections.
    plain = href.startswith("#") and bool(_USUAL_LABEL.fullmatch(text_of(link)))
    return not back and (marked or bracketed or (raised and (named or plain)))


def _put_reference(link: _Element, text: str, stash: Stash) -> None:
    raised = link.getparent()
    if raised.tag == "sup" and (raised.text, link.tail) == ("[", "]"):
        raised.text = link.tail = None
    link.clear(keep_tail=True)
    link.tag = "span"
    link.text = stash.inline(text, "")


def _put_note(note: _Element, label: str, stash: Stash) -> None:
    _drop_ways_back(note, label)
    first = note
    while not (first.text or "").strip() and len(first) and first[0].tag in ("p", "div", "span"):
        first.text = None
        first = first[0]
    words = _BEHIND_NUMBER.sub("", first.text or "")
    first.text = NOTE + stash.inline(f"[^{label}]: ", "") + words
    _end(note)
    note.attrib.clear()
    if note.tag in ("li", "dd", "aside"):
        note.tag = "div"
        parent = note.getparent()
        if parent is not None and all(child.tag == "div" for child in parent):
            parent.tag = "div"


def _drop_ways_back(note: _Element, label: str) -> None:
    """Take away the number of a note, and what leads from it back into the text."""
    labels = (label, label.partition("-")[0])
    for link in list(note.iter("a")):
        text = _NOTE_LABEL.fullmatch(text_of(link))
        named = (text and text[1] in labels) or _BACK.fullmatch(text_of(link))
        back = link.get("role") == "doc-backlink" or _BACK_CLASS.search(link.get("class") or "")
        if back or ("#" in link.get("href", "") and named):
            drop(link)
    for number in note.iter("span"):
        if not _NUMBER_CLASSES.isdisjoint((number.get("class") or "").split()):
            drop(number)
    # Wikipedia begins a note with a list of the places that refer to it, and Org with its raised
    # number: both are empty now.
    for child in note[:1]:
        if child.tag in ("span", "sup") and is_blank(child) and not (note.text or "").strip():
            drop(child)
    remove_dropped(note)


def _end(note: _Element) -> None:
    """Put the end of a note behind its last words: all of its blocks belong to it."""
    last = note
    while len(last) and not (last[-1].tail or "").strip() and last[-1].tag not in _WITHOUT_TEXT:
        last = last[-1]
    if len(last):
        last[-1].tail = (last[-1].tail or "").rstrip() + NOTE_END
    else:
        last.text = (last.text or "").rstrip() + NOTE_END
