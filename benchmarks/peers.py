"""Measures planet-mcp beside other servers of feeds, each in an environment of its own, in one run.

`python -m benchmarks.peers [--feeds 100] [--only NAME]`: made-up feeds of 50 entries of 260 words
over loopback, ten words that many entries have. Each peer is installed from the package index when
it is named here; `feed-mcp` is left out, since it fetches from no loopback. The first row is of a
server with one trivial tool: what the SDK itself takes. Linux; minutes.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Self

from benchmarks.corpus import made_up
from benchmarks.host import Host
from planet_mcp.documents.lists import write_opml
from planet_mcp.models import Subscription
from tests.support.site import running_site

ENTRIES, ROUNDS, MOST_NAMED = 50, 5, 50
WORDS = "python asyncio packaging release typing django startup memory testing wheels".split()

Arguments = dict[str, Any]


@dataclass(frozen=True)
class Peer:
    """A server: how it is started, and which calls do what all of them do."""

    module: str
    settings: Callable[[Path], Mapping[str, str]]
    load: Callable[[Path], tuple[str, Arguments]]
    search: Callable[[str], tuple[str, Arguments]]
    list_feeds: str
    refresh: str
    # The calls that ask all feeds again, though they are not due.
    again: Callable[[int], list[Arguments]]
    package: str | None = None


def _ours(folder: Path) -> dict[str, str]:
    return {
        "PLANET_MCP_DATABASE": str(folder / "planet.sqlite"),
        "PLANET_MCP_FEEDS": str(folder / "feeds.opml"),
        "PLANET_MCP_REFRESH": "off",
        "PLANET_MCP_ALLOW_NETWORKS": "127.0.0.0/8",
        "PLANET_MCP_HOST_DELAY": "0",
        "PLANET_MCP_HOST_CONCURRENCY": "16",
    }


PEERS = {
    "planet-mcp": Peer(
        "planet_mcp",
        _ours,
        lambda _: ("refresh_feeds", {}),
        lambda word: ("search_entries", {"query": word}),
        "list_feeds",
        "refresh_feeds",
        lambda feeds: [
            {"feeds": list(range(first, min(first + MOST_NAMED, feeds + 1)))}
            for first in range(1, feeds + 1, MOST_NAMED)
        ],
    ),
    "mcp-feed-reader-crunchtools": Peer(
        "mcp_feed_reader_crunchtools",
        lambda folder: {"FEED_READER_DB": str(folder / "reader.sqlite")},
        lambda folder: ("import_opml_tool", {"file_path": str(folder / "feeds.opml")}),
        lambda word: ("search_entries_tool", {"query": word, "limit": 10}),
        "list_feeds_tool",
        "refresh_feeds_tool",
        lambda _: [{}],
        package="mcp-feed-reader-crunchtools",
    ),
}


def main() -> None:
    """Measure the peers, one after the other."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--feeds", type=int, default=100)
    options.add_argument("--only", choices=PEERS)
    given = options.parse_args()
    print("| | start ms | first search | search p50 / p95 | list | load s | refresh ms | MB |")
    print("|---|---|---|---|---|---|---|---|")
    print(f"| bare | {bare()} |", flush=True)
    with running_site() as site, tempfile.TemporaryDirectory() as temporary:
        urls = made_up(site, feeds=given.feeds, entries=ENTRIES)
        for name in [given.only] if given.only else PEERS:
            folder = Path(temporary) / name
            folder.mkdir()
            opml = write_opml(map(Subscription, urls), title="Peers")
            (folder / "feeds.opml").write_text(opml, "utf-8")
            print(f"| {name} | {measured(PEERS[name], folder, urls)} |", flush=True)


def _python(peer: Peer, folder: Path) -> str:
    """Return an interpreter that has the peer, with its bytecode compiled."""
    if peer.package is None:
        subprocess.run([sys.executable, "-m", "compileall", "-q", "src"], check=False)
        return sys.executable
    environment = folder / "environment"
    venv.create(environment, with_pip=True)
    python = str(environment / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-qq", peer.package], check=True)
    return python


def bare() -> str:
    """Measure a server with one trivial tool; returns its figures as the cells of a row."""
    with _Started("benchmarks.bare", sys.executable, {}) as host:
        start = host.start_seconds * 1000
        first = start + _call(host, "echo", {"text": "x"})
        return f"{start:.0f} | {first:.0f} | | | | | {host.resident_mb():.0f}"


def measured(peer: Peer, folder: Path, urls: Sequence[str]) -> str:
    """Measure one peer; returns its figures as the cells of a row."""
    python, settings = _python(peer, folder), peer.settings(folder)
    with _Started(peer.module, python, settings) as host:
        began = time.perf_counter()
        tool, arguments = peer.load(folder)
        _call(host, tool, arguments)
        if tool != peer.refresh:
            _call(host, peer.refresh, {})
        loaded = time.perf_counter() - began
        began = time.perf_counter()
        for arguments in peer.again(len(urls)):
            _call(host, peer.refresh, arguments)
        refreshed = (time.perf_counter() - began) * 1000
    with _Started(peer.module, python, settings) as host:
        start = host.start_seconds * 1000
        began = time.perf_counter()
        _call(host, *peer.search(WORDS[0]))
        first = start + (time.perf_counter() - began) * 1000
        searches = [_call(host, *peer.search(word)) for word in WORDS * ROUNDS]
        lists = [_call(host, peer.list_feeds, {}) for _ in range(len(WORDS))]
        memory = host.resident_mb()
    p95 = quantiles(searches, n=20)[-1]
    return (
        f"{start:.0f} | {first:.0f} | {median(searches):.1f} / {p95:.1f} | {median(lists):.1f} "
        f"| {loaded:.1f} | {refreshed:.0f} | {memory:.0f}"
    )


def _call(host: Host, tool: str, arguments: Arguments) -> float:
    """Return the milliseconds that a call took."""
    return host.timed(tool, **arguments)


class _Started(Host):
    """A server that ends with the block."""

    def __init__(self, module: str, python: str, settings: Mapping[str, str]) -> None:
        super().__init__([module], {**settings, "HOME": os.environ["HOME"]}, python=python)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


if __name__ == "__main__":
    main()
