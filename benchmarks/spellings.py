"""How many words are found that are written in another script or spelling than they are typed.

`python -m benchmarks.spellings --database FILE [--rare N]`: FILE is the corpus as
`benchmarks.search_quality` keeps it; a copy of it gets the texts of `scripts.jsonl`.
"""

import argparse
import asyncio
import json
import random
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.sax.saxutils import escape

from planet_mcp.planet import Planet, open_planet
from planet_mcp.requests import SearchRequest
from planet_mcp.settings import load
from planet_mcp.store import Store
from tests.support.site import running_site

HERE = Path(__file__).parent
SETTINGS = {"feeds": "none", "refresh": "off", "allow_networks": "127.0.0.0/8"}


async def main(database: Path, rare: int) -> None:
    """Ask all sets and print how many were found, corrected and left alone."""
    texts = [json.loads(line) for line in (HERE / "scripts.jsonl").read_text("utf-8").splitlines()]
    with TemporaryDirectory() as folder, running_site() as site:
        copy = Path(folder) / "planet.sqlite"
        shutil.copy(database, copy)
        async with open_planet(load(**SETTINGS, database=str(copy))) as planet:
            added = await planet.add_feeds([site.add("/feed", _feed(texts))])
            assert added.result.results[0].outcome == "added"
            for kind in ("cjk", "folded"):
                await _found(planet, kind, [each for each in texts if each["kind"] == kind])
            await _corrected(planet)
            await _left_alone(planet, _rare_words(planet.store, rare))


def _feed(texts: Iterable[dict[str, str]]) -> str:
    items = "".join(
        f"<item><title>{each['title']}</title><guid>{each['title']}</guid>"
        f"<description>{escape(each['text'])}</description></item>"
        for each in texts
    )
    return f'<rss version="2.0"><channel><title>Scripts</title>{items}</channel></rss>'


async def _found(planet: Planet, kind: str, texts: Iterable[dict[str, list[str]]]) -> None:
    missed, asked = [], 0
    for each in texts:
        for query in each["queries"]:
            asked += 1
            hits = (await planet.search_entries(SearchRequest(query))).result.hits
            if str(each["title"]) not in {hit.title for hit in hits}:
                missed.append(query)
    print(f"{kind}: {asked - len(missed)} of {asked} among the first ten; missed: {missed}")


async def _corrected(planet: Planet) -> None:
    pairs = [
        line.split()
        for line in (HERE / "misspellings.txt").read_text("utf-8").splitlines()
        if not line.startswith("#")
    ]
    other, same = {}, []
    for typed, meant in pairs:
        result = (await planet.search_entries(SearchRequest(typed))).result
        said = re.findall(r'(?:shown is|many) "(\w+)"', result.notice or "")
        if meant not in said:
            right = (await planet.search_entries(SearchRequest(meant))).result
            if result.total == right.total:
                same.append(typed)
            else:
                other[typed] = said
    corrected = len(pairs) - len(other) - len(same)
    print(
        f"misspelt: {len(pairs)}, of which {corrected} corrected; of one stem: {same}; not: {other}"
    )


async def _left_alone(planet: Planet, words: list[str]) -> None:
    replaced, proposed = [], []
    for word in words:
        notice = (await planet.search_entries(SearchRequest(word))).result.notice or ""
        replaced += [word] if "shown is" in notice else []
        proposed += re.findall(r'Few entries have "(\w+)", many "(\w+)"', notice)
    print(f"rare words: {len(words)}, of which replaced: {replaced}, with a proposal: {proposed}")


def _rare_words(store: Store, number: int) -> list[str]:
    """Return words that one to three entries have, by chance, as far as they are their stems."""
    with store.database.reading() as connection:
        rows = connection.execute(
            "SELECT term FROM entries_vocabulary WHERE doc BETWEEN 1 AND 3 "
            "AND length(term) BETWEEN 5 AND 12 AND NOT term GLOB '*[^a-z]*'"
        ).fetchall()
        some = random.Random(16).sample([row[0] for row in rows], 2 * number)
        found = "SELECT 1 FROM entries_index WHERE entries_index MATCH ?"
        return [word for word in some if connection.execute(found, (word,)).fetchone()][:number]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--rare", type=int, default=400)
    given = parser.parse_args()
    asyncio.run(main(given.database, given.rare))
