"""Texts → vectors that stand for what they mean, and the vectors that are nearest to another.

In: a folder with a model, texts, vectors. Out: vectors of 8-bit numbers, ids with likenesses.
Only this room knows numpy, onnxruntime and tokenizers, which come with `planet-mcp[semantic]`.

catalogue (models that can be fetched) · folders (which one is there) · parts (an entry's texts)
model (texts → vectors) · nearest (a vector → those like it) · mapped (vectors ↔ a file)
"""

from typing import TYPE_CHECKING

from planet_mcp.embedding.catalogue import CATALOGUE, DEFAULT_MODEL, KnownModel, ModelFile, Recipe
from planet_mcp.embedding.folders import (
    INSTALL,
    RECIPE,
    ModelFolder,
    NoModel,
    chosen_model,
    fetched,
    is_installed,
    model_path,
    models_path,
    recipe_json,
)
from planet_mcp.embedding.parts import MOST_CHARACTERS, Part, parts_of

if TYPE_CHECKING:
    from planet_mcp.embedding.mapped import read_mapped, write_mapped
    from planet_mcp.embedding.model import Model
    from planet_mcp.embedding.nearest import Compared, Near, Nearest

__all__ = [
    "CATALOGUE",
    "DEFAULT_MODEL",
    "INSTALL",
    "MOST_CHARACTERS",
    "RECIPE",
    "Compared",
    "KnownModel",
    "Model",
    "ModelFile",
    "ModelFolder",
    "Near",
    "Nearest",
    "NoModel",
    "Part",
    "Recipe",
    "chosen_model",
    "fetched",
    "is_installed",
    "model_path",
    "models_path",
    "parts_of",
    "read_mapped",
    "recipe_json",
    "write_mapped",
]


def __getattr__(name: str) -> object:
    """Load what needs the optional libraries when it is wanted: a start never wants it."""
    if name == "Model":
        from planet_mcp.embedding.model import Model  # deferred, as said

        return Model
    if name in {"Compared", "Near", "Nearest"}:
        from planet_mcp.embedding import nearest  # deferred, as said

        return getattr(nearest, name)
    if name in {"read_mapped", "write_mapped"}:
        from planet_mcp.embedding import mapped  # deferred, as said

        return getattr(mapped, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
