"""Compares the ingest rate and the stored entries with those of reader, another feed library.

`python benchmarks/reader_comparison.py FOLDER`, with a folder of feed documents, which both fetch
from loopback into new databases, in turn. It installs reader into an environment of its own, for
which pip needs its package index. Linux only.
"""

import argparse
import html
import json
import re
import subprocess
import sys
import tempfile
import venv
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.corpus import captured
from benchmarks.passes import (
    Cost,
    environment,
    measured,
    prepare,
    reading,
    refresh,
    settings_for,
)
from planet_mcp.urls import canonical
from tests.support.site import running_site

READER = "3.26"
# What reader is told of the number of threads that fetch: its default, and as many as we may use.
WORKERS = (1, 16)
OURS = "planet-mcp"

# Runs in reader's environment: adds the feeds, and says how long updating and indexing took.
_INGEST = """
import json, logging, sys, time, warnings
from reader import make_reader
logging.disable(); warnings.simplefilter("ignore")
reader = make_reader(sys.argv[1])
for url in sys.argv[3:]:
    reader.add_feed(url)
began = time.perf_counter()
reader.update_feeds(workers=int(sys.argv[2]))
updated = time.perf_counter()
reader.enable_search()
reader.update_search()
print(json.dumps([updated - began, time.perf_counter() - updated]))
"""

# Runs in reader's environment: says what a database of reader has.
_KEPT = """
import json, sys
from reader import make_reader
reader = make_reader(sys.argv[1])
entries = [[e.feed_url, e.id, e.link or "", e.title or ""] for e in reader.get_entries()]
failed = {f.url: f.last_exception.value_str for f in reader.get_feeds(broken=True)}
print(json.dumps({"entries": entries, "failed": failed}))
"""


@dataclass(frozen=True)
class Entry:
    """An entry as one of the two keeps it; `id` is reader's id, or our key."""

    feed: str
    id: str
    link: str
    title: str


@dataclass
class Runs:
    """The runs of one contestant, all over the same feeds; the last one's entries."""

    costs: list[Cost] = field(default_factory=list)
    # reader's own stopwatch: updating the feeds, and indexing, without start and adding feeds.
    phases: list[tuple[float, float]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def main() -> None:
    """Compare."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path, help="a folder of feed documents")
    options.add_argument("--rounds", type=int, default=3, help="how often each of them runs")
    given = options.parse_args()
    prepare()
    with tempfile.TemporaryDirectory() as temporary, running_site() as site:
        python = install(Path(temporary) / "environment")
        urls = captured(site, given.folder)
        report(run(Path(temporary), python, urls, rounds=given.rounds), site.url, len(urls))


def install(folder: Path) -> Path:
    """Make an environment with reader, our version of feedparser and compiled bytecode."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    parser = f"feedparser=={version('feedparser')}"
    env = environment({})
    pip = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*pip, f"reader=={READER}", parser], env=env, check=True)
    subprocess.run(
        [str(python), "-m", "compileall", "-q", str(folder / "lib")], env=env, check=False
    )
    print(f"planet-mcp {version('planet-mcp')}, reader {READER}, both with {parser}")
    return python


def run(folder: Path, python: Path, urls: Sequence[str], *, rounds: int) -> dict[str, Runs]:
    """Let each contestant store the feeds in a new database, in turn, a few times."""
    contestants: dict[str, Callable[[Runs, str], None]] = {
        OURS: lambda runs, name: _ours(runs, settings_for(folder, urls, name=name))
    }
    for workers in WORKERS:

        def theirs(runs: Runs, name: str, workers: int = workers) -> None:
            database = folder / f"{name}.sqlite"
            _theirs(runs, python, database, workers=workers, urls=urls)

        contestants[f"reader, workers={workers}"] = theirs
    found = {name: Runs() for name in contestants}
    for number in range(rounds):
        for place, (name, ingest) in enumerate(contestants.items()):
            ingest(found[name], f"{number}-{place}")
    return found


def _ours(runs: Runs, settings: Mapping[str, str]) -> None:
    runs.costs.append(refresh(settings).cost)
    with reading(settings) as connection:
        rows = connection.execute(
            """
            SELECT f.url, e.key, coalesce(e.url, ''), c.title FROM entries AS e
            JOIN feeds AS f ON f.id = e.feed_id JOIN contents AS c ON c.entry_id = e.id
            """
        ).fetchall()
        problems = connection.execute(
            "SELECT url, problem FROM feeds WHERE problem IS NOT NULL"
        ).fetchall()
    runs.entries, runs.failed = [Entry(*row) for row in rows], dict(problems)


def _theirs(runs: Runs, python: Path, database: Path, *, workers: int, urls: Sequence[str]) -> None:
    # Its own copy of feedparser wants a module that no package it requires has.
    env = environment({}) | {"READER_NO_VENDORED_FEEDPARSER": "1"}
    command = [str(python), "-c", _INGEST, str(database), str(workers), *urls]
    with measured(command, env) as (process, cost):
        out, problems = process.communicate()
    if process.returncode:
        sys.exit(problems.decode("utf-8", "replace"))
    runs.costs.append(cost)
    updating, indexing = json.loads(out)
    runs.phases.append((updating, indexing))
    kept = [str(python), "-c", _KEPT, str(database)]
    answer = subprocess.run(kept, env=env, check=True, stdout=subprocess.PIPE).stdout
    told: dict[str, Any] = json.loads(answer)
    runs.entries, runs.failed = [Entry(*row) for row in told["entries"]], told["failed"]


# The report.


def report(found: Mapping[str, Runs], site: str, feeds: int) -> None:
    """Print the rates, and what reader keeps that we do not."""
    print(f"\n{feeds} feeds; medians of {len(found[OURS].costs)} runs each, in turn")
    print("| | entries | feeds failed | s | CPU s | entries/s | entries/CPU s |")
    print("|---|---|---|---|---|---|---|")
    for name, runs in found.items():
        print(_line(name, runs))
    print("(Whole programs: start, adding the feeds, fetching, parsing, storing, indexing.)")
    for name, runs in found.items():
        if runs.phases:
            print(_phases(name, runs))
    theirs = list(found.values())[-1]
    _report_lost(theirs, found[OURS], site)


def _line(name: str, runs: Runs) -> str:
    entries = len(runs.entries)
    seconds = [cost.seconds for cost in runs.costs]
    cpu = median(cost.cpu_seconds for cost in runs.costs)
    spread = f"{median(seconds):.1f} ({min(seconds):.1f}-{max(seconds):.1f})"
    return (
        f"| {name} | {entries} | {len(runs.failed)} | {spread} | {cpu:.1f} "
        f"| {entries / median(seconds):.0f} | {entries / cpu:.0f} |"
    )


def _phases(name: str, runs: Runs) -> str:
    updating, indexing = (median(times) for times in zip(*runs.phases, strict=True))
    rate = len(runs.entries) / (updating + indexing)
    return (
        f"{name}, by its own stopwatch: update_feeds {updating:.1f} s, enable_search and "
        f"update_search {indexing:.1f} s, so {rate:.0f} entries/s without start and adding feeds"
    )


def _report_lost(theirs: Runs, ours: Runs, site: str) -> None:
    lost = list(missing(theirs.entries, ours.entries))
    print(f"\nentries that reader keeps and planet-mcp does not: {len(lost) or 'none'}")
    for entry, why in lost:
        print(f"  {entry.feed.removeprefix(site)}: {entry.id or entry.link} ({why})")
    more = Counter(entry.feed for entry in ours.entries)
    more.subtract(Counter(entry.feed for entry in theirs.entries))
    gained = {feed: number for feed, number in more.items() if number > 0}
    print(f"feeds of which planet-mcp keeps more: {len(gained)} ({sum(gained.values())} entries)")
    failed = sum(number for feed, number in gained.items() if feed in theirs.failed)
    print(f"  {failed} of these entries are in feeds that reader refuses:")
    reasons = Counter(_reason(feed, text) for feed, text in theirs.failed.items())
    for reason, number in reasons.most_common():
        print(f"  {number} x {reason}")


def _reason(feed: str, text: str) -> str:
    bare = re.sub(r":\d+:\d+", "", text.replace(repr(feed), "").replace(feed, ""))
    return bare.replace(": :", ":").strip(" :")


def missing(theirs: Sequence[Entry], ours: Sequence[Entry]) -> Iterable[tuple[Entry, str]]:
    """Yield what is in theirs and not in ours, and why; each of ours stands for one of theirs."""
    for feed in dict.fromkeys(entry.feed for entry in theirs):
        left = [entry for entry in theirs if entry.feed == feed]
        free = [entry for entry in ours if entry.feed == feed]
        for alike in _ALIKE:
            left, free = _unpaired(left, free, alike)
        kept = [entry for entry in ours if entry.feed == feed]
        yield from ((entry, _why(entry, kept)) for entry in left)


def _unpaired(
    theirs: Sequence[Entry], ours: Sequence[Entry], alike: Callable[[Entry], object]
) -> tuple[list[Entry], list[Entry]]:
    places: dict[object, list[Entry]] = {}
    for entry in ours:
        places.setdefault(alike(entry), []).append(entry)
    left = []
    for entry in theirs:
        same = places.get(alike(entry)) if alike(entry) else None
        if same:
            same.pop()
        else:
            left.append(entry)
    return left, [entry for same in places.values() for entry in same]


def _link(entry: Entry) -> str:
    return canonical(entry.link) if entry.link else ""


def _title(entry: Entry) -> str:
    return "".join(re.findall(r"\w+", html.unescape(re.sub("<[^>]*>", "", entry.title)).lower()))


def _link_and_title(entry: Entry) -> object:
    return (_link(entry), _title(entry)) if entry.link and entry.title else None


_ALIKE: tuple[Callable[[Entry], object], ...] = (
    lambda entry: entry.id.removeprefix("id:").removeprefix("link:"),
    _link_and_title,
    _link,
    _title,
)


def _why(entry: Entry, kept: Sequence[Entry]) -> str:
    if any(_link(each) == _link(entry) and _title(each) == _title(entry) for each in kept):
        return "another id, but the link and title of one that is kept"
    return f"LOST; {len(kept)} of the feed are kept"


if __name__ == "__main__":
    main()
