"""Links and images: absolute, http(s) only, nothing that reports back."""

import re
from collections.abc import Iterator
from urllib.parse import quote, urljoin, urlsplit

from lxml import etree
from lxml.etree import _Element

from planet_mcp.text.characters import clean_code, clean_text, strip_unseen
from planet_mcp.text.from_html.placeholders import Stash
from planet_mcp.text.from_html.tree import ADDRESS_ENDINGS, HEADINGS, drop, is_blank, text_of
from planet_mcp.urls import is_plain, without_user_info

_HTTP = re.compile(r"https?://[^/?#\s]", re.IGNORECASE)
_UNSAFE = re.compile(r"[\s\"()<>\\^`{|}]")
_UNSEEN_IN_URL = re.compile(r"[\t\n\r]")
_LONGEST_URL = 8000
_TINY = re.compile(r"\s*0*[01](?:\.0*)?(?:px)?\s*", re.IGNORECASE)
_TINY_STYLE = re.compile(
    r"(?:^|;)\s*(?:width|height)\s*:\s*[01](?:px)?\s*(?:!important\s*)?(?:;|$)", re.IGNORECASE
)
_TRACKER = re.compile(
    r"^https?://(?:pixel\.|stats\.|feeds\.feedburner\.com/~r/|feeds\.wordpress\.com/|"
    r"b\.scorecardresearch|www\.google-analytics|ad\.doubleclick)|/~(?:r|ff|4)/|/(?:pixel|blank|spacer)\.(?:gif|png)",
    re.IGNORECASE,
)
_MEDIA_ADDRESSES = ("src", "data-src", "data-lazy-src")
_LAZY = (
    "data-src",
    "data-lazy-src",
    "data-original",
    "data-orig-file",
    "data-url",
    "data-hi-res-src",
)
_LAZY_SETS = ("srcset", "data-srcset", "data-lazy-srcset")
_CANDIDATE = re.compile(r"\s*([^\s,]\S*[^\s,]|[^\s,])(?:\s+(\d{1,6}(?:\.\d{1,3})?)[wx])?\s*(?:,|$)")
_EMOJI_CLASS = re.compile(r"(?:^|\s)(?:wp-smiley|emoji|twemoji)(?:\s|$)")
# The class of a small picture beside the name of what is linked.
_ICON_CLASS = re.compile(r"(?:^|[\s_-])(?:fav)?icon(?:\s|$)")
_FILE_NAME = re.compile(r"[\w.-]+")
_ANCHOR_CLASS = re.compile(
    r"(?:^|\s)(?:headerlink|header-anchor|anchor-?link|heading-?(?:link|anchor)|anchorjs-link"
    r"|octicon-link|hash-link|permalink|direct-link|footnote-backref|footnote-back|reversefootnote)(?:\s|$)"
)
_ANCHOR_TEXT = frozenset(("", "¶", "#", "§", "🔗", "↩", "↩︎", "⁋", "∞", "link", "permalink", "^"))
_KINDS = {"video": "video", "audio": "audio", "iframe": "embedded page"}
MEDIA = " ".join(_KINDS)
_PLAYER = re.compile(
    r"https?://(?:www\.youtube(?:-nocookie)?\.com/|player\.vimeo\.com/|[\w.-]+/videos/embed/)"
)


def absolute_url(url: str, base_url: str | None) -> str | None:
    """Resolve a URL; None unless it leads to http(s)."""
    if is_plain(url):
        return url
    url = _UNSEEN_IN_URL.sub("", clean_code(url.strip()))
    if url.startswith("//"):
        url = f"https:{url}" if not base_url else url
    if not url or len(url) > _LONGEST_URL:
        return None
    try:
        if base_url and not _HTTP.match(url):
            url = urljoin(base_url, url)
        if not _HTTP.match(url) or not urlsplit(url).hostname:
            return None
    except ValueError:
        return None
    return without_user_info(_UNSAFE.sub(lambda odd: quote(odd[0]), url))


def declared_base(root: _Element, base_url: str | None) -> str | None:
    """Find the URL that relative links of a page start from."""
    base = next(root.iter("base"), None)
    declared = None if base is None else absolute_url(base.get("href") or "", base_url)
    return declared or base_url


def media_to_link(media: _Element, base_url: str | None) -> None:
    """Turn what plays, or shows another page, into a link to it."""
    sources = [media, *media.iterchildren("source")]
    addresses = [s.get(name) or "" for s in sources for name in _MEDIA_ADDRESSES]
    url = next((u for a in addresses if (u := absolute_url(a, base_url))), None)
    if not url or (media.tag == "iframe" and _is_tiny(media)):
        drop(media)
        return
    title = " ".join(clean_text(media.get("title") or media.get("aria-label") or "").split())
    kind = "video" if _PLAYER.match(url) else _KINDS[media.tag]
    label = f"{kind}: {title}" if title else kind
    media.clear(keep_tail=True)
    around = media.getparent()
    media.tag = "span" if around is not None and around.tag in ("p", "li", "td") else "p"
    link = etree.SubElement(media, "a", href=url)
    link.text = label


def write_emoji(image: _Element) -> None:
    """Write the sign that a small picture stands for, in code as in prose."""
    sign = clean_text(image.get("alt") or "").strip()
    if sign and _EMOJI_CLASS.search(image.get("class") or ""):
        _to_text(image, sign)


def rewrite_image(image: _Element, stash: Stash, base_url: str | None) -> None:
    """Reduce an image to its address and what is said of it; one that only reports back goes."""
    alt = _alternative(image)
    if not alt and _ICON_CLASS.search(image.get("class") or ""):
        drop(image)
        return
    url = None if _is_tiny(image) else _image_url(image, base_url)
    if not url or _TRACKER.search(url):
        drop(image)
        return
    image.attrib.clear()
    image.set("src", stash.url(url))
    image.set("alt", stash.inline(f"image: {_escaped_label(alt)}" if alt else "image", ""))


def _alternative(image: _Element) -> str:
    """Return what is said of a picture: also its title, where that says more (comics)."""
    alt, title = (" ".join(clean_text(image.get(name) or "").split()) for name in ("alt", "title"))
    if _FILE_NAME.fullmatch(title):
        return alt
    if not title or title.casefold() in alt.casefold():
        return alt
    return title if alt.casefold() in title.casefold() else f"{alt} \u2013 {title}"


def image_to_link(image: _Element) -> None:
    """Name an image and link it: a host would load what is written as an image."""
    url, label = image.get("src"), image.get("alt")
    linked = next(image.iterancestors("a"), None) is not None
    _to_text(image, label)
    if linked:
        _set_apart(image)
    else:
        image.tag = "a"
        image.set("href", url)


def _set_apart(image: _Element) -> None:
    """Put blanks between what stands for an image and the words of a link around it."""
    before = image.getprevious()
    words = (image.getparent().text if before is None else before.tail) or ""
    if words[-1:].isalnum():
        image.text = f" {image.text}"
    if (image.tail or "")[:1].isalnum() or (not image.tail and image.getnext() is not None):
        image.tail = f" {image.tail or ''}"


def _to_text(image: _Element, text: str) -> None:
    image.clear(keep_tail=True)
    image.tag = "span"
    image.text = text


def _escaped_label(text: str) -> str:
    text = re.sub(r"([\\`*\[\]])", r"\\\1", text)
    return text.replace("<", "&lt;")


def _is_tiny(element: _Element) -> bool:
    sizes = [size for size in (element.get("width"), element.get("height")) if size is not None]
    tiny = [bool(_TINY.fullmatch(size)) for size in sizes]
    # One tiny side is enough for a picture without words, which is a dividing line; not for a
    # frame, which may grow with its content.
    if any(tiny) and (all(tiny) or (element.tag == "img" and not element.get("alt"))):
        return True
    return bool(_TINY_STYLE.search(element.get("style") or ""))


def _image_url(image: _Element, base_url: str | None) -> str | None:
    lazy = [image.get(name) or "" for name in _LAZY]
    largest = [_largest(image.get(name) or "") for name in _LAZY_SETS]
    own = image.get("src") or ""
    # The attributes of lazy loading come first: until a script reads these, `src` has a placeholder
    # (data:, blank.gif).
    order = [*lazy, own, *largest, _picture_source(image), *_other_sources(image)]
    return next((url for u in order if u and (url := absolute_url(u, base_url))), None)


def _other_sources(image: _Element) -> Iterator[str]:
    """Yield what attributes that some script looks at name as an address: `nitro-lazy-src`."""
    for name, value in image.items():
        if name.endswith(ADDRESS_ENDINGS) and name not in _LAZY and "/" in value:
            yield value


def _largest(srcset: str) -> str:
    found = _CANDIDATE.findall(srcset[:_LONGEST_URL])
    return max(found, key=lambda c: float(c[1] or 1))[0] if found else ""


def _picture_source(image: _Element) -> str:
    parent = image.getparent()
    if parent is None or parent.tag != "picture":
        return ""
    return next((_largest(s.get("srcset") or "") for s in parent.iterchildren("source")), "")


def rewrite_link(link: _Element, stash: Stash, base_url: str | None) -> None:
    """Resolve a link, or make text of it if it leads nowhere."""
    href = link.get("href")
    url = absolute_url(href, base_url) if href else None
    blank = _says_nothing(link) and next(link.iter("img"), None) is None
    if blank or _is_anchor(link, href or ""):
        drop(link)
        return
    if not url:
        link.tag = "span"
        return
    link.attrib.clear()
    link.set("href", stash.url(url))


def _says_nothing(link: _Element) -> bool:
    """Return whether a link has no words, as one around a zero-width space beside a heading."""
    return is_blank(link) or (len(link) == 0 and not strip_unseen(link.text or "").strip())


def _is_anchor(link: _Element, href: str) -> bool:
    """Return whether a link only marks a place, such as the ¶ beside a heading."""
    if "#" not in href or len(link) > 1:
        return False
    marked = bool(_ANCHOR_CLASS.search(link.get("class") or ""))
    if not marked and link.getparent().tag not in HEADINGS and href[0] != "#":
        return False
    text = text_of(link).lower()
    return text in _ANCHOR_TEXT and (marked or text not in ("link", "permalink", "^"))
