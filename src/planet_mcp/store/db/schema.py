"""The tables of the database, as append-only migrations.

A released step is never edited; a change of the tables is a new step at the end. The number of
applied steps is the database's `user_version`. What a table looks like now stands where it was
made and where it was changed: search for its name in this folder.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from planet_mcp.store.db import steps_001_to_004, steps_005_to_015
from planet_mcp.urls import is_address

if TYPE_CHECKING:
    from sqlite_utils import Database

APPLICATION_ID = 0x504D4350  # "PMCP"

Step = Callable[["Database"], None]


def m016_plain_dates(database: "Database") -> None:
    """Let what may be a date be decided where entries are made, and drop a column nobody reads."""
    for statement in (
        "ALTER TABLE entries DROP COLUMN joined_by",
        "ALTER TABLE entries DROP COLUMN credible_date",
        "ALTER TABLE entries ADD COLUMN credible_date INTEGER",
        """
        UPDATE entries SET credible_date = published
        WHERE published BETWEEN 788918400 AND first_seen_at + 86400
        """,
    ):
        database.conn.execute(statement)


def m017_labels_that_are_names(database: "Database") -> None:
    """Let labels that are only addresses give way to what feeds call themselves."""
    rows = database.conn.execute("SELECT id, url, label FROM feeds WHERE label IS NOT NULL")
    for feed_id, url, label in rows.fetchall():
        if is_address(label, url):
            database.conn.execute("UPDATE feeds SET label = NULL WHERE id = ?", (feed_id,))
            database.conn.execute(
                """
                UPDATE contents SET feed = (SELECT indexed_name FROM feeds WHERE id = :feed)
                WHERE entry_id IN (SELECT id FROM entries WHERE feed_id = :feed)
                """,
                {"feed": feed_id},
            )


def m018_standstill(database: "Database") -> None:
    """Note from when on a feed is silent for much longer than it is used to be."""
    database.conn.execute("ALTER TABLE feeds ADD COLUMN overdue_at INTEGER")


def m019_readers(database: "Database") -> None:
    """Keep up to where named readers have read, of all entries or of a choice of them (`scope`).

    The first run of a reader covers a period, from `since` on; `upto` was the newest entry then,
    and NULL before that run came to its end. Later runs show what was stored after the entry
    `after`.
    """
    database.conn.execute(
        """
        CREATE TABLE readers (
            name TEXT NOT NULL,
            scope TEXT NOT NULL,
            since INTEGER NOT NULL,
            upto INTEGER,
            after INTEGER,
            caught_up_at INTEGER,
            PRIMARY KEY (name, scope)
        ) STRICT, WITHOUT ROWID
        """
    )


STEPS: tuple[Step, ...] = (
    *steps_001_to_004.STEPS,
    *steps_005_to_015.STEPS,
    m016_plain_dates,
    m017_labels_that_are_names,
    m018_standstill,
    m019_readers,
)


def migrate(connection: sqlite3.Connection, steps: Sequence[Step]) -> None:
    """Bring a database up to the newest tables, each step in a transaction of its own or yours."""
    # Deferred: an up-to-date database, which is nearly every start, never needs it.
    from sqlite_utils import Database
    from sqlite_utils.migrations import Migrations

    migrations = Migrations("planet-mcp")
    for number, step in enumerate(steps, start=1):
        migrations(name=step.__name__)(_numbered(step, number))
    migrations.apply(Database(connection, execute_plugins=False))


def _numbered(step: Step, number: int) -> Step:
    def apply(database: "Database") -> None:
        step(database)
        database.conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.conn.execute(f"PRAGMA user_version = {number}")

    apply.__name__ = step.__name__
    return apply
