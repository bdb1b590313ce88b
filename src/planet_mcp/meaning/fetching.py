"""A model of the catalogue → its folder in the user's cache, whole or not at all."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import anyio

from planet_mcp.embedding import RECIPE, KnownModel, ModelFile, place_for, recipe_json
from planet_mcp.errors import ModelError
from planet_mcp.network import Access, Limits, Web

ACCEPT = "application/octet-stream, application/json, */*;q=0.5"
# A model of 140 MB at 100 kB a second.
_SECONDS = 1_800.0
_SPARE = 2**20

# Is told how many bytes of all have come.
Progress = Callable[[int], object]


async def fetch_model(
    model: KnownModel, access: Access, *, progress: Progress = lambda _: None
) -> Path:
    """Fetch a model, compare its bytes with what they must be, and put it in its place.

    Raises:
        FetchError: A file could not be fetched.
        ModelError: It is not the file that is meant, or cannot be stored.
    """
    place = place_for(model.name)
    try:
        await anyio.to_thread.run_sync(lambda: place.parent.mkdir(parents=True, exist_ok=True))
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{model.name}-") as folder:
            await _fetch_files(model, access, Path(folder), progress)
            await anyio.to_thread.run_sync(lambda: _put(Path(folder), place))
    except OSError as error:
        raise ModelError(f"{place} cannot be written: {error.strerror}.") from error
    return place


async def _fetch_files(model: KnownModel, access: Access, folder: Path, progress: Progress) -> None:
    done = 0
    for file in model.files:
        body = await _fetched(file, access, lambda count: progress(done + count))  # noqa: B023
        await anyio.Path(folder / file.name).write_bytes(body)
        done += len(body)
    await anyio.Path(folder / RECIPE).write_text(recipe_json(model.recipe), "utf-8")


async def _fetched(file: ModelFile, access: Access, progress: Progress) -> bytes:
    limits = Limits(seconds=_SECONDS, body=file.size + _SPARE, passed_over=file.size + _SPARE)
    async with Web(access, limits=limits) as web:
        document = await web.get(file.url, accept=ACCEPT, progress=progress)
    found = hashlib.sha256(document.body).hexdigest()
    if found != file.sha256:
        raise ModelError(
            f"{file.url} is not what it was: its SHA-256 is {found}, and not {file.sha256}. "
            "Nothing was kept."
        )
    return document.body


def _put(folder: Path, place: Path) -> None:
    """Put a complete folder in its place, where an older one may be."""
    # TemporaryDirectory makes it for this user alone; a cache is read by others too.
    folder.chmod(0o755)
    new = place.with_name(f".{place.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    folder.rename(new)
    folder.mkdir()
    shutil.rmtree(place, ignore_errors=True)
    new.rename(place)
