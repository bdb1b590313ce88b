"""When a registrable domain may be asked, as rows that the processes of one database share.

The times are the server's own, so no machine's clock counts.
"""

from datetime import datetime
from typing import Any

from planet_mcp.models import Turn
from planet_mcp.network import Pace
from planet_mcp.store.db.postgres.database import PostgresDatabase

# Who waits for the end of another process's request looks again after so many seconds.
_SOON = 0.1

_TAKE = """
INSERT INTO planet_mcp.domains AS d (domain, free_at, held)
VALUES (:domain, clock_timestamp() + make_interval(secs => :delay),
        ARRAY[clock_timestamp() + make_interval(secs => :seconds)])
ON CONFLICT (domain) DO UPDATE SET
    free_at = excluded.free_at,
    held = ARRAY(SELECT h FROM unnest(d.held) AS h WHERE h > clock_timestamp()) || excluded.held
WHERE d.free_at <= clock_timestamp() AND d.paused_until <= clock_timestamp()
AND (SELECT count(*) FROM unnest(d.held) AS h WHERE h > clock_timestamp()) < :concurrency
RETURNING held[array_upper(held, 1)] AS held_until, 0.0 AS wait,
    CAST(extract(epoch FROM paused_until - clock_timestamp()) AS FLOAT) AS paused, pauses
"""
_LOOK = """
SELECT NULL AS held_until,
    CAST(extract(epoch FROM free_at - clock_timestamp()) AS FLOAT) AS wait,
    CAST(extract(epoch FROM paused_until - clock_timestamp()) AS FLOAT) AS paused, pauses
FROM planet_mcp.domains WHERE domain = :domain
"""
_GIVE_BACK = """
UPDATE planet_mcp.domains SET
    held = array_remove(held, :held_until),
    free_at = greatest(free_at, clock_timestamp() + make_interval(secs => :delay)),
    pauses = CASE WHEN :pauses = 0 AND paused_until > clock_timestamp() THEN pauses
                  ELSE :pauses END,
    paused_until = greatest(paused_until, clock_timestamp() + make_interval(secs => :paused))
WHERE domain = :domain
"""
_PAUSE = """
INSERT INTO planet_mcp.domains AS d (domain, free_at, paused_until, pauses)
VALUES (:domain, clock_timestamp(), clock_timestamp() + make_interval(secs => :paused), :pauses)
ON CONFLICT (domain) DO UPDATE SET
    paused_until = greatest(d.paused_until, excluded.paused_until), pauses = excluded.pauses
"""


class DomainTurns:
    """The turns of domains at a pace, or at a faster one for those who ask at that.

    A request that takes longer than `seconds` is taken for lost.
    """

    def __init__(self, database: PostgresDatabase, pace: Pace, *, seconds: float) -> None:
        self.seconds = seconds
        self._database = database
        self._pace = pace

    def take(self, domain: str, pace: Pace) -> Turn:
        """Take the turn of a domain if it may be asked now."""
        values = {
            "domain": domain,
            "delay": min(pace.delay, self._pace.delay),
            "concurrency": max(pace.concurrency, self._pace.concurrency),
            "seconds": self.seconds,
        }
        found = self._database.at_once(_TAKE, values) or self._database.at_once(_LOOK, values)
        return _turn(domain, found[0])

    def give_back(self, turn: Turn, pace: Pace) -> None:
        """Let others ask the domain when its delay is over, and its pause, if there is one."""
        delay = min(pace.delay, self._pace.delay)
        self._database.at_once(_GIVE_BACK, {**_values(turn), "delay": delay})

    def pause(self, turn: Turn) -> None:
        """Let nobody ask a domain as long as its pause lasts."""
        self._database.at_once(_PAUSE, _values(turn))


def _turn(domain: str, row: Any) -> Turn:
    held_until: datetime | None = row["held_until"]
    return Turn(domain, held_until, max(row["wait"], _SOON), row["paused"], row["pauses"])


def _values(turn: Turn) -> dict[str, Any]:
    return {
        "domain": turn.domain,
        "held_until": turn.held_until,
        "paused": turn.paused,
        "pauses": turn.pauses,
    }
