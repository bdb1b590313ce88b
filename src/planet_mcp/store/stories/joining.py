"""Stories in the store: clusters of duplicates, which are joined and never deleted.

A story is known by the id of its first entry, for ever, and shown as its representative, the
fullest entry. So a duplicate, or a fuller one, is not news.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any

from planet_mcp.store.db import Connection, Row
from planet_mcp.store.sql import in_story
from planet_mcp.store.stories.comparison import (
    EMPTY_WORDS,
    REASONS,
    ComparedEntry,
    Comparison,
    Match,
)
from planet_mcp.text import opens
from planet_mcp.urls import names_a_page

COUNTERPART_WITHIN = timedelta(days=2)
COMPARED_CHARS, OPENING_CHARS = 40_000, 1_000
# MOST_ALIKE entries that have a title, text or address in common are compared, and
# MOST_DUPLICATES of one story.
MOST_ALIKE, MOST_DUPLICATES = 20, 50
# Of how many entries around one time a counterpart is looked for: no blog posts more.
MOST_AT_ONE_TIME = 500
# The share of the fullest text that is as full: what is slightly longer has a footer more.
NEARLY_AS_FULL = 0.9

_COLUMNS = """
    e.id, e.story_id, e.feed_id, e.ordered_at, e.published, e.canonical_url,
    e.words, e.title_derived, e.title_key, e.minhash_a, e.minhash_b, e.url, c.title,
    c.authors
"""
# The newest entries that have one of these columns in common; a title of hundreds says little.
_ALIKE_IN_ONE = " UNION ".join(
    f"SELECT * FROM (SELECT id FROM entries WHERE {column} = :{column} AND id <> :id "
    f"ORDER BY id DESC LIMIT {MOST_ALIKE})"
    for column in ("canonical_url", "title_key", "minhash_a", "minhash_b")
)
# The newest id of all entries that there ever were.
_NEWEST = "(SELECT entry_id FROM last_ids)"
_IN_STORY = in_story(":story", "e")


def join_story(connection: Connection, entry_id: int) -> None:
    """Merge the story of an entry that is new or revised with those of its duplicates.

    Runs for each story that becomes part of another:

        UPDATE entries AS e SET story_id = 17
        WHERE (e.id = 42 OR (e.story_id = 42 AND e.story_id <> e.id))
    """
    (new,) = _select(connection, "e.id = :id", {"id": entry_id})
    duplicates = _duplicates(connection, new)
    stories = {new.story_id, *(other.story_id for _, other in duplicates)}
    first = min(stories)
    connection.executemany(
        f"UPDATE entries AS e SET story_id = :first WHERE {_IN_STORY}",
        [{"first": first, "story": story} for story in stories - {first}],
    )
    connection.executemany(
        "INSERT INTO joins (entry_id, other_id, reason) VALUES (?, ?, ?) "
        "ON CONFLICT (entry_id, other_id) DO UPDATE SET reason = excluded.reason",
        [
            (max(entry_id, other.id), min(entry_id, other.id), REASONS[match])
            for match, other in duplicates
        ],
    )
    if len(stories) > 1 or first != entry_id or _has_duplicates(connection, first):
        choose_representative(connection, first)


def _duplicates(connection: Connection, new: ComparedEntry) -> list[tuple[Match, ComparedEntry]]:
    """Return the surest duplicate of an entry in each story that it makes one with its own."""
    others = _without_full_stories(connection, _alike(connection, new))
    found = Comparison(new, others, lambda entry: _text(connection, entry)).matches()
    found += [(Match.COUNTERPART, other) for other in _counterpart(connection, new)]
    found.sort(key=lambda each: (-each[0], abs(each[1].ordered_at - new.ordered_at)))
    stories, duplicates = {new.story_id}, []
    for match, other in found:
        if other.story_id in stories:
            continue
        matching = {each.id for _, each in found if match >= Match.COUNTERPART}
        members = [row for story in stories for row in _members(connection, story)]
        if not _is_apart(new, matching, members, _members(connection, other.story_id)):
            stories.add(other.story_id)
            duplicates.append((match, other))
    return duplicates


def _is_apart(
    new: ComparedEntry,
    matching: Collection[int],
    members: Sequence[Row],
    others: Sequence[Row],
) -> bool:
    """Return whether a feed has posts both in the story of the new entry and in another one.

    Two posts of one feed are two, whatever a third is like. So the new entry has duplicates of its
    own feed in one story alone, and is like each of them.
    """
    feeds = {row["feed_id"] for row in members if row["id"] != new.id}
    if any(row["feed_id"] in feeds for row in others):
        return True
    return any(row["feed_id"] == new.feed_id and row["id"] not in matching for row in others)


def _members(connection: Connection, story: int) -> list[Row]:
    return connection.execute(
        f"SELECT e.id, e.feed_id FROM entries AS e WHERE {_IN_STORY}", {"story": story}
    ).fetchall()


def choose_representative(connection: Connection, story_id: int) -> None:
    """Let the fullest entry represent a story, with a real title and date if any entry has one.

    The time by which a story is ordered does not change, unless its first entry came without a
    date. Of entries that are nearly as full as the fullest, the first one represents the story.
    """
    rows = connection.execute(
        f"""
        SELECT e.id, e.words, e.title_derived, e.ordered_at, c.title,
               NOT e.undated AND e.ordered_at < e.first_seen_at AS dated
        FROM entries AS e JOIN contents AS c ON c.entry_id = e.id
        WHERE {_IN_STORY} ORDER BY e.id
        """,
        {"story": story_id},
    ).fetchall()
    connection.execute(
        f"""
        UPDATE entries SET
            representative_id = :representative, story_title = :title, ordered_at = :time,
            undated = undated AND NOT :takes_date,
            moved_by = CASE WHEN ordered_at = :time THEN moved_by ELSE {_NEWEST} END,
            moved_from = CASE WHEN ordered_at = :time THEN moved_from ELSE ordered_at END
        WHERE id = :story
        """,
        {"story": story_id, **_representation(rows)},
    )


def _representation(entries: Sequence[Row]) -> dict[str, Any]:
    """Choose representative, title and time of a story from its entries, the first one first."""
    fullest = max(each["words"] for each in entries)
    chosen = next(each for each in entries if each["words"] >= fullest * NEARLY_AS_FULL)
    titles = [each["title"] for each in entries if not each["title_derived"]]
    # Entries without a date, and those of the future, are ordered by when they were first seen.
    dates = [each["ordered_at"] for each in entries if each["dated"]]
    first = entries[0]
    takes_date = bool(dates) and not first["dated"]
    return {
        "representative": chosen["id"],
        "title": titles[0] if titles and chosen["title_derived"] else None,
        "time": min(dates) if takes_date else first["ordered_at"],
        "takes_date": takes_date,
    }


def delete_entries_of_feeds(connection: Connection, ids: str) -> None:
    """Delete the entries of feeds, given as a JSON list; stories that others have too stay.

    The first of the entries that are left is the successor of a first one that goes:

        SELECT e.story_id AS story, min(e.id) FILTER (WHERE e.feed_id NOT IN (7)) AS successor
        FROM entries AS e
        WHERE e.story_id IN (stories of several entries of which feed 7 has one)
        GROUP BY e.story_id
    """
    gone = "(SELECT CAST(value AS BIGINT) FROM json_each(:ids))"
    rows = connection.execute(
        f"""
        SELECT e.story_id AS story, min(e.id) FILTER (WHERE e.feed_id NOT IN {gone}) AS successor
        FROM entries AS e
        WHERE e.story_id IN (
            SELECT story_id FROM entries WHERE feed_id IN {gone} AND story_id <> id
            UNION
            SELECT story_id FROM entries WHERE story_id <> id
                AND story_id IN (SELECT id FROM entries WHERE feed_id IN {gone})
        )
        GROUP BY e.story_id
        """,
        {"ids": ids},
    ).fetchall()
    successors = {row["story"]: row["successor"] for row in rows if row["successor"] is not None}
    connection.executemany(
        f"""
        UPDATE entries AS e SET story_id = :successor WHERE {_IN_STORY} AND feed_id NOT IN {gone}
        """,
        [
            {"successor": successor, "story": story, "ids": ids}
            for story, successor in successors.items()
        ],
    )
    connection.execute(f"DELETE FROM entries WHERE feed_id IN {gone}", {"ids": ids})
    for successor in successors.values():
        choose_representative(connection, successor)


def _without_full_stories(
    connection: Connection, others: Sequence[ComparedEntry]
) -> list[ComparedEntry]:
    """Leave out entries of stories with so many duplicates that another one says nothing.

    All entries of a story are compared with each new one: without a bound, a feed of a hundred
    thousand like entries would take hours.
    """
    full = {
        story
        for story in {other.story_id for other in others}
        if len(
            connection.execute(
                f"SELECT 1 FROM entries AS e WHERE {_IN_STORY} LIMIT {MOST_DUPLICATES}",
                {"story": story},
            ).fetchall()
        )
        == MOST_DUPLICATES
    }
    return [other for other in others if other.story_id not in full]


def _has_duplicates(connection: Connection, story: int) -> bool:
    row = connection.execute(
        "SELECT 1 FROM entries WHERE story_id = ? AND story_id <> id LIMIT 1", (story,)
    ).fetchone()
    return row is not None


def _select(
    connection: Connection, where: str, values: Mapping[str, object]
) -> list[ComparedEntry]:
    rows = connection.execute(
        f"""
        SELECT {_COLUMNS} FROM entries AS e JOIN contents AS c ON c.entry_id = e.id
        WHERE {where} AND e.feed_id IS NOT NULL
        """,
        values,
    )
    return [ComparedEntry(*row) for row in rows]


def _alike(connection: Connection, new: ComparedEntry) -> list[ComparedEntry]:
    """Return the entries that share the address, the title or part of the text's signature."""
    values = {
        "id": new.id,
        "canonical_url": new.canonical_url if names_a_page(new.canonical_url or "") else None,
        "title_key": new.title_key,
        "minhash_a": new.minhash_a,
        "minhash_b": new.minhash_b,
    }
    return _select(connection, f"e.id IN ({_ALIKE_IN_ONE})", values)


def _counterpart(connection: Connection, new: ComparedEntry) -> list[ComparedEntry]:
    """Return the text to a title without one, or of the title to a text without one.

    Some feeds list a post twice: its title with a link, and its text without a title.
    """
    if bool(new.title_derived) == (new.words <= EMPTY_WORDS):
        return []
    within = int(COUNTERPART_WITHIN.total_seconds())
    others = _select(
        connection,
        """
        e.id IN (
            SELECT id FROM entries WHERE feed_id = :feed AND ordered_at BETWEEN :from AND :to
            ORDER BY ordered_at DESC, id DESC LIMIT :most
        )
        AND e.id <> :id AND e.title_derived <> :derived AND (e.words <= :empty) = :derived
        """,
        {
            "feed": new.feed_id,
            "most": MOST_AT_ONE_TIME,
            "from": new.ordered_at - within,
            "to": new.ordered_at + within,
            "id": new.id,
            "derived": new.title_derived,
            "empty": EMPTY_WORDS,
        },
    )
    counterparts = [other for other in others if _is_counterpart(connection, new, other)]
    nearest = sorted(counterparts, key=lambda other: abs(other.ordered_at - new.ordered_at))
    free = (each for each in nearest if not _has_duplicates(connection, each.story_id))
    # One text has one title, and one title one text.
    return [*islice(free, 1)]


def _is_counterpart(connection: Connection, new: ComparedEntry, other: ComparedEntry) -> bool:
    titled, untitled = (other, new) if new.title_derived else (new, other)
    # The text itself: the derived title is its beginning too, but cut.
    return opens(titled.title, _text(connection, untitled, OPENING_CHARS))


def _text(connection: Connection, entry: ComparedEntry, chars: int = COMPARED_CHARS) -> str:
    (text,) = connection.execute(
        "SELECT substr(text, 1, ?) FROM contents WHERE entry_id = ?", (chars, entry.id)
    ).fetchone()
    return str(text)
