"""The vectors of a database in the memory of this process, and in a file that processes share.

They are read at the first questions, for a moment at each, and later only those that came since.
What is no longer there is dropped when what is near is looked up, since ids of vectors are never
given again. The file beside the database spares a process all but the newest, and a copy of its
own; it is made anew when about an eighth of it is missing or gone.
"""

import json
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from planet_mcp.store.db import Connection

if TYPE_CHECKING:
    from planet_mcp.embedding import Nearest

logger = logging.getLogger(__name__)

_AT_ONCE = 8_192
# How many vectors are worth a file; and which part of it may be out of date.
LEAST_SHARED, STALE_PART = 4_096, 8
WANTED = "(SELECT CAST(value AS BIGINT) AS id FROM json_each(:ids)) AS wanted"


class Kept:
    """What is in memory of the vectors of one model: those up to the id `last`.

    `file` is where they are shared, if they are; nothing is written there unless it `is_writable`.
    """

    def __init__(self, model: str, file: Path | None, *, is_writable: bool) -> None:
        self.model = model
        self.nearest: Nearest | None = None
        self.has_more = False
        self._file = file
        self._is_writable = is_writable
        self._last = 0
        self._shared = 0
        self._was_looked_for = False

    def load(self, connection: Connection, *, until: float) -> None:
        """Read those that are not in memory yet, until a moment of `time.monotonic`."""
        if not self._was_looked_for:
            self._was_looked_for = True
            self._map(connection)
        self.has_more = True
        while self.has_more:
            rows = connection.execute(
                "SELECT v.id, v.vector FROM vectors AS v WHERE v.id > ? AND v.model = ? "
                f"ORDER BY v.id LIMIT {_AT_ONCE}",
                (self._last, self.model),
            ).fetchall()
            self.has_more = len(rows) == _AT_ONCE
            if rows:
                self._add([(row[0], row[1]) for row in rows])
            if time.monotonic() > until:
                return
        if self._is_writable:
            self._share(connection)

    def _add(self, rows: list[tuple[int, bytes]]) -> None:
        if self.nearest is None:
            from planet_mcp.embedding import Nearest  # deferred: loads numpy

            self.nearest = Nearest()
        self.nearest.add(rows)
        self._last = rows[-1][0]

    def _map(self, connection: Connection) -> None:
        """Take what the file has; if that is of other vectors, remove it."""
        if self._file is None or not self._file.exists():
            return
        from planet_mcp.embedding import read_mapped  # deferred, as above

        read_whole = partial(read_vectors, connection, self.model)
        with suppress(OSError):
            found = read_mapped(self._file, of=self._name(connection), read_whole=read_whole)
            if found and self._is_given(connection, found.last):
                self.nearest, self._last, self._shared = found, found.last, found.count
            elif self._is_writable:
                self._file.unlink()

    def _share(self, connection: Connection) -> None:
        """Write the file, where there is none or much is missing in it, and use it from now on."""
        count = self.nearest.count if self.nearest else 0
        missing = count - self._shared
        if self._file is None or not self.nearest or count < LEAST_SHARED:
            return
        if missing * STALE_PART <= self._shared:
            return
        from planet_mcp.embedding import read_mapped, write_mapped  # deferred, as above

        self._shared = count  # even if it fails: the next try is worth while only with many more
        try:
            name = self._name(connection)
            write_mapped(self._file, self.nearest, of=name)
            read_whole = partial(read_vectors, connection, self.model)
            mapped = read_mapped(self._file, of=name, read_whole=read_whole)
            self.nearest = mapped or self.nearest
        except OSError as error:
            logger.warning("Vectors are not shared with other processes: %s", error)

    def _is_given(self, connection: Connection, vector: int) -> bool:
        """Return whether a database gave an id yet: one that was restored may give it again."""
        row = connection.execute("SELECT max(id) FROM vectors").fetchone()
        return (row[0] or 0) >= vector

    def _name(self, connection: Connection) -> str:
        row = connection.execute("SELECT value FROM meta WHERE key = 'identity'").fetchone()
        return f"1 {row[0]} {self.model}"


def read_vectors(connection: Connection, model: str, ids: Sequence[int]) -> list[tuple[int, bytes]]:
    """Return the vectors of a model with these ids, as far as they are there."""
    rows = connection.execute(
        f"SELECT v.id, v.vector FROM {WANTED} CROSS JOIN vectors AS v "
        "WHERE v.id = wanted.id AND v.model = :model",
        {"ids": json.dumps(ids), "model": model},
    )
    return [(row[0], row[1]) for row in rows]
