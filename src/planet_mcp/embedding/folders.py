"""Which model there is: a folder with `model.onnx` and `tokenizer.json`, chosen by a setting."""

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from platformdirs import user_cache_path

from planet_mcp.embedding.catalogue import CATALOGUE, DEFAULT_MODEL, Recipe
from planet_mcp.errors import ModelError

OFF = "off"
INSTALL = "pip install 'planet-mcp[semantic]'"
FILES = ("model.onnx", "tokenizer.json")
RECIPE = "recipe.json"
_LIBRARIES = ("numpy", "onnxruntime", "tokenizers")
# How many bytes of a file's beginning and of its end are hashed for the model's id: to hash all of
# a model would delay each start.
_SAMPLE = 2**16
# Part of the model's id. It is raised when the parts of entries or their quantisation change, so
# that all vectors are made anew.
_VERSION = b"1"


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A folder with a model; `id` differs for models whose vectors cannot be compared."""

    path: Path
    name: str
    id: str


@dataclass(frozen=True, slots=True)
class NoModel:
    """Why there is no model to use; `is_asked_for` says that the settings name one."""

    reason: str
    is_asked_for: bool = False


def models_path() -> Path:
    """Return the folder that fetched models are kept in, each in one of its own."""
    return user_cache_path("planet-mcp", appauthor=False) / "models"


def model_path(name: str) -> Path:
    """Return the folder of a model of the catalogue, fetched or not."""
    return models_path() / name


def fetched() -> list[str]:
    """Return the names of the models of the catalogue that are here."""
    return [name for name in CATALOGUE if _is_complete(model_path(name))]


def is_installed() -> bool:
    """Return whether the libraries that run a model are there; loads none."""
    return all(find_spec(name) for name in _LIBRARIES)


def chosen_model(setting: str | None) -> ModelFolder | NoModel:
    """Return the model that a setting names (`off`, a name, a folder), or the one that was fetched.

    Reads a part of its files, for the id.
    """
    if setting == OFF:
        return NoModel("PLANET_MCP_MODEL is off.")
    asked = setting is not None
    path = _named(setting) if setting else _fetched()
    if path is None:
        return NoModel(f"No model was fetched: `planet-mcp model fetch` gets {DEFAULT_MODEL}.")
    missing = [name for name in FILES if not (path / name).is_file()]
    if missing:
        fetch = f": `planet-mcp model fetch {setting}` gets it" if setting in CATALOGUE else ""
        return NoModel(f"{path} has no {' and no '.join(missing)}{fetch}.", asked)
    if not is_installed():
        return NoModel(f"The libraries for a model are not there: {INSTALL} adds them.", asked)
    try:
        return ModelFolder(path, path.name, _fingerprint(path))
    except OSError as error:
        return NoModel(f"{path} cannot be read: {error.strerror}.", asked)


def recipe_of(path: Path) -> Recipe:
    """Return how the model of a folder is to be used, by its `recipe.json`; by default the mean.

    Raises:
        ModelError: The file says something else than a recipe.
    """
    file = path / RECIPE
    if not file.is_file():
        return Recipe()
    try:
        recipe = Recipe(**json.loads(file.read_bytes()))
    except (ValueError, TypeError) as error:
        raise ModelError(f"{file} is no recipe: pooling, question and passage.") from error
    if recipe.pooling not in {"mean", "cls"}:
        raise ModelError(f"{file}: pooling is mean or cls.")
    return recipe


def recipe_json(recipe: Recipe) -> str:
    """Return a recipe as its file has it."""
    return json.dumps(asdict(recipe), indent=2) + "\n"


def _named(setting: str) -> Path:
    return model_path(setting) if setting in CATALOGUE else Path(setting).expanduser()


def _fetched() -> Path | None:
    return next(map(model_path, fetched()), None)


def _is_complete(path: Path) -> bool:
    return all((path / name).is_file() for name in FILES)


def _fingerprint(path: Path) -> str:
    digest = hashlib.sha256(_VERSION)
    for name in (*FILES, RECIPE):
        file = path / name
        if not file.exists():
            continue
        with file.open("rb") as opened:
            size = file.stat().st_size
            digest.update(f"{name} {size}".encode())
            digest.update(opened.read(_SAMPLE))
            opened.seek(max(size - _SAMPLE, 0))
            digest.update(opened.read(_SAMPLE))
    return digest.hexdigest()[:16]
