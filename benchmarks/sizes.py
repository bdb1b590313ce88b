"""Measures what a thousand entries, and a thousand fetched pages, take on the disk.

`python -m benchmarks.sizes [--feeds FOLDER] [--corpus FILE] [--pages FOLDER]`: feed documents as
captured, posts of a corpus of JSON lines with `html`, HTML pages with a `truth.jsonl`. No network.
"""

import argparse
import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from typing import Any

from benchmarks.passes import prepare
from benchmarks.search_quality import lines
from planet_mcp.documents.extract import extract_article
from planet_mcp.documents.parse import parse_feed
from planet_mcp.errors import DocumentError
from planet_mcp.models import ParsedFeed, Subscription, Validators
from planet_mcp.store import Store
from tests.support.documents import Post, rss
from tests.support.recording import record_document

NOW = datetime.now(UTC).replace(microsecond=0)
# Every so many documents of the corpus, and so many of them a feed.
STRIDE, A_FEED = 6, 30


def main() -> None:
    """Measure what is given."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--feeds", type=Path)
    options.add_argument("--corpus", type=Path)
    options.add_argument("--pages", type=Path)
    given = options.parse_args()
    prepare()
    if given.feeds:
        tell("entries of captured feeds", captured(given.feeds))
    if given.corpus:
        tell("posts of the corpus", corpus(given.corpus))
    if given.pages:
        pages(given.pages)


def captured(folder: Path) -> Iterator[ParsedFeed]:
    """Parse the feed documents of a folder."""
    for path in sorted(folder.iterdir()):
        with suppress(DocumentError):
            yield parse_feed(path.read_bytes(), url=f"https://{path.stem}.example/", now=NOW)


def corpus(file: Path) -> Iterator[ParsedFeed]:
    """Parse documents of the corpus as feeds."""
    found = islice(lines(file), 0, None, STRIDE)
    for number in count():
        posts = [_post(each) for each in islice(found, A_FEED)]
        if not posts:
            return
        document = rss(posts, title=f"Feed {number}")
        yield parse_feed(document.encode(), url=f"https://feed{number}.example/", now=NOW)


def _post(found: dict[str, Any]) -> Post:
    return Post(found["title"], found["html"], link=found["url"], author=found["author"] or "")


def tell(what: str, feeds: Iterable[ParsedFeed]) -> None:
    """Store feeds, and print what their entries take."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "planet.sqlite")
        empty = size(store)
        for number, feed in enumerate(feeds):
            save(store, f"https://feed{number}.example/feed", feed)
        report(what, store, store.feeds.summary().entries, empty)
        store.close()


def save(store: Store, url: str, parsed: ParsedFeed) -> None:
    """Store what a feed brought."""
    store.feeds.subscribe([Subscription(url)], due_at=NOW)
    feed = store.feeds.by_url(url, now=NOW)
    assert feed
    record_document(store, feed.id, parsed, now=NOW)


def pages(folder: Path) -> None:
    """Store pages, and print what they take."""
    truth = [json.loads(line) for line in (folder / "truth.jsonl").open(encoding="utf-8")]
    with tempfile.TemporaryDirectory() as temporary:
        store = Store(Path(temporary) / "planet.sqlite")
        empty, stored = size(store), 0
        for each in truth:
            with suppress(DocumentError):
                article = extract_article((folder / each["file"]).read_bytes(), url=each["url"])
                store.webpages.save_page(each["url"], Validators(each["url"]), article, now=NOW)
                stored += 1
        report("fetched pages", store, stored, empty)
        store.close()


def size(store: Store) -> int:
    """Return the size of a database after its index was merged."""
    while store.search.merge_index():
        pass
    return store.health.size()


def report(what: str, store: Store, stored: int, empty: int) -> None:
    """Print what so many take, and how much of that is text and index."""
    whole = size(store) - empty
    with store.database.reading() as connection:
        (text,) = connection.execute("SELECT sum(length(text)) FROM contents").fetchone()
    store.health.vacuum()
    vacuumed = size(store) - empty
    per = [f"{figure / stored / 1_000:.1f}" for figure in (text, whole, vacuumed)]
    print(f"{stored} {what}: MB a thousand: text {per[0]}, on the disk {per[1]}, vacuumed {per[2]}")


if __name__ == "__main__":
    main()
