"""The pictures that pages show: those kept, and which entries and feeds name one.

Aliases are those of `planet_mcp.store.sql`, and `p` is a picture.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from planet_mcp.models import Picture, PictureKey
from planet_mcp.store.db import Connection, Engine, to_optional_time, to_seconds
from planet_mcp.store.sql import ids_of

# How many bytes a row counts besides its picture, so that the rows of pictures that could not be
# had are bounded, too.
_ROW = 4_096
# A picture of more entries than these is an icon or a banner.
_MOST_TEXTS = 5
# How many of the oldest may go for a new one: so many of the smallest are as large as the largest.
_MADE_ROOM_OF = 500
# Whether an entry or a feed still names a picture.
_NAMED = """(CASE p.kind
    WHEN 'text' THEN EXISTS (SELECT 1 FROM links AS l WHERE l.key = p.number)
    ELSE EXISTS (SELECT 1 FROM feeds AS f WHERE f.id = p.number AND f.image_url = p.url) END)"""


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a picture in pixels."""

    width: int
    height: int


class Pictures:
    """The pictures of one database, at most `space` bytes of them."""

    def __init__(self, database: Engine, *, space: int) -> None:
        self._database = database
        self._space = space

    def body(self, key: PictureKey) -> bytes | None:
        """Return a picture that is kept, if an entry or feed names it still."""
        body = self._kept("p.body", key)
        return None if body is None else bytes(body)

    def retry_at(self, key: PictureKey) -> datetime | None:
        """Return when to ask again for a picture that was asked for, if it is named still."""
        return to_optional_time(self._kept("p.retry_at", key))

    # SELECT p.body FROM pictures AS p WHERE p.kind = 'text' AND p.number = 17
    # AND EXISTS (SELECT 1 FROM links AS l WHERE l.key = p.number)
    def _kept(self, column: str, key: PictureKey) -> Any:
        with self._database.reading() as connection:
            row = connection.execute(
                f"SELECT {column} FROM pictures AS p "
                f"WHERE p.kind = ? AND p.number = ? AND {_NAMED}",
                (key.kind, key.number),
            ).fetchone()
        return row and row[0]

    # SELECT p.number, p.width, p.height FROM pictures AS p
    # WHERE p.kind = 'text' AND p.number IN (17, 18)
    # AND (p.width IS NOT NULL OR p.retry_at > 1796000000)
    def sizes(self, numbers: Collection[int], *, now: datetime) -> dict[int, Size | None]:
        """Return by number the sizes of pictures of texts; None of what is not to be had now."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"""
                SELECT p.number, p.width, p.height FROM pictures AS p
                WHERE p.kind = 'text'
                  AND p.number IN {ids_of("?")}
                  AND (p.width IS NOT NULL OR p.retry_at > ?)
                """,
                (json.dumps([*numbers]), to_seconds(now)),
            ).fetchall()
        return {row[0]: _size(row[1], row[2]) for row in rows}

    # SELECT f.id, p.width IS NOT NULL
    # FROM feeds AS f LEFT JOIN pictures AS p
    #   ON p.kind = 'face' AND p.number = f.id AND p.url = f.image_url
    # WHERE f.image_url IS NOT NULL
    # AND (p.url IS NULL OR p.width IS NOT NULL OR p.retry_at <= 1796000000)
    def faces(self, *, now: datetime) -> dict[int, bool]:
        """Return by the ids of feeds that have a face, or may have, whether it is kept."""
        with self._database.reading() as connection:
            rows = connection.execute(
                """
                SELECT f.id, p.width IS NOT NULL
                FROM feeds AS f LEFT JOIN pictures AS p
                  ON p.kind = 'face' AND p.number = f.id AND p.url = f.image_url
                WHERE f.image_url IS NOT NULL
                  AND (p.url IS NULL OR p.width IS NOT NULL OR p.retry_at <= ?)
                """,
                (to_seconds(now),),
            ).fetchall()
        return {row[0]: bool(row[1]) for row in rows}

    # SELECT c.markdown, a.markdown FROM links AS l
    # JOIN entries AS e ON e.id = l.entry_id
    # JOIN contents AS c ON c.entry_id = e.id
    # LEFT JOIN articles AS a ON a.entry_id = e.id
    # WHERE l.key = 17 AND e.feed_id IS NOT NULL ORDER BY e.id DESC LIMIT 5
    def texts_with(self, address: int) -> list[str]:
        """Return texts of entries of feeds in which an address stands, by its `link_key`."""
        with self._database.reading() as connection:
            rows = connection.execute(
                """
                SELECT c.markdown, a.markdown FROM links AS l
                JOIN entries AS e ON e.id = l.entry_id
                JOIN contents AS c ON c.entry_id = e.id
                LEFT JOIN articles AS a ON a.entry_id = e.id
                WHERE l.key = ? AND e.feed_id IS NOT NULL ORDER BY e.id DESC LIMIT ?
                """,
                (address, _MOST_TEXTS),
            ).fetchall()
        return [text for row in rows for text in row if text]

    def of_feed(self, feed_id: int) -> str | None:
        """Return the address of the image that a feed has for itself."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT image_url FROM feeds WHERE id = ?", (feed_id,)
            ).fetchone()
        return row[0] if row else None

    # SELECT l.entry_id, p.number, p.width FROM pictures AS p
    # JOIN links AS l ON l.key = p.number WHERE p.kind = 'text' ORDER BY l.entry_id, p.number
    def of_entries(self) -> Mapping[int, str]:
        """Return for each entry that has pictures, as words, which of them are known."""
        found: dict[int, str] = {}
        with self._database.reading() as connection:
            for entry_id, number, width in connection.execute(
                """
                SELECT l.entry_id, p.number, p.width FROM pictures AS p
                JOIN links AS l ON l.key = p.number
                WHERE p.kind = 'text' ORDER BY l.entry_id, p.number
                """
            ):
                found[entry_id] = f"{found.get(entry_id, '')} {number}:{width}"
        return found

    def there(self) -> list[tuple[PictureKey, int]]:
        """Return the pictures that are kept and named, each with when it was kept."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT p.kind, p.number, p.kept_at FROM pictures AS p "
                f"WHERE p.width IS NOT NULL AND {_NAMED} ORDER BY p.kind, p.number"
            ).fetchall()
        return [(PictureKey(row[0], row[1]), row[2]) for row in rows]

    def keep(
        self, key: PictureKey, url: str, picture: Picture | None, *, now: datetime, until: datetime
    ) -> None:
        """Keep a picture until it is to be asked for again, or that there was none.

        Those kept longest ago go where they take more than their space.
        """
        body = picture.body if picture else None
        size = (picture.width, picture.height) if picture else (None, None)
        times = (to_seconds(now), to_seconds(until))
        with self._database.writing() as connection:
            connection.execute(
                """
                INSERT INTO pictures (kind, number, url, width, height, body, size, kept_at,
                                      retry_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (kind, number) DO UPDATE SET
                    url = excluded.url, width = excluded.width, height = excluded.height,
                    body = excluded.body, size = excluded.size, kept_at = excluded.kept_at,
                    retry_at = excluded.retry_at
                """,
                (key.kind, key.number, url, *size, body, len(body or b"") + _ROW, *times),
            )
            self._make_room(connection)

    def _make_room(self, connection: Connection) -> None:
        (held,) = connection.execute("SELECT coalesce(sum(size), 0) FROM pictures").fetchone()
        oldest = connection.execute(
            "SELECT kind, number, size FROM pictures ORDER BY kept_at, kind, number LIMIT ?",
            (_MADE_ROOM_OF,),
        ).fetchall()
        for kind, number, size in oldest:
            if held <= self._space:
                return
            connection.execute("DELETE FROM pictures WHERE kind = ? AND number = ?", (kind, number))
            held -= size


def _size(width: int | None, height: int | None) -> Size | None:
    return None if width is None or height is None else Size(width, height)
