"""Compares the entries that are stored with those that feedparser alone finds in the same feeds.

`python -m benchmarks.audit FOLDER`, over a folder of feed documents, which are served from
loopback and go the whole way into a new database. No network.
"""

import argparse
import io
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import feedparser

from benchmarks.corpus import captured
from benchmarks.passes import prepare, reading, refresh, settings_for
from tests.support.site import running_site

_DATES = ("published", "updated", "created")


@dataclass(frozen=True)
class Item:
    """What tells an entry from others, and whether its document gives a date.

    `words` are its text where it has no title, else nothing.
    """

    id: str
    link: str
    title: str
    words: str
    dated: bool


@dataclass(frozen=True)
class Stored:
    """What the database says of one feed."""

    entries: int
    without_title: int
    without_any_title: int
    without_date: int
    without_link: int
    problem: str | None
    warning: str | None


@dataclass(frozen=True)
class Audited:
    """One feed: what its document has and what was stored of it."""

    file: str
    items: tuple[Item, ...]
    refusal: str | None
    stored: Stored

    @property
    def missing(self) -> int:
        """Return how many entries fewer are stored than the document has."""
        return len(self.items) - self.stored.entries

    @property
    def copies(self) -> int:
        """Return how many items repeat an earlier one's id, link and title (untitled: text)."""
        different = {(item.id, item.link, item.title, item.words) for item in self.items}
        return len(self.items) - len(different)


def main() -> None:
    """Audit a folder."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path, help="a folder of feed documents")
    prepare()
    print(f"feedparser {feedparser.__version__}")
    report(audit(options.parse_args().folder))


def audit(folder: Path) -> list[Audited]:
    """Store all feeds of a folder and read them again with feedparser alone."""
    with tempfile.TemporaryDirectory() as temporary, running_site() as site:
        urls = captured(site, folder)
        settings = settings_for(Path(temporary), urls)
        refresh(settings)
        stored = _stored(settings)
        return [
            _audited(path.lstrip("/"), page.body, stored[site.url + path])
            for path, page in site.pages.items()
        ]


def _stored(settings: Mapping[str, str]) -> dict[str, Stored]:
    with reading(settings) as connection:
        rows = connection.execute(
            """
            SELECT f.url, count(e.id), count(*) FILTER (WHERE e.title_derived),
                   count(*) FILTER (WHERE c.title = ''),
                   count(e.id) FILTER (WHERE e.published IS NULL),
                   count(e.id) FILTER (WHERE e.url IS NULL), f.problem, f.warning
            FROM feeds AS f
            LEFT JOIN entries AS e ON e.feed_id = f.id
            LEFT JOIN contents AS c ON c.entry_id = e.id
            GROUP BY f.id
            """
        ).fetchall()
    return {row[0]: Stored(*row[1:]) for row in rows}


def _audited(file: str, body: bytes, stored: Stored) -> Audited:
    try:
        items, refusal = tuple(_items(body)), None
    except Exception as error:  # noqa: BLE001 - feedparser fails with nearly any of them
        items, refusal = (), f"{type(error).__name__}: {error}"
    return Audited(file, items, refusal, stored)


def _items(body: bytes) -> Iterable[Item]:
    if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return [_json_item(item) for item in json.loads(body.decode("utf-8-sig"))["items"]]
    return [_item(entry) for entry in feedparser.parse(io.BytesIO(body)).entries]


def _item(entry: Mapping[str, Any]) -> Item:
    title = entry.get("title", "")
    texts = [entry, *entry.get("content", ())]
    words = "" if title else str([(text.get("summary"), text.get("value")) for text in texts])
    dated = any(entry.get(name) for name in _DATES)
    return Item(entry.get("id", ""), entry.get("link", ""), title, words, dated)


def _json_item(item: Mapping[str, Any]) -> Item:
    title = item.get("title") or ""
    words = "" if title else str([item.get("content_html"), item.get("content_text")])
    dated = bool(item.get("date_published") or item.get("date_modified"))
    link = item.get("url") or item.get("external_url") or ""
    return Item(str(item.get("id", "")), link, title, words, dated)


# The report.


def report(feeds: Sequence[Audited]) -> None:
    """Print what was found."""
    items, entries = sum(len(feed.items) for feed in feeds), sum(f.stored.entries for f in feeds)
    print(f"\n{len(feeds)} feeds: {items} entries found by feedparser alone, {entries} stored")
    _counts(feeds)
    _named("feeds with fewer entries stored", _fewer(feeds))
    _named("feeds with more entries stored than feedparser alone finds", _more(feeds))
    failed = [f"{feed.file}: {feed.stored.problem}" for feed in feeds if feed.stored.problem]
    _named("feeds that failed", failed)
    _named("documents on which feedparser alone fails", _refused(feeds))
    _warnings(feeds)


def _counts(feeds: Sequence[Audited]) -> None:
    every = [item for feed in feeds for item in feed.items]
    stored = [feed.stored for feed in feeds]
    table = (
        ("title", [not item.title for item in every], [it.without_title for it in stored]),
        ("date", [not item.dated for item in every], [it.without_date for it in stored]),
        ("link", [not item.link for item in every], [it.without_link for it in stored]),
    )
    print("\n| entries without | in the documents | stored | in feeds |")
    print("|---|---|---|---|")
    for name, in_documents, in_store in table:
        print(f"| {name} | {sum(in_documents)} | {sum(in_store)} | {sum(map(bool, in_store))} |")
    untitled = sum(it.without_any_title for it in stored)
    print(f"(A missing title is made of the text: {untitled} are stored without any.)")


def _fewer(feeds: Sequence[Audited]) -> list[str]:
    return [f"{feed.file}: {_why(feed)}" for feed in feeds if feed.missing > 0]


def _why(feed: Audited) -> str:
    counts = f"{feed.stored.entries} of {len(feed.items)}"
    if feed.missing <= feed.copies:
        return f"{counts}; {feed.copies} items are copies (same id, link and title or text)"
    return f"{counts}; LOST {feed.missing - feed.copies} ({feed.copies} copies)"


def _more(feeds: Sequence[Audited]) -> list[str]:
    return [
        f"{feed.file}: {feed.stored.entries} instead of {len(feed.items)}"
        for feed in feeds
        if feed.missing < 0
    ]


def _refused(feeds: Sequence[Audited]) -> list[str]:
    return [f"{feed.file}: {feed.refusal}" for feed in feeds if feed.refusal]


def _named(title: str, lines: Sequence[str]) -> None:
    print(f"\n{title}: {len(lines) or 'none'}")
    for line in lines:
        print(f"  {line}")


def _warnings(feeds: Sequence[Audited]) -> None:
    warned = [feed.stored.warning for feed in feeds if feed.stored.warning]
    print(f"\nfeeds salvaged with a warning: {len(warned)}")
    kinds = Counter(part.split(" at line ")[0] for text in warned for part in text.split("; "))
    for kind, number in kinds.most_common():
        print(f"  {number} x {kind}")


if __name__ == "__main__":
    main()
