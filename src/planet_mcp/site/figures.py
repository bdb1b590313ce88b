"""The numbers of a planet as charts: bars that are drawn as SVG, and the same as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from planet_mcp.models import Feed
from planet_mcp.planet import none_read
from planet_mcp.site.words import STATES, count, short_day
from planet_mcp.store import Encoded, Store, Summary

WEEKS, DAYS, LATELY = 53, 30, timedelta(days=30)
MOST_DELAYS = 5_000
WIDTH, HEIGHT = 640.0, 160.0
_GAP = 0.2

_DELAYS = (
    ("up to 1 hour", timedelta(hours=1)),
    ("1 to 2 hours", timedelta(hours=2)),
    ("2 to 6 hours", timedelta(hours=6)),
    ("6 to 24 hours", timedelta(days=1)),
    ("over a day", timedelta.max),
)


@dataclass(frozen=True, slots=True)
class ChartRow:
    """One row of a chart: what it counts, how many, and how many of these are of a kind."""

    label: str
    number: int
    of_kind: int | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar as it is drawn, in units of the drawing; `kind_height` is its lower part."""

    x: float
    width: float
    height: float
    kind_height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: `said` is a sentence of what it shows; `columns` name what its rows hold.

    With `by_time` the rows are times that follow each other, else kinds.
    """

    name: str
    title: str
    said: str
    columns: tuple[str, ...]
    rows: tuple[ChartRow, ...]
    by_time: bool

    @property
    def bars(self) -> list[Bar]:
        """Return the bars, the highest as high as the drawing."""
        most = max((row.number for row in self.rows), default=0) or 1
        step = WIDTH / max(len(self.rows), 1)
        return [
            Bar(
                x=round(number * step, 1),
                width=round(step * (1 - _GAP), 1),
                height=round(row.number / most * HEIGHT, 1),
                kind_height=round((row.of_kind or 0) / most * HEIGHT, 1),
            )
            for number, row in enumerate(self.rows)
        ]

    @property
    def drawn_rows(self) -> list[tuple[ChartRow, Bar]]:
        """Return the rows with their bars."""
        return list(zip(self.rows, self.bars, strict=True))

    @property
    def most(self) -> int:
        """Return the number of the highest bar."""
        return max((row.number for row in self.rows), default=0)


@dataclass(frozen=True, slots=True)
class StatsView:
    """The numbers of a planet; `encoded` is None where search is by words alone."""

    summary: Summary
    encoded: Encoded | None
    charts: list[Chart]

    @property
    def none_read(self) -> str | None:
        """Return that no feed was ever read, and why; None if one was."""
        return none_read(self.summary)


def stats_view(store: Store, *, now: datetime) -> StatsView:
    """Return how the planet is doing."""
    feeds = store.feeds.subscribed(now=now)
    return StatsView(
        store.feeds.summary(),
        store.vectors.latest(),
        [
            _weeks(store, now),
            _states(feeds),
            _arrivals(store.statistics.delays(since=now - LATELY, limit=MOST_DELAYS)),
            _traffic(store, now),
        ],
    )


def _weeks(store: Store, now: datetime) -> Chart:
    weeks = store.statistics.weeks(now=now, count=WEEKS)
    rows = tuple(ChartRow(f"week of {short_day(week.monday)}", week.stories) for week in weeks)
    total = sum(row.number for row in rows)
    said = f"{count(total, 'entry', 'entries')} in the last {WEEKS} weeks, this one included."
    return Chart("weeks", "Entries per week", said, ("Week", "Entries"), rows, by_time=True)


def _states(feeds: Sequence[Feed]) -> Chart:
    rows = tuple(
        ChartRow(words, sum(feed.status is status for feed in feeds))
        for status, words in STATES.items()
    )
    said = f"Of {count(len(feeds), 'feed')}, " + ", ".join(
        f"{row.number} {'are' if row.number != 1 else 'is'} {row.label}" for row in rows
    )
    return Chart("states", "Feeds by status", f"{said}.", ("Status", "Feeds"), rows, by_time=False)


def _arrivals(delays: Sequence[timedelta]) -> Chart:
    """Draw how long entries took, from their publication to the store; `delays` are sorted."""
    earlier, rows = 0, []
    for label, limit in _DELAYS:
        upto = sum(delay <= limit for delay in delays)
        rows.append(ChartRow(label, upto - earlier))
        earlier = upto
    if delays:
        half = delays[len(delays) // 2].total_seconds() / 3600
        said = f"Half of the entries of the last 30 days were here within {half:.1f} hours."
    else:
        said = "No entry was published in the last 30 days by a feed that was followed before."
    columns = ("Time from posting", "Entries")
    return Chart("arrivals", "From posting to arrival", said, columns, tuple(rows), by_time=False)


def _traffic(store: Store, now: datetime) -> Chart:
    days = store.statistics.traffic(now=now, days=DAYS)
    rows = tuple(ChartRow(short_day(day.day), day.requests, day.not_modified) for day in days)
    asked, unchanged = sum(row.number for row in rows), sum(row.of_kind or 0 for row in rows)
    share = f"; {unchanged / asked:.0%} of the answers were 304, not modified" if asked else ""
    said = f"{count(asked, 'request')} for feeds in the last {DAYS} days{share}."
    columns = ("Day", "Requests", "Of these 304")
    return Chart("traffic", "Requests per day", said, columns, rows, by_time=True)
