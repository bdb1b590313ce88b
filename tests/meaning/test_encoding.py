"""Entries get vectors in the background: all of them, the newest first, whatever happens."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from planet_mcp.embedding import ModelFolder, chosen_model
from planet_mcp.errors import ModelError
from planet_mcp.meaning import Encoder, EncodingLimits
from planet_mcp.planet import Parts, Planet, open_planet
from planet_mcp.settings import load
from planet_mcp.store import Encoded
from tests.support.documents import Post, rss
from tests.support.parsers import quick_worker
from tests.support.programs import PATIENCE_SECONDS
from tests.support.site import Site
from tests.support.toy_model import with_model, write_toy_model

pytestmark = [pytest.mark.anyio, with_model]


def model_in(folder: Path) -> ModelFolder:
    model = chosen_model(str(write_toy_model(folder)))
    assert isinstance(model, ModelFolder)
    return model


@asynccontextmanager
async def encoder_of(
    planet: Planet, model: ModelFolder, *, batch: int = 4
) -> AsyncIterator[Encoder]:
    async with quick_worker() as worker:
        yield Encoder(
            planet.store,
            worker=worker,
            model=model,
            is_leader=lambda: True,
            limits=EncodingLimits(batch=4),
        )


async def encode_all(encoder: Encoder) -> int:
    rounds = 0
    while await encoder.round():
        rounds += 1
    return rounds


async def follow(planet: Planet, site: Site, posts: list[Post], *, name: str = "blog") -> str:
    url = site.add(f"/{name}", rss(posts, title=name))
    await planet.add_feeds([url])
    return url


def posts(count: int, **more: Any) -> list[Post]:
    return [
        Post(f"Post {number}", html=f"<p>about a car, {number}</p>", **more)
        for number in range(count)
    ]


def rows(planet: Planet) -> list[tuple[Any, ...]]:
    with planet.store.database.reading() as connection:
        found = connection.execute("SELECT entry_id, part, model FROM vectors ORDER BY id")
        return [tuple(row) for row in found]


async def test_all_entries_are_encoded_the_newest_first(
    planet: Planet, site: Site, tmp_path: Path
) -> None:
    await follow(planet, site, posts(10))
    model = model_in(tmp_path / "toy")
    async with encoder_of(planet, model) as encoder:
        assert await encode_all(encoder) == 3
    assert [row[0] for row in rows(planet)] == list(range(10, 0, -1))
    assert planet.store.vectors.encoded(model.id) == Encoded(10, 10)


async def test_a_stop_loses_nothing_and_new_entries_come_before_old_ones(
    planet: Planet, site: Site, tmp_path: Path
) -> None:
    url = await follow(planet, site, posts(10))
    model = model_in(tmp_path / "toy")
    async with encoder_of(planet, model) as encoder:
        await encoder.round()
    assert planet.store.vectors.encoded(model.id) == Encoded(4, 10)
    site.add("/blog", rss([*posts(10), Post("Bread", age=timedelta(0))], title="blog"))
    await planet.refresh_feeds([url])
    async with encoder_of(planet, model) as another:
        await encode_all(another)
    assert [row[0] for row in rows(planet)] == [10, 9, 8, 7, 11, 6, 5, 4, 3, 2, 1]


async def test_a_long_text_has_several_parts(planet: Planet, site: Site, tmp_path: Path) -> None:
    text = "<p>" + " ".join(f"word{number}" for number in range(900)) + "</p>"
    await follow(planet, site, [Post("Long", html=text), Post("Short")])
    async with encoder_of(planet, model_in(tmp_path / "toy")) as encoder:
        await encode_all(encoder)
    assert sorted(Counter(row[0] for row in rows(planet)).values()) == [1, 4]


async def test_a_revised_entry_is_encoded_again(planet: Planet, site: Site, tmp_path: Path) -> None:
    url = await follow(planet, site, posts(3))
    model = model_in(tmp_path / "toy")
    async with encoder_of(planet, model) as encoder:
        await encode_all(encoder)
        revised = [replace(posts(1)[0], html="<p>All about bread.</p>"), *posts(3)[1:]]
        site.add("/blog", rss(revised, title="blog"))
        await planet.refresh_feeds([url])
        assert planet.store.vectors.encoded(model.id) == Encoded(2, 3)
        await encode_all(encoder)
    assert planet.store.vectors.encoded(model.id) == Encoded(3, 3)
    assert len(rows(planet)) == 3


async def test_what_is_revised_while_it_is_encoded_is_encoded_again(
    planet: Planet, site: Site, tmp_path: Path
) -> None:
    url = await follow(planet, site, posts(1))
    vectors, model = planet.store.vectors, model_in(tmp_path / "toy")
    waiting = vectors.waiting(model.id, limit=5)
    site.add("/blog", rss([replace(posts(1)[0], html="<p>Now of bread.</p>")], title="blog"))
    await planet.refresh_feeds([url])
    vectors.save(model.id, waiting, {waiting[0].id: [bytes(16)]})
    assert [entry.text for entry in vectors.waiting(model.id, limit=5)] == ["Now of bread."]


async def test_another_model_replaces_all_vectors(
    planet: Planet, site: Site, tmp_path: Path
) -> None:
    await follow(planet, site, posts(6))
    first, other = model_in(tmp_path / "toy"), model_in(tmp_path / "other")
    (other.path / "recipe.json").write_text('{"pooling": "cls"}')
    other = model_in(other.path)
    assert first.id != other.id
    async with encoder_of(planet, first) as encoder:
        await encode_all(encoder)
    async with encoder_of(planet, other) as encoder:
        await encoder.round()
        assert planet.store.vectors.encoded(other.id) == Encoded(4, 6)
        assert planet.store.vectors.encoded(first.id) == Encoded(0, 6)
        await encode_all(encoder)
    assert {row[2] for row in rows(planet)} == {other.id}
    assert len(rows(planet)) == 6


async def test_deleted_entries_take_their_vectors_with_them(
    planet: Planet, site: Site, tmp_path: Path
) -> None:
    await follow(planet, site, posts(3))
    model = model_in(tmp_path / "toy")
    async with encoder_of(planet, model) as encoder:
        await encode_all(encoder)
    await planet.remove_feeds([1], delete_entries=True)
    assert rows(planet) == []
    assert planet.store.vectors.encoded(model.id) == Encoded(0, 0)


async def test_a_damaged_model_is_an_error_and_stores_nothing(
    planet: Planet, site: Site, tmp_path: Path
) -> None:
    await follow(planet, site, posts(3))
    model = model_in(tmp_path / "toy")
    (model.path / "model.onnx").write_bytes(b"\x00\xff")
    async with encoder_of(planet, model) as encoder:
        with pytest.raises(ModelError, match="cannot be loaded"):
            await encoder.round()
    assert rows(planet) == []


async def test_who_refreshes_encodes_in_the_background(site: Site, tmp_path: Path) -> None:
    model = model_in(tmp_path / "toy")
    parts = Parts(
        worker=quick_worker, encoder=quick_worker, encoding=EncodingLimits(tick_seconds=0.01)
    )
    url = site.add("/blog", rss(posts(5)))
    settings = load(model=str(model.path))
    async with open_planet(settings, parts=parts) as planet, anyio.create_task_group() as tasks:
        assert (await planet.status()).result.encoded == 0
        await planet.add_feeds([url])
        tasks.start_soon(planet.run)
        with anyio.fail_after(PATIENCE_SECONDS):
            await _until_encoded(planet, 5)
        assert (await planet.status()).result.model == "toy"
        tasks.cancel_scope.cancel()


async def _until_encoded(planet: Planet, count: int) -> None:
    while (await planet.status()).result.encoded < count:  # noqa: ASYNC110 - nobody tells
        await anyio.sleep(0.02)
