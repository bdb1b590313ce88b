"""What the processes on one server share, so that they refresh its feeds together."""

from planet_mcp.network import Pace
from planet_mcp.store.db.postgres.claims import Claims
from planet_mcp.store.db.postgres.database import PostgresDatabase
from planet_mcp.store.db.postgres.lease import ServerLease
from planet_mcp.store.db.postgres.turns import DomainTurns


class ServerSharing:
    """The claims, the lease and the turns of one process; what it claims lapses after `seconds`."""

    def __init__(self, database: PostgresDatabase, *, seconds: float) -> None:
        self.claims = Claims(database, seconds=seconds)
        self._database = database

    def lease(self) -> ServerLease:
        """Return the right to do what one process alone does."""
        return ServerLease(self.claims)

    def turns(self, pace: Pace, *, seconds: float) -> DomainTurns:
        """Return the turns of domains at a pace, each of which is kept for some seconds at most."""
        return DomainTurns(self._database, pace, seconds=seconds)
