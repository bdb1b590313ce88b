"""Measures a large planet on a PostgreSQL server: copying, sizes, what searches and storing cost.

`python -m benchmarks.million --corpus FILE --server ADDRESS [--entries 1000000] [--store 0]
[--writers 1]`: the documents of the corpus are stored in a file, as `benchmarks.scale` does, and
copied to the empty database of that address, whose user must be a superuser. There they are
multiplied by SQL, as they are: so the vocabulary does not grow, and each word is in as many times
more entries. At the end so many new entries are stored, as feeds bring them, by some processes at
once; each fifth has the words of a document that is there already, so that it is the same story.
CPU seconds of the server are those of its processes (Linux, the server on this machine). No
network.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from types import MappingProxyType
from typing import Any, NamedTuple

from benchmarks.engines import postmaster
from benchmarks.passes import cpu_seconds, prepare
from benchmarks.scale import BATCH, COMMON, DOCUMENTS, PAIRS, PHRASES, Copies, build, documents
from benchmarks.search_quality import QUESTIONS, lines
from planet_mcp.models import ParsedEntry, ParsedFeed, Subscription
from planet_mcp.store import (
    DatabaseLimits,
    Filters,
    Found,
    Limits,
    Store,
    compile_query,
    copy_database,
)
from planet_mcp.urls import ServerAddress
from tests.support.postgres import raw_connection
from tests.support.recording import record_document

ROUNDS, APART = 3, 37
TICKS = os.sysconf("SC_CLK_TCK")
RARE = ("twine", "gevent", "pyodide", "zope", "waitress")
# No search is to be stopped, however busy the machine is.
PATIENT = Limits(database=DatabaseLimits(query_seconds=300.0))

_MULTIPLY = """
INSERT INTO entries (id, feed_id, key, story_id, ordered_at, published, updated, first_seen_at,
    url, canonical_url, words, teaser, title_derived, fingerprint, representative_id, credible_date,
    title_key, minhash_a, minhash_b)
SELECT id + {by}, feed_id, key || '-{by}', id + {by}, ordered_at - {copy}, published, updated,
    first_seen_at, url || '-{by}', canonical_url || '-{by}', words, teaser, title_derived,
    fingerprint, id + {by}, credible_date,
    hashint8extended(id + {by}, 1), hashint8extended(id + {by}, 2), hashint8extended(id + {by}, 3)
FROM entries WHERE id <= {documents};
INSERT INTO contents (entry_id, title, authors, tags, excerpt, text, markdown, heading, feed, terms)
SELECT entry_id + {by}, title, authors, tags, excerpt, text, markdown, heading, feed, terms
FROM contents WHERE entry_id <= {documents};
INSERT INTO entry_words SELECT rowid + {by}, size, words FROM entry_words WHERE rowid <= {documents}
"""
_SIZES = """
SELECT c.relname, pg_table_size(c.oid), pg_indexes_size(c.oid)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'planet_mcp' AND c.relkind = 'r'
ORDER BY pg_total_relation_size(c.oid) DESC LIMIT 3
"""
_NEW_FEEDS = "SELECT id FROM planet_mcp.feeds ORDER BY id DESC LIMIT %s"
_NEW_ENTRIES = """
SELECT count(*), count(*) FILTER (WHERE story_id <> id) FROM planet_mcp.entries WHERE id > %s
"""


def main() -> None:
    """Fill the database and measure it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--corpus", type=Path, required=True)
    options.add_argument("--server", type=ServerAddress, required=True)
    options.add_argument("--entries", type=int, default=1_000_000)
    options.add_argument("--store", type=int, default=0, help="so many new entries")
    options.add_argument("--writers", type=int, default=1, help="processes that store them")
    given = options.parse_args()
    prepare()
    with closing(Store(given.server, limits=PATIENT)) as store:
        if not store.entries.newest_id():
            _copy(given.corpus, store)
        with raw_connection(given.server) as raw:
            _multiply(raw, given.entries)
            _print_sizes(raw)
            if given.store:
                _print_storing(store, raw, given)
            else:
                _print_searches(store, raw)


def _copy(corpus: Path, store: Store) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "planet.sqlite"
        build(corpus, file, DOCUMENTS)
        with closing(Store(file)) as source:
            began, cpu = time.perf_counter(), time.process_time()
            copied = copy_database(source.database, store.database, progress=lambda *_: None)
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    entries = copied.rows["entries"]
    print(f"copied {entries} entries in {seconds:.0f} s, {cpu:.0f} CPU s of the client", flush=True)


def _multiply(raw: Any, entries: int) -> None:
    raw.execute("SET search_path = planet_mcp, pg_catalog; SET session_replication_role = replica")
    (there,) = raw.execute("SELECT count(*) FROM entries").fetchone()
    if there >= entries:
        return
    raw.execute("DROP INDEX IF EXISTS entry_words_of_all")
    for copy in range(there // DOCUMENTS, -(-entries // DOCUMENTS)):
        by = copy * DOCUMENTS
        raw.execute(_MULTIPLY.format(by=by, copy=copy, documents=DOCUMENTS))
        print(f"{by + DOCUMENTS} entries", flush=True)
    began = time.perf_counter()
    raw.execute("SET maintenance_work_mem = '1GB'")
    raw.execute("CREATE INDEX entry_words_of_all ON entry_words USING gin (words)")
    print(f"the index of words was made in {time.perf_counter() - began:.0f} s", flush=True)
    raw.execute("UPDATE last_ids SET entry_id = (SELECT max(id) FROM entries)")
    raw.execute("VACUUM ANALYZE")


def _print_sizes(raw: Any) -> None:
    (size,) = raw.execute("SELECT pg_database_size(current_database())").fetchone()
    (entries,) = raw.execute("SELECT count(*) FROM planet_mcp.entries").fetchone()
    print(f"{entries} entries, {size / 1e6:.0f} MB, {size / entries:.0f} bytes an entry")
    for name, table, indexes in raw.execute(_SIZES):
        print(f"{name}: {table / 1e6:.0f} MB, its indexes {indexes / 1e6:.0f} MB")


class _Kind(NamedTuple):
    name: str
    queries: Sequence[str]
    narrowed: Mapping[str, Any] = MappingProxyType({})
    by_time: bool = False


def _kinds() -> Iterator[_Kind]:
    now = datetime.now(UTC)
    yield _Kind("rare word", RARE)
    yield _Kind("common word", COMMON)
    yield _Kind("two common words", PAIRS)
    yield _Kind("phrase", [f'"{phrase}"' for phrase in PHRASES])
    yield _Kind("question", [each["question"] for each in lines(QUESTIONS)][:20])
    yield _Kind("common word, 30 days", COMMON, {"since": now - timedelta(days=30)})
    yield _Kind("common word, a year", COMMON, {"since": now - timedelta(days=365)})
    yield _Kind("common word, of a feed", COMMON, {"feeds": (7,)})
    yield _Kind("common word, the newest", COMMON, by_time=True)


def _print_searches(store: Store, raw: Any) -> None:
    snapshot = store.entries.newest_id()
    print("| search | matches | p50 ms | p95 | CPU ms of the server |\n|---|---|---|---|---|")
    for kind in _kinds():
        took, matches = [], []
        cpu = _cpu_seconds(raw)
        for query in [*kind.queries] * ROUNDS:
            began = time.perf_counter()
            found = _found(store, kind, query, snapshot)
            took.append((time.perf_counter() - began) * 1_000)
            matches.append(found.total)
        cpu = (_cpu_seconds(raw) - cpu) / len(took) * 1_000
        took.sort()
        late = took[int(len(took) * 0.95)]
        figures = median(matches), median(took), late, cpu
        print(f"| {kind.name} | {' | '.join(f'{each:.0f}' for each in figures)} |", flush=True)


def _found(store: Store, kind: _Kind, query: str, snapshot: int) -> Found:
    parsed = compile_query(query)
    filters = Filters(snapshot=snapshot, exclude=parsed.exclude, **kind.narrowed)
    if kind.by_time:
        return store.search.newest(parsed, filters, before=None, limit=10)
    now = datetime.now(UTC)
    return store.search.best(parsed, filters, shown=(), limit=10, now=now)


def _print_storing(store: Store, raw: Any, given: argparse.Namespace) -> None:
    newest, now = store.entries.newest_id(), datetime.now(UTC)
    urls = [
        f"https://new{newest + number}.example.org/feed" for number in range(given.store // BATCH)
    ]
    store.feeds.subscribe(map(Subscription, urls), due_at=now)
    feeds = [row[0] for row in raw.execute(_NEW_FEEDS, (len(urls),)).fetchall()]
    brought = _brought(given.corpus, newest // BATCH + 1, feeds)
    shares = [brought[each :: given.writers] for each in range(given.writers)]
    with ProcessPoolExecutor(given.writers, get_context("spawn")) as processes:
        for each in [processes.submit(prepare) for _ in shares]:
            each.result()
        cpu = sum(cpu_seconds(postmaster(given.server.uri)))
        took = list(processes.map(_stored, [given.server] * given.writers, shares))
    cpu = sum(cpu_seconds(postmaster(given.server.uri))) - cpu
    begins, ends, here = zip(*took, strict=True)
    ((entries, joined),) = raw.execute(_NEW_ENTRIES, (newest,)).fetchall()
    (commit,) = raw.execute("SHOW synchronous_commit").fetchone()
    print(
        f"{entries} entries, {joined} of stories that were there, by {given.writers} at once: "
        f"{entries / (max(ends) - min(begins)):.0f} a second, {sum(here):.1f} CPU s here and "
        f"{cpu:.1f} in the server, synchronous_commit {commit}"
    )


def _brought(corpus: Path, first: int, feeds: Sequence[int]) -> list[tuple[int, ParsedFeed]]:
    """Make documents of entries that are new, each fifth with the words of one that is there."""
    # Apart from each other, as neighbours in the corpus are of one source.
    numbers = [number * APART for number in range(first, first + len(feeds))]
    copies = Copies(documents(corpus), (numbers[-1] + 1) * BATCH)
    return [
        (feed, ParsedFeed(f"New {feed}", None, None, "en", tuple(_mixed(copies, number))))
        for feed, number in zip(feeds, numbers, strict=True)
    ]


def _mixed(copies: Copies, number: int) -> Iterator[ParsedEntry]:
    there = copies.batch(number % (DOCUMENTS // BATCH))
    for place, (new, old) in enumerate(zip(copies.batch(number), there, strict=True)):
        yield new if place % 5 else replace(old, key=new.key, url=new.url)


def _stored(
    server: ServerAddress, brought: Sequence[tuple[int, ParsedFeed]]
) -> tuple[float, float, float]:
    """Store documents; return when that began and ended, and the CPU seconds here."""
    with closing(Store(server)) as store:
        began, cpu = time.time(), time.process_time()
        for feed, document in brought:
            record_document(store, feed, document, now=datetime.now(UTC))
        return began, time.time(), time.process_time() - cpu


def _cpu_seconds(raw: Any) -> float:
    """Return the CPU time of the server's processes that serve this database."""
    pids = raw.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
    total = 0
    for (pid,) in pids.fetchall():
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


if __name__ == "__main__":
    main()
