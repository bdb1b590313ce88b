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


class River:
    """The river of one store. Blocking; every method is a few short queries."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._identity = store.identity()

    def since(
        self,
        since: str,
        *,
        feed: Feed | None,
        detail: Detail,
        max_chars: int,
        cursor: str | None,
        notice: str | None,
        now: datetime,
    ) -> Answer[LatestResult]:
        """Show the entries of a period, newest first.

        Raises:
            ArgumentError: The period or the cursor is not usable.
        """
        arguments: Mapping[str, int | str | None] = {
            "since": since,
            "feed": feed.id if feed else None,
            "detail": detail,
        }
        position = start(self._store, cursor, arguments, now=now)
        limit = max_chars // MIN_LINE_CHARS + 1
        rows, total = self._store.entries.river(
            since=parse_since(since, now=position.now),
            feed_id=feed.id if feed else None,
            snapshot=position.snapshot,
            before=position.last,
            limit=limit,
            text_chars=max_chars if detail == "full" else 0,
        )
        view = _View(
            rows=rows,
            capped=len(rows) == limit,
            total=total,
            title=f"since {since}",
            arguments=arguments,
            position=position,
            identity=self._identity,
            notice=notice,
            by_arrival=False,
        )
        return _fitted(view, detail, max_chars)

    def arrived(
        self,
        watermark: str,
        *,
        feed: Feed | None,
        detail: Detail,
        max_chars: int,
        cursor: str | None,
        notice: str | None,
        now: datetime,
    ) -> Answer[LatestResult]:
        """Show the entries stored since a watermark, in the order of storing.

        Raises:
            ArgumentError: The watermark or the cursor is not usable.
        """
        arguments: Mapping[str, int | str | None] = {
            "watermark": watermark,
            "feed": feed.id if feed else None,
            "detail": detail,
        }
        position = start(self._store, cursor, arguments, now=now)
        feed_id = feed.id if feed else None
        after = watermarks.decode(
            watermark, identity=self._identity, feed_id=feed_id, newest=position.snapshot
        )
        limit = max_chars // MIN_LINE_CHARS + 1
        rows, total = self._store.entries.arrivals(
            after=after,
            snapshot=position.snapshot,
            feed_id=feed_id,
            shown=position.last[1] if position.last else after,
            limit=limit,
            text_chars=max_chars if detail == "full" else 0,
        )
        view = _View(
            rows=rows,
            capped=len(rows) == limit,
            total=total,
            title="stored since the watermark",
            arguments=arguments,
            position=position,
            identity=self._identity,
            notice=notice,
            by_arrival=True,
        )
        return _fitted(view, detail, max_chars)


@dataclass(frozen=True, slots=True)
class _View:
    """The rows at hand and what is needed to make answers of them."""

    rows: Sequence[RiverEntry]
    capped: bool
    total: int
    title: str
    arguments: Mapping[str, int | str | None]
    position: Position
    identity: str
    notice: str | None
    by_arrival: bool


def _fitted(view: _View, detail: Detail, max_chars: int) -> Answer[LatestResult]:
    """Show all titles that fit; if all do, share what room is left among the texts."""
    titles, count = fitting.largest(
        lambda rows: _answer(view, rows, detail, 0), upto=len(view.rows), budget=max_chars
    )
    if detail == "titles" or count < len(view.rows):
        return titles
    most = EXCERPT_CHARS if detail == "excerpts" else max_chars
    chars = bisect_right(
        range(most + 1),
        max_chars,
        key=lambda each: fitting.size(_answer(view, count, detail, each)),
    )
    return _answer(view, count, detail, chars - 1) if chars else titles


def _answer(view: _View, count: int, detail: Detail, chars: int) -> Answer[LatestResult]:
    rows = view.rows[:count]
    left = view.capped or count < len(view.rows)
    following = cursors.encode(_after(view, rows), view.arguments) if left and rows else None
    result = LatestResult(
        days=_days(rows, detail, chars, oldest_first=view.by_arrival),
        total=view.total,
        watermark=_watermark(view, rows, cut=left),
        next_cursor=following,
        notice=view.notice,
    )
    more = call("latest_entries", {**view.arguments, "cursor": following}) if following else None
    return Answer(result, latest_text(result, title=view.title, more=more))


def _after(view: _View, rows: Sequence[RiverEntry]) -> Position:
    last = rows[-1]
    return replace(view.position, last=(int(last.ordered_at.timestamp()), last.id))


def _watermark(view: _View, rows: Sequence[RiverEntry], *, cut: bool) -> str:
    """Return what is given out now: what was cut from a watermark's answer is not."""
    feed_id = view.arguments["feed"]
    upto = rows[-1].id if cut and view.by_arrival and rows else view.position.snapshot
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
