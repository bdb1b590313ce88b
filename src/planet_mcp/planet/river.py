"""What is new, as the planet shows it: by day and feed, fitted to a number of characters."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from planet_mcp.models import Feed
from planet_mcp.planet import cursors, fitting, watermarks
from planet_mcp.planet.answers import Answer, LatestDay, LatestEntry, LatestFeed, LatestResult
from planet_mcp.planet.cursors import Position
from planet_mcp.planet.reading import start
from planet_mcp.planet.text import call, latest_text
from planet_mcp.store import RiverEntry, Store
from planet_mcp.times import day_of, parse_since, stamp

Detail = Literal["titles", "excerpts", "full"]

EXCERPT_CHARS = 300
MIN_EXCERPT_CHARS = 40
# Shorter than any entry's line, so that more rows are read than can be shown.
MIN_LINE_CHARS = 50
MAX_URL_CHARS = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """How someone wants to see the river, whatever stretch of it."""

    feed: Feed | None
    detail: Detail
    max_chars: int
    cursor: str | None
    notice: str | None
    now: datetime

    @property
    def limit(self) -> int:
        """Return more rows than can be shown."""
        return self.max_chars // MIN_LINE_CHARS + 1

    @property
    def text_chars(self) -> int:
        """Return how much of each text may be shown."""
        return self.max_chars if self.detail == "full" else 0

    def arguments(self, **stretch: str) -> dict[str, int | str | None]:
        """Return the arguments of the call, which cursors are bound to."""
        return {**stretch, "feed": self.feed.id if self.feed else None, "detail": self.detail}


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
        rows, total = self._store.entries.river(
            since=parse_since(since, now=position.now),
            feed_id=asked.feed.id if asked.feed else None,
            snapshot=position.snapshot,
            before=position.last,
            limit=asked.limit,
            text_chars=asked.text_chars,
        )
        return _fitted(
            _View(rows, total, f"since {since}", arguments, position, self._identity, asked)
        )

    def arrived(self, watermark: str, asked: Asked) -> Answer[LatestResult]:
        """Show the entries stored since a watermark, in the order of storing.

        Raises:
            ArgumentError: The watermark or the cursor is not usable.
        """
        arguments = asked.arguments(watermark=watermark)
        position = start(self._store, asked.cursor, arguments, now=asked.now)
        feed_id = asked.feed.id if asked.feed else None
        after = watermarks.decode(
            watermark, identity=self._identity, feed_id=feed_id, newest=position.snapshot
        )
        rows, total = self._store.entries.arrivals(
            after=after,
            snapshot=position.snapshot,
            feed_id=feed_id,
            shown=position.last[1] if position.last else after,
            limit=asked.limit,
            text_chars=asked.text_chars,
        )
        title = "stored since the watermark"
        return _fitted(_View(rows, total, title, arguments, position, self._identity, asked))


@dataclass(frozen=True, slots=True)
class _View:
    """The rows at hand and what is needed to make answers of them."""

    rows: Sequence[RiverEntry]
    total: int
    title: str
    arguments: Mapping[str, int | str | None]
    position: Position
    identity: str
    asked: Asked

    @property
    def capped(self) -> bool:
        """Say whether there may be more rows than those at hand."""
        return len(self.rows) == self.asked.limit

    @property
    def by_arrival(self) -> bool:
        """Say whether the rows are in the order of storing."""
        return "watermark" in self.arguments


def _fitted(view: _View) -> Answer[LatestResult]:
    """Show all titles that fit; if all do, share what room is left among the texts."""
    budget = view.asked.max_chars
    titles, count = fitting.largest(
        lambda rows: _answer(view, rows, 0), upto=len(view.rows), budget=budget
    )
    if view.asked.detail == "titles" or count < len(view.rows) or not view.rows:
        return titles
    most = EXCERPT_CHARS if view.asked.detail == "excerpts" else budget
    chars = bisect_right(
        range(most + 1), budget, key=lambda each: fitting.size(_answer(view, count, each))
    )
    return _answer(view, count, chars - 1) if chars else titles


def _answer(view: _View, count: int, chars: int) -> Answer[LatestResult]:
    rows = view.rows[:count]
    left = view.capped or count < len(view.rows)
    following = cursors.encode(_after(view, rows), view.arguments) if left and rows else None
    result = LatestResult(
        days=_days(rows, view.asked.detail, chars, oldest_first=view.by_arrival),
        total=view.total,
        watermark=_watermark(view, rows, cut=left),
        next_cursor=following,
        notice=_notice(view, chars),
    )
    more = None
    if following:
        asked = view.asked
        own = {
            "detail": asked.detail if asked.detail != "excerpts" else None,
            "max_chars": asked.max_chars if asked.max_chars != fitting.DEFAULT_CHARS else None,
        }
        more = call("latest_entries", {**view.arguments, **own, "cursor": following})
    return Answer(result, latest_text(result, title=view.title, more=more))


def _notice(view: _View, chars: int) -> str | None:
    """Say what was left out of an answer to make it fit, with what the corpus has to say."""
    asked = view.asked
    reduced = asked.detail != "titles" and view.rows and chars < MIN_EXCERPT_CHARS
    left_out = f"No {asked.detail} but titles: all else is over max_chars." if reduced else None
    return " ".join(text for text in (asked.notice, left_out) if text) or None


def _after(view: _View, rows: Sequence[RiverEntry]) -> Position:
    last = rows[-1]
    return replace(view.position, last=(int(last.ordered_at.timestamp()), last.first_id))


def _watermark(view: _View, rows: Sequence[RiverEntry], *, cut: bool) -> str:
    """Return what is given out now: what was cut from a watermark's answer is not."""
    feed_id = view.arguments["feed"]
    upto = rows[-1].first_id if cut and view.by_arrival and rows else view.position.snapshot
    return watermarks.encode(
        upto, identity=view.identity, feed_id=int(feed_id) if feed_id else None
    )


def _days(
    rows: Sequence[RiverEntry], detail: Detail, chars: int, *, oldest_first: bool
) -> list[LatestDay]:
    days: dict[str, dict[int, list[RiverEntry]]] = {}
    for row in rows:
        days.setdefault(day_of(row.ordered_at), {}).setdefault(row.feed_id, []).append(row)
    return [
        LatestDay(
            date=date,
            feeds=[
                LatestFeed(
                    feed=entries[0].feed,
                    feed_id=feed_id,
                    entries=[_entry(entry, detail, chars) for entry in entries],
                )
                for feed_id, entries in days[date].items()
            ],
        )
        for date in sorted(days, reverse=not oldest_first)
    ]


def _entry(row: RiverEntry, detail: Detail, chars: int) -> LatestEntry:
    return LatestEntry(
        entry_id=row.id,
        title=row.title,
        url=row.url if len(row.url or "") <= MAX_URL_CHARS else None,
        published=stamp(row.ordered_at),
        excerpt=_cut(row.excerpt, chars) if detail == "excerpts" else None,
        text=_cut(row.text, chars) if detail == "full" else None,
        also_in=list(row.also_in) or None,
    )


def _cut(text: str, chars: int) -> str | None:
    if len(text) <= chars:
        return text or None
    if chars < MIN_EXCERPT_CHARS:
        return None
    head = text[: chars - 1]
    return (head.rsplit(" ", 1)[0] or head) + "…"
