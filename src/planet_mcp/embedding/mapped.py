"""Vectors in a file that processes map into memory, so that they share one copy of them.

The file has nothing that the database has not, and can be removed at any time. It is written whole
and renamed, never changed, since others may have it mapped.
"""

import json
import mmap
import os
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from planet_mcp.embedding.nearest import Nearest, ReadWhole, Vectors

# The file begins with a line of JSON, filled up with spaces; then come ids, codes and lengths.
_HEAD_BYTES = 256
# How many vectors are looked for in the database, and what part of them has to be there.
_SAMPLE, _THERE = 256, 7 / 8


def read_mapped(path: Path, *, of: str, read_whole: ReadWhole) -> Nearest | None:
    """Return the vectors in a file; None where it is damaged, or is `of` something else.

    Some are held against those that `read_whole` returns, of which most are to be there still.

    Raises:
        OSError: The file is not there, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        head, content = json.loads(bytes(content[:_HEAD_BYTES])), content[_HEAD_BYTES:]
        if head["of"] != of:
            return None
        if zlib.crc32(content) != head["crc32"]:
            return None
        vectors = _cut(content, head["count"], head["size"], signs=head["signs"])
        sample = vectors.sample(_SAMPLE)
        rows = read_whole(sample)
        is_same = len(rows) >= _THERE * len(sample) and vectors.has(rows)
        return Nearest(vectors) if is_same else None
    except (ValueError, KeyError, TypeError):
        return None


def write_mapped(path: Path, nearest: Nearest, *, of: str) -> None:
    """Write vectors into a file that only this user may read, in place of any other.

    Raises:
        OSError: It cannot be written, or others have it open (Windows).
    """
    vectors = nearest.vectors()
    signs = vectors.lengths is None
    columns = [vectors.ids]
    columns += (
        [np.ascontiguousarray(vectors.codes.T)] if signs else [vectors.codes, vectors.lengths]
    )
    checksum = 0
    for column in columns:
        checksum = zlib.crc32(column, checksum)
    head = {
        "of": of,
        "count": len(vectors.ids),
        "size": vectors.size,
        "signs": signs,
        "crc32": checksum,
    }
    _replace(path, [json.dumps(head).encode().ljust(_HEAD_BYTES), *columns])


def _replace(path: Path, parts: Sequence[Any]) -> None:
    # A file of mkstemp is its owner's alone.
    handle, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".part", dir=path.parent)
    made = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(parts)
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)


def _cut(content: memoryview, count: int, size: int, *, signs: bool) -> Vectors:
    """Return the columns of a file as views of its content."""
    columns: list[tuple[Any, int]] = [(np.int64, count)]
    columns += [(np.uint64, count * -(-size // 64))] if signs else [(np.int8, count * size)]
    columns += [] if signs else [(np.float32, count)]
    found, begin = [], 0
    for kind, numbers in columns:
        found.append(np.frombuffer(content, kind, numbers, begin))
        begin += found[-1].nbytes
    if begin != len(content):
        raise ValueError(f"{len(content)} bytes instead of {begin}")
    ids, codes, *lengths = found
    if signs:
        return Vectors(ids, codes.reshape(-1, count).T, size)
    return Vectors(ids, codes.reshape(count, -1), size, *lengths)
