"""The entries whose parts mean what a question means: their vectors are near to its vector.

Aliases are those of `planet_mcp.store.sql`; `v` is a vector.
"""

import json
import logging
import threading
import time
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from planet_mcp.models import QuestionVector
from planet_mcp.store.db import Connection, Row
from planet_mcp.store.search.filters import Filters
from planet_mcp.store.search.kept import WANTED, Kept, read_vectors
from planet_mcp.store.search.plan import SearchPlan
from planet_mcp.store.search.query import Query
from planet_mcp.store.search.ranking import AGES_FROM, Candidate
from planet_mcp.store.sql import ids_of, in_story

if TYPE_CHECKING:
    from planet_mcp.embedding import Compared

logger = logging.getLogger(__name__)

# Stories that take part, and the vectors among which they are looked for: a story has several.
NEAREST, LOOKED_UP = 200, 1_000
LOAD_SECONDS = 1.0
# How many standard deviations nearer than most an entry has to be. By chance alone, a hundred of
# ten thousand are as near.
LEAST_OUTSTANDING = 2.5
# The joins that find vectors by their ids, by entries, and by the time of stories. CROSS keeps the
# order of the tables (sqlite.org/optoverview.html, section 7).
_BY_ID = f"""FROM {WANTED} CROSS JOIN vectors AS v CROSS JOIN entries AS e
    CROSS JOIN entries AS s WHERE v.id = wanted.id AND e.id = v.entry_id AND s.id = e.story_id"""
_BY_ENTRY = """FROM entries AS e CROSS JOIN entries AS s CROSS JOIN vectors AS v
    WHERE s.id = e.story_id AND v.entry_id = e.id"""
_BY_TIME = f"""FROM entries AS s CROSS JOIN entries AS e CROSS JOIN vectors AS v
    WHERE {in_story("s.id", "e")} AND v.entry_id = e.id"""
# Up to how many entries that pass the filters are compared by themselves. Of more, enough are among
# the nearest of all.
MOST_PASSING = 200_000


class NearStory(NamedTuple):
    """A story with the part of one of its entries that is nearest to the question.

    `time` is the time of that entry in seconds since 1970. It is nearer than most entries by
    `outstanding` standard deviations.
    """

    story: int
    time: int
    entry: int
    part: int
    likeness: float
    outstanding: float

    def as_candidate(self) -> Candidate:
        """Return it as a candidate whose likeness is its score."""
        return Candidate(self.story, self.entry, self.time, self.likeness)


class Neighbours:
    """The vectors of one database in memory; loaded when they are needed first.

    `file` is where processes share them, if they do, and `is_writable` says whether this one may
    write it.
    """

    def __init__(self, file: Path | None = None, *, is_writable: bool = False) -> None:
        self._make = partial(Kept, file=file, is_writable=is_writable)
        self._lock = threading.Lock()
        self._kept = self._make("")

    def look(
        self, connection: Connection, question: QuestionVector, filters: Filters
    ) -> "Look | None":
        """Return what is near to a question among what passes filters; None without vectors."""
        kept = self._loaded(connection, question.model)
        if kept.nearest is None:
            return None
        read_whole = partial(read_vectors, connection, question.model)
        try:
            compared = kept.nearest.compared(question.vector, read_whole=read_whole)
            return Look(connection, compared, question.model, filters)
        except ValueError:
            logger.exception("The vectors cannot be compared.")
            return None

    @property
    def are_loading(self) -> bool:
        """Return whether there are more vectors, which the next question finds."""
        return self._kept.has_more

    def _loaded(self, connection: Connection, model: str) -> Kept:
        """Read what there is more of, for a moment, unless another thread does that now."""
        if self._kept.model != model:
            self._kept = self._make(model)
        if self._lock.acquire(blocking=False):
            try:
                self._kept.load(connection, until=time.monotonic() + LOAD_SECONDS)
            finally:
                self._lock.release()
        return self._kept


class Look:
    """One look at what is near to a question, through one view of the database.

    `near` are the nearest stories that pass the filters, the nearest first, without those that are
    no nearer than any text may be by chance.
    """

    def __init__(
        self, connection: Connection, compared: "Compared", model: str, filters: Filters
    ) -> None:
        self._connection = connection
        self._compared = compared
        self._model = model
        self._filters = filters
        found = sorted(self._stories(), key=lambda each: (-each.likeness, -each.time, -each.story))
        self.near = found[:NEAREST]

    def likeness(self, candidates: Sequence[Candidate]) -> dict[int, float]:
        """Return how near the nearest part of each candidate is, without those of `near`.

        Those that have no vectors are left out.
        """
        known = {each.story for each in self.near}
        wanted = [each.story for each in candidates if each.story not in known]
        # The index has all that is read here.
        rows = self._connection.execute(
            f"SELECT v.id, d.story_id FROM {WANTED} JOIN entries AS d ON {in_story('wanted.id')} "
            "JOIN vectors AS v ON v.entry_id = d.id "
            "WHERE v.entry_id NOT IN (SELECT entry_id FROM vectors WHERE model = '')",
            {"ids": json.dumps(wanted)},
        ).fetchall()
        story_of: dict[int, int] = dict(rows)
        likeness: dict[int, float] = {}
        for each in self._compared.nearest(most=len(rows), among=story_of):
            likeness.setdefault(story_of[each.id], each.likeness)
        return likeness

    def _stories(self) -> list[NearStory]:
        """Return the nearest stories, each with its nearest part.

        Where filters leave few of the nearest vectors, those that pass are compared alone.
        """
        found = self._among(None)
        if len(found) < NEAREST and self._compared.count > LOOKED_UP and self._is_narrowed():
            return self._among(self._passing())
        return found

    def _among(self, ids: Collection[int] | None) -> list[NearStory]:
        how_far = {
            each.id: (each.likeness, outstanding)
            for each in self._compared.nearest(most=LOOKED_UP, among=ids)
            if (outstanding := self._compared.outstanding(each)) > LEAST_OUTSTANDING
        }
        rows = self._rows(
            f"SELECT v.id, e.story_id, {AGES_FROM}, e.id, v.part {_BY_ID}",
            ids=json.dumps([*how_far]),
        )
        return best_of_stories(
            NearStory(story, moment, entry, part, *how_far[vector])
            for vector, story, moment, entry, part in rows
        )

    def _passing(self) -> list[int]:
        """Return the ids of the vectors of all entries that pass the filters."""
        source = _BY_TIME if self._filters.of_story() else _BY_ENTRY
        return [row[0] for row in self._rows(f"SELECT v.id {source}", most=MOST_PASSING)]

    def _is_narrowed(self) -> bool:
        _snapshot, *others = self._filters.conditions()
        return bool(others or self._filters.expression(None))

    def _rows(self, select: str, *, most: int = LOOKED_UP, **values: object) -> list[Row]:
        filters = self._filters
        indexed = filters.expression(None)
        matching = "e.id IN (SELECT rowid FROM entries_index(:match))"
        where = [
            "v.model = :model",
            *filters.conditions(),
            *([matching] if indexed else []),
        ]
        return self._connection.execute(
            f"{select} AND {' AND '.join(where)} LIMIT {most}",
            {**filters.values(), "match": indexed, "model": self._model, **values},
        ).fetchall()


def best_of_stories(found: Iterable[NearStory]) -> list[NearStory]:
    """Return of each story the part that is nearest."""
    best: dict[int, NearStory] = {}
    for each in found:
        if each.story not in best or best[each.story].likeness < each.likeness:
            best[each.story] = each
    return [*best.values()]


def without_words(
    plan: SearchPlan, query: Query, near: Sequence[NearStory], stories: Sequence[int]
) -> dict[int, NearStory]:
    """Return those of the stories that are shown for their meaning alone: none has a word."""
    found = {each.story: each for each in near if each.story in stories}
    expression = query.relaxed or query.strict
    if not found or not expression:
        return found
    rows = plan.rows(
        "SELECT e.story_id FROM entries AS s JOIN entries AS e "
        f"ON {in_story('s.id', 'e')} "
        f"WHERE s.id IN {ids_of(':stories')} "
        "AND EXISTS (SELECT 1 FROM entries_index(:match) WHERE rowid = e.id)",
        {"stories": json.dumps([*found]), "match": expression},
    )
    return {story: each for story, each in found.items() if (story,) not in rows}
