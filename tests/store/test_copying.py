"""A planet that goes from one engine to the other and back, as `planet-mcp copy` takes it."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from planet_mcp.errors import StoreError
from planet_mcp.requests import CatchUpRequest, FeedQuery, LatestRequest, SearchRequest
from planet_mcp.store import Store, copy_database
from planet_mcp.store.copying import TABLES
from planet_mcp.urls import ServerAddress
from tests.conftest import planet_of
from tests.support.commands import command
from tests.support.documents import Post, rss
from tests.support.postgres import new_database, raw_connection
from tests.support.site import Site

pytestmark = pytest.mark.anyio

LONG = "<p>" + " ".join(f"word{number} of it" for number in range(80)) + "</p>"


@pytest.fixture
async def planet_file(site: Site, database: Path) -> Path:
    """Return a file with what a planet has after a while."""
    posts = [Post("Café & naïve", LONG), Post("Snakes", "<p>A python bites.</p>")]
    first = site.add("/a", rss(posts, title="Ann"))
    second = site.add("/b", rss([Post("Café & naïve", LONG)], title="Bob"))
    async with planet_of() as planet:
        await planet.add_feeds([first, second], group="friends")
        await planet.catch_up(CatchUpRequest(reader="me"))
        await planet.remove_feeds([second])
        store = planet.store
        waiting = store.vectors.waiting("toy", limit=9)
        store.vectors.save("toy", waiting, {each.id: [b"\x00\xff"] for each in waiting})
    return database


def _rows(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(path)) as raw:
        return {
            table: raw.execute(f"SELECT * FROM {table} ORDER BY {', '.join(keys)}").fetchall()
            for table, keys in {**TABLES, "last_ids": ("one",)}.items()
        }


async def _seen(database: Path | ServerAddress, watermark: str) -> list[Any]:
    uri = database.uri if isinstance(database, ServerAddress) else database
    async with planet_of(database=uri) as planet:
        since = (await planet.latest_entries(LatestRequest(watermark=watermark))).result
        again = (await planet.catch_up(CatchUpRequest(reader="me"))).result
        return [
            [entry.title for day in since.days for feed in day.feeds for entry in feed.entries],
            since.watermark,
            again.total,
            (await planet.list_feeds(FeedQuery(detail="full"))).result.feeds,
            *[
                [(hit.entry_id, hit.title, hit.also_in) for hit in found.result.hits]
                for query in ("cafe", "bites", "word7", '"python bites"')
                for found in [await planet.search_entries(SearchRequest(query))]
            ],
        ]


def test_every_table_is_copied_that_is_not_made_of_others(database: Path) -> None:
    Store(database).close()
    with closing(sqlite3.connect(database)) as raw:
        tables = {
            name for (name,) in raw.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        }
    made = {
        name
        for name in tables
        if name.startswith(("entries_index", "entries_vocabulary", "sqlite_"))
    }
    assert tables - made - {"_sqlite_migrations", "last_ids"} == set(TABLES)


async def test_all_goes_to_a_server_and_back_as_it_was(planet_file: Path, tmp_path: Path) -> None:
    server, back = new_database(), tmp_path / "new" / "back.sqlite"
    async with planet_of() as planet:
        watermark = f"{planet.store.identity()}-1"
    there = command("copy", str(planet_file), server.uri, "--json")
    home = command("copy", server.uri, str(back))

    assert (there.code, home.code) == (0, 0), there.stderr + home.stderr
    assert json.loads(there.stdout)["rows"]["entries"] == 3
    assert "It is sound" in home.stdout
    assert _rows(back) == _rows(planet_file)
    on_file = await _seen(planet_file, watermark)
    assert await _seen(server, watermark) == on_file
    assert on_file[0]


async def test_a_planet_goes_on_where_it_came_to(planet_file: Path, site: Site) -> None:
    server = new_database()
    assert command("copy", str(planet_file), server.uri).code == 0
    site.add("/a", rss([Post("Brand new")], title="Ann"))

    async with planet_of(database=server.uri) as planet:
        assert (await planet.refresh_feeds(everything=True)).result.new_entries == 1
        assert (await planet.catch_up(CatchUpRequest(reader="me"))).result.total == 1
        added = (await planet.add_feeds([site.add("/c", rss([Post("C")]))])).result.results[0]
        assert added.outcome == "added"
        assert planet.store.entries.newest_id() == 5


async def test_what_is_not_empty_is_left_as_it_is(planet_file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    shutil.copy(planet_file, copy)
    before = copy.read_bytes()

    refused = command("copy", str(planet_file), str(copy))

    assert refused.code == 1
    assert "is not empty, and was left as it is" in refused.stderr
    assert copy.read_bytes() == before
    missing = command("copy", str(tmp_path / "typo.sqlite"), str(tmp_path / "other.sqlite"))
    assert missing.code == 1
    assert not (tmp_path / "other.sqlite").exists()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_half_a_copy_is_never_taken_for_a_planet(
    planet_file: Path, tmp_path: Path, kind: str
) -> None:
    target = tmp_path / "half.sqlite" if kind == "sqlite" else new_database()

    def stop(done: int, _total: int) -> None:
        if done > 2:
            raise KeyboardInterrupt

    with (
        closing(Store(planet_file)) as source,
        closing(Store(target)) as half,
        pytest.raises(KeyboardInterrupt),
    ):
        copy_database(source.database, half.database, progress=stop)
    with pytest.raises(StoreError, match="`planet-mcp copy` was broken off"):
        Store(target)
    if isinstance(target, ServerAddress):
        with raw_connection(target) as raw:
            raw.execute("DROP SCHEMA planet_mcp CASCADE")
        assert command("copy", str(planet_file), target.uri).code == 0
