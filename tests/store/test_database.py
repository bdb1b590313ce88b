"""The database file: first start, upgrade, refusal, faults."""

import hashlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from sqlite_utils import Database as SqliteUtilsDatabase

from planet_mcp.errors import ForeignDatabaseError, NewerDatabaseError, StoreError
from planet_mcp.models import Content, ParsedEntry, ParsedFeed, Subscription
from planet_mcp.store import Filters, Start, Store
from planet_mcp.store.db import Database, schema
from planet_mcp.store.db.connections import journal_mode
from planet_mcp.store.search.query import compile_query
from planet_mcp.text.likeness import signature
from tests.gauntlet.test_faults import obeying_modes
from tests.support.programs import PATIENCE_SECONDS
from tests.support.recording import record_document

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
    return record_document(store, feed_id, parsed, now=NOW)


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


def test_other_subscriptions_with_the_same_count_and_sum_of_ids_change_the_token(
    database: Path,
) -> None:
    store = Store(database)
    store.feeds.subscribe([Subscription(f"{URL}/{n}") for n in range(1, 6)], due_at=NOW)
    store.feeds.unsubscribe([2, 3], delete_entries=False)  # leaves 1, 4, 5
    before = store.change_token()

    store.feeds.unsubscribe([1, 4], delete_entries=False)
    store.feeds.subscribe([Subscription(f"{URL}/{n}") for n in (2, 3)], due_at=NOW)

    assert store.change_token() != before
    store.close()


def test_ids_are_never_given_out_twice(database: Path) -> None:
    store = Store(database)
    fill(store, entry("a"))
    store.feeds.unsubscribe([1], delete_entries=True)
    fill(store, entry("a"))
    assert store.entries.newest_id() == 2
    store.close()


def test_an_id_from_before_the_last_one_was_noted_is_not_given_again(database: Path) -> None:
    before = schema.STEPS.index(schema.m025_last_ids)
    Database(database, steps=schema.STEPS[:before]).close()
    with closing(sqlite3.connect(database)) as old, old:
        old.execute("INSERT INTO feeds (url, next_check_at) VALUES (?, 0)", (URL,))
        old.execute(
            """
            INSERT INTO entries (id, feed_id, key, story_id, ordered_at, first_seen_at, words,
                                 teaser, title_derived, fingerprint)
            VALUES (41, 1, 'id:1', 41, 1700000000, 1700000000, 50, 0, 0, 'x')
            """
        )
        old.execute("DELETE FROM entries")

    store = Store(database)
    assert store.entries.newest_id() == 41
    assert fill(store, entry("a"), entry("b")) == 2
    assert store.entries.newest_id() == 43
    store.close()
    integrity(database)


def test_a_newer_database_is_refused_and_left_as_it_is(database: Path) -> None:
    Store(database).close()
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = database.read_bytes()

    with pytest.raises(NewerDatabaseError, match="Update planet-mcp"):
        Store(database)

    assert database.read_bytes() == before


def of_another(path: Path, *statements: str) -> None:
    """Make a database of another program."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


FOREIGN: dict[str, Callable[[Path], object]] = {
    "text": lambda path: path.write_text("Dear diary, " * 100),
    "short": lambda path: path.write_bytes(b"x"),
    "zeros": lambda path: path.write_bytes(bytes(8192)),
    "noise": lambda path: path.write_bytes(Random(1).randbytes(9000)),
    "noise with a head": lambda path: path.write_bytes(
        b"SQLite format 3\0" + Random(2).randbytes(9000)
    ),
    "tables": lambda path: of_another(path, "CREATE TABLE diary (day TEXT)"),
    "its mark": lambda path: of_another(path, "PRAGMA application_id = 77"),
    "its version": lambda path: of_another(path, "PRAGMA user_version = 2"),
    "wal": lambda path: of_another(path, "PRAGMA journal_mode = wal", "CREATE TABLE diary (day)"),
}


def refused_as_it_is(path: Path, error: type[StoreError], match: str) -> None:
    """Fail unless a file is refused in one line, and neither changed nor joined by others."""
    before, others = path.read_bytes(), {*path.parent.iterdir()}
    with pytest.raises(error, match=match) as refusal:
        Store(path)
    assert len(str(refusal.value).splitlines()) == 1
    assert path.read_bytes() == before
    assert {*path.parent.iterdir()} == others


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_foreign_file_is_refused_and_left_as_it_is(database: Path, kind: str) -> None:
    FOREIGN[kind](database)
    refused_as_it_is(database, ForeignDatabaseError, "left as it is")


def test_a_file_that_was_cut_is_refused_wherever_it_was_cut(database: Path) -> None:
    store = Store(database)
    fill(store, entry("a"))
    store.close()
    whole = database.read_bytes()
    beside = {1, 15, 16, 17, 99, 100, 101, 511, 512, 1023, 4095, 4096, 4097, len(whole) - 1}
    pages = range(8192, len(whole), 4096 * 5)
    for length in sorted({*beside, *pages}):
        database.write_bytes(whole[:length])
        refused_as_it_is(database, ForeignDatabaseError, "left as it is")
    database.write_bytes(whole)
    store = Store(database)
    assert found(store, "text") == 1
    store.close()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_what_is_no_file_is_refused(database: Path) -> None:
    os.mkfifo(database)
    with pytest.raises(StoreError, match="not a regular file"):
        Store(database)


def test_a_new_database_is_marked_as_ours(database: Path) -> None:
    Store(database).close()
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (0x504D4350,)
        assert connection.execute("PRAGMA user_version").fetchone() == (len(schema.STEPS),)
        assert connection.execute("PRAGMA journal_mode").fetchone() == (journal_mode(),)


@pytest.mark.skipif(journal_mode() == "wal", reason="WAL is what this SQLite is used with")
def test_a_file_that_another_program_keeps_in_wal_mode_is_used_so_with_a_warning(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Store(database).close()
    with closing(sqlite3.connect(database, isolation_level=None)) as copying:
        copying.execute("PRAGMA journal_mode = wal")
        copying.execute("SELECT count(*) FROM feeds").fetchone()
        for _ in range(2):
            with closing(Store(database)) as store:
                fill(store, entry(f"{store.entries.newest_id()}"))
        assert "stays in SQLite's WAL mode, since another program uses it so" in caplog.text
        assert copying.execute("SELECT count(*) FROM entries").fetchone() == (2,)
    with closing(Store(database)) as store:
        assert store.entries.newest_id() == 2
    with closing(sqlite3.connect(database)) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_what_is_acknowledged_survives_a_power_cut(database: Path) -> None:
    # FULL (2) would do, but for the deletion of the journal, which EXTRA (3) waits for too.
    store = Store(database)
    with store.database.writing() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 3
        assert connection.execute("PRAGMA foreign_keys").fetchone()[0] == 1
    store.close()


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is a folder"):
        Store(tmp_path)


def test_a_database_that_cannot_be_created_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="PLANET_MCP_DATABASE"):
        Store(tmp_path / "file" / "planet.sqlite")


def test_an_upgrade_keeps_a_copy_and_all_data(database: Path) -> None:
    store = Store(database)
    fill(store, entry("a"))
    store.close()

    def m999_colour(changed: SqliteUtilsDatabase) -> None:
        changed.conn.execute("ALTER TABLE feeds ADD COLUMN colour TEXT")

    upgraded = Database(database, steps=(*schema.STEPS, m999_colour))

    with upgraded.reading() as connection:
        assert connection.execute("SELECT colour FROM feeds").fetchone()["colour"] is None
    upgraded.close()
    (copy,) = database.parent.glob("*.backup")
    with closing(sqlite3.connect(copy)) as old:
        assert old.execute("SELECT count(*) FROM entries").fetchone()[0] == 1
        assert old.execute("PRAGMA user_version").fetchone()[0] == len(schema.STEPS)
    integrity(database)


# As older versions keyed it.
OLD_KEY = "blog.example.org/a/index.html"


def test_an_upgrade_gives_entries_the_keys_of_their_pages(database: Path) -> None:
    with closing(Store(database)) as store:
        fill(store, entry("b"), entry("a", url=f"https://{OLD_KEY}"))
    step = schema.m027_page_keys
    with closing(sqlite3.connect(database)) as raw, raw:
        raw.execute("UPDATE entries SET canonical_url = ? WHERE key = 'a'", (OLD_KEY,))
        raw.execute("DELETE FROM _sqlite_migrations WHERE name = ?", (step.__name__,))
        raw.execute(f"PRAGMA user_version = {schema.STEPS.index(step)}")
    with closing(Store(database)) as store:
        assert store.entries.find(f"https://{OLD_KEY}") == 1
        assert store.entries.find("https://m.blog.example.org/a/") == 1
        assert store.entries.find("https://blog.example.org/b") == 2
    integrity(database)


def copies(database: Path) -> list[Path]:
    return sorted(database.parent.glob("*.backup*"))


def m999_nothing(_: SqliteUtilsDatabase) -> None:
    """Change no table."""


def test_of_the_copies_the_newest_three_are_kept_and_nothing_of_others(database: Path) -> None:
    Store(database).close()
    name = database.name
    for day in range(10, 15):
        (database.parent / f"{name}.tables3-202601{day}T090000.backup").write_text("ours")
    (database.parent / f"{name}.tables3-20260110T090000.backup.part").write_text("ours, begun")
    others = ["other.sqlite.tables3-20260101T090000.backup", f"{name}.backup", f"{name}.old.backup"]
    for other in others:
        (database.parent / other).write_text("not ours")

    Database(database, steps=(*schema.STEPS, m999_nothing)).close()

    left = {path.name for path in copies(database)} - {*others}
    assert len(left) == 3
    assert {f"{name}.tables3-202601{day}T090000.backup" for day in (13, 14)} < left
    assert all((database.parent / other).exists() for other in others)


@pytest.mark.skipif(os.name != "posix", reason="files have no such modes there")
def test_a_copy_is_as_private_as_the_database(database: Path) -> None:
    Store(database).close()
    database.chmod(0o600)
    Database(database, steps=(*schema.STEPS, m999_nothing)).close()
    (copy,) = copies(database)
    assert copy.stat().st_mode & 0o777 == 0o600


def test_without_a_sound_copy_nothing_is_upgraded(database: Path) -> None:
    store = Store(database)
    fill(store, entry("a"))
    store.close()
    damage(database, "contents")
    before = database.read_bytes()

    with pytest.raises(StoreError, match="damaged"):
        Database(database, steps=(*schema.STEPS, m999_nothing))

    assert database.read_bytes() == before
    assert copies(database) == []


def damage(database: Path, table: str) -> None:
    """Overwrite the first page of a table."""
    with closing(sqlite3.connect(database)) as connection:
        sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
        (page,) = connection.execute(sql, (table,)).fetchone()
    with database.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)


def test_a_database_of_the_first_version_is_upgraded(database: Path) -> None:
    Database(database, steps=schema.STEPS[:1]).close()
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
    assert [feed.title for feed in store.feeds.subscribed(now=NOW)] == ["https://a.example/f"]
    # The same text elsewhere, three years later: what was stored before is compared with it.
    assert fill(store, entry("copy", text, signature=signature(text)), feed_id=2) == 1
    (hit,) = store.search.newest(compile_query(""), Filters(2), before=None, limit=5).hits
    assert (hit.title, hit.also_in) == (title, ("Blog",))
    store.close()
    integrity(database)


def test_feeds_from_before_there_were_groups_are_in_none_until_a_list_names_one(
    database: Path,
) -> None:
    Database(database, steps=schema.STEPS[:8]).close()
    with closing(sqlite3.connect(database)) as old, old:
        old.execute("INSERT INTO feeds (url, next_check_at) VALUES (?, 0)", (URL,))

    store = Store(database)
    before = store.feeds.subscribed(now=NOW)
    for name in ("Python", "Other"):
        store.feeds.put_in_groups({before[0].id: name})
    after = store.feeds.subscribed(now=NOW)
    store.close()

    assert [(feed.url, feed.group) for feed in before] == [(URL, None)]
    assert [feed.group for feed in after] == ["Python"]
    integrity(database)


def test_an_upgrade_that_fails_changes_nothing(database: Path) -> None:
    store = Store(database)
    fill(store, entry("a"))
    store.close()

    def m999_broken(changed: SqliteUtilsDatabase) -> None:
        changed.conn.execute("DELETE FROM entries")
        changed.conn.execute("SELECT * FROM nowhere")

    with pytest.raises(StoreError, match="nowhere"):
        Database(database, steps=(*schema.STEPS, m999_broken))

    store = Store(database)
    assert found(store, "text") == 1
    store.close()


def let_grow(store: Store, *, pages: int) -> None:
    """Let a store's file grow by so many pages and no further, as a disk would."""
    with store.database.writing() as connection:
        (count,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {count + pages}")


def test_a_full_disk_is_said_and_loses_nothing(database: Path) -> None:
    store = Store(database)
    fill(store, entry("a"))
    let_grow(store, pages=2)

    with pytest.raises(StoreError, match="free some space"):
        fill(store, entry("big", "lots of words " * 20_000))

    assert found(store, "text") == 1
    assert found(store, "lots") == 0
    let_grow(store, pages=100_000)
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
        _, errors = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 0, errors.decode()
    integrity(database)


@pytest.mark.parametrize("way", ["replaced", "moved", "deleted"])
def test_nobody_writes_on_to_a_file_that_lost_its_name(database: Path, way: str) -> None:
    if os.name != "posix":
        pytest.skip("an open file keeps its name there")
    store = Store(database)
    fill(store, entry("a"))
    database.unlink() if way == "deleted" else database.rename(f"{database}.away")
    if way == "replaced":
        Store(database).close()
        new = database.read_bytes()

    for use in (lambda: fill(store, entry("b")), store.change_token):
        with pytest.raises(StoreError, match=r"moved or replaced|No such file"):
            use()

    if way == "replaced":
        assert database.read_bytes() == new
    if way == "moved":
        Path(f"{database}.away").rename(database)
        assert fill(store, entry("b")) == 1
    store.close()


@pytest.mark.skipif(os.name != "posix", reason="links need privileges there")
def test_a_link_and_its_target_share_locks_and_journal(database: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.sqlite"
    link.symlink_to(database)
    first, second = Store(link), Store(database)
    assert first.path == second.path
    first.close()
    second.close()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("link.sqlite.")]


@pytest.mark.skipif(os.name != "posix", reason="files have no such modes there")
def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "sealed"
    folder.mkdir(mode=0o500)
    with pytest.raises(StoreError, match="Permission denied"):
        obeying_modes(lambda: Store(folder / "planet.sqlite"))


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


def test_feeds_from_before_pauses_were_kept_are_asked_as_before(database: Path) -> None:
    Database(database, steps=schema.STEPS[:10]).close()
    with closing(sqlite3.connect(database)) as old, old:
        old.execute("INSERT INTO feeds (url, next_check_at) VALUES (?, 0)", (URL,))

    store = Store(database)
    pauses, due = store.updates.pauses(NOW), store.feeds.due(now=NOW, limit=5)
    store.close()

    assert (pauses, [feed.url for feed in due]) == ([], [URL])
    integrity(database)


def test_addresses_in_texts_from_before_they_were_noted_are_known(database: Path) -> None:
    Database(database, steps=schema.STEPS[:13]).close()
    with closing(sqlite3.connect(database)) as old, old:
        old.execute(
            "INSERT INTO entries (id, key, story_id, representative_id, ordered_at, first_seen_at,"
            " url, canonical_url, words, teaser, title_derived, fingerprint)"
            " VALUES (1, 'k', 1, 1, 0, 0, 'https://me:pw@e.org/r', 'e.org/r', 2, 0, 0, '')"
        )
        old.execute(
            "INSERT INTO contents (entry_id, title, authors, tags, excerpt, text, markdown)"
            " VALUES (1, 'Old', '', '', '', 'A zebra.', 'See [it](https://www.e.org/A%20b?c=1).')"
        )

    store = Store(database)
    known = store.entries.spelling_of("http://e.org/A b?c=1#d")
    (hit,) = store.search.newest(compile_query(""), Filters(1), before=None, limit=5).hits
    store.close()

    assert known == "https://www.e.org/A%20b?c=1"
    assert hit.url == "https://e.org/r"
    integrity(database)


def test_labels_from_before_that_are_only_addresses_give_way_to_titles(database: Path) -> None:
    Database(database, steps=schema.STEPS[:14]).close()
    feeds = [
        ("https://a.example/feed", "https://a.example/feed"),
        ("https://b.example/feed/", "b.example/feed"),
        ("https://c.example/", "C.example, the blog"),
        ("https://d.example/feed", None),
    ]
    with closing(sqlite3.connect(database)) as old, old:
        old.executemany(
            "INSERT INTO feeds (url, label, title, next_check_at) VALUES (?, ?, 'Own', 0)", feeds
        )

    store = Store(database)
    titles = [feed.title for feed in store.feeds.known(now=NOW)]
    store.close()

    assert sorted(titles) == ["C.example, the blog", "Own", "Own", "Own"]
    integrity(database)


def test_a_database_from_before_there_were_readers_keeps_one(database: Path) -> None:
    before = schema.STEPS.index(schema.m019_readers)
    Database(database, steps=schema.STEPS[:before]).close()

    store = Store(database)
    start = Start(NOW, upto=3, after=3, caught_up_at=NOW)
    assert store.readers.advance("me", "", start=Start(NOW), upto=3, now=NOW)
    store.close()

    store = Store(database)
    assert store.readers.start("me", "") == start
    store.close()
    integrity(database)


def test_texts_from_before_every_script_was_indexed_are_found(database: Path) -> None:
    before = schema.STEPS.index(schema.m020_any_script)
    Database(database, steps=schema.STEPS[:before]).close()
    texts = ["今日はasyncioについて", "Die Straße", "plain words"]
    with closing(sqlite3.connect(database)) as old, old:
        old.execute(
            "INSERT INTO feeds (url, title, next_check_at) VALUES ('https://a.e/', 'Łódź', 0)"
        )
        for number, text in enumerate(texts, 1):
            old.execute(
                """
                INSERT INTO entries (id, feed_id, key, story_id, representative_id, ordered_at,
                                     first_seen_at, words, teaser, title_derived, fingerprint)
                VALUES (?1, 1, ?1, ?1, ?1, 1700000000, 1700000000, 3, 0, 0, 'x')
                """,
                (number,),
            )
            old.execute(
                """
                INSERT INTO contents (entry_id, title, heading, authors, tags, excerpt, text,
                                      markdown, feed)
                VALUES (?, ?, ?, '', '', '', ?, '', 'Łódź')
                """,
                (number, text, text, text),
            )

    store = Store(database)

    assert [found(store, word) for word in ("今日", "asyncio", "strasse", "plain")] == [1, 1, 1, 1]
    assert found(store, "lodz") == 3
    fill(store, entry("later", "全文搜索"), entry("revised", "straße"), feed_id=1)
    fill(store, entry("revised", "gasse"), feed_id=1)
    assert [found(store, word) for word in ("搜索", "strasse", "gasse")] == [1, 1, 1]
    store.close()
    integrity(database)
