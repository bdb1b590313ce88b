"""The tables of the database, as append-only migrations.

A released step is never edited; a change of the tables is a new step at the end. The number of
applied steps is the database's `user_version`.
"""

import sqlite3
from collections.abc import Callable, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING

from planet_mcp.text import addresses_in, index_terms, signature, title_key
from planet_mcp.urls import canonical, is_address, link_key, without_user_info

if TYPE_CHECKING:
    from sqlite_utils import Database

APPLICATION_ID = 0x504D4350  # "PMCP"

Step = Callable[["Database"], None]


def m001_feeds_entries_index(database: "Database") -> None:
    """Create feeds, entries, their contents and the full-text index over them.

    `entries` holds what filters and orders, in short rows; `contents` the long texts. An entry
    belongs to a feed or, when it is a page fetched by its URL, to none. `story_id` is the first
    entry of the same story (its own id when it was the first).
    """
    for statement in _M001:
        database.conn.execute(statement)


_M001 = (
    """
    CREATE TABLE meta (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE feeds (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        url TEXT NOT NULL UNIQUE,
        label TEXT,
        title TEXT,
        site_url TEXT,
        description TEXT,
        language TEXT,
        subscribed INTEGER NOT NULL DEFAULT 1,
        entries INTEGER NOT NULL DEFAULT 0,
        newest_entry INTEGER,
        validators_url TEXT,
        etag TEXT,
        last_modified TEXT,
        body_hash TEXT,
        checked_at INTEGER,
        succeeded_at INTEGER,
        next_check_at INTEGER NOT NULL,
        errors INTEGER NOT NULL DEFAULT 0,
        gone INTEGER NOT NULL DEFAULT 0,
        problem TEXT,
        warning TEXT
    ) STRICT
    """,
    "CREATE INDEX feeds_due ON feeds (next_check_at) WHERE subscribed",
    """
    CREATE TABLE entries (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        feed_id INTEGER REFERENCES feeds (id) ON DELETE CASCADE,
        key TEXT NOT NULL,
        story_id INTEGER NOT NULL,
        ordered_at INTEGER NOT NULL,
        published INTEGER,
        updated INTEGER,
        first_seen_at INTEGER NOT NULL,
        revised_at INTEGER,
        revisions INTEGER NOT NULL DEFAULT 0,
        url TEXT,
        canonical_url TEXT,
        words INTEGER NOT NULL,
        teaser INTEGER NOT NULL,
        title_derived INTEGER NOT NULL,
        fingerprint TEXT NOT NULL
    ) STRICT
    """,
    "CREATE UNIQUE INDEX entries_identity ON entries (feed_id, key)",
    "CREATE UNIQUE INDEX entries_page ON entries (key) WHERE feed_id IS NULL",
    "CREATE INDEX entries_order ON entries (ordered_at, id)",
    "CREATE INDEX entries_of_feed ON entries (feed_id, ordered_at, id)",
    "CREATE INDEX entries_canonical ON entries (canonical_url) WHERE canonical_url IS NOT NULL",
    "CREATE INDEX entries_retold ON entries (story_id) WHERE story_id <> id",
    """
    CREATE TABLE contents (
        entry_id INTEGER PRIMARY KEY REFERENCES entries (id) ON DELETE CASCADE,
        title TEXT NOT NULL,
        authors TEXT NOT NULL,
        tags TEXT NOT NULL,
        excerpt TEXT NOT NULL,
        text TEXT NOT NULL,
        markdown TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE articles (
        entry_id INTEGER PRIMARY KEY REFERENCES entries (id) ON DELETE CASCADE,
        url TEXT NOT NULL,
        title TEXT NOT NULL,
        authors TEXT NOT NULL,
        published INTEGER,
        markdown TEXT NOT NULL,
        fetched_at INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE hosts (
        host TEXT PRIMARY KEY
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE VIRTUAL TABLE entries_index USING fts5 (
        title, authors, tags, text,
        content = 'contents', content_rowid = 'entry_id',
        tokenize = 'porter unicode61 remove_diacritics 2'
    )
    """,
    # Let `Entries.merge_index` merge segments of the index as soon as there are two of a size.
    "INSERT INTO entries_index (entries_index, rank) VALUES ('usermerge', 2)",
    """
    CREATE TRIGGER contents_inserted AFTER INSERT ON contents BEGIN
        INSERT INTO entries_index (rowid, title, authors, tags, text)
        VALUES (new.entry_id, new.title, new.authors, new.tags, new.text);
    END
    """,
    """
    CREATE TRIGGER contents_deleted AFTER DELETE ON contents BEGIN
        INSERT INTO entries_index (entries_index, rowid, title, authors, tags, text)
        VALUES ('delete', old.entry_id, old.title, old.authors, old.tags, old.text);
    END
    """,
    """
    CREATE TRIGGER contents_updated AFTER UPDATE OF title, authors, tags, text ON contents
    WHEN old.title IS NOT new.title OR old.authors IS NOT new.authors
      OR old.tags IS NOT new.tags OR old.text IS NOT new.text
    BEGIN
        INSERT INTO entries_index (entries_index, rowid, title, authors, tags, text)
        VALUES ('delete', old.entry_id, old.title, old.authors, old.tags, old.text);
        INSERT INTO entries_index (rowid, title, authors, tags, text)
        VALUES (new.entry_id, new.title, new.authors, new.tags, new.text);
    END
    """,
    "INSERT INTO meta (key, value) VALUES ('identity', lower(hex(randomblob(3))))",
)


def m002_stories_enclosures_hints(database: "Database") -> None:
    """Let the fullest entry represent a story, keep enclosures and what a feed asks of its readers.

    `told_by` and `told_title` are `representative_id` and `story_title` since step 10. `title_key`
    and the two `minhash` columns find entries of like title and text
    (`planet_mcp.text.likeness`). `former_addresses` has, in canonical form, where adopted feeds
    were followed before.
    """
    for statement in _M002:
        database.conn.execute(statement)
    for entry_id, title, text in database.conn.execute(
        "SELECT entry_id, title, text FROM contents"
    ):
        database.conn.execute(
            "UPDATE entries SET title_key = ?, minhash_a = ?, minhash_b = ? WHERE id = ?",
            (title_key(title), *(signature(text) or (None, None)), entry_id),
        )


_M002 = (
    "ALTER TABLE entries ADD COLUMN told_by INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE entries ADD COLUMN told_title TEXT",
    "ALTER TABLE entries ADD COLUMN title_key INTEGER",
    "ALTER TABLE entries ADD COLUMN minhash_a INTEGER",
    "ALTER TABLE entries ADD COLUMN minhash_b INTEGER",
    "UPDATE entries SET told_by = id",
    "CREATE INDEX entries_title ON entries (title_key, feed_id) WHERE title_key IS NOT NULL",
    "CREATE INDEX entries_minhash_a ON entries (minhash_a) WHERE minhash_a IS NOT NULL",
    "CREATE INDEX entries_minhash_b ON entries (minhash_b) WHERE minhash_b IS NOT NULL",
    """
    CREATE TABLE enclosures (
        entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        url TEXT NOT NULL,
        type TEXT,
        length INTEGER,
        seconds INTEGER,
        PRIMARY KEY (entry_id, position)
    ) STRICT, WITHOUT ROWID
    """,
    "ALTER TABLE feeds ADD COLUMN image_url TEXT",
    "ALTER TABLE feeds ADD COLUMN hub_url TEXT",
    "ALTER TABLE feeds ADD COLUMN hint_interval INTEGER",
    "ALTER TABLE feeds ADD COLUMN skip_hours TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE feeds ADD COLUMN skip_days TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE feeds ADD COLUMN moved_to TEXT",
    "ALTER TABLE feeds ADD COLUMN moved_checks INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE feeds ADD COLUMN moved_seen_at INTEGER",
    "ALTER TABLE feeds ADD COLUMN proposal TEXT",
    """
    CREATE TABLE former_addresses (
        address TEXT PRIMARY KEY,
        feed_id INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
        url TEXT NOT NULL,
        left_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX former_addresses_of_feed ON former_addresses (feed_id)",
)


def m003_pages_read_again(database: "Database") -> None:
    """Keep what makes fetching a page again cheap, and the attempts to fetch it unasked.

    `address` is where an article finally came from, in canonical form; `etag` and `last_modified`
    belong to its `url`.
    """
    for statement in _M003:
        database.conn.execute(statement)
    rows = database.conn.execute("SELECT entry_id, url FROM articles").fetchall()
    database.conn.executemany(
        "UPDATE articles SET address = ? WHERE entry_id = ?",
        [(canonical(url), entry_id) for entry_id, url in rows],
    )


_M003 = (
    "ALTER TABLE articles ADD COLUMN address TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE articles ADD COLUMN etag TEXT",
    "ALTER TABLE articles ADD COLUMN last_modified TEXT",
    "CREATE INDEX articles_address ON articles (address)",
    """
    CREATE TABLE fills (
        entry_id INTEGER PRIMARY KEY REFERENCES entries (id) ON DELETE CASCADE,
        attempts INTEGER NOT NULL,
        next_at INTEGER NOT NULL,
        problem TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX entries_teasers ON entries (first_seen_at) WHERE teaser",
)


def m004_index_of_names(database: "Database") -> None:
    """Make entries findable by their feed's title and by the names in them.

    `heading` is the title, unless that was made of the text: its words would count twice. `terms`
    has words for what the index would tear apart or not look into: `C++`, `TaskGroup`
    (`planet_mcp.text.identifiers`).
    """
    for statement in _M004_COLUMNS:
        database.conn.execute(statement)
    database.conn.create_function("index_terms", 1, index_terms, deterministic=True)
    database.conn.execute("UPDATE contents SET terms = index_terms(title || char(10) || text)")
    for statement in _M004_INDEX:
        database.conn.execute(statement)


_M004_COLUMNS = (
    "DROP TRIGGER contents_inserted",
    "DROP TRIGGER contents_deleted",
    "DROP TRIGGER contents_updated",
    "DROP TABLE entries_index",
    "ALTER TABLE contents ADD COLUMN heading TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE contents ADD COLUMN feed TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE contents ADD COLUMN terms TEXT NOT NULL DEFAULT ''",
    """
    UPDATE contents SET heading = CASE WHEN e.title_derived THEN '' ELSE contents.title END,
                        feed = coalesce(f.label, f.title, '')
    FROM entries AS e LEFT JOIN feeds AS f ON f.id = e.feed_id
    WHERE e.id = contents.entry_id
    """,
)

_M004_INDEX = (
    """
    CREATE VIRTUAL TABLE entries_index USING fts5 (
        heading, authors, tags, feed, terms, text,
        content = 'contents', content_rowid = 'entry_id',
        tokenize = 'porter unicode61 remove_diacritics 2'
    )
    """,
    "INSERT INTO entries_index (entries_index, rank) VALUES ('usermerge', 2)",
    "INSERT INTO entries_index (entries_index) VALUES ('rebuild')",
    """
    CREATE TRIGGER contents_inserted AFTER INSERT ON contents BEGIN
        INSERT INTO entries_index (rowid, heading, authors, tags, feed, terms, text)
        VALUES (new.entry_id, new.heading, new.authors, new.tags, new.feed, new.terms, new.text);
    END
    """,
    """
    CREATE TRIGGER contents_deleted AFTER DELETE ON contents BEGIN
        INSERT INTO entries_index (entries_index, rowid, heading, authors, tags, feed, terms, text)
        VALUES ('delete', old.entry_id, old.heading, old.authors, old.tags, old.feed, old.terms,
                old.text);
    END
    """,
    """
    CREATE TRIGGER contents_updated
    AFTER UPDATE OF heading, authors, tags, feed, terms, text ON contents
    WHEN old.heading IS NOT new.heading OR old.authors IS NOT new.authors
      OR old.tags IS NOT new.tags OR old.feed IS NOT new.feed
      OR old.terms IS NOT new.terms OR old.text IS NOT new.text
    BEGIN
        INSERT INTO entries_index (entries_index, rowid, heading, authors, tags, feed, terms, text)
        VALUES ('delete', old.entry_id, old.heading, old.authors, old.tags, old.feed, old.terms,
                old.text);
        INSERT INTO entries_index (rowid, heading, authors, tags, feed, terms, text)
        VALUES (new.entry_id, new.heading, new.authors, new.tags, new.feed, new.terms, new.text);
    END
    """,
)


def m005_forgotten_entries(database: "Database") -> None:
    """Remember the times by which entries were ordered that were deleted for their age.

    A feed may list them still, and not all have a date: what came back would be news again.
    `mark`, since step 10 `identity_hash`, is a hash of what makes a post the same one
    (`planet_mcp.store.retention`).
    """
    database.conn.execute(
        """
        CREATE TABLE forgotten (
            feed_id INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
            mark INTEGER NOT NULL,
            ordered_at INTEGER NOT NULL,
            PRIMARY KEY (feed_id, mark)
        ) STRICT, WITHOUT ROWID
        """
    )


def m006_traffic(database: "Database") -> None:
    """Count by day (days since 1970, UTC) how feeds' servers answered."""
    database.conn.execute(
        """
        CREATE TABLE traffic (
            day INTEGER PRIMARY KEY,
            documents INTEGER NOT NULL DEFAULT 0,
            not_modified INTEGER NOT NULL DEFAULT 0,
            failures INTEGER NOT NULL DEFAULT 0
        ) STRICT
        """
    )


def m007_joined_stories(database: "Database") -> None:
    """Note of an entry which was the newest one of all when its story became part of another.

    So a list that is read in parts knows the time of a story at its first part. And find the newest
    entries of a title at once: where a hundred thousand have it, to sort them each time took hours.
    """
    database.conn.execute("ALTER TABLE entries ADD COLUMN joined_by INTEGER NOT NULL DEFAULT 0")
    database.conn.execute(
        "CREATE INDEX entries_titled ON entries (title_key) WHERE title_key IS NOT NULL"
    )


def m008_names_of_feeds(database: "Database") -> None:
    """Compute a feed's name in one place, from the label of its subscription and its own title.

    `name` is shown and falls back to the URL; `indexed_name` is what `contents.feed` holds.
    """
    for column, fallback in (("name", "url"), ("indexed_name", "''")):
        database.conn.execute(
            f"ALTER TABLE feeds ADD COLUMN {column} TEXT "
            f"GENERATED ALWAYS AS (coalesce(label, title, {fallback})) VIRTUAL"
        )


def m009_groups_of_feeds(database: "Database") -> None:
    """Keep the name of the folder that a feed stands in, as in an OPML document."""
    database.conn.execute("ALTER TABLE feeds ADD COLUMN group_name TEXT")


def m010_words_of_columns(database: "Database") -> None:
    """Call columns and tables what they are; none of this rewrites a row.

    The row of a story's first entry says which entry represents the story, and the story's title
    where that entry has none of its own.
    """
    for statement in (
        "ALTER TABLE entries RENAME COLUMN told_by TO representative_id",
        "ALTER TABLE entries RENAME COLUMN told_title TO story_title",
        "ALTER TABLE fills RENAME TO backfills",
        "ALTER TABLE backfills RENAME COLUMN next_at TO retry_at",
        "ALTER TABLE forgotten RENAME COLUMN mark TO identity_hash",
    ):
        database.conn.execute(statement)


def m011_manners(database: "Database") -> None:
    """Remember which domains asked us to wait, and when feeds were last sent whole.

    `whole_at` is when a document came last, `not_modified` how many answers of 304 there were since
    it last differed: some servers say 304 for ever.
    """
    for statement in (
        """
        CREATE TABLE pauses (
            domain TEXT PRIMARY KEY,
            until INTEGER NOT NULL,
            times INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        "ALTER TABLE feeds ADD COLUMN whole_at INTEGER",
        "ALTER TABLE feeds ADD COLUMN not_modified INTEGER NOT NULL DEFAULT 0",
    ):
        database.conn.execute(statement)


def m012_joins(database: "Database") -> None:
    """Keep why entries are one story, and where a story stood that took the date of a duplicate.

    `moved_by` is the newest entry of all at that time. What was joined by the rules before is to be
    looked at again: `joins_reviewed` is the story up to which that was done
    (`planet_mcp.store.stories.review`).
    """
    for statement in _M012:
        database.conn.execute(statement)


_M012 = (
    """
    CREATE TABLE joins (
        entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
        other_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
        reason TEXT NOT NULL,
        PRIMARY KEY (entry_id, other_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX joins_other ON joins (other_id)",
    "ALTER TABLE entries ADD COLUMN moved_by INTEGER",
    "ALTER TABLE entries ADD COLUMN moved_from INTEGER",
    "CREATE INDEX entries_moved ON entries (moved_by) WHERE moved_by IS NOT NULL",
    """
    INSERT INTO meta (key, value)
    SELECT 'joins_reviewed', '0' WHERE EXISTS (SELECT 1 FROM entries WHERE story_id <> id)
    """,
)


def m013_archives(database: "Database") -> None:
    """Tell what a feed held when it was first read from news, and the time of storing from dates.

    `undated` says that `ordered_at` is no date that any feed gave; `archived` that the entry is no
    news. Of both at once, `ordered_at` says only where among the entries of the feed it stands.
    `credible_date` is `published`, if that can be: from 1995 to a day after it was first seen.

    What is stored already is archive if it came with the first document of its feed, but for what
    was not a day old then.
    """
    for statement in _M013:
        database.conn.execute(statement)


_M013 = (
    "ALTER TABLE entries ADD COLUMN archived INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE entries ADD COLUMN undated INTEGER NOT NULL DEFAULT 0",
    """
    ALTER TABLE entries ADD COLUMN credible_date INTEGER GENERATED ALWAYS AS (
        CASE WHEN published BETWEEN 788918400 AND first_seen_at + 86400 THEN published END
    ) VIRTUAL
    """,
    "UPDATE entries SET undated = 1 WHERE credible_date IS NULL AND ordered_at = first_seen_at",
    """
    CREATE TEMPORARY TABLE first_documents AS
    SELECT e.id, e.undated, e.ordered_at, e.first_seen_at,
           min(CASE WHEN NOT e.undated THEN e.ordered_at END)
               OVER (PARTITION BY e.feed_id) AS oldest,
           row_number() OVER (PARTITION BY e.feed_id, e.undated ORDER BY e.id DESC) AS place
    FROM entries AS e
    JOIN (
        SELECT feed_id, min(first_seen_at) AS read_at FROM entries
        WHERE feed_id IS NOT NULL GROUP BY feed_id
    ) AS f ON f.feed_id = e.feed_id AND f.read_at = e.first_seen_at
    """,
    """
    UPDATE entries SET
        archived = 1,
        ordered_at = CASE WHEN entries.undated THEN coalesce(d.oldest, 788918400) - d.place
                          ELSE entries.ordered_at END
    FROM first_documents AS d
    WHERE entries.id = d.id AND (d.undated OR d.ordered_at < d.first_seen_at - 86400)
    """,
    "DROP TABLE first_documents",
    """
    UPDATE feeds SET newest_entry = (
        SELECT max(min(credible_date, first_seen_at)) FROM entries WHERE feed_id = feeds.id
    )
    """,
    """
    CREATE INDEX entries_archived ON entries (first_seen_at, feed_id, ordered_at, undated)
    WHERE archived
    """,
)


def m014_links(database: "Database") -> None:
    """Note the addresses that stand in stored texts, in place of the hosts that texts lead to.

    `key` is `planet_mcp.urls.link_key` of an address; how it is spelled stands in the text alone.
    User names and passwords in the addresses of entries go.
    """
    for statement in _M014:
        database.conn.execute(statement)
    for entry_id, markdown, page in database.conn.execute(
        "SELECT c.entry_id, c.markdown, coalesce(a.markdown, '') FROM contents AS c "
        "LEFT JOIN articles AS a ON a.entry_id = c.entry_id"
    ):
        found = islice(chain(addresses_in(markdown), addresses_in(page)), 2_000)
        database.conn.executemany(
            "INSERT INTO links (key, entry_id) VALUES (?, ?)",
            {(link_key(address), entry_id) for address in found},
        )
    for entry_id, url in database.conn.execute(
        "SELECT id, url FROM entries WHERE url LIKE '%://%@%'"
    ).fetchall():
        bare = without_user_info(url)
        database.conn.execute(
            "UPDATE entries SET url = ?, canonical_url = ? WHERE id = ?",
            (bare, canonical(bare), entry_id),
        )


_M014 = (
    """
    CREATE TABLE links (
        key INTEGER NOT NULL,
        entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
        PRIMARY KEY (key, entry_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX links_of_entry ON links (entry_id)",
    "DROP TABLE hosts",
)


def m015_later_archives(database: "Database") -> None:
    """Tell from news what came in bulk later: after a redesign, a re-upload or a long absence.

    That is more than five entries that came together and were two weeks old, or have no date and
    came with a whole document of others: nine tenths of as many as the feed had at first.
    """
    for statement in _M015:
        database.conn.execute(statement)


_M015 = (
    """
    CREATE TEMPORARY TABLE documents AS
    SELECT feed_id, first_seen_at, count(*) AS entries,
           first_value(count(*)) OVER by_time AS entries_at_first,
           row_number() OVER by_time AS number
    FROM entries WHERE feed_id IS NOT NULL GROUP BY feed_id, first_seen_at
    WINDOW by_time AS (PARTITION BY feed_id ORDER BY first_seen_at)
    """,
    """
    CREATE TEMPORARY TABLE later AS
    SELECT e.id, min(CASE WHEN NOT e.undated THEN e.ordered_at END) OVER together AS oldest,
           row_number() OVER (
               PARTITION BY e.feed_id, e.first_seen_at, e.undated ORDER BY e.id DESC
           ) AS place,
           (e.undated AND d.entries * 10 >= d.entries_at_first * 9)
           OR (NOT e.undated AND e.ordered_at < e.first_seen_at - 14 * 86400) AS is_old
    FROM entries AS e
    JOIN documents AS d ON d.feed_id = e.feed_id AND d.first_seen_at = e.first_seen_at
    WHERE d.number > 1 AND d.entries > 5
    WINDOW together AS (PARTITION BY e.feed_id, e.first_seen_at)
    """,
    """
    UPDATE entries SET
        archived = 1,
        ordered_at = CASE WHEN entries.undated THEN coalesce(old.oldest, 788918400) - old.place
                          ELSE entries.ordered_at END
    FROM (
        SELECT l.*, count(*) OVER (PARTITION BY e.feed_id, e.first_seen_at) AS together
        FROM later AS l JOIN entries AS e ON e.id = l.id
        WHERE l.is_old
    ) AS old
    WHERE entries.id = old.id AND old.together > 5 AND NOT entries.archived
    """,
    "DROP TABLE later",
    "DROP TABLE documents",
)


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
    m001_feeds_entries_index,
    m002_stories_enclosures_hints,
    m003_pages_read_again,
    m004_index_of_names,
    m005_forgotten_entries,
    m006_traffic,
    m007_joined_stories,
    m008_names_of_feeds,
    m009_groups_of_feeds,
    m010_words_of_columns,
    m011_manners,
    m012_joins,
    m013_archives,
    m014_links,
    m015_later_archives,
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
