"""Measures how near a search is to what SQLite itself needs: CPU time beside raw bm25, in turn.

`python -m benchmarks.floor --database FILE [--questions FILE]`: a database as `benchmarks.scale`
or `benchmarks.search_quality` leave it. The search is that of `search_entries` in this process,
with its answer, and raw SQL the best ten rows that have any of its words. No network.
"""

import argparse
import gc
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

from benchmarks.peers import WORDS
from benchmarks.scale import COMMON, PAIRS
from benchmarks.search_quality import QUESTIONS, lines
from planet_mcp.planet import Reading, search_entries
from planet_mcp.requests import SearchRequest
from planet_mcp.store import Store, compile_query

ROUNDS, MOST_QUESTIONS = 5, 30
_BEST = (
    "SELECT rowid FROM entries_index WHERE entries_index MATCH ? "
    "ORDER BY bm25(entries_index, 3.0, 2.0, 2.0, 1.0, 1.0, 1.0) LIMIT 10"
)


def main() -> None:
    """Measure words, pairs of words and questions."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--database", type=Path, required=True)
    options.add_argument("--questions", type=Path, default=QUESTIONS)
    given = options.parse_args()
    asked = [each["question"] for each in lines(given.questions)][:MOST_QUESTIONS]
    kinds = {
        "words of made-up feeds": WORDS,
        "words": COMMON,
        "pairs of words": PAIRS,
        "questions": asked,
        "with a period": [f"{question.rstrip('?')} this month?" for question in asked[:10]],
    }
    print("| CPU ms, p50 / p95 | raw bm25 | search | sum of it / of raw |\n|---|---|---|---|")
    with closing(Store(given.database)) as store, closing(_plain(given.database)) as plain:
        # As a server does when it is ready.
        gc.collect()
        gc.freeze()
        for name, queries in kinds.items():
            print(f"| {name} | {_compared(store, plain, queries)} |", flush=True)


def _plain(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)


def _compared(store: Store, plain: sqlite3.Connection, queries: Sequence[str]) -> str:
    def search(query: str) -> None:
        with store.view():
            search_entries(Reading(store, datetime.now(UTC)), SearchRequest(query))

    def raw(query: str) -> None:
        asked = compile_query(query)
        plain.execute(_BEST, (asked.relaxed or asked.strict,)).fetchall()

    for query in queries:
        search(query)
        raw(query)
    both = [(_timed(raw, query), _timed(search, query)) for query in [*queries] * ROUNDS]
    floor, ours = zip(*both, strict=True)
    return f"{_spread(floor)} | {_spread(ours)} | {sum(ours) / sum(floor):.2f}"


def _timed(run: Callable[[str], None], query: str) -> float:
    began = time.thread_time()
    run(query)
    return (time.thread_time() - began) * 1000


def _spread(times: Sequence[float]) -> str:
    return f"{median(times):.1f} / {quantiles(times, n=20)[-1]:.1f}"


if __name__ == "__main__":
    main()
