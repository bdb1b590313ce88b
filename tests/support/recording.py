"""Documents of feeds stored without a web, as an update stores them."""

from datetime import datetime

from planet_mcp.feeds import Moment, NewDocument, Updated, record_answer
from planet_mcp.models import Document, ParsedFeed, Validators
from planet_mcp.store import Store


def record_document(store: Store, feed_id: int, parsed: ParsedFeed, *, now: datetime) -> int:
    """Store what a followed feed brought at its own address; returns how many entries are new."""
    feed = store.feeds.get([feed_id], now=now)[feed_id]
    document = Document(feed.url, b"", "application/xml", Validators(feed.url, '"1"'))
    result = record_answer(store, feed, NewDocument(document, parsed), Moment(now))
    assert isinstance(result, Updated), result
    return result.new_entries
