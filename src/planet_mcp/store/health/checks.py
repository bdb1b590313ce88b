"""What can be wrong with a database, in words; each check reads all of it."""

import math

from planet_mcp.errors import DamagedDatabaseError
from planet_mcp.store.db import Database, Engine

MOST_SHOWN = 5
INDEX = "entries_index"

# Conditions on the rows of `entries`, `feeds`, entries `e` and first entries of stories `s`.
HAS_NO_FEED = "feed_id IS NOT NULL AND feed_id NOT IN (SELECT id FROM feeds)"
HAS_NO_TEXT = "id NOT IN (SELECT entry_id FROM contents)"
IS_MISCOUNTED = "entries <> (SELECT count(*) FROM entries AS e WHERE e.feed_id = feeds.id)"
# The first entry of e's story is gone, or itself part of another story.
HAS_NO_STORY = """
    NOT EXISTS (SELECT 1 FROM entries AS s WHERE s.id = e.story_id AND s.story_id = s.id)
"""
# The representative of s is gone, or part of another story.
HAS_NO_REPRESENTATIVE = """
    s.story_id = s.id
    AND NOT EXISTS (
        SELECT 1 FROM entries AS e WHERE e.id = s.representative_id AND e.story_id = s.id
    )
"""

# An id that an entry has would be given again.
LAST_ID_IS_LOST = """
    NOT EXISTS (
        SELECT 1 FROM last_ids WHERE entry_id >= (SELECT coalesce(max(id), 0) FROM entries)
    )
"""


def problems(database: Database) -> list[str]:
    """Return what is wrong with a database."""
    return problems_of_half_a_write(database) or [
        *miscounted(database),
        *without_representative(database),
    ]


def problems_of_half_a_write(database: Database) -> list[str]:
    """Return what is wrong as only a write can have left it that was undone in part."""
    return _damage(database) or [*_dangling(database), *_index_differs(database)]


def _damage(database: Database) -> list[str]:
    try:
        with database.reading(seconds=math.inf) as connection:
            rows = connection.execute(f"PRAGMA quick_check({MOST_SHOWN})").fetchall()
    except DamagedDatabaseError as error:
        return [f"the file is damaged: {error.__cause__}"]
    # quick_check of newer SQLite reads the full-text index too, which has a check of its own.
    said = [row[0] for row in rows if row[0] != "ok" and INDEX not in row[0]]
    return [f"the file is damaged: {each}" for each in said]


def _dangling(database: Database) -> list[str]:
    with database.reading(seconds=math.inf) as connection:
        rows = connection.execute("PRAGMA foreign_key_check").fetchall()
    tables = sorted({str(row[0]) for row in rows})
    empty = count(database, "entries", HAS_NO_TEXT)
    return [
        *([f"rows of {', '.join(tables)} refer to what is not there"] if tables else []),
        *([f"entries without a text: {empty}"] if empty else []),
    ]


def _index_differs(database: Database) -> list[str]:
    """Compare the index with the texts (sqlite.org/fts5.html, section 6.6)."""
    if database.read_only:
        return []  # integrity-check counts as a write
    try:
        with database.writing() as connection:
            connection.execute(f"INSERT INTO {INDEX} ({INDEX}, rank) VALUES ('integrity-check', 1)")
    except DamagedDatabaseError:
        return ["the full-text index does not match the texts"]
    return []


def miscounted(database: Engine) -> list[str]:
    """Return what is counted wrong: the entries of feeds, or the last id."""
    wrong = count(database, "feeds", IS_MISCOUNTED)
    is_lost = count(database, "(SELECT 1) AS once", LAST_ID_IS_LOST)
    return [
        *([f"feeds with a wrong number of entries: {wrong}"] if wrong else []),
        *(["the last id that an entry was given is not noted"] if is_lost else []),
    ]


def without_representative(database: Engine) -> list[str]:
    """Return how many stories no entry represents, if any."""
    lost = count(database, "entries AS e", HAS_NO_STORY)
    lost += count(database, "entries AS s", HAS_NO_REPRESENTATIVE)
    return [f"stories that no entry represents: {lost}"] if lost else []


def count(database: Engine, table: str, where: str) -> int:
    """Return how many rows of a table a condition holds of."""
    with database.reading(seconds=math.inf) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()
    return int(row[0])
