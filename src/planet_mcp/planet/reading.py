"""What every answer from the store starts with: a state of the planet, and how a list goes on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from planet_mcp.planet import cursors
from planet_mcp.planet.cursors import Position
from planet_mcp.planet.language import TOOLS, Language
from planet_mcp.planet.lookup import find_feeds, find_group
from planet_mcp.requests import (
    DEFAULT_CHARS,
    MOST_CHARS,
    FeedNames,
    ListRequest,
    Request,
    given,
    selection,
)
from planet_mcp.store import Store


class OfFeeds(Protocol):
    """A request that may be about some feeds."""

    @property
    def feed(self) -> FeedNames:
        """Return the feeds that it names."""

    @property
    def group(self) -> str | None:
        """Return the group that it names."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of a store, and what its reader should know: now, and how to ask for more.

    `notice` is about the planet as a whole, and is part of every answer.
    """

    store: Store
    now: datetime
    notice: str | None = None
    language: Language = TOOLS

    def feeds(self, request: OfFeeds) -> tuple[int, ...] | None:
        """Find the feeds that a request names, whose entries may be in the store; None means all.

        Raises:
            ArgumentError: One of them, or the group, is not known.
        """
        if request.feed is None and request.group is None:
            return None
        return find_feeds(self.store.feeds.names(followed=False), request.feed, request.group)

    def group(self, wanted: str) -> str:
        """Find a group of feeds.

        Raises:
            ArgumentError: None or several fit.
        """
        return find_group(self.store.feeds.groups(), wanted)

    def position(self, request: ListRequest) -> Position:
        """Return where a list goes on: at its cursor, or from now at the beginning.

        Raises:
            ArgumentError: The cursor is damaged or belongs to other arguments.
        """
        if request.cursor:
            position = cursors.decode(request.cursor, selection(request))
            self.store.refuse_stale(self.store.entries.newest_id(), known=position.snapshot)
            return position
        return Position(now=self.now, snapshot=self.store.entries.newest_id())

    def more(self, tool: str, request: Request, cursor: str | None) -> str | None:
        """Spell the call that goes on at a cursor; None where nothing is left."""
        return self.language.again(tool, {**given(request), "cursor": cursor}) if cursor else None

    def with_notice(self, *remarks: str | None) -> str | None:
        """Return the notice of an answer: that of the planet, and what else is to be said."""
        return " ".join(text for text in (self.notice, *remarks) if text) or None


@dataclass(frozen=True, slots=True)
class Budget:
    """How many items were asked for, and the characters they may take.

    Who names a number gets it as far as any answer may grow; otherwise answers stay small.
    """

    items: int
    chars: int

    @classmethod
    def of(cls, limit: int | None, *, default: int) -> "Budget":
        """Return the budget for a limit that may have been left open."""
        return cls(default, DEFAULT_CHARS) if limit is None else cls(limit, MOST_CHARS)
