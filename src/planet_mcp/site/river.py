"""The river: what is new by day and feed, the pages of a day, and the page of titles.

No feed hides the others: of each feed and day the newest few are shown, and the others have pages
of their own.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar

from planet_mcp.planet import none_read
from planet_mcp.site.content import TEXT_CHARS, Budget, Shown
from planet_mcp.site.values import Options
from planet_mcp.store import DayStory, Headline, Post, Store, Summary

RIVER_POSTS = 40
POSTS_OF_DAY = 50
TITLES = 300
MOST_OF_FEED = 5
# After more entries than these, a reader who comes back is shown the newest of them.
LOOKED_BACK = 20_000

T = TypeVar("T", Shown, Headline)


@dataclass(frozen=True, slots=True)
class FeedGroup(Generic[T]):
    """What one feed posted on one day, newest first; `more` counts what is left out."""

    feed_id: int
    feed: str
    posts: list[T]
    more: int = 0


@dataclass(frozen=True, slots=True)
class DayGroup(Generic[T]):
    """One day of the river; the feed that posted last comes first."""

    day: date
    feeds: list[FeedGroup[T]]


@dataclass(frozen=True, slots=True)
class RiverView(Generic[T]):
    """The newest days, with texts or only titles; `onward` is where the river goes on."""

    days: list[DayGroup[T]]
    onward: str | None
    last_update: datetime | None
    summary: Summary

    @property
    def none_read(self) -> str | None:
        """Return that no feed was ever read, and why; None if one was."""
        return none_read(self.summary)


@dataclass(frozen=True, slots=True)
class SinceView:
    """What arrived since a moment, or the newest of it where `more` did."""

    since: datetime
    days: list[DayGroup[Headline]]
    count: int
    more: bool
    onward: str | None


@dataclass(frozen=True, slots=True)
class DayView:
    """A page of a day at `path`; `earlier` and `later` are the next days that have stories."""

    day: DayGroup[Shown]
    stories: int
    path: str
    page: int
    pages: int
    earlier: date | None
    later: date | None


@dataclass(frozen=True, slots=True)
class FeedDayView:
    """A page of all that one feed has on a day, at `path`."""

    day: date
    feed: FeedGroup[Shown]
    stories: int
    path: str
    page: int
    pages: int


def river_view(store: Store, options: Options) -> RiverView[Shown]:
    """Return the newest whole days, or the beginning of the last one if it is a long one."""
    picked, onward = _days(store, most=RIVER_POSTS)
    posts = store.browsing.stories([each.story_id for each in picked], chars=TEXT_CHARS)
    groups = _grouped(_shown(posts, options), _more(store, picked))
    return RiverView(groups, onward, store.browsing.last_change(), store.feeds.summary())


def titles_view(store: Store) -> RiverView[Headline]:
    """Return the titles of the newest whole days."""
    picked, onward = _days(store, most=TITLES)
    headlines = store.browsing.headlines([each.story_id for each in picked])
    groups = _grouped(headlines, _more(store, picked))
    return RiverView(groups, onward, store.browsing.last_change(), store.feeds.summary())


def since_view(store: Store, since: datetime, last: int | None) -> SinceView:
    """Return the newest titles that arrived since then, or after the entry that was last then."""
    # An id beyond the newest is of another database; then the time counts.
    newest = store.entries.newest_id()
    is_known = last is not None and last <= newest
    after = last if last is not None and is_known else store.browsing.last_before(since)
    first = max(after, newest - LOOKED_BACK)
    found = store.browsing.arrived(after=first, limit=TITLES + 1)
    headlines = store.browsing.headlines(found[:TITLES])
    days = _grouped(headlines, {})
    more = len(found) > TITLES or first > after
    return SinceView(since, days, len(headlines), more, onward_path(store))


def onward_path(store: Store) -> str | None:
    """Return the path of what is going to arrive, for a bookmark; None on an empty planet.

    It changes only when something arrives, so that the page that has it can be cached.
    """
    at = store.browsing.last_change()
    return f"since/{at:%Y-%m-%dT%H:%M:%SZ}/{store.entries.newest_id()}" if at else None


def day_view(store: Store, day: date, page: int, options: Options) -> DayView | None:
    """Return a page of a day; None if there is none."""
    picked = store.browsing.newest_of_feeds(most_of_feed=MOST_OF_FEED, day=day)
    pages = -(-len(picked) // POSTS_OF_DAY)
    if not 1 <= page <= pages:
        return None
    here = picked[(page - 1) * POSTS_OF_DAY : page * POSTS_OF_DAY]
    posts = store.browsing.stories([each.story_id for each in here], chars=TEXT_CHARS)
    (group,) = _grouped(_shown(posts, options), _more(store, picked))
    stories = sum(store.browsing.counts_by_day(day, day).values())
    earlier, later = store.browsing.neighbours(day)
    return DayView(group, stories, day_path(day), page, pages, earlier, later)


def feed_day_view(
    store: Store, feed_id: int, day: date, page: int, *, options: Options
) -> FeedDayView | None:
    """Return a page of what a feed has on a day; None if there is none."""
    stories = store.browsing.counts_by_day(day, day).get((day, feed_id), 0)
    pages = -(-stories // POSTS_OF_DAY)
    if not 1 <= page <= pages:
        return None
    offset = (page - 1) * POSTS_OF_DAY
    posts = store.browsing.of_feed_on_day(
        feed_id, day, limit=POSTS_OF_DAY, offset=offset, chars=TEXT_CHARS
    )
    ((feed,),) = (group.feeds for group in _grouped(_shown(posts, options), {}))
    return FeedDayView(day, feed, stories, feed_day_path(day, feed_id), page, pages)


def day_path(day: date, page: int = 1) -> str:
    """Return the path of a page of a day."""
    return f"days/{day.isoformat()}" + (f"/{page}" if page > 1 else "")


def feed_day_path(day: date, feed_id: int) -> str:
    """Return the path of all that a feed has on a day."""
    return f"{day_path(day)}/feeds/{feed_id}"


def _days(store: Store, *, most: int) -> tuple[list[DayStory], str | None]:
    """Return the stories of the newest days that are shown, and where the river goes on."""
    picked = store.browsing.newest_of_feeds(most_of_feed=MOST_OF_FEED, most=most + 1)
    if len(picked) <= most:
        return picked, None
    cut = picked[-1].day
    whole = [each for each in picked if each.day != cut]
    return whole or _beginning(store, cut, most), day_path(cut)


def _beginning(store: Store, day: date, most: int) -> list[DayStory]:
    """Return the newest of each feed of a long day, then the second of each, in order of time.

    The day's own pages have all of it.
    """
    picked = store.browsing.newest_of_feeds(most_of_feed=MOST_OF_FEED, day=day)
    rounds: Counter[int] = Counter()
    ranked = []
    for position, each in enumerate(picked):
        rounds[each.feed_id] += 1
        ranked.append((rounds[each.feed_id], position))
    return [picked[position] for position in sorted(each for _, each in sorted(ranked)[:most])]


def _more(store: Store, picked: Sequence[DayStory]) -> dict[tuple[date, int], int]:
    """Count what was left out of feeds that have more than may be shown, by day and feed."""
    if not picked:
        return {}
    shown = Counter((each.day, each.feed_id) for each in picked)
    counts = store.browsing.counts_by_day(picked[-1].day, picked[0].day)
    return {key: count - shown[key] for key, count in counts.items() if count > MOST_OF_FEED}


def _shown(posts: Sequence[Post], options: Options) -> list[Shown]:
    budget = Budget(images=options.images)
    return [budget.show(post) for post in posts]


def _grouped(posts: Sequence[T], more: Mapping[tuple[date, int], int]) -> list[DayGroup[T]]:
    """Group posts, newest first, by day and then by feed."""
    days: dict[date, dict[int, FeedGroup[T]]] = {}
    for item in posts:
        at, feed_id, feed = _group_of(item)
        feeds, left = days.setdefault(at.date(), {}), more.get((at.date(), feed_id), 0)
        feeds.setdefault(feed_id, FeedGroup(feed_id, feed, [], left)).posts.append(item)
    return [DayGroup(day, list(feeds.values())) for day, feeds in days.items()]


def _group_of(item: Shown | Headline) -> tuple[datetime, int, str]:
    if isinstance(item, Headline):
        return item.ordered_at, item.feed_id, item.feed
    return item.post.ordered_at, item.post.feed.id, item.post.feed.title
