"""Measures a large database: how fast it grows, how big it is, how long a search takes.

`python -m benchmarks.scale --corpus FILE --database FILE [--entries 1000000] [--only build]
[--model FOLDER]`. The entries are the documents of the corpus, shortened, and then copies of them
in which a part of the words are others; they are stored as feeds bring them, without HTTP and
parsing. A database that is there already goes on growing where it stopped. With a model, all is
asked by meaning, too: questions are encoded by it, and the vectors of entries, as many as it would
make, are drawn by chance, since a million would take it a day. No network.
"""

import argparse
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.host import Host, hosting
from benchmarks.passes import prepare
from benchmarks.search_quality import QUESTIONS, lines, ways
from planet_mcp.embedding import ModelFolder, chosen_model, parts_of
from planet_mcp.models import Content, ParsedEntry, ParsedFeed, Subscription
from planet_mcp.planet.search import LOADING
from planet_mcp.store import Store
from planet_mcp.store.search.query import compile_query
from planet_mcp.text.likeness import signature
from tests.support.recording import record_document

DOCUMENTS = 17_603
FEEDS, BATCH = 500, 200
CHARACTERS, EXCERPT = 1_200, 1_000
YEARS = timedelta(days=20 * 365)
# The share of words that a copy has of its own, and of these that no other has.
OTHER, NEW = 0.3, 0.02
SAMPLE = 200_000
MERGE_EVERY = 50

COMMON = "python release data code test file version support change error".split()
PAIRS = "python release,web server,test coverage,memory leak,new version,error message".split(",")
PHRASES = ("pull request", "command line", "source code", "open source", "standard library")
MOST_CALLS, MOST_SECONDS, FEWEST_CALLS = 100, 10.0, 5
# How many numbers the vectors of small models have; and entries that get theirs in one transaction.
NUMBERS, FILLED_AT_ONCE = 384, 2_000
FIRST_QUESTION = "how are tests of a web server run faster"

Call = tuple[str, dict[str, Any]]
Raw = tuple[str, tuple[object, ...]]


@dataclass(frozen=True)
class Document:
    """What copies are made of: the words of title and text, and tags."""

    title: list[str]
    words: list[str]
    tags: tuple[str, ...]


@dataclass
class Growth:
    """What each batch took to store, in seconds and in CPU seconds, and all the rest."""

    storing: list[tuple[float, float]] = field(default_factory=list)
    merging: float = 0.0
    making: float = 0.0

    def rate(self, batches: Sequence[tuple[float, float]]) -> str:
        """Return how many entries were stored in a second."""
        entries, (seconds, cpu) = len(batches) * BATCH, map(sum, zip(*batches, strict=True))
        return f"{entries / seconds:.0f} entries/s, {entries / cpu:.0f}/CPU s"


@dataclass(frozen=True)
class Kind:
    """Calls of one kind, and the plain SQL that finds the same."""

    name: str
    calls: Sequence[Call]
    raw: Sequence[Raw]


def main() -> None:
    """Build the database and measure it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--corpus", type=Path, required=True)
    options.add_argument("--database", type=Path, required=True)
    options.add_argument("--entries", type=int, default=1_000_000)
    options.add_argument("--only", choices=("build", "measure"))
    options.add_argument("--model", type=Path, help="a folder with a model, to ask by meaning, too")
    given = options.parse_args()
    prepare()
    if given.only != "measure":
        build(given.corpus, given.database, given.entries)
    if given.model:
        fill(given.database, given.model)
    if given.only != "build":
        sizes(given.database)
        latencies(given.database, given.model)


# The entries.


class Copies:
    """Makes entries out of documents: the same for the same number."""

    def __init__(self, documents: Sequence[Document], entries: int) -> None:
        self._documents = documents
        self.entries = entries
        self.now = datetime.now(UTC)
        chance = Random(42)
        every = [word for each in documents for word in each.words]
        # As common as in the corpus, since each is drawn from its running text.
        self._vocabulary = chance.choices(every, k=SAMPLE)
        self._names = [self._name(chance) for _ in range(3_000)]

    def _name(self, chance: Random) -> str:
        words = [word for word in chance.choices(self._vocabulary, k=60) if word.isalpha()]
        return " ".join(word.capitalize() for word in sorted(words, key=len)[-2:])

    def batch(self, number: int) -> Iterator[ParsedEntry]:
        """Yield the entries of a batch."""
        chance = Random(number)
        for position in range(number * BATCH, min((number + 1) * BATCH, self.entries)):
            copy, place = divmod(position, len(self._documents))
            yield self._entry(chance, self._documents[place], position, original=copy == 0)

    def _entry(
        self, chance: Random, document: Document, position: int, *, original: bool
    ) -> ParsedEntry:
        words, title = document.words, " ".join(document.title)
        if not original:
            words = self._changed(chance, words)
            title = " ".join([*self._changed(chance, document.title), *self._some(chance, 2)])
        text = " ".join(words)
        return ParsedEntry(
            key=f"id:{position}",
            url=f"https://blog{position // BATCH % FEEDS}.example.org/{position}",
            title=title,
            title_derived=False,
            authors=(self._names[int(len(self._names) * chance.random() ** 2)],),
            tags=document.tags,
            published=self.now - YEARS * chance.random(),
            updated=None,
            content=Content(markdown=text, text=text, excerpt=text[:EXCERPT], words=len(words)),
            teaser=False,
            fingerprint=sha256(text.encode()).hexdigest(),
            signature=signature(text),
        )

    def _changed(self, chance: Random, words: Sequence[str]) -> list[str]:
        draw, vocabulary, size = chance.random, self._vocabulary, len(self._vocabulary)
        changed = [vocabulary[int(draw() * size)] if draw() < OTHER else word for word in words]
        for place in range(len(words)):
            if draw() < OTHER * NEW:
                # As in real texts, the number of different words grows with the entries.
                changed[place] = "".join(self._some(chance, 2))
        return changed

    def _some(self, chance: Random, count: int) -> list[str]:
        size = len(self._vocabulary)
        return [self._vocabulary[int(chance.random() * size)] for _ in range(count)]


def documents(file: Path) -> list[Document]:
    """Read the documents of the corpus, as much of each as is stored."""
    return [_document(each) for each in lines(file)]


def _document(found: dict[str, Any]) -> Document:
    title = found["title"].split()
    words = found["text"][:CHARACTERS].split() or title
    # Words of the title serve as tags, as in blogs.
    tags = sorted({word.lower() for word in title if word.isalpha() and len(word) > 4})
    return Document(title, words, (found["source"], *tags[:2]))


# The database grows.


def build(corpus: Path, database: Path, entries: int) -> None:
    """Store entries until there are as many as wanted or Ctrl+C, and print how fast that was."""
    copies = Copies(documents(corpus), entries)
    growth = Growth()
    store = Store(database)
    try:
        store.feeds.subscribe([Subscription(_feed_url(n)) for n in range(FEEDS)], due_at=copies.now)
        start = int(store.feeds.summary().entries) // BATCH
        for number in range(start, -(-entries // BATCH)):
            _grow(store, copies, number, growth)
    finally:
        store.close()
        _report_growth(growth)


def _feed_url(number: int) -> str:
    return f"https://blog{number}.example.org/feed.xml"


def _grow(store: Store, copies: Copies, number: int, growth: Growth) -> None:
    began = time.perf_counter()
    feed = number % FEEDS
    brought = ParsedFeed(
        f"Blog {feed}", f"https://blog{feed}.example.org/", None, "en", tuple(copies.batch(number))
    )
    made, cpu = time.perf_counter(), time.process_time()
    record_document(store, feed + 1, brought, now=copies.now)
    stored, cpu = time.perf_counter(), time.process_time() - cpu
    if number % MERGE_EVERY == MERGE_EVERY - 1:
        while store.search.merge_index():
            pass
        print(f"{(number + 1) * BATCH} entries, {BATCH / cpu:.0f}/CPU s", flush=True)
    growth.making += made - began
    growth.storing.append((stored - made, cpu))
    growth.merging += time.perf_counter() - stored


def _report_growth(growth: Growth) -> None:
    if not growth.storing:
        return
    few = DOCUMENTS // BATCH
    print(
        f"texts of at most {CHARACTERS} characters; stored {len(growth.storing) * BATCH} entries "
        f"at {growth.rate(growth.storing)}; merging the index "
        f"{growth.merging:.0f} s, making them {growth.making:.0f} s\n"
        f"first {few * BATCH} entries: {growth.rate(growth.storing[:few])}, "
        f""
        f"last: {growth.rate(growth.storing[-few:])}"
    )


def fill(database: Path, folder: Path) -> None:
    """Give all entries that have no vectors of a model as many as it would make, by chance."""
    model, chance, store = chosen_model(str(folder)), Random(42), Store(database)
    assert isinstance(model, ModelFolder), model
    while waiting := store.vectors.waiting(model.id, limit=FILLED_AT_ONCE):
        drawn = {
            each.id: [chance.randbytes(NUMBERS) for _ in parts_of(each.title, each.text)]
            for each in waiting
        }
        store.vectors.save(model.id, waiting, drawn)
    store.close()


# How big it is.


def sizes(database: Path) -> None:
    """Print the size of the database, its index and its text."""
    with closing(_plain(database)) as connection:
        entries, stories, text, titles = connection.execute(
            """
            SELECT count(*), total(e.story_id = e.id), total(length(CAST(c.text AS BLOB))),
                   total(length(CAST(c.title AS BLOB)))
            FROM entries AS e JOIN contents AS c ON c.entry_id = e.id
            """
        ).fetchone()
        index = _index_size(connection)
    size = database.stat().st_size
    print(
        f"{entries} entries, {stories:.0f} stories; database {size / 1e6:.0f} MB, titles and texts "
        f"{(text + titles) / 1e6:.0f} MB ({text / entries:.0f} bytes of text each), "
        f"full-text index {index / 1e6:.0f} MB: {index / (text + titles):.2f} x the text"
    )


def _index_size(connection: sqlite3.Connection) -> float:
    try:
        row = connection.execute(
            "SELECT total(pgsize) FROM dbstat "
            "WHERE aggregate = TRUE AND name LIKE 'entries_index_%'"
        ).fetchone()
    except sqlite3.OperationalError:  # built without dbstat: the blocks, without page overhead
        row = connection.execute("SELECT total(length(block)) FROM entries_index_data").fetchone()
    return float(row[0])


def _plain(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)


# How long a call takes.


def latencies(database: Path, model: Path | None) -> None:
    """Print how long calls of each kind take over stdio, beside plain SQL.

    With a model, two servers are asked by turns: one by words alone, one by meaning, too.
    """
    # Opened once before: it may upgrade the database.
    Store(database).close()
    settings = {"database": str(database), "feeds": "none", "refresh": "off"}
    with ExitStack() as stack:
        connection = stack.enter_context(closing(_plain(database)))
        hosts = {
            way: stack.enter_context(hosting("planet_mcp", model=setting, **settings))
            for way, setting in ways(model)
        }
        first = hosts["by words"]
        for way, host in hosts.items():
            print(f"{way}: spawn to initialize {host.start_seconds * 1000:.0f} ms, ", end="")
            print(f"first answers {', '.join(f'{ms:.0f}' for ms in _first_answers(host))} ms")
        print("| calls over stdio | | CPU ms | p50 ms | p95 | p99 | calls |")
        print("|---|---|---|---|---|---|---|")
        for kind in kinds(connection, first):
            _report_kind(kind, hosts, connection)
        for way, host in hosts.items():
            print(f"resident memory {way}: {host.resident_mb():.0f} MB")


def _first_answers(host: Host) -> Iterator[float]:
    """Ask until all vectors are loaded, and yield the milliseconds of each answer."""
    while True:
        began = time.perf_counter()
        result = host.call("search_entries", query=FIRST_QUESTION)["structuredContent"]
        yield (time.perf_counter() - began) * 1000
        if LOADING not in result.get("notice", ""):
            return


def kinds(connection: sqlite3.Connection, host: Host) -> Iterator[Kind]:
    """Yield what is measured."""
    for name, queries in (
        ("rare word", _rare_words(connection)),
        ('"python"', ["python"]),
        ("common word", COMMON),
        ("two common words", PAIRS),
        ("question", [each["question"] for each in lines(QUESTIONS)]),
        ("phrase", [f'"{phrase}"' for phrase in PHRASES]),
    ):
        calls = [_search(query=query) for query in queries]
        yield Kind(name, calls, [_best(query) for query in queries])
    yield from _filters(connection)
    raw = [_newest(word) for word in COMMON]
    yield Kind("newest", [_search(query=word, sort="newest") for word in COMMON], raw)
    newest = [("SELECT id FROM entries ORDER BY ordered_at DESC LIMIT 10", ())]
    yield Kind("empty query", [_search(query="")], newest)
    queries = [*COMMON, *PAIRS]
    yield Kind("second page", [_next_page(host, query) for query in queries], [])
    yield Kind("latest_entries 7d", [("latest_entries", {"since": "7d"})], newest)


def _filters(connection: sqlite3.Connection) -> Iterator[Kind]:
    some = connection.execute(
        """
        SELECT e.feed_id, c.authors, c.tags
        FROM entries AS e JOIN contents AS c ON c.entry_id = e.id
        WHERE e.id IN (SELECT abs(random()) % (SELECT max(id) FROM entries) FROM contents LIMIT 10)
        """
    ).fetchall()
    authors = [row[1].splitlines()[0] for row in some]
    tags = [row[2].splitlines()[-1] for row in some]
    given: dict[str, list[dict[str, Any]]] = {
        "feed": [{"feed": row[0]} for row in some],
        "author": [{"author": author} for author in authors],
        "tag": [{"tag": tag} for tag in tags],
        "since and until": [{"since": "2020-01-01", "until": "2020-07-01"}, {"since": "30d"}],
    }
    matches = {
        "author": [f'("python") AND (authors : "{author}")' for author in authors],
        "tag": [f'("python") AND (tags : "{tag}")' for tag in tags],
    }
    for name, filters in given.items():
        calls = [_search(query="python", **each) for each in filters]
        raw = [(_BEST, (match,)) for match in matches.get(name, ['"python"'])]
        yield Kind(f'"python" by {name}', calls, raw)


def _rare_words(connection: sqlite3.Connection) -> list[str]:
    """Return words that few entries have."""
    rows = connection.execute(
        "SELECT text FROM contents WHERE entry_id % (SELECT 1 + max(id) / 60 FROM entries) = 1"
    ).fetchall()
    long = [max((w for w in text.split() if w.isalpha()), key=len, default="") for (text,) in rows]
    count = "SELECT count(*) FROM entries_index WHERE entries_index MATCH ?"
    words = [w for w in long if w and connection.execute(count, (f'"{w}"',)).fetchone()[0] <= 20]
    return words[:20] or COMMON


_BEST = (
    "SELECT rowid FROM entries_index WHERE entries_index MATCH ? "
    "ORDER BY bm25(entries_index, 6.0, 3.0, 3.0, 1.0) LIMIT 10"
)


_NEWEST = (
    "SELECT e.id FROM entries_index JOIN entries AS e ON e.id = entries_index.rowid "
    "WHERE entries_index MATCH ? ORDER BY e.ordered_at DESC LIMIT 10"
)


def _best(query: str) -> Raw:
    words = compile_query(query).words
    if query.startswith('"'):
        return _BEST, (query,)
    # Questions are hardly ever answered with all their words.
    return _BEST, ((" AND " if len(words) < 3 else " OR ").join(f'"{w}"' for w in words),)


def _newest(word: str) -> Raw:
    return _NEWEST, (f'"{word}"',)


def _search(**arguments: Any) -> Call:
    return "search_entries", arguments


def _next_page(host: Host, query: str) -> Call:
    found = host.call("search_entries", query=query)["structuredContent"]
    return _search(query=query, cursor=found["next_cursor"])


def _report_kind(kind: Kind, hosts: Mapping[str, Host], connection: sqlite3.Connection) -> None:
    for way, host in hosts.items():
        before = host.cpu_seconds()
        times = _timed(kind.calls, partial(_checked, host))
        _report_times(kind.name, way, times, (host.cpu_seconds() - before) / (len(times) + 1))
    raw = _timed(kind.raw, lambda sql: connection.execute(*sql).fetchall())
    if raw:
        _report_times(kind.name, "raw SQL", raw, None)


def _report_times(kind: str, way: str, times: Sequence[float], cpu: float | None) -> None:
    spent = "" if cpu is None else f"{cpu * 1000:.1f}"
    quantiles = " | ".join(f"{_quantile(times, share):.1f}" for share in (0.5, 0.95, 0.99))
    print(f"| {kind} | {way} | {spent} | {quantiles} | {len(times)} |", flush=True)


def _checked(host: Host, call: Call) -> None:
    result = host.call(call[0], **call[1])
    assert not result.get("isError"), result


def _timed(items: Sequence[Any], run: Callable[[Any], object]) -> list[float]:
    """Run all items in turn, a few times, and return the milliseconds that each took.

    The first run warms the caches up and does not count.
    """
    times: list[float] = []
    if not items:
        return times
    run(items[0])
    until = time.perf_counter() + MOST_SECONDS
    while len(times) < MOST_CALLS and (len(times) < FEWEST_CALLS or time.perf_counter() < until):
        began = time.perf_counter()
        run(items[len(times) % len(items)])
        times.append((time.perf_counter() - began) * 1000)
    return times


def _quantile(times: Sequence[float], share: float) -> float:
    return sorted(times)[int(len(times) * share)]


if __name__ == "__main__":
    main()
