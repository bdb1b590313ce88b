"""Compares SQLite and PostgreSQL: what it costs to store entries and to search for them.

`python -m benchmarks.engines --corpus FILE --server ADDRESS --cache FOLDER [--entries 3000]`, where
`benchmarks.search_quality --corpus` has made its databases in the folder and on the server before.
Both engines take turns; the server is on this machine, reached by a socket, and does nothing else.
Linux only; no network.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from benchmarks.passes import cpu_seconds, prepare
from benchmarks.scale import COMMON, PAIRS, PHRASES, Copies, documents
from benchmarks.search_quality import QUESTIONS, named, remade
from planet_mcp.models import ParsedEntry, ParsedFeed, Subscription
from planet_mcp.settings import load
from planet_mcp.store import Filters, Store, compile_query
from planet_mcp.urls import ServerAddress
from tests.support.postgres import counted
from tests.support.recording import record_document

BATCH = 200


@dataclass
class Spent:
    """What calls took: CPU seconds here and in a server, and the milliseconds of each."""

    server_pid: int
    here: float = 0.0
    server: float = 0.0
    times: list[float] = field(default_factory=list)

    def measure(self, call: Callable[..., object], *values: object) -> None:
        """Call, and add what that took."""
        before, cpu, began = self._server(), time.thread_time(), time.perf_counter()
        call(*values)
        self.times.append((time.perf_counter() - began) * 1000)
        self.here += time.thread_time() - cpu
        self.server += self._server() - before

    def _server(self) -> float:
        return sum(cpu_seconds(self.server_pid))

    def __str__(self) -> str:
        calls, times = len(self.times) / 1000, sorted(self.times)
        return (
            f"{self.here / calls:.1f} + {self.server / calls:.1f} | {median(times):.0f} / "
            f"{times[int(len(times) * 0.95)]:.0f}"
        )


def main() -> None:
    """Measure what is given."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--corpus", type=Path, required=True)
    options.add_argument("--server", required=True, help="postgresql://… of any database there")
    options.add_argument("--cache", type=Path, required=True)
    options.add_argument("--entries", type=int, default=3_000)
    given = options.parse_args()
    prepare()
    copies = Copies(documents(given.corpus), given.entries)
    storing(copies, given.cache / "engines.sqlite", given.server)
    waiting(copies, given.server)
    databases = [str(given.cache / "corpus.sqlite"), named(given.server, "corpus")]
    searching(databases, postmaster(given.server))


def postmaster(server: str) -> int:
    """Return the id of the process that is the parent of all others of a server here."""
    import psycopg

    with psycopg.connect(server) as connection:
        # A pooler would give a number of its own for `info.backend_pid`.
        ((process,),) = connection.execute("SELECT pg_backend_pid()").fetchall()
        stat = Path(f"/proc/{process}/stat").read_text()
    return int(stat.rpartition(")")[2].split()[1])


def opened(database: str) -> Store:
    """Open a database, whichever engine it is on."""
    return Store(load(database=database).database)


def storing(copies: Copies, file: Path, server: str) -> None:
    """Store the same entries on both engines by turns, each batch as a document of a feed."""
    for old in file.parent.glob(f"{file.name}*"):
        old.unlink()
    with (
        closing(opened(str(file))) as lite,
        closing(opened(remade(server, "engines"))) as on_server,
    ):
        pid = postmaster(server)
        spent = {"SQLite": (lite, Spent(pid)), "PostgreSQL": (on_server, Spent(pid))}
        batches = copies.entries // BATCH
        for store, _ in spent.values():
            _follow(store, batches, copies.now)
        for number in range(batches):
            posts = tuple(copies.batch(number))
            for store, took in spent.values():
                took.measure(_bring, store, number + 1, posts, copies.now)
    for name, (_, took) in spent.items():
        both = took.here + took.server
        print(
            f"{name}: {copies.entries / both:.0f} entries per CPU second "
            f"({took.here:.1f} s here, {took.server:.1f} s in the server)"
        )


def _follow(store: Store, feeds: int, now: datetime) -> None:
    urls = [f"https://blog{number}.example.org/feed" for number in range(feeds)]
    store.feeds.subscribe(map(Subscription, urls), due_at=now)


def _bring(store: Store, feed: int, posts: Sequence[ParsedEntry], now: datetime) -> int:
    parsed = ParsedFeed(f"Blog {feed}", None, None, "en", tuple(posts))
    return record_document(store, feed, parsed, now=now)


def waiting(copies: Copies, server: str) -> None:
    """Count the round trips of documents of each kind."""
    posts = [*copies.batch(0), *copies.batch(1)]
    with (
        counted(ServerAddress(remade(server, "engines"))) as (way, waits),
        closing(Store(way)) as store,
    ):
        _follow(store, 2, copies.now)

        def trips(feed: int, count: int) -> int:
            before = waits()
            _bring(store, feed, posts[:count], copies.now)
            return waits() - before

        for count in range(10):  # until statements are prepared
            trips(1, count)
        print(
            f"round trips: {trips(1, 9)} of a document without news, {trips(1, 10)} with one, "
            f"{trips(1, 210)} with 200, {trips(2, 200)} with 200 that another feed had"
        )


def searching(databases: Sequence[str], pid: int) -> None:
    """Ask both engines by turns, twice, and print what the second time took."""
    print(
        "| ms a search | SQLite: CPU here + server | p50 / p95 | PostgreSQL: the same | p50 / p95 |"
    )
    print("|---|---|---|---|---|")
    stores = [opened(database) for database in databases]
    for name, queries in kinds():
        spent = [Spent(pid), Spent(pid)]
        for took in ([Spent(pid), Spent(pid)], spent):
            for query in queries:
                for store, own in zip(stores, took, strict=True):
                    own.measure(_ask, store, query)
        print(f"| {name} | {spent[0]} | {spent[1]} |", flush=True)
    for store in stores:
        store.close()


def kinds() -> Iterator[tuple[str, Sequence[str]]]:
    """Yield what is asked."""
    yield "a common word", COMMON
    yield "two words", PAIRS
    yield "a phrase", [f'"{phrase}"' for phrase in PHRASES]
    for name, file in (("a question", QUESTIONS), ("a name", QUESTIONS.with_name("names.jsonl"))):
        yield name, [json.loads(line)["question"] for line in file.read_text("utf-8").splitlines()]


def _ask(store: Store, typed: str) -> None:
    query = compile_query(typed)
    filters = Filters(store.entries.newest_id(), exclude=query.exclude)
    store.search.best(query, filters, shown=(), limit=10, now=datetime.now(UTC))


if __name__ == "__main__":
    main()
