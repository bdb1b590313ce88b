"""All entries in short, with checksums that change when a page which shows them has to."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from planet_mcp.store.db import Engine, to_time
from planet_mcp.store.sql import HAS_DAY

_CHECKSUM_CHARS = 16
_SECONDS_OF_DAY = 86_400


class CatalogueEntry(NamedTuple):
    """One entry with its feed, its story and the story's day in the river, if it has one.

    `own_key` orders the entries of a feed by its own times. `checksum` is another one as soon as
    anything that a page shows of the entry is.
    """

    id: int
    feed_id: int
    story_id: int
    day: date | None
    is_representative: bool
    own_key: tuple[int, int]
    checksum: str


class Catalogue:
    """The entries of one database in short."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    # SELECT e.id, e.feed_id, e.story_id, s.ordered_at, s.representative_id,
    #        NOT (s.archived AND s.undated), e.ordered_at, s.story_title, …, a.fetched_at
    # FROM entries AS e JOIN entries AS s ON s.id = e.story_id
    # LEFT JOIN articles AS a ON a.entry_id = e.id
    # WHERE e.feed_id IS NOT NULL ORDER BY s.ordered_at DESC, s.id DESC, e.id
    def entries(self) -> list[CatalogueEntry]:
        """Return all entries of feeds, in the order of the river."""
        with self._database.reading() as connection:
            feeds = connection.tuples("SELECT id, name, url, site_url, language FROM feeds", ())
            rows = connection.tuples(
                f"""
                SELECT e.id, e.feed_id, e.story_id, s.ordered_at, s.representative_id,
                       {HAS_DAY}, e.ordered_at, s.story_title, e.fingerprint, e.revised_at,
                       e.published, a.fetched_at
                FROM entries AS e
                JOIN entries AS s ON s.id = e.story_id
                LEFT JOIN articles AS a ON a.entry_id = e.id
                WHERE e.feed_id IS NOT NULL
                ORDER BY s.ordered_at DESC, s.id DESC, e.id
                """,
                (),
            )
        shown = {feed[0]: repr(feed) for feed in feeds}
        others = _feeds_of_stories(rows)
        return [_entry(row, [shown[each] for each in others.get(row[2], row[1:2])]) for row in rows]


def _entry(row: tuple[Any, ...], feeds: Iterable[str]) -> CatalogueEntry:
    """Return an entry; its checksum is also of what is shown of the feeds that have its story."""
    entry_id, feed_id, story_id, ordered_at, represents, has_day, own_time, *_ = row
    return CatalogueEntry(
        entry_id,
        feed_id,
        story_id,
        _day(ordered_at // _SECONDS_OF_DAY) if has_day else None,
        represents == entry_id,
        (own_time, entry_id),
        checksum_of([repr(row), *feeds]),
    )


def _feeds_of_stories(rows: Sequence[Sequence[Any]]) -> dict[int, list[int]]:
    """Return the feeds of all entries of those few stories that have several."""
    several = {story_id for entry_id, _, story_id, *_ in rows if entry_id != story_id}
    found: defaultdict[int, list[int]] = defaultdict(list)
    for _, feed_id, story_id, *_ in rows:
        if story_id in several:
            found[story_id].append(feed_id)
    return found


@lru_cache(maxsize=20_000)
def _day(number: int) -> date:
    return to_time(number * _SECONDS_OF_DAY).date()


def checksum_of(values: Iterable[str]) -> str:
    """Return a short checksum of texts."""
    joined = "\0".join(values).encode("utf-8", "replace")
    return hashlib.sha256(joined).hexdigest()[:_CHECKSUM_CHARS]
