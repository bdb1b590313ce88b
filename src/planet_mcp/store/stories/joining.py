"""Which entries tell one story, and which of them tells it: clusters in the store.

Entries are clustered, never deleted. A story is known by its first entry's id, for ever; the
fullest entry leads it. So a story that is told again, or better, is not new.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from itertools import islice

from planet_mcp.text import (
    are_clearly_different,
    are_numbered_apart,
    likeness_of,
    may_be_one,
    names_another,
    opens,
    share_held,
)
from planet_mcp.urls import names_a_page

# A weekly issue may come half a day early.
SAME_TITLE_WITHIN = timedelta(days=6, hours=12)
TWIN_WITHIN = timedelta(days=2)
ALIKE_WITHIN = timedelta(days=60)
# What is the same word for word is the same story however far apart.
ALIKE, EQUAL = 0.92, 0.97
# Under one title the other may be cut, or have an introduction of its own.
HELD, HELD_LATER = 0.7, 0.9
EMPTY_WORDS = 5
EMPTY_WITHIN = timedelta(days=1)
# From here on, what two write about one page are two texts and not two excerpts.
OPINION_WORDS = 100
COMPARED_CHARS = 40_000
MOST_OF_A_KIND, MOST_TELLINGS = 20, 50
# Who posts more in a few days is no blog.
MOST_AT_ONE_TIME = 500
# Slightly longer than the first telling is a footer more, not a fuller story.
NEARLY_AS_FULL = 0.9

_COLUMNS = """
    e.id, e.story_id, e.feed_id, e.ordered_at, e.ordered_at < e.first_seen_at, e.canonical_url,
    e.words, e.title_derived, e.title_key, e.minhash_a, e.minhash_b, e.url, c.title
"""
# The newest entries with one of these; a title that hundreds have says little.
_ALIKE_IN_ONE = " UNION ".join(
    f"SELECT * FROM (SELECT id FROM entries WHERE {column} = :{column} AND id <> :id "
    f"ORDER BY id DESC LIMIT {MOST_OF_A_KIND})"
    for column in ("canonical_url", "title_key", "minhash_a", "minhash_b")
)
# Spelled so that both of its parts have an index.
_MEMBERS = "(e.id = :story OR (e.story_id = :story AND e.story_id <> e.id))"


class _Match(IntEnum):
    """Why two entries tell the same, the surest last."""

    NONE = 0
    TEXT = 1
    TITLE = 2
    ADDRESS = 3
    ONE_POST = 4


@dataclass(frozen=True, slots=True)
class _Telling:
    """One entry as far as it is compared with others."""

    id: int
    story_id: int
    feed_id: int
    ordered_at: int
    dated: int | None
    canonical_url: str | None
    words: int
    title_derived: bool
    title_key: int | None
    minhash_a: int | None
    minhash_b: int | None
    url: str | None
    title: str

    def is_near(self, other: "_Telling", period: timedelta) -> bool:
        return abs(self.ordered_at - other.ordered_at) < period.total_seconds()

    def has_address_of(self, other: "_Telling") -> bool:
        return self.canonical_url is not None and self.canonical_url == other.canonical_url

    def is_at_anchor_of(self, other: "_Telling") -> bool:
        """Say whether two addresses that are one but for their fragments do not name two places."""
        mine, its = ((each.url or "").partition("#")[2] for each in (self, other))
        return not mine or not its or mine == its

    def has_title_of(self, other: "_Telling") -> bool:
        return self.title_key is not None and self.title_key == other.title_key

    def may_have_text_of(self, other: "_Telling") -> bool:
        return self.minhash_a is not None and (
            self.minhash_a == other.minhash_a or self.minhash_b == other.minhash_b
        )


def join_story(connection: sqlite3.Connection, entry_id: int) -> None:
    """Put an entry that is new or revised into the story that others tell already, if they do."""
    (new,) = _select(connection, "e.id = :id", {"id": entry_id})
    others = _not_full(connection, _alike(connection, new))
    own = _twins(connection, new)
    matches = _Comparison(connection, new, others).matches()
    own |= {other.story_id for strength, other in matches if strength is _Match.ONE_POST}
    stories = own | {new.story_id}
    for _, other in sorted(matches, key=lambda match: match[0], reverse=True):
        # Two posts of one feed are two, whatever another feed made of them.
        if other.story_id not in stories and not _share_a_feed(connection, stories, other.story_id):
            stories.add(other.story_id)
    first = min(stories)
    for story in stories - {first}:
        connection.execute(
            f"""
            UPDATE entries AS e SET
                story_id = :first,
                joined_by = (SELECT seq FROM sqlite_sequence WHERE name = 'entries')
            WHERE {_MEMBERS}
            """,
            {"first": first, "story": story},
        )
    if len(stories) > 1 or first != entry_id or _is_told_with_others(connection, first):
        settle(connection, first)


def _not_full(connection: sqlite3.Connection, others: Sequence[_Telling]) -> list[_Telling]:
    """Leave out entries of stories that are told so often that another telling says nothing.

    All tellings of a story are looked at with each new one: without a bound, a feed of a hundred
    thousand like entries would take hours.
    """
    full = {
        story
        for story in {other.story_id for other in others}
        if len(
            connection.execute(
                f"SELECT 1 FROM entries AS e WHERE {_MEMBERS} LIMIT {MOST_TELLINGS}",
                {"story": story},
            ).fetchall()
        )
        == MOST_TELLINGS
    }
    return [other for other in others if other.story_id not in full]


def _share_a_feed(connection: sqlite3.Connection, stories: set[int], other: int) -> bool:
    feeds = _feeds_of(connection, other)
    return any(feeds & _feeds_of(connection, story) for story in stories)


def _feeds_of(connection: sqlite3.Connection, story: int) -> set[int]:
    rows = connection.execute(
        f"SELECT e.feed_id FROM entries AS e WHERE {_MEMBERS}", {"story": story}
    )
    return {row[0] for row in rows}


def _is_told_with_others(connection: sqlite3.Connection, story: int) -> bool:
    row = connection.execute(
        "SELECT 1 FROM entries WHERE story_id = ? AND story_id <> id LIMIT 1", (story,)
    ).fetchone()
    return row is not None


def settle(connection: sqlite3.Connection, story_id: int) -> None:
    """Let the fullest entry lead a story, with a real title and date if any entry has one.

    The time at which a story stands does not change, unless its first entry came without a date.
    """
    rows = connection.execute(
        f"""
        SELECT e.id, e.words, e.title_derived, e.ordered_at, e.first_seen_at, c.title
        FROM entries AS e JOIN contents AS c ON c.entry_id = e.id
        WHERE {_MEMBERS} ORDER BY e.id
        """,
        {"story": story_id},
    ).fetchall()
    fullest = max(row["words"] for row in rows)
    leader = next(row for row in rows if row["words"] >= fullest * NEARLY_AS_FULL)
    titles = [row["title"] for row in rows if not row["title_derived"]]
    # Entries without a date, and those of the future, stand where they were first seen.
    dates = [row["ordered_at"] for row in rows if row["ordered_at"] < row["first_seen_at"]]
    first = rows[0]
    dated = first["ordered_at"] < first["first_seen_at"] or not dates
    connection.execute(
        "UPDATE entries SET told_by = ?, told_title = ?, ordered_at = ? WHERE id = ?",
        (
            leader["id"],
            titles[0] if titles and leader["title_derived"] else None,
            first["ordered_at"] if dated else min(dates),
            story_id,
        ),
    )


def forget_feeds(connection: sqlite3.Connection, ids: str) -> None:
    """Let others tell the stories of feeds whose entries are about to go; `ids` is a JSON list."""
    gone = "(SELECT value FROM json_each(:ids))"
    rows = connection.execute(
        f"""
        SELECT e.story_id AS story, min(e.id) FILTER (WHERE e.feed_id NOT IN {gone}) AS heir
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
    heirs = {row["story"]: row["heir"] for row in rows if row["heir"] is not None}
    connection.executemany(
        f"UPDATE entries AS e SET story_id = :heir WHERE {_MEMBERS} AND feed_id NOT IN {gone}",
        [{"heir": heir, "story": story, "ids": ids} for story, heir in heirs.items()],
    )
    connection.execute(f"DELETE FROM entries WHERE feed_id IN {gone}", {"ids": ids})
    for heir in heirs.values():
        settle(connection, heir)


def _select(
    connection: sqlite3.Connection, where: str, values: Mapping[str, object]
) -> list[_Telling]:
    rows = connection.execute(
        f"""
        SELECT {_COLUMNS} FROM entries AS e JOIN contents AS c ON c.entry_id = e.id
        WHERE {where} AND e.feed_id IS NOT NULL
        """,
        values,
    )
    return [_Telling(*row) for row in rows]


def _alike(connection: sqlite3.Connection, new: _Telling) -> list[_Telling]:
    """Return the entries that share the address, the title or part of the text's signature."""
    values = {
        "id": new.id,
        "canonical_url": new.canonical_url if names_a_page(new.canonical_url or "") else None,
        "title_key": new.title_key,
        "minhash_a": new.minhash_a,
        "minhash_b": new.minhash_b,
    }
    return _select(connection, f"e.id IN ({_ALIKE_IN_ONE})", values)


class _Comparison:
    """One new entry beside those that are like it in something; texts are read when they count."""

    def __init__(
        self, connection: sqlite3.Connection, new: _Telling, others: Sequence[_Telling]
    ) -> None:
        self._connection = connection
        self._new = new
        self._others = others
        self._text = self._read(new) if others else ""

    def matches(self) -> list[tuple[_Match, _Telling]]:
        """Return the entries that tell the same, and how sure that is."""
        shared = self._is_address_shared()
        found = ((self._compared(other, shared=shared), other) for other in self._others)
        return [(match, other) for match, other in found if match]

    def _is_address_shared(self) -> bool:
        """Say whether a feed has several posts at the entry's address, as a list of changes."""
        titles: defaultdict[int, set[int | None]] = defaultdict(set)
        for each in (self._new, *self._others):
            if self._new.has_address_of(each):
                titles[each.feed_id].add(each.title_key)
        return any(len(found) > 1 for found in titles.values())

    def _compared(self, other: _Telling, *, shared: bool) -> _Match:
        new = self._new
        if new.feed_id == other.feed_id:
            return _Match.ONE_POST if self._is_one_post(other) else _Match.NONE
        if new.has_address_of(other) and new.has_title_of(other):
            return _Match.ADDRESS if self._may_be_one(other) else _Match.NONE
        if new.has_address_of(other) and not shared and new.is_at_anchor_of(other):
            apart = are_numbered_apart(new.title, other.title)
            return _Match.NONE if apart or not self._may_be_one(other) else _Match.ADDRESS
        return self._copied(other)

    def _may_be_one(self, other: _Telling) -> bool:
        """Refuse two long texts without anything in common: opinions of two on one page."""
        if min(self._new.words, other.words) < OPINION_WORDS:
            return True
        return not are_clearly_different(self._text, self._read(other))

    def _is_one_post(self, other: _Telling) -> bool:
        """Compare with an entry of the same feed, which may repeat titles and addresses."""
        new = self._new
        address = new.has_address_of(other) and new.is_at_anchor_of(other)
        if address and share_held(self._text, self._read(other)) >= HELD_LATER:
            return True
        derived = new.title_derived or other.title_derived
        if not new.has_title_of(other) or (derived and not address):
            return False
        return new.is_near(other, SAME_TITLE_WITHIN) and self._is_title_told_once(other)

    def _is_title_told_once(self, other: _Telling) -> bool:
        """Compare entries under one title in one week, which may be a photo of every day."""
        new, empty = self._new, [self._new.words, other.words]
        without_text = sum(words <= EMPTY_WORDS for words in empty)
        if without_text:
            return without_text == 1 or new.is_near(other, EMPTY_WITHIN)
        text = self._read(other)
        # Entries without dates stand together in time, however far apart they were written.
        if not (new.dated and other.dated):
            return likeness_of(self._text, text) >= ALIKE
        return may_be_one(self._text, text)

    def _copied(self, other: _Telling) -> _Match:
        """Compare with an entry of another feed: whether one has the text of the other."""
        new, near = self._new, self._new.is_near(other, ALIKE_WITHIN)
        derived = new.title_derived or other.title_derived
        if new.has_title_of(other) and not derived:
            held = share_held(self._text, self._read(other)) >= (HELD if near else HELD_LATER)
            return _Match.TITLE if held else _Match.NONE
        if not new.may_have_text_of(other) or are_numbered_apart(new.title, other.title):
            return _Match.NONE
        text = self._read(other)
        alike = likeness_of(self._text, text)
        if alike < (ALIKE if near else EQUAL):
            return _Match.NONE
        if alike == 1:
            return _Match.TEXT
        # One form filled in for two occasions names each in its title and nowhere in the other.
        apart = names_another(new.title, other.title, text) and names_another(
            other.title, new.title, self._text
        )
        return _Match.NONE if apart else _Match.TEXT

    def _read(self, entry: _Telling) -> str:
        (text,) = self._connection.execute(
            "SELECT substr(text, 1, ?) FROM contents WHERE entry_id = ?",
            (COMPARED_CHARS, entry.id),
        ).fetchone()
        return str(text)


def _twins(connection: sqlite3.Connection, new: _Telling) -> set[int]:
    """Find the text without a title to a title without text, or the other way round."""
    if bool(new.title_derived) == (new.words <= EMPTY_WORDS):
        return set()
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
            "from": new.ordered_at - TWIN_WITHIN.total_seconds(),
            "to": new.ordered_at + TWIN_WITHIN.total_seconds(),
            "id": new.id,
            "derived": new.title_derived,
            "empty": EMPTY_WORDS,
        },
    )
    twins = [other for other in others if _is_twin(connection, new, other)]
    nearest = sorted(twins, key=lambda other: abs(other.ordered_at - new.ordered_at))
    free = (each for each in nearest if not _is_told_with_others(connection, each.story_id))
    # One text has one title, and one title one text.
    return {twin.story_id for twin in islice(free, 1)}


def _is_twin(connection: sqlite3.Connection, new: _Telling, other: _Telling) -> bool:
    titled, untitled = (other, new) if new.title_derived else (new, other)
    # The derived title is the beginning of the text, but cut.
    (text,) = connection.execute(
        "SELECT substr(text, 1, 1000) FROM contents WHERE entry_id = ?", (untitled.id,)
    ).fetchone()
    return opens(titled.title, str(text))
