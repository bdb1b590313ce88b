"""A database of earlier rules, under which one title in a week made entries one story."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from click.testing import CliRunner

from planet_mcp.cli import commands
from planet_mcp.store import Database, Limits, Store
from planet_mcp.store.db import schema
from planet_mcp.text import signature, title_key
from tests.store.test_duplicates_in_one_feed import prose

HOUR, SEEN = 3600, 1_795_000_000
# (feed, title, text, hours before it was seen, or None without a date)
Row = tuple[int, str, str, int | None]


def joined_before(path: Path, stories: Sequence[Sequence[Row]]) -> None:
    """Make a database as it was before step 12, with these entries as stories."""
    Database(path, steps=schema.STEPS[:11]).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            "INSERT INTO feeds (id, url, next_check_at) VALUES (?, ?, 0)",
            [(n, f"https://{n}.example/feed") for n in (1, 2)],
        )
        ids = iter(range(1, 10_000))
        for story in stories:
            numbered = [(next(ids), row) for row in story]
            for entry_id, row in numbered:
                _insert(connection, numbered[0][0], entry_id, row)


def _insert(connection: sqlite3.Connection, story: int, entry_id: int, row: Row) -> None:
    feed, title, text, hours = row
    published = SEEN - hours * HOUR if hours is not None else None
    connection.execute(
        """
        INSERT INTO entries (id, feed_id, key, story_id, ordered_at, published, first_seen_at,
            url, canonical_url, words, teaser, title_derived, fingerprint, title_key,
            minhash_a, minhash_b, representative_id, story_title)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, '', ?, ?, ?, ?, 'Another')
        """,
        (
            entry_id, feed, f"id:{entry_id}", story,
            # An entry without a date had taken that of a duplicate.
            published or SEEN - 9 * HOUR, published, SEEN,
            f"https://{feed}.example/{title}/{entry_id}", f"{feed}.example/{title}/{entry_id}",
            len(text.split()), title_key(title), *(signature(text) or (None, None)), story,
        ),
    )  # fmt: skip
    connection.execute(
        "INSERT INTO contents (entry_id, title, authors, tags, excerpt, text, markdown) "
        "VALUES (?, ?, '', '', '', ?, ?)",
        (entry_id, title, text, text),
    )


def stories(path: Path) -> list[tuple[int, ...]]:
    """Return (id, story, representative, hours at which it is ordered) of each entry."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(
            f"SELECT id, story_id, representative_id, ({SEEN} - ordered_at) / {HOUR} FROM entries"
        ).fetchall()


WRONG: list[Row] = [(1, "Links", prose(1), 50), (1, "Links", "", 40), (1, "Links", prose(2), 30)]
RIGHT: list[Row] = [(1, "A post", prose(3), 9), (1, "A post", prose(3), 8)]
ACROSS: list[Row] = [(1, "Other", prose(4), 5), (2, "Other", prose(4), 6)]
UNDATED: list[Row] = [(1, "Examples", prose(5), None), (1, "Examples", prose(6), 9)]


def test_what_was_joined_by_earlier_rules_is_taken_apart(database: Path) -> None:
    joined_before(database, [WRONG, RIGHT, ACROSS, UNDATED])

    Store(database).close()

    assert stories(database) == [
        *((1, 1, 1, 50), (2, 2, 2, 40), (3, 3, 3, 30)),
        *((4, 4, 4, 9), (5, 4, 5, 8)),
        *((6, 6, 6, 5), (7, 6, 6, 6)),
        *((8, 8, 8, 0), (9, 9, 9, 9)),
    ]


def test_what_is_the_same_in_three_feeds_stays_so_when_two_are_taken_apart(database: Path) -> None:
    joined_before(database, [[*WRONG, (2, "Links", prose(2), 30)]])

    Store(database).close()

    assert [row[1] for row in stories(database)] == [1, 2, 3, 3]


def test_what_a_start_has_no_time_for_is_left_to_the_next(database: Path) -> None:
    joined_before(database, [WRONG] * 120)
    hurried = Limits(review_seconds=0)

    left = []
    for _ in range(4):
        Store(database, limits=hurried).close()
        left.append(sum(entry != story for entry, story, *_ in stories(database)))

    assert left[0] > left[1] > left[2] == left[3] == 0


def test_no_reason_is_left_of_what_is_taken_apart(database: Path) -> None:
    joined_before(database, [WRONG])
    Database(database).close()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT INTO joins VALUES (2, 1, 'address'), (3, 2, 'address')")

    Store(database).close()

    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT * FROM joins").fetchall() == []


def test_joins_are_listed_with_their_reason(database: Path) -> None:
    joined_before(database, [RIGHT, ACROSS])

    result = CliRunner().invoke(
        commands, ["check", "--joins", "--json"], env={"PLANET_MCP_DATABASE": str(database)}
    )

    joins = json.loads(result.stdout)["joins"]
    assert [(join["entry_id"], join["other_id"], join["reason"]) for join in joins] == [
        (4, 3, "joined before reasons were kept"),
        (2, 1, "in one feed: nearly the same long text under one title"),
    ]
    listed = CliRunner().invoke(
        commands, ["check", "--joins", "1"], env={"PLANET_MCP_DATABASE": str(database)}
    )
    assert "3 Other" in listed.stdout
    assert "A post" not in listed.stdout
