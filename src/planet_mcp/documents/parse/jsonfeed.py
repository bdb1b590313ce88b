"""JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1), read leniently (pure)."""

import json
from typing import Any

from planet_mcp.documents.cut_documents import end_of_items
from planet_mcp.documents.dates import parse_date
from planet_mcp.documents.parse.raw import RawEnclosure, RawEntry, RawFeed, RawText
from planet_mcp.documents.parse.sniff import Kind, Sniffed, refusal
from planet_mcp.errors import NotAFeedError, ParseFailedError

_MARK = "jsonfeed.org/version"


def read_json_feed(text: str) -> RawFeed:
    """Read a JSON Feed document.

    Raises:
        NotAFeedError: It is other JSON, or none at all.
        ParseFailedError: It claims to be a JSON Feed, but is not valid JSON.
    """
    document, problem = _load(text)
    if not _is_feed(document):
        raise refusal(Sniffed(Kind.JSON))
    items = document.get("items")
    return RawFeed(
        title=_text(document, "title"),
        link=_text(document, "home_page_url"),
        description=_text(document, "description"),
        language=_text(document, "language"),
        authors=_authors(document),
        entries=tuple(_entry(item) for item in _dicts(items)),
        images=(_text(document, "icon"), _text(document, "favicon")),
        hub=_hub(document),
        problem=problem,
        truncated=problem is not None,
    )


def _hub(document: dict[str, Any]) -> str:
    hubs = (
        _text(hub, "url")
        for hub in _dicts(document.get("hubs"))
        if _text(hub, "type").lower() != "rsscloud"
    )
    return next(filter(None, hubs), "")


def _load(text: str) -> tuple[dict[str, Any], str | None]:
    """Return a document, and what was wrong with it if its first items alone can be read."""
    try:
        return _loaded(text), None
    except (json.JSONDecodeError, RecursionError) as error:
        if _MARK not in text:
            raise NotAFeedError(
                "This begins like JSON, but is not valid JSON and no feed: check the address."
            ) from error
        problem = f"not valid JSON: {error}"
    end = end_of_items(text)
    try:
        if end is not None:
            return _loaded(f"{text[:end]}]}}"), f"it is {problem}; the items before that were read"
    except (json.JSONDecodeError, RecursionError):
        pass
    raise ParseFailedError(f"The JSON Feed is {problem}.")


def _loaded(text: str) -> dict[str, Any]:
    document = json.loads(text, strict=False, parse_int=str, parse_float=str, parse_constant=str)
    return document if isinstance(document, dict) else {}


def _is_feed(document: dict[str, Any]) -> bool:
    if _MARK in _text(document, "version"):
        return True
    # A feed without the version that the specification asks for is still known by these names.
    return isinstance(document.get("items"), list) and (
        "home_page_url" in document or "feed_url" in document
    )


def _entry(item: dict[str, Any]) -> RawEntry:
    return RawEntry(
        id=_text(item, "id"),
        link=_text(item, "url") or _link_of_id(item) or _text(item, "external_url"),
        title=RawText(_text(item, "title")),
        texts=(
            RawText(_text(item, "content_html"), "text/html"),
            RawText(_text(item, "content_text")),
            RawText(_text(item, "summary")),
        ),
        authors=_authors(item),
        tags=tuple(tag for tag in _list(item.get("tags")) if isinstance(tag, str)),
        published=parse_date(_text(item, "date_published")),
        updated=parse_date(_text(item, "date_modified")),
        enclosures=tuple(_enclosure(each) for each in _dicts(item.get("attachments"))),
    )


def _enclosure(attachment: dict[str, Any]) -> RawEnclosure:
    return RawEnclosure(
        url=_text(attachment, "url"),
        type=_text(attachment, "mime_type"),
        length=_text(attachment, "size_in_bytes"),
        duration=_text(attachment, "duration_in_seconds"),
    )


def _link_of_id(item: dict[str, Any]) -> str:
    identity = _text(item, "id")
    return identity if identity.startswith(("http://", "https://")) else ""


def _authors(holder: dict[str, Any]) -> tuple[str, ...]:
    """Collect names from `authors` (1.1) or `author` (1.0); a bare string counts as a name."""
    people = _list(holder.get("authors")) or [holder.get("author")]
    names = (each if isinstance(each, str) else _name(each) for each in people)
    return tuple(_clean(name) for name in names if name)


def _name(person: object) -> str:
    return _text(person, "name") if isinstance(person, dict) else ""


def _dicts(value: object) -> list[dict[str, Any]]:
    return [each for each in _list(value) if isinstance(each, dict)]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(holder: dict[str, Any], name: str) -> str:
    value = holder.get(name)
    return _clean(value) if isinstance(value, str) else ""


def _clean(text: str) -> str:
    # Lone surrogates, which escapes may spell, are replaced: no database and no transport takes
    # them.
    return text.encode("utf-8", "replace").decode("utf-8").strip()
