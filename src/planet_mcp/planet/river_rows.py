"""Rows of the river → the days of an answer, as much of them as fits its number of characters."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from planet_mcp.planet import fitting
from planet_mcp.planet.answers import Answer, LatestDay, LatestEntry, LatestFeed, LatestResult
from planet_mcp.planet.fitting import Size
from planet_mcp.planet.markdown import (
    body_lines,
    day_lines,
    entry_lines,
    excerpt_lines,
    feed_line,
)
from planet_mcp.planet.river_frame import Frame
from planet_mcp.store import FeedCount, RiverEntry
from planet_mcp.times import day_of, stamp

EXCERPT_CHARS = 300
MAX_URL_CHARS = 500


@dataclass(frozen=True)
class Rows:
    """Rows of the river in their order, and what each adds to the size of an answer."""

    rows: Sequence[RiverEntry]
    are_all: bool

    @cached_property
    def entries(self) -> list[LatestEntry]:
        """Return the entries without texts."""
        return [_entry(row) for row in self.rows]

    @cached_property
    def sizes(self) -> list[Size]:
        """Return the sizes of the first 0, 1, 2, ... entries with their headings."""
        return list(accumulate(self._added(), Size.plus, initial=Size(0, 0)))

    def _added(self) -> Iterable[Size]:
        begun: set[tuple[str, int]] = set()
        days: set[str] = set()
        for row, entry in zip(self.rows, self.entries, strict=True):
            added = Size(fitting.lines_chars(entry_lines(entry)), entry.json_chars() + 1)
            date = day_of(row.ordered_at)
            if (date, row.feed_id) not in begun:
                feed = LatestFeed(feed=row.feed, feed_id=row.feed_id, entries=[])
                added = added.plus(Size(len(feed_line(feed)) + 1, feed.json_chars() + 1))
            if date not in days:
                day = LatestDay(date=date, feeds=[])
                added = added.plus(Size(fitting.lines_chars(day_lines(day)), day.json_chars() + 1))
            begun.add((date, row.feed_id))
            days.add(date)
            yield added

    def fitted(
        self, frame: Frame, read: Callable[[Sequence[RiverEntry]], list[str]]
    ) -> Answer[LatestResult] | None:
        """Show all rows and share what space is left among their texts; None if there is none."""
        request, most = frame.request, self.sizes[-1]
        space = frame.size().plus(most).left_of(request.max_chars)
        if self.rows and min(space) < 0:
            return None
        texts = read(self.rows)
        lines = body_lines if request.detail == "full" else excerpt_lines
        longest = EXCERPT_CHARS if request.detail == "excerpts" else request.max_chars
        chars = fitting.share(texts, space=space, most=longest, lines=lines)
        if chars or not any(texts):
            return frame.answer(self._days([fitting.cut(text, chars) for text in texts], frame))
        limit = frame.argument("max_chars")
        notice: str | None = f"No {request.detail} but titles: all else is over {limit}."
        if min(frame.size(notice=notice).plus(most).left_of(request.max_chars)) < 0:
            notice = None
        return frame.answer(self._days(["" for _ in texts], frame), notice=notice)

    def cut(self, frame: Frame, waiting: Sequence[FeedCount]) -> Answer[LatestResult]:
        """Show the titles that fit, at least one, and count the rest."""
        budget = frame.request.max_chars
        guess = frame.size(notice=frame.left_out(waiting, {}), last=self.rows[0])
        fitting_ones = sum(min(guess.plus(size).left_of(budget)) >= 0 for size in self.sizes[1:])
        for count in range(min(fitting_ones, len(self.rows) - self.are_all), 0, -1):
            shown = Counter(row.feed_id for row in self.rows[:count])
            answer = self._first(count, frame, frame.left_out(waiting, shown))
            # `guess` was exact but for the lengths of the cursor and of the names in the notice.
            if fitting.size(answer) <= budget:
                return answer
        return self._first(1, frame, None)

    def _first(self, count: int, frame: Frame, notice: str | None) -> Answer[LatestResult]:
        last = self.rows[count - 1] if count < len(self.rows) or not self.are_all else None
        return frame.answer(self._days([""] * count, frame), notice=notice, last=last)

    def _days(self, texts: Sequence[str], frame: Frame) -> list[LatestDay]:
        """Group the first rows, as many as there are texts, by day and feed."""
        field = "text" if frame.request.detail == "full" else "excerpt"
        days: dict[str, dict[int, LatestFeed]] = {}
        shown = list(zip(self.rows, self.entries, texts, strict=False))
        if not frame.by_arrival:
            shown.sort(key=lambda each: (each[0].ordered_at, each[0].first_id), reverse=True)
        for row, entry, text in shown:
            feeds = days.setdefault(day_of(row.ordered_at), {})
            if row.feed_id not in feeds:
                feeds[row.feed_id] = LatestFeed(feed=row.feed, feed_id=row.feed_id, entries=[])
            whole = entry.model_copy(update={field: text}) if text else entry
            feeds[row.feed_id].entries.append(whole)
        return [
            LatestDay(date=date, feeds=list(days[date].values()))
            for date in sorted(days, reverse=not frame.by_arrival)
        ]


def _entry(row: RiverEntry) -> LatestEntry:
    return LatestEntry(
        entry_id=row.id,
        title=row.title,
        url=row.url if len(row.url or "") <= MAX_URL_CHARS else None,
        published=stamp(row.published) if row.published else None,
        first_seen=None if row.published else stamp(row.first_seen_at),
        also_in=list(row.also_in) or None,
    )
