"""Measures a large planet on a PostgreSQL server: copying, sizes, and what searches cost.

`python -m benchmarks.million --corpus FILE --server ADDRESS [--entries 1000000]`: the documents of
the corpus are stored in a file, as `benchmarks.scale` does, and copied to the empty database of
that address, whose user must be a superuser. There they are multiplied by SQL, as they are: so the
vocabulary does not grow, and each word is in as many times more entries. CPU seconds are those of
the server's processes (Linux, the server on this machine). No network.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.passes import prepare
from benchmarks.scale import COMMON, DOCUMENTS, PAIRS, PHRASES, build
from benchmarks.search_quality import QUESTIONS, lines
from planet_mcp.store import (
    DatabaseLimits,
    Filters,
    Limits,
    Store,
    compile_query,
    copy_database,
)
from planet_mcp.urls import ServerAddress
from tests.support.postgres import raw_connection

ROUNDS = 3
TICKS = os.sysconf("SC_CLK_TCK")
RARE = ("twine", "gevent", "pyodide", "zope", "waitress")
# No search is to be stopped, however busy the machine is.
PATIENT = Limits(database=DatabaseLimits(query_seconds=300.0))

_MULTIPLY = """
INSERT INTO entries (id, feed_id, key, story_id, ordered_at, published, updated, first_seen_at,
    url, canonical_url, words, teaser, title_derived, fingerprint, representative_id, credible_date)
SELECT id + {by}, feed_id, key || '-{by}', id + {by}, ordered_at - {copy}, published, updated,
    first_seen_at, url || '-{by}', canonical_url || '-{by}', words, teaser, title_derived,
    fingerprint, id + {by}, credible_date
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


def main() -> None:
    """Fill the database and measure it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--corpus", type=Path, required=True)
    options.add_argument("--server", type=ServerAddress, required=True)
    options.add_argument("--entries", type=int, default=1_000_000)
    given = options.parse_args()
    prepare()
    with closing(Store(given.server, limits=PATIENT)) as store:
        if not store.entries.newest_id():
            _copy(given.corpus, store)
        with raw_connection(given.server) as raw:
            _multiply(raw, given.entries)
            _print_sizes(raw)
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


def _queries() -> Iterator[tuple[str, list[str]]]:
    yield "rare word", list(RARE)
    yield "common word", COMMON
    yield "two common words", PAIRS
    yield "phrase", [f'"{phrase}"' for phrase in PHRASES]
    yield "question", [each["question"] for each in lines(QUESTIONS)][:20]


def _print_searches(store: Store, raw: Any) -> None:
    snapshot = store.entries.newest_id()
    print("| search | matches | p50 ms | p95 | CPU ms of the server |\n|---|---|---|---|---|")
    for name, queries in _queries():
        took, matches = [], []
        cpu = _cpu_seconds(raw)
        for query in queries * ROUNDS:
            began = time.perf_counter()
            parsed = compile_query(query)
            found = store.search.best(
                parsed,
                Filters(snapshot=snapshot, exclude=parsed.exclude),
                shown=(),
                limit=10,
                now=datetime.now(UTC),
            )
            took.append((time.perf_counter() - began) * 1_000)
            matches.append(found.total)
        cpu = (_cpu_seconds(raw) - cpu) / len(took) * 1_000
        took.sort()
        late = took[int(len(took) * 0.95)]
        print(
            f"| {name} | {median(matches):.0f} | {median(took):.0f} | {late:.0f} | {cpu:.0f} |",
            flush=True,
        )


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
