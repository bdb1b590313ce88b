"""What is about true of all entries on a server: how many words they have, and which many have.

A server's index of words does not know how many entries have a word: to count them is to read them.
Where they are more than are worth that, a part of all entries is looked at.
"""

from typing import TYPE_CHECKING

from planet_mcp.store.db.postgres.expressions import compiled

if TYPE_CHECKING:
    from planet_mcp.store.db.postgres.connections import PostgresConnection

# Of so many it is measured how long they are, and of so many, which of them match.
_MEASURED, _LOOKED_AT = 20_000, 2_000
# A part of all tells about how many match, if so many in it do.
_ENOUGH = 8
_PART = "FROM entry_words TABLESAMPLE SYSTEM (:share) REPEATABLE (0)"
# The thousand most frequent words, as far as the server has looked for them
# (postgresql.org/docs/current/view-pg-stats.html).
_COMMON = """
SELECT unnest(CAST(CAST(most_common_elems AS TEXT) AS TEXT[])) FROM pg_stats
WHERE schemaname = current_schema() AND tablename = 'entry_words' AND attname = 'words'
"""


class Overview:
    """Read when it is needed, and remembered until there are a twentieth more or fewer entries."""

    def __init__(self, connection: "PostgresConnection") -> None:
        self._connection = connection
        self._size, self._sized = 1.0, -1
        self._common, self._listed = frozenset[str](), -1

    def entries(self) -> int:
        """Return how many entries were ever stored."""
        return int(self._connection.tuples("SELECT entry_id - skipped FROM last_ids", ())[0][0])

    def usual_size(self, entries: int) -> float:
        """Return how many words an entry has, of all or some thousands."""
        if abs(entries - self._sized) > self._sized // 20:
            values = {"share": _share(_MEASURED, entries)}
            ((size,),) = self._connection.tuples(f"SELECT avg(size) {_PART}", values)
            self._size, self._sized = float(size or 0) or 1.0, entries
        return self._size

    def matching(self, expression: str, entries: int) -> int | None:
        """Return about how many match of so many entries; None where they are better counted."""
        if abs(entries - self._listed) > self._listed // 20:
            words = self._connection.tuples(_COMMON, ())
            self._common, self._listed = frozenset(word for (word,) in words), entries
        found = compiled(expression)
        are_rare = all(self._common.isdisjoint(leaf.words) for leaf in found.leaves)
        if found.near or are_rare:
            return None
        ((matching, seen),) = self._connection.tuples(
            f"SELECT count(*) FILTER (WHERE words @@ CAST(:query AS tsquery)), count(*) {_PART}",
            {"query": found.query, "share": _share(_LOOKED_AT, entries)},
        )
        return matching * entries // seen if matching >= _ENOUGH else None


def _share(some: int, entries: int) -> float:
    return min(100 * some / max(entries, 1), 100)
