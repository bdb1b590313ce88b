"""Steps 1 to 4: feeds, entries and pages, and the index of their words.

No released step is ever edited (`planet_mcp.store.db.schema`).
"""

from typing import TYPE_CHECKING

from planet_mcp.text import index_terms, signature, title_key
from planet_mcp.urls import canonical

if TYPE_CHECKING:
    from sqlite_utils import Database


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


STEPS = (
    m001_feeds_entries_index,
    m002_stories_enclosures_hints,
    m003_pages_read_again,
    m004_index_of_names,
)
