"""All entries in short, with checksums that change when a page which shows them has to."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from planet_mcp.store.db import Engine, to_time
from planet_mcp.store.sql import HAS_DAY

_CHECKSUM_CHARS = 16


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
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

    def entries(self) -> list[CatalogueEntry]:
        """Return all entries of feeds, in the order of the river."""
        with self._database.reading() as connection:
            feeds = {
                row[0]: tuple(row)
                for row in connection.execute("SELECT id, name, url, site_url, language FROM feeds")
            }
            rows = connection.execute(
                f"""
                SELECT e.id, e.feed_id, e.story_id, s.ordered_at, s.representative_id,
                       s.story_title, e.fingerprint, e.revised_at, a.fetched_at,
                       e.published, {HAS_DAY} AS has_day, e.ordered_at AS own_time
                FROM entries AS e
                JOIN entries AS s ON s.id = e.story_id
                LEFT JOIN articles AS a ON a.entry_id = e.id
                WHERE e.feed_id IS NOT NULL
                ORDER BY s.ordered_at DESC, s.id DESC, e.id
                """
            ).fetchall()
        feeds_of: defaultdict[int, list[int]] = defaultdict(list)
        for row in rows:
            feeds_of[row["story_id"]].append(row["feed_id"])
        return [
            CatalogueEntry(
                id=row["id"],
                feed_id=row["feed_id"],
                story_id=row["story_id"],
                day=to_time(row["ordered_at"]).date() if row["has_day"] else None,
                is_representative=row["representative_id"] == row["id"],
                own_key=(row["own_time"], row["id"]),
                checksum=checksum_of(
                    map(str, [*row, *(feeds[feed] for feed in feeds_of[row["story_id"]])])
                ),
            )
            for row in rows
        ]


def checksum_of(values: Iterable[str]) -> str:
    """Return a short checksum of texts."""
    joined = "\0".join(values).encode("utf-8", "replace")
    return hashlib.sha256(joined).hexdigest()[:_CHECKSUM_CHARS]
