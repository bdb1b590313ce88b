"""JSON Feed 1.1 (jsonfeed.org/version/1.1)."""

import json
from typing import Any

from planet_mcp.documents.syndication.channel import UNKNOWN_TYPE, Channel, Item, Source
from planet_mcp.documents.syndication.markup import legal, rfc3339
from planet_mcp.models import Enclosure

_VERSION = "https://jsonfeed.org/version/1.1"


def json_feed(channel: Channel) -> bytes:
    """Write a channel as a JSON Feed; `_source` of an item is the feed that it comes from."""
    feed = {
        "version": _VERSION,
        "title": channel.title,
        "home_page_url": channel.home_url,
        "feed_url": channel.self_url,
        "description": channel.description,
        "items": [_item(item) for item in channel.distinct_items()],
    }
    return json.dumps(_written(feed), ensure_ascii=False, indent=1).encode() + b"\n"


def _written(value: Any) -> Any:
    """Return what is written of a value: of objects only what is known, of texts what is legal."""
    if isinstance(value, str):
        return legal(value)
    if isinstance(value, list):
        return [_written(each) for each in value]
    if isinstance(value, dict):
        return {name: _written(each) for name, each in value.items() if each is not None}
    return value


def _item(item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "url": item.link,
        "title": item.title,
        "content_html": item.html,
        "summary": item.summary or None,
        "date_published": rfc3339(item.published) if item.published else None,
        "date_modified": rfc3339(item.updated) if item.updated else None,
        "authors": [{"name": name} for name in item.authors] or None,
        "tags": list(item.tags) or None,
        "attachments": [_attachment(file) for file in item.enclosures] or None,
        "_source": _source(item.source),
    }


def _attachment(file: Enclosure) -> dict[str, Any]:
    return {
        "url": file.url,
        "mime_type": file.type or UNKNOWN_TYPE,
        "size_in_bytes": file.length,
        "duration_in_seconds": file.seconds,
    }


def _source(source: Source) -> dict[str, Any]:
    return {
        "id": source.id,
        "title": source.title,
        "home_page_url": source.site_url,
        "feed_url": source.feed_url,
    }
