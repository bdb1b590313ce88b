"""What is new, as the planet shows it: by day and feed, fitted to a number of characters.

When there is not room for all titles, the first ones of the order are shown, and the rest is
counted by feed. A choice that is fairer to feeds that post little would leave gaps in the order,
and a cursor would have to list what was shown; so it is the time of the last that was shown.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from heapq import nsmallest
from itertools import accumulate
from typing import Literal

from planet_mcp.models import Feed
from planet_mcp.planet import cursors, fitting, watermarks
from planet_mcp.planet.answers import Answer, LatestDay, LatestEntry, LatestFeed, LatestResult
from planet_mcp.planet.cursors import Position
from planet_mcp.planet.fitting import Size
from planet_mcp.planet.markdown import (
    QUOTES,
    call,
    day_lines,
    entry_lines,
    feed_line,
    latest_text,
    quoted,
)
from planet_mcp.planet.search import start
from planet_mcp.store import FeedCount, RiverEntry, Store, Window
from planet_mcp.times import day_of, parse_since, stamp

Detail = Literal["titles", "excerpts", "full"]

EXCERPT_CHARS = 300
# Shorter than most lines: rarely must more rows be read than those read at first.
USUAL_LINE_CHARS = 200
# Shorter than any entry's line, so that more rows are read than can be shown.
MIN_LINE_CHARS = 50
MAX_URL_CHARS = 500
MAX_LEFT_OUT_CHARS = 300
LEFT_OUT_TITLE_CHARS = 40
MIN_NAME_CHARS = 15


@dataclass(frozen=True, slots=True)
class Asked:
    """How someone wants to see the river, whatever window of it."""

    feed: Feed | None
    detail: Detail
    max_chars: int
    cursor: str | None
    notice: str | None
    now: datetime

    @property
    def feed_id(self) -> int | None:
        """Return the feed that was asked for."""
        return self.feed.id if self.feed else None

    def arguments(self, **window: str) -> dict[str, int | str | None]:
        """Return the arguments of the call, which cursors are bound to."""
        return {**window, "feed": self.feed_id, "detail": self.detail}


class River:
    """The river of one store. Blocking; every method is a few short queries."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._identity = store.identity()

    def since(self, since: str, asked: Asked) -> Answer[LatestResult]:
        """Show the entries of a period, newest first.

        Raises:
            ArgumentError: The period or the cursor is not usable.
        """
        arguments = asked.arguments(since=since)
        position = start(self._store, asked.cursor, arguments, now=asked.now)
        window = Window(
            snapshot=position.snapshot,
            feed_id=asked.feed_id,
            since=parse_since(since, now=position.now),
            shown=position.last,
        )
        return self._shown(window, f"since {since}", arguments, position, asked)

    def arrived(self, watermark: str, asked: Asked) -> Answer[LatestResult]:
        """Show the entries stored since a watermark, in the order of storing.

        Raises:
            ArgumentError: The watermark or the cursor is not usable.
        """
        arguments = asked.arguments(watermark=watermark)
        position = start(self._store, asked.cursor, arguments, now=asked.now)
        after = watermarks.decode(
            watermark, identity=self._identity, feed_id=asked.feed_id, newest=position.snapshot
        )
        window = Window(
            snapshot=position.snapshot, feed_id=asked.feed_id, after=after, shown=position.last
        )
        return self._shown(window, "stored since the watermark", arguments, position, asked)

    def _shown(  # noqa: PLR0917
        self,
        window: Window,
        title: str,
        arguments: Mapping[str, int | str | None],
        position: Position,
        asked: Asked,
    ) -> Answer[LatestResult]:
        """Show all titles with what texts there is room for, or else the first titles."""
        entries = self._store.entries
        total = entries.total(window)
        view = _View(total, title, arguments, position, self._identity, asked)
        rows = self._rows(window, view)
        whole = rows.fitted(view, self._texts) if rows.are_all else None
        return whole or rows.cut(view, entries.waiting(window))

    def _rows(self, window: Window, view: "_View") -> "_Rows":
        """Read more rows than can be shown, or all of them."""
        budget = view.asked.max_chars
        for chars in (USUAL_LINE_CHARS, MIN_LINE_CHARS):
            limit = budget // chars + 1
            found = self._store.entries.river(window, limit=limit)
            rows = _Rows(found, are_all=len(found) < limit)
            if rows.are_all or max(rows.sizes[-1]) > budget:
                break
        return rows

    def _texts(self, rows: Sequence[RiverEntry], asked: Asked) -> list[str]:
        if asked.detail == "excerpts":
            return [row.excerpt for row in rows]
        if asked.detail == "titles":
            return ["" for _ in rows]
        found = self._store.entries.beginnings([row.id for row in rows], chars=asked.max_chars)
        return [found[row.id] for row in rows]


@dataclass(frozen=True, slots=True)
class _View:
    """What makes an answer of rows."""

    total: int
    title: str
    arguments: Mapping[str, int | str | None]
    position: Position
    identity: str
    asked: Asked

    @property
    def by_arrival(self) -> bool:
        """Say whether the rows are in the order of storing."""
        return "watermark" in self.arguments

    def answer(
        self, days: list[LatestDay], *, notice: str | None = None, last: RiverEntry | None = None
    ) -> Answer[LatestResult]:
        """Make an answer; `last` is the last entry shown when others wait behind it."""
        following = cursors.encode(self._after(last), self.arguments) if last else None
        result = LatestResult(
            days=days,
            total=self.total,
            watermark=self._watermark(last),
            next_cursor=following,
            notice=" ".join(text for text in (self.asked.notice, notice) if text) or None,
        )
        more = self._call(following) if following else None
        return Answer(result, latest_text(result, title=self.title, more=more))

    def frame(self, *, notice: str | None = None, last: RiverEntry | None = None) -> Size:
        """Return the size of an answer without its days; slightly more than it will be."""
        empty = self.answer([], notice=notice, last=last)
        # What the empty answer does not say: that it quotes, and how many entries it shows.
        return fitting.measure(empty).plus(Size(len(QUOTES) + len(str(self.total)), 0))

    def left_out(self, waiting: Iterable[FeedCount], shown: Mapping[int, int]) -> str:
        """Say what there was no room for, and how to get it."""
        left = [(each.entries - shown.get(each.feed_id, 0), each) for each in waiting]
        if self.asked.feed_id:
            number = sum(entries for entries, _ in left)
            return f"Left out by max_chars: {number} entries. For them, pass next_cursor as cursor."
        room = min(self.asked.max_chars // 20, MAX_LEFT_OUT_CHARS)
        named, example = _listed([each for each in left if each[0]], room)
        one = call("latest_entries", {**self.arguments, "detail": None, "feed": example})
        return (
            f"Left out by max_chars: {named}. For all of them, pass next_cursor as cursor"
            f"{f'; for one feed: {one}' if example else ''}."
        )

    def _after(self, last: RiverEntry) -> Position:
        return replace(self.position, last=(int(last.ordered_at.timestamp()), last.first_id))

    def _watermark(self, last: RiverEntry | None) -> str:
        """Return what is given out now: what was cut from a watermark's answer is not."""
        upto = last.first_id if last and self.by_arrival else self.position.snapshot
        return watermarks.encode(upto, identity=self.identity, feed_id=self.asked.feed_id)

    def _call(self, cursor: str) -> str:
        asked = self.asked
        own = {
            "detail": asked.detail if asked.detail != "excerpts" else None,
            "max_chars": asked.max_chars if asked.max_chars != fitting.DEFAULT_CHARS else None,
        }
        return call("latest_entries", {**self.arguments, **own, "cursor": cursor})


@dataclass(frozen=True)
class _Rows:
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
        self, view: _View, read: Callable[[Sequence[RiverEntry], Asked], list[str]]
    ) -> Answer[LatestResult] | None:
        """Show all rows and share what room is left among their texts; None if there is none."""
        asked, most = view.asked, self.sizes[-1]
        room = view.frame().plus(most).left_of(asked.max_chars)
        if self.rows and min(room) < 0:
            return None
        texts = read(self.rows, asked)
        limit = EXCERPT_CHARS if asked.detail == "excerpts" else asked.max_chars
        chars = fitting.share(texts, room=room, most=limit)
        if chars or not any(texts):
            return view.answer(self._days([fitting.cut(text, chars) for text in texts], view))
        notice: str | None = f"No {asked.detail} but titles: all else is over max_chars."
        if min(view.frame(notice=notice).plus(most).left_of(asked.max_chars)) < 0:
            notice = None
        return view.answer(self._days(["" for _ in texts], view), notice=notice)

    def cut(self, view: _View, waiting: Sequence[FeedCount]) -> Answer[LatestResult]:
        """Show the titles that fit, at least one, and count the rest."""
        budget = view.asked.max_chars
        guess = view.frame(notice=view.left_out(waiting, {}), last=self.rows[0])
        fitting_ones = sum(min(guess.plus(size).left_of(budget)) >= 0 for size in self.sizes[1:])
        for count in range(min(fitting_ones, len(self.rows) - self.are_all), 0, -1):
            shown = Counter(row.feed_id for row in self.rows[:count])
            answer = self._first(count, view, view.left_out(waiting, shown))
            # The guess is exact but for the lengths of the cursor and of the names counted.
            if fitting.size(answer) <= budget:
                return answer
        return self._first(1, view, None)

    def _first(self, count: int, view: _View, notice: str | None) -> Answer[LatestResult]:
        last = self.rows[count - 1] if count < len(self.rows) or not self.are_all else None
        return view.answer(self._days([""] * count, view), notice=notice, last=last)

    def _days(self, texts: Sequence[str], view: _View) -> list[LatestDay]:
        """Group the first rows, as many as there are texts, by day and feed."""
        field = "text" if view.asked.detail == "full" else "excerpt"
        days: dict[str, dict[int, LatestFeed]] = {}
        for row, entry, text in zip(self.rows, self.entries, texts, strict=False):
            feeds = days.setdefault(day_of(row.ordered_at), {})
            if row.feed_id not in feeds:
                feeds[row.feed_id] = LatestFeed(feed=row.feed, feed_id=row.feed_id, entries=[])
            told = entry.model_copy(update={field: text}) if text else entry
            feeds[row.feed_id].entries.append(told)
        return [
            LatestDay(date=date, feeds=list(days[date].values()))
            for date in sorted(days, reverse=not view.by_arrival)
        ]


def _listed(left: Sequence[tuple[int, FeedCount]], room: int) -> tuple[str, int | None]:
    """Name feeds with their counts, the biggest first, and sum up those for which no room is.

    The second value is the first feed that is named.
    """
    names: list[str] = []
    biggest = nsmallest(room // MIN_NAME_CHARS, left, key=lambda each: (-each[0], each[1].feed_id))
    for entries, feed in biggest:
        title = fitting.cut(quoted(feed.feed), LEFT_OUT_TITLE_CHARS)
        name = f"{title} (feed {feed.feed_id}) {entries}"
        room -= len(name) + 2
        if room < 0:
            break
        names.append(name)
    number = len(names)
    rest = sum(entries for entries, _ in left) - sum(entries for entries, _ in biggest[:number])
    if rest:
        names.append(f"{len(left) - number} {'other ' if number else ''}feeds {rest}")
    return ", ".join(names), biggest[0][1].feed_id if number else None


def _entry(row: RiverEntry) -> LatestEntry:
    return LatestEntry(
        entry_id=row.id,
        title=row.title,
        url=row.url if len(row.url or "") <= MAX_URL_CHARS else None,
        published=stamp(row.ordered_at),
        also_in=list(row.also_in) or None,
    )
