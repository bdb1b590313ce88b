"""Which entries tell one story, and which of them tells it: clusters in the store.

Entries are clustered, never deleted. A story is known by its first entry's id, for ever; the
fullest entry leads it. So a story that is told again, or better, is not new.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from planet_mcp.likeness import (
    are_clearly_different,
    are_numbered_apart,
    likeness,
    opens,
    share_held,
)
from planet_mcp.urls import names_a_page

# A weekly issue may come half a day early.
SAME_TITLE_WITHIN = timedelta(days=6, hours=12)
TWIN_WITHIN = timedelta(days=2)
ALIKE_WITHIN = timedelta(days=60)
# What is the same word for word is the same story however far apart.
ALIKE, EQUAL = 0.85, 0.97
# Under one title the other may be cut, or have an introduction of its own.
HELD, HELD_LATER = 0.7, 0.9
EMPTY_WORDS = 5
MOST_COMPARED = 50
# Slightly longer than the first telling is a footer more, not a fuller story.
NEARLY_AS_FULL = 0.9

_COLUMNS = """
    e.id, e.story_id, e.feed_id, e.ordered_at, e.published = e.ordered_at, e.canonical_url,
    e.words, e.title_derived,
    e.title_key, e.minhash_a, e.minhash_b, c.title, substr(c.text, 1, 40000) AS text
"""
_MEMBERS = "(e.id = :story OR (e.story_id = :story AND e.story_id <> e.id))"


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
    title: str
    text: str

    def is_near(self, other: "_Telling", period: timedelta) -> bool:
        return abs(self.ordered_at - other.ordered_at) < period.total_seconds()

    def has_title_of(self, other: "_Telling") -> bool:
        return self.title_key is not None and self.title_key == other.title_key


def join_story(connection: sqlite3.Connection, entry_id: int) -> None:
    """Put a new entry into the story that others tell already, if they do."""
    new = _telling(connection, entry_id)
    stories = {
        other.story_id
        for find in (_same_link, _same_title, _empty_twin, _same_post, _same_text)
        for other in find(connection, new)
    }
    if not stories:
        return
    first = min(stories)
    for story in {*stories, entry_id} - {first}:
        connection.execute(
            "UPDATE entries SET story_id = :first WHERE id = :story OR story_id = :story",
            {"first": first, "story": story},
        )
    settle(connection, first)


def settle(connection: sqlite3.Connection, story_id: int) -> None:
    """Let the fullest entry lead a story, with a real title and date if any entry has one.

    The time at which a story stands does not change, unless its first entry came without a date.
    """
    rows = connection.execute(
        f"""
        SELECT e.id, e.words, e.title_derived, e.published, e.ordered_at, e.first_seen_at, c.title
        FROM entries AS e JOIN contents AS c ON c.entry_id = e.id
        WHERE {_MEMBERS} ORDER BY e.id
        """,
        {"story": story_id},
    ).fetchall()
    fullest = max(row["words"] for row in rows)
    leader = next(row for row in rows if row["words"] >= fullest * NEARLY_AS_FULL)
    titles = [row["title"] for row in rows if not row["title_derived"]]
    dates = [row["ordered_at"] for row in rows if row["published"] == row["ordered_at"]]
    first = rows[0]
    dated = first["published"] == first["ordered_at"] or not dates
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
        f"UPDATE entries SET story_id = ? WHERE story_id = ? AND feed_id NOT IN {gone}",
        [(heir, story, ids) for story, heir in heirs.items()],
    )
    connection.execute(f"DELETE FROM entries WHERE feed_id IN {gone}", {"ids": ids})
    for heir in heirs.values():
        settle(connection, heir)


def _telling(connection: sqlite3.Connection, entry_id: int) -> _Telling:
    (row,) = _select(connection, "e.id = :id", {"id": entry_id})
    return row


def _select(
    connection: sqlite3.Connection, where: str, values: dict[str, object]
) -> list[_Telling]:
    rows = connection.execute(
        f"""
        SELECT {_COLUMNS} FROM entries AS e JOIN contents AS c ON c.entry_id = e.id
        WHERE {where} ORDER BY e.id DESC LIMIT {MOST_COMPARED}
        """,
        values,
    )
    return [_Telling(*row) for row in rows]


def _same_link(connection: sqlite3.Connection, new: _Telling) -> Iterator[_Telling]:
    """Find entries at the same address, which is theirs alone or has the same title for them."""
    if new.canonical_url is None:
        return
    others = _select(
        connection,
        "e.canonical_url = :url AND e.id <> :id AND e.feed_id IS NOT NULL",
        {"url": new.canonical_url, "id": new.id},
    )
    shared = _is_shared_address(new, others)
    for other in others:
        if new.has_title_of(other):
            # A newsletter may keep its address and its title from issue to issue.
            alone = not shared and new.feed_id != other.feed_id
            same = alone or _is_one_post(new, other)
        else:
            same = not shared and not are_numbered_apart(new.title, other.title)
        if same:
            yield other


def _is_shared_address(new: _Telling, others: list[_Telling]) -> bool:
    """Say whether an address stands for a site or a page of several posts, not for one post."""
    if not names_a_page(new.canonical_url or ""):
        return True
    titles: dict[int, set[int | None]] = {}
    for each in (new, *others):
        titles.setdefault(each.feed_id, set()).add(each.title_key)
    return any(len(found) > 1 for found in titles.values())


def _is_one_post(new: _Telling, other: _Telling) -> bool:
    if not new.is_near(other, SAME_TITLE_WITHIN) or are_clearly_different(new.text, other.text):
        return False
    # Entries without dates stand together in time, however far apart they were written.
    texts = new.words > EMPTY_WORDS and other.words > EMPTY_WORDS
    dated = new.dated and other.dated
    return bool(dated) or not texts or likeness(new.text, other.text) >= ALIKE


def _same_title(connection: sqlite3.Connection, new: _Telling) -> Iterator[_Telling]:
    """Find entries of the same feed with the same title, a few days apart."""
    if new.title_derived or new.title_key is None:
        return
    others = _select(
        connection,
        "e.feed_id = :feed AND e.title_key = :title AND e.id <> :id AND NOT e.title_derived",
        {"feed": new.feed_id, "title": new.title_key, "id": new.id},
    )
    yield from (other for other in others if _is_one_post(new, other))


def _empty_twin(connection: sqlite3.Connection, new: _Telling) -> Iterator[_Telling]:
    """Find the text without a title to a title without text, or the other way round."""
    if new.title_derived == (new.words <= EMPTY_WORDS):
        return
    others = _select(
        connection,
        """
        e.feed_id = :feed AND e.ordered_at BETWEEN :from AND :to AND e.id <> :id
        AND e.title_derived <> :derived AND (e.words <= :empty) = :derived
        """,
        {
            "feed": new.feed_id,
            "from": new.ordered_at - TWIN_WITHIN.total_seconds(),
            "to": new.ordered_at + TWIN_WITHIN.total_seconds(),
            "id": new.id,
            "derived": new.title_derived,
            "empty": EMPTY_WORDS,
        },
    )
    for other in others:
        titled, untitled = (other, new) if new.title_derived else (new, other)
        if opens(titled.title, untitled.text):
            yield other


def _same_post(connection: sqlite3.Connection, new: _Telling) -> Iterator[_Telling]:
    """Find entries of other feeds with the same title that hold this text, or are held by it."""
    if new.title_derived or new.title_key is None:
        return
    others = _select(
        connection,
        "e.title_key = :title AND e.feed_id <> :feed AND NOT e.title_derived",
        {"title": new.title_key, "feed": new.feed_id},
    )
    for other in others:
        needed = HELD if new.is_near(other, ALIKE_WITHIN) else HELD_LATER
        if share_held(new.text, other.text) >= needed:
            yield other


def _same_text(connection: sqlite3.Connection, new: _Telling) -> Iterator[_Telling]:
    """Find entries of other feeds with nearly the same text."""
    if new.minhash_a is None:
        return
    others = _select(
        connection,
        "(e.minhash_a = :a OR e.minhash_b = :b) AND e.feed_id <> :feed",
        {"a": new.minhash_a, "b": new.minhash_b, "feed": new.feed_id},
    )
    for other in others:
        if are_numbered_apart(new.title, other.title):
            continue
        needed = ALIKE if new.is_near(other, ALIKE_WITHIN) else EQUAL
        if likeness(new.text, other.text) >= needed:
            yield other
