"""Which pages a built planet has, each with a checksum of what it is made of.

A page whose checksum is as it was need not be made. Pages whose entries show the same texts follow
each other, so that a text is read as Markdown once.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from operator import attrgetter

from planet_mcp.models import Feed
from planet_mcp.planet import none_read
from planet_mcp.site.feeds_list import LISTED, list_path
from planet_mcp.site.pictures import picture_path
from planet_mcp.site.river import MOST_OF_FEED, POSTS_OF_DAY, day_path, feed_day_path
from planet_mcp.site.search_page import HITS
from planet_mcp.site.site import DRAWN_WITH, FIXED, OF_ENTRIES, OF_FEEDS, Site
from planet_mcp.site.topics import feeds_in, most_used_tags
from planet_mcp.site.values import Options
from planet_mcp.site.views import POSTS_OF_FEED
from planet_mcp.site.words import status
from planet_mcp.store import CatalogueEntry, Store, checksum_of

# ALWAYS is the checksum of pages that are always made, as they show what changes by the hour.
ALWAYS = ""
# The pages of topics, and how many of the newest entries these may be found in.
TOPICS, NEWEST_OF_TOPICS = ("topics", "topics/atom.xml"), 5_000


class Inventory:
    """The pages of one store as a site shows it."""

    def __init__(
        self, store: Store, site: Site, options: Options, *, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._site = site
        self._clock = clock
        self._proxies = options.images == "proxy"
        self._themed = options.theme is not None

    def pages(self) -> Iterator[tuple[str, str]]:
        """Name all pages, each with a checksum of what it is made of; `ALWAYS` is that of some."""
        now, entries = self._clock(), self._entries()
        followed = self._store.feeds.subscribed(now=now)
        known = self._store.feeds.known(now=now)
        yield from dict.fromkeys(OF_ENTRIES, self._of_all(entries)).items()
        yield from dict.fromkeys((*DRAWN_WITH, *FIXED), ALWAYS).items()
        yield from dict.fromkeys(OF_FEEDS, _of_feeds(followed)).items()
        yield from ((f"faces/{name}", ALWAYS) for name in self._site.faces.names)
        yield from self._pictures()
        tags = {tag: self._store.search.tagged(tag) for tag, _ in most_used_tags(self._store)}
        yield from _in_turn(entries, _entries(entries, tags), _days(entries))
        yield from dict.fromkeys(TOPICS, self._of_topics(entries)).items()
        yield from _feeds(entries, known, {feed.id for feed in followed})
        further = range(2, -(-len(followed) // LISTED) + 1)
        yield from dict.fromkeys(map(list_path, further), ALWAYS).items()
        yield from _tags(entries, tags)
        yield from self._groups(entries, known, followed)

    def _pictures(self) -> Iterator[tuple[str, str]]:
        """Name the pictures that are kept."""
        if self._proxies:
            for key, kept_at in self._store.pictures.there():
                yield picture_path(key), str(kept_at)

    def _entries(self) -> list[CatalogueEntry]:
        """Return all entries in short, their checksums also of the pictures that are kept."""
        entries = self._store.catalogue.entries()
        if not self._proxies:
            return entries
        shown = self._store.pictures.of_entries()
        faces = self._store.pictures.faces(now=self._clock())
        return [
            each._replace(checksum=checksum_of([each.checksum, shown.get(each.id, ""), face]))
            for each in entries
            for face in (str(faces.get(each.feed_id, False)),)
        ]

    def _of_all(self, entries: list[CatalogueEntry]) -> str:
        """Return a checksum of what the river, headlines and feeds of the planet are made of."""
        if self._themed:
            return ALWAYS  # its templates may show anything
        summary = self._store.feeds.summary()
        said = (none_read(summary), summary.never_checked, summary.feeds)
        return checksum_of([*map(str, said), *(entry.checksum for entry in entries)])

    def _of_topics(self, entries: list[CatalogueEntry]) -> str:
        """Return a checksum of what topics are found in, as finding them takes long."""
        newest = (entry.checksum for entry in entries[:NEWEST_OF_TOPICS])
        groups = map(str, self._store.feeds.groups().items())
        return checksum_of([str(self._clock().date()), *newest, *groups])

    def _groups(
        self, entries: list[CatalogueEntry], known: list[Feed], followed: list[Feed]
    ) -> Iterator[tuple[str, str]]:
        """Name the pages of groups."""
        for group in self._store.feeds.groups():
            named = {feed.id for feed in feeds_in(known, group)}
            own = [each for each in entries if each.feed_id in named]
            listed = [f"{feed.id} {feed.title}" for feed in feeds_in(followed, group)]
            yield from _selection(f"groups/{group}", own, *listed)


def _of_feeds(followed: list[Feed]) -> str:
    """Return a checksum of what the lists of subscriptions are made of."""
    return checksum_of(repr((f.url, f.title, f.site_url, f.group)) for f in followed)


def _in_turn(
    entries: list[CatalogueEntry],
    of_entries: Mapping[int, str],
    of_days: dict[date | None, list[tuple[str, str]]],
) -> Iterator[tuple[str, str]]:
    """Name the pages of entries, and after those of a day its own: they show the same texts."""
    before = entries[0].day if entries else None
    for entry in entries:
        if entry.day != before:
            yield from of_days.pop(before, ())
            before = entry.day
        yield f"entries/{entry.id}", of_entries[entry.id]
    yield from of_days.pop(before, ())


def _entries(entries: list[CatalogueEntry], tags: Mapping[str, set[int]]) -> dict[int, str]:
    """Return of what each entry's page is made: it, those beside it, and tags that have pages."""
    linked: defaultdict[int, list[str]] = defaultdict(list)
    for tag, tagged in tags.items():
        for entry_id in tagged:
            linked[entry_id].append(tag)
    of_feed: defaultdict[int, list[CatalogueEntry]] = defaultdict(list)
    for entry in sorted(entries, key=attrgetter("own_key")):
        of_feed[entry.feed_id].append(entry)
    checksums = {}
    for own in of_feed.values():
        for number, entry in enumerate(own):
            beside = [each.checksum for each in own[max(number - 1, 0) : number + 2]]
            checksums[entry.id] = checksum_of([*beside, *linked.get(entry.id, ())])
    return checksums


def _tags(entries: list[CatalogueEntry], tags: Mapping[str, set[int]]) -> Iterator[tuple[str, str]]:
    """Name the pages of the most used tags."""
    place = {entry.id: number for number, entry in enumerate(entries)}
    for tag, tagged in tags.items():
        places = sorted(place[each] for each in tagged if each in place)
        yield from _selection(f"tags/{tag}", [entries[each] for each in places])


def _selection(path: str, own: list[CatalogueEntry], *also: str) -> Iterator[tuple[str, str]]:
    """Name the page of a tag or group, and its feed, with a checksum of the newest stories."""
    stories: dict[int, str] = {}
    for entry in own:
        if len(stories) > HITS:
            break
        stories.setdefault(entry.story_id, entry.checksum)
    checksum = checksum_of([str(len(own)), *stories.values(), *also])
    yield path, checksum
    yield f"{path}/atom.xml", checksum


def _days(entries: list[CatalogueEntry]) -> dict[date | None, list[tuple[str, str]]]:
    """Return the pages of each day, each with its checksum."""
    days: defaultdict[date, list[CatalogueEntry]] = defaultdict(list)
    for entry in entries:
        if entry.is_representative and entry.day:
            days[entry.day].append(entry)
    ordered = ["", *map(str, days), ""]
    return {
        day: [*_day(day, stories, ordered[number], ordered[number + 2])]
        for number, (day, stories) in enumerate(days.items())
    }


def _day(
    day: date, stories: list[CatalogueEntry], later: str, earlier: str
) -> Iterator[tuple[str, str]]:
    """Name the pages of a day, and those of feeds that have more on it than it shows."""
    of_feed: defaultdict[int, list[CatalogueEntry]] = defaultdict(list)
    for story in stories:
        of_feed[story.feed_id].append(story)
    shown = [
        f"{story.checksum} {len(of_feed[story.feed_id])}"
        for story in stories
        if len(of_feed[story.feed_id]) <= MOST_OF_FEED
        or story in of_feed[story.feed_id][:MOST_OF_FEED]
    ]
    yield from _paged(day_path(day), shown, later, earlier, str(len(stories)))
    for feed_id, own in of_feed.items():
        if len(own) > MOST_OF_FEED:
            yield from _paged(feed_day_path(day, feed_id), [story.checksum for story in own])


def _paged(path: str, shown: Sequence[str], *around: str) -> Iterator[tuple[str, str]]:
    """Name the pages of a day, each with a checksum of what it shows and of what is around it."""
    for page in range(-(-len(shown) // POSTS_OF_DAY)):
        here = shown[page * POSTS_OF_DAY : (page + 1) * POSTS_OF_DAY]
        yield _numbered(path, page + 1), checksum_of([*around, str(len(shown)), *here])


def _feeds(
    entries: list[CatalogueEntry], feeds: list[Feed], followed: set[int]
) -> Iterator[tuple[str, str]]:
    of_feed: defaultdict[int, list[str]] = defaultdict(list)
    stories: defaultdict[int, set[int]] = defaultdict(set)
    for entry in entries:
        of_feed[entry.feed_id].append(entry.checksum)
        stories[entry.feed_id].add(entry.story_id)
    for feed in feeds:
        said = status(feed) if feed.id in followed else ""
        facts = (feed.title, feed.url, feed.site_url or "", said, str(feed.entries))
        checksum = checksum_of([*facts, *of_feed[feed.id]])
        for page in range(max(-(-len(stories[feed.id]) // POSTS_OF_FEED), 1)):
            yield _numbered(f"feeds/{feed.id}", page + 1), checksum
        yield f"feeds/{feed.id}/atom.xml", checksum


def _numbered(path: str, page: int) -> str:
    return path if page == 1 else f"{path}/{page}"
