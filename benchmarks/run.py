"""Measures the figures of benchmarks/README.md on this machine and prints them.

`make bench`, or `python -m benchmarks.run [--feeds FOLDER]` with a folder of feed documents in
place of the made-up ones. Takes about a minute; needs no network.
"""

import argparse
import json
import platform
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.corpus import captured, made_up
from benchmarks.host import Host, hosting
from planet_mcp.documents.lists import write_opml
from planet_mcp.models import Subscription
from tests.support.site import Site, running_site

STARTS = 25
BLOCKS = 10
WORDS = "python asyncio release google packaging linux podcast memory web startup".split()


def main() -> None:
    """Measure everything."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--feeds", type=Path, help="a folder of feed documents")
    folder: Path | None = options.parse_args().feeds
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    print(f"{versions}, {platform.system()} {platform.machine()}")
    subprocess.run([sys.executable, "-m", "compileall", "-q", "src"], check=False)
    with tempfile.TemporaryDirectory() as temporary, running_site() as site:
        urls = captured(site, folder) if folder else made_up(site, feeds=219, entries=20)
        settings = _settings(Path(temporary), urls)
        during_refresh(settings)
        first_and_second_refresh(site, settings)
        starts(settings)
        calls(settings)


def _settings(folder: Path, urls: list[str]) -> dict[str, str]:
    feeds = folder / "feeds.opml"
    feeds.write_text(write_opml(map(Subscription, urls), title="Benchmark"), "utf-8")
    return {
        "database": str(folder / "planet.sqlite"),
        "feeds": str(feeds),
        "allow_networks": "127.0.0.0/8",
        "host_delay": "0",
        "host_concurrency": "16",
    }


def first_and_second_refresh(site: Site, settings: dict[str, str]) -> None:
    """Refresh all feeds twice from the command line, into a new database."""
    fresh = {**settings, "database": settings["database"].replace("planet", "fresh")}
    for name in ("first", "second"):
        site.asked.clear()
        began = time.perf_counter()
        result = _command(fresh, "refresh", "--all", "--json")
        seconds = time.perf_counter() - began
        not_modified = sum(item.status == 304 for item in site.asked)
        sent = sum(item.sent for item in site.asked)
        print(
            f"{name} refresh: {seconds:.1f} s, {result['ok']} ok, {result['failed']} failed, "
            f"{result['new_entries']} new entries; {len(site.asked)} requests, "
            f"{not_modified} times 304, {sent / 1e6:.2f} MB on the wire"
        )
    size = Path(fresh["database"]).stat().st_size
    print(f"database: {size / 1e6:.1f} MB")


def _command(settings: dict[str, str], *arguments: str) -> dict[str, Any]:
    with_settings = [
        *(f"--{name.replace('_', '-')}={settings[name]}" for name in ("database", "feeds")),
        *(
            f"--{name.replace('_', '-')}={settings[name]}"
            for name in ("allow_networks", "host_delay", "host_concurrency")
        ),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "planet_mcp", arguments[0], *with_settings, *arguments[1:]],
        capture_output=True,
        check=False,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def starts(settings: dict[str, str]) -> None:
    """Compare start and memory with a bare server, in turn."""
    bare, ours, fronts, lists, memory = [], [], [], [], []
    for _ in range(STARTS):
        with hosting("benchmarks.bare") as host:
            began = time.perf_counter() - host.start_seconds
            host.call("echo", text="x")
            bare.append((time.perf_counter() - began, host.resident_mb()))
        with hosting("planet_mcp", **{**settings, "refresh": "off"}) as host:
            began = time.perf_counter() - host.start_seconds
            fronts.append(host.start_seconds)
            host.request("tools/list", {})
            lists.append((time.perf_counter() - began - host.start_seconds) * 1000)
            host.call("search_entries", query="python")
            ours.append(time.perf_counter() - began)
            memory.append(host.resident_mb())
    # Pair by pair, as the machine's speed drifts.
    ratio = median(our / its for our, (its, _) in zip(ours, bare, strict=True))
    bare_start, bare_memory = median(s for s, _ in bare), median(m for _, m in bare)
    print(
        f"spawn to first search: {median(ours) * 1000:.0f} ms, first call of a bare server "
        f"{bare_start * 1000:.0f} ms: {ratio:.2f} x; to initialize {median(fronts) * 1000:.0f} ms"
    )
    print(f"tools/list after it: {median(lists):.1f} ms")
    print(
        f"resident memory: {median(memory):.1f} MB, bare server {bare_memory:.1f} MB: "
        f"{median(memory) / bare_memory:.2f} x"
    )


def calls(settings: dict[str, str]) -> None:
    """Compare a search with a trivial tool, in turn, over our transport and the SDK's."""
    with ExitStack() as stack:
        native = stack.enter_context(hosting("benchmarks.bare", "--native"))
        sdk = stack.enter_context(hosting("benchmarks.bare"))
        ours = stack.enter_context(hosting("planet_mcp", **{**settings, "refresh": "off"}))
        _warm(native, sdk, ours)
        times: dict[str, list[float]] = {"trivial": [], "trivial by the SDK": [], "search": []}
        # In blocks, as a host calls one server at a time; in turn, as the machine's speed drifts.
        for _ in range(BLOCKS):
            times["trivial"] += [native.timed("echo", text=word) for word in WORDS * 4]
            times["search"] += [ours.timed("search_entries", query=word) for word in WORDS * 4]
            times["trivial by the SDK"] += [sdk.timed("echo", text=word) for word in WORDS * 4]
    for name, found in times.items():
        print(f"{name}: {_quantiles(found)}")
    search = median(times["search"])
    print(
        f"search / trivial: {search / median(times['trivial']):.2f} x on the same transport, "
        f"{search / median(times['trivial by the SDK']):.2f} x of the SDK's runner"
    )


def _warm(native: Host, sdk: Host, ours: Host) -> None:
    for _ in range(50):
        native.call("echo", text="x")
        sdk.call("echo", text="x")
        ours.call("search_entries", query="python")


def during_refresh(settings: dict[str, str]) -> None:
    """Call tools all the time while the first refresh of a new database goes on."""
    times = []
    with hosting("planet_mcp", **settings) as host:
        for number in range(100_000):
            word = WORDS[number % len(WORDS)]
            times.append(host.timed("search_entries", query=word))
            time.sleep(0.002)
            if (
                number > 100
                and "notice" not in host.call("list_feeds", limit=1)["structuredContent"]
            ):
                break
    print(f"search during the first refresh: {_quantiles(times)}, {len(times)} calls")


def _quantiles(times: list[float]) -> str:
    ordered = sorted(times)
    p50, p95, p99 = (ordered[int(len(ordered) * q)] for q in (0.5, 0.95, 0.99))
    return f"p50 {p50:.2f} ms, p95 {p95:.2f} ms, p99 {p99:.2f} ms, most {ordered[-1]:.1f} ms"


if __name__ == "__main__":
    main()
