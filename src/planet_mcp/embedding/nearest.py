"""The vectors that are nearest to another one, among those that were added."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

# Up to how many vectors are kept whole. Of more, only the signs (+ or -) of their numbers are kept,
# which take an eighth of the memory.
MOST_WHOLE = 200_000
# How many vectors whose signs are nearest are then compared whole.
LOOKED_AT = 1_000
# Up to how many vectors a block has, to which vectors that are added one by one are joined.
BLOCK = 8_192
# How many vectors become floating point numbers together: so many fit into the processor's cache.
CACHED = 512
# The least standard deviation: where all vectors are nearly as far, the last digits mean nothing.
LEAST_DEVIATION = 0.005
# Of how many likenesses the usual one is computed: it differs from that of all by 0.02 deviations.
SAMPLE = 4_000

Rows = Sequence[tuple[int, bytes]]
ReadWhole = Callable[[Sequence[int]], Rows]


class Near(NamedTuple):
    """The id of a vector, and its likeness: the cosine of the angle, from -1 to 1."""

    id: int
    likeness: float


class Nearest:
    """Vectors of 8-bit numbers by their ids, in memory.

    Of more than `most_whole` only signs are kept; the few that matter are read whole.
    """

    def __init__(self, known: "Vectors | None" = None, *, most_whole: int = MOST_WHOLE) -> None:
        """Begin with vectors that are in memory already, whose ids ascend, or with none."""
        self._most_whole = most_whole
        self.count = len(known.ids) if known else 0
        self._keeps_signs = known is not None and known.lengths is None
        begins = range(0, self.count, BLOCK)
        self._blocks = [known.between(begin, begin + BLOCK) for begin in begins] if known else []

    def vectors(self) -> "Vectors":
        """Return all as one block."""
        ids, codes, lengths = zip(*((b.ids, b.codes, b.lengths) for b in self._blocks), strict=True)
        whole = None if self._keeps_signs else np.concatenate(lengths)
        return Vectors(np.concatenate(ids), np.concatenate(codes), self._blocks[0].size, whole)

    @property
    def last(self) -> int:
        """Return the id that was added last."""
        return int(self._blocks[-1].ids[-1])

    def add(self, rows: Rows) -> None:
        """Add vectors, all of one length, with ids above all others, in their order."""
        self.count += len(rows)
        if self.count > self._most_whole and not self._keeps_signs:
            self._keeps_signs = True
            self._blocks = [block.signs() for block in self._blocks]
        block = _block(rows)
        block = block.signs() if self._keeps_signs else block
        if self._blocks and len(self._blocks[-1].ids) + len(rows) <= BLOCK:
            block = self._blocks.pop().joined(block)
        # The list is replaced in one assignment, as other threads search meanwhile.
        self._blocks = [*self._blocks, block]

    def compared(self, vector: bytes, *, read_whole: ReadWhole) -> "Compared":
        """Return how like a vector all are, of which there is one at least.

        `read_whole` returns the vectors of ids, as far as they are still there.

        Raises:
            ValueError: The vector is of another length.
        """
        blocks, keeps_signs = self._blocks, self._keeps_signs
        wanted = _block([(0, vector)])
        if keeps_signs:
            wanted = wanted.signs()
        ids = np.concatenate([block.ids for block in blocks])
        near = np.concatenate([block.likeness(wanted) for block in blocks])
        return Compared(ids, near, _Whole(vector, read_whole, wanted.size) if keeps_signs else None)


class Compared:
    """How like one vector all others are."""

    def __init__(self, ids: Any, near: Any, whole: "_Whole | None") -> None:
        self._ids = ids
        self._near = near
        self._whole = whole
        sample = near[:: -(-len(near) // SAMPLE)]
        self._usual, self._deviation = _usual(whole.likeness(sample) if whole else sample)

    @property
    def count(self) -> int:
        """Return how many were compared."""
        return len(self._ids)

    def nearest(self, *, most: int, among: Collection[int] | None = None) -> list[Near]:
        """Return the nearest ones, the nearest first; with `among`, of these ids alone."""
        ids, near = self._ids, self._near
        if among is not None:
            wanted = np.fromiter(among, np.int64, len(among))
            at = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
            at = at[ids[at] == wanted]
            ids, near = ids[at], near[at]
        if self._whole is None:
            return _best(ids, near, most)
        looked_at = [each.id for each in _best(ids, near, max(most, LOOKED_AT))]
        return self._whole.nearest(looked_at)[:most]

    def outstanding(self, near: Near) -> float:
        """Return how many standard deviations one is nearer than most: by chance, up to four."""
        return (near.likeness - self._usual) / max(self._deviation, LEAST_DEVIATION)


@dataclass(frozen=True, slots=True)
class _Whole:
    """A vector, and what reads others to compare it with, where only their signs are kept."""

    vector: bytes
    read: ReadWhole
    size: int

    def likeness(self, apart: Any) -> Any:
        """Return what cosines are likely where so many signs differ, given below 0.

        Their share is about the angle's share of a half circle (Charikar 2002, on random
        hyperplanes).
        """
        return np.cos(apart * np.float32(np.pi / self.size))

    def nearest(self, ids: Sequence[int]) -> list[Near]:
        rows = self.read(ids)
        if not rows:
            return []
        block = _block(rows)
        return _best(block.ids, block.likeness(_block([(0, self.vector)])), len(rows))


@dataclass(frozen=True, slots=True)
class Vectors:
    """A block of ids with the codes of their vectors, of `size` numbers, and their lengths.

    `codes` has a row for each: 8-bit numbers, or signs as bits of 64-bit ones, without lengths.
    """

    ids: Any
    codes: Any
    size: int
    lengths: Any = None

    def signs(self) -> "Vectors":
        """Return the signs of these."""
        bits = np.packbits(self.codes > 0, axis=1)
        padded = np.pad(bits, ((0, 0), (0, -bits.shape[1] % 8)))
        # The first 64 of all lie side by side, and so on: to compare them so is six times as fast.
        return Vectors(self.ids, np.asfortranarray(padded.view(np.uint64)), self.size)

    def between(self, begin: int, end: int) -> "Vectors":
        """Return a view of some rows."""
        lengths = None if self.lengths is None else self.lengths[begin:end]
        return Vectors(self.ids[begin:end], self.codes[begin:end], self.size, lengths)

    def sample(self, most: int) -> list[int]:
        """Return some ids, the last one among them."""
        return [int(each) for each in self.ids[:: -(-len(self.ids) // most)]] + [int(self.ids[-1])]

    def has(self, rows: Rows) -> bool:
        """Return whether these are among them; the ids ascend."""
        others = _block(rows) if self.lengths is not None else _block(rows).signs()
        at = np.searchsorted(self.ids, others.ids)
        return bool(np.array_equal(self.codes[at], others.codes))

    def joined(self, other: "Vectors") -> "Vectors":
        """Return both as one."""
        lengths = None
        if self.lengths is not None:
            lengths = np.concatenate([self.lengths, other.lengths])
        codes = np.concatenate([self.codes, other.codes])
        return Vectors(np.concatenate([self.ids, other.ids]), codes, self.size, lengths)

    def likeness(self, wanted: "Vectors") -> Any:
        """Return what each vector has in common with the wanted one: more is nearer.

        It is the cosine, or of signs how many differ, below 0.
        """
        if self.lengths is None:
            apart = np.zeros(len(self.ids), np.int16)
            for column, own in zip(self.codes.T, wanted.codes[0], strict=True):
                apart += np.bitwise_count(column ^ own)
            return np.negative(apart, dtype=np.float32)
        other = wanted.codes[0].astype(np.float32)
        products = [
            self.codes[begin : begin + CACHED].astype(np.float32) @ other
            for begin in range(0, len(self.codes), CACHED)
        ]
        return np.concatenate(products) / (self.lengths * wanted.lengths[0])


def _block(rows: Rows) -> Vectors:
    ids = np.fromiter((row[0] for row in rows), np.int64, len(rows))
    codes = np.frombuffer(b"".join(row[1] for row in rows), np.int8).reshape(len(rows), -1)
    # A vector of zeros gets a length, so that it is like no other instead of a division by 0.
    lengths = np.maximum(np.linalg.norm(codes.astype(np.float32), axis=1), 1.0)
    return Vectors(ids, codes, codes.shape[1], lengths)


def _usual(sample: Any) -> tuple[float, float]:
    """Return the likeness that most have, and its standard deviation, by medians.

    Medians do not change with how many vectors are near, up to a half of all. (In a normal
    distribution, 1.4826 median deviations are a standard deviation.)
    """
    middle = np.median(sample)
    return float(middle), float(1.4826 * np.median(np.abs(sample - middle)))


def _best(ids: Any, near: Any, most: int) -> list[Near]:
    if len(ids) > most:
        chosen = np.argpartition(-near, most)[:most]
        ids, near = ids[chosen], near[chosen]
    order = np.lexsort((-ids, -near))
    return [*map(Near, ids[order].tolist(), near[order].tolist())]
