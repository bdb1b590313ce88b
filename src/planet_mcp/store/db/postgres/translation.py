"""PostgreSQL's errors in words: one table of its classes (SQLSTATE), without any password."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import psycopg_pool

from planet_mcp.errors import (
    DamagedDatabaseError,
    DatabaseAccessError,
    DatabaseBusyError,
    DiskError,
    SlowQueryError,
    StoreError,
)
from planet_mcp.store.db.translation import ASK_FOR_LESS, FAULT, HELD, TRY_REPAIR, stopped
from planet_mcp.urls import ServerAddress

_REACH = "Look whether the server runs and PLANET_MCP_DATABASE names it; what was stored is safe."
# By the whole code or its first two characters
# (postgresql.org/docs/current/errcodes-appendix.html).
KINDS: dict[str, tuple[type[StoreError], str]] = {
    "57014": (SlowQueryError, ASK_FOR_LESS),
    "55P03": (DatabaseBusyError, HELD),
    "40": (DatabaseBusyError, "Try again."),
    "25006": (DatabaseAccessError, "This server is only read: name the primary, too."),
    "42501": (DatabaseAccessError, "Give this user the rights of the schema planet_mcp."),
    "08": (DatabaseAccessError, _REACH),
    "57": (DatabaseAccessError, _REACH),
    "28": (DatabaseAccessError, "Look at user and password in PLANET_MCP_DATABASE."),
    "3D": (DatabaseAccessError, "Create that database first, or name another one."),
    "53": (DiskError, "The server has no more space, memory or connections."),
    "58": (DiskError, "The server's disk fails."),
    "23": (DamagedDatabaseError, TRY_REPAIR),
    "XX": (DamagedDatabaseError, "The server's tables are damaged: take a copy or a standby."),
}


@contextmanager
def translated_errors(address: ServerAddress, *, query_seconds: float) -> Iterator[None]:
    """Raise what the server or the way to it says as a `StoreError`."""
    try:
        yield
    except (psycopg.Error, psycopg_pool.PoolTimeout, psycopg_pool.PoolClosed) as error:
        code = getattr(error, "sqlstate", None) or "08000"
        if isinstance(error, psycopg.ProgrammingError) and not getattr(error, "sqlstate", None):
            code = "00000"
        kind, advice = KINDS.get(code) or KINDS.get(code[:2]) or (StoreError, FAULT)
        if kind is SlowQueryError:
            said = stopped(query_seconds)
        else:
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            said = f"The database {address} cannot be used: {address.without_secret(first)}."
        raise kind(f"{said} {advice}") from None
