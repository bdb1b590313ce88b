"""The models that can be fetched by name: where each file is, and what its bytes must be (pure).

Addresses name a revision, which never changes. Sizes and checksums are those of the Git LFS
pointers there, as several projects that pin the same files have them in their sources.
"""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model: what it is called here, where it is, its bytes and their SHA-256."""

    name: str
    url: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model was trained to be used, as its card says.

    `pooling` makes one vector of those of all tokens: their mean, or the first one (`cls`).
    `question` and `passage` are what each question, and each text that is searched, begins with.
    """

    pooling: Literal["mean", "cls"] = "mean"
    question: str = ""
    passage: str = ""


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model that can be fetched by its name."""

    name: str
    languages: str
    licence: str
    files: tuple[ModelFile, ...]
    recipe: Recipe = field(default_factory=Recipe)

    @property
    def size(self) -> int:
        """Return how many bytes are fetched."""
        return sum(file.size for file in self.files)


def _files(address: str, *sized: tuple[int, str]) -> tuple[ModelFile, ...]:
    paths = ("onnx/model_quantized.onnx", "tokenizer.json")
    names = ("model.onnx", "tokenizer.json")
    return tuple(
        ModelFile(name, f"https://huggingface.co/{address}/{path}", size, sha256)
        for name, path, (size, sha256) in zip(names, paths, sized, strict=True)
    )


CATALOGUE: dict[str, KnownModel] = {
    model.name: model
    for model in (
        KnownModel(
            "bge-small-en-v1.5",
            languages="English",
            licence="MIT",
            files=_files(
                "Xenova/bge-small-en-v1.5/resolve/ea104dacec62c0de699686887e3f920caeb4f3e3",
                (34_014_426, "6c9c6101a956d62dfb5e7190c538226c0c5bb9cb27b651234b6df063ee7dbfe4"),
                (711_396, "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66"),
            ),
            recipe=Recipe("cls", "Represent this sentence for searching relevant passages: "),
        ),
        KnownModel(
            "all-MiniLM-L6-v2",
            languages="English",
            licence="Apache-2.0",
            files=_files(
                "Xenova/all-MiniLM-L6-v2/resolve/751bff37182d3f1213fa05d7196b954e230abad9",
                (22_972_370, "afdb6f1a0e45b715d0bb9b11772f032c399babd23bfc31fed1c170afc848bdb1"),
                (711_661, "da0e79933b9ed51798a3ae27893d3c5fa4a201126cef75586296df9b4d2c62a0"),
            ),
        ),
        KnownModel(
            "multilingual-e5-small",
            languages="about 100",
            licence="MIT",
            files=_files(
                "Xenova/multilingual-e5-small/resolve/761b726dd34fb83930e26aab4e9ac3899aa1fa78",
                (118_308_185, "f80102d3f2a1229f387d3c81909990d8945513e347b0eab049f7de3c6f98c193"),
                (17_082_730, "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39"),
            ),
            recipe=Recipe(question="query: ", passage="passage: "),
        ),
    )
}
DEFAULT_MODEL = next(iter(CATALOGUE))
