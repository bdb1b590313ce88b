"""Measures a full first pass over many feeds, a second of 304s, a third of unchanged bodies.

`python -m benchmarks.passes [--feeds FOLDER] [--count 567]`, with the feed documents of a folder,
repeated with other host names until there are enough, or made-up ones. Linux only; no network.
"""

import argparse
import compileall
import hashlib
import json
import os
import platform
import re
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from email.utils import formatdate
from itertools import count
from pathlib import Path
from socketserver import StreamRequestHandler
from typing import Any

import planet_mcp
from benchmarks.corpus import captured, made_up
from benchmarks.host import Host, hosting
from planet_mcp.documents.lists import write_opml
from planet_mcp.models import Subscription
from tests.support.site import Page, Site, running_site

WORDS = "python asyncio release google packaging linux podcast memory web startup".split()
LONGEST_PASS_SECONDS = 1800
IDLE_CPU_SECONDS = 0.05
# What a notice says while a server reads feeds for the first time.
UNDER_WAY = "refresh is under way"
LATER = {"ETag": '"other"', "Last-Modified": formatdate(1_795_000_000, usegmt=True)}
Calls = tuple[tuple[str, dict[str, Any]], ...]
Turn = Callable[[int], Calls]

_TICKS = os.sysconf("SC_CLK_TCK")
# A namespace must stay what it is; every other host of a document becomes another one.
_ADDRESS = re.compile(rb"""(xmlns(?::[\w.-]+)?\s*=\s*["'])?(https?:\\?/\\?/)(?=[A-Za-z0-9])""")


def main() -> None:
    """Measure the three passes."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--feeds", type=Path, help="a folder of feed documents")
    options.add_argument("--count", type=int, default=567, help="how many feeds to serve")
    given = options.parse_args()
    prepare()
    with tempfile.TemporaryDirectory() as temporary, running_site() as site:
        urls = serve(site, given.feeds, given.count)
        quiet = settings_for(Path(temporary), urls, name="quiet")
        first_pass(site, quiet, turn=_looking, pause=0.5)
        settings = settings_for(Path(temporary), urls)
        first_pass(site, settings, turn=_asking, pause=0.002)
        again("second pass, all due again", site, settings)
        change_validators(site)
        again("third pass, other validators with the same bodies", site, settings)


def prepare() -> None:
    """Compile the package, make a quick site, and print what the figures are of."""
    # The site answers in threads of this process: they shall not hold up its stopwatch.
    sys.setswitchinterval(0.0005)
    # It sends headers and body one after the other: the body shall not wait for an ACK, 40 ms.
    StreamRequestHandler.disable_nagle_algorithm = True
    compileall.compile_dir(Path(planet_mcp.__file__).parent, quiet=1)
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    print(f"{versions}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores")


# The feeds.


def serve(site: Site, folder: Path | None, wanted: int) -> list[str]:
    """Serve as many feeds as wanted; returns their URLs."""
    if folder is None:
        return made_up(site, feeds=wanted, entries=20)
    urls = captured(site, folder)[:wanted]
    originals = {path: page for path, page in site.pages.items() if site.url + path in set(urls)}
    for copy in count(1):
        for path, page in originals.items():
            if len(urls) == wanted:
                return urls
            site.pages[f"/{copy}{path}"] = replace(page, body=_elsewhere(page.body, copy))
            urls.append(f"{site.url}/{copy}{path}")
    raise AssertionError("copies have no end")


def _elsewhere(body: bytes, copy: int) -> bytes:
    """Return a document whose links and ids lead to other hosts, so that its stories are others."""
    return _ADDRESS.sub(lambda found: found[0] if found[1] else found[2] + b"c%d." % copy, body)


def change_validators(site: Site) -> None:
    """Answer 200 from now on, with the same bodies under another ETag and Last-Modified."""

    def changed(page: Page) -> Page:
        return replace(page, validators=False, headers={**page.headers, **LATER})

    site.pages.update({path: changed(page) for path, page in site.pages.items()})


# What a process needs.


def settings_for(folder: Path, urls: Sequence[str], *, name: str = "planet") -> dict[str, str]:
    """Return settings for a new database that follows these feeds."""
    feeds = folder / "feeds.opml"
    feeds.write_text(write_opml(map(Subscription, urls), title="Benchmark"), "utf-8")
    return {
        "database": str(folder / f"{name}.sqlite"),
        "feeds": str(feeds),
        "allow_networks": "127.0.0.0/8",
        "host_delay": "0",
        "host_concurrency": "16",
    }


class Children:
    """The parsing child processes of a process that were seen, and the most memory of one."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.seen: set[int] = set()
        self.peak_mb = 0.0

    def look(self) -> list[int]:
        """Note which child processes there are now, and return them."""
        alive = [child for child in children_of(self._pid) if _parses(child)]
        self.seen.update(alive)
        self.peak_mb = max([self.peak_mb, *map(peak_mb, alive)])
        return alive


def children_of(pid: int) -> list[int]:
    """Return the child processes of a process, those that ended but were not waited for too."""
    found: list[int] = []
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (thread / "children").read_text("ascii").split())
    return found


def _parses(pid: int) -> bool:
    with suppress(OSError):
        return b"planet_mcp.sandbox.child" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def peak_mb(pid: int) -> float:
    """Return the most resident memory that a process ever had, in MB; 0 when it ended."""
    with suppress(OSError):
        found = re.search(r"^VmHWM:\s*(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
        return int(found[1]) / 1024 if found else 0.0
    return 0.0


def cpu_seconds(pid: int) -> tuple[float, float]:
    """Return the CPU seconds of a process, and of its child processes, living or waited for."""
    own, waited_for = _cpu(pid)
    return own, waited_for + sum(_cpu(child)[0] for child in children_of(pid))


def _cpu(pid: int) -> tuple[float, float]:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0, 0.0
    user, system, children_user, children_system = (int(field) / _TICKS for field in fields[11:15])
    return user + system, children_user + children_system


# The first pass: a server at work, and a host that calls its tools.


@dataclass
class Spent:
    """The CPU seconds of a server and its child processes until some moment."""

    server: float
    children: float

    def __str__(self) -> str:
        total = self.server + self.children
        return f"{total:.1f} s (server {self.server:.1f}, child processes {self.children:.1f})"


def first_pass(site: Site, settings: Mapping[str, str], *, turn: Turn, pause: float) -> None:
    """Start a server on a new database and call tools in turns until it has checked every feed."""
    site.asked.clear()
    began = time.perf_counter()
    with hosting("planet_mcp", **settings) as host:
        children = Children(host.process.pid)
        times = _call_until_checked(host, children, turn=turn, pause=pause)
        seconds = time.perf_counter() - began
        spent = Spent(*cpu_seconds(host.process.pid))
        _wait_until_idle(host)
        in_all = Spent(*cpu_seconds(host.process.pid))
        children.look()
        server_mb = peak_mb(host.process.pid)
    name = "with tool calls one after the other" if turn is _asking else "nobody asks anything"
    print(f"\nfirst pass, new database, {name}: {_stored(settings)}")
    print(f"  {requests(site)}")
    print(f"  {seconds:.1f} s from the start of the server until all feeds are checked")
    print(f"  CPU until then {spent}")
    print(f"  CPU until it is idle, the index merged: {in_all}")
    print(
        f"  peak memory: server {server_mb:.0f} MB, child process {children.peak_mb:.0f} MB "
        f"({len(children.seen)} child processes, one after the other)"
    )
    for tool, found in times.items() if turn is _asking else ():
        print(f"  {tool} meanwhile: {quantiles(found)}")


def _asking(number: int) -> Calls:
    return (
        ("search_entries", {"query": WORDS[number % len(WORDS)]}),
        ("latest_entries", {}),
        ("list_feeds", {}),
    )


def _looking(_: int) -> Calls:
    return (("list_feeds", {"limit": 1}),)


def _call_until_checked(
    host: Host, children: Children, *, turn: Turn, pause: float
) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {}
    until = time.monotonic() + LONGEST_PASS_SECONDS
    notice = UNDER_WAY
    for number in count():
        if UNDER_WAY not in notice or time.monotonic() > until:
            break
        for tool, arguments in turn(number):
            began = time.perf_counter()
            result = host.call(tool, **arguments)
            times.setdefault(tool, []).append((time.perf_counter() - began) * 1000)
            assert not result.get("isError"), result
            notice = result["structuredContent"].get("notice", "")
            children.look()
            time.sleep(pause)
    assert UNDER_WAY not in notice, notice
    return times


def _wait_until_idle(host: Host) -> None:
    before, now = -1.0, sum(cpu_seconds(host.process.pid))
    while now - before > IDLE_CPU_SECONDS:
        time.sleep(2)
        before, now = now, sum(cpu_seconds(host.process.pid))


def quantiles(times: Sequence[float]) -> str:
    """Describe how long calls took."""
    ordered = sorted(times)
    p50, p95, p99 = (ordered[int(len(ordered) * q)] for q in (0.5, 0.95, 0.99))
    most = f"most {ordered[-1]:.1f} ms, {len(ordered)} calls"
    return f"p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms, {most}"


# The passes after it: the command.


@dataclass
class Cost:
    """What a command took, from its start to its end."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, CPU {self.cpu_seconds:.1f} s"


@dataclass(frozen=True)
class Refreshed:
    """What a run of `planet-mcp refresh --all` brought and took, starting the program included."""

    result: dict[str, Any]
    cost: Cost
    children: Children


def refresh(settings: Mapping[str, str]) -> Refreshed:
    """Check all feeds once with the command."""
    command = [sys.executable, "-m", "planet_mcp", "refresh", "--all", "--json"]
    with measured(command, environment(settings)) as (process, cost):
        children = Children(process.pid)
        out = _output(process, children)
    return Refreshed(json.loads(out), cost, children)


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with these settings of planet-mcp and no others."""
    unwanted = ("PLANET_MCP_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return kept | {f"PLANET_MCP_{name.upper()}": value for name, value in settings.items()}


@contextmanager
def measured(
    command: Sequence[str], env: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], Cost]]:
    """Run a command; what it took, with the child processes it waited for, is known at the end."""
    cost = Cost()
    cpu, began = _cpu_of_ended(), time.perf_counter()
    with subprocess.Popen(
        command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        yield process, cost
        process.wait()
        cost.seconds, cost.cpu_seconds = time.perf_counter() - began, _cpu_of_ended() - cpu


def _cpu_of_ended() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _output(process: subprocess.Popen[bytes], children: Children) -> bytes:
    while True:
        try:
            out, problems = process.communicate(timeout=0.02)
        except subprocess.TimeoutExpired:
            children.look()
            continue
        if not out:
            sys.exit(problems.decode("utf-8", "replace"))
        return bytes(out)


def again(name: str, site: Site, settings: Mapping[str, str]) -> None:
    """Check all feeds again and say whether anything of the entries was written."""
    before = contents_of(settings)
    site.asked.clear()
    done = refresh(settings)
    after = contents_of(settings)
    written = [table for table in before if before[table] != after[table]]
    result = done.result
    print(f"\n{name}: {result['ok']} ok, {result['failed']} failed")
    print(f"  {requests(site)}")
    print(
        f"  {done.cost}, starting the program included; "
        f"{len(done.children.seen)} child processes, so {_parsed(result, done)}"
    )
    print(f"  {result['unchanged']} unchanged, {result['new_entries']} new entries")
    print(f"  written to: {', '.join(written) or 'no table but feeds'} ({_compared(before)})")


def _parsed(result: Mapping[str, Any], done: Refreshed) -> str:
    if not done.children.seen:
        return "nothing was parsed"
    return f"up to {result['checked'] - result['unchanged']} documents were parsed"


def requests(site: Site) -> str:
    """Say what was asked of the site and how it answered."""
    statuses = [item.status for item in site.asked]
    answers = ", ".join(f"{statuses.count(code)} x {code}" for code in sorted(set(statuses)))
    sent = sum(item.sent for item in site.asked) / 1e6
    return f"{len(statuses)} requests ({answers}), {sent:.2f} MB on the wire"


def contents_of(settings: Mapping[str, str]) -> dict[str, tuple[object, ...]]:
    """Return what would change when a table of entries is written: rows, last row, revisions."""
    with reading(settings) as connection:
        found = {
            table: _described(connection, table)
            for table in ("entries", "contents", "entries_index_data")
        }
        revised = "SELECT count(revised_at), max(revised_at), sum(revisions) FROM entries"
        return {**found, "revisions": tuple(connection.execute(revised).fetchone())}


def _described(connection: sqlite3.Connection, table: str) -> tuple[object, ...]:
    rows, last = connection.execute(f"SELECT count(*), max(rowid) FROM {table}").fetchone()
    checksum = hashlib.sha256()
    for row in connection.execute(f"SELECT rowid, * FROM {table} ORDER BY rowid"):
        checksum.update(repr(row).encode("utf-8", "surrogatepass"))
    return rows, last, checksum.hexdigest()


def _compared(found: Mapping[str, tuple[object, ...]]) -> str:
    rows = {table: values[0] for table, values in found.items() if table != "revisions"}
    tables = ", ".join(f"{number} {table}" for table, number in rows.items())
    return f"compared by checksum: {tables}; and the revisions"


@contextmanager
def reading(settings: Mapping[str, str]) -> Iterator[sqlite3.Connection]:
    """Open the database of some settings, only to read it."""
    address = f"{Path(settings['database']).as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as connection:
        yield connection


def _stored(settings: Mapping[str, str]) -> str:
    with reading(settings) as connection:
        feeds, failed, salvaged, entries = connection.execute(
            "SELECT count(*), total(errors > 0), count(warning), total(entries) FROM feeds"
        ).fetchone()
    return (
        f"{feeds} feeds ({failed:.0f} failed, {salvaged} salvaged with a warning), "
        f"{entries:.0f} entries"
    )


if __name__ == "__main__":
    main()
