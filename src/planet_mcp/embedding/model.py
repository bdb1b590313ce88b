"""A model that makes vectors of texts, in the process that loads it.

It is an encoder as those of sentence-transformers: a tokenizer, a network that gives each token a
vector, and one vector made of these (arXiv:1908.10084). The network is ONNX, which is data: no
pickle is ever read.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from planet_mcp.embedding.folders import FILES, recipe_of
from planet_mcp.errors import ModelError

MOST_TOKENS = 128
BATCH = 8
_WANTED = ("input_ids", "attention_mask", "token_type_ids")


class Model:
    """The model of one folder.

    Raises:
        ModelError: A file is damaged, or is not what such a model has.
    """

    def __init__(self, folder: Path) -> None:
        network, words = (folder / name for name in FILES)
        self._recipe = recipe_of(folder)
        try:
            self._tokenizer: Any = Tokenizer.from_file(str(words))
            self._session: Any = onnxruntime.InferenceSession(
                str(network), _options(), providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            # Any exception is caught: both libraries raise bare ones of their own.
            raise ModelError(f"The model in {folder} cannot be loaded: {error}") from error
        self._tokenizer.enable_truncation(MOST_TOKENS)
        self._tokenizer.no_padding()
        self._inputs = [each.name for each in self._session.get_inputs()]
        if not set(self._inputs) <= set(_WANTED):
            raise ModelError(f"{network} is no encoder of texts: it wants {self._inputs}.")

    def questions(self, texts: Sequence[str]) -> list[bytes]:
        """Return a vector of 8-bit numbers for each question."""
        return self._vectors([self._recipe.question + text for text in texts])

    def passages(self, texts: Sequence[str]) -> list[bytes]:
        """Return a vector of 8-bit numbers for each text that is to be found."""
        return self._vectors([self._recipe.passage + text for text in texts])

    def _vectors(self, texts: Sequence[str]) -> list[bytes]:
        """Encode a few texts at a time, those of like length together: less to pad, less memory."""
        tokens = self._tokenizer.encode_batch(list(texts))
        order = sorted(range(len(texts)), key=lambda number: len(tokens[number].ids))
        found: dict[int, bytes] = {}
        for begin in range(0, len(order), BATCH):
            some = order[begin : begin + BATCH]
            encoded = _quantised(self._encode([tokens[number].ids for number in some]))
            found.update(zip(some, encoded, strict=True))
        return [found[number] for number in range(len(texts))]

    def _encode(self, ids: Sequence[Sequence[int]]) -> Any:
        """Return an array with a vector for each list of tokens."""
        mask = np.zeros((len(ids), max(map(len, ids))), np.int64)
        padded = np.zeros_like(mask)
        for row, of_text in enumerate(ids):
            padded[row, : len(of_text)] = of_text
            mask[row, : len(of_text)] = 1
        values = dict(zip(_WANTED, (padded, mask, np.zeros_like(mask)), strict=True))
        states = self._session.run(None, {name: values[name] for name in self._inputs})[0]
        if states.ndim == 2:  # noqa: PLR2004 - the network itself has made one vector a text
            return states
        if self._recipe.pooling == "cls":
            return states[:, 0]
        return (states * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)


def _options() -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # The arena is off: it grows with each longer batch, and gives no memory back.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    return options


def _quantised(vectors: Any) -> list[bytes]:
    """Return vectors whose longest component is 127: what is compared is their direction."""
    if not np.isfinite(vectors).all():
        raise ModelError("The model made no numbers of a text.")
    longest = np.maximum(np.abs(vectors).max(1, keepdims=True), 1e-12)
    codes = np.rint(vectors / longest * 127).astype(np.int8)
    return [code.tobytes() for code in codes]
