"""What the store sees of an engine: transactions, connections and rows, whichever it is.

The statements are those of `planet_mcp.store`: both engines take them as they are, with `?` or
`:name` for values. `entries_index(:match)` is a table of the entries that match an expression of
FTS5 (sqlite.org/fts5.html, section 3), by their ids in `rowid`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from planet_mcp.network import Pace, Turns

T = TypeVar("T")
Values = Mapping[str, Any] | Sequence[Any]


class Row(Protocol):
    """A row: its values by place or name, and in order."""

    def __getitem__(self, key: Any, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __len__(self) -> int: ...
    def keys(self) -> Iterable[str]:
        """Return the names of the values, in order."""


class Cursor(Protocol):
    """What came of a statement."""

    @property
    def rowcount(self) -> int:
        """Return how many rows were written."""

    def fetchone(self) -> Any:
        """Return the next row, or None."""

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """A connection within a transaction."""

    @property
    def in_transaction(self) -> bool:
        """Return whether a transaction is open."""

    def execute(self, sql: str, values: Values = ..., /) -> Cursor:
        """Execute a statement."""

    def executemany(self, sql: str, values: Iterable[Values], /) -> object:
        """Execute a statement that returns nothing for each of some values."""

    def together(self) -> AbstractContextManager[object]:
        """Let a block execute statements that return nothing: all in one round trip."""

    def each(self, sql: str, values: Iterable[Values], /) -> list[list[Any]]:
        """Return the rows of a statement for each of some values, as tuples."""

    def tuples(self, sql: str, values: Values, /) -> list[Any]:
        """Return rows as tuples: quicker where there are thousands."""

    def state(self) -> int:
        """Return what is another number after any other connection has written."""

    def score(self, expression: str, frequency: Callable[[str], int]) -> str:
        """Return the SQL of how well a row of `entries_index` matches, by bm25: more is better.

        `frequency` counts the entries that match an expression.
        """

    def highest_score(self, expression: str, frequency: Callable[[str], int]) -> str:
        """Return the SQL of what `score` nears where a row has its words ever more often."""

    def held(self, source: str) -> str:
        """Return the SQL of a source of `entries_index` by which rows are scored."""

    def has(self, expression: str) -> str | None:
        """Return the SQL of whether a row that is scored matches; None where the ids are to tell.

        That is where to find the ids costs less than to look at each row.
        """

    def about(self, expression: str, entries: int) -> int | None:
        """Return about how many of so many entries match; None where they are to be counted."""

    def scored_after(
        self, expression: str, frequency: Callable[[str], int], *, most: int, newest: int
    ) -> int:
        """Return the id after which the entries are that are scored; 0 where all are.

        Where it costs much to score one, these are about so many of the newest that match. The
        last id that takes part is `newest`.
        """

    def most_listed(self, usual: int) -> int:
        """Return of how many entries a list still costs less than to look at each match's time.

        `usual` is the number where each match is at hand.
        """

    def counted(self, words: Iterable[str], most: int) -> list[Any]:
        """Return (word, entries) of the words that any entries have, the most entries first."""

    def terms(self, start: str, *, least: int, most: int) -> list[str]:
        """Return some terms of the index that begin so and are in enough entries."""

    def merge_index(self, pages: int) -> bool:
        """Merge some segments of the index; False when all is done."""

    def columns(self, table: str) -> dict[str, bool]:
        """Return the columns that rows are written with, and which of them are booleans."""

    def continue_ids(self) -> None:
        """Let the ids that the engine gives by itself go on after those that were written."""


class RefreshLease(Protocol):
    """The right to do for one database what one process at a time does."""

    @property
    def held(self) -> bool:
        """Return whether this process holds it still."""

    def acquire(self) -> bool:
        """Take it if no other process holds it."""

    def release(self) -> None:
        """Give it back once."""

    def is_taken(self) -> bool:
        """Return whether some process holds it."""

    def holder(self) -> int | None:
        """Return the id of the process that holds it."""


class FeedClaims(Protocol):
    """Which process checks which feed, where several share that."""

    def take(self, subject: str) -> bool:
        """Claim a subject if no process has it."""

    def confirm(self, connection: Connection, subject: str, *, ends: bool) -> None:
        """Make sure, within a transaction, that a claim of this process was not taken over."""

    def forget(self, subject: str) -> None:
        """Forget a claim that ended with a transaction."""

    def release(self, subject: str) -> None:
        """Give a claim back, if this process has it still."""

    def close(self) -> None:
        """Let all claims lapse."""


class Sharing(Protocol):
    """What the processes on one server share, so that they refresh its feeds together."""

    @property
    def claims(self) -> FeedClaims:
        """Return what this process claims."""

    def lease(self) -> RefreshLease:
        """Return the right to do what one process alone does."""

    def turns(self, pace: "Pace", *, seconds: float) -> "Turns":
        """Return the turns of domains at a pace, each of which is kept for some seconds at most."""


class Engine(Protocol):
    """A database in use, as `planet_mcp.store.db.database` describes each member."""

    read_only: str | None
    path: Any

    def writing(self) -> AbstractContextManager[Connection]:
        """One write transaction."""

    def write(self, work: Callable[[Connection], T], *, weight: int = 1) -> T:
        """Do some work in a transaction that others may share."""

    def reading(self, *, seconds: float | None = None) -> AbstractContextManager[Connection]:
        """One consistent view of the database."""

    def viewing(self, *, fresh: bool) -> AbstractContextManager[Connection]:
        """One consistent view for an answer, which may lag a little unless it is to be fresh."""

    def why_not_writable(self) -> str | None:
        """Return in words why nothing can be written now; None if it can."""

    @property
    def may_lag(self) -> bool:
        """Return whether this thread's view may be older than what readers were told."""

    def preallocate(self) -> None:
        """Make sure that there is space for the next writes."""

    def give_back(self) -> None:
        """Forget what is held in memory."""

    def close(self) -> None:
        """Close all connections."""
