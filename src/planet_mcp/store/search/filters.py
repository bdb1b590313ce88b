"""What narrows a search. A filter is one field of `Filters` and one condition in a table here.

A filter that is None narrows nothing. In the conditions `e` is an entry and `{s}` the first entry
of its story, by whose time the story is ordered.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from planet_mcp.store.db import to_seconds

_OF_ENTRY = {
    # The plus keeps SQLite from walking by id where it is to walk by time.
    "snapshot": "+e.id <= :snapshot",
    "feeds": "e.feed_id IN (SELECT value FROM json_each(:feeds))",
    "exclude": "e.id NOT IN (SELECT rowid FROM entries_index WHERE entries_index MATCH :exclude)",
}
_OF_STORY = {
    "since": "{s}.ordered_at >= :since",
    "until": "{s}.ordered_at < :until",
}
# Part of the full-text expression (sqlite.org/fts5.html, section 3.7): column : string.
_OF_INDEX = {
    "author": "(authors : {})",
    "tag": "(tags : {})",
}


@dataclass(frozen=True, slots=True)
class Filters:
    """Which entries a search may find.

    `snapshot` is the newest entry id that takes part. `author` and `tag` are FTS5 strings as
    `phrase` makes them, `exclude` is an FTS5 expression. `since` is the first moment of the
    period, `until` the first one after it.
    """

    snapshot: int
    feeds: tuple[int, ...] | None = None
    author: str | None = None
    tag: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    exclude: str | None = None

    def of_entry(self) -> list[str]:
        """Return the conditions on an entry `e`."""
        return [sql for name, sql in _OF_ENTRY.items() if getattr(self, name) is not None]

    def of_story(self, alias: str = "s") -> list[str]:
        """Return the conditions on the story's first entry, which the query calls `alias`."""
        used = [sql for name, sql in _OF_STORY.items() if getattr(self, name) is not None]
        return [sql.format(s=alias) for sql in used]

    def expression(self, match: str | None) -> str:
        """Return the FTS5 expression for a query and the filters that the index answers."""
        filters = {sql: getattr(self, name) for name, sql in _OF_INDEX.items()}
        used = [sql.format(string) for sql, string in filters.items() if string is not None]
        return " AND ".join([*([f"({match})"] if match else []), *used])

    def values(self) -> dict[str, object]:
        """Return what the placeholders of all conditions stand for."""
        return {name: _value(getattr(self, name)) for name in self.__slots__}


def _value(value: object) -> object:
    if isinstance(value, datetime):
        return to_seconds(value)
    return json.dumps(value) if isinstance(value, tuple) else value
