"""Measures how good the search is, on judged queries and on questions about known documents.

`python -m benchmarks.search_quality [--npl FOLDER] [--corpus FILE] [--model FOLDER]
[--cache FOLDER] [--server ADDRESS] [--fresh] [--questions FILE …] [--titles COUNT]`.
The documents are served as feeds from loopback and go the whole way into a database, which is
kept in the cache folder, or on a PostgreSQL server, of which any database is named; the questions
are asked as they are, by words alone and, with a model, by
meaning, too, for which the entries are encoded where they are not yet. No network.

NPL is a folder with `corpus.jsonl`, `queries.jsonl` and `qrels.tsv` (query, document, gain); the
corpus is a file of JSON lines (gzip) with id, source, url, title, author, published and html.
"""

import argparse
import asyncio
import gzip
import json
import math
import random
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from math import inf
from pathlib import Path
from statistics import mean
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

from benchmarks.passes import prepare, refresh, settings_for
from planet_mcp.embedding import NoModel, chosen_model
from planet_mcp.meaning import Encoder, EncodingLimits
from planet_mcp.planet import Planet, open_planet
from planet_mcp.requests import SearchRequest
from planet_mcp.sandbox import Worker
from planet_mcp.settings import load
from planet_mcp.store import Store
from tests.support.site import Site, running_site

QUESTIONS = Path(__file__).with_name("questions.jsonl")
TOP = 10
# Few enough for the time and the memory that a document may take.
DOCUMENTS, CHARACTERS = 400, 3_000_000
SEED, MOST_WORDS = 15, 12
FRAMES = (
    "what is {} about?",
    "Can you tell me something about {}?",
    "find me posts on {}",
    "are there any articles about {}",
    "please explain {}",
    "I'm looking for what was written about {} recently",
    "what's the latest on {}?",
    "has anybody mentioned {} lately?",
    "I want to understand {}",
    "summary of {}, please",
)
NPL_DATE = "2020-01-01T00:00:00Z"

Item = dict[str, Any]
Feeds = Iterable[tuple[str, Sequence[Item]]]


@dataclass(frozen=True)
class Question:
    """What is asked, and what each document that answers it is worth."""

    text: str
    gains: Mapping[str, float]
    kind: str


@dataclass(frozen=True)
class Asked:
    """A question, the documents of the stories that were found, in order, and the first title."""

    question: Question
    stories: Sequence[frozenset[str]]
    first: str
    milliseconds: float

    @property
    def gains(self) -> list[float]:
        """Return what each story that was found is worth."""
        worth = self.question.gains
        return [max(worth.get(document, 0) for document in story) for story in self.stories]

    @property
    def place(self) -> int | None:
        """Return at which place the first answer stands, from 1."""
        places = (place for place, gain in enumerate(self.gains, 1) if gain)
        return next(places, None)


def main() -> None:
    """Measure what is given."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--npl", type=Path, help="a folder with the NPL collection")
    options.add_argument("--corpus", type=Path, help="the documents of the questions")
    options.add_argument("--questions", type=Path, nargs="*", default=[QUESTIONS])
    options.add_argument("--titles", type=int, default=0, help="so many titles, asked in frames")
    options.add_argument("--model", type=Path, help="a folder with a model, to search by meaning")
    options.add_argument("--cache", type=Path, help="a folder that keeps the databases")
    options.add_argument("--server", help="postgresql://…: keep the databases there")
    options.add_argument("--fresh", action="store_true", help="build the databases anew")
    given = options.parse_args()
    if not given.npl and not given.corpus:
        options.error("name --npl, --corpus or both")
    prepare()
    with tempfile.TemporaryDirectory() as temporary:
        folder: Path = given.cache or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        keep = partial(stored, given.server or folder)
        if given.npl:
            database = keep("npl", lambda: npl_feeds(given.npl), fresh=given.fresh)
            for name, model in ways(given.model):
                found = asyncio.run(ask(database, npl_questions(given.npl), model=model))
                report_judged(f"NPL {name}", found)
        if given.corpus:
            database = keep("corpus", lambda: corpus_feeds(given.corpus), fresh=given.fresh)
            asked = {file.stem: questions(file) for file in given.questions}
            if given.titles:
                asked["titles"] = framed_titles(given.corpus, given.titles)
            for name, them in asked.items():
                for way, model in ways(given.model):
                    report_known(f"{name} {way}", asyncio.run(ask(database, them, model=model)))


def ways(model: Path | None) -> list[tuple[str, str]]:
    """Return the ways to search, each with the setting of the model."""
    return [("by words", "off"), *([("and meaning", str(model))] if model else [])]


# The documents as feeds.


def npl_feeds(folder: Path) -> Feeds:
    """Return the abstracts as feeds, all of one date, without titles."""
    items = [
        {
            "id": document["_id"],
            "url": f"https://npl.example.org/{document['_id']}",
            "title": document["title"],
            "content_text": document["text"],
            "date_published": NPL_DATE,
        }
        for document in lines(folder / "corpus.jsonl")
    ]
    return (("NPL", part) for part in parts(items))


def corpus_feeds(file: Path) -> Feeds:
    """Return the documents of the corpus as feeds, some for each source."""
    sources = defaultdict(list)
    for document in lines(file):
        sources[document["source"]].append(_item(document))
    return ((source, part) for source, items in sources.items() for part in parts(items))


def _item(document: Mapping[str, Any]) -> Item:
    source, author, date = document["source"], document["author"], document["published"]
    authors = {"authors": [{"name": author}]} if author else {}
    dated = {"date_published": date if "Z" in date or "+" in date else f"{date}Z"} if date else {}
    return {
        "id": document["id"],
        "url": urljoin(f"https://{source}.example.org/", document["url"]),
        "title": document["title"],
        "content_html": document["html"],
        **authors,
        **dated,
    }


def parts(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Cut a list of entries so that no feed is too long."""
    part: list[Item] = []
    characters = 0
    for item in items:
        length = sum(len(value) for value in item.values() if isinstance(value, str))
        if part and (len(part) == DOCUMENTS or characters + length > CHARACTERS):
            yield part
            part, characters = [], 0
        part.append(item)
        characters += length
    if part:
        yield part


def lines(file: Path) -> Iterator[dict[str, Any]]:
    """Read a file of JSON lines, compressed or not."""
    zipped = file.suffix == ".gz"
    with gzip.open(file, "rb") if zipped else file.open("rb") as text:
        for line in text:
            yield json.loads(line)


def stored(place: Path | str, name: str, feeds: Callable[[], Feeds], *, fresh: bool) -> str:
    """Return the database of these feeds in a folder or on a server; built if it is not there."""
    keep = _on_server if isinstance(place, str) else _in_folder
    database = keep(place, name, feeds, fresh=fresh)  # type: ignore[arg-type]
    with reading(database) as connection:
        entries, stories = connection.execute(
            "SELECT count(*), count(DISTINCT story_id) FROM entries"
        ).fetchone()
    print(f"\n{name}: {entries} entries that tell {stories} stories")
    return database


def _in_folder(folder: Path, name: str, feeds: Callable[[], Feeds], *, fresh: bool) -> str:
    database = folder / f"{name}.sqlite"
    if fresh or not database.exists():
        for old in folder.glob(f"{database.name}*"):
            old.unlink()
        # It gets its place only when it is complete.
        with tempfile.TemporaryDirectory(dir=folder) as building:
            built = str(Path(building) / database.name)
            _build(built, feeds())
            Path(built).rename(database)
    print(f"{database.stat().st_size / 1e6:.0f} MB")
    return str(database.resolve())


def _on_server(server: str, name: str, feeds: Callable[[], Feeds], *, fresh: bool) -> str:
    import psycopg

    with psycopg.connect(server, autocommit=True) as admin:
        if fresh:
            admin.execute(f"DROP DATABASE IF EXISTS {name}")
        found = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
        if not found:
            _build(remade(server, "building"), feeds())
            admin.execute(f"ALTER DATABASE building RENAME TO {name}")
        rows = admin.execute("SELECT pg_database_size(%s)", (name,)).fetchall()
    print(f"{rows[0][0] / 1e6:.0f} MB")
    return named(server, name)


def remade(server: str, name: str) -> str:
    """Make a database on a server anew, and return its address."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name}")
        admin.execute(f"CREATE DATABASE {name}")
    return named(server, name)


def named(server: str, name: str) -> str:
    """Return the address of another database of a server."""
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


@contextmanager
def reading(database: str) -> Iterator[Any]:
    """Read a database, whichever engine it is on."""
    with (
        closing(Store(load(database=database).database)) as store,
        store.database.reading(seconds=inf) as connection,
    ):
        yield connection


def _build(database: str, feeds: Feeds) -> None:
    with tempfile.TemporaryDirectory() as folder, running_site() as site:
        urls = [
            _serve(site, f"/{number}.json", title, items)
            for number, (title, items) in enumerate(feeds)
        ]
        done = refresh({**settings_for(Path(folder), urls), "database": database})
    if done.result["failed"]:
        sys.exit(f"Feeds failed: {done.result['problems']}")
    print(f"stored {done.result['new_entries']} entries of {len(urls)} feeds: {done.cost}")


def _serve(site: Site, path: str, title: str, items: Sequence[Item]) -> str:
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": title, "items": items}
    return site.add(path, json.dumps(feed), content_type="application/feed+json")


# The questions.


def npl_questions(folder: Path) -> list[Question]:
    """Read the queries with the gains of their documents."""
    gains: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for line in (folder / "qrels.tsv").read_text("utf-8").splitlines():
        query, document, gain = line.split("\t")
        gains[query][document] = float(gain)
    queries = lines(folder / "queries.jsonl")
    return [Question(each["text"], gains[each["_id"]], "judged") for each in queries]


def questions(file: Path) -> list[Question]:
    """Read the questions whose answers are known."""
    return [
        Question(each["question"], dict.fromkeys(each["expected"], 1.0), each["kind"])
        for each in lines(file)
    ]


def framed_titles(corpus: Path, count: int) -> list[Question]:
    """Return titles of the corpus as they are, and each in two of the frames, in turn."""
    of_title = defaultdict(list)
    for document in lines(corpus):
        of_title[" ".join(document["title"].split())].append(document["id"])
    telling = sorted(t for t in of_title if MOST_WORDS >= len(t.split()) > 1)
    asked = []
    for at, title in enumerate(random.Random(SEED).sample(telling, count)):
        gains = dict.fromkeys(of_title[title], 1.0)
        frames = (FRAMES[(2 * at + each) % len(FRAMES)] for each in range(2))
        asked += [Question(title, gains, "bare")]
        asked += [Question(frame.format(title), gains, "framed") for frame in frames]
    return asked


async def ask(database: str, asked: Sequence[Question], *, model: str) -> list[Asked]:
    """Ask all questions, after a first round that warms everything up."""
    settings = load(database=database, feeds="none", refresh="off", model=model)
    # Opened before the documents are read: it may upgrade the database.
    async with open_planet(settings) as planet:
        await encode(planet, model)
        stories = _stories(database)
        for question in asked:
            await planet.search_entries(SearchRequest(question.text, limit=TOP))
        return [await _ask(planet, question, stories) for question in asked]


async def encode(planet: Planet, model: str) -> None:
    """Encode the entries that are not yet, and say what that costs."""
    chosen = chosen_model(model)
    if isinstance(chosen, NoModel):
        return
    async with Worker.for_models() as worker:
        limits = EncodingLimits(batch=32)
        encoder = Encoder(
            planet.store, worker=worker, model=chosen, is_leader=lambda: True, limits=limits
        )
        before = planet.store.vectors.encoded(chosen.id).entries
        while await encoder.round():
            pass
    count = planet.store.vectors.encoded(chosen.id).entries - before
    if count:
        seconds = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(f"encoded {count} entries: {seconds.ru_utime + seconds.ru_stime:.0f} s of CPU time")


def _stories(database: str) -> dict[int, frozenset[str]]:
    """Return, for each entry, the documents that tell its story."""
    with reading(database) as connection:
        rows = connection.execute("SELECT id, story_id, key FROM entries").fetchall()
    told: defaultdict[int, set[str]] = defaultdict(set)
    for _, story, key in rows:
        told[story].add(key.removeprefix("id:"))
    return {entry: frozenset(told[story]) for entry, story, _ in rows}


async def _ask(planet: Planet, question: Question, stories: Mapping[int, frozenset[str]]) -> Asked:
    began = time.perf_counter()
    answer = await planet.search_entries(SearchRequest(question.text, limit=TOP))
    milliseconds = (time.perf_counter() - began) * 1000
    hits = answer.result.hits
    return Asked(
        question,
        [stories[hit.entry_id] for hit in hits],
        first=hits[0].title if hits else "nothing",
        milliseconds=milliseconds,
    )


# The measures and the report.


def ndcg(asked: Asked) -> float:
    """Return the discounted gain of what was found, as a share of the best that could be."""
    best = sorted(asked.question.gains.values(), reverse=True)[:TOP]
    return _discounted(asked.gains) / _discounted(best) if any(best) else 0.0


def _discounted(gains: Iterable[float]) -> float:
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains, 1))


def report_judged(name: str, found: Sequence[Asked]) -> None:
    """Print how much of what is relevant comes, and how early."""
    values = [ndcg(each) for each in found]
    empty = sum(not each.stories for each in found)
    print(
        f"{name}: nDCG@{TOP} {mean(values):.4f}, {len(found)} queries, {empty} without a result, "
        f"{sum(not value for value in values)} with nothing relevant; {_times(found)}"
    )


def report_known(name: str, found: Sequence[Asked]) -> None:
    """Print how often and where the expected documents come, and each one that is not first."""
    print(f"| {name} | questions | S@1 | S@5 | MRR@{TOP} | no result |")
    print("|---|---|---|---|---|---|")
    kinds = sorted({each.question.kind for each in found})
    for kind in ("all", *kinds):
        _report_kind(kind, [each for each in found if kind in ("all", each.question.kind)])
    print(_times(found))
    print("not first:")
    for each in found:
        if each.place != 1:
            place = f"at {each.place}" if each.place else "MISSED"
            print(f"  [{each.question.kind}] {each.question.text!r}: {place}; first: {each.first}")


def _report_kind(kind: str, found: Sequence[Asked]) -> None:
    first, early = (mean((each.place or TOP + 1) <= upto for each in found) for upto in (1, 5))
    rank = mean(1 / each.place if each.place else 0.0 for each in found)
    empty = sum(not each.stories for each in found)
    print(f"| {kind} | {len(found)} | {first:.3f} | {early:.3f} | {rank:.3f} | {empty} |")


def _times(found: Sequence[Asked]) -> str:
    times = sorted(each.milliseconds for each in found)
    p50, p95 = (times[int(len(times) * share)] for share in (0.5, 0.95))
    return f"p50 {p50:.1f} ms, p95 {p95:.1f} ms"


if __name__ == "__main__":
    main()
