"""Whether a database is sound, and what can be mended: pages, references, stories, index."""

import logging
import math
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from planet_mcp.errors import StoreError
from planet_mcp.store.db import Database, back_up, transaction
from planet_mcp.store.saving import count_entries
from planet_mcp.store.stories import settle

logger = logging.getLogger(__name__)

MOST_SHOWN = 5
# What is to be free beside what a copy or a journal takes.
LEAST_LEFT = 20_000_000
# By so much two clocks may differ.
AHEAD_SECONDS = 3600
_INDEX = "entries_index"
_MEGABYTE = 1e6

_HAS_NO_FEED = "feed_id IS NOT NULL AND feed_id NOT IN (SELECT id FROM feeds)"
_HAS_NO_TEXT = "id NOT IN (SELECT entry_id FROM contents)"
_OF_ENTRIES = ("contents", "articles", "enclosures", "fills")
_IS_MISCOUNTED = "entries <> (SELECT count(*) FROM entries AS e WHERE e.feed_id = feeds.id)"
# Entries whose story is not there, or is itself part of another.
_HAS_NO_STORY = """
    NOT EXISTS (SELECT 1 FROM entries AS s WHERE s.id = e.story_id AND s.story_id = s.id)
"""
# First entries of stories that are told by an entry of another, or by none.
_IS_NOT_TOLD = """
    s.story_id = s.id
    AND NOT EXISTS (SELECT 1 FROM entries AS t WHERE t.id = s.told_by AND t.story_id = s.id)
"""

# What is set right after the clock was ahead. Entries without a date stay where they were seen.
_CORRECTIONS = (
    """
    UPDATE feeds SET
        checked_at = :now, next_check_at = min(next_check_at, :now),
        succeeded_at = min(succeeded_at, :now), moved_seen_at = min(moved_seen_at, :now)
    WHERE checked_at > :ahead
    """,
    """
    UPDATE entries SET first_seen_at = :now, ordered_at = min(ordered_at, :now)
    WHERE first_seen_at > :ahead
    """,
    "UPDATE articles SET fetched_at = :now WHERE fetched_at > :ahead",
    "UPDATE fills SET next_at = min(next_at, :now)",
)


@dataclass(frozen=True, slots=True)
class Repair:
    """What was wrong, what is wrong still, and what became of the copy that was to be kept."""

    found: list[str]
    left: list[str]
    copy: str | None = None


class Health:
    """The checks of one database; they read all of it, which takes seconds a gigabyte."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def problems(self) -> list[str]:
        """Return what is wrong with it, in words; nothing if it is sound."""
        return self._damage() or [
            *self._dangling(),
            *self._drift(),
            *self._miscounted(),
            *self._untold(),
        ]

    def _torn(self) -> list[str]:
        """Return what is wrong as only half a write can have left it."""
        return self._damage() or [*self._dangling(), *self._drift()]

    def refuse_unsound(self) -> None:
        """Refuse a database that was found unsound when the last write to it had been cut off.

        Raises:
            StoreError: It is unsound, and was not repaired yet.
        """
        problems = self._torn() if self._database.was_cut_off else []
        if problems:
            with self._database.writing() as connection:
                connection.execute(
                    "INSERT OR REPLACE INTO meta VALUES ('unsound', ?)", ("; ".join(problems),)
                )
        with self._database.reading() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = 'unsound'").fetchone()
        if row:
            raise StoreError(
                f"The database {self._database.path} is unsound since a write to it was cut off: "
                f"{row[0]}. Run `planet-mcp check --repair`."
            )

    def repair(self) -> Repair:
        """Mend what can be mended, after a copy was made, if there is room for one."""
        with self._database.alone():
            found = self.problems()
            copy = self._copy() if found else None
            if found:
                self._mend()
            left = self.problems()
            if not left:
                self._accept()
        return Repair(found, left, copy)

    def correct_times(self, now: datetime) -> None:
        """Take back what a clock has left that was ahead: feeds would not be due for long.

        Where entries were published later than now, it is the present clock that is wrong.
        """
        seconds = int(now.timestamp())
        with self._database.reading() as connection:
            (ahead,) = connection.execute(
                "SELECT count(*) FROM feeds WHERE checked_at > ?", (seconds + AHEAD_SECONDS,)
            ).fetchone()
            newest = newest_published(connection) if ahead else None
        if newest is not None and newest <= seconds:
            logger.warning("The clock was ahead when feeds were last checked: they are due now.")
            with self._database.writing() as connection:
                for statement in _CORRECTIONS:
                    connection.execute(
                        statement, {"now": seconds, "ahead": seconds + AHEAD_SECONDS}
                    )

    def vacuum(self) -> tuple[int, int]:
        """Give back the space of what was deleted; returns the bytes before and after.

        Raises:
            StoreError: There is not enough room for it, or the database is busy.
        """
        before = self._size()
        _require_room(self._database.path, before)
        with self._database.maintaining() as connection:
            connection.execute(f"INSERT INTO {_INDEX} ({_INDEX}) VALUES ('optimize')")
            connection.execute("VACUUM")
            # Empties the journal of a WAL database; else it does nothing.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return before, self._size()

    def _size(self) -> int:
        return self._database.path.stat().st_size

    def _count(self, table: str, where: str) -> int:
        with self._database.reading(seconds=math.inf) as connection:
            row = connection.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()
        return int(row[0])

    def _damage(self) -> list[str]:
        try:
            with self._database.reading(seconds=math.inf) as connection:
                rows = connection.execute(f"PRAGMA quick_check({MOST_SHOWN})").fetchall()
        except StoreError as error:
            return [f"the file is damaged: {_said_of_damage(error)}"]
        # Newer SQLite looks into the index too.
        said = [row[0] for row in rows if row[0] != "ok" and _INDEX not in row[0]]
        return [f"the file is damaged: {each}" for each in said]

    def _dangling(self) -> list[str]:
        with self._database.reading(seconds=math.inf) as connection:
            rows = connection.execute("PRAGMA foreign_key_check").fetchall()
        tables = sorted({str(row[0]) for row in rows})
        empty = self._count("entries", _HAS_NO_TEXT)
        return [
            *([f"rows of {', '.join(tables)} refer to what is not there"] if tables else []),
            *([f"entries without a text: {empty}"] if empty else []),
        ]

    def _miscounted(self) -> list[str]:
        count = self._count("feeds", _IS_MISCOUNTED)
        return [f"feeds with a wrong number of entries: {count}"] if count else []

    def _untold(self) -> list[str]:
        count = self._count("entries AS e", _HAS_NO_STORY)
        count += self._count("entries AS s", _IS_NOT_TOLD)
        return [f"stories that no entry tells: {count}"] if count else []

    def _drift(self) -> list[str]:
        """Compare the index with the texts (sqlite.org/fts5.html, section 6.6)."""
        if self._database.read_only:
            return []  # this check counts as a write
        try:
            with self._database.writing() as connection:
                connection.execute(
                    f"INSERT INTO {_INDEX} ({_INDEX}, rank) VALUES ('integrity-check', 1)"
                )
        except StoreError as error:
            _said_of_damage(error)
            return ["the full-text index does not match the texts"]
        return []

    def _copy(self) -> str:
        """Keep a copy of what is to be repaired, and say where it is, or why there is none."""
        path = self._database.path
        try:
            _require_free(path.parent, self._size())
            with self._database.maintaining() as connection:
                return f"A copy was kept: {back_up(path, connection, reason='repair')}"
        except StoreError as error:
            return f"No copy was kept: {error}"

    def _mend(self) -> None:
        # The index first: all that is deleted afterwards is taken out of it.
        for mend in (_mend_index, _mend_references, _mend_stories):
            try:
                with self._mending() as connection:
                    mend(connection)
            except StoreError as error:
                # Damage that one step stumbles over may leave the others something to do.
                _said_of_damage(error)

    @contextmanager
    def _mending(self) -> Iterator[sqlite3.Connection]:
        with self._database.maintaining() as connection, transaction(connection, "IMMEDIATE"):
            yield connection

    def _accept(self) -> None:
        if not self._database.read_only:
            with self._database.writing() as connection:
                connection.execute("DELETE FROM meta WHERE key = 'unsound'")


def newest_published(connection: sqlite3.Connection) -> int | None:
    """Return when the newest of all entries with a date was published."""
    row = connection.execute(
        """
        SELECT ordered_at FROM entries WHERE ordered_at < first_seen_at
        ORDER BY ordered_at DESC, id DESC LIMIT 1
        """
    ).fetchone()
    return None if row is None else int(row[0])


def _said_of_damage(error: StoreError) -> str:
    """Return what SQLite says of damage; anything else, such as a full disk, is raised again."""
    cause = error.__cause__
    if not isinstance(cause, sqlite3.DatabaseError) or isinstance(cause, sqlite3.OperationalError):
        raise error
    return str(cause)


def _mend_references(connection: sqlite3.Connection) -> None:
    connection.execute(f"DELETE FROM entries WHERE {_HAS_NO_FEED} OR {_HAS_NO_TEXT}")
    for table in _OF_ENTRIES:
        connection.execute(f"DELETE FROM {table} WHERE entry_id NOT IN (SELECT id FROM entries)")
    for table in ("former_addresses", "forgotten"):
        connection.execute(f"DELETE FROM {table} WHERE feed_id NOT IN (SELECT id FROM feeds)")
    miscounted = connection.execute(f"SELECT id FROM feeds WHERE {_IS_MISCOUNTED}").fetchall()
    count_entries(connection, [row[0] for row in miscounted])


def _mend_stories(connection: sqlite3.Connection) -> None:
    """Let the first of those that are left stand for a story, and the fullest tell it."""
    lost = connection.execute(
        f"SELECT story_id, min(id) FROM entries AS e WHERE {_HAS_NO_STORY} GROUP BY story_id"
    ).fetchall()
    connection.executemany(
        "UPDATE entries SET story_id = ? WHERE story_id = ?",
        [(heir, story) for story, heir in lost],
    )
    untold = connection.execute(f"SELECT s.id FROM entries AS s WHERE {_IS_NOT_TOLD}").fetchall()
    for (story,) in untold:
        settle(connection, story)


def _mend_index(connection: sqlite3.Connection) -> None:
    rebuild = f"INSERT INTO {_INDEX} ({_INDEX}) VALUES ('rebuild')"
    try:
        connection.execute(rebuild)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        # Its own first record is damaged, without which it cannot be opened: an empty one.
        connection.execute(f"DELETE FROM {_INDEX}_data")
        connection.execute(f"INSERT INTO {_INDEX}_data VALUES (1, x''), (10, zeroblob(7))")
        connection.execute(rebuild)


def _require_room(path: Path, size: int) -> None:
    """Refuse to rewrite a database where its new copy or the journal of the old has no room."""
    made_in = _temporary_folder()
    if path.parent.stat().st_dev == made_in.stat().st_dev:
        _require_free(path.parent, 2 * size)
    else:
        _require_free(path.parent, size)
        _require_free(made_in, size, advice="SQLITE_TMPDIR names another folder.")


def _require_free(folder: Path, size: int, *, advice: str = "Free some space.") -> None:
    free = shutil.disk_usage(folder).free
    if free < size + LEAST_LEFT:
        raise StoreError(
            f"That takes {(size + LEAST_LEFT) / _MEGABYTE:.0f} MB in {folder} for a while, and "
            f"{free / _MEGABYTE:.0f} MB are free. {advice}"
        )


def _temporary_folder() -> Path:
    """Return where SQLite puts its temporary files (sqlite.org/tempfiles.html, section 5)."""
    if os.name != "posix":
        return Path(tempfile.gettempdir())
    named = [os.environ.get(name) for name in ("SQLITE_TMPDIR", "TMPDIR")]
    folders = map(Path, [*filter(None, named), "/var/tmp", "/usr/tmp", "/tmp"])  # noqa: S108 - its list
    return next((each for each in folders if each.is_dir() and os.access(each, os.W_OK)), Path())
