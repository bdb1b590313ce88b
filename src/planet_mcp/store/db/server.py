"""The way to a PostgreSQL server, whose driver is loaded only where one is named."""

from planet_mcp.errors import StoreError
from planet_mcp.store.db.database import DatabaseLimits
from planet_mcp.store.db.engine import Engine, Sharing
from planet_mcp.urls import ServerAddress


def open_server(
    address: ServerAddress,
    *,
    replica: ServerAddress | None,
    limits: DatabaseLimits,
    claim_seconds: float,
) -> tuple[Engine, Sharing]:
    """Open a database on a server; what this process claims there lapses after some seconds.

    Answers are read from a `replica`, if there is one.

    Raises:
        StoreError: There is no driver for it, or it cannot be used.
    """
    try:
        from planet_mcp.store.db.postgres import PostgresDatabase, ServerSharing
    except ImportError as error:
        raise StoreError(
            f"For {address} the package psycopg is needed: pip install 'planet-mcp[postgres]'."
        ) from error
    database = PostgresDatabase(address, replica=replica, limits=limits)
    return database, ServerSharing(database, seconds=claim_seconds)
