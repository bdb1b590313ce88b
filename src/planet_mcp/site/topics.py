"""Ways into the planet beside time: what is talked about, the tags, and the groups of feeds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from planet_mcp.models import Feed
from planet_mcp.planet import Reading, TopicRow, trending_topics
from planet_mcp.requests import TrendingRequest
from planet_mcp.site.language import PageLanguage
from planet_mcp.site.search_page import SearchView, search_view
from planet_mcp.store import Store

# The periods that a reader may choose from; the first is the default.
PERIODS = {"7d": "the last week", "30d": "the last month", "1y": "the last year"}
MOST_TAGS, MOST_GROUPS, MOST_FEEDS = 100, 200, 200
# The pages that are selected by a name: the first part of their path → the filter of a search.
SELECTED = {"tags": "tag", "groups": "group"}


@dataclass(frozen=True, slots=True)
class TopicsView:
    """What is talked about in a period; the tags and groups, with how many have them."""

    topics: list[TopicRow]
    since: str
    notice: str | None
    tags: list[tuple[str, int]]
    groups: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class SelectionView:
    """The newest entries that have a tag, or whose feeds are in a group, with these feeds."""

    kind: str
    name: str
    found: SearchView
    feeds: list[Feed]

    @property
    def is_there(self) -> bool:
        """Return whether there is such a tag or group."""
        return bool(self.found.hits or self.feeds)


def topics_view(store: Store, since: str, *, now: datetime) -> TopicsView:
    """Return what is talked about since then, which is one of PERIODS, and the tags and groups."""
    result = trending_topics(
        Reading(store, now, language=PageLanguage()), TrendingRequest(since)
    ).result
    return TopicsView(
        result.topics,
        since,
        result.notice,
        most_used_tags(store),
        list(islice(store.feeds.groups().items(), MOST_GROUPS)),
    )


def most_used_tags(store: Store) -> list[tuple[str, int]]:
    """Return the most used tags with their counts, by name."""
    # A tag without a letter or digit is left out: it cannot be searched for.
    used = (each for each in store.entries.tags().items() if any(map(str.isalnum, each[0])))
    return sorted(islice(used, MOST_TAGS), key=lambda each: each[0].casefold())


def selection_view(
    store: Store, named: tuple[str, ...], query: Mapping[str, str], *, now: datetime
) -> SelectionView:
    """Return a page of the entries with a tag or of a group: a key of SELECTED, and a name."""
    kind, name = named
    asked = {SELECTED[kind]: name, "sort": "newest", "cursor": query.get("cursor", "")}
    found = search_view(store, asked, now=now)
    feeds = feeds_in(store.feeds.subscribed(now=now), name) if kind == "groups" else []
    return SelectionView(kind, name, found, feeds[:MOST_FEEDS])


def feeds_in(feeds: list[Feed], group: str) -> list[Feed]:
    """Return the feeds that are in a group."""
    return [feed for feed in feeds if (feed.group or "").casefold() == group.casefold()]
