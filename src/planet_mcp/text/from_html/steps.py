"""The steps from a document's tree to what Markdown can hold, each on one kind of detail.

A detail that a step fails on costs itself alone: its words stay, without what they were, and it is
counted as a flaw of the content.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from lxml import etree
from lxml.etree import _Element

from planet_mcp.text.from_html import (
    boilerplate,
    cards,
    embeds,
    emphasis,
    footnotes,
    formulas,
    hiding,
    links,
    listings,
    lists,
    structure,
    tables,
    tabs,
    tree,
)
from planet_mcp.text.from_html.code import CodeBlock
from planet_mcp.text.from_html.placeholders import Stash
from planet_mcp.text.from_html.writer import write

Find = Callable[[_Element], Iterable[_Element]]
Adapt = Callable[[_Element, "Work"], object]

_WRAPPERS = (
    *("span", "font", "abbr", "acronym", "bdi", "bdo", "big", "small", "u", "ins", "label", "mark"),
    *("time", "data", "picture", "source", "object", "output", "nobr", "wbr", "cite", "dfn", "var"),
    *("slot", "noindex", "base", "sub", "form", "fieldset", "legend", "option", "optgroup"),
    *("ruby", "rb", "rt", "rtc"),
)
# html-to-markdown leaves some of these out as boilerplate: that is for `extract` to decide.
_SECTIONS = ("header", "footer", "nav", "aside", "main", "article", "section", "hgroup", "menu")
_ATTRIBUTES = {
    "a": ("href",),
    "img": ("src", "alt"),
    "ol": ("start",),
    "td": ("colspan", "rowspan"),
    "th": ("colspan", "rowspan"),
    "input": ("type", "checked"),
}
# Elements that a step may make: a later step has to look for them even if the document had none.
MADE = frozenset("a img input iframe video audio p div span ul ol li br strong pre tr td".split())
_WITH_ATTRIBUTES = etree.XPath("descendant-or-self::*[@*]")
# Elements that cannot stay as they are where a step failed: they would load something or lead
# somewhere, or html-to-markdown would leave their words out.
_ACTIVE = frozenset("a img video audio iframe math script object embed button".split())


@dataclass(frozen=True)
class Step:
    """A change of the tree: `adapt` gets each element that `find` finds, `give_up` if that fails.

    It is skipped in documents without an element or attribute of a name in `having`. One that
    `opens` documents inside of the document may bring names that were not there before.
    """

    name: str
    find: Find
    adapt: Adapt
    give_up: Adapt
    having: frozenset[str] = frozenset()
    opens: bool = False


class Steps(NamedTuple):
    """All steps: to clear away what nobody sees, to stash listings, to adapt the rest, to write."""

    clearing: Sequence[Step]
    stashing: Sequence[Step]
    adapting: Sequence[Step]
    write: Callable[[str], str] = write


class Work:
    """What the steps share: the stash, the base of links, what was found so far.

    `put` takes a code block and returns the text that stands for it.
    """

    def __init__(
        self,
        *,
        base_url: str | None = None,
        put: Callable[[CodeBlock], str] | None = None,
        interactive: bool = False,
    ) -> None:
        self.stash = Stash()
        self.base_url = base_url
        self.said: set[str] = set()
        self.unseen = hiding.Unseen(interactive=interactive)
        self.listings = listings.Listings(put or self.stash.block)
        self.flaws = 0

    def clear(self, root: _Element, steps: Steps) -> None:
        """Take away what nobody sees."""
        self.take(steps.clearing, root)
        tree.remove_unseen_tags(root)

    def stash_listings(self, root: _Element, steps: Steps) -> None:
        """Put listings aside."""
        self.take(steps.stashing, root)
        tree.remove_dropped(root)

    def take(self, steps: Sequence[Step], root: _Element) -> None:
        """Take steps, one after the other; what one fails on costs that detail."""
        names = _names(root) if any(step.having for step in steps) else MADE
        for step in steps:
            if step.having and step.having.isdisjoint(names):
                continue
            found = self._found(step, root)
            for element in found:
                try:
                    step.adapt(element, self)
                except Exception:  # noqa: BLE001 - whatever it is, it is about this detail alone
                    self.flaws += 1
                    step.give_up(element, self)
            if found and step.opens:
                names = _names(root)

    def _found(self, step: Step, root: _Element) -> Sequence[_Element]:
        try:
            return list(step.find(root))
        except Exception:  # noqa: BLE001 - as above
            self.flaws += 1
            return ()


def _names(root: _Element) -> frozenset[str]:
    """Return the names of all elements and attributes, and of the elements that steps make."""
    attributes = chain.from_iterable(map(_Element.keys, root.iter(etree.Element)))
    return MADE.union(attributes, (element.tag for element in root.iter(etree.Element)))


def _as_words(element: _Element, _: Work) -> None:
    """Leave an element's words, or its name in brackets: nothing in it loads, or leads anywhere."""
    label = "" if tree.text_of(element) else f"[{element.tag}]"
    element.attrib.clear()
    if element.tag in _ACTIVE:
        element.tag = "span"
        element.text = label or element.text


def _leave(_: _Element, __: Work) -> None:
    """Leave a document as it is, where a step about all of it failed."""


def _each(tags: str, adapt: Adapt, name: str = "") -> Step:
    wanted = tags.split()
    found = lambda root: root.iter(*wanted)  # noqa: E731
    return Step(name or tags, found, adapt, _as_words, frozenset(wanted))


def _found(name: str, having: str, find: Find, adapt: Adapt) -> Step:
    return Step(name, find, adapt, _as_words, frozenset(having.split()))


def _whole(name: str, adapt: Adapt, having: str = "") -> Step:
    return Step(name, lambda root: (root,), adapt, _leave, frozenset(having.split()))


def _strip(root: _Element) -> None:
    """Take away all wrappers and attributes that Markdown has no use for."""
    tree.remove_dropped(root)
    for section in root.iter(*_SECTIONS):
        section.tag = "div"
    etree.strip_tags(root, *_WRAPPERS)
    for element in _WITH_ATTRIBUTES(root):
        wanted = _ATTRIBUTES.get(element.tag, ())
        for name in list(element.attrib):
            if name not in wanted:
                del element.attrib[name]
    for control in list(root.iter("input")):
        if (control.get("type") or "").lower() != "checkbox" or control.getparent().tag != "li":
            tree.drop(control)
    tree.remove_dropped(root)


FOOTNOTES = _whole("footnotes", lambda e, w: footnotes.link_footnotes(e, w.stash))

STEPS = Steps(
    clearing=(
        Step(
            "frame's document",
            structure.find_frames,
            lambda e, _: structure.open_frame(e),
            _as_words,
            frozenset(("srcdoc",)),
            opens=True,
        ),
        _found(
            "formula",
            "script math alt",
            formulas.drawn_formulas,
            lambda e, w: formulas.stash_formula(e, w.stash),
        ),
        _found(
            "attributed formula",
            "data-attrs",
            formulas.attributed_formulas,
            lambda e, w: formulas.stash_formula(e, w.stash),
        ),
        _found(
            "typed formula",
            "",
            formulas.typed_formulas,
            lambda e, w: formulas.stash_typed(e, w.stash),
        ),
        _whole("text areas", lambda e, _: listings.adopt_text_areas(e), "textarea"),
        _found("embed", "data-attrs", embeds.find_embeds, lambda e, _: embeds.adopt_embed(e)),
        _each(structure.PLAYERS, lambda e, _: structure.adopt_component(e), "component"),
        _each("iframe", lambda e, _: structure.adopt_frame(e)),
        _each("iframe video audio", lambda e, _: tree.empty_player(e)),
        _whole("tabs", lambda e, w: w.unseen.look_for_tabs(e)),
        _whole(
            "names of tabs",
            lambda e, w: tabs.name_panels(e, opened=w.unseen.interactive),
            tabs.HAVING,
        ),
        _each("button", lambda e, _: tree.keep_heading_words(e)),
        _each("script", lambda e, _: structure.adopt_script(e)),
        _each("embed object", lambda e, _: structure.adopt_plugin(e)),
        _each("noscript", lambda e, _: tree.adopt_noscript(e)),
        Step(
            "hidden",
            hiding.may_be_hidden,
            lambda e, w: w.unseen.remove_if_hidden(e),
            lambda e, w: w.unseen.remove(e),
            hiding.MAY_HIDE,
        ),
        _whole("ink", lambda e, w: w.unseen.remove_unreadable(e), "style color bgcolor"),
        _each("form", lambda e, _: tree.drop_controls(e)),
        _each("img", lambda e, _: links.write_emoji(e), "emoji"),
        _found(
            "typewriter lines",
            "style face",
            listings.find_typewriter_lines,
            lambda e, _: listings.adopt_typewriter_lines(e),
        ),
    ),
    stashing=(
        Step(
            "listing",
            listings.find_listings,
            lambda e, w: w.listings.replace(e),
            lambda e, w: w.listings.take_as_it_is(e),
        ),
    ),
    adapting=(
        _found(
            "widget", "class", boilerplate.find_widgets, lambda e, _: boilerplate.drop_widget(e)
        ),
        _whole("origin", lambda e, _: boilerplate.drop_origin(e)),
        _each("dt", lambda e, w: structure.write_signature(e, w.stash)),
        _each(listings.INLINE_CODE, lambda e, w: listings.stash_inline(e, w.stash)),
        FOOTNOTES,
        _found("lines", "style", structure.may_keep_lines, lambda e, _: structure.keep_lines(e)),
        _each("caption figcaption", lambda e, _: structure.free_caption(e)),
        _each("summary", lambda e, _: structure.free_summary(e)),
        _each("abbr acronym", lambda e, w: structure.expand_abbreviation(e, w.said)),
        _found(
            "check box", "class", structure.find_check_boxes, lambda e, _: structure.check_box(e)
        ),
        _each("label", lambda e, _: structure.set_label_apart(e)),
        _each("input", lambda e, _: structure.lead_item(e)),
        _each("ul ol", lambda e, _: lists.nest(e), "list between items"),
        _each("ol", lambda e, _: lists.number(e)),
        _each("td th", lambda e, _: lists.flatten_cell(e)),
        _found("note", "class", structure.find_notes, lambda e, _: structure.bracket_note(e)),
        _each("rt", lambda e, _: structure.write_reading(e)),
        _each("blockquote", lambda e, _: structure.name_source(e)),
        _each("p div", lambda e, _: structure.mark_title(e)),
        _each("dl", lambda e, _: structure.write_definitions(e)),
        _each("dt dd", lambda e, _: structure.free_definition(e)),
        _each("audio video", lambda e, _: cards.drop_controls_of(e)),
        _each("img", lambda e, _: cards.drop_facts_of_picture(e), "facts"),
        _each("a", lambda e, _: cards.open_card(e), "card"),
        _each(links.MEDIA, lambda e, w: links.media_to_link(e, w.base_url)),
        _each("img", lambda e, w: links.rewrite_image(e, w.stash, w.base_url)),
        _each("a", lambda e, w: links.rewrite_link(e, w.stash, w.base_url)),
        _each("img", lambda e, _: links.image_to_link(e), "image's link"),
        _each("td th", lambda e, _: tables.limit_span(e), "spans"),
        _each("table", lambda e, _: tables.adapt_table(e)),
        _each("td th", lambda e, w: tables.adapt_cell(e, w.stash), "bars"),
        _found("nesting", "ul ol blockquote dl", tables.too_nested, lambda e, _: tables.flatten(e)),
        _found("sup sub", "sup sub", formulas.moved_signs, lambda e, _: formulas.raise_exponent(e)),
        _found("weight", "style", emphasis.of_normal_weight, lambda e, _: emphasis.show_plainly(e)),
        _whole("wrappers", lambda e, _: _strip(e)),
        _whole("emphasis", lambda e, _: emphasis.close_emphasis(e)),
    ),
)
