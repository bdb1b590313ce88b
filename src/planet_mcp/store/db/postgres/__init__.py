"""The store's tables on a PostgreSQL server (16 or newer), with the face that SQLite's file has.

In: an address. Out: connections that read or write in one transaction. psycopg is imported here
alone, and so only where a server is named.
"""

from planet_mcp.store.db.postgres.database import PostgresDatabase
from planet_mcp.store.db.postgres.sharing import ServerSharing

__all__ = ["PostgresDatabase", "ServerSharing"]
