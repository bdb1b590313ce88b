"""Killed writers, power cuts, damaged journals, full disks: what is left is a sound store.

`python -m tests.gauntlet.test_faults DATABASE FIRST [MOST]` is the process that is harmed. The
quick ones of these tests are in `tests/store/test_durability.py`.
"""

import codecs
import ctypes
import errno
import hashlib
import itertools
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pytest

from planet_mcp.errors import StoreError
from planet_mcp.models import Article, Content, ParsedEntry, ParsedFeed, Subscription, Validators
from planet_mcp.store import Store
from planet_mcp.store.db import Database, schema
from planet_mcp.store.db.connections import journal_mode
from tests.support.paths import ROOT
from tests.support.recording import record_document

pytestmark = pytest.mark.gauntlet

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
WRITER = "tests.gauntlet.test_faults"
FEEDS = 5

T = TypeVar("T")


def entry(key: str, text: str) -> ParsedEntry:
    """Make an entry of a feed."""
    return ParsedEntry(
        key=key,
        url=f"https://blog.example.org/{key}",
        title=key,
        title_derived=False,
        authors=(),
        tags=(),
        published=NOW,
        updated=None,
        content=Content(markdown=text, text=text, excerpt=text[:200], words=len(text.split())),
        teaser=False,
        fingerprint=hashlib.sha256(text.encode()).hexdigest(),
    )


def store_document(store: Store, number: int) -> None:
    """Store what a check of a feed could bring: new entries, a revised one, now and then a page."""
    chance = Random(number)

    def text() -> str:
        return " ".join(f"w{chance.randint(1, 3000)}" for _ in range(chance.randint(5, 300)))

    feed_id = number % FEEDS + 1
    entries = [entry(f"{number}-{i}", text()) for i in range(6)]
    entries.append(entry(f"state {feed_id}", f"{number} {text()}"))
    validators = Validators(f"https://{feed_id}.example.org/feed", f'"{number}"')
    parsed = ParsedFeed(f"Blog {feed_id}", None, None, None, tuple(entries))
    record_document(store, feed_id, parsed, now=NOW)
    if number % 3 == 0:
        content = Content(markdown=text(), text=text(), excerpt="", words=9)
        article = Article("A page", (), None, content)
        store.webpages.save_article(store.entries.newest_id(), validators, article, now=NOW)


def prepare(database: Path) -> Store:
    """Open a store that follows some feeds."""
    store = Store(database)
    urls = [f"https://{number}.example.org/feed" for number in range(1, FEEDS + 1)]
    store.feeds.subscribe(map(Subscription, urls), due_at=NOW)
    return store


def write(database: Path, first: int, most: int | None = None, *, aloud: bool = False) -> None:
    """Store one document after the other; what it says aloud, was stored."""
    store = prepare(database)
    for number in itertools.islice(itertools.count(first), most):
        store_document(store, number)
        if aloud:
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()
    store.close()


class Load:
    """A process that writes without a pause until it is killed."""

    def __init__(self, database: Path) -> None:
        self._said = database.with_name(f"{database.name}.said")
        self._said.touch()
        before = self.acknowledged()
        with self._said.open("ab") as out:
            first = str(before[-1] + 1 if before else 0)
            self.process = python("-m", WRITER, str(database), first, stdout=out)

    def acknowledged(self) -> list[int]:
        """Return the numbers of the documents that were stored for sure, by earlier writers too."""
        lines = self._said.read_text().splitlines(keepends=True)
        return [int(line) for line in lines if line.endswith("\n")]

    def await_more(self, count: int) -> None:
        """Wait until so many more documents were stored."""
        wanted = len(self.acknowledged()) + count
        await_that(lambda: len(self.acknowledged()) >= wanted, while_alive=self.process)

    def kill(self) -> None:
        """End it wherever it is."""
        self.process.kill()
        self.process.wait()

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Stop it wherever it is, and let it go on afterwards."""
        os.kill(self.process.pid, signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)
        try:
            yield
        finally:
            os.kill(self.process.pid, signal.SIGCONT)


def python(*arguments: str, **more: Any) -> subprocess.Popen[bytes]:
    """Start a Python in which the tests can be imported."""
    return subprocess.Popen([sys.executable, *arguments], cwd=ROOT, **more)


def await_that(
    condition: Callable[[], bool], *, while_alive: subprocess.Popen[bytes], seconds: float = 60
) -> None:
    """Look again and again until something holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert while_alive.poll() is None, "the process has ended"
        assert time.monotonic() < deadline, "nothing happens"
        time.sleep(0.005)


def sound(database: Path, acknowledged: Iterable[int] = ()) -> int:
    """Fail unless a store is sound and has what was acknowledged; returns its entries."""
    store = Store(database)
    try:
        assert store.health.problems() == []
        with store.database.reading() as connection:
            rows = connection.execute(
                """
                SELECT key, CAST(markdown AS INTEGER) FROM entries
                JOIN contents ON entry_id = entries.id
                """
            ).fetchall()
    finally:
        store.close()
    found = {row[0]: row[1] for row in rows}
    for number in acknowledged:
        assert {f"{number}-{i}" for i in range(6)} <= found.keys(), number
        assert found[f"state {number % FEEDS + 1}"] >= number
    return len(found)


def journals(database: Path) -> list[Path]:
    """Return the journals beside a database that have something in them."""
    return [path for path in database.parent.glob(f"{database.name}-*") if path.stat().st_size]


def is_in_commit(database: Path) -> bool:
    """Say whether there is a journal that is to be played back: its mark is written last."""
    return any(any(path.read_bytes()[:8]) for path in journals(database))


def killed(database: Path, *, times: int) -> tuple[int, int]:
    """Kill the writer so often; returns the documents stored, and the kills within a commit."""
    chance, cut_off = Random(times), 0
    for _ in range(times):
        load = Load(database)
        load.await_more(chance.randint(1, 4))
        time.sleep(chance.random() * 0.03)
        load.kill()
        cut_off += is_in_commit(database)
        assert sound(database, load.acknowledged()) > 0
    return len(load.acknowledged()), cut_off


def snapshots(database: Path, folder: Path, *, times: int) -> tuple[int, int]:
    """Take files as they are at any moment; returns the documents, and the moments in a commit."""
    load, chance, cut_off = Load(database), Random(times), 0
    load.await_more(5)
    for number in range(times):
        time.sleep(chance.random() * 0.03)
        place = folder / str(number)
        place.mkdir()
        with load.standing_still():
            acknowledged = load.acknowledged()
            for path in (database, *journals(database)):
                shutil.copy(path, place)
            copy = place / database.name
            cut_off += is_in_commit(copy)
            assert sound(copy, acknowledged) > 0
        shutil.rmtree(place)
    load.kill()
    return len(acknowledged), cut_off


def obeying_modes(work: Callable[[], T]) -> T:
    """Do something as a user to whom the modes of files apply, in a thread of its own."""
    done: Future[T] = Future()

    def do() -> None:
        try:
            _obey_modes()
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised below
            done.set_exception(error)

    thread = threading.Thread(target=do)
    thread.start()
    thread.join()
    return done.result()


def _obey_modes() -> None:
    """Take from root, in this thread and what it starts, the right to write whatever it likes."""
    if os.geteuid() != 0:
        return
    if sys.platform != "linux":
        pytest.skip("root may write anywhere")
    libc = ctypes.CDLL(None, use_errno=True)
    header, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(header, sets) == 0
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP: nor after an exec
        for each in range(3):  # effective, permitted, inheritable
            sets[each] &= ~(1 << capability)
    assert libc.capset(header, sets) == 0


def flip(path: Path, position: int) -> None:
    """Change one byte of a file."""
    with path.open("r+b") as file:
        file.seek(position)
        byte = file.read(1)[0]
        file.seek(position)
        file.write(bytes([byte ^ 0xFF]))


CUT_OFF = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for pragma in ("cache_size = 5", "cache_spill = 5"):
    connection.execute(f"PRAGMA {pragma}")
connection.execute("BEGIN IMMEDIATE")
connection.execute(
    "UPDATE contents SET text = text || ' and more', markdown = markdown || ' and more'"
)
os._exit(9)
"""


def leave_cut_off(database: Path) -> None:
    """Leave a database in the middle of a transaction whose changes are in its file already."""
    before = database.read_bytes()
    assert python("-c", CUT_OFF, str(database)).wait() == 9
    assert journals(database)
    assert database.read_bytes() != before


ROLLBACK = pytest.mark.skipif(
    journal_mode() != "delete", reason="a WAL database has no rollback journal"
)
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
STRACE = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")


def report(text: str) -> None:
    """Say what a test has tried; `make gauntlet` shows it."""
    sys.stdout.write(f"\n  {text}\n")


def test_a_writer_that_is_killed_fifty_times_loses_nothing(database: Path) -> None:
    stored, cut_off = killed(database, times=50)
    report(f"50 kills, {cut_off} within a commit; {stored} documents acknowledged and found")


def test_what_is_on_disk_at_two_hundred_moments_is_a_sound_store(
    database: Path, tmp_path: Path
) -> None:
    stored, cut_off = snapshots(database, tmp_path, times=200)
    report(f"200 moments, {cut_off} within a commit; {stored} documents acknowledged and found")


@LINUX
@STRACE
def test_a_writer_may_be_killed_at_every_call_of_a_transaction(
    database: Path, tmp_path: Path
) -> None:
    write(database, 0, 4)
    base = database.read_bytes()
    killed_at: Counter[str] = Counter()
    for call in ("openat", "pwrite64", "fdatasync", "unlink"):
        for number in itertools.count(1):
            if not _is_killed_at(call, number, database):
                break
            killed_at[call] += call != "openat" or bool(journals(database))
            assert sound(database, range(4)) > 0
            for path in journals(database):
                path.unlink()
            database.write_bytes(base)
    report(f"killed at each call of a transaction: {dict(killed_at)}")
    assert killed_at["pwrite64"] > 20


def _is_killed_at(call: str, number: int, database: Path) -> bool:
    """Store a document in a process that is killed at its n-th call that concerns the database."""
    watched = [database, Path(f"{database}-journal"), Path(f"{database}-wal"), database.parent]
    command = ["strace", "-o", os.devnull, "-e", f"trace={call}"]
    command += [option for path in watched for option in ("-P", str(path))]
    command += ["-e", f"inject={call}:signal=KILL:when={number}"]
    command += [sys.executable, "-m", WRITER, str(database), "4", "1"]
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
        return subprocess.run(command, cwd=ROOT, check=False, stdout=nowhere).returncode != 0


# ------------------------------------------------------------------------------------- power cuts


@dataclass
class Disk:
    """What is on a disk, and what of it a power cut may take away.

    A write to a file is safe once the file was synchronised, and that a file was made or deleted
    once its folder was. Until then each may be lost, whatever became of the others.
    """

    safe: dict[str, bytes]
    links: dict[str, bool] = field(default_factory=dict)
    writes: list[tuple[str, int, bytes]] = field(default_factory=list)
    renames: list[tuple[str, bool]] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)

    def take(self, call: str, path: str, data: bytes, position: int) -> None:
        """Follow one call of the writer."""
        if call == "pwrite64":
            self.writes.append((path, position, data))
        elif call == "openat":
            if (path, False) in self.renames:
                self._keep_renames()
            if path not in self.safe:
                self.safe[path] = b""
                self.renames.append((path, True))
        elif call == "unlink":
            self.renames.append((path, False))
        elif path.endswith("/"):
            self._keep_renames()
        else:
            self.safe[path] = _written(self.safe[path], [w for w in self.writes if w[0] == path])
            self.writes = [w for w in self.writes if w[0] != path]

    def _keep_renames(self) -> None:
        self.links.update(self.renames)
        self.renames.clear()
        for gone in [name for name, linked in self.links.items() if not linked]:
            self.safe.pop(gone, None)

    def after_a_cut(self, chance: Random) -> dict[str, bytes]:
        """Return the files as a power cut could leave them."""
        kept = [write for write in self.writes if chance.random() < chance.random()]
        links = {**self.links, **dict(self.renames[: chance.randint(0, len(self.renames))])}
        return {
            path: _written(content, [_torn(write, chance) for write in kept if write[0] == path])
            for path, content in self.safe.items()
            if links.get(path, True)
        }


def _torn(write: tuple[str, int, bytes], chance: Random) -> tuple[str, int, bytes]:
    """Let now and then only the first sectors of a write have reached the disk."""
    path, position, data = write
    end = len(data) if chance.random() < 0.8 else 512 * chance.randint(0, len(data) // 512)
    return path, position, data[:end]


def _written(content: bytes, writes: Iterable[tuple[str, int, bytes]]) -> bytes:
    changed = bytearray(content)
    for _, position, data in writes:
        changed.extend(bytes(max(position + len(data) - len(changed), 0)))
        changed[position : position + len(data)] = data
    return bytes(changed)


_CALL = re.compile(
    r"(?P<call>pwrite64|fdatasync|fsync|unlink|openat|write)\("
    r"(?:AT_FDCWD[^,]*, )?(?:\d+<(?P<open>[^>]*)>|\"(?P<named>[^\"]*)\")"
    r"(?:, \"(?P<data>(?:[^\"\\]|\\.)*)\", \d+(?:, (?P<position>\d+))?)?"
)


def _recorded(database: Path, said: Path, *, documents: int) -> list[tuple[str, str, bytes, int]]:
    """Record what a writer does to files: (call, path, data, position), folders end with `/`."""
    log = database.with_name("calls")
    command = ["strace", "-y", "-s", "1000000", "-o", str(log)]
    command += ["-e", "trace=pwrite64,fdatasync,fsync,unlink,openat,write,ftruncate"]
    command += [sys.executable, "-m", WRITER, str(database), "4", str(documents)]
    with said.open("wb") as out:
        subprocess.run(command, cwd=ROOT, check=True, stdout=out)
    calls = []
    for line in log.read_text("latin-1").splitlines():
        match = _CALL.match(line)
        path = match and (match["open"] or match["named"])
        if not match or not path or " = -1 " in line:
            continue
        path += "/" if path == str(database.parent) else ""
        data = codecs.escape_decode((match["data"] or "").encode("latin-1"))[0]
        concerned = path.startswith(str(database)) or path in {str(said), f"{database.parent}/"}
        writes = match["call"] != "openat" or "O_CREAT" in line
        if concerned and writes and not path.endswith((".lock", ".lease")):
            calls.append((match["call"], path, data, int(match["position"] or 0)))
    return calls


@LINUX
@STRACE
@ROLLBACK
def test_after_a_power_cut_the_store_is_sound_and_has_what_was_acknowledged(
    database: Path, tmp_path: Path
) -> None:
    write(database, 0, 4)
    before = {str(database): database.read_bytes()}
    calls = _recorded(database, tmp_path / "out", documents=6)
    assert {call for call, *_ in calls} >= {"pwrite64", "fdatasync", "unlink", "write"}
    states, cut_off = _cut_power(calls, before, tmp_path / "cut", trust_folder=True)
    report(f"{states} states after power cuts, {cut_off} with a write to be undone")
    assert cut_off > 0


@LINUX
@STRACE
@ROLLBACK
def test_that_the_folder_is_synchronised_too_is_what_keeps_the_last_document(
    database: Path, tmp_path: Path
) -> None:
    """What SQLite's FULL leaves out and EXTRA has; and that these power cuts lose something."""
    write(database, 0, 4)
    before = {str(database): database.read_bytes()}
    calls = _recorded(database, tmp_path / "out", documents=6)
    with pytest.raises(AssertionError):
        _cut_power(calls, before, tmp_path / "cut", trust_folder=False)


def _cut_power(
    calls: list[tuple[str, str, bytes, int]],
    before: dict[str, bytes],
    folder: Path,
    *,
    trust_folder: bool,
) -> tuple[int, int]:
    """Cut the power after each call, three times; returns the states, and those within a commit."""
    disk, chance = Disk(dict(before)), Random(7)
    states = cut_off = 0
    unlinked = False
    for call, path, data, position in calls:
        if call == "write":
            disk.acknowledged.append(int(data))
        elif path.endswith("/") and unlinked and not trust_folder:
            continue
        else:
            disk.take(call, path, data, position)
        unlinked = call == "unlink"
        for _ in range(3):
            folder.mkdir()
            for name, content in disk.after_a_cut(chance).items():
                (folder / Path(name).name).write_bytes(content)
            copy = folder / Path(next(iter(before))).name
            cut_off += is_in_commit(copy)
            assert sound(copy, [*range(4), *disk.acknowledged]) > 0
            states += 1
            shutil.rmtree(folder)
    return states, cut_off


# ------------------------------------------------------------------------------- damaged journals


def state(database: Path) -> str:
    """Return a digest of all rows."""
    digest = hashlib.sha256()
    with closing(sqlite3.connect(database)) as connection:
        connection.text_factory = bytes
        for table in ("feeds", "entries", "contents", "entries_index_data"):
            for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1"):
                digest.update(repr(row).encode())
    return digest.hexdigest()


@ROLLBACK
def test_a_damaged_journal_is_refused_or_undone_as_it_should(
    database: Path, tmp_path: Path
) -> None:
    write(database, 0, 30)
    old = state(database)
    leave_cut_off(database)
    (journal,) = journals(database)
    files = {path: path.read_bytes() for path in (database, journal)}
    size, chance = len(files[journal]), Random(3)
    cuts = [*range(1, 600, 40), *(chance.randrange(size) for _ in range(60)), size - 1]
    flips = [*range(28), *range(512, 530), *(chance.randrange(512, size) for _ in range(600))]
    ended: Counter[str] = Counter()
    for kind, position in [*(("cut", each) for each in cuts), *(("flip", each) for each in flips)]:
        for path, content in files.items():
            path.write_bytes(content)
        if kind == "cut":
            os.truncate(journal, position)
        else:
            flip(journal, position)
        ended[f"{kind}: {_ended(database, old)}"] += 1
    report(f"damaged journals: {dict(ended)}")
    # What was cut off the end may not have been needed yet.
    assert ended["cut: refused"] + ended["cut: old"] == len(cuts)
    assert ended["cut: refused"] > len(cuts) * 0.9
    assert ended["flip: refused"] > ended["flip: old but for a byte"]


def _ended(database: Path, old: str) -> str:
    try:
        store = Store(database)
    except StoreError:
        return "refused"
    problems = store.health.problems()
    store.close()
    assert problems == []
    # SQLite's checksum of a page samples every 200th byte, and no index holds the Markdown.
    return "old" if state(database) == old else "old but for a byte"


# ------------------------------------------------------------------------------------- full disks


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of 6 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    made = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)],
        check=False,
        capture_output=True,
    )
    if not made or made.returncode:
        pytest.skip("mounting a file system takes root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def leave_free(folder: Path, size: int) -> Path:
    """Fill a disk up to so many bytes."""
    ballast = folder / "ballast"
    ballast.unlink(missing_ok=True)
    with ballast.open("wb") as file, suppress(OSError):
        left = shutil.disk_usage(folder).free - size
        os.posix_fallocate(file.fileno(), 0, max(left, 1))
    return ballast


@LINUX
def test_a_disk_may_be_full_at_any_point_of_a_write(small_disk: Path) -> None:
    database = small_disk / "planet.sqlite"
    store = prepare(database)
    store_document(store, 0)
    number, failed = 1, 0
    words: set[str] = set()
    for free in range(0, 400_000, 4096):
        if database.stat().st_size > 2_500_000:
            break
        ballast = leave_free(small_disk, free)
        try:
            store_document(store, number)
        except StoreError as error:
            failed += 1
            words.add(str(error).partition("used: ")[2])
        with store.database.reading() as connection:
            assert connection.execute("SELECT count(*) FROM entries").fetchone()[0] > 0
        ballast.unlink()
        store_document(store, number)
        number += 1
        assert sound(database, range(number)) > 0
    store.close()
    report(f"a full disk at {number - 1} points: {failed} writes failed: {words}")
    assert all("full" in said for said in words)
    assert failed > 10


@LINUX
def test_without_room_for_a_copy_nothing_is_upgraded(small_disk: Path) -> None:
    database = small_disk / "planet.sqlite"
    write(database, 0, 10)
    before = database.read_bytes()
    ballast = leave_free(small_disk, 50_000)
    steps = (*schema.STEPS, _no_change)
    with pytest.raises(StoreError, match="full"):
        Database(database, steps=steps)
    assert database.read_bytes() == before
    assert not list(small_disk.glob("*.backup*"))
    ballast.unlink()
    Database(database, steps=steps).close()
    assert len(list(small_disk.glob("*.backup"))) == 1


def _no_change(_: object) -> None:
    """Change no table."""


@LINUX
def test_a_file_system_mounted_read_only_is_read(small_disk: Path) -> None:
    database = small_disk / "planet.sqlite"
    write(database, 0, 4)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(OSError, match=os.strerror(errno.EROFS)):
        (small_disk / "new").touch()
    store = Store(database)
    assert store.read_only is not None
    assert store.feeds.summary().entries == 4 * 6 + 4
    with pytest.raises(StoreError, match="may not write"):
        store_document(store, 4)
    store.close()
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    write(database, 4, 1)
    assert sound(database, range(5)) > 0


# --------------------------------------------------------------- killed in the middle of long work

LONG_WORK = {
    "vacuum": "store.health.vacuum()",
    "repair": "store.health.repair()",
    "merge": "while store.search.merge_index(): pass",
}
WORK = """
import sys
from pathlib import Path
from planet_mcp.store import Store
store = Store(Path(sys.argv[1]))
print("ready", flush=True)
while True:
    {work}
"""


@LINUX
@pytest.mark.parametrize("kind", LONG_WORK)
def test_long_work_may_be_killed(database: Path, kind: str) -> None:
    write(database, 0, 60)
    chance, cut_off = Random(kind), 0
    for _ in range(12):
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            if kind == "repair":
                connection.execute("DELETE FROM entries_index_docsize")
        worker = python("-c", WORK.format(work=LONG_WORK[kind]), str(database), stdout=-1)
        assert worker.stdout
        worker.stdout.readline()
        time.sleep(chance.random() * 0.3)
        worker.kill()
        worker.communicate()
        cut_off += is_in_commit(database)
        store = Store(database, to_repair=True)
        assert store.health.repair().left == []
        store.close()
        assert sound(database, range(60)) > 0
    report(f"{kind}: killed 12 times, {cut_off} within a commit")


@LINUX
def test_an_upgrade_may_be_killed(database: Path) -> None:
    _fill_first_version(database)
    base, chance, versions = database.read_bytes(), Random(5), Counter[int]()
    for _ in range(25):
        database.write_bytes(base)
        upgrade = python("-c", WORK.format(work="break"), str(database), stdout=-1)
        time.sleep(0.3 + chance.random() * 0.9)
        upgrade.kill()
        upgrade.communicate()
        with closing(sqlite3.connect(database)) as connection:
            versions[connection.execute("PRAGMA user_version").fetchone()[0]] += 1
        assert sound(database) == 1500
        assert len(list(database.parent.glob("*.backup"))) <= 3
        for left in database.parent.glob("*.part"):
            left.unlink()
    report(f"upgrades killed when the tables were of version: {dict(versions)}")


def _fill_first_version(database: Path) -> None:
    Database(database, steps=schema.STEPS[:1]).close()
    with closing(sqlite3.connect(database)) as old, old:
        old.execute("INSERT INTO feeds (url, next_check_at) VALUES ('https://a.example/f', 0)")
        for number in range(1, 1501):
            text = " ".join(f"fox{number}{word}" for word in range(80))
            old.execute(
                """
                INSERT INTO entries (feed_id, key, story_id, ordered_at, first_seen_at, words,
                                     teaser, title_derived, fingerprint)
                VALUES (1, ?, ?, 1700000000, 1700000001, 50, 0, 0, 'x')
                """,
                (f"id:{number}", number),
            )
            old.execute(
                "INSERT INTO contents VALUES (?, ?, '', '', '', ?, ?)",
                (number, f"Post {number}", text, text),
            )
        old.execute("UPDATE feeds SET entries = 1500")


if __name__ == "__main__":
    write(Path(sys.argv[1]), *map(int, sys.argv[2:]), aloud=True)
