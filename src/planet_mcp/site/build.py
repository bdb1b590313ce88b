"""A planet as files for any web host: only what changed is made anew, only our own is removed.

A file beside them, `.planet-mcp.json`, has what each page was made of. Pages whose entries are the
same are not even made; those that come out the same are not written.
"""

import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from planet_mcp.errors import PublishError
from planet_mcp.models import Feed
from planet_mcp.planet import none_read
from planet_mcp.site.feeds_list import LISTED, list_path
from planet_mcp.site.making import Maker, written
from planet_mcp.site.paths import file_of
from planet_mcp.site.pictures import picture_path
from planet_mcp.site.river import (
    MOST_OF_FEED,
    POSTS_OF_DAY,
    day_path,
    feed_day_path,
)
from planet_mcp.site.search_page import HITS
from planet_mcp.site.second import Share, beside
from planet_mcp.site.site import DRAWN_WITH, FIXED, OF_ENTRIES, OF_FEEDS
from planet_mcp.site.topics import feeds_in, most_used_tags
from planet_mcp.site.values import Options
from planet_mcp.site.views import POSTS_OF_FEED
from planet_mcp.site.words import status
from planet_mcp.store import CatalogueEntry, Store, checksum_of
from planet_mcp.threads import cores

MANIFEST = ".planet-mcp.json"
# NO_ADDRESS is the planet's address in feeds as long as it was not given.
NO_ADDRESS = "http://localhost/"
MOST_NAMED = 5
# So many pages take some seconds, and a second process is there after one. It gets every other run
# of SHARED_AT_ONCE.
SHARED_FROM, SHARED_AT_ONCE = 2_000, 100
# The checksum of pages that are always made, as they show what changes by the hour.
_ALWAYS = ""
# The pages of topics, and how many of the newest entries these may be found in.
TOPICS, NEWEST_OF_TOPICS = ("topics", "topics/atom.xml"), 5_000
# `_PATH` keeps a manifest from naming a file outside of the folder, which would be removed.
# The files of tags and groups have names of our own (`paths.file_of`).
_PATH = r"(?s)^(?:(?:tags|groups)/.+|faces/[^/.][^/]*|(?:[a-z0-9-]+[./])*[a-z0-9-]*)$"


@dataclass(frozen=True, slots=True)
class Published:
    """How many files were written, left as they were, and removed; `base` is the site's address."""

    written: int
    unchanged: int
    removed: int
    base: str


class _Manifest(BaseModel):
    """What the pages of a folder were made of: a checksum of each, and of how they look."""

    look: str
    base: str
    pages: dict[Annotated[str, Field(pattern=_PATH)], str]


class Publisher:
    """Writes the pages of one store into one folder.

    From `shared_from` pages on, two processes make them; by default where there are two cores.
    """

    def __init__(
        self,
        store: Store,
        folder: Path,
        *,
        options: Options,
        base: str | None,
        clock: Callable[[], datetime],
        shared_from: int | None = None,
    ) -> None:
        self._store = store
        self._folder = folder
        self._options = options
        self._given_base = base
        self._clock = clock
        self._maker = Maker(store, folder, options, clock=clock)
        default = SHARED_FROM if cores() > 1 else sys.maxsize
        self._shared_from = default if shared_from is None else shared_from
        self._proxies = options.images == "proxy"
        self._themed = options.theme is not None

    def publish(self) -> Published:
        """Bring the folder up to date.

        Raises:
            PublishError: It cannot be written, or has pages that planet-mcp did not make.
        """
        with _translated(self._folder):
            manifest = self._read_manifest()
            base = self._given_base or (manifest.base if manifest and manifest.base else NO_ADDRESS)
            # Checksums are read before pages are made: what changes meanwhile differs next time.
            paths, there = dict(self._pages()), _files(self._folder)
            before = self._known(manifest, base, paths, there)
            changed = [
                path
                for path, checksum in paths.items()
                if checksum == _ALWAYS or checksum != before.get(path) or file_of(path) not in there
            ]
            if not before.keys() >= paths.keys():
                # The manifest is written first, so that after a build that is cut off the next one
                # knows its files.
                self._write_manifest(base, {**dict.fromkeys(paths, _ALWAYS), **before})
            count = self._make(changed, base)
            gone = before.keys() - paths.keys()
            for path in gone:
                (self._folder / file_of(path)).unlink(missing_ok=True)
            self._write_manifest(base, paths)
        return Published(count, len(paths) - count, len(gone), base)

    def _read_manifest(self) -> _Manifest | None:
        """Return what the pages in the folder were made of; None where no build began."""
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            return _Manifest.model_validate_json((self._folder / MANIFEST).read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:
            # A damaged manifest is one of ours all the same: all pages are made anew.
            return _Manifest(look="", base="", pages=dict.fromkeys(dict(self._pages()), _ALWAYS))

    def _known(
        self, manifest: _Manifest | None, base: str, paths: dict[str, str], there: set[str]
    ) -> dict[str, str]:
        """Return the pages that are ours, with their checksums if pages would still look like that.

        Raises:
            PublishError: A file that is not ours is where a page is to go.
        """
        known = manifest.pages if manifest else {}
        foreign = sorted(there & {file_of(path) for path in paths.keys() - known.keys()})
        if foreign:
            named = ", ".join(foreign[:MOST_NAMED]) + (", …" if len(foreign) > MOST_NAMED else "")
            raise PublishError(
                f"{self._folder} has files that planet-mcp did not make and would overwrite: "
                f"{named}. Name another folder, or move them away. Nothing was written."
            )
        same = manifest is not None and (manifest.look, manifest.base) == (
            self._maker.site.look,
            base,
        )
        return known if same else dict.fromkeys(known, _ALWAYS)

    def _make(self, paths: list[str], base: str) -> int:
        """Make pages, many of them in two processes; return how many were written."""
        database = self._store.path
        if len(paths) < self._shared_from or not isinstance(database, Path):
            return self._maker.make(paths, base)
        own, other = _shares(paths)
        share = Share(
            database=database,
            folder=self._folder,
            options=self._options,
            base=base,
            now=self._clock(),
            paths=other,
        )
        with beside(share) as wait:
            count = self._maker.make(own, base)
            written_there = wait()
        return count + (self._maker.make(other, base) if written_there is None else written_there)

    def _write_manifest(self, base: str, paths: dict[str, str]) -> None:
        noted = _Manifest(look=self._maker.site.look, base=base, pages=paths)
        written(self._folder / MANIFEST, noted.model_dump_json().encode())

    def _pages(self) -> Iterator[tuple[str, str]]:
        """Name all pages, each with a checksum of what it is made of."""
        now, entries = self._clock(), self._entries()
        followed = self._store.feeds.subscribed(now=now)
        known = self._store.feeds.known(now=now)
        yield from dict.fromkeys(OF_ENTRIES, self._of_all(entries)).items()
        yield from dict.fromkeys((*DRAWN_WITH, *FIXED), _ALWAYS).items()
        yield from dict.fromkeys(OF_FEEDS, _of_feeds(followed)).items()
        yield from ((f"faces/{name}", _ALWAYS) for name in self._maker.site.faces.names)
        yield from self._pictures()
        tags = {tag: self._store.search.tagged(tag) for tag, _ in most_used_tags(self._store)}
        yield from _in_turn(entries, _entries(entries, tags), _days(entries))
        yield from dict.fromkeys(TOPICS, self._of_topics(entries)).items()
        yield from _feeds(entries, known, {feed.id for feed in followed})
        further = range(2, -(-len(followed) // LISTED) + 1)
        yield from dict.fromkeys(map(list_path, further), _ALWAYS).items()
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
            return _ALWAYS  # its templates may show anything
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


def _files(folder: Path) -> set[str]:
    """Return the names of all files in a folder and below; asking for each one takes far longer."""
    found: set[str] = set()
    for parent, _, names in os.walk(folder):
        within = os.path.relpath(parent, folder).replace(os.sep, "/")
        prefix = "" if within == "." else f"{within}/"
        found.update(f"{prefix}{name}" for name in names)
    return found


def _shares(paths: list[str]) -> tuple[list[str], list[str]]:
    """Share paths in two; those beside each other, which show the same texts, stay together."""
    runs = [paths[at : at + SHARED_AT_ONCE] for at in range(0, len(paths), SHARED_AT_ONCE)]
    return [*chain.from_iterable(runs[::2])], [*chain.from_iterable(runs[1::2])]


@contextmanager
def _translated(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PublishError(
            f"The pages cannot be written to {folder}: {error.strerror} ({error.filename}). What "
            "was written before is whole; the next build goes on from there."
        ) from error
