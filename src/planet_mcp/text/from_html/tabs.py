"""Panels that tabs and folds open by a script: each gets its name above its words."""

from collections.abc import Iterator

from lxml import etree
from lxml.etree import _Element

from planet_mcp.text.from_html.tree import HEADINGS, drop, is_blank, text_of

_TABS = etree.XPath(
    "//@role[.='tab']/.. | //@data-toggle[.='tab' or .='pill']/.."
    " | //@data-bs-toggle[.='tab' or .='pill']/.."
    " | //@data-tabs/../*[@class='tabbed-labels']/label"
)
_FOLDS = etree.XPath("//button[@aria-controls]")
_TARGETS = ("aria-controls", "data-bs-target", "data-target", "href")
_PANELS = etree.XPath(".//*[@role='tabpanel' or @class='tabbed-block']")
_HIDING = ("hidden", "style", "aria-hidden")
_PANEL_TAGS = frozenset(("div", "section", "article"))
# How far above a row of tabs their panels are looked for.
_LOOK_UP = 3
# The attributes without which a document has no tabs.
HAVING = "role aria-controls data-toggle data-bs-toggle data-tabs"
_LONGEST_NAME = 80


def name_panels(root: _Element, *, opened: bool) -> None:
    """Write the names of tabs and folds above what they open, in the place of the buttons.

    Panels that are `opened` are hidden no longer.
    """
    tabs, folds = _TABS(root), _FOLDS(root)
    if not tabs and not folds:
        return
    panels = {element.get("id"): element for element in root.iter(etree.Element)}
    found = [*_of_tabs(tabs, panels), *_of_folds(folds, panels)]
    for button, panel in found:
        if button.getparent().tag not in HEADINGS:
            _name(panel, button)
        for name in _HIDING if opened else ():
            panel.attrib.pop(name, None)


def _of_folds(
    folds: list[_Element], panels: dict[str | None, _Element]
) -> Iterator[tuple[_Element, _Element]]:
    """Pair buttons with what they open right below them, or below the heading that they are."""
    for fold in folds:
        panel = panels.get(fold.get("aria-controls"))
        above = None if panel is None else panel.getprevious()
        is_heading = above is not None and above.tag in HEADINGS and fold.getparent() is above
        if panel is not None and above is not None and (above is fold or is_heading):
            yield fold, panel


def _of_tabs(
    tabs: list[_Element], panels: dict[str | None, _Element]
) -> Iterator[tuple[_Element, _Element]]:
    rows: dict[_Element, list[_Element]] = {}
    for tab in tabs:
        panel = next((panels[name] for name in _names(tab) if name in panels), None)
        if panel is not None:
            yield tab, panel
        elif (row := next(tab.iterancestors("ul", "ol", "div"), None)) is not None:
            rows.setdefault(row, []).append(tab)
    for row, unnamed in rows.items():
        yield from zip(unnamed, _panels_of(row, len(unnamed)), strict=False)


def _names(tab: _Element) -> Iterator[str]:
    for target in _TARGETS:
        name = (tab.get(target) or "").removeprefix("#")
        if name:
            yield name


def _panels_of(row: _Element, count: int) -> list[_Element]:
    """Find the panels of a row of tabs that name none: as many, in their order."""
    for _, around in zip(range(_LOOK_UP), row.iterancestors(), strict=False):
        found: list[_Element] = _PANELS(around)
        if found:
            return found if len(found) == count else []
    return []


def _name(panel: _Element, tab: _Element) -> None:
    name = text_of(tab)
    if not name or len(name) > _LONGEST_NAME or is_blank(panel) or panel.tag not in _PANEL_TAGS:
        return
    title = etree.Element("p", {"class": "label"})
    etree.SubElement(title, "strong").text = name
    title.tail, panel.text = panel.text, None
    panel.insert(0, title)
    around = tab.getparent()
    drop(tab)
    if around is not None and around.tag == "li" and is_blank(around):
        drop(around)
