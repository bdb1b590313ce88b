"""The entries whose parts mean what a question means: their vectors are near to its vector.

Each process keeps the vectors of one model in memory. They are read at the first questions, for a
moment at each, from the newest entries on, and later only those that came since. What is no longer
there is dropped when what is near is looked up, since ids of vectors are never given again.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planet_mcp.models import Meant
from planet_mcp.store.search.filters import Filters
from planet_mcp.store.search.ranking import AGES_FROM
from planet_mcp.store.sql import in_story

if TYPE_CHECKING:
    from planet_mcp.embedding import Nearest

# Stories that take part, and the vectors among which they are looked for: a story has several.
NEAREST, LOOKED_UP = 200, 1_000
LOAD_SECONDS = 1.0
_AT_ONCE = 8_192
# What passes wide filters is near often enough without being looked for apart.
MOST_PASSING = 200_000


@dataclass(frozen=True, slots=True)
class NearStory:
    """A story with the part of one of its entries that is nearest to the question.

    `time` is the time of that entry in seconds since 1970.
    """

    story: int
    time: int
    likeness: float
    entry: int
    part: int


class Neighbours:
    """The vectors of one database in memory; loaded when they are needed first."""

    def __init__(self, *, load_seconds: float = LOAD_SECONDS) -> None:
        self._seconds = load_seconds
        self._lock = threading.Lock()
        self._kept = _Kept("")

    def near(
        self, connection: sqlite3.Connection, meant: Meant, filters: Filters
    ) -> list[NearStory]:
        """Return the nearest stories that pass the filters, the nearest first."""
        kept = self._loaded(connection, meant.model)
        if kept.nearest is None:
            return []
        found = _Look(connection, kept.nearest, meant, filters).stories()
        return sorted(found, key=lambda each: (-each.likeness, -each.time, -each.story))[:NEAREST]

    def _loaded(self, connection: sqlite3.Connection, model: str) -> "_Kept":
        """Read what there is more of, for a moment, unless another thread does that now."""
        if self._kept.model != model:
            self._kept = _Kept(model)
        if self._lock.acquire(blocking=False):
            try:
                self._kept.load(connection, until=time.monotonic() + self._seconds)
            finally:
                self._lock.release()
        return self._kept


class _Kept:
    """What is in memory of the vectors of one model: those up to the id `last`."""

    def __init__(self, model: str) -> None:
        self.model = model
        self.nearest: Nearest | None = None
        self._last = 0

    def load(self, connection: sqlite3.Connection, *, until: float) -> None:
        while time.monotonic() < until:
            rows = connection.execute(
                "SELECT v.id, v.vector FROM vectors AS v WHERE v.id > ? AND v.model = ? "
                f"ORDER BY v.id LIMIT {_AT_ONCE}",
                (self._last, self.model),
            ).fetchall()
            if not rows:
                return
            if self.nearest is None:
                from planet_mcp.embedding import Nearest  # deferred: loads numpy

                self.nearest = Nearest()
            self.nearest.add([(row[0], row[1]) for row in rows])
            self._last = rows[-1][0]
            if len(rows) < _AT_ONCE:
                return


class _Look:
    """One look at what is near, through one view of the database."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        nearest: "Nearest",
        meant: Meant,
        filters: Filters,
    ) -> None:
        self._connection = connection
        self._nearest = nearest
        self._meant = meant
        self._filters = filters

    def stories(self) -> list[NearStory]:
        """Return the nearest stories, each with its nearest part.

        Where filters leave few of the nearest vectors, those that pass are compared alone.
        """
        found = self._among(None)
        if len(found) < NEAREST and self._nearest.count > LOOKED_UP and self._is_narrowed():
            return self._among(self._passing())
        return found

    def _among(self, ids: Collection[int] | None) -> list[NearStory]:
        near = self._nearest.find(
            self._meant.vector, most=LOOKED_UP, read_whole=self._whole, among=ids
        )
        likeness = {each.id: each.likeness for each in near}
        rows = self._rows(
            f"SELECT v.id, e.story_id, {AGES_FROM}, e.id, v.part",
            "+v.id IN (SELECT value FROM json_each(:ids))",
            ids=json.dumps([*likeness]),
        )
        return best_of_stories(
            NearStory(story, moment, likeness[vector], entry, part)
            for vector, story, moment, entry, part in rows
        )

    def _passing(self) -> list[int]:
        """Return the ids of all vectors of entries that pass the filters."""
        return [row[0] for row in self._rows("SELECT v.id", f"TRUE LIMIT {MOST_PASSING}")]

    def _whole(self, ids: Sequence[int]) -> list[tuple[int, bytes]]:
        rows = self._connection.execute(
            "SELECT v.id, v.vector FROM vectors AS v "
            "WHERE v.id IN (SELECT value FROM json_each(:ids)) AND v.model = :model",
            {"ids": json.dumps([*ids]), "model": self._meant.model},
        )
        return [(row[0], row[1]) for row in rows]

    def _is_narrowed(self) -> bool:
        filters = self._filters
        return bool(len(filters.of_entry()) > 1 or filters.of_story() or filters.expression(None))

    def _rows(self, select: str, chosen: str, **values: object) -> list[sqlite3.Row]:
        filters = self._filters
        indexed = filters.expression(None)
        matching = "e.id IN (SELECT rowid FROM entries_index WHERE entries_index MATCH :match)"
        where = [
            "v.model = :model",
            *filters.of_entry(),
            *filters.of_story(),
            *([matching] if indexed else []),
            chosen,
        ]
        return self._connection.execute(
            f"{select} FROM vectors AS v JOIN entries AS e ON e.id = v.entry_id "
            f"JOIN entries AS s ON s.id = e.story_id WHERE {' AND '.join(where)}",
            {**filters.values(), "match": indexed, "model": self._meant.model, **values},
        ).fetchall()


def best_of_stories(found: Iterable[NearStory]) -> list[NearStory]:
    """Return of each story the part that is nearest."""
    best: dict[int, NearStory] = {}
    for each in found:
        if each.story not in best or best[each.story].likeness < each.likeness:
            best[each.story] = each
    return [*best.values()]


def likeness_of(
    connection: sqlite3.Connection, meant: Meant, stories: Sequence[int]
) -> dict[int, float]:
    """Return how near the nearest part of each story is; without those that have no vectors."""
    from planet_mcp.embedding import compare  # deferred, as above

    rows = connection.execute(
        "SELECT v.id, v.vector, d.story_id FROM json_each(:stories) AS wanted "
        f"JOIN entries AS d ON {in_story('wanted.value')} "
        "JOIN vectors AS v ON v.entry_id = d.id WHERE v.model = :model",
        {"stories": json.dumps(stories), "model": meant.model},
    ).fetchall()
    story_of = {row[0]: row[2] for row in rows}
    likeness: dict[int, float] = {}
    for near in compare(meant.vector, [(row[0], row[1]) for row in rows]):
        likeness.setdefault(story_of[near.id], near.likeness)
    return likeness
