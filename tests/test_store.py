"""The database file: first start, upgrade, refusal, faults."""

import hashlib
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlite_utils import Database as SqliteUtilsDatabase

from planet_mcp import schema
from planet_mcp.errors import ForeignDatabaseError, NewerDatabaseError, StoreError
from planet_mcp.likeness import signature
from planet_mcp.models import Content, ParsedEntry, ParsedFeed, Subscription, Validators
from planet_mcp.query import compile_query
from planet_mcp.store import Filters, Outcome, Store
from planet_mcp.store.database import journal_mode

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
URL = "https://blog.example.org/feed"


def entry(key: str, text: str = "some text", **more: object) -> ParsedEntry:
    values: dict[str, object] = {
        "key": key,
        "url": f"https://blog.example.org/{key}",
        "title": key,
        "title_derived": False,
        "authors": (),
        "tags": (),
        "published": NOW,
        "updated": None,
        "content": Content(markdown=text, text=text, excerpt=text, words=2),
        "teaser": False,
        "fingerprint": hashlib.sha256(f"{key} {text}".encode()).hexdigest(),
    }
    return ParsedEntry(**{**values, **more})  # type: ignore[arg-type]


def fill(store: Store, *entries: ParsedEntry, feed_id: int = 1) -> int:
    store.feeds.subscribe([Subscription(URL)], due_at=NOW)
    parsed = ParsedFeed("Blog", None, None, None, entries)
    saved = store.feeds.record_document(
        feed_id, parsed, Outcome(NOW, NOW), validators=Validators(URL, '"1"'), body_hash="x"
    )
    return saved.new


def found(store: Store, word: str) -> int:
    filters = Filters(snapshot=store.entries.newest_id())
    return store.search.best(compile_query(word), filters, shown=(), limit=5, now=NOW).total


def integrity(path: Path) -> None:
    """Fail unless the tables and the index agree."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.execute(
            "INSERT INTO entries_index (entries_index, rank) VALUES ('integrity-check', 1)"
        )


def test_what_was_stored_is_there_after_a_restart(database: Path) -> None:
    store = Store(database)
    assert fill(store, entry("a"), entry("b")) == 2
    identity = store.identity()
    store.close()

    store = Store(database)

    assert found(store, "text") == 2
    assert store.identity() == identity
    store.close()
    integrity(database)


def test_the_index_follows_every_change(database: Path) -> None:
    store = Store(database)
    fill(store, entry("a", "apple"), entry("b", "banana"))
    fill(store, entry("a", "apricot"))
    assert [found(store, word) for word in ("apple", "apricot", "banana")] == [0, 1, 1]

    store.feeds.unsubscribe([1], delete_entries=True)

    assert found(store, "apricot") == 0
    store.close()
    integrity(database)


def test_the_first_feeds_are_subscribed_once_only(database: Path) -> None:
    store = Store(database)
    assert store.feeds.seed([Subscription(URL)], now=NOW)
    store.feeds.unsubscribe([1], delete_entries=False)
    assert not store.feeds.seed([Subscription(URL)], now=NOW)
    assert store.feeds.subscribed(now=NOW) == []
    store.close()


def test_ids_are_never_given_out_twice(database: Path) -> None:
    store = Store(database)
    fill(store, entry("a"))
    store.feeds.unsubscribe([1], delete_entries=True)
    fill(store, entry("a"))
    assert store.entries.newest_id() == 2
    store.close()


def test_a_newer_database_is_refused_and_left_as_it_is(database: Path) -> None:
    Store(database).close()
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = database.read_bytes()

    with pytest.raises(NewerDatabaseError, match="Update planet-mcp"):
        Store(database)

    assert database.read_bytes() == before


@pytest.mark.parametrize("kind", ["text", "sqlite"])
def test_a_foreign_file_is_refused_and_left_as_it_is(database: Path, kind: str) -> None:
    if kind == "text":
        database.write_text("Dear diary, " * 100)
    else:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("CREATE TABLE diary (day TEXT)")
    before = database.read_bytes()

    with pytest.raises(ForeignDatabaseError, match="left as it is"):
        Store(database)

    assert database.read_bytes() == before


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is a folder"):
        Store(tmp_path)


def test_a_database_that_cannot_be_created_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="PLANET_MCP_DATABASE"):
        Store(tmp_path / "file" / "planet.sqlite")


def test_an_upgrade_keeps_a_copy_and_all_data(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(database)
    fill(store, entry("a"))
    store.close()

    def m999_colour(changed: SqliteUtilsDatabase) -> None:
        changed.conn.execute("ALTER TABLE feeds ADD COLUMN colour TEXT")

    monkeypatch.setattr(schema, "STEPS", (*schema.STEPS, m999_colour))
    store = Store(database)

    assert found(store, "text") == 1
    store.close()
    (copy,) = database.parent.glob("*.backup")
    with closing(sqlite3.connect(copy)) as old:
        assert old.execute("SELECT count(*) FROM entries").fetchone()[0] == 1
        assert old.execute("PRAGMA user_version").fetchone()[0] == len(schema.STEPS) - 1
    integrity(database)


def test_a_database_of_the_first_version_is_upgraded(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(schema, "STEPS", schema.STEPS[:1])
        Store(database).close()
    title, text = "An old post", " ".join(f"fox{number} jumps" for number in range(60))
    with closing(sqlite3.connect(database)) as old, old:
        old.execute("INSERT INTO feeds (url, next_check_at) VALUES ('https://a.example/f', 0)")
        old.execute(
            """
            INSERT INTO entries (feed_id, key, story_id, ordered_at, first_seen_at, words, teaser,
                                 title_derived, fingerprint)
            VALUES (1, 'id:1', 1, 1700000000, 1700000000, 50, 0, 0, 'x')
            """
        )
        old.execute("INSERT INTO contents VALUES (1, ?, '', '', '', ?, ?)", (title, text, text))

    store = Store(database)

    assert found(store, "fox7") == 1
    # The same text elsewhere, three years later: what was stored before is compared with it.
    assert fill(store, entry("copy", text, signature=signature(text)), feed_id=2) == 1
    (hit,) = store.search.newest(compile_query(""), Filters(2), before=None, limit=5).hits
    assert (hit.title, hit.also_in) == (title, ("Blog",))
    store.close()
    integrity(database)


def test_an_upgrade_that_fails_changes_nothing(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(database)
    fill(store, entry("a"))
    store.close()

    def m999_broken(changed: SqliteUtilsDatabase) -> None:
        changed.conn.execute("DELETE FROM entries")
        changed.conn.execute("SELECT * FROM nowhere")

    with monkeypatch.context() as patch:
        patch.setattr(schema, "STEPS", (*schema.STEPS, m999_broken))
        with pytest.raises(StoreError, match="nowhere"):
            Store(database)

    store = Store(database)
    assert found(store, "text") == 1
    store.close()


def test_a_full_disk_is_said_and_loses_nothing(database: Path) -> None:
    store = Store(database)
    fill(store, entry("a"))
    writer = store._database._writer
    pages = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count = {pages + 2}")

    with pytest.raises(StoreError, match="free some space"):
        fill(store, entry("big", "lots of words " * 20_000))

    assert found(store, "text") == 1
    assert found(store, "lots") == 0
    writer.execute("PRAGMA max_page_count = 100000")
    assert fill(store, entry("small", "lots")) == 1
    store.close()
    integrity(database)


def test_a_write_that_fails_half_way_leaves_nothing_behind(database: Path) -> None:
    store = Store(database)
    fill(store, entry("a"))
    broken = entry("c", authors=(1,))

    with pytest.raises(TypeError):
        fill(store, entry("b", "banana"), broken)

    assert found(store, "banana") == 0
    assert store.feeds.subscribed(now=NOW)[0].entries == 1
    store.close()


def test_many_processes_may_start_on_no_database(database: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from planet_mcp.store import Store\n"
        "Store(Path(sys.argv[1])).close()"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(database)], stderr=subprocess.PIPE)
        for _ in range(6)
    ]
    for process in started:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()
    integrity(database)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "sealed"
    folder.mkdir(mode=0o500)
    with pytest.raises(StoreError, match="Permission denied"):
        Store(folder / "planet.sqlite")


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        ((3, 40, 1), "delete"),
        ((3, 44, 5), "delete"),
        ((3, 44, 6), "wal"),
        ((3, 45, 3), "delete"),
        ((3, 50, 6), "delete"),
        ((3, 50, 7), "wal"),
        ((3, 51, 2), "delete"),
        ((3, 51, 3), "wal"),
        ((3, 60, 0), "wal"),
    ],
)
def test_wal_is_used_only_where_it_is_safe(version: tuple[int, ...], mode: str) -> None:
    assert journal_mode(version) == mode
