"""What a search shows of the stories that it found."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from planet_mcp.embedding import parts_of
from planet_mcp.store.db import Connection, Row, split_names, to_optional_time, to_time
from planet_mcp.store.search.near import NearStory
from planet_mcp.store.sql import PUBLISHED, SHOWN_TITLE, ids_of, of_feeds, representative_of
from planet_mcp.store.stories import other_feeds
from planet_mcp.store.vectors import as_encoded
from planet_mcp.text import beginning, snippet

SEARCHED_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class Hit:
    """One story that was found; `id` is the entry that is shown, `first_id` the story's first.

    `ordered_at` is the time by which the story is ordered, `published` when the entry that is
    shown was published, as far as any feed gave a credible date. One that `is_by_meaning` has none
    of the words: its snippet is the part that is nearest in meaning.
    """

    id: int
    first_id: int
    feed_id: int | None
    feed: str | None
    title: str
    url: str | None
    authors: tuple[str, ...]
    ordered_at: datetime
    published: datetime | None
    first_seen_at: datetime
    revised_at: datetime | None
    snippet: str
    words: int
    also_in: tuple[str, ...]
    is_by_meaning: bool = False


# SELECT e.id, s.id AS first_id, e.feed_id, f.name AS feed, …, substr(c.text, 1, 20000) AS text
# FROM entries AS s
# JOIN entries AS e ON e.id = s.representative_id
# JOIN contents AS c ON c.entry_id = e.id
# LEFT JOIN feeds AS f ON f.id = e.feed_id
# WHERE s.id IN (17, 42)
def read_hits(
    connection: Connection,
    stories: Sequence[int],
    *,
    words: Sequence[str],
    feeds: Sequence[int] | None,
    by_meaning: Mapping[int, NearStory] = MappingProxyType({}),
) -> list[Hit]:
    """Return what is shown of these stories, in their order, with snippets around the words.

    Of stories `by_meaning`, the snippet is the part that is nearest.
    """
    shown = representative_of(of_feeds(feeds)) if feeds else "s.representative_id"
    rows = connection.execute(
        f"""
        SELECT e.id, s.id AS first_id, e.feed_id, f.name AS feed,
               {SHOWN_TITLE} AS title, e.url, c.authors, s.ordered_at, {PUBLISHED} AS published,
               e.first_seen_at, e.revised_at, c.excerpt, e.words,
               CASE WHEN :found THEN substr(c.text, 1, :chars) ELSE '' END AS text
        FROM entries AS s
        JOIN entries AS e ON e.id = {shown}
        JOIN contents AS c ON c.entry_id = e.id
        LEFT JOIN feeds AS f ON f.id = e.feed_id
        WHERE s.id IN {ids_of(":stories")}
        """,
        {"found": bool(words), "chars": SEARCHED_CHARS, "stories": json.dumps(stories)},
    ).fetchall()
    by_story = {row["first_id"]: row for row in rows}
    also_in = other_feeds(connection, [row["id"] for row in rows])
    parts = _parts(connection, by_meaning)
    hits = [
        _hit(row, words=words, also_in=also_in.get(row["id"], ()))
        for row in (by_story[story] for story in stories)
    ]
    return [
        replace(hit, snippet=parts.get(hit.first_id) or hit.snippet, is_by_meaning=True)
        if hit.first_id in by_meaning
        else hit
        for hit in hits
    ]


def _parts(connection: Connection, by_meaning: Mapping[int, NearStory]) -> dict[int, str]:
    """Return the beginning of the nearest part of each story."""
    if not by_meaning:
        return {}
    entries = as_encoded(connection, [near.entry for near in by_meaning.values()])
    texts = {each.id: each.text for each in entries}
    parts = {each.id: parts_of(each.title, each.text) for each in entries}
    return {
        story: beginning(texts[near.entry][parts[near.entry][near.part].begin :])
        for story, near in by_meaning.items()
        if near.part < len(parts.get(near.entry, ()))
    }


def _hit(row: Row, *, words: Sequence[str], also_in: tuple[str, ...]) -> Hit:
    return Hit(
        id=row["id"],
        first_id=row["first_id"],
        feed_id=row["feed_id"],
        feed=row["feed"],
        title=row["title"],
        url=row["url"],
        authors=split_names(row["authors"]),
        ordered_at=to_time(row["ordered_at"]),
        published=to_optional_time(row["published"]),
        first_seen_at=to_time(row["first_seen_at"]),
        revised_at=to_optional_time(row["revised_at"]),
        snippet=snippet(row["text"], words) or beginning(row["excerpt"]),
        words=row["words"],
        also_in=also_in,
    )
