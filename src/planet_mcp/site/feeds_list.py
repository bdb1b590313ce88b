"""The list of feeds: by letter, in pages that stay small, narrowed by words, group and state."""

import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from planet_mcp.models import Feed, FeedStatus
from planet_mcp.store import Store

# With LISTED feeds a page stays below 100 kB; MOST_SAID are the characters of what is wrong.
LISTED, MOST_SAID = 600, 200
# Up to how many feeds are listed without letters.
FEW = 40
_NO_LETTER = "0-9"


@dataclass(frozen=True, slots=True)
class Letter:
    """The feeds of a page whose names begin with a letter; without one, few feeds of any."""

    letter: str
    feeds: list[Feed]


@dataclass(frozen=True, slots=True)
class FeedsView:
    """A page of the subscriptions, all or those that were asked for.

    `pages_of` has the letters of the whole list, each with the page on which it begins.
    """

    asked: Mapping[str, str]
    total: int
    found: int
    letters: list[Letter]
    pages_of: dict[str, int]
    groups: list[str]
    page: int
    pages: int


def feeds_view(
    store: Store, query: Mapping[str, str], page: int, *, now: datetime
) -> FeedsView | None:
    """Return a page of the subscriptions that a form asks for; None if there is no such page."""
    feeds = store.feeds.subscribed(now=now)
    asked = {name: query.get(name, "").strip() for name in ("q", "group", "status")}
    asked["status"] = asked["status"] if asked["status"] in set(FeedStatus) else ""
    found = sorted((feed for feed in feeds if _fits(feed, asked)), key=_sort_key)
    pages = max(-(-len(found) // LISTED), 1)
    if not 1 <= page <= pages:
        return None
    pages_of: dict[str, int] = {}
    for number, feed in enumerate(found if len(found) > FEW else ()):
        pages_of.setdefault(letter_of(feed.title), number // LISTED + 1)
    here: defaultdict[str, list[Feed]] = defaultdict(list)
    for feed in found[(page - 1) * LISTED : page * LISTED]:
        here[letter_of(feed.title) if pages_of else ""].append(feed)
    return FeedsView(
        asked={name: value for name, value in asked.items() if value},
        total=len(feeds),
        found=len(found),
        letters=[Letter(*each) for each in here.items()],
        pages_of=pages_of,
        groups=list(store.feeds.groups()),
        page=page,
        pages=pages,
    )


def list_path(page: int) -> str:
    """Return the path of a page of the list."""
    return "feeds" if page == 1 else f"feeds/list/{page}"


def letter_of(name: str) -> str:
    """Return the letter, without accents, under which a name is listed; 0-9 where it has none."""
    plain = unicodedata.normalize("NFKD", name).lstrip()[:1].upper()
    return plain if plain.isalpha() else _NO_LETTER


def _sort_key(feed: Feed) -> tuple[bool, str, str]:
    letter = letter_of(feed.title)
    return letter != _NO_LETTER, letter, feed.title.casefold()


def _fits(feed: Feed, asked: Mapping[str, str]) -> bool:
    words = f"{feed.title} {feed.url} {feed.site_url or ''}".casefold()
    return (
        all(word in words for word in asked["q"].casefold().split())
        and asked["status"] in {"", feed.status}
        and asked["group"].casefold() in {"", (feed.group or "").casefold()}
    )
