"""A whole planet, copied from one database into another one, which may be of another engine.

All goes over as it is: ids, the name that watermarks carry, readers, stories, vectors. The index is
made anew. The tables are read from one state of the source, some rows at a time.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from planet_mcp.errors import StoreError
from planet_mcp.store.db import Connection, Engine

# With their keys, in an order in which each refers to those before it. A change of a feed is noted
# when its row is written, so that table comes last.
TABLES = {
    "feeds": ("id",),
    "former_addresses": ("address",),
    "entries": ("id",),
    "contents": ("entry_id",),
    "articles": ("entry_id",),
    "enclosures": ("entry_id", "position"),
    "backfills": ("entry_id",),
    "forgotten": ("feed_id", "identity_hash"),
    "joins": ("entry_id", "other_id"),
    "links": ("key", "entry_id"),
    "vectors": ("id",),
    "traffic": ("day",),
    "pauses": ("domain",),
    "readers": ("name", "scope"),
    "pictures": ("kind", "number"),
    "feed_changes": ("id",),
    "meta": ("key",),
}
_AT_ONCE = 500
# What is in a database of which a copy is not whole, and what a file keeps for itself.
UNFINISHED = "unfinished_copy"
_OF_ONE_DATABASE = {UNFINISHED, "space", "unsound"}

Progress = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class Copied:
    """How many rows of each table went over."""

    rows: Mapping[str, int]


def copy_database(source: Engine, target: Engine, *, progress: Progress) -> Copied:
    """Copy all into an empty database; `progress` is told the rows that are there, and of all.

    Raises:
        StoreError: The target is not empty, or has not what the source has.
    """
    with target.writing() as connection:
        _refuse_full(connection, target)
        _note(connection, UNFINISHED)
    with source.reading(seconds=math.inf) as reading:
        counts = {table: _count(reading, table) for table in TABLES}
        total, done = sum(counts.values()), 0
        for table in TABLES:
            for rows in _read(reading, target, table):
                with target.writing() as writing:
                    _write(writing, table, rows)
                done += len(rows.values)
                progress(done, total)
        with target.writing() as connection:
            _finish(connection, reading)
    _compare(target, counts)
    return Copied(counts)


@dataclass(frozen=True, slots=True)
class _Rows:
    columns: tuple[str, ...]
    values: list[tuple[object, ...]]


def _read(connection: Connection, target: Engine, table: str) -> Iterator[_Rows]:
    """Read a table by its key; in columns that both have, and as the target has them."""
    with target.reading() as other:
        wanted = other.columns(table)
    columns = tuple(name for name in connection.columns(table) if name in wanted)
    booleans = [place for place, name in enumerate(columns) if wanted[name]]
    keys = TABLES[table]
    places = [columns.index(key) for key in keys]
    listed, order = ", ".join(columns), ", ".join(keys)
    after = f"WHERE ({order}) > ({', '.join('?' * len(keys))})"
    last: tuple[object, ...] = ()
    while found := connection.tuples(
        f"SELECT {listed} FROM {table} {after if last else ''} ORDER BY {order} LIMIT {_AT_ONCE}",
        last,
    ):
        last = tuple(found[-1][place] for place in places)
        yield _Rows(columns, [_as_wanted(row, booleans) for row in found])


def _as_wanted(row: tuple[object, ...], booleans: list[int]) -> tuple[object, ...]:
    if not booleans:
        return row
    values = [*row]
    for place in booleans:
        values[place] = None if values[place] is None else bool(values[place])
    return tuple(values)


def _write(connection: Connection, table: str, rows: _Rows) -> None:
    values = rows.values
    if table == "meta":
        values = [row for row in values if row[rows.columns.index("key")] not in _OF_ONE_DATABASE]
    placeholders = ", ".join("?" * len(rows.columns))
    update = "ON CONFLICT (key) DO UPDATE SET value = excluded.value" if table == "meta" else ""
    connection.executemany(
        f"INSERT INTO {table} ({', '.join(rows.columns)}) VALUES ({placeholders}) {update}", values
    )
    if table == "feeds":
        connection.execute("DELETE FROM feed_changes")


def _finish(connection: Connection, source: Connection) -> None:
    (last,) = source.execute("SELECT entry_id FROM last_ids").fetchone()
    connection.execute("UPDATE last_ids SET entry_id = ?", (last,))
    connection.continue_ids()
    connection.execute("DELETE FROM meta WHERE key = ?", (UNFINISHED,))


def _refuse_full(connection: Connection, target: Engine) -> None:
    for table in ("feeds", "entries", "readers"):
        if connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():
            raise StoreError(
                f"{target.path} is not empty, and was left as it is. Name a file that is not "
                "there yet, or an empty database."
            )


def _note(connection: Connection, key: str) -> None:
    connection.execute(
        "INSERT INTO meta (key, value) VALUES (?, '') ON CONFLICT (key) DO NOTHING", (key,)
    )


def _compare(target: Engine, counts: Mapping[str, int]) -> None:
    with target.reading(seconds=math.inf) as connection:
        there = {table: _count(connection, table) for table in TABLES}
    differing = [table for table in TABLES if there[table] != counts[table]]
    if differing:
        raise StoreError(
            f"{target.path} has not all rows of the tables {', '.join(differing)}. Copy again "
            "into an empty database, and report this."
        )


def _count(connection: Connection, table: str) -> int:
    own = ", ".join(f"'{key}'" for key in sorted(_OF_ONE_DATABASE))
    where = f"WHERE key NOT IN ({own})" if table == "meta" else ""
    return int(connection.execute(f"SELECT count(*) FROM {table} {where}").fetchone()[0])
