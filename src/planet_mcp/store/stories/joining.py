"""Stories in the store: clusters of duplicates, which are joined and never deleted.

A story is known by the id of its first entry, for ever, and shown as its representative, the
fullest entry. So a duplicate, or a fuller one, is not news.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import chain, islice

from planet_mcp.store.db import Connection, in_parts
from planet_mcp.store.sql import IN_STORIES, ids_of, in_story
from planet_mcp.store.stories.alike import Alike, Written, alike
from planet_mcp.store.stories.comparison import REASONS, ComparedEntry, Comparison, Match
from planet_mcp.store.stories.representatives import choose_representatives
from planet_mcp.text import opens

COMPARED_CHARS, OPENING_CHARS = 40_000, 1_000
# How many duplicates of one story are compared.
MOST_DUPLICATES = 50
_AT_ONCE = 200
_IN_STORY = in_story(":story", "e")


def join_stories(connection: Connection, written: Iterable[Written]) -> None:
    """Merge the stories of entries that are new or revised with those of their duplicates.

    Runs for each story that becomes part of another:

        UPDATE entries AS e SET story_id = 17
        WHERE (e.id = 42 OR (e.story_id = 42 AND e.story_id <> e.id))
    """
    for some in in_parts(written, _AT_ONCE):
        # What is new and like no other has the story of its own that it was written with.
        found = [each for each in alike(connection, some) if each.is_like_any or not each.is_new]
        if not found:
            continue
        near = chain.from_iterable((*each.others, *each.counterparts) for each in found)
        stories = _Stories(connection, {each.id for each in (*(a.new for a in found), *near)})
        for each in found:
            stories.join(each, _reader(connection, each))
        stories.write(connection)


class _Stories:
    """The stories of some entries while these are joined: in memory, until they are written."""

    def __init__(self, connection: Connection, ids: Collection[int]) -> None:
        rows = connection.tuples(
            f"""
            SELECT e.id, e.story_id, e.feed_id FROM entries AS e
            WHERE e.id IN {IN_STORIES}
            """,
            {"stories": json.dumps(_stories_of(connection, ids))},
        )
        self._story = {entry_id: story for entry_id, story, _ in rows}
        self._members = defaultdict[int, list[tuple[int, int]]](list)
        for entry_id, story, feed_id in rows:
            self._members[story].append((entry_id, feed_id))
        self._merged: list[dict[str, int]] = []
        self._joins: list[tuple[int, int, str]] = []
        self._changed: set[int] = set()

    def join(self, each: Alike, read: Callable[[ComparedEntry], str]) -> None:
        """Merge the story of an entry with those of its duplicates."""
        new = each.new
        for match, other in self._duplicates(each, read):
            first, last = sorted((self._story[new.id], self._story[other.id]))
            self._merge(first, last)
            self._joins.append((max(new.id, other.id), min(new.id, other.id), REASONS[match]))
        story = self._story[new.id]
        if len(self._members[story]) > 1:
            self._changed.add(story)

    def write(self, connection: Connection) -> None:
        """Write the stories, why they are one, and what they are shown as now."""
        connection.executemany(
            f"UPDATE entries AS e SET story_id = :first WHERE {_IN_STORY}", self._merged
        )
        connection.executemany(
            "INSERT INTO joins (entry_id, other_id, reason) VALUES (?, ?, ?) "
            "ON CONFLICT (entry_id, other_id) DO UPDATE SET reason = excluded.reason",
            self._joins,
        )
        choose_representatives(connection, {self._story.get(each, each) for each in self._changed})

    def _merge(self, first: int, story: int) -> None:
        self._merged.append({"first": first, "story": story})
        moved = self._members.pop(story)
        self._members[first] += moved
        self._story.update((entry_id, first) for entry_id, _ in moved)

    def _duplicates(
        self, each: Alike, read: Callable[[ComparedEntry], str]
    ) -> list[tuple[Match, ComparedEntry]]:
        """Return the surest duplicate of an entry in each story that it makes one with its own."""
        new = each.new
        found = Comparison(new, [other for other in each.others if self._is_open(other)], read)
        matches = found.matches()
        matches += [(Match.COUNTERPART, other) for other in self._counterpart(each, read)]
        matches.sort(key=lambda one: (-one[0], abs(one[1].ordered_at - new.ordered_at)))
        stories, duplicates = {self._story[new.id]}, []
        for match, other in matches:
            story = self._story[other.id]
            if story in stories:
                continue
            matching = {one.id for _, one in matches if match >= Match.COUNTERPART}
            members = [member for own in stories for member in self._members[own]]
            if not _is_apart(new, matching, members, self._members[story]):
                stories.add(story)
                duplicates.append((match, other))
        return duplicates

    def _is_open(self, other: ComparedEntry) -> bool:
        """Return whether a story has not so many duplicates that another one says nothing.

        All entries of a story are compared with each new one: without a bound, a feed of a hundred
        thousand like entries would take hours.
        """
        return len(self._members[self._story[other.id]]) < MOST_DUPLICATES

    def _counterpart(
        self, each: Alike, read: Callable[[ComparedEntry], str]
    ) -> Iterable[ComparedEntry]:
        """Return the text to a title without one, or of the title to a text without one.

        Some feeds list a post twice: its title with a link, and its text without a title.
        """
        new = each.new
        counterparts = [other for other in each.counterparts if _is_counterpart(new, other, read)]
        nearest = sorted(counterparts, key=lambda other: abs(other.ordered_at - new.ordered_at))
        # At most one, and none that has a duplicate: a text has one title, and a title one text.
        return islice((each for each in nearest if self._is_alone(each)), 1)

    def _is_alone(self, other: ComparedEntry) -> bool:
        return len(self._members[self._story[other.id]]) == 1


def _stories_of(connection: Connection, ids: Collection[int]) -> list[int]:
    rows = connection.tuples(
        f"SELECT DISTINCT story_id FROM entries WHERE id IN {ids_of(':ids')}",
        {"ids": json.dumps([*ids])},
    )
    return [story for (story,) in rows]


def _is_apart(
    new: ComparedEntry,
    matching: Collection[int],
    members: Sequence[tuple[int, int]],
    others: Sequence[tuple[int, int]],
) -> bool:
    """Return whether a feed has posts both in the story of the new entry and in another one.

    Two posts of one feed are two, whatever a third is like. So the new entry has duplicates of its
    own feed in one story alone, and is like each of them.
    """
    feeds = {feed_id for entry_id, feed_id in members if entry_id != new.id}
    if any(feed_id in feeds for _, feed_id in others):
        return True
    return any(feed_id == new.feed_id and entry_id not in matching for entry_id, feed_id in others)


def _is_counterpart(
    new: ComparedEntry, other: ComparedEntry, read: Callable[[ComparedEntry], str]
) -> bool:
    titled, untitled = (other, new) if new.title_derived else (new, other)
    # The text itself: the derived title is its beginning too, but cut.
    return opens(titled.title, read(untitled)[:OPENING_CHARS])


def _reader(connection: Connection, each: Alike) -> Callable[[ComparedEntry], str]:
    """Return what reads the text of an entry, or once one is needed, of all that are like it."""
    text = each.written.text
    held = {} if text is None else {each.new.id: text[:COMPARED_CHARS]}

    def read(entry: ComparedEntry) -> str:
        if entry.id not in held:
            wanted = [entry] if entry is each.new else [*each.others, *each.counterparts]
            held.update(_texts(connection, [one.id for one in wanted]))
        return held[entry.id]

    return read


def _texts(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    rows = connection.tuples(
        "SELECT entry_id, substr(text, 1, :chars) FROM contents "
        f"WHERE entry_id IN {ids_of(':ids')}",
        {"ids": json.dumps(ids), "chars": COMPARED_CHARS},
    )
    return dict(rows)


def delete_entries_of_feeds(connection: Connection, ids: str) -> None:
    """Delete the entries of feeds, given as a JSON list; stories that others have too stay.

    The first of the entries that are left is the successor of a first one that goes:

        SELECT e.story_id AS story, min(e.id) FILTER (WHERE e.feed_id NOT IN (7)) AS successor
        FROM entries AS e
        WHERE e.story_id IN (stories of several entries of which feed 7 has one)
        GROUP BY e.story_id
    """
    gone = ids_of(":ids")
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
    choose_representatives(connection, successors.values())
