"""What feeds talk about: posts of a period with the pages that they link to.

Aliases are those of `planet_mcp.store.sql`.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from planet_mcp.store.db import Connection, Engine, Row, to_optional_time, to_seconds, to_time
from planet_mcp.store.sql import (
    ON_A_DAY,
    PUBLISHED,
    SHOWN_TITLE,
    first_of,
    ids_of,
    of_feeds,
    representative_of,
)
from planet_mcp.urls import host_of, link_key

# In how many of a feed's newest posts its habits are looked for: what it links to in most of them.
HABIT_POSTS = 20
# Up to how many former links to one page are counted: a page with more is no topic of the period.
MOST_COUNTED_LINKS = 1_000


@dataclass(frozen=True, slots=True)
class TalkedPost:
    """A story as one entry has it, with the keys of its own address and of what it links to."""

    id: int
    feed_id: int
    feed: str
    host: str
    title: str
    untitled: bool
    url: str | None
    published: datetime | None
    first_seen_at: datetime
    excerpt: str
    key: int | None
    links: frozenset[int]


class Mentions:
    """What the feeds of one database talk about."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    # SELECT e.id, e.feed_id, f.name AS feed, …, c.excerpt
    # FROM (
    #     SELECT s.* FROM entries AS s WHERE s.story_id = s.id AND s.feed_id IS NOT NULL AND …
    #     AND s.ordered_at >= 1795000000 AND s.ordered_at < 1795600000
    #     ORDER BY s.ordered_at DESC, s.id DESC LIMIT 3000
    # ) AS s
    # JOIN entries AS e ON e.id = s.representative_id
    # JOIN feeds AS f ON f.id = e.feed_id
    # JOIN contents AS c ON c.entry_id = e.id
    def posts(
        self,
        *,
        since: datetime | None,
        until: datetime,
        feeds: Sequence[int] | None = None,
        limit: int,
    ) -> list[TalkedPost]:
        """Return the newest stories of a period, of all feeds or of some."""
        chosen = of_feeds(feeds) if feeds else None
        first = f"{first_of(chosen)} AND NOT (s.archived AND s.undated)" if chosen else ON_A_DAY
        begin = to_seconds(since) if since else _BEFORE_ALL
        values = {"since": begin, "until": to_seconds(until), "limit": limit}
        with self._database.reading() as connection:
            rows = connection.execute(
                f"""
                SELECT e.id, e.feed_id, f.name AS feed, f.url AS feed_url, f.site_url,
                       {SHOWN_TITLE} AS title,
                       e.title_derived AND s.story_title IS NULL AS untitled,
                       e.url, {PUBLISHED} AS published, e.first_seen_at, c.excerpt
                FROM (
                    SELECT s.* FROM entries AS s
                    WHERE {first} AND s.ordered_at >= :since AND s.ordered_at < :until
                    ORDER BY s.ordered_at DESC, s.id DESC LIMIT :limit
                ) AS s
                JOIN entries AS e ON e.id = {representative_of(chosen) if chosen else _SHOWN}
                JOIN feeds AS f ON f.id = e.feed_id
                JOIN contents AS c ON c.entry_id = e.id
                """,
                values,
            ).fetchall()
            links = _links(connection, [row["id"] for row in rows])
        return [_post(row, links[row["id"]]) for row in rows]

    def habits(self, feeds: Collection[int]) -> dict[int, Counter[int]]:
        """Count in how many of its newest posts each feed links to a page; key 0 counts the posts.

        SELECT id FROM entries WHERE feed_id = 7 ORDER BY ordered_at DESC, id DESC LIMIT 20
        """
        found: dict[int, Counter[int]] = {}
        with self._database.reading() as connection:
            for feed_id in feeds:
                rows = connection.execute(
                    "SELECT id FROM entries WHERE feed_id = ? "
                    "ORDER BY ordered_at DESC, id DESC LIMIT ?",
                    (feed_id, HABIT_POSTS),
                ).fetchall()
                links = _links(connection, [row[0] for row in rows])
                found[feed_id] = Counter(key for keys in links.values() for key in keys)
                found[feed_id][0] = len(rows)
        return found

    def linked_before(self, keys: Collection[int], *, before: datetime) -> dict[int, int]:
        """Return how many feeds linked to each page before a moment, as far as that counts.

        SELECT count(DISTINCT feed_id) FROM (
            SELECT e.feed_id FROM links AS l JOIN entries AS e ON e.id = l.entry_id
            WHERE l.key = 17 AND e.ordered_at < 1795000000 LIMIT 1000
        )
        """
        with self._database.reading() as connection:
            return {
                key: connection.execute(
                    """
                    SELECT count(DISTINCT feed_id) FROM (
                        SELECT e.feed_id FROM links AS l JOIN entries AS e ON e.id = l.entry_id
                        WHERE l.key = ? AND e.ordered_at < ? LIMIT ?
                    )
                    """,
                    (key, to_seconds(before), MOST_COUNTED_LINKS),
                ).fetchone()[0]
                for key in keys
            }


_SHOWN = "s.representative_id"
_BEFORE_ALL = -(1 << 50)


def _links(connection: Connection, ids: Sequence[int]) -> defaultdict[int, frozenset[int]]:
    rows = connection.execute(
        f"SELECT entry_id, key FROM links WHERE entry_id IN {ids_of('?')}",
        (json.dumps(ids),),
    )
    found: defaultdict[int, set[int]] = defaultdict(set)
    for entry_id, key in rows:
        found[entry_id].add(key)
    return defaultdict(frozenset, {each: frozenset(keys) for each, keys in found.items()})


def _post(row: Row, links: frozenset[int]) -> TalkedPost:
    return TalkedPost(
        id=row["id"],
        feed_id=row["feed_id"],
        feed=row["feed"],
        host=host_of(row["site_url"] or "") or host_of(row["feed_url"]),
        title=row["title"],
        untitled=bool(row["untitled"]),
        url=row["url"],
        published=to_optional_time(row["published"]),
        first_seen_at=to_time(row["first_seen_at"]),
        excerpt=row["excerpt"],
        key=link_key(row["url"]) if row["url"] else None,
        links=links,
    )
