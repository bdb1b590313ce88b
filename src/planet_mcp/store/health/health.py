"""The health of one database: checks, repair, clocks that were ahead, space given back."""

import math
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from planet_mcp.errors import DamagedDatabaseError, StoreError
from planet_mcp.store.db import Database, back_up, transaction
from planet_mcp.store.health import checks, clock
from planet_mcp.store.health.repairs import REPAIRS
from planet_mcp.store.health.space import (
    FreeSpace,
    free_bytes,
    require_space,
    require_space_to_rewrite,
)
from planet_mcp.store.stories import Join, newest_joins


@dataclass(frozen=True, slots=True)
class Repair:
    """What was wrong, what is wrong still, and what became of the copy that was to be kept."""

    found: list[str]
    left: list[str]
    copy: str | None = None


class Health:
    """Checks and repairs of one database; they read all of it, which takes seconds a gigabyte."""

    def __init__(self, database: Database, *, free_space: FreeSpace = free_bytes) -> None:
        self._database = database
        self._free_space = free_space

    def problems(self) -> list[str]:
        """Return what is wrong with it, in words; nothing if it is sound."""
        return checks.problems(self._database)

    def joins(self, limit: int) -> list[Join]:
        """Return why entries are one story, so that a wrong one can be seen; the newest first."""
        with self._database.reading(seconds=math.inf) as connection:
            return newest_joins(connection, limit=limit)

    def refuse_unsound(self) -> None:
        """Refuse a database that was found unsound when the last write to it had been cut off.

        Raises:
            DamagedDatabaseError: It is unsound, and was not repaired yet.
        """
        if self._database.was_cut_off:
            problems = checks.problems_of_half_a_write(self._database)
            if problems:
                self._note_unsound("; ".join(problems))
        with self._database.reading() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = 'unsound'").fetchone()
        if row:
            raise DamagedDatabaseError(
                f"The database {self._database.path} is unsound since a write to it was cut off: "
                f"{row[0]}. Run `planet-mcp check --repair`."
            )

    def repair(self) -> Repair:
        """Mend what can be mended, after a copy was made, if there is space for one."""
        with self._database.alone():
            found = self.problems()
            copy = self._copy() if found else None
            if found:
                self._mend()
            left = self.problems()
            if not left:
                self._note_unsound(None)
        return Repair(found, left, copy)

    def correct_times(self, now: datetime) -> None:
        """Take back what a clock has left that was ahead: feeds would not be due for long."""
        clock.correct_times(self._database, now)

    def vacuum(self) -> tuple[int, int]:
        """Give back the space of what was deleted; returns the bytes before and after.

        Raises:
            StoreError: There is not enough space for it, or the database is busy.
        """
        before = self.size()
        require_space_to_rewrite(self._database.path, before, self._free_space)
        with self._database.maintaining() as connection:
            connection.execute(f"INSERT INTO {checks.INDEX} ({checks.INDEX}) VALUES ('optimize')")
            connection.execute("VACUUM")
            # Empties the journal of a WAL database; else it does nothing.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return before, self.size()

    def size(self) -> int:
        """Return how many bytes the file has."""
        return self._database.path.stat().st_size

    def _copy(self) -> str:
        """Keep a copy of what is to be repaired; returns where, or why there is none."""
        path = self._database.path
        try:
            require_space(path.parent, self.size(), self._free_space)
            with self._database.maintaining() as connection:
                return f"A copy was kept: {back_up(path, connection, reason='repair')}"
        except StoreError as error:
            return f"No copy was kept: {error}"

    def _mend(self) -> None:
        for mend in REPAIRS:
            # Damage that one step stumbles over may leave the others something to do.
            with (
                suppress(DamagedDatabaseError),
                self._database.maintaining() as connection,
                transaction(connection, "IMMEDIATE"),
            ):
                mend(connection)

    def _note_unsound(self, problems: str | None) -> None:
        """Remember what is wrong for all who open the database, or that nothing is."""
        if self._database.read_only:
            return
        with self._database.writing() as connection:
            if problems is None:
                connection.execute("DELETE FROM meta WHERE key = 'unsound'")
            else:
                connection.execute(
                    "INSERT INTO meta (key, value) VALUES ('unsound', ?) "
                    "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    (problems,),
                )
