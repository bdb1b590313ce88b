"""Measures the pages for people: their time and size, and how long building them as files takes.

`python -m benchmarks.pages --corpus FILE --cache FOLDER [--entries 18000 100000]`. The corpus is a
file of JSON lines (gzip) with id, source, url, title, author, published and html. It is taken in
by the product as feeds; where more entries are wanted, its documents are stored again under other
titles, over twenty years, as feeds bring them. Then a server on loopback is asked for each page.
Linux only; no network.
"""

import argparse
import gzip
import itertools
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from random import Random

from benchmarks.load import serving
from benchmarks.passes import environment, prepare
from benchmarks.search_quality import corpus_feeds, stored
from planet_mcp.models import Content, ParsedEntry, ParsedFeed, Subscription
from planet_mcp.store import Store
from tests.support.recording import record_document

PATHS = (
    "/",
    "/titles",
    "/search?q=python+packaging",
    "/search?q=how+to+test+async+code",
    "/feeds",
    "/feeds/1",
    "/entries/1000",
    "/stats",
    "/atom.xml",
    "/rss20.xml",
    "/rss10.xml",
    "/feed.json",
)
TIMES = 40
BATCH, FEEDS = 200, 500
YEARS = timedelta(days=20 * 365)


def main() -> None:
    """Build the databases and measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--corpus", type=Path, required=True)
    options.add_argument("--cache", type=Path, required=True)
    options.add_argument("--entries", type=int, nargs="*", default=[18_000, 100_000])
    given = options.parse_args()
    prepare()
    given.cache.mkdir(parents=True, exist_ok=True)
    corpus = stored(given.cache, "corpus", lambda: corpus_feeds(given.corpus), fresh=False)
    for entries in given.entries:
        database = given.cache / f"pages{entries}.sqlite"
        if not database.exists():
            copy(Path(corpus), database, entries)
        measure_pages(database)
    measure_build(given.cache / f"pages{min(given.entries)}.sqlite")


# The database


@dataclass(frozen=True)
class Document:
    """A document of the corpus as it is stored."""

    title: str
    markdown: str
    text: str
    excerpt: str
    words: int


def copy(corpus: Path, database: Path, entries: int) -> None:
    """Store the documents of the corpus, in turn, until there are so many entries."""
    with closing(sqlite3.connect(corpus)) as connection:
        rows = connection.execute(
            "SELECT title, markdown, text, excerpt, words FROM contents AS c "
            "JOIN entries AS e ON e.id = c.entry_id ORDER BY e.id"
        ).fetchall()
    documents = [Document(*row) for row in rows]
    now, store = datetime.now(UTC), Store(database)
    try:
        store.feeds.subscribe([Subscription(_url(n)) for n in range(FEEDS)], due_at=now + YEARS)
        for number, batch in enumerate(_batches(documents, entries, now)):
            _store(store, number % FEEDS, batch, now)
        store.feeds.make_due(range(1, FEEDS + 1), now=now + YEARS)
        while store.search.merge_index():
            pass
    finally:
        store.close()


def _batches(
    documents: Sequence[Document], entries: int, now: datetime
) -> Iterator[tuple[ParsedEntry, ...]]:
    chance = Random(7)
    numbered = enumerate(itertools.islice(itertools.cycle(documents), entries))
    made = (_entry(document, n, now - YEARS * chance.random()) for n, document in numbered)
    while batch := tuple(itertools.islice(made, BATCH)):
        yield batch


def _entry(document: Document, number: int, published: datetime) -> ParsedEntry:
    return ParsedEntry(
        key=f"id:{number}",
        url=f"https://blog.example.org/{number}",
        title=f"{document.title} ({number})",
        title_derived=False,
        authors=("Ada",),
        tags=("python",),
        published=published,
        updated=None,
        content=Content(document.markdown, document.text, document.excerpt, document.words),
        teaser=False,
        fingerprint=sha256(str(number).encode()).hexdigest(),
    )


def _url(feed: int) -> str:
    return f"https://blog{feed}.example.org/feed.xml"


def _store(store: Store, feed: int, batch: tuple[ParsedEntry, ...], now: datetime) -> None:
    brought = ParsedFeed(f"Blog {feed}", f"https://blog{feed}.example.org/", None, "en", batch)
    record_document(store, feed + 1, brought, now=now)


# Pages


def measure_pages(database: Path) -> None:
    """Ask for each page, at first and then many times."""
    print(f"\n{database.name}: {database.stat().st_size / 1e6:.0f} MB")
    print("| page | first ms | p50 ms | p95 ms | bytes | gzip |\n|---|---|---|---|---|---|")
    settings = _settings(database)
    with tempfile.TemporaryDirectory() as folder, serving(settings, folder) as server:
        with closing(HTTPConnection("127.0.0.1", server.port)) as connection:
            for path in PATHS:
                print(f"| `{path}` | {_measured(connection, path)} |", flush=True)
        print(f"resident memory, open files: {server.state()}")


def _measured(connection: HTTPConnection, path: str) -> str:
    first, body = _asked(connection, path)
    times = sorted(_asked(connection, path)[0] for _ in range(TIMES))
    return (
        f"{first:.0f} | {statistics.median(times):.1f} | {times[int(TIMES * 0.95)]:.1f} | "
        f"{len(body):,} | {len(gzip.compress(body, 6)):,}"
    )


def _asked(connection: HTTPConnection, path: str) -> tuple[float, bytes]:
    began = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, (path, answer.status)
    return (time.perf_counter() - began) * 1000, body


# Files


def measure_build(database: Path) -> None:
    """Build all pages as files, again without a change, and again with one new entry."""
    print(f"\n{database.name} as files (whole commands)")
    with tempfile.TemporaryDirectory() as folder:
        for what in ("cold", "nothing new", "one new entry", "one new entry"):
            if "entry" in what:
                _add_entry(database)
            began = time.perf_counter()
            said = _built(database, Path(folder))
            print(f"{what}: {time.perf_counter() - began:.2f} s; {said}", flush=True)


def _add_entry(database: Path) -> None:
    store, now = Store(database), datetime.now(UTC)
    try:
        number = store.entries.newest_id()
        post = Document(f"New {number}", "Some *news*.", "Some news.", "Some news.", 2)
        _store(store, 3, (_entry(post, number, now),), now)
    finally:
        store.close()


def _built(database: Path, folder: Path) -> str:
    command = [sys.executable, "-m", "planet_mcp", "build", str(folder / "site")]
    done = subprocess.run(
        [*command, "--site-url", "https://planet.example.org/"],
        env=environment(_settings(database)),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip().partition(": ")[2]


def _settings(database: Path) -> dict[str, str]:
    return {"database": str(database.resolve()), "feeds": "none", "refresh": "off"}


if __name__ == "__main__":
    main()
