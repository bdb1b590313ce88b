"""The SQLite file: opening, migrating, connections, transactions and copies.

In: a path. Out: connections that read or write in one transaction.
Only this package knows the tables' definitions, SQLite's journal and its file locks.
"""

from planet_mcp.store.db.connections import transaction
from planet_mcp.store.db.copies import back_up
from planet_mcp.store.db.database import Database, DatabaseLimits
from planet_mcp.store.db.engine import (
    Connection,
    Engine,
    FeedClaims,
    RefreshLease,
    Row,
    Sharing,
)
from planet_mcp.store.db.rows import (
    in_parts,
    join_names,
    placeholders,
    split_names,
    to_optional_time,
    to_seconds,
    to_time,
)
from planet_mcp.store.db.server import open_server

__all__ = [
    "Connection",
    "Database",
    "DatabaseLimits",
    "Engine",
    "FeedClaims",
    "RefreshLease",
    "Row",
    "Sharing",
    "back_up",
    "in_parts",
    "join_names",
    "open_server",
    "placeholders",
    "split_names",
    "to_optional_time",
    "to_seconds",
    "to_time",
    "transaction",
]
