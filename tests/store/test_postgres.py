"""What differs on a PostgreSQL server: the way to it, its limits, several that write at once."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from planet_mcp.errors import (
    DatabaseAccessError,
    NewerDatabaseError,
    SlowQueryError,
    StoreError,
)
from planet_mcp.models import Content, ParsedFeed, Subscription
from planet_mcp.settings import load
from planet_mcp.store import (
    Filters,
    Found,
    Limits,
    RefreshLease,
    SearchLimits,
    Store,
    compile_query,
)
from planet_mcp.store.db.postgres.expressions import compiled
from planet_mcp.text.likeness import signature
from planet_mcp.urls import ServerAddress
from tests.store.test_database import NOW, OLD_KEY, entry, fill, found
from tests.support.postgres import counted, new_database, raw_connection
from tests.support.programs import PATIENCE_SECONDS
from tests.support.recording import record_document


@pytest.fixture
def address() -> ServerAddress:
    return new_database()


@pytest.fixture
def store(address: ServerAddress) -> Iterator[Store]:
    with closing(Store(address)) as opened:
        yield opened


HOSTS = "127.0.0.1:1,127.0.0.1:2/planet"
WITH_SECRETS = {
    f"postgresql://planet:swordfish@{HOSTS}": f"postgresql://planet@{HOSTS}",
    f"postgres://planet:swordfish%2F@{HOSTS}?sslmode=prefer": f"postgresql://planet@{HOSTS}",
    f"postgresql://{HOSTS}?user=planet&password=swordfish": f"postgresql://{HOSTS}",
    f"postgresql://planet:swordfish@{HOSTS}?sslmod=x": f"postgresql://planet@{HOSTS}",
    f"postgresql://planet:swordfish/x@{HOSTS}": "postgresql://…",
    f"postgresql://planet:x@swordfish@{HOSTS}": "postgresql://…",
    f"postgresql://planet:x?swordfish@{HOSTS}": "postgresql://…",
    f"postgresql://{HOSTS}?password=x@swordfish": "postgresql://…",
}


@pytest.mark.parametrize("uri", WITH_SECRETS)
def test_no_password_is_shown_anywhere(uri: str) -> None:
    address = load(database=uri).database
    with pytest.raises(StoreError, match="cannot be used") as raised:
        Store(address)
    for text in (str(address), repr(address), str(raised.value), repr(raised.value)):
        assert "swordfish" not in text
    assert str(address) == WITH_SECRETS[uri]
    assert raised.value.__cause__ is None


def test_a_server_that_is_not_there_is_said_with_what_to_do() -> None:
    with pytest.raises(DatabaseAccessError, match="Look whether the server runs"):
        Store(ServerAddress(f"postgresql://{HOSTS}"))


def test_no_driver_is_loaded_where_no_server_is_named(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from planet_mcp.store import Store; "
        "Store(Path(sys.argv[1])).close(); sys.exit('psycopg' in sys.modules)"
    )
    path = str(tmp_path / "planet.sqlite")
    assert subprocess.run([sys.executable, "-c", program, path], check=False).returncode == 0


def test_without_a_driver_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "planet_mcp.store.db.postgres", None)
    with pytest.raises(StoreError, match=r"pip install 'planet-mcp\[postgres\]'"):
        Store(ServerAddress("postgresql://localhost/planet"))


def test_newer_tables_are_refused_and_left_as_they_are(address: ServerAddress) -> None:
    with raw_connection(address) as raw:
        raw.execute("UPDATE planet_mcp.steps SET applied = 99")
        with pytest.raises(NewerDatabaseError, match=r"tables 99.*Update planet-mcp"):
            Store(address)
        assert raw.execute("SELECT applied FROM planet_mcp.steps").fetchall() == [(99,)]


def test_an_upgrade_gives_entries_the_keys_of_their_pages(address: ServerAddress) -> None:
    with closing(Store(address)) as store:
        fill(store, entry("b"), entry("a", url=f"https://{OLD_KEY}"))
    with raw_connection(address) as raw:
        raw.execute("UPDATE planet_mcp.entries SET canonical_url = %s WHERE key = 'a'", (OLD_KEY,))
        raw.execute("UPDATE planet_mcp.steps SET applied = applied - 1")
    with closing(Store(address)) as store:
        assert store.entries.find("https://m.blog.example.org/a/") == 1
        assert store.entries.find("https://blog.example.org/b") == 2


def test_many_may_start_on_an_empty_database(address: ServerAddress) -> None:
    with raw_connection(address) as raw:
        raw.execute("DROP SCHEMA planet_mcp CASCADE")
    with ThreadPoolExecutor(4) as threads:
        stores = list(threads.map(Store, [address] * 4))
    assert len({store.identity() for store in stores}) == 1
    for store in stores:
        store.close()


def test_what_the_server_has_no_room_for_is_stored_all_the_same(store: Store) -> None:
    long = " ".join(f"word{number}" for number in range(250_000))
    content = Content(markdown=long, text=long, excerpt="", words=250_000)
    key = "k" * 20_000
    entries = [
        entry(key, "a\0b nought", url=f"https://blog.example.org/{key}"),
        entry("long", content=content),
    ]
    assert fill(store, *entries) == 2
    assert [found(store, word) for word in ("nought", "word7", "word9999")] == [1, 1, 1]
    assert fill(store, *entries) == 0
    assert store.health.problems() == []


MOST_WAITS = 4


def test_the_server_is_waited_for_four_times_an_entry_or_less(address: ServerAddress) -> None:
    posts = range(50)
    with counted(address) as (way, waits), closing(Store(way)) as store:
        for feed in (1, 2):  # the second one brings each post of the first one again
            store.feeds.subscribe([Subscription(f"https://{feed}.example/feed")], due_at=NOW)
            documents = tuple(_post(number, feed) for number in posts)
            parsed = ParsedFeed(f"Blog {feed}", None, None, None, documents)
            before = waits()
            assert record_document(store, feed, parsed, now=NOW) == len(posts)
            assert waits() - before <= MOST_WAITS * len(posts)
        with store.database.reading() as connection:
            ((stories,),) = connection.execute("SELECT count(DISTINCT story_id) FROM entries")
    assert stories == len(posts)


TEXTS = {
    "Templates in C++ and C": "Metaprogramming with C++20, and no Python.",
    "Python 3.14 is out": "The release of Python 3.14 has free-threading and better errors.",
    "Structured concurrency": "A BaseTaskGroup of asyncio cancels its tasks; TaskGroup is one.",
    "Free threading at last": "Without the GIL, threads run free. Python is free of it.",
    "今日はPythonについて": "非同期処理とasyncioの話です。",
    "Snakes": "A python is a snake, and snakes bite. The words stand together: memory leak found.",
    "Leaks": "Memory is lost where a pipe has a leak. No metaprogramming.",
    "Das Straßencafé": "Ein Café an der Straße; naïve façade.",
    "Packaging packages": "Packaged with uv, pytest and os.path, __slots__ and --jobs.",
    "Odd ' quotes \\ and % signs": '100% of ?: and :name, it\'s "quoted" here.',
}
QUERIES = (
    *("C++", "3.14", "BaseTaskGroup", "task group", "free threading", "freethreading", "今日"),
    *("asyncio", '"memory leak"', "memory leak", "pack*", "python -snake", "leak OR threads"),
    *("straße cafe", "os.path", "__slots__", "--jobs", "it's quoted", "100%", "what is the GIL?"),
    *("python release errors", "nothing of that", "snake's", "a" * 3_000),
)


@pytest.mark.parametrize(
    "narrowed", [{}, {"author": "Ann Author"}, {"tag": "odd"}, {"feeds": (1,)}]
)
def test_search_finds_the_same_as_on_sqlite(
    store: Store, tmp_path: Path, narrowed: dict[str, Any]
) -> None:
    with closing(Store(tmp_path / "planet.sqlite")) as file:
        for each in (store, file):
            fill(
                each,
                *(
                    entry(
                        str(number),
                        title=title,
                        authors=("Ann Author",) if number % 2 else ("Bob",),
                        tags=("odd",) if number % 3 else ("even",),
                        content=Content(markdown=text, text=text, excerpt=text, words=9),
                    )
                    for number, (title, text) in enumerate(TEXTS.items())
                ),
            )
        for typed in QUERIES:
            assert _found(store, typed, narrowed) == _found(file, typed, narrowed), typed
        for word in ("snakse", "pythn", "asynco", "metaprogamng"):
            meant = [each.spelling.meant(word, snapshot=10) for each in (store, file)]
            assert meant[0] == meant[1]


def _found(store: Store, typed: str, narrowed: dict[str, Any]) -> list[object]:
    query, filters = compile_query(typed), Filters(snapshot=10, exclude=None, **narrowed)
    filters = replace(filters, exclude=query.exclude)
    best = store.search.best(query, filters, shown=(), limit=20, now=NOW)
    newest = store.search.newest(query, filters, before=None, limit=20)
    return [
        best.total,
        best.strict,
        sorted(hit.id for hit in best.hits),
        [(hit.id, hit.title, hit.snippet) for hit in newest.hits],
    ]


_FEW = Limits(search=SearchLimits(scored=200, counted=50))


@pytest.mark.parametrize("typed", ["fox", '"quick fox"', "quick fox", "fox brown lazy dog"])
def test_of_very_many_matches_the_newest_are_scored(address: ServerAddress, typed: str) -> None:
    texts = ["the quick fox and the brown lazy dog" if n % 4 else f"cat{n}" for n in range(400)]
    with closing(Store(address, limits=_FEW)) as store, raw_connection(address) as raw:
        fill(store, *(entry(f"note {n}", text) for n, text in enumerate(texts)))
        # A server that has not looked at the words has all of them counted.
        found = [_best(store, typed)]
        raw.execute("ANALYZE planet_mcp.entry_words")
    with closing(Store(address, limits=_FEW)) as store:
        found.append(_best(store, typed))
        # Ids that are skipped after a failover are no matches.
        with raw_connection(address) as raw:
            raw.execute("SET search_path = planet_mcp; SELECT skip_ids(100000)")
        fill(store, entry("last", texts[1]))
    with closing(Store(address, limits=_FEW)) as store:
        found.append(_best(store, typed))
    for each, newest in zip(found, (400, 400, 100_401), strict=True):
        assert (each.total, each.strict) == (300 + (newest > 400),) * 2
        # Not all are scored: about 200 of single words.
        assert all(hit.id > 100 for hit in each.hits)
        assert len(each.hits) == 20


@pytest.mark.parametrize(("days", "found"), [(10, 10), (100, 100), (400, 300)])
def test_of_very_many_matches_in_a_period_its_newest_are_scored(
    address: ServerAddress, days: int, found: int
) -> None:
    # The first one is the newest, as in archives.
    times = [NOW - timedelta(days=n, hours=1) for n in range(400)]
    texts = ["the quick fox" if n < 300 else f"cat{n}" for n in range(400)]
    with closing(Store(address, limits=_FEW)) as store:
        entries = zip(texts, times, strict=True)
        fill(store, *(entry(f"{n}", text, published=at) for n, (text, at) in enumerate(entries)))
        filters = Filters(400, since=NOW - timedelta(days=days))
        best = store.search.best(compile_query("fox"), filters, shown=(), limit=20, now=NOW)
        times = store.search.times(compile_query("fox"), filters, most=1_000)
    assert best.total == min(found, len(times))
    # Of more than 200, about so many are enough.
    assert len(times) == found if found <= 200 else 200 <= len(times) < found
    assert times == sorted(times, reverse=True)[: len(times)]
    assert all(int(hit.title) < len(times) for hit in best.hits)
    assert len(best.hits) == min(found, 20)


@pytest.mark.parametrize("typed", ["fox", "quick fox"])
def test_what_has_become_rare_is_found_among_the_older(address: ServerAddress, typed: str) -> None:
    texts = ["the quick fox"] * 200 + ["a cat"] * 200
    with closing(Store(address, limits=_FEW)) as store, raw_connection(address) as raw:
        fill(store, *(entry(f"note {n}", text) for n, text in enumerate(texts)))
        raw.execute("ANALYZE planet_mcp.entry_words")
        found = _best(store, typed)
    assert (found.total, len(found.hits)) == (200, 20)


def _best(store: Store, typed: str) -> Found:
    filters = Filters(store.entries.newest_id())
    return store.search.best(compile_query(typed), filters, shown=(), limit=20, now=NOW)


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_what_stands_near_together_comes_first(engine: str, database: Any) -> None:
    words, others = "alpha beta gamma delta".split(), [f"word{number}" for number in range(60)]
    near = " ".join([*others[:57], *(f"{word} so" for word in words)])
    apart = " ".join(
        f"{word} so {' '.join(others[20 * at :][:20])}" for at, word in enumerate(words)
    )
    with closing(Store(database)) as store:
        fill(store, entry("near", near), entry("apart", apart))
        query = compile_query(" ".join(words))
        found = store.search.best(query, Filters(snapshot=2), shown=(), limit=2, now=NOW)
    assert [hit.title for hit in found.hits] == ["near", "apart"]


def test_an_expression_that_cannot_be_written_is_refused_and_not_taken_in_part() -> None:
    assert compiled('("fox") NOT ("hen" OR "egg")').query == "('fox' & !(('hen' | 'egg')))"
    with pytest.raises(ValueError, match="no expression of FTS5"):
        compiled('("fox") WITHOUT ("hen")')


def test_what_can_be_mended_is_found_said_and_mended(store: Store) -> None:
    fill(store, entry("a"), entry("b", "banana"))
    with raw_connection(store.path) as raw:
        raw.execute(
            "SET search_path = planet_mcp; UPDATE feeds SET entries = 99; "
            "DELETE FROM entry_words; UPDATE last_ids SET entry_id = 1; "
            "UPDATE entries SET representative_id = 99 WHERE id = 1"
        )
    assert found(store, "banana") == 0
    assert len(store.health.problems()) == 4
    repaired = store.health.repair()
    assert len(repaired.found) == 4
    assert repaired.left == []
    assert fill(store, entry("c", "cherry")) == 1
    assert [found(store, word) for word in ("banana", "cherry")] == [1, 1]


def test_a_question_that_takes_too_long_is_stopped(store: Store) -> None:
    with (
        pytest.raises(SlowQueryError, match="Ask for less"),
        store.database.reading(seconds=0.05) as connection,
    ):
        connection.execute("SELECT pg_sleep(60)")
    assert store.entries.newest_id() == 0


def test_reading_and_writing_go_on_after_all_connections_were_cut(store: Store) -> None:
    fill(store, entry("a"))
    with raw_connection(store.path) as raw:
        raw.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert store.entries.newest_id() == 1
    assert fill(store, entry("b")) == 1


@pytest.mark.parametrize("pooled", [False, True])
def test_nothing_is_prepared_where_a_pooler_may_lend_another_session(
    address: ServerAddress, pooled: bool
) -> None:
    with counted(address, pooled=pooled) as (way, _), closing(Store(way)) as store:
        for number in range(5):
            fill(store, entry(f"{number}"))
        with store.database.reading() as connection:
            ((prepared,),) = connection.tuples("SELECT count(*) FROM pg_prepared_statements", ())
    assert (prepared == 0) == pooled


def _post(number: int, feed: int) -> Any:
    text = " ".join(f"fox{number} jumps {word}" for word in range(40))
    return entry(f"{feed}-{number}", text, title=f"Post {number}", signature=signature(text))


def test_who_writes_at_once_joins_stories_and_hides_nothing_from_a_reader(
    address: ServerAddress, store: Store
) -> None:
    feeds, posts = (1, 2, 3), range(12)
    store.feeds.subscribe([Subscription(f"https://{f}.example/feed") for f in feeds], due_at=NOW)
    written, seen = threading.Event(), list[int]()

    def write(feed: int) -> None:
        with closing(Store(address)) as own:
            for number in posts:
                parsed = ParsedFeed(f"Blog {feed}", None, None, None, (_post(number, feed),))
                record_document(own, feed, parsed, now=NOW)

    def read() -> None:
        while True:
            last = written.is_set()
            with store.database.reading() as connection:
                rows = connection.execute(
                    "SELECT id FROM entries WHERE id > ? ORDER BY id", (seen[-1] if seen else 0,)
                )
                seen.extend(row[0] for row in rows)
            if last:
                return

    reader = threading.Thread(target=read)
    reader.start()
    with ThreadPoolExecutor(len(feeds)) as threads:
        assert list(threads.map(write, feeds)) == [None] * len(feeds)
    written.set()
    reader.join(PATIENCE_SECONDS)

    assert seen == list(range(1, len(feeds) * len(posts) + 1))
    with store.database.reading() as connection:
        stories = connection.execute("SELECT count(DISTINCT story_id) FROM entries").fetchone()[0]
    assert stories == len(posts)


def _lease(store: Store) -> RefreshLease:
    assert store.sharing is not None
    return store.sharing.lease()


def test_one_process_has_the_lease_until_it_gives_it_back_or_does_not_renew_it(
    address: ServerAddress, store: Store
) -> None:
    with closing(Store(address, limits=Limits(claim_seconds=0.1))) as brief:
        one, other = _lease(store), _lease(brief)
        assert not one.is_taken()
        assert one.acquire()
        assert one.acquire()
        assert not other.acquire()
        assert other.holder() == os.getpid()
        one.release()
        assert one.held
        one.release()
        assert other.acquire()
        brief.close()

        waited = threading.Event()
        while other.held or not one.acquire():
            waited.wait(0.01)
        assert not other.acquire()
        one.release()


def test_a_claim_is_renewed_for_as_long_as_it_is_needed(address: ServerAddress) -> None:
    until = "SELECT until FROM planet_mcp.claims"
    with closing(Store(address, limits=Limits(claim_seconds=0.3))) as brief:
        lease = _lease(brief)
        assert lease.acquire()
        with raw_connection(address) as raw:
            first = raw.execute(until).fetchone()
            waited = threading.Event()
            while raw.execute(until).fetchone() == first:
                waited.wait(0.01)
            lease.release()
            assert raw.execute(until).fetchone() is None
