"""What can be mended: the full-text index, references and counts, stories."""

import sqlite3
from collections.abc import Callable

from planet_mcp.store.db import Connection
from planet_mcp.store.health.checks import (
    HAS_NO_FEED,
    HAS_NO_REPRESENTATIVE,
    HAS_NO_STORY,
    HAS_NO_TEXT,
    INDEX,
    IS_MISCOUNTED,
    LAST_ID_IS_LOST,
)
from planet_mcp.store.saving import count_entries
from planet_mcp.store.stories import choose_representatives

_OF_ENTRIES = ("contents", "articles", "enclosures", "backfills", "joins")
_OF_FEEDS = ("former_addresses", "forgotten")


def _mend_index(connection: Connection) -> None:
    """Make the full-text index anew from the texts.

    FTS5 keeps the index in rows of its table `entries_index_data`, and cannot even be opened
    without two of them: row 1 has the number of texts and their total lengths, row 10 lists the
    parts of the index. When they are damaged, those of an empty index let FTS5 open the table so
    that `rebuild` can fill it.
    """
    rebuild = f"INSERT INTO {INDEX} ({INDEX}) VALUES ('rebuild')"
    try:
        connection.execute(rebuild)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        connection.execute(f"DELETE FROM {INDEX}_data")
        connection.execute(f"INSERT INTO {INDEX}_data VALUES (1, x''), (10, zeroblob(7))")
        connection.execute(rebuild)


def mend_references(connection: Connection) -> None:
    """Delete what refers to nothing, and count again."""
    connection.execute(f"DELETE FROM entries WHERE {HAS_NO_FEED} OR {HAS_NO_TEXT}")
    for table in _OF_ENTRIES:
        connection.execute(f"DELETE FROM {table} WHERE entry_id NOT IN (SELECT id FROM entries)")
    connection.execute("DELETE FROM joins WHERE other_id NOT IN (SELECT id FROM entries)")
    for table in _OF_FEEDS:
        connection.execute(f"DELETE FROM {table} WHERE feed_id NOT IN (SELECT id FROM feeds)")
    miscounted = connection.execute(f"SELECT id FROM feeds WHERE {IS_MISCOUNTED}").fetchall()
    count_entries(connection, [row[0] for row in miscounted])
    connection.execute(
        "INSERT INTO last_ids (one, entry_id) "
        f"SELECT 1, coalesce(max(id), 0) FROM entries HAVING {LAST_ID_IS_LOST} "
        "ON CONFLICT (one) DO UPDATE SET entry_id = excluded.entry_id"
    )


def mend_stories(connection: Connection) -> None:
    """Let the earliest of the entries that are left be the first of a story without one."""
    lost = connection.execute(
        f"SELECT story_id, min(id) FROM entries AS e WHERE {HAS_NO_STORY} GROUP BY story_id"
    ).fetchall()
    connection.executemany(
        "UPDATE entries SET story_id = ? WHERE story_id = ?",
        [(successor, story) for story, successor in lost],
    )
    stories = connection.execute(
        f"SELECT s.id FROM entries AS s WHERE {HAS_NO_REPRESENTATIVE}"
    ).fetchall()
    choose_representatives(connection, [story for (story,) in stories])


# The index first: whatever the other steps delete is taken out of it.
REPAIRS: tuple[Callable[[Connection], None], ...] = (
    _mend_index,
    mend_references,
    mend_stories,
)
