"""Search by meaning as an agent sees it: what says the same in other words is found."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from planet_mcp.embedding import ModelFolder, chosen_model
from planet_mcp.meaning import Encoder
from planet_mcp.planet import Parts, Planet, SearchHit, open_planet
from planet_mcp.requests import SearchRequest
from planet_mcp.serving.mcp import create_server
from planet_mcp.settings import load
from tests.support.documents import NOW, Post, rss
from tests.support.parsers import quick_worker
from tests.support.site import Site
from tests.support.toy_model import with_model, write_toy_model

pytestmark = [pytest.mark.anyio, with_model]

FILLER = [
    Post(f"Note {number}", html=f"<p>Nothing much, {'again ' * number}</p>") for number in range(12)
]
POSTS = [
    Post("An inexpensive automobile", html="<p>It drives well enough.</p>", age=timedelta(days=9)),
    Post("Cheap car tyres", html="<p>Where to buy them.</p>", age=timedelta(days=3)),
    Post("The physician", html="<p>A visit.</p>", author="Ada", tags=("health",)),
    Post("About bread", html="<p>Bread and bread.</p>"),
    Post("Two yards", html="<p>My film of a garden.</p>"),
    *FILLER,
]


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    return write_toy_model(tmp_path / "toy")


@asynccontextmanager
async def planet_with(
    site: Site, toy: Path, posts: list[Post] = POSTS, *, rounds: int = 99
) -> AsyncIterator[Planet]:
    """Open a planet whose entries are encoded, in so many batches at most."""
    parts = Parts(worker=quick_worker, encoder=quick_worker)
    settings = load(model=str(toy))
    async with open_planet(settings, parts=parts, clock=lambda: NOW) as planet:
        await planet.add_feeds([site.add("/blog", rss(posts))])
        await encode(planet, toy, rounds=rounds)
        yield planet


async def encode(planet: Planet, toy: Path, *, rounds: int = 99) -> None:
    model = chosen_model(str(toy))
    assert isinstance(model, ModelFolder)
    async with quick_worker() as worker:
        encoder = Encoder(planet.store, worker=worker, model=model, is_leader=lambda: True)
        while rounds and await encoder.round():
            rounds -= 1


async def found(planet: Planet, query: str, **more: Any) -> dict[str, SearchHit]:
    result = (await planet.search_entries(SearchRequest(query, **more))).result
    assert result.total >= len(result.hits)
    return {hit.title: hit for hit in result.hits}


async def notice(planet: Planet, query: str, **more: Any) -> str:
    return (await planet.search_entries(SearchRequest(query, **more))).result.notice or ""


async def test_a_client_finds_what_says_the_same_in_other_words(site: Site, toy: Path) -> None:
    async with (
        planet_with(site, toy) as planet,
        Client(create_server(planet, refresh=False)) as client,
    ):
        answer = await client.call_tool("search_entries", {"query": "affordable vehicle wanted"})
    assert answer.structured_content
    hits = answer.structured_content["hits"]
    assert {hit["title"] for hit in hits} == {"An inexpensive automobile", "Cheap car tyres"}
    assert [hit["match"] for hit in hits] == ["meaning", "meaning"]
    assert {hit["snippet"] for hit in hits} == {"It drives well enough.", "Where to buy them."}
    assert answer.structured_content["notice"].startswith(
        "No entry has all these words; these have"
    )
    assert "found by meaning" in answer.content[0].text  # type: ignore[union-attr]


async def test_words_and_meaning_are_one_ranking(site: Site, toy: Path) -> None:
    async with planet_with(site, toy) as planet:
        hits = await found(planet, "where does a cheap car go")
    assert [*hits] == ["Cheap car tyres", "An inexpensive automobile"]
    assert [hit.match for hit in hits.values()] == [None, "meaning"]


@pytest.mark.parametrize("query", ["bread", '"about bread" loaf', "bread OR loaf"])
async def test_what_is_meant_by_the_letter_comes_first(site: Site, toy: Path, query: str) -> None:
    posts = [*POSTS, Post("A loaf", html="<p>Loaf loaf loaf.</p>")]
    async with planet_with(site, toy, posts) as planet:
        hits = await found(planet, query)
    assert next(iter(hits)) in {"About bread", "A loaf"}
    assert hits["About bread"].match is None


async def test_filters_apply_to_meaning_too(site: Site, toy: Path) -> None:
    async with planet_with(site, toy) as planet:
        assert [*await found(planet, "a medic", author="Ada")] == ["The physician"]
        assert [*await found(planet, "a medic", tag="health")] == ["The physician"]
        assert not await found(planet, "a medic", author="Bob")
        assert [*await found(planet, "affordable vehicle", since="4d")] == ["Cheap car tyres"]
        assert [*await found(planet, "affordable vehicle", until="5d")] == [
            "An inexpensive automobile"
        ]
        assert [*await found(planet, "affordable vehicle -tyres")] == ["An inexpensive automobile"]
        newest = await found(planet, "affordable vehicle", sort="newest")
        assert not newest


async def test_a_list_goes_on_without_telling_anything_twice(site: Site, toy: Path) -> None:
    cars = [
        Post(f"Car {number}", html=f"<p>An automobile, {'x' * number}</p>") for number in range(9)
    ]
    async with planet_with(site, toy, [*FILLER * 3, *cars]) as planet:
        seen: list[int] = []
        cursor: str | None = None
        while True:
            request = SearchRequest("some vehicle here", limit=2, cursor=cursor)
            result = (await planet.search_entries(request)).result
            seen += [hit.entry_id for hit in result.hits]
            cursor = result.next_cursor
            if cursor is None:
                break
    assert len(seen) == len(set(seen)) >= 2


async def test_a_nearest_part_far_down_is_the_snippet(site: Site, toy: Path) -> None:
    text = "filler words " * 60 + "A physician came. " * 20
    async with planet_with(site, toy, [*POSTS[:2], Post("Long", html=f"<p>{text}</p>")]) as planet:
        hits = await found(planet, "we need some medic now")
    assert "A physician came." in hits["Long"].snippet


async def test_entries_that_have_no_vectors_yet_are_said(site: Site, toy: Path) -> None:
    async with planet_with(site, toy, rounds=1) as planet:
        said = await notice(planet, "affordable vehicle")
        assert "So far 8 of 17 entries are searched by meaning, too." in said
        await encode(planet, toy)
        assert "So far" not in await notice(planet, "affordable vehicle")
        assert len(await found(planet, "affordable vehicle")) == 2


async def test_what_has_all_words_and_no_vector_yet_is_not_hidden_by_what_has_one(
    site: Site, toy: Path
) -> None:
    walls = [Post(f"City walls {n}", html=f"<p>Stone{n} of a city.</p>") for n in range(6)]
    near = Post("An inexpensive automobile", html="<p>In the city.</p>")
    old = Post("A cheap car", html="<p>Fit for the city.</p>", age=timedelta(days=20))
    waiting = [replace(each, age=timedelta(days=30 + n)) for n, each in enumerate(FILLER)]
    async with planet_with(site, toy, [*walls, near, *waiting, old], rounds=1) as planet:
        hits = await found(planet, "which cheap car is fit for a city")
    assert [*hits][:2] == ["A cheap car", "An inexpensive automobile"]


async def test_a_revised_entry_is_not_found_by_what_it_said_before(site: Site, toy: Path) -> None:
    async with planet_with(site, toy) as planet:
        assert await found(planet, "affordable vehicle")
        posts = [
            Post(
                each.title.replace("automobile", "loaf").replace("car", "loaf"),
                each.html,
                each.age,
                each.url,
            )
            for each in POSTS
        ]
        await planet.add_feeds([site.add("/blog", rss(posts))])
        await planet.refresh_feeds(everything=True)
        assert "An inexpensive automobile" not in await found(planet, "some vehicle here")
        await encode(planet, toy)
        assert not await found(planet, "some vehicle here")


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
async def test_a_model_that_fails_leaves_the_words_and_says_so(
    site: Site, toy: Path, name: str
) -> None:
    async with planet_with(site, toy) as planet:
        # Damaged after it was chosen, and before it was loaded for a question.
        (toy / name).write_bytes(b"\x00" * 200)
        assert [*await found(planet, "cheap car wanted")] == ["Cheap car tyres"]
        assert "Searched by words alone, not by meaning: The model in" in await notice(
            planet, "cheap car wanted"
        )


async def test_a_model_that_is_asked_for_and_missing_is_said(site: Site, tmp_path: Path) -> None:
    settings = load(model=str(tmp_path / "nowhere"))
    async with open_planet(settings, parts=Parts(worker=quick_worker)) as planet:
        await planet.add_feeds([site.add("/blog", rss(POSTS))])
        assert "has no model.onnx and no tokenizer.json" in await notice(planet, "cheap car wanted")
        assert [*await found(planet, "cheap car wanted")] == ["Cheap car tyres"]
        assert (await planet.status()).result.encoded == 0


async def test_without_a_model_nothing_is_said(planet: Planet, site: Site) -> None:
    await planet.add_feeds([site.add("/blog", rss(POSTS))])
    assert await notice(planet, "cheap") == ""
    assert "none." in (await planet.status()).result.model
