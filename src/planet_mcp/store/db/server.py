"""The way to a PostgreSQL server, whose driver is loaded only where one is named."""

from planet_mcp.errors import StoreError
from planet_mcp.store.db.database import DatabaseLimits
from planet_mcp.store.db.engine import Engine, RefreshLease
from planet_mcp.urls import ServerAddress


def open_server(address: ServerAddress, *, limits: DatabaseLimits) -> Engine:
    """Open a database on a server.

    Raises:
        StoreError: There is no driver for it, or it cannot be used.
    """
    try:
        from planet_mcp.store.db.postgres import PostgresDatabase
    except ImportError as error:
        raise StoreError(
            f"For {address} the package psycopg is needed: pip install 'planet-mcp[postgres]'."
        ) from error
    return PostgresDatabase(address, limits=limits)


def server_lease(address: ServerAddress, *, seconds: float) -> RefreshLease:
    """Return the right to refresh a database on a server, which was opened before."""
    from planet_mcp.store.db.postgres import ServerLease

    return ServerLease(address, seconds=seconds)
