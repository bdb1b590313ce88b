"""Steps 5 to 15: what is remembered of feeds, why entries are one story, archives and links.

No released step is ever edited (`planet_mcp.store.db.schema`).
"""

from itertools import chain, islice
from typing import TYPE_CHECKING

from planet_mcp.text import addresses_in
from planet_mcp.urls import canonical, link_key, without_user_info

if TYPE_CHECKING:
    from sqlite_utils import Database


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


STEPS = (
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
)
