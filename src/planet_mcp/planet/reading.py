"""What every answer from the store starts with: a state of the planet, and how a list goes on."""

from dataclasses import dataclass
from datetime import datetime

from planet_mcp.models import Feed
from planet_mcp.planet import cursors
from planet_mcp.planet.cursors import Position
from planet_mcp.planet.language import TOOLS, Language
from planet_mcp.planet.lookup import find_feed
from planet_mcp.requests import DEFAULT_CHARS, MOST_CHARS, Request, given, selection
from planet_mcp.store import Store


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of a store, and what its reader should know: now, and how to ask for more.

    `notice` is about the planet as a whole, and is part of every answer.
    """

    store: Store
    now: datetime
    notice: str | None = None
    language: Language = TOOLS

    def feed(self, wanted: int | str) -> Feed:
        """Find a feed whose entries may be in the store.

        Raises:
            ArgumentError: None or several fit.
        """
        return find_feed(self.store.feeds.known(now=self.now), wanted)

    def position(self, request: Request) -> Position:
        """Return where a list goes on: at its cursor, or from now at the beginning.

        Raises:
            ArgumentError: The cursor is damaged or belongs to other arguments.
        """
        if request.cursor:
            return cursors.decode(request.cursor, selection(request))
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
