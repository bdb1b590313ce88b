"""How a planet is doing over time: what was posted, how soon it arrived, what was asked for it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from planet_mcp.models import Answered
from planet_mcp.store.db import Connection, Engine, to_seconds, to_time
from planet_mcp.store.sql import ON_A_DAY

_DAY = 86_400
_WEEK = 7 * _DAY
# 1970 began on a Thursday; weeks begin on Mondays (ISO 8601).
_TO_MONDAY = 3 * _DAY
DAYS_KEPT = 400


@dataclass(frozen=True, slots=True)
class Week:
    """How many stories were published in the week that begins on a Monday."""

    monday: date
    stories: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """The feeds asked on one day (UTC), and how their servers answered; redirects count once."""

    day: date
    documents: int
    not_modified: int
    failures: int

    @property
    def requests(self) -> int:
        """Return how many feeds were asked."""
        return self.documents + self.not_modified + self.failures


def count_answer(connection: Connection, answered: Answered, *, now: datetime) -> None:
    """Count an answer of a feed's server on its day; days of more than a year ago go."""
    day = int(now.timestamp()) // _DAY
    column = answered.value
    connection.execute(
        f"INSERT INTO traffic (day, {column}) VALUES (?, 1) "
        f"ON CONFLICT (day) DO UPDATE SET {column} = traffic.{column} + 1",
        (day,),
    )
    connection.execute("DELETE FROM traffic WHERE day < ?", (day - DAYS_KEPT,))


class Statistics:
    """The numbers of one database."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def weeks(self, *, now: datetime, count: int) -> list[Week]:
        """Return the stories of the last weeks, the present one included, oldest first."""
        seconds = int(now.timestamp())
        last = (seconds + _TO_MONDAY) // _WEEK
        first = last - count + 1
        with self._database.reading() as connection:
            found = dict(
                connection.execute(
                    f"""
                    SELECT (s.ordered_at + {_TO_MONDAY}) / {_WEEK} AS week, count(*)
                    FROM entries AS s
                    WHERE s.ordered_at >= :begin AND s.ordered_at < :end
                      AND {ON_A_DAY}
                    GROUP BY week
                    """,
                    {
                        "begin": first * _WEEK - _TO_MONDAY,
                        "end": (last + 1) * _WEEK - _TO_MONDAY,
                    },
                ).fetchall()
            )
        return [
            Week(to_time(week * _WEEK - _TO_MONDAY).date(), found.get(week, 0))
            for week in range(first, last + 1)
        ]

    def delays(self, *, since: datetime, limit: int) -> list[timedelta]:
        """Return how long after their publication the newest entries arrived, shortest first.

        Only of entries that their feeds published while they were followed: what a feed had
        before was late for no fault of anybody.
        """
        with self._database.reading() as connection:
            rows = connection.execute(
                """
                WITH recent AS (
                    -- Ids are given out in the order of storing.
                    SELECT feed_id, published, ordered_at, first_seen_at FROM entries
                    WHERE feed_id IS NOT NULL ORDER BY id DESC LIMIT :limit
                ), begun AS MATERIALIZED (
                    SELECT r.feed_id, (
                        SELECT first_seen_at FROM entries
                        WHERE id = (SELECT min(id) FROM entries WHERE feed_id = r.feed_id)
                    ) AS begun_at
                    FROM (SELECT DISTINCT feed_id FROM recent) AS r
                )
                SELECT first_seen_at - published
                FROM recent JOIN begun USING (feed_id)
                WHERE first_seen_at >= :since AND published = ordered_at
                  AND published > begun_at AND published <= first_seen_at
                """,
                {"since": to_seconds(since), "limit": limit},
            ).fetchall()
        return sorted(timedelta(seconds=row[0]) for row in rows)

    def traffic(self, *, now: datetime, days: int) -> list[Traffic]:
        """Return the answers of the last days, today included, oldest first."""
        last = int(now.timestamp()) // _DAY
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT day, documents, not_modified, failures FROM traffic WHERE day > ?",
                (last - days,),
            ).fetchall()
        found = {row[0]: tuple(row)[1:] for row in rows}
        return [
            Traffic(to_time(day * _DAY).date(), *found.get(day, (0, 0, 0)))
            for day in range(last - days + 1, last + 1)
        ]
