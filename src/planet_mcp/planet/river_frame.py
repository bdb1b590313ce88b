"""What an answer from the river has besides its entries: counts, notices, watermark and cursor."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from heapq import nsmallest

from planet_mcp.planet import cursors, fitting, watermarks
from planet_mcp.planet.answers import ABOUT, Answer, LatestDay, LatestResult, NewFeeds
from planet_mcp.planet.cursors import Position
from planet_mcp.planet.fitting import Size
from planet_mcp.planet.markdown import counted, feed_name, latest_text
from planet_mcp.planet.reading import Reading
from planet_mcp.requests import LatestRequest, Request, given, selection
from planet_mcp.store import Archive, FeedCount, RiverEntry, Window

MAX_LEFT_OUT_CHARS = 300
LEFT_OUT_TITLE_CHARS = 40
MIN_NAME_CHARS = 15
# How many new feeds are named: one for each 800 characters of the answer, and five at most.
MOST_NEW_FEEDS, CHARS_FOR_A_NEW_FEED = 5, 800


@dataclass(frozen=True, slots=True)
class GoesOn:
    """How a list goes on: the tool and the request that it answers, and where the list started."""

    tool: str
    request: Request
    start: str = ""

    def cursor(self, position: Position) -> str:
        """Write the cursor for a position."""
        cursor = cursors.encode(position, self._bound)
        return f"{self.start}-{cursor}" if self.start else cursor

    def position(self, cursor: str) -> Position:
        """Read a cursor, without what stands before it.

        Raises:
            ArgumentError: It is damaged, or was given for other arguments.
        """
        return cursors.decode(cursor, self._bound)

    @property
    def _bound(self) -> dict[str, object]:
        started = {"start": self.start} if self.start else {}
        return {**selection(self.request), **started}


@dataclass(frozen=True)
class Frame:
    """The answer to one request, into which days of the river are put.

    `request` says what is shown, and names its feeds by their ids; `goes_on` makes cursors of
    positions and spells the call that goes on there. `total` counts the entries of the whole
    window; `title` says what they are; `make` makes the result.
    """

    reading: Reading
    request: LatestRequest
    position: Position
    identity: str
    total: int
    window: Window
    goes_on: "GoesOn"
    title: str
    make: Callable[..., LatestResult] = LatestResult

    @property
    def by_arrival(self) -> bool:
        """Return whether the rows are in the order of storing."""
        return self.request.watermark is not None

    def answer(
        self, days: list[LatestDay], *, notice: str | None = None, last: RiverEntry | None = None
    ) -> Answer[LatestResult]:
        """Make an answer; `last` is the last entry shown when others wait behind it."""
        cursor = self.goes_on.cursor(self._after(last)) if last else None
        result = self.make(
            new_feeds=self._new_feeds(last) or None,
            days=days,
            total=self.total,
            watermark=self._watermark(last),
            next_cursor=cursor,
            notice=self.reading.with_notice(notice),
        )
        more = self.reading.more(self.goes_on.tool, self.goes_on.request, cursor)
        return Answer(result, latest_text(result, title=self.title, more=more))

    def size(self, *, notice: str | None = None, last: RiverEntry | None = None) -> Size:
        """Return the size of an answer without its days; slightly more than it will be."""
        empty = self.answer([], notice=notice, last=last)
        # Only an answer that has entries says that it quotes, and how many it shows.
        return fitting.measure(empty).plus(Size(len(ABOUT) + len(str(self.total)), 0))

    def left_out(self, waiting: Iterable[FeedCount], shown: Mapping[int, int]) -> str:
        """Return what there was no space for, and how to get it."""
        left = [(each.entries - shown.get(each.feed_id, 0), each) for each in waiting]
        limit = self.argument("max_chars")
        rest = self.reading.language.rest()
        if self.window.feeds and len(self.window.feeds) == 1:
            number = sum(entries for entries, _ in left)
            return f"Left out by {limit}: {counted(number, 'entry', 'entries')}. For them, {rest}."
        space = min(self.request.max_chars // 20, MAX_LEFT_OUT_CHARS)
        named, biggest = _listed([each for each in left if each[0]], space)
        # `latest_entries`, which shows one feed alone, has no argument for a topic.
        feed = None if self.window.topic else biggest
        one = f"; for one feed: {self._call_for(feed)}" if feed else ""
        return f"Left out by {limit}: {named}. For all of them, {rest}{one}."

    def argument(self, name: str) -> str:
        """Name an argument of the call in the words of its reader."""
        return self.reading.language.argument(name)

    def _call_for(self, feed_id: int) -> str:
        """Spell the call that shows what the window has of one feed."""
        plain = LatestRequest()
        one = replace(
            self.request,
            feed=feed_id,
            group=None,
            detail=plain.detail,
            max_chars=plain.max_chars,
            cursor=None,
        )
        return self.reading.language.call("latest_entries", given(one))

    def _after(self, last: RiverEntry) -> Position:
        time = int(last.ordered_at.timestamp())
        return replace(self.position, last=(time, last.first_id), round=last.round)

    def _upto(self, last: RiverEntry | None) -> int:
        """Return the entry up to which is given out now: what was cut after a watermark is not."""
        return last.first_id if last and self.by_arrival else self.position.snapshot

    def _new_feeds(self, last: RiverEntry | None) -> list[NewFeeds]:
        """Tell in one place what feeds had before; of many feeds only how many there are."""
        if self.window.shown and not self.by_arrival:
            return []
        archives = self._archives(self._upto(last))
        call = self.reading.language.call
        if len(archives) > min(MOST_NEW_FEEDS, self.request.max_chars // CHARS_FOR_A_NEW_FEED):
            entries = sum(each.entries for each in archives)
            listed = call("list_feeds", {})
            return [NewFeeds(feeds=len(archives), older_entries=entries, call=listed)]
        return [
            NewFeeds(
                feed=fitting.cut(each.feed, LEFT_OUT_TITLE_CHARS),
                feed_id=each.feed_id,
                known=None if each.is_new else True,
                older_entries=each.entries,
                call=call("search_entries", {"feed": each.feed_id}),
            )
            for each in archives
        ]

    @cached_property
    def _archives(self) -> Callable[[int], list[Archive]]:
        """Return what reads the archives up to an entry, once for all answers that are tried."""
        river, window = self.reading.store.river, self.window
        return cache(lambda upto: river.archives(window, upto=upto))

    def _watermark(self, last: RiverEntry | None) -> str:
        scope = watermarks.scope(self.window.feeds, self.request.group)
        return watermarks.encode(self._upto(last), identity=self.identity, scope=scope)


def _listed(left: Sequence[tuple[int, FeedCount]], space: int) -> tuple[str, int | None]:
    """Name feeds with their counts, the biggest first, and sum up those for which no space is.

    The second value is the first feed that is named.
    """
    names: list[str] = []
    biggest = nsmallest(space // MIN_NAME_CHARS, left, key=lambda each: (-each[0], each[1].feed_id))
    for entries, feed in biggest:
        title = fitting.cut(feed.feed, LEFT_OUT_TITLE_CHARS)
        name = f"{feed_name(title, feed.feed_id)} {entries}"
        space -= len(name) + 2
        if space < 0:
            break
        names.append(name)
    number = len(names)
    rest = sum(entries for entries, _ in left) - sum(entries for entries, _ in biggest[:number])
    if rest:
        others = counted(len(left) - number, "other feed" if number else "feed")
        names.append(f"{others} {rest}")
    return ", ".join(names), biggest[0][1].feed_id if number else None
