"""Pages that only send their readers on to another: where static hosts can do no redirect (pure).

A page with a text of its own is read where it is, whatever it would show next.
"""

import re
from copy import deepcopy

from lxml.etree import _Element

from planet_mcp.models import PageRedirect
from planet_mcp.text.from_html import STEPS, Work, declared_base, drop, parse, text_of
from planet_mcp.urls import canonical, http_url

# After a longer delay than this, a page is meant to be read first, or is loaded anew now and then.
LONGEST_DELAY_SECONDS = 10
# A page that only sends its readers on says hardly more than where and why, links not counted.
MOST_CHARACTERS = 1_000
# A page without a refresh must say in words that it has moved, and little else.
MOST_CHARACTERS_OF_NOTICE = 400

_REFRESH = re.compile(
    r"\s*(?P<seconds>\d{1,9})(?:\.[\d.]*)?(?:\s*[;,]\s*|\s+)(?:url\s*=\s*)?+(?P<target>\S.*)",
    re.IGNORECASE | re.DOTALL,
)
_PERHAPS = re.compile(
    r"http-equiv\s*=\s*[\"']?\s*refresh|rel\s*=\s*[\"']?\s*canonical", re.IGNORECASE
)
_MOVED = re.compile(
    r"\bmoved\b|\bredirect|\bnew (?:address|location|home|url)\b|\brelocated\b"
    r"|\bumgezogen\b|\bverschoben\b|\bweiterleitung|\bweitergeleitet\b|\bdéplacée?\b|\bredirigée?\b",
    re.IGNORECASE,
)


def page_redirect(text: str, *, url: str, refresh: str = "") -> PageRedirect | None:
    """Return where a document that is no feed sends its readers; None where it is to be read.

    `refresh` is the header field of that name. Source: WHATWG HTML, "shared declarative refresh
    steps"; what a script would do is not looked at, nor what is meant for browsers without any.
    """
    if not refresh and not _PERHAPS.search(text):
        return None
    return redirect_of(parse(text), url=url, refresh=refresh)


def redirect_of(page: _Element | None, *, url: str, refresh: str = "") -> PageRedirect | None:
    """Return where a page sends its readers, as `page_redirect` does; the page stays as it is."""
    target = _target(refresh, url)
    if page is None:
        return PageRedirect(target) if target else None
    target = target or _declared(page, url)
    moved = None if target else _canonical(page, url)
    if not (target or moved):
        return None
    said, own = _said(deepcopy(page))
    if target and own <= MOST_CHARACTERS:
        return PageRedirect(target)
    if moved and own <= MOST_CHARACTERS_OF_NOTICE and _MOVED.search(said):
        return PageRedirect(moved)
    return None


def _target(refresh: str, base: str) -> str | None:
    """Return where a refresh leads; None if that is the same document, or only after long."""
    found = _REFRESH.fullmatch(refresh)
    if found is None or int(found["seconds"]) > LONGEST_DELAY_SECONDS:
        return None
    target = found["target"].strip()
    if target[0] in "\"'":
        target = target[1:].partition(target[0])[0]
    address = http_url(target.strip(), base)
    return address if address and not _is_same(address, base) else None


def _is_same(address: str, url: str) -> bool:
    return address.partition("#")[0] == url.partition("#")[0]


def _declared(page: _Element, url: str) -> str | None:
    base = declared_base(page, url) or url
    for meta in page.iter("meta"):
        without_scripts = next(meta.iterancestors("noscript"), None) is not None
        if (meta.get("http-equiv") or "").strip().lower() == "refresh" and not without_scripts:
            target = _target(meta.get("content") or "", base)
            return None if target is None or _is_same(target, url) else target
    return None


def _canonical(page: _Element, url: str) -> str | None:
    """Return the canonical address that a page declares and links, where it is another one."""
    base = declared_base(page, url) or url
    declared = (
        http_url(link.get("href") or "", base)
        for link in page.iter("link")
        if "canonical" in (link.get("rel") or "").lower().split()
    )
    address = next(filter(None, declared), None)
    if address is None or canonical(address) == canonical(url):
        return None
    linked = (http_url(anchor.get("href") or "", base) for anchor in page.iter("a"))
    is_linked = canonical(address) in {canonical(each) for each in linked if each}
    return address if is_linked else None


def _said(page: _Element) -> tuple[str, int]:
    """Return a page's text without its site's frame, and how many characters are not in links."""
    titles = " ".join(text_of(title) for title in page.iter("title"))
    for element in list(page.iter("noscript", "nav", "header", "footer", "aside")):
        drop(element)
    Work().clear(page, STEPS)
    text = text_of(page)
    linked = sum(len(text_of(anchor)) for anchor in page.iter("a"))
    return f"{titles} {text}", len(text) - linked
