"""A model of a few kilobytes that knows some words, and which of them mean the same.

It is what a real one is, a tokenizer and an ONNX network, so that the real code loads and runs it:
each word has a number, and the network looks up a vector for each. `python -m
tests.support.toy_model FOLDER` writes it, with another dimension for each line of `MEANINGS`.
"""

import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from planet_mcp.embedding import is_installed

MEANINGS = (
    "car automobile vehicle",
    "doctor physician medic",
    "garden yard",
    "cheap inexpensive affordable",
    "fast quick rapid",
    "bread loaf",
    "film movie",
    "rain shower",
    "song tune",
    "boat ship vessel",
)
UNKNOWN, DIMENSIONS = "[UNK]", 16
_FLOAT, _INT64 = 1, 7

with_model = pytest.mark.skipif(
    not is_installed(), reason="the libraries of planet-mcp[semantic] are not installed"
)


def write_toy_model(folder: Path) -> Path:
    """Write `model.onnx` and `tokenizer.json` into a folder, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(_network())
    (folder / "tokenizer.json").write_text(json.dumps(_tokenizer()), "utf-8")
    return folder


def _words() -> Iterator[tuple[str, int | None]]:
    """Return the words, each with the dimension of what it means."""
    yield UNKNOWN, None
    for dimension, line in enumerate(MEANINGS):
        for word in line.split():
            yield word, dimension


def _tokenizer() -> dict[str, object]:
    vocabulary = {word: number for number, (word, _) in enumerate(_words())}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": UNKNOWN},
    }


# The network in the wire format of Protocol Buffers, by the numbers of the fields in onnx.proto.


def _network() -> bytes:
    vectors = [_vector(dimension) for _, dimension in _words()]
    table = _message(
        *((1, size) for size in (len(vectors), DIMENSIONS)),
        (2, _FLOAT),
        (8, "vectors"),
        (9, b"".join(vectors)),
    )
    look_up = _message((1, "vectors"), (1, "input_ids"), (2, "states"), (4, "Gather"))
    graph = _message(
        (1, look_up),
        (2, "toy"),
        (5, table),
        (11, _value("input_ids", _INT64, "batch", "tokens")),
        (11, _value("attention_mask", _INT64, "batch", "tokens")),
        (12, _value("states", _FLOAT, "batch", "tokens", "size")),
    )
    return _message((1, 8), (7, graph), (8, _message((1, ""), (2, 17))))


def _vector(dimension: int | None) -> bytes:
    # Words that are not known are a little like each other, and like nothing else.
    numbers = [0.0] * (DIMENSIONS - 1) + [0.01]
    if dimension is not None:
        numbers[dimension] = 1.0
    return struct.pack(f"<{DIMENSIONS}f", *numbers)


def _value(name: str, kind: int, *sizes: str) -> bytes:
    shape = _message(*((1, _message((2, size))) for size in sizes))
    return _message((1, name), (2, _message((1, _message((1, kind), (2, shape))))))


def _message(*fields: tuple[int, int | str | bytes]) -> bytes:
    return b"".join(_field(number, value) for number, value in fields)


def _field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    groups: list[int] = []
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*groups, number])


if __name__ == "__main__":
    write_toy_model(Path(sys.argv[1]))
