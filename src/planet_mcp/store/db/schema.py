"""The tables of the database, as append-only migrations.

A released step is never edited; a change of the tables is a new step at the end. The number of
applied steps is the database's `user_version`. What a table looks like now stands where it was
made and where it was changed: search for its name in this folder.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from planet_mcp.imports import doing_without
from planet_mcp.store.db import steps_001_to_004, steps_005_to_015
from planet_mcp.text import index_heading, index_terms, indexed
from planet_mcp.urls import is_address, page_key

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


def m020_any_script(database: "Database") -> None:
    """Index texts as `planet_mcp.text.indexed` writes them, which most are already.

    `heading`, `feed` and `terms` are for the index alone, and are kept as it has them. What is
    shown, too, has a second column for the index, which is NULL where there is no difference: what
    was put into the index must be known to be taken out again, whatever Unicode says by then.
    """
    for statement in _M020_COLUMNS:
        database.conn.execute(statement)
    last = 0
    while rows := database.conn.execute(
        "SELECT entry_id, heading, feed, terms, authors, tags, text FROM contents "
        "WHERE entry_id > ? ORDER BY entry_id LIMIT 500",
        (last,),
    ).fetchall():
        last = rows[-1][0]
        for entry_id, *texts in rows:
            held = [indexed(text) for text in texts]
            if held != texts:
                other = [new if new != old else None for new, old in zip(held, texts, strict=True)]
                database.conn.execute(
                    "UPDATE contents SET heading = ?, feed = ?, terms = ?, indexed_authors = ?, "
                    "indexed_tags = ?, indexed_text = ? WHERE entry_id = ?",
                    (*held[:3], *other[3:], entry_id),
                )
    for statement in _M020_INDEX:
        database.conn.execute(statement)


_M020_COLUMNS = (
    "DROP TRIGGER contents_inserted",
    "DROP TRIGGER contents_deleted",
    "DROP TRIGGER contents_updated",
    "DROP TABLE entries_index",
    "ALTER TABLE contents ADD COLUMN indexed_authors TEXT",
    "ALTER TABLE contents ADD COLUMN indexed_tags TEXT",
    "ALTER TABLE contents ADD COLUMN indexed_text TEXT",
)

# Vowels and other marks (Mn, Mc) are part of a word in the scripts of India, Thailand, Burma; those
# that choose the look of an emoji are not.
TOKENIZE = (
    "porter unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc' separators '\ufe0e\ufe0f'"
)
_M020_ROW = """{row}.heading, coalesce({row}.indexed_authors, {row}.authors),
                coalesce({row}.indexed_tags, {row}.tags), {row}.feed, {row}.terms,
                coalesce({row}.indexed_text, {row}.text)"""
_M020_PUT_IN = f"""
        INSERT INTO entries_index (rowid, heading, authors, tags, feed, terms, text)
        VALUES (new.entry_id, {_M020_ROW.format(row="new")});
"""
_M020_TAKE_OUT = f"""
        INSERT INTO entries_index (entries_index, rowid, heading, authors, tags, feed, terms, text)
        VALUES ('delete', old.entry_id, {_M020_ROW.format(row="old")});
"""
_M020_INDEX = (
    f"""
    CREATE VIEW indexed_contents (entry_id, heading, authors, tags, feed, terms, text) AS
    SELECT entry_id, {_M020_ROW.format(row="contents")}
    FROM contents
    """,
    f"""
    CREATE VIRTUAL TABLE entries_index USING fts5 (
        heading, authors, tags, feed, terms, text,
        content = 'indexed_contents', content_rowid = 'entry_id',
        tokenize = "{TOKENIZE}"
    )
    """,
    "INSERT INTO entries_index (entries_index, rank) VALUES ('usermerge', 2)",
    "INSERT INTO entries_index (entries_index) VALUES ('rebuild')",
    f"CREATE TRIGGER contents_inserted AFTER INSERT ON contents BEGIN {_M020_PUT_IN} END",
    f"CREATE TRIGGER contents_deleted AFTER DELETE ON contents BEGIN {_M020_TAKE_OUT} END",
    f"""
    CREATE TRIGGER contents_updated
    AFTER UPDATE OF heading, authors, indexed_authors, tags, indexed_tags, feed, terms, text,
                    indexed_text ON contents
    WHEN old.heading IS NOT new.heading OR old.feed IS NOT new.feed OR old.terms IS NOT new.terms
      OR old.authors IS NOT new.authors OR old.indexed_authors IS NOT new.indexed_authors
      OR old.tags IS NOT new.tags OR old.indexed_tags IS NOT new.indexed_tags
      OR old.text IS NOT new.text OR old.indexed_text IS NOT new.indexed_text
    BEGIN {_M020_TAKE_OUT} {_M020_PUT_IN} END
    """,
)


def m021_vectors(database: "Database") -> None:
    """Keep what parts of entries mean, as a model told by its id makes vectors of 8-bit numbers.

    An id is never given again. Those of an entry that reads otherwise now have no `model`, until
    they are replaced.
    """
    for statement in _M021:
        database.conn.execute(statement)


_M021 = (
    """
    CREATE TABLE vectors (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
        part INTEGER NOT NULL,
        model TEXT NOT NULL,
        vector BLOB NOT NULL,
        UNIQUE (entry_id, part)
    ) STRICT
    """,
    "CREATE INDEX outdated_vectors ON vectors (entry_id) WHERE model = ''",
    """
    CREATE TRIGGER vectors_outdated AFTER UPDATE OF title, text ON contents
    WHEN old.title IS NOT new.title OR old.text IS NOT new.text
    BEGIN
        UPDATE vectors SET model = '' WHERE entry_id = new.entry_id;
    END
    """,
)


def m022_changes(database: "Database") -> None:
    """Note each change of the followed feeds, and up to which entry news were deleted.

    Of the changes the last 10,000 are kept. News that were deleted before this step may be any.
    """
    for statement in (
        """
        CREATE TABLE feed_changes (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            feed_id INTEGER NOT NULL,
            change TEXT NOT NULL,
            changed_at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER))
        ) STRICT
        """,
        """
        CREATE TRIGGER feed_changes_kept AFTER INSERT ON feed_changes BEGIN
            DELETE FROM feed_changes WHERE id <= new.id - 10000;
        END
        """,
        *(
            f"""
            CREATE TRIGGER {name} AFTER {event} ON feeds WHEN {condition} BEGIN
                INSERT INTO feed_changes (feed_id, change) VALUES (new.id, {change});
            END
            """
            for name, event, condition, change in _FEED_CHANGES
        ),
        """
        INSERT INTO meta (key, value)
        SELECT 'news_lost_upto', CAST(coalesce(max(id), 0) AS TEXT) FROM entries
        """,
        """
        CREATE TRIGGER news_lost AFTER DELETE ON entries
        WHEN old.feed_id IS NOT NULL AND NOT old.archived BEGIN
            UPDATE meta SET value = CAST(old.id AS TEXT)
            WHERE key = 'news_lost_upto' AND CAST(value AS INTEGER) < old.id;
        END
        """,
    ):
        database.conn.execute(statement)


_FOLLOWED = "CASE WHEN new.subscribed THEN 'followed' ELSE 'unfollowed' END"
_FEED_CHANGES = (
    ("feed_new", "INSERT", "new.subscribed", "'followed'"),
    ("feed_chosen", "UPDATE OF subscribed", "old.subscribed <> new.subscribed", _FOLLOWED),
    ("feed_moved", "UPDATE OF url", "new.subscribed AND old.url <> new.url", "'moved'"),
    ("feed_gone", "UPDATE OF gone", "new.subscribed AND old.gone < 2 AND new.gone = 2", "'gone'"),
)


def m023_vocabulary(database: "Database") -> None:
    """Let the words of the index be read (sqlite.org/fts5.html, section 7); nothing is stored."""
    database.conn.execute(
        "CREATE VIRTUAL TABLE entries_vocabulary USING fts5vocab(entries_index, row)"
    )


def m024_names_with_signs(database: "Database") -> None:
    """Count names with signs as often as they stand in a text, and in titles, too."""
    # Those that a step before this one gave words of their own, and those that it did not know.
    rows = database.conn.execute(
        """
        SELECT c.entry_id, c.title, c.text, e.title_derived
        FROM contents AS c JOIN entries AS e ON e.id = c.entry_id
        WHERE instr(c.title || c.text, '__') OR instr(c.title || c.text, '--')
           OR instr(c.title || c.text, '++') OR instr(c.title || c.text, '#')
           OR instr(c.title || c.text, '.NET')
        """
    )
    while chunk := rows.fetchmany(500):
        for entry_id, title, text, is_derived in chunk:
            heading = "" if is_derived else indexed(index_heading(title))
            database.conn.execute(
                "UPDATE contents SET heading = ?, terms = ? WHERE entry_id = ?",
                (heading, indexed(index_terms(f"{title}\n{text}")), entry_id),
            )


def m025_last_ids(database: "Database") -> None:
    """Keep the last id that an entry was given, so that any engine gives them in one way.

    The ids of an engine's own sequence are not in the order of commits with every engine.
    """
    for statement in (
        """
        CREATE TABLE last_ids (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            entry_id INTEGER NOT NULL
        ) STRICT
        """,
        """
        INSERT INTO last_ids (one, entry_id)
        SELECT 1, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'entries'), 0)
        """,
    ):
        database.conn.execute(statement)


def m026_pictures(database: "Database") -> None:
    """Keep the pictures that pages show; without `body`, that one could not be had.

    `number` is the `link_key` of the address of a text's picture, or the id of a feed whose `face`
    it is; `size` is what it counts for.
    """
    for statement in (
        """
        CREATE TABLE pictures (
            kind TEXT NOT NULL,
            number INTEGER NOT NULL,
            url TEXT NOT NULL,
            width INTEGER,
            height INTEGER,
            body BLOB,
            size INTEGER NOT NULL,
            kept_at INTEGER NOT NULL,
            retry_at INTEGER NOT NULL,
            PRIMARY KEY (kind, number)
        ) STRICT
        """,
        "CREATE INDEX pictures_by_age ON pictures (kept_at, kind, number, size)",
    ):
        database.conn.execute(statement)


def m027_page_keys(database: "Database") -> None:
    """Let all addresses that show one page be one key of it: for phones, of a folder's file."""
    database.conn.create_function("page_key", 1, page_key, deterministic=True)
    database.conn.execute(
        "UPDATE entries SET canonical_url = page_key(url) WHERE canonical_url <> page_key(url)"
    )


STEPS: tuple[Step, ...] = (
    *steps_001_to_004.STEPS,
    *steps_005_to_015.STEPS,
    m016_plain_dates,
    m017_labels_that_are_names,
    m018_standstill,
    m019_readers,
    m020_any_script,
    m021_vectors,
    m022_changes,
    m023_vocabulary,
    m024_names_with_signs,
    m025_last_ids,
    m026_pictures,
    m027_page_keys,
)


def migrate(connection: sqlite3.Connection, steps: Sequence[Step]) -> None:
    """Bring a database up to the newest tables, each step in a transaction of its own or yours."""
    # Deferred: an up-to-date database, which is nearly every start, never needs it.
    # It loads numpy and pandas, if they are there, to know their values: 12 MB and more.
    with doing_without("numpy", "pandas"):
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
