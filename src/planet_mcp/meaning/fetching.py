"""A model of the catalogue → its folder in the user's cache, whole or not at all."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import anyio

from planet_mcp.embedding import RECIPE, KnownModel, ModelFile, model_path, recipe_json
from planet_mcp.errors import ModelError
from planet_mcp.network import Access, Limits, Web

ACCEPT = "application/octet-stream, application/json, */*;q=0.5"
# Enough seconds for a model of 140 MB at 100 kB a second.
_SECONDS = 1_800.0
_SPARE = 2**20

# A function that is called with the number of bytes that have come, of all files.
Progress = Callable[[int], object]


async def fetch_model(
    model: KnownModel, access: Access, *, progress: Progress = lambda _: None
) -> Path:
    """Fetch a model, check its bytes, and put it into the folder of its name.

    Raises:
        FetchError: A file could not be fetched.
        ModelError: It is not the file that is meant, or cannot be stored.
    """
    path = model_path(model.name)
    try:
        await anyio.to_thread.run_sync(lambda: path.parent.mkdir(parents=True, exist_ok=True))
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{model.name}-") as folder:
            await _fetch_files(model, access, Path(folder), progress)
            await anyio.to_thread.run_sync(lambda: _move(Path(folder), path))
    except OSError as error:
        raise ModelError(f"{path} cannot be written: {error.strerror}.") from error
    return path


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


def _move(folder: Path, path: Path) -> None:
    """Move a complete folder to a path, where an older one may be."""
    # Others may read it too, as all of a cache: TemporaryDirectory makes it for this user alone.
    folder.chmod(0o755)
    new = path.with_name(f".{path.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    folder.rename(new)
    folder.mkdir()
    shutil.rmtree(path, ignore_errors=True)
    new.rename(path)
