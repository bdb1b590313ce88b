"""What a publisher's program adds to each entry: invitations, lists of other posts, its own name.

It goes only where its class and its words say so; an author may write nearly the same.
"""

import re

from lxml import etree
from lxml.etree import _Element

from planet_mcp.text.from_html.tree import drop, text_of

_NAMES = (
    *("subscri", "newsletter", "related", "yarpp", "mc4wp", "share", "sharing", "feedflare"),
    *("addtoany", "button-wrapper", "kg-signup-card", "mw-editsection"),
)
find_widgets = etree.XPath(f".//@class[{' or '.join(f'contains(., {n!r})' for n in _NAMES)}]/..")
_WIDGET = re.compile(
    r"(?:^|\s)(?:subscription-widget(?:-wrap(?:-editor)?)?|(?:wp-block-jetpack-)?subscriptions?(?:-form|-box)?"
    r"|subscribe(?:-widget|-form|-box)?|newsletter-(?:sign-?up|form|box|widget)|mc4wp-form"
    r"|jp-relatedposts|yarpp(?:-related)?|related-posts?|crp_related|sharedaddy|sd-sharing"
    r"|share-buttons|social-share|addtoany_share_save_container|feedflare)(?:\s|$)"
)
_INVITATION = re.compile(
    r"\b(?:subscrib|newsletter|sign up|share|e-?mail|abonn|inscri|suscri)", re.IGNORECASE
)
_BUTTON = re.compile(
    r"(?:subscribe(?: now)?|share(?: this post)?|leave a comment|upgrade to paid|get the app)[.!]?",
    re.IGNORECASE,
)
# What Ghost and MediaWiki name so for themselves.
_ALWAYS = frozenset(("kg-signup-card", "mw-editsection"))
_LONGEST_WIDGET = 600
_MOST_LINKED = 0.7
_LISTINGS = ("pre", "code", "h1", "h2", "blockquote", "table")
# What WordPress writes below each entry of its feeds, in the languages of its largest sites.
_ORIGIN = re.compile(
    r"(?:The post .{1,300} (?:appeared first|first appeared) on .{1,200}"
    r"|Der Beitrag .{1,300} erschien zuerst auf .{1,200}"
    r"|L.article .{1,300} est apparu en premier sur .{1,200}"
    r"|La entrada .{1,300} (?:se publicó primero en|apareció primero en) .{1,200}"
    r"|L.articolo .{1,300} (?:proviene da|sembra essere il primo su) .{1,200}"
    r"|O post .{1,300} apareceu primeiro em .{1,200}"
    r"|Het bericht .{1,300} verscheen eerst op .{1,200}"
    r"|Artykuł .{1,300} pochodzi z serwisu .{1,200}"
    r"|.{1,300} was originally published in .{1,200} on Medium, where people are continuing the "
    r"conversation by highlighting and responding to this story)\.?"
)
_LOOK_BACK = 3


def drop_widget(element: _Element) -> None:
    """Take a form to subscribe, buttons to share, or a list of other posts away."""
    if "button-wrapper" in (element.get("class") or "").split():
        if element.find(".//a") is not None and _BUTTON.fullmatch(text_of(element)):
            drop(element)
        return
    if not _WIDGET.search(element.get("class") or ""):
        if not _ALWAYS.isdisjoint((element.get("class") or "").split()):
            drop(element)
        return
    if next(element.iterdescendants(*_LISTINGS), None) is not None:
        return
    text = text_of(element)
    linked = sum(len(text_of(part)) for part in element.iterdescendants("a", "h3", "h4"))
    if len(text) <= _LONGEST_WIDGET and (
        linked >= len(text) * _MOST_LINKED or _INVITATION.search(text)
    ):
        drop(element)


def drop_origin(root: _Element) -> None:
    """Take away the line below an entry that only says where it was published."""
    blocks = (e for e in root.iter("p", "div", "hr") if e.tag == "p" or len(e) == 0)
    for paragraph in list(blocks)[: -_LOOK_BACK - 1 : -1]:
        text = text_of(paragraph)
        if _ORIGIN.fullmatch(text) and paragraph.find(".//a") is not None:
            drop(paragraph)
            return
        if text:
            return
