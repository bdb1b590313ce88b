"""What entries mean: which of them wait for vectors, and those that have some.

One row of `meta` says which entries were encoded, by which model: all from one id to another. So
what is left is found at once, the newest first, and a stop at any moment loses nothing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from planet_mcp.embedding import MOST_CHARACTERS
from planet_mcp.store.db import Connection, Engine
from planet_mcp.store.sql import ids_of

_SPAN = "encoded"
# Entries that wait for a vector, in the order of the conditions: revised, new, older ones.
_WAITING = (
    """e.id IN (SELECT entry_id FROM vectors WHERE model = '' LIMIT :limit)
       AND e.id BETWEEN :low AND :high""",
    "e.id > :high ORDER BY e.id",
    "e.id < :low ORDER BY e.id DESC",
)


@dataclass(frozen=True, slots=True)
class Unencoded:
    """An entry that waits for its vectors, with as much of its text as these are made of."""

    id: int
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Encoded:
    """How many entries of feeds have vectors of a model, of how many."""

    entries: int
    of: int

    @property
    def is_complete(self) -> bool:
        """Return whether all have."""
        return self.entries >= self.of


@dataclass(frozen=True, slots=True)
class _Span:
    """The entries that were encoded: those from the id `low` to the id `high`."""

    low: int
    high: int


class Vectors:
    """The vectors of one database."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def waiting(self, model: str, *, limit: int) -> list[Unencoded]:
        """Return some entries without vectors of this model, of one kind.

        Those that were revised come first, then new ones, then the others from the newest on.
        """
        with self._database.reading() as connection:
            span = _span(connection, model)
            for chosen in _WAITING:
                rows = connection.execute(
                    f"SELECT e.id, c.title, substr(c.text, 1, {MOST_CHARACTERS}) "
                    "FROM entries AS e JOIN contents AS c ON c.entry_id = e.id "
                    f"WHERE {chosen} LIMIT :limit",
                    {"low": span.low, "high": span.high, "limit": limit},
                ).fetchall()
                if rows:
                    return [Unencoded(*row) for row in rows]
        return []

    def save(
        self, model: str, entries: Sequence[Unencoded], vectors: Mapping[int, Sequence[bytes]]
    ) -> None:
        """Keep the vectors of entries that `waiting` returned, in place of any others.

        Those of an entry that was revised meanwhile are kept as outdated.
        """
        ids = [entry.id for entry in entries]
        with self._database.writing() as connection:
            span = _span(connection, model)
            now = {each.id: each for each in as_encoded(connection, ids)}
            connection.execute(
                f"DELETE FROM vectors WHERE entry_id IN {ids_of('?')}",
                (json.dumps(ids),),
            )
            connection.executemany(
                "INSERT INTO vectors (entry_id, part, model, vector) VALUES (?, ?, ?, ?)",
                [
                    (entry.id, part, model if now[entry.id] == entry else "", vector)
                    for entry in entries
                    if entry.id in now
                    for part, vector in enumerate(vectors[entry.id])
                ],
            )
            connection.execute(
                "INSERT INTO meta (key, value) VALUES (?, ?) "
                "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (_SPAN, json.dumps([model, min(span.low, *ids), max(span.high, *ids)])),
            )

    def are_there(self, model: str) -> bool:
        """Return whether any entries have vectors of a model."""
        with self._database.reading() as connection:
            return _made_by(connection)[0] == model

    def latest(self) -> Encoded | None:
        """Return how many entries have vectors of the model that made the last ones, if any did."""
        with self._database.reading() as connection:
            model = _made_by(connection)[0]
            return encoded(connection, model) if model else None

    def encoded(self, model: str) -> Encoded:
        """Return how many entries of feeds have vectors of a model."""
        with self._database.reading() as connection:
            return encoded(connection, model)


def encoded(connection: Connection, model: str) -> Encoded:
    """Return how many entries of feeds have vectors of a model; quick where nearly all have."""
    span = _span(connection, model)
    total, waiting = connection.execute(
        """
        SELECT (SELECT CAST(coalesce(sum(entries), 0) AS BIGINT) FROM feeds),
               (SELECT count(*) FROM entries AS e WHERE e.id > :high AND e.feed_id IS NOT NULL)
             + (SELECT count(*) FROM entries AS e WHERE e.id < :low AND e.feed_id IS NOT NULL)
             + (SELECT count(DISTINCT v.entry_id) FROM vectors AS v WHERE v.model = '')
        """,
        {"low": span.low, "high": span.high},
    ).fetchone()
    return Encoded(max(total - waiting, 0), total)


def _span(connection: Connection, model: str) -> _Span:
    """Return which entries have vectors of this model; none if the last ones were of another."""
    made_by, low, high = _made_by(connection)
    if made_by == model:
        return _Span(low, high)
    (newest,) = connection.execute("SELECT coalesce(max(id), 0) FROM entries").fetchone()
    return _Span(newest + 1, newest)


def _made_by(connection: Connection) -> tuple[str, int, int]:
    """Return the model that made the last vectors, and the first and last entry that have them."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_SPAN,)).fetchone()
    made_by, low, high = json.loads(row[0]) if row else ("", 0, 0)
    return made_by, low, high


def as_encoded(connection: Connection, ids: Sequence[int]) -> list[Unencoded]:
    """Return as much of these entries as their vectors are made of."""
    rows = connection.execute(
        f"SELECT entry_id, title, substr(text, 1, {MOST_CHARACTERS}) FROM contents "
        f"WHERE entry_id IN {ids_of('?')}",
        (json.dumps(ids),),
    ).fetchall()
    return [Unencoded(*row) for row in rows]
