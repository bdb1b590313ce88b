"""What was stored stays, whatever happens to processes, disks and clocks; and what is old may go.

What takes minutes is in `tests/gauntlet/test_faults.py`.
"""

import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import (
    asynccontextmanager,
    closing,
    redirect_stderr,
    redirect_stdout,
)
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp_types import CallToolResult, TextContent

from planet_mcp import cli
from planet_mcp.errors import (
    DatabaseBusyError,
    ForeignDatabaseError,
    NewerDatabaseError,
    SettingsError,
    StoreError,
)
from planet_mcp.feeds import Refresher, RefreshLimits
from planet_mcp.models import FactsWanted, Subscription
from planet_mcp.network import Access, Web
from planet_mcp.planet import Parts, Planet, open_planet
from planet_mcp.requests import FeedQuery, LatestRequest, SearchRequest
from planet_mcp.serving.mcp import create_server
from planet_mcp.settings import load
from planet_mcp.store import Limits, Store
from planet_mcp.store.db import Database, DatabaseLimits, schema
from planet_mcp.store.db.connections import journal_mode
from planet_mcp.store.health import Health
from tests.conftest import planet_of
from tests.gauntlet.test_faults import (
    ROLLBACK,
    flip,
    journals,
    killed,
    leave_cut_off,
    obeying_modes,
    python,
    snapshots,
    sound,
)
from tests.store.test_database import copies, damage, entry, fill, found, let_grow
from tests.support.documents import NOW, Post, page, rss, whole
from tests.support.parsers import quick_worker
from tests.support.programs import COMMAND, PATIENCE_SECONDS, until
from tests.support.site import Site

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs signals and modes of POSIX")


def command(*arguments: str) -> tuple[int, str]:
    """Run a command here; returns its exit code and all that it said."""
    said, given = io.StringIO(), sys.argv
    sys.argv = ["planet-mcp", *arguments]
    try:
        with redirect_stdout(said), redirect_stderr(said):
            return cli.main(), said.getvalue()
    finally:
        sys.argv = given


# --------------------------------------------------------------------------- killed and stopped


@POSIX
def test_a_writer_that_is_killed_loses_nothing_that_it_acknowledged(database: Path) -> None:
    stored, _ = killed(database, times=4)
    assert stored > 0


@POSIX
def test_what_is_on_disk_at_any_moment_is_a_sound_store(database: Path, tmp_path: Path) -> None:
    stored, _ = snapshots(database, tmp_path, times=20)
    assert stored > 0


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Make a store of 80 entries that was left in the middle of a write; returns its files."""
    database = tmp_path_factory.mktemp("left") / "planet.sqlite"
    store = Store(database)
    fill(store, *(entry(str(number), f"some text {number} " * 150) for number in range(80)))
    store.close()
    leave_cut_off(database)
    return [database, *journals(database)]


@pytest.fixture
def cut_off(left: list[Path], database: Path) -> Path:
    for path in left:
        shutil.copy(path, database.parent)
    return database


@ROLLBACK
def test_a_write_that_was_cut_off_is_undone_by_the_next_start(cut_off: Path) -> None:
    store = Store(cut_off)
    assert found(store, "text") == 80
    assert found(store, "more") == 0
    store.close()
    assert not journals(cut_off)
    assert sound(cut_off) == 80


@ROLLBACK
@pytest.mark.parametrize("whose", ["other", "newer"])
def test_a_write_that_was_cut_off_is_not_undone_in_a_file_of_others(
    database: Path, whose: str
) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE contents (text TEXT, markdown TEXT)")
        rows = [("x" * 1000, "y" * 1000) for _ in range(200)]
        connection.executemany("INSERT INTO contents VALUES (?, ?)", rows)
        if whose == "newer":
            connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
            connection.execute("PRAGMA user_version = 99")
        connection.commit()
    leave_cut_off(database)
    before = {path: path.read_bytes() for path in (database, *journals(database))}

    with pytest.raises(NewerDatabaseError if whose == "newer" else ForeignDatabaseError):
        Store(database)

    assert {path: path.read_bytes() for path in before} == before


def test_a_first_start_that_was_killed_is_gone_on_with(database: Path) -> None:
    """The file is marked as ours first; then all tables come at once, or none."""

    def killed_there(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Database(database, steps=(schema.STEPS[0], killed_there, *schema.STEPS[2:]))
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (schema.APPLICATION_ID,)
        assert connection.execute("SELECT * FROM sqlite_schema").fetchall() == []

    store = Store(database)
    assert fill(store, entry("a")) == 1
    store.close()
    sound(database)


@ROLLBACK
@pytest.mark.parametrize("part", [0.02, 0.3, 0.9])
def test_a_journal_that_was_cut_is_refused_and_kept(cut_off: Path, part: float) -> None:
    (journal,) = journals(cut_off)
    os.truncate(journal, int(journal.stat().st_size * part))
    before = {path: path.read_bytes() for path in (cut_off, journal)}

    for _ in range(2):
        with pytest.raises(StoreError, match="journal, which would undo that, is damaged"):
            Store(cut_off)
        assert {path: path.read_bytes() for path in before} == before

    # Who asks for it gets what SQLite makes of it: some texts are new, others as they were.
    store = Store(cut_off, to_repair=True)
    repaired = store.health.repair()
    store.close()
    assert repaired.found
    assert not journals(cut_off)
    assert repaired.left or sound(cut_off) == 80


@ROLLBACK
@pytest.mark.parametrize("position", [0, 9, 13, 513, 516 + 3896, 516 + 4097])
def test_a_journal_with_a_wrong_byte_is_refused_where_that_can_be_told(
    cut_off: Path, position: int
) -> None:
    (journal,) = journals(cut_off)
    flip(journal, position)
    with pytest.raises(StoreError, match="is damaged"):
        Store(cut_off)


@ROLLBACK
def test_what_was_undone_to_something_unsound_is_refused_until_it_is_repaired(
    cut_off: Path,
) -> None:
    """A journal may bring back what SQLite's checksums, of every 200th byte, do not show."""
    (journal,) = journals(cut_off)
    content = bytearray(journal.read_bytes())
    # The excerpt has it 150 times, then comes the text.
    beginning = [match.start() for match in re.finditer(b"some text 7 ", content)][225]
    content[beginning : beginning + 4] = b"soma"
    journal.write_bytes(content)

    for _ in range(2):
        with pytest.raises(StoreError, match=r"unsound since.*index.*check --repair"):
            Store(cut_off)
    code, said = check(cut_off, "--repair")
    assert (code, "mended: the full-text index" in said) == (0, True)
    store = Store(cut_off)
    assert found(store, "soma") == 1
    store.close()


def at_opening(path: Path, act: Callable[[], object]) -> list[Callable[[], object]]:
    """Do something once, when this process is about to open a file; what is left is not done."""
    left: list[Callable[[], object]] = [act]

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if left and event == "open" and str(arguments[0]) == str(path):
            left.pop()()

    sys.addaudithook(watch)
    return left


@ROLLBACK
@pytest.mark.parametrize("then", ["rests", "writes"])
def test_a_journal_that_another_undoes_meanwhile_is_not_taken_for_damaged(
    cut_off: Path, then: str
) -> None:
    (journal,) = journals(cut_off)
    with closing(sqlite3.connect(cut_off, isolation_level=None, check_same_thread=False)) as other:

        def undo() -> None:
            other.execute("SELECT count(*) FROM feeds").fetchall()
            assert not journals(cut_off)
            if then == "writes":
                other.execute("BEGIN IMMEDIATE")
                other.execute("UPDATE contents SET text = text || ' more'")
                assert journals(cut_off)
                threading.Timer(0.3, other.rollback).start()

        left = at_opening(journal, undo)
        store = Store(cut_off)
        assert not left
        assert found(store, "text") == 80
        store.close()
    assert sound(cut_off) == 80


@ROLLBACK
def test_what_no_write_cut_off_has_left_is_found_by_check_and_refuses_nothing(
    database: Path,
) -> None:
    store = Store(database)
    fill(store, *(entry(str(number), f"some text {number} " * 150) for number in range(80)))
    store.close()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE feeds SET entries = entries + 1")
    leave_cut_off(database)

    store = Store(database)
    assert found(store, "text") == 80
    store.close()
    code, said = check(database)
    assert (code, "feeds with a wrong number of entries: 1" in said) == (1, True)


# ------------------------------------------------------------------------------------ full disks


FULL_DISK = """
import resource, sys
from pathlib import Path
from tests.store.test_durability import fill_disk_and_free_it
fill_disk_and_free_it(Path(sys.argv[1]), resource)
"""


def fill_disk_and_free_it(database: Path, resource: Any) -> None:
    """Fill a disk, as far as this process is concerned, and free it again."""
    store = Store(database)
    fill(store, entry("a"))
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (database.stat().st_size + 8192, hard))
    for _ in range(3):
        with pytest.raises(StoreError, match=r"full.*What was stored before is safe"):
            fill(store, entry("big", "lots of words " * 20_000))
        with pytest.raises(StoreError, match="full"):
            store.preallocate()
        assert (found(store, "text"), found(store, "lots")) == (1, 0)
    other = Store(database)
    assert found(other, "text") == 1
    other.close()
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    store.preallocate()
    assert fill(store, entry("big", "lots of words " * 20_000)) == 1
    store.close()
    sound(database)


@POSIX
def test_a_full_disk_is_said_and_gone_when_there_is_room_again(database: Path) -> None:
    process = python("-c", FULL_DISK, str(database), stderr=subprocess.PIPE)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors.decode()


def text_of(answer: CallToolResult) -> str:
    (block,) = answer.content
    assert isinstance(block, TextContent)
    return block.text


BIG = "<p>" + "lots of words " * 20_000 + "</p>"


@pytest.mark.anyio
async def test_with_a_full_disk_tools_say_so_and_others_go_on(site: Site) -> None:
    async with planet_of() as planet, Client(create_server(planet, refresh=False)) as client:
        url = site.add("/feed", rss([Post("One")]))
        await planet.add_feeds([url])
        let_grow(planet.store, pages=0)
        more = [site.add(f"/{number}", rss([Post("Big", BIG)])) for number in range(2)]
        site.add("/feed", rss([Post("One"), Post("Two", BIG)]))

        calls: dict[str, dict[str, Any]] = {
            "add_feeds": {"urls": more},
            "refresh_feeds": {"feeds": [url]},
        }
        for tool, arguments in calls.items():
            answer = await client.call_tool(tool, arguments)
            assert answer.is_error
            assert "The disk is full: free some space." in text_of(answer)
        answer = await client.call_tool("search_entries", {"query": "one"})
        assert (answer.structured_content or {})["total"] == 1

        let_grow(planet.store, pages=1_000_000)
        assert (await planet.refresh_feeds([url])).result.new_entries == 1
        outcomes = [item.outcome for item in (await planet.add_feeds(more)).result.results]
        assert {*outcomes} <= {"added", "already subscribed"}


@pytest.mark.anyio
async def test_nothing_is_fetched_as_long_as_nothing_can_be_stored(
    site: Site, database: Path
) -> None:
    class CountingStore(Store):
        attempts = 0

        def preallocate(self) -> None:
            self.attempts += 1
            super().preallocate()

    store = CountingStore(database)
    store.feeds.subscribe([Subscription(site.add("/feed", rss([Post("One")])))], due_at=NOW)
    web = Web(Access(allowed=load().allow_networks))
    async with web, quick_worker() as worker, anyio.create_task_group() as tasks:
        limits = RefreshLimits(tick_seconds=0.05, pause_seconds=0.05)
        refresher = Refresher(store, web=web, worker=worker, limits=limits)
        await refresher.check()
        site.add("/feed", rss([Post("One"), Post("Two", BIG)]))
        let_grow(store, pages=0)
        store.feeds.make_due([1], now=NOW)
        tasks.start_soon(refresher.run)
        await until(lambda: store.attempts >= 3)
        assert site.paths() == ["/feed", "/feed"]
        let_grow(store, pages=1_000_000)
        await until(lambda: found(store, "lots") == 1)
        tasks.cancel_scope.cancel()
    store.close()
    assert site.paths() == ["/feed"] * 3


# ------------------------------------------------------------------- what may not be written


async def filled_planet(site: Site) -> None:
    """Store a whole entry and two teasers, and the page of one of them."""

    def teaser(number: str) -> Post:
        body = page(whole(f"Of page {number}"))
        return Post(number, link=site.add(f"/{number}", body, content_type="text/html"))

    async with planet_of() as planet:
        posts = [teaser("three"), teaser("one"), Post("Two", whole("It is all here"))]
        await planet.add_feeds([site.add("/feed", rss(posts))])
        for number in (1, 2):
            await planet.fetch_article(number)


def sealed(path: Path, kind: str) -> None:
    path.chmod(0o444 if kind in {"file", "both"} else 0o644)
    path.parent.chmod(0o555 if kind in {"folder", "both"} else 0o755)


async def ask_where_nothing_may_be_written(database: Path, url: str) -> None:
    """Call every tool: those that read answer, the others say why they do not."""
    with pytest.raises(OSError, match="denied"), database.with_name("new").open("w"):
        pass
    before = {path: path.stat().st_mtime_ns for path in database.parent.iterdir()}
    reading: dict[str, dict[str, Any]] = {
        "search_entries": {"query": "one"},
        "latest_entries": {"since": "7d"},
        "list_feeds": {},
        "fetch_article": {"article": 1},
    }
    # Its page was not stored, and is not now.
    teaser = {"article": 3}
    writing: dict[str, dict[str, Any]] = {
        "add_feeds": {"urls": [url + "2"]},
        "remove_feeds": {"feeds": [1]},
        "refresh_feeds": {},
    }
    async with open_planet(load()) as planet, Client(create_server(planet, refresh=True)) as client:
        for tool, arguments in reading.items():
            answer = await client.call_tool(tool, arguments)
            assert not answer.is_error, answer
            if tool != "fetch_article":
                assert "is only read, since this user may not write" in text_of(answer)
        for _ in range(2):
            assert "Of page three" in text_of(await client.call_tool("fetch_article", teaser))
        for tool, arguments in writing.items():
            answer = await client.call_tool(tool, arguments)
            assert answer.is_error, answer
            assert "is only read, since this user may not write" in text_of(answer)
        with anyio.fail_after(PATIENCE_SECONDS):
            await planet.run()  # there is nothing to refresh
        assert (await planet.status()).result.refresher == "stopped"
    assert {path: path.stat().st_mtime_ns for path in database.parent.iterdir()} == before


@POSIX
@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["folder", "both"])
async def test_what_may_not_be_written_is_read(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    folder = tmp_path / "sealed"
    database = folder / "planet.sqlite"
    monkeypatch.setenv("PLANET_MCP_DATABASE", str(database))
    await filled_planet(site)
    sealed(database, kind)
    ask = partial(anyio.run, ask_where_nothing_may_be_written, database, site.url)
    try:
        await anyio.to_thread.run_sync(obeying_modes, ask)
    finally:
        sealed(database, "none")


def command_where_nothing_may_be_written() -> None:
    for arguments in (("status",), ("check",), ("search", "text")):
        assert command(*arguments)[0] == 0, arguments
    assert "The full-text index was not looked at." in command("check")[1]
    for arguments in (("vacuum",), ("refresh",), ("add", "http://127.0.0.1:9/")):
        code, said = command(*arguments)
        assert code == 1, arguments
        assert "may not write" in said
    examined = json.loads(command("doctor", "--json")[1])
    states = {each["topic"]: each["state"] for each in examined}
    assert (states["database"], states["index"]) == ("note", "note")


@POSIX
def test_commands_say_what_may_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = tmp_path / "sealed" / "planet.sqlite"
    monkeypatch.setenv("PLANET_MCP_DATABASE", str(database))
    store = Store(database)
    fill(store, entry("a"))
    store.close()
    sealed(database, "file")
    obeying_modes(command_where_nothing_may_be_written)


def change_modes(database: Path) -> None:
    """Take away the right to write while a store is open, and give it back."""
    store = Store(database)
    fill(store, entry("a"))
    database.parent.chmod(0o555)
    for number in range(3):
        with pytest.raises(StoreError, match="cannot be used"):
            fill(store, entry(f"b{number}"))
        assert found(store, "text") == 1
    database.parent.chmod(0o755)
    assert fill(store, entry("c")) == 1
    store.close()
    sound(database)


@POSIX
def test_rights_that_come_and_go_do_no_harm(tmp_path: Path) -> None:
    database = tmp_path / "sealed" / "planet.sqlite"
    try:
        obeying_modes(partial(change_modes, database))
    finally:
        database.parent.chmod(0o755)


def read_where_another_is_put(database: Path, kind: str) -> None:
    """Read a WAL database in a sealed folder, which another one takes the place of."""
    store = Store(database)
    assert store.read_only
    assert found(store, "text") == 1
    assert store.feeds.summary().entries == 1
    # Who may write brings another one.
    database.parent.chmod(0o755)
    database.with_name("next.sqlite").rename(database)
    database.parent.chmod(0o555)
    assert found(store, "text") == 2
    assert store.feeds.summary().entries == 2
    store.close()
    assert kind == "wal" or not list(database.parent.glob("*-*"))


@POSIX
@pytest.mark.parametrize("kind", ["wal", "delete"])
def test_a_sealed_database_is_read_in_either_journal_mode_and_may_be_replaced(
    tmp_path: Path, kind: str
) -> None:
    database = tmp_path / "sealed" / "planet.sqlite"
    for path, entries in ((database, "a"), (database.with_name("next.sqlite"), "ab")):
        store = Store(path)
        fill(store, *map(entry, entries))
        store.close()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA journal_mode = {kind}")
        path.chmod(0o444)
    database.parent.chmod(0o555)
    try:
        obeying_modes(partial(read_where_another_is_put, database, kind))
    finally:
        database.parent.chmod(0o755)


@POSIX
@pytest.mark.parametrize(("kind", "match"), [("older", "older"), ("cut off", "start planet-mcp")])
def test_what_may_not_be_written_but_has_to_is_refused(
    tmp_path: Path, kind: str, match: str
) -> None:
    if kind == "cut off" and journal_mode() != "delete":
        pytest.skip("a WAL database has no rollback journal")
    database = tmp_path / "sealed" / "planet.sqlite"
    store = Store(database)
    fill(store, *(entry(str(number), f"some text {number} " * 150) for number in range(80)))
    store.close()
    if kind == "cut off":
        leave_cut_off(database)
    else:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA user_version = 1")
    before = database.read_bytes()
    sealed(database, "both")
    try:
        with pytest.raises(StoreError, match=match):
            obeying_modes(partial(Store, database))
    finally:
        sealed(database, "none")
    assert database.read_bytes() == before


# ---------------------------------------------------------------------------------- long queries


def test_a_write_waits_for_who_holds_the_database_as_long_as_the_limits_say(database: Path) -> None:
    store = Store(database, limits=Limits(DatabaseLimits(commit_seconds=0.05)))
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusyError, match="try again"):
            store.feeds.subscribe([Subscription("https://a.example/feed")], due_at=NOW)
        other.execute("ROLLBACK")
    assert store.feeds.subscribe([Subscription("https://a.example/feed")], due_at=NOW) == [True]
    store.close()


@pytest.mark.skipif(journal_mode() != "delete", reason="with a WAL nobody waits to read")
def test_facts_of_a_feed_wait_longer_for_a_slow_commit_than_a_question_does(database: Path) -> None:
    limits = DatabaseLimits(query_seconds=0.05, busy_seconds=0.05)
    store = Store(database, limits=Limits(limits))
    store.feeds.subscribe([Subscription("https://a.example/feed")], due_at=NOW)
    found: list[object] = []
    asking = threading.Thread(
        target=lambda: found.append(store.updates.facts(1, FactsWanted(), now=NOW))
    )
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        asking.start()
        with pytest.raises(DatabaseBusyError, match="try again"):
            store.feeds.subscribed(now=NOW)
        other.execute("ROLLBACK")
    asking.join()
    assert found[0] is not None
    store.close()


NO_TIME = DatabaseLimits(query_seconds=-1, clock_steps=1)
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"


def test_a_long_query_is_stopped_and_its_connection_serves_on(database: Path) -> None:
    store = Store(database, limits=Limits(DatabaseLimits(query_seconds=0.1)))
    fill(store, entry("a"))
    for _ in range(3):
        with (
            pytest.raises(StoreError, match=r"longer than .* s, and was stopped. Ask for less"),
            store.database.reading() as connection,
        ):
            connection.execute(ENDLESS)
        assert found(store, "text") == 1
    assert file_of(store).idle_readers == 1
    store.close()


def test_memory_that_was_given_back_is_taken_again(database: Path) -> None:
    store = Store(database)
    fill(store, entry("a"))
    assert found(store, "text") == 1

    store.give_back()

    assert file_of(store).idle_readers == 0
    fill(store, entry("b"))
    assert found(store, "text") == 2
    store.close()
    store.give_back()


def test_only_the_long_query_is_stopped(database: Path) -> None:
    store = Store(database, limits=Limits(DatabaseLimits(query_seconds=0.3, clock_steps=1000)))
    fill(store, entry("a"))
    stopped: list[bool] = []

    def ask(number: int) -> None:
        """Ask short and long questions in turn, over connections that all threads share."""
        for turn in range(60):
            endless = (turn + number) % 30 == 0
            try:
                with store.database.reading() as connection:
                    connection.execute(ENDLESS if endless else "SELECT count(*) FROM entries")
            except StoreError:
                stopped.append(endless)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stopped == [True] * 8
    store.close()


def test_many_readers_at_once_leave_few_connections(database: Path) -> None:
    store = Store(database)
    fill(store, entry("a"))
    everyone = threading.Barrier(12)
    counted: list[int] = []

    def ask() -> None:
        with store.database.reading():
            everyone.wait()
            counted.append(store.feeds.summary().entries)

    for _ in range(3):
        threads = [threading.Thread(target=ask) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert counted == [1] * 36
    assert 0 < file_of(store).idle_readers <= DatabaseLimits().idle_readers
    store.close()


@pytest.mark.anyio
async def test_an_agent_is_told_what_to_do_about_a_long_query(database: Path) -> None:
    # Nothing is as long as a search that ranks some entries.
    with closing(Store(database)) as store:
        fill(store, *(entry(str(number)) for number in range(200)))
    limits = Limits(DatabaseLimits(query_seconds=-1, clock_steps=1_000))
    async with (
        open_planet(load(), parts=Parts(store=limits)) as planet,
        Client(create_server(planet, refresh=False)) as client,
    ):
        answer = await client.call_tool("search_entries", {"query": "text"})
        assert answer.is_error
        assert "fewer or rarer words" in text_of(answer)


def test_what_looks_at_all_of_it_may_take_its_time(database: Path) -> None:
    store = Store(database)
    fill(store, entry("a"))
    store.close()
    alone = Database(database, limits=NO_TIME)
    assert Health(alone).problems() == []
    alone.close()


def file_of(store: Store) -> Database:
    """Return the database of a store that is a file."""
    assert isinstance(store.database, Database)
    return store.database


# ------------------------------------------------------------------------------ check and vacuum


def check(database: Path, *arguments: str) -> tuple[int, str]:
    """Run `planet-mcp check`."""
    return command("check", "--database", str(database), *arguments)


HARM = {
    "index": ("DELETE FROM entries_index_docsize",),
    "index of other texts": (
        "DROP TRIGGER contents_updated",
        "UPDATE contents SET text = 'other'",
    ),
    "index gone": ("DELETE FROM entries_index_data",),
    "counts": ("UPDATE feeds SET entries = 99",),
    "last id behind": ("UPDATE last_ids SET entry_id = 1",),
    "last id gone": ("DELETE FROM last_ids",),
    "dangling": ("DELETE FROM entries WHERE key = 'b'",),
    "no text": ("DELETE FROM contents WHERE entry_id = 1",),
    "no feed": ("INSERT INTO feeds (id, url, next_check_at) VALUES (9, 'x', 0)",
                "UPDATE entries SET feed_id = 9 WHERE key = 'b'",
                "DELETE FROM feeds WHERE id = 9"),
    "no story": ("UPDATE entries SET story_id = 99, representative_id = 1 WHERE key <> 'a'",),
    "no representative": ("UPDATE entries SET representative_id = 99 WHERE key = 'b'",),
}  # fmt: skip


@pytest.mark.parametrize("kind", HARM)
def test_what_can_be_mended_is_found_said_and_mended(database: Path, kind: str) -> None:
    store = Store(database)
    fill(store, entry("a"), entry("b", "banana"), entry("c", "some text of c"))
    store.close()
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        for statement in HARM[kind]:
            connection.execute(statement)

    store = Store(database)
    assert store.health.problems()
    repaired = store.health.repair()
    assert repaired.found
    assert repaired.left == []
    assert store.health.problems() == []
    assert repaired.copy is not None
    assert fill(store, entry("d", "date")) == 1
    assert found(store, "date") == 1
    store.close()
    assert len(copies(database)) == 1


def test_check_says_what_is_wrong_and_repair_what_was_mended(database: Path) -> None:
    store = Store(database)
    fill(store, entry("a"))
    store.close()
    assert check(database) == (0, f"{database} is sound.\n")
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("DELETE FROM entries_index_docsize")

    code, said = check(database)
    assert code == 1
    assert "wrong: the full-text index does not match the texts" in said
    assert "planet-mcp check --repair" in said
    code, said = check(database, "--repair", "--json")
    assert code == 0
    assert json.loads(said)["left"] == []
    assert check(database)[0] == 0


def test_what_cannot_be_mended_is_left_wrong(database: Path) -> None:
    store = Store(database)
    fill(store, entry("a"))
    store.close()
    damage(database, "contents")
    code, said = check(database)
    assert (code, "wrong: the file is damaged" in said) == (1, True)
    code, said = check(database, "--repair")
    assert code == 1
    assert "No copy was kept" in said
    assert "That cannot be mended here. Stop all servers" in said


def test_check_makes_no_database(database: Path) -> None:
    code, said = check(database)
    assert code == 1
    assert said.startswith(f"planet-mcp: There is no database at {database}. Begin one with")
    assert not database.exists()


def test_a_repair_without_space_for_a_copy_says_so_and_goes_on(database: Path) -> None:
    store = Store(database)
    fill(store, entry("a"))
    with store.database.writing() as connection:
        connection.execute("UPDATE feeds SET entries = 99")
    health = Health(file_of(store), free_space=lambda _: 1_000_000)
    repaired = health.repair()
    assert repaired.left == []
    assert repaired.copy is not None
    assert repaired.copy.startswith("No copy was kept: That takes 2")
    assert copies(database) == []
    with pytest.raises(StoreError, match=r"MB in .* for a while, and 1 MB are free"):
        health.vacuum()
    store.close()


def test_vacuum_gives_back_space_and_says_so(database: Path) -> None:
    store = Store(database)
    fill(store, *(entry(str(number), f"some text {number} " * 150) for number in range(200)))
    reader = Store(database)
    assert found(reader, "text") == 200
    store.feeds.unsubscribe([1], delete_entries=True)
    fill(store, entry("a"))
    done = subprocess.run([*COMMAND, "vacuum"], capture_output=True, text=True, check=True)
    before, after = store.health.vacuum()
    assert before == after == database.stat().st_size
    assert f"{database}: " in done.stdout
    sizes = [float(word) for word in done.stdout.replace(",", " ").split() if word[0].isdigit()]
    assert sizes[0] > sizes[1] * 2
    # Those who had it open before see what it has now.
    assert found(reader, "text") == found(store, "text") == 1
    reader.close()
    store.close()
    sound(database)


# ------------------------------------------------------------------------------------ retention


class Clock:
    """A clock that a test moves on, or lets jump."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@asynccontextmanager
async def keeping(keep: str | None, clock: Clock) -> AsyncIterator[Planet]:
    async with planet_of(clock=clock, keep=keep) as planet:
        yield planet


async def titles(planet: Planet) -> set[str]:
    return {hit.title for hit in (await planet.search_entries(SearchRequest(limit=50))).result.hits}


def days(count: float) -> timedelta:
    return timedelta(days=count)


def undated(document: str) -> str:
    return re.sub("<pubDate>.*?</pubDate>", "", document)


@pytest.mark.parametrize(
    ("text", "period"),
    [("7d", 7), ("400d", 400), ("52w", 364), ("2y", 730.5), ("18mo", 547.875), (" 1Y ", 365.25)],
)
def test_how_long_entries_are_kept_is_an_age(text: str, period: float) -> None:
    assert load(keep=text).keep == days(period)


@pytest.mark.parametrize("text", ["6d", "36h", "0d", "-1y", "101y", "99999y", "ever", "2026-01-01"])
def test_what_is_no_such_age_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"--keep: give an age from 7d to 100y"):
        load(keep=text)


@pytest.mark.anyio
async def test_by_default_all_is_kept(site: Site) -> None:
    clock = Clock()
    async with keeping(None, clock) as planet:
        await planet.add_feeds([site.add("/feed", rss([Post("Ancient", age=days(5000))]))])
        clock.now += days(4000)
        await planet.refresh_feeds(everything=True)
        assert await titles(planet) == {"Ancient"}


@pytest.mark.anyio
async def test_what_is_older_is_deleted_and_does_not_come_back(site: Site, database: Path) -> None:
    clock = Clock()
    posts = [Post("Old", age=days(20)), Post("New", age=days(1))]
    async with keeping("30d", clock) as planet:
        url = site.add("/feed", rss(posts))
        await planet.add_feeds([url])
        watermark = (await planet.latest_entries()).result.watermark
        clock.now += days(31)
        posts.append(Post("Newest", age=days(-30.9)))
        site.add("/feed", rss(posts))
        await planet.refresh_feeds([url])
        # The oldest was deleted after the document was stored; it lists that still.
        for turn in range(3):
            clock.now += days(1.1)
            site.add("/feed", rss([*posts, Post(f"More {turn}", age=NOW - clock.now)]))
            refreshed = (await planet.refresh_feeds([url])).result
            assert refreshed.new_entries == 1
        assert await titles(planet) == {"Newest", "More 0", "More 1", "More 2"}
        arrived = (await planet.latest_entries(LatestRequest(watermark=watermark))).result
        assert arrived.total == 4
        (feed,) = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
        assert feed.entries == 4
    sound(database)


@pytest.mark.anyio
async def test_what_has_no_date_does_not_come_back_as_news(site: Site) -> None:
    clock = Clock()
    url = site.add("/feed", undated(rss([Post("Timeless"), Post("Dateless")])))
    async with keeping("30d", clock) as planet:
        await planet.add_feeds([url])
        other = site.add("/other", rss([Post("Other", age=days(-32))]))
        clock.now += days(32)
        await planet.add_feeds([other])
        await planet.refresh_feeds([url])
        assert await titles(planet) == {"Other"}
        for turn in range(1, 3):
            clock.now += days(1.1)
            site.add("/feed", undated(rss([Post("Timeless"), Post("Dateless"), Post(f"N{turn}")])))
            assert (await planet.refresh_feeds([url])).result.new_entries == 1
        assert await titles(planet) == {"Other", "N1", "N2"}


@pytest.mark.anyio
async def test_what_is_too_old_when_it_comes_is_not_stored(site: Site) -> None:
    posts = [Post("Old", age=days(31)), Post("New", age=days(29)), Post("Future", age=-days(99))]
    clock = Clock()
    async with keeping("30d", clock) as planet:
        url = site.add("/feed", rss(posts))
        (added,) = (await planet.add_feeds([url])).result.results
        assert (added.outcome, added.entries) == ("added", 2)
        assert await titles(planet) == {"New", "Future"}
    # Who wants to keep more later gets it with the next document.
    site.add("/feed", rss([*posts, Post("Newer")]))
    async with keeping("2y", clock) as planet:
        await planet.refresh_feeds([url])
        assert await titles(planet) == {"Old", "New", "Future", "Newer"}


@pytest.mark.anyio
async def test_a_story_stays_while_someone_tells_it_anew(site: Site, database: Path) -> None:
    text = whole("The whole story of the fox and the hound")
    clock = Clock()
    first = Post("Fox and hound", text, age=days(10), link="https://a.example/1")
    again = Post("Fox and hound", text, age=days(-19.9), link="https://b.example/1")
    async with keeping("30d", clock) as planet:
        posts = [first, Post("Alone", age=days(10))]
        await planet.add_feeds([site.add("/one", rss(posts))])
        clock.now = NOW + days(20)
        await planet.add_feeds([site.add("/two", rss([again], title="B Blog"))])
        kept = []
        for day in (31, 52):
            clock.now = NOW + days(day)
            posts += [Post(f"Of day {day}", age=-days(day - 0.1))]
            site.add("/one", rss(posts))
            await planet.refresh_feeds(everything=True)
            kept.append(await titles(planet))
    # On day 31 the first telling is 41 days old, and the other one 11.
    assert kept == [{"Fox and hound", "Of day 31"}, {"Of day 31", "Of day 52"}]
    sound(database)


def newest_dates(planet: Planet) -> tuple[datetime, ...]:
    facts = planet.store.updates.facts(1, FactsWanted(dates=3), now=NOW)
    assert facts is not None
    return facts.dates


@pytest.mark.anyio
async def test_a_feed_whose_entries_were_deleted_keeps_its_rhythm_and_is_known_again(
    site: Site,
) -> None:
    clock = Clock()
    posts = [Post(f"P{number}", age=days(number)) for number in range(1, 6)]
    url = site.add("/feed", rss(posts))
    async with keeping("30d", clock) as planet:
        await planet.add_feeds([url])
        dates = newest_dates(planet)
        other = site.add("/other", rss([Post("Other", age=-days(39.9))]))
        clock.now += days(40)
        await planet.add_feeds([other])
        await planet.refresh_feeds(everything=True)
        assert await titles(planet) == {"Other"}
        assert newest_dates(planet) == dates
        # It has moved to where only what was deleted is listed.
        site.add("/new", rss(posts[:3], title="Another name"))
        site.redirect("/feed", "/new")
        assert (await planet.refresh_feeds([url])).result.failed == 0


@pytest.mark.anyio
async def test_pages_go_like_entries(site: Site) -> None:
    clock = Clock()
    async with keeping("30d", clock) as planet:
        url = site.add("/page", page(whole("All of it"), title="A page"), content_type="text/html")
        post = Post("One", f"<a href='{url}'>A page</a>", link=f"{site.url}/x")
        await planet.add_feeds([site.add("/feed", rss([post]))])
        await planet.fetch_article(url)
        assert "A page" in await titles(planet)
        clock.now += days(32)
        site.add("/feed", rss([Post("Two", age=-days(31.9), link=f"{site.url}/y")]))
        await planet.refresh_feeds(everything=True)
        assert await titles(planet) == {"Two"}


@pytest.mark.anyio
async def test_it_is_done_once_a_day_and_in_small_steps(site: Site) -> None:
    clock = Clock()
    store = Store(load().database, keep=days(30), limits=Limits(stories_deleted_at_once=3))
    fill(store, *(entry(f"{i}", published=NOW - days(i), title=f"T{i}") for i in range(1, 9)))
    with store.database.writing() as connection:
        connection.execute("UPDATE entries SET first_seen_at = first_seen_at - ?", (90 * 86_400,))
    clock.now += days(33.5)
    with store.database.writing() as connection:  # somebody published a minute ago
        now = int(clock.now.timestamp())
        statement = "UPDATE entries SET ordered_at = ?, first_seen_at = ? WHERE key = '1'"
        connection.execute(statement, (now - 60, now))
    assert store.retention.is_due(clock.now)
    steps = 0
    while store.retention.forget(clock.now):
        steps += 1
    assert steps == 0 or not store.retention.is_due(clock.now)
    assert not store.retention.is_due(clock.now + days(0.9))
    assert store.retention.is_due(clock.now + days(1.1))
    assert store.feeds.summary().entries == 1
    store.close()


# ---------------------------------------------------------------------------------------- clocks


@pytest.mark.anyio
async def test_a_clock_that_is_years_ahead_deletes_nothing(site: Site) -> None:
    clock = Clock()
    async with keeping("1y", clock) as planet:
        url = site.add("/feed", rss([Post("One"), Post("Two", age=days(300))]))
        await planet.add_feeds([url])
        clock.now += days(20 * 365)
        site.add("/feed", rss([Post("One"), Post("Two", age=days(300)), Post("Three")]))
        await planet.refresh_feeds([url])
        assert await titles(planet) == {"One", "Two", "Three"}


@pytest.mark.anyio
async def test_feeds_are_due_again_when_a_clock_was_ahead(site: Site) -> None:
    clock = Clock()
    async with keeping(None, clock) as planet:
        dated = site.add("/dated", rss([Post("One")]))
        timeless = site.add("/timeless", undated(rss([Post("Two", link="https://b.example/2")])))
        await planet.add_feeds([dated])
        clock.now += days(10 * 365)
        await planet.add_feeds([timeless])
        await planet.refresh_feeds([dated])
        clock.now = NOW + timedelta(minutes=5)
        checked = (await planet.refresh_feeds()).result
        assert checked.checked == 2
        feeds = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
        assert all(
            "2000" < (feed.next_check_at or "") < "2100" and feed.checked_at for feed in feeds
        )
        assert (await planet.refresh_feeds()).result.checked == 0
        hits = (await planet.search_entries(SearchRequest("two"))).result.hits
        assert (hits[0].first_seen or "")[:4] == str(NOW.year)


@pytest.mark.anyio
async def test_a_clock_that_is_years_behind_spoils_nothing(site: Site) -> None:
    clock = Clock()
    async with keeping("1y", clock) as planet:
        url = site.add("/feed", rss([Post("One")]))
        await planet.add_feeds([url])
        before = (await planet.search_entries(SearchRequest("one"))).result.hits
        clock.now = NOW - days(20 * 365)
        assert (await planet.refresh_feeds()).result.checked == 0
        clock.now = NOW + days(1)
        assert (await planet.refresh_feeds()).result.checked == 1
        assert (await planet.search_entries(SearchRequest("one"))).result.hits == before


# ------------------------------------------------------------------------------ cancelled requests


@pytest.mark.anyio
async def test_requests_that_are_cancelled_leave_whole_feeds_or_none(
    site: Site, database: Path
) -> None:
    urls = [
        site.add(
            f"/{n}", rss([Post(f"P {n} {i}", f"<p>{n} {i}</p>") for i in range(12)], title=str(n))
        )
        for n in range(12)
    ]
    async with planet_of() as planet:
        cancelled = 0
        for number, url in enumerate(urls):
            # What is cancelled costs the child that parses, which the next call waits for.
            with anyio.move_on_after(0.01 * 2 ** (number / 1.3)) as scope:
                await planet.add_feeds([url])
            cancelled += scope.cancelled_caught
        for number, feed in enumerate(
            (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
        ):
            site.add(f"/{feed.title}", rss([Post("New"), Post("Newer")], title=feed.title))
            with anyio.move_on_after(0.01 * 2**number):
                await planet.refresh_feeds([feed.feed_id])
        added = (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds
        assert cancelled > 0
        assert 12 - cancelled <= len(added) <= 12
        assert all(feed.entries in {12, 14} for feed in added)
        with anyio.move_on_after(0.001):
            await planet.remove_feeds([added[0].feed_id], delete_entries=True)
    sound(database)
