"""The river: what is new by day and feed, the page of a day, and the page of titles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar

from planet_mcp.site.content import TEXT_CHARS, Budget, Shown
from planet_mcp.site.values import Options
from planet_mcp.store import Headline, Store, Summary

RIVER_POSTS = 40
POSTS_OF_DAY = 50
TITLES = 300

T = TypeVar("T", Shown, Headline)


@dataclass(frozen=True, slots=True)
class FeedGroup(Generic[T]):
    """What one feed posted on one day, newest first."""

    feed_id: int
    feed: str
    posts: list[T]


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


@dataclass(frozen=True, slots=True)
class DayView:
    """A page of one day; `earlier` and `later` are the next days that have stories."""

    day: DayGroup[Shown]
    stories: int
    page: int
    pages: int
    earlier: date | None
    later: date | None


def river_view(store: Store, options: Options) -> RiverView[Shown]:
    """Return the newest whole days, or the beginning of the last one if it is a long one."""
    days, onward = _days(store, most=RIVER_POSTS)
    count = sum(number for _, number in days)
    posts = store.browsing.newest(limit=count, chars=TEXT_CHARS)
    budget = Budget(images=options.images)
    groups = _grouped([budget.show(post) for post in posts])
    return RiverView(groups, onward, store.browsing.last_change(), store.feeds.summary())


def titles_view(store: Store) -> RiverView[Headline]:
    """Return the titles of the newest whole days."""
    days, onward = _days(store, most=TITLES)
    headlines = store.browsing.latest(limit=sum(number for _, number in days))
    return RiverView(
        _grouped(headlines), onward, store.browsing.last_change(), store.feeds.summary()
    )


def day_view(store: Store, day: date, page: int, options: Options) -> DayView | None:
    """Return a page of a day; None if there is none."""
    stories = store.browsing.count_of_day(day)
    pages = -(-stories // POSTS_OF_DAY)
    if not 1 <= page <= pages:
        return None
    posts = store.browsing.of_day(
        day, limit=POSTS_OF_DAY, offset=(page - 1) * POSTS_OF_DAY, chars=TEXT_CHARS
    )
    budget = Budget(images=options.images)
    (group,) = _grouped([budget.show(post) for post in posts])
    earlier, later = store.browsing.neighbours(day)
    return DayView(group, stories, page, pages, earlier, later)


def day_path(day: date, page: int = 1) -> str:
    """Return the path of a page of a day."""
    return f"days/{day.isoformat()}" + (f"/{page}" if page > 1 else "")


def _days(store: Store, *, most: int) -> tuple[list[tuple[date, int]], str | None]:
    """Return the newest days with their numbers of stories, and where the river goes on."""
    headlines = store.browsing.latest(limit=most + 1)
    counts: dict[date, int] = {}
    for headline in headlines:
        counts[headline.ordered_at.date()] = counts.get(headline.ordered_at.date(), 0) + 1
    days = list(counts.items())
    if len(headlines) <= most:
        return days, None
    if len(days) > 1:
        cut, _ = days.pop()
        return days, day_path(cut)
    # One day has more than there is space for; its own pages have all of it.
    return [(days[0][0], most)], day_path(days[0][0])


def _grouped(posts: Sequence[T]) -> list[DayGroup[T]]:
    """Group posts, newest first, by day and then by feed."""
    days: dict[date, dict[int, FeedGroup[T]]] = {}
    for item in posts:
        at, feed_id, feed = _group_of(item)
        feeds = days.setdefault(at.date(), {})
        feeds.setdefault(feed_id, FeedGroup(feed_id, feed, [])).posts.append(item)
    return [DayGroup(day, list(feeds.values())) for day, feeds in days.items()]


def _group_of(item: Shown | Headline) -> tuple[datetime, int, str]:
    if isinstance(item, Headline):
        return item.ordered_at, item.feed_id, item.feed
    return item.post.ordered_at, item.post.feed.id, item.post.feed.title
