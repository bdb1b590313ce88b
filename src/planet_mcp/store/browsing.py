"""What pages for people show: days of the river, and posts with their texts.

Aliases are those of `planet_mcp.store.sql`.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from planet_mcp.models import Enclosure
from planet_mcp.store.db import (
    Connection,
    Engine,
    Row,
    split_names,
    to_optional_time,
    to_seconds,
    to_time,
)
from planet_mcp.store.sql import (
    FIRST_NEWS,
    HAS_DAY,
    ON_A_DAY,
    PUBLISHED,
    SHOWN_TITLE,
    first_of,
    ids_of,
    of_feeds,
    representative_of,
)
from planet_mcp.store.stories import Duplicate, duplicates_elsewhere

# Within these, no day is the last one that a calendar has.
_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(9998, 12, 31)
_STORIES_AT_A_TIME = 100


@dataclass(frozen=True, slots=True)
class PostFeed:
    """The feed of a post."""

    id: int
    title: str
    url: str
    site_url: str | None
    language: str | None


@dataclass(frozen=True, slots=True)
class Post:
    """A story as one entry has it.

    `key` is the entry's own id as its feed spells it; `ordered_at` is the time by which the river
    orders the story, if the story `has_day` there; `published` is when this entry was, as far as a
    feed gave a credible date. `markdown` is its text up to the length asked for, `cut` is whether
    there is more of it. `untitled` means that `title` was made of the text.
    """

    id: int
    feed: PostFeed
    key: str
    title: str
    untitled: bool
    url: str | None
    authors: tuple[str, ...]
    tags: tuple[str, ...]
    ordered_at: datetime
    has_day: bool
    published: datetime | None
    first_seen_at: datetime
    revised_at: datetime | None
    excerpt: str
    markdown: str
    cut: bool
    words: int
    teaser: bool
    also_in: tuple[Duplicate, ...]
    enclosures: tuple[Enclosure, ...]

    @property
    def changed_at(self) -> datetime:
        """Return when it was stored as it is now."""
        return self.revised_at or self.first_seen_at


@dataclass(frozen=True, slots=True)
class Headline:
    """A story for lists of nothing but titles and days."""

    entry_id: int
    feed_id: int
    feed: str
    title: str
    ordered_at: datetime


@dataclass(frozen=True, slots=True)
class DayStory:
    """A story of a day, by its first entry, and the feed that shows it."""

    story_id: int
    feed_id: int
    day: date


class Browsing:
    """The stories of one database as pages show them."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def newest_of_feeds(
        self, *, most_of_feed: int, most: int | None = None, day: date | None = None
    ) -> list[DayStory]:
        """Return the newest stories, or those of a day (UTC), newest first.

        There are at most `most_of_feed` of each feed and day, and `most` in all.
        """
        found: list[DayStory] = []
        counts: Counter[tuple[date, int]] = Counter()
        with self._database.reading() as connection:
            for each in _newest_first(connection, day):
                counts[each.day, each.feed_id] += 1
                if counts[each.day, each.feed_id] <= most_of_feed:
                    found.append(each)
                if len(found) == most:
                    break
        return found

    def counts_by_day(self, first: date, last: date) -> dict[tuple[date, int], int]:
        """Return how many stories each feed shows on each of these days (UTC) in the river."""
        values = {"begin": _bounds(first)["begin"], "end": _bounds(last)["end"]}
        with self._database.reading() as connection:
            rows = connection.execute(
                f"""
                SELECT s.ordered_at - s.ordered_at % 86400 AS day, {_SHOWN_FEED} AS shown_feed,
                       count(*)
                FROM entries AS s WHERE {ON_A_DAY} AND {_ON_DAY} GROUP BY day, shown_feed
                """,
                values,
            ).fetchall()
        return {(to_time(day).date(), feed_id): count for day, feed_id, count in rows}

    def headlines(self, ids: Sequence[int]) -> list[Headline]:
        """Return the stories that begin with these entries, newest first, without texts."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"""
                SELECT e.id, e.feed_id, f.name AS feed, {SHOWN_TITLE} AS title, s.ordered_at
                FROM ({_STORIES}) AS s
                JOIN entries AS e ON e.id = s.representative_id
                JOIN feeds AS f ON f.id = e.feed_id
                JOIN contents AS c ON c.entry_id = e.id
                ORDER BY s.ordered_at DESC, s.id DESC
                """,
                {"ids": json.dumps(ids)},
            ).fetchall()
        return [_headline(row) for row in rows]

    # The queries of posts have this form, each with another choice of `s`:
    #
    # SELECT e.id, e.feed_id, f.name AS feed, …, substr(c.markdown, 1, 4000) AS markdown, e.words
    # FROM (
    #     SELECT s.* FROM entries AS s
    #     WHERE s.id IN (SELECT CAST(value AS BIGINT) FROM json_each('[1,2]'))
    # ) AS s
    # JOIN entries AS e ON e.id = s.representative_id
    # JOIN feeds AS f ON f.id = e.feed_id
    # JOIN contents AS c ON c.entry_id = e.id
    # ORDER BY s.ordered_at DESC, s.id DESC
    def stories(self, ids: Sequence[int], *, chars: int) -> list[Post]:
        """Return the stories that begin with these entries, newest first."""
        with self._database.reading() as connection:
            return _posts(connection, _STORIES, {"ids": json.dumps(ids)}, chars=chars)

    def of_feed_on_day(
        self, feed_id: int, day: date, *, limit: int, offset: int, chars: int
    ) -> list[Post]:
        """Return the stories that a feed shows on a day (UTC) of the river, newest first."""
        with self._database.reading() as connection:
            return _posts(
                connection,
                f"SELECT s.* FROM entries AS s WHERE {ON_A_DAY} AND {_ON_DAY} "
                f"AND {_SHOWN_FEED} = :feed_id "
                f"ORDER BY s.ordered_at DESC, s.id DESC LIMIT {int(limit)} OFFSET {int(offset)}",
                {**_bounds(day), "feed_id": feed_id},
                chars=chars,
            )

    def newest(self, *, limit: int, chars: int) -> list[Post]:
        """Return the newest stories with texts of so many characters."""
        with self._database.reading() as connection:
            return _posts(
                connection,
                f"SELECT s.* FROM entries AS s WHERE {ON_A_DAY} "
                f"ORDER BY s.ordered_at DESC, s.id DESC LIMIT {int(limit)}",
                {},
                chars=chars,
            )

    def of_feed(self, feed_id: int, *, limit: int, offset: int, chars: int) -> list[Post]:
        """Return the stories of a feed, as that has them, newest first."""
        chosen = of_feeds([feed_id])
        with self._database.reading() as connection:
            return _posts(
                connection,
                f"SELECT s.* FROM entries AS s WHERE {first_of(chosen)} "
                f"ORDER BY s.ordered_at DESC, s.id DESC LIMIT {int(limit)} OFFSET {int(offset)}",
                {},
                chars=chars,
                shown=representative_of(chosen),
            )

    # SELECT s.story_id FROM entries AS s
    # WHERE s.id > 17000 AND NOT s.archived AND s.feed_id IS NOT NULL AND (s.story_id = s.id OR …)
    # ORDER BY s.id DESC LIMIT 301
    def arrived(self, *, after: int, limit: int) -> list[int]:
        """Return the stories that were news after an entry, by their ids, newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT s.story_id FROM entries AS s WHERE s.id > ? AND {FIRST_NEWS} "
                f"ORDER BY s.id DESC LIMIT {int(limit)}",
                (after,),
            ).fetchall()
        return [row[0] for row in rows]

    def last_before(self, moment: datetime) -> int:
        """Return the id of the last entry that was stored before a moment; ids ascend in time."""
        low = 0
        with self._database.reading() as connection:
            (high,) = connection.execute("SELECT coalesce(max(id), 0) FROM entries").fetchone()
            while low < high:
                middle = (low + high + 1) // 2
                row = connection.execute(
                    "SELECT id, first_seen_at FROM entries WHERE id <= ? ORDER BY id DESC LIMIT 1",
                    (middle,),
                ).fetchone()
                is_before = row is None or row[1] < to_seconds(moment)
                low, high = (middle, high) if is_before else (low, row[0] - 1)
        return low

    def count_of_feed(self, feed_id: int) -> int:
        """Return how many stories a feed has."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT count(DISTINCT story_id) FROM entries WHERE feed_id = ?", (feed_id,)
            ).fetchone()
        return int(row[0])

    def by_id(self, ids: Sequence[int], *, chars: int) -> list[Post]:
        """Return these entries, each as itself, in this order; without those that are not here."""
        with self._database.reading() as connection:
            found = _posts(
                connection,
                "SELECT s.*, e.id AS own FROM entries AS e JOIN entries AS s ON s.id = e.story_id "
                f"WHERE e.id IN {ids_of(':ids')} "
                "AND e.feed_id IS NOT NULL",
                {"ids": json.dumps(ids)},
                chars=chars,
                shown="s.own",
            )
        by_id = {post.id: post for post in found}
        return [by_id[entry_id] for entry_id in ids if entry_id in by_id]

    # SELECT e.id, e.feed_id, f.name AS feed, c.title, e.ordered_at
    # FROM entries AS e JOIN feeds AS f ON f.id = e.feed_id JOIN contents AS c ON c.entry_id = e.id
    # WHERE e.feed_id = 7 AND (e.ordered_at, e.id) < (1795000000, 17)
    # ORDER BY e.ordered_at DESC, e.id DESC LIMIT 1
    def beside(self, entry_id: int) -> tuple[Headline | None, Headline | None]:
        """Return the entries of the same feed before and after an entry, by its feed's times."""
        with self._database.reading() as connection:
            # Read first: PostgreSQL finds no place in an index by values that another row has.
            own = connection.execute(
                "SELECT feed_id, ordered_at FROM entries WHERE id = ?", (entry_id,)
            ).fetchone()
            feed_id, time = own or (None, None)
            earlier, later = (
                connection.execute(
                    f"""
                    SELECT e.id, e.feed_id, f.name AS feed, {SHOWN_TITLE} AS title, e.ordered_at
                    FROM entries AS e
                    JOIN feeds AS f ON f.id = e.feed_id
                    JOIN contents AS c ON c.entry_id = e.id
                    WHERE e.feed_id = :feed_id AND (e.ordered_at, e.id) {beyond} (:time, :id)
                    ORDER BY e.ordered_at {order}, e.id {order} LIMIT 1
                    """,
                    {"feed_id": feed_id, "time": time, "id": entry_id},
                ).fetchone()
                for beyond, order in (("<", "DESC"), (">", "ASC"))
            )
        return earlier and _headline(earlier), later and _headline(later)

    def neighbours(self, day: date) -> tuple[date | None, date | None]:
        """Return the next earlier and the next later day that has stories."""
        with self._database.reading() as connection:
            earlier, later = (
                connection.execute(
                    f"SELECT s.ordered_at FROM entries AS s WHERE {ON_A_DAY} AND {beyond} LIMIT 1",
                    _bounds(day),
                ).fetchone()
                for beyond in (
                    "s.ordered_at < :begin ORDER BY s.ordered_at DESC",
                    "s.ordered_at >= :end ORDER BY s.ordered_at",
                )
            )
        return _day(earlier), _day(later)

    def last_change(self) -> datetime | None:
        """Return when an entry of a feed was stored last, as new."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT first_seen_at FROM entries WHERE feed_id IS NOT NULL "
                "ORDER BY id DESC LIMIT 1"
            ).fetchone()
        return to_time(row[0]) if row else None


_ON_DAY = "s.ordered_at >= :begin AND s.ordered_at < :end"
_SHOWN_FEED = "(SELECT e.feed_id FROM entries AS e WHERE e.id = s.representative_id)"
_STORIES = f"""SELECT s.* FROM entries AS s
    WHERE s.id IN {ids_of(":ids")}"""


# SELECT s.id, s.ordered_at,
#        (SELECT e.feed_id FROM entries AS e WHERE e.id = s.representative_id) AS shown_feed
# FROM entries AS s WHERE s.story_id = s.id AND s.feed_id IS NOT NULL
# AND NOT (s.archived AND s.undated) AND s.ordered_at >= 1795000000 AND s.ordered_at < 1795086400
# AND (s.ordered_at, s.id) < (1795040000, 17) ORDER BY s.ordered_at DESC, s.id DESC LIMIT 100
def _newest_first(connection: Connection, day: date | None) -> Iterator[DayStory]:
    """Read the stories of the river or of a day some at a time: a caller may not need them all."""
    where, values = (_ON_DAY, _bounds(day)) if day else ("TRUE", {})
    left = "TRUE"
    while True:
        rows = connection.tuples(
            f"SELECT s.id, s.ordered_at, {_SHOWN_FEED} FROM entries AS s "
            f"WHERE {ON_A_DAY} AND {where} AND {left} "
            f"ORDER BY s.ordered_at DESC, s.id DESC LIMIT {_STORIES_AT_A_TIME}",
            values,
        )
        for story_id, ordered_at, feed_id in rows:
            yield DayStory(story_id, feed_id, to_time(ordered_at).date())
        if len(rows) < _STORIES_AT_A_TIME:
            return
        left = "(s.ordered_at, s.id) < (:time, :last)"
        values = {**values, "time": rows[-1][1], "last": rows[-1][0]}


def _bounds(day: date) -> dict[str, object]:
    begin = datetime.combine(min(max(day, _FIRST_DAY), _LAST_DAY), time(0), UTC)
    return {"begin": to_seconds(begin), "end": to_seconds(begin + timedelta(days=1))}


def _headline(row: Row) -> Headline:
    entry_id, feed_id, feed, title, ordered_at = row
    return Headline(entry_id, feed_id, feed, title, to_time(ordered_at))


def _day(row: Row | None) -> date | None:
    return to_time(row[0]).date() if row else None


def _posts(
    connection: Connection,
    stories: str,
    values: dict[str, object],
    *,
    chars: int,
    shown: str = "s.representative_id",
) -> list[Post]:
    """Read the posts of stories `s`, in their order; `shown` is the id of the entry for each."""
    rows = connection.execute(
        f"""
        SELECT e.id, e.feed_id, f.name AS feed, f.url AS feed_url,
               f.site_url, f.language, e.key, {SHOWN_TITLE} AS title,
               e.title_derived AND s.story_title IS NULL AS untitled,
               e.url, c.authors, c.tags, s.ordered_at, {HAS_DAY} AS has_day,
               {PUBLISHED} AS published,
               e.first_seen_at, e.revised_at,
               c.excerpt, substr(c.markdown, 1, :chars) AS markdown,
               length(c.markdown) > :chars AS cut, e.words, e.teaser
        FROM ({stories}) AS s
        JOIN entries AS e ON e.id = {shown}
        JOIN feeds AS f ON f.id = e.feed_id
        JOIN contents AS c ON c.entry_id = e.id
        ORDER BY s.ordered_at DESC, s.id DESC
        """,
        {**values, "chars": chars},
    ).fetchall()
    ids = [row["id"] for row in rows]
    also_in, enclosures = duplicates_elsewhere(connection, ids), _enclosures(connection, ids)
    return [_post(row, also_in.get(row["id"], ()), enclosures.get(row["id"], ())) for row in rows]


def _enclosures(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[Enclosure, ...]]:
    rows = connection.execute(
        f"""
        SELECT entry_id, url, type, length, seconds FROM enclosures
        WHERE entry_id IN {ids_of("?")}
        ORDER BY entry_id, position
        """,
        (json.dumps(ids),),
    ).fetchall()
    found: dict[int, tuple[Enclosure, ...]] = {}
    for entry_id, *values in rows:
        found[entry_id] = (*found.get(entry_id, ()), Enclosure(*values))
    return found


def _post(row: Row, also_in: tuple[Duplicate, ...], enclosures: tuple[Enclosure, ...]) -> Post:
    return Post(
        id=row["id"],
        feed=PostFeed(
            row["feed_id"], row["feed"], row["feed_url"], row["site_url"], row["language"]
        ),
        key=row["key"],
        title=row["title"],
        untitled=bool(row["untitled"]),
        url=row["url"],
        authors=split_names(row["authors"]),
        tags=split_names(row["tags"]),
        ordered_at=to_time(row["ordered_at"]),
        has_day=bool(row["has_day"]),
        published=to_optional_time(row["published"]),
        first_seen_at=to_time(row["first_seen_at"]),
        revised_at=to_optional_time(row["revised_at"]),
        excerpt=row["excerpt"],
        markdown=row["markdown"],
        cut=bool(row["cut"]),
        words=row["words"],
        teaser=bool(row["teaser"]),
        also_in=also_in,
        enclosures=enclosures,
    )
