"""Up to where named readers have read."""

from dataclasses import dataclass
from datetime import datetime

from planet_mcp.store.db import Connection, Engine, Row, to_optional_time, to_seconds, to_time

# Names are the callers'; those that nobody has used for longest go first.
MOST_READERS = 1_000


@dataclass(frozen=True, slots=True)
class Start:
    """Where a run of a reader starts.

    Either at a moment, when `after` is None; or after an entry, up to which everything was read,
    and `since` and `upto` are the period that the reader began with and the newest entry then.
    """

    since: datetime
    upto: int | None = None
    after: int | None = None
    caught_up_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader of the entries that a scope says, or of all; and where its next run starts."""

    name: str
    scope: str
    start: Start


class Readers:
    """The readers of one database."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def all(self, *, limit: int) -> list[Reader]:
        """Return the readers that there are, the last one to catch up first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM readers ORDER BY caught_up_at DESC NULLS LAST, name, scope LIMIT ?",
                (limit,),
            ).fetchall()
        return [Reader(row["name"], row["scope"], _start(row)) for row in rows]

    def start(self, name: str, scope: str) -> Start | None:
        """Return where the next run of a reader starts; None for one that never read."""
        with self._database.reading() as connection:
            return _stored(connection, name, scope)

    def restart(self, name: str, scope: str, since: datetime) -> None:
        """Let the next run of a reader start at a moment."""
        with self._database.writing() as connection:
            _write(connection, name, scope, Start(since))

    def advance(self, name: str, scope: str, *, start: Start, upto: int, now: datetime) -> bool:
        """Note that a reader came from a start to an entry.

        False, and nothing is noted, where another run came further meanwhile or it was set back.
        """
        reached = Start(start.since, upto if start.after is None else start.upto, upto, now)
        with self._database.writing() as connection:
            known = _stored(connection, name, scope)
            if known and _has_left(known, start, upto):
                return False
            _write(connection, name, scope, reached)
        return True


def _has_left(known: Start, start: Start, upto: int) -> bool:
    """Return whether a reader is no longer where a run started, nor on the way that it went."""
    if start.after is None:
        return known.after is not None or known.since < start.since
    return known.after is None or not known.after <= upto


def _stored(connection: Connection, name: str, scope: str) -> Start | None:
    row = connection.execute(
        "SELECT * FROM readers WHERE name = ? AND scope = ?", (name, scope)
    ).fetchone()
    return _start(row) if row else None


def _start(row: Row) -> Start:
    return Start(
        to_time(row["since"]), row["upto"], row["after"], to_optional_time(row["caught_up_at"])
    )


def _write(connection: Connection, name: str, scope: str, start: Start) -> None:
    connection.execute(
        """
        INSERT INTO readers (name, scope, since, upto, after, caught_up_at)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (name, scope) DO UPDATE SET
            since = excluded.since, upto = excluded.upto, after = excluded.after,
            caught_up_at = excluded.caught_up_at
        """,
        (
            name,
            scope,
            to_seconds(start.since),
            start.upto,
            start.after,
            to_seconds(start.caught_up_at),
        ),
    )
    connection.execute(
        """
        DELETE FROM readers WHERE (name, scope) <> (?, ?) AND (name, scope) NOT IN (
            SELECT name, scope FROM readers WHERE (name, scope) <> (?, ?)
            ORDER BY caught_up_at DESC NULLS LAST LIMIT ?
        )
        """,
        (name, scope, name, scope, MOST_READERS - 1),
    )
