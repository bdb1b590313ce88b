"""What Substack draws by script, from the JSON of an attribute: pictures, posts and videos."""

import json
from collections.abc import Mapping
from typing import Any

from lxml import etree
from lxml.etree import _Element

from planet_mcp.text.characters import clean_text
from planet_mcp.text.from_html.tree import is_blank

find_embeds = etree.XPath(
    "//*[@data-attrs and (contains(@class, 'embed') or contains(@class, 'youtube-wrap')"
    " or contains(@class, 'vimeo-wrap'))][not(.//img or .//iframe or .//video or .//a)]"
)
_ADDRESSES = ("url", "canonical_url", "postUrl", "href", "src")
_TITLES = ("title", "full_text", "name", "caption")
_VIDEOS = {"youtube": "https://www.youtube.com/watch?v=", "vimeo": "https://vimeo.com/"}
_LONGEST_TITLE = 300


def adopt_embed(element: _Element) -> None:
    """Put the player, frame or pictures into an empty element that a script would draw there."""
    said = _attributes(element)
    if not said or not is_blank(element):
        return
    gallery = said.get("gallery")
    images = gallery.get("images") if isinstance(gallery, Mapping) else None
    if isinstance(gallery, Mapping) and isinstance(images, list):
        for image in images:
            if isinstance(image, Mapping):
                etree.SubElement(element, "img", src=_text(image, ("src",)))
        etree.SubElement(element, "p").text = _text(gallery, ("caption",))
        return
    host = "vimeo" if "vimeo" in (element.get("class") or "") else "youtube"
    video = _text(said, ("videoId",))
    address = _VIDEOS[host] + video if video else _text(said, _ADDRESSES)
    if address:
        tag = "video" if video else "iframe"
        etree.SubElement(element, tag, src=address, title=_text(said, _TITLES))


def _attributes(element: _Element) -> Mapping[str, Any]:
    try:
        said = json.loads(element.get("data-attrs"))
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, Mapping) else {}


def _text(said: Mapping[str, Any], names: tuple[str, ...]) -> str:
    found = (said.get(name) for name in names)
    text = next((value for value in found if isinstance(value, str) and value), "")
    return " ".join(clean_text(text[: 10 * _LONGEST_TITLE]).split())[:_LONGEST_TITLE]
