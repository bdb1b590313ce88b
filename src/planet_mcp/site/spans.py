"""Times → years or months with how many of them each has, as bars (pure)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from planet_mcp.site.words import month_and_year

# Up to MOST_MONTHS there is a bar for each month, beyond one for each year. There are none of fewer
# than LEAST_TIMES, at most MOST_BARS, and each has one of so many HEIGHTS.
MOST_MONTHS, MOST_BARS, LEAST_TIMES, HEIGHTS = 18, 30, 8, 10


@dataclass(frozen=True, slots=True)
class Span:
    """A month or year: its `name`, its `period` as a search takes it, its count and bar."""

    name: str
    period: str
    count: int
    height: int


def spans(times: Iterable[datetime]) -> tuple[Span, ...]:
    """Return the spans that have any, the first one first; none if there is nothing to choose."""
    months = Counter((at.year, at.month) for at in times)
    if months.total() < LEAST_TIMES or len(months) == 1:
        return ()
    if len(months) <= MOST_MONTHS:
        named = {
            (month_and_year(year, month), f"{year}-{month:02}"): count
            for (year, month), count in sorted(months.items())
        }
    else:
        years = Counter[int]()
        for (year, _), count in months.items():
            years[year] += count
        named = {(str(year), str(year)): count for year, count in sorted(years.items())}
    most = max(named.values())
    return tuple(
        Span(name, period, count, max(round(count / most * HEIGHTS), 1))
        for (name, period), count in [*named.items()][-MOST_BARS:]
    )
