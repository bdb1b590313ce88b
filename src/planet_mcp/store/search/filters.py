"""What narrows a search. A filter is one field of `Filters` and one condition in a table here.

A filter that is None narrows nothing. In the conditions `e` is an entry and `{s}` the first entry
of its story, by whose time the story is ordered; `{shown}` is the id of the entry that represents
the story among the feeds that are searched.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from planet_mcp.errors import ArgumentError
from planet_mcp.store.db import to_seconds
from planet_mcp.store.search.words import WORD, fts_string
from planet_mcp.store.sql import ids_of, of_feeds, representative_of

# Of the entry that matches.
_OF_ENTRY = {
    # The plus keeps SQLite from walking by id where it is to walk by time.
    "snapshot": "+e.id <= :snapshot",
    "feeds": f"e.feed_id IN {ids_of(':feeds')}",
}
# Of its story: when it was published.
_OF_STORY = {
    "since": "{s}.ordered_at >= :since",
    "until": "{s}.ordered_at < :until",
}
# Of the entry that is shown for the story.
_OF_SHOWN = {"exclude": "{shown} NOT IN (SELECT rowid FROM entries_index(:exclude))"}
# Of the entry that matches, but as a part of the index's expression (sqlite.org/fts5.html, section
# 3.7): column : string.
_OF_INDEX = {
    "author": "(authors : {})",
    "tag": "(tags : {})",
}


@dataclass(frozen=True, slots=True)
class Filters:
    """Which entries a search may find.

    `snapshot` is the newest entry id that takes part. `author` and `tag` are names as they are
    typed, `exclude` is an FTS5 expression. `since` is the first moment of the period, `until` the
    first one after it.
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
        return self._used(_OF_ENTRY)

    def of_story(self, alias: str = "s") -> list[str]:
        """Return the conditions on the story's time, whose first entry the query calls `alias`."""
        return [sql.format(s=alias) for sql in self._used(_OF_STORY)]

    def of_shown(self) -> list[str]:
        """Return the conditions on what is shown of the story whose first entry is `s`."""
        shown = representative_of(of_feeds(self.feeds)) if self.feeds else "s.representative_id"
        return [sql.format(shown=shown) for sql in self._used(_OF_SHOWN)]

    def conditions(self) -> list[str]:
        """Return all conditions on an entry `e` of the story whose first entry is `s`.

        The first one is on the snapshot, which is always there.
        """
        return [*self.of_entry(), *self.of_story(), *self.of_shown()]

    def expression(self, match: str | None) -> str:
        """Return the FTS5 expression for a query and the filters that the index answers.

        Raises:
            ArgumentError: A name has no letters or digits to look for.
        """
        filters = {name: getattr(self, name) for name in _OF_INDEX}
        used = [
            _OF_INDEX[each].format(phrase(name, each)) for each, name in filters.items() if name
        ]
        return " AND ".join([*([f"({match})"] if match else []), *used])

    def values(self) -> dict[str, object]:
        """Return what the placeholders of all conditions stand for."""
        return {name: _value(getattr(self, name)) for name in self.__slots__}

    def _used(self, conditions: dict[str, str]) -> list[str]:
        return [sql for name, sql in conditions.items() if getattr(self, name) is not None]


def phrase(typed: str, name: str) -> str:
    """Turn what was typed for a filter into an FTS5 string.

    Raises:
        ArgumentError: It has no letters or digits to look for.
    """
    if not WORD.search(typed):
        raise ArgumentError(f"{name}={typed!r} has no letters or digits to look for.")
    return fts_string(typed)


def _value(value: object) -> object:
    if isinstance(value, datetime):
        return to_seconds(value)
    return json.dumps(value) if isinstance(value, tuple) else value
