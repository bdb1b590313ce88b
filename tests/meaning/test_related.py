"""Related entries say the like in other words, where vectors tell that, or share title words."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from planet_mcp.embedding import ModelFolder, chosen_model
from planet_mcp.meaning import Encoder
from planet_mcp.planet import Parts, Planet, open_planet
from planet_mcp.settings import load
from planet_mcp.site import Options, PageRequest
from planet_mcp.site import Site as Pages
from tests.support.documents import NOW, Post, rss, whole
from tests.support.parsers import quick_worker
from tests.support.site import Site
from tests.support.toy_model import with_model, write_toy_model

pytestmark = [pytest.mark.anyio, with_model]

FILLER = [Post(f"Note{number}", whole(f"Nothing {number * 'again '}")) for number in range(12)]
CARS = [
    Post("An automobile in Lisbon harbour", whole("It stands there.")),
    Post("Vehicle lights", whole("They shine, of a car.")),
    Post("Lisbon harbour cranes", whole("They lift.")),
]


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    return write_toy_model(tmp_path / "toy")


@asynccontextmanager
async def planet_with(
    site: Site, posts: list[Post], *, model: Path | str, encoded_by: Path | None
) -> AsyncIterator[Planet]:
    parts = Parts(worker=quick_worker, encoder=quick_worker)
    async with open_planet(load(model=str(model)), parts=parts, clock=lambda: NOW) as planet:
        await planet.add_feeds([site.add("/blog", rss(posts))])
        if encoded_by:
            await encode(planet, encoded_by)
        yield planet


async def encode(planet: Planet, folder: Path) -> None:
    model = chosen_model(str(folder))
    assert isinstance(model, ModelFolder)
    async with quick_worker() as worker:
        encoder = Encoder(planet.store, worker=worker, model=model, is_leader=lambda: True)
        while await encoder.round():
            pass


async def related(planet: Planet, title: str) -> list[str]:
    """Return the titles that the tool names for an entry, which its page names, too."""
    with planet.store.database.reading() as connection:
        sql = "SELECT min(entry_id) FROM contents WHERE title = ?"
        (entry,) = connection.execute(sql, (title,)).fetchone()
    _, _, listed = (await planet.fetch_article(entry)).partition("\nRelated entries:\n")
    told = [line.partition("] ")[2].partition(" · ")[0] for line in listed.splitlines()]
    pages = Pages(planet.store, Options("Planet", model=planet.model), clock=planet.clock)
    page = pages.page(PageRequest(f"entries/{entry}", "/")).body.decode()
    _, _, below = page.partition("<h2>Related</h2>")
    shown = below.partition("</ul>")[0]
    assert [title for title in told if f"<bdi>{title}</bdi>" not in shown] == []
    return told


async def test_what_says_the_like_in_other_words_is_related(site: Site, toy: Path) -> None:
    async with planet_with(site, [*CARS, *FILLER], model=toy, encoded_by=toy) as planet:
        assert await related(planet, "An automobile in Lisbon harbour") == [
            "Vehicle lights",
            "Lisbon harbour cranes",
        ]
        assert await related(planet, "Vehicle lights") == ["An automobile in Lisbon harbour"]
        assert await related(planet, "Note4") == []


async def test_what_has_both_the_words_and_the_meaning_comes_first(site: Site, toy: Path) -> None:
    posts = [*CARS, Post("Lisbon harbour without a car", whole("Nothing stands there.")), *FILLER]
    async with planet_with(site, posts, model=toy, encoded_by=toy) as planet:
        first, *others = await related(planet, "An automobile in Lisbon harbour")
    assert first == "Lisbon harbour without a car"
    assert sorted(others) == ["Lisbon harbour cranes", "Vehicle lights"]


async def test_a_story_is_not_related_to_itself_in_another_feed(site: Site, toy: Path) -> None:
    async with planet_with(site, [*CARS, *FILLER], model=toy, encoded_by=None) as planet:
        await planet.add_feeds([site.add("/copy", rss(CARS[:2], title="Copy"))])
        await encode(planet, toy)
        assert await related(planet, "An automobile in Lisbon harbour") == [
            "Vehicle lights",
            "Lisbon harbour cranes",
        ]


@pytest.mark.parametrize("lack", ["no model", "no vectors", "those of another model"])
async def test_without_vectors_words_of_titles_alone_tell_what_is_related(
    site: Site, toy: Path, tmp_path: Path, lack: str
) -> None:
    other = write_toy_model(tmp_path / "other")
    (other / "recipe.json").write_text('{"passage": "bread "}', "utf-8")
    model = "off" if lack == "no model" else toy
    encoded_by = {"no model": toy, "no vectors": None}.get(lack, other)
    async with planet_with(site, [*CARS, *FILLER], model=model, encoded_by=encoded_by) as planet:
        assert await related(planet, "An automobile in Lisbon harbour") == ["Lisbon harbour cranes"]
        assert await related(planet, "Vehicle lights") == []


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_of_a_few_entries_what_is_related_is_said_all_the_same(
    site: Site, toy: Path, count: int
) -> None:
    posts = [Post("A physician", whole("A visit.")), *CARS[: count - 1]]
    async with planet_with(site, posts, model=toy, encoded_by=toy) as planet:
        for post in posts:
            assert post.title not in await related(planet, post.title)
