"""The health of a database on a server, which looks after its files by itself."""

import math
from collections.abc import Callable
from datetime import datetime

from planet_mcp.store.db import Connection, Engine
from planet_mcp.store.health import checks, clock
from planet_mcp.store.health.health import Repair
from planet_mcp.store.health.repairs import mend_references, mend_stories
from planet_mcp.store.stories import Join, newest_joins

# Entries that the index does not have.
_HAS_NO_WORDS = "entry_id NOT IN (SELECT rowid FROM entry_words)"


class ServerHealth:
    """Checks and repairs of what planet-mcp wrote; files and copies are the server's."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def problems(self) -> list[str]:
        """Return what is wrong with it, in words; nothing if it is sound."""
        empty = checks.count(self._database, "entries", checks.HAS_NO_TEXT)
        unindexed = checks.count(self._database, "contents", _HAS_NO_WORDS)
        return [
            *([f"entries without a text: {empty}"] if empty else []),
            *([f"entries that the index does not have: {unindexed}"] if unindexed else []),
            *checks.miscounted(self._database),
            *checks.without_representative(self._database),
        ]

    def joins(self, limit: int) -> list[Join]:
        """Return why entries are one story, so that a wrong one can be seen; the newest first."""
        with self._database.reading(seconds=math.inf) as connection:
            return newest_joins(connection, limit=limit)

    def refuse_unsound(self) -> None:
        """Refuse nothing: the server undoes what was cut off."""

    def repair(self) -> Repair:
        """Mend what can be mended; a copy is the server's to keep."""
        found = self.problems()
        mends: tuple[Callable[[Connection], None], ...] = (
            mend_references,
            mend_stories,
            _mend_index,
        )
        for mend in mends if found else ():
            with self._database.writing() as connection:
                mend(connection)
        return Repair(found, self.problems())

    def correct_times(self, now: datetime) -> None:
        """Take back what a clock has left that was ahead: feeds would not be due for long."""
        clock.correct_times(self._database, now)

    def vacuum(self) -> tuple[int, int]:
        """Return how many bytes the database has, twice: the server gives space back by itself."""
        return self.size(), self.size()

    def size(self) -> int:
        """Return how many bytes the database has."""
        with self._database.reading() as connection:
            (size,) = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        return int(size)


def _mend_index(connection: Connection) -> None:
    connection.execute(
        f"INSERT INTO changed_words SELECT entry_id FROM contents WHERE {_HAS_NO_WORDS} "
        "ON CONFLICT DO NOTHING"
    )
