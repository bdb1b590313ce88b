"""A model is fetched when that is asked for, whole and as it is known, or not at all."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from planet_mcp.embedding import KnownModel, ModelFile, Recipe, model_path
from planet_mcp.errors import BlockedAddressError, FetchError, ModelError
from planet_mcp.meaning import fetch_model
from planet_mcp.network import Access
from planet_mcp.settings import load
from tests.support.site import Site

pytestmark = pytest.mark.anyio

CONTENT = {"model.onnx": b"weights" * 200_000, "tokenizer.json": b"{}"}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def access() -> Access:
    return Access(load().allow_networks)


@pytest.fixture
def model(site: Site) -> KnownModel:
    files = tuple(
        ModelFile(
            name,
            site.add(f"/{name}", content, content_type="application/octet-stream"),
            len(content),
            hashlib.sha256(content).hexdigest(),
        )
        for name, content in CONTENT.items()
    )
    return KnownModel("toy", "none", "MIT", files, Recipe("cls", question="ask: "))


def kept() -> list[str]:
    folder = model_path("toy").parent
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


async def test_all_files_come_to_the_cache(model: KnownModel, access: Access) -> None:
    told: list[int] = []
    path = await fetch_model(model, access, progress=told.append)
    assert path == model_path("toy")
    assert {name: (path / name).read_bytes() for name in CONTENT} == CONTENT
    assert '"question": "ask: "' in (path / "recipe.json").read_text()
    assert told == sorted(told)
    assert told[-1] == model.size
    assert (path.stat().st_mode & 0o777) == 0o755
    assert kept() == ["toy", "toy/model.onnx", "toy/recipe.json", "toy/tokenizer.json"]


async def test_other_bytes_are_refused_and_what_was_there_stays(
    model: KnownModel, access: Access, site: Site
) -> None:
    await fetch_model(model, access)
    before = kept()
    site.add("/tokenizer.json", b"[]")
    with pytest.raises(ModelError, match="Nothing was kept"):
        await fetch_model(model, access)
    assert kept() == before
    assert (model_path("toy") / "tokenizer.json").read_bytes() == CONTENT["tokenizer.json"]


async def test_what_never_ends_or_is_not_there_leaves_nothing(
    model: KnownModel, access: Access, site: Site
) -> None:
    (weights, words) = model.files
    small = replace(model, files=(replace(weights, size=0), words))
    site.add("/model.onnx", b"x" * 3_000_000)
    with pytest.raises(FetchError, match="larger than"):
        await fetch_model(small, access)
    site.add("/model.onnx", status=404)
    with pytest.raises(FetchError, match="404"):
        await fetch_model(model, access)
    assert kept() == []


async def test_it_goes_through_the_guard(model: KnownModel, site: Site) -> None:
    with pytest.raises(BlockedAddressError):
        await fetch_model(model, Access())
    assert site.asked == []
