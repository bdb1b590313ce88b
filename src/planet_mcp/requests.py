"""What callers ask the planet for: made once at each edge, and passed on whole (pure).

A field is written here alone. It is an argument of the tool, with its description and bounds; an
option of the command; for a search a field of the page's form; part of what a cursor is bound to;
and it is spelled out in the call that gets the rest of an answer.
"""

import re
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import Field as Described
from pydantic.fields import FieldInfo

MAX_QUERY = 10_000
DEFAULT_HITS, MOST_HITS = 10, 50
DEFAULT_FEEDS, MOST_FEEDS = 50, 200
DEFAULT_TOPICS, MOST_TOPICS = 10, 30
# How many feeds may be named at once.
MOST_NAMED = 20
# Characters of an answer: what is usual, and what a caller may ask for.
DEFAULT_CHARS, MOST_CHARS = 8_000, 40_000

SearchSort = Literal["relevance", "newest"]
FeedSort = Literal["title", "newest_entry", "entries"]
FeedDetail = Literal["brief", "full"]
Detail = Literal["titles", "excerpts", "full"]

# How much is shown, where it begins and goes on; all other fields say what the list is of.
_PAGING = {"limit", "max_chars", "restart", "cursor"}

FeedName = int | str
FeedNames = FeedName | list[FeedName] | None
_Feed = Annotated[
    FeedName | Annotated[list[FeedName], Described(max_length=MOST_NAMED)] | None,
    Described(
        description="Only this feed, or these: feed_id, URL, site, title or a unique part of one."
    ),
]
_Group = Annotated[str | None, Described(description="Only feeds of this group.")]
_Query = Annotated[str, Described(description="Any text.", max_length=MAX_QUERY)]
_Author = Annotated[str | None, Described(description="By this author.")]
_Tag = Annotated[str | None, Described(description="With this tag.")]
_Detail = Annotated[Detail, Described(description="How much of each entry, if it fits.")]
_MaxChars = Annotated[int, Described(ge=1000, le=MOST_CHARS, description="Size of the answer.")]
_Cursor = Annotated[
    str | None,
    Described(description="next_cursor of an answer to the same call."),
]


def _limit(default: int, most: int) -> Any:
    # None stands for the default, so that a limit that was asked for can be told from it.
    text = f"By default {default}, or what fits."
    return Annotated[
        int | None,
        Described(ge=1, le=most, description=text, json_schema_extra={"default": default}),
    ]


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A search over all entries."""

    query: _Query = ""
    feed: _Feed = None
    group: _Group = None
    author: _Author = None
    tag: _Tag = None
    since: Annotated[
        str | None,
        Described(
            description="Beginning: 2026-11-22, 2026-11-22T09:00Z, 2026-11, 36h, 7d, 6mo, this week"
        ),
    ] = None
    until: Annotated[
        str | None,
        Described(description="End, like since; a day, month or year is within it."),
    ] = None
    sort: Annotated[
        SearchSort,
        Described(description="relevance prefers recent ones."),
    ] = "relevance"
    limit: _limit(DEFAULT_HITS, MOST_HITS) = None  # type: ignore[valid-type]
    cursor: _Cursor = None


@dataclass(frozen=True, slots=True)
class LatestRequest:
    """What is new in a period, or what was stored since a watermark."""

    since: Annotated[
        str, Described(description="Beginning, as in search_entries; ignored with a watermark.")
    ] = "7d"
    feed: _Feed = None
    group: _Group = None
    watermark: Annotated[str | None, Described(description="watermark of an earlier answer.")] = (
        None
    )
    detail: _Detail = "excerpts"
    max_chars: _MaxChars = DEFAULT_CHARS
    cursor: _Cursor = None


@dataclass(frozen=True, slots=True)
class CatchUpRequest:
    """What arrived since a reader last caught up; one reader for each job that repeats."""

    reader: Annotated[str, Described(description="Name of who catches up.", max_length=100)] = (
        "default"
    )
    feed: _Feed = None
    group: _Group = None
    topic: Annotated[
        str, Described(description="Only what has these words.", max_length=MAX_QUERY)
    ] = ""
    detail: _Detail = "excerpts"
    max_chars: _MaxChars = DEFAULT_CHARS
    restart: Annotated[str | None, Described(description="Set the reader back to then: 7d.")] = None
    cursor: _Cursor = None


@dataclass(frozen=True, slots=True)
class TrendingRequest:
    """What several feeds talk about."""

    since: Annotated[str, Described(description="Beginning, as in search_entries.")] = "7d"
    group: _Group = None
    limit: _limit(DEFAULT_TOPICS, MOST_TOPICS) = None  # type: ignore[valid-type]

    @property
    def feed(self) -> None:
        """Return that no feed is named: one alone makes no trend."""


@dataclass(frozen=True, slots=True)
class ArrivalsRequest:
    """Which entries are told of when they arrive: as in a search, but with all words."""

    query: _Query = ""
    feed: _Feed = None
    group: _Group = None
    author: _Author = None
    tag: _Tag = None


@dataclass(frozen=True, slots=True)
class FeedChangesRequest:
    """The changes of all followed feeds."""


@dataclass(frozen=True, slots=True)
class FeedQuery:
    """A list of the feeds that are followed."""

    query: Annotated[
        str, Described(description="Only feeds with this in title or URL.", max_length=200)
    ] = ""
    status: Annotated[
        Literal["any", "ok", "failing", "dormant", "gone", "new"],
        Described(
            description="dormant: silent for 180 days; gone: so its server says; new: not read yet."
        ),
    ] = "any"
    group: _Group = None
    sort: Annotated[FeedSort, Described(description="Order of the list.")] = "title"
    detail: Annotated[
        FeedDetail, Described(description="full: with addresses and times of checks.")
    ] = "brief"
    limit: _limit(DEFAULT_FEEDS, MOST_FEEDS) = None  # type: ignore[valid-type]
    cursor: _Cursor = None


# What is answered by a list that goes on at a cursor, and all requests.
ListRequest = SearchRequest | LatestRequest | CatchUpRequest | FeedQuery
Request = ListRequest | TrendingRequest


def given(request: Request) -> dict[str, Any]:
    """Return the fields of a request that differ from their defaults."""
    values = {field.name: getattr(request, field.name) for field in fields(request)}
    defaults = {field.name: field.default for field in fields(request)}
    return {name: value for name, value in values.items() if value != defaults[name]}


def selection(request: Request) -> dict[str, Any]:
    """Return what says which list it is, and not how much of it: cursors are bound to this."""
    return {name: value for name, value in given(request).items() if name not in _PAGING}


def described(request: type[Request]) -> dict[str, FieldInfo]:
    """Return the fields of a kind of request with their types, bounds and descriptions."""
    types = get_type_hints(request, include_extras=True)
    return {
        field.name: FieldInfo.from_annotated_attribute(types[field.name], field.default)
        for field in fields(request)
    }


def named_id(text: str, noun: str) -> str | None:
    """Return the digits of an id as answers write it: `7`, `[7]`, `#7`, `entry 7`, `entry_id: 7`.

    Or as its resource is called: `planet://entries/7`.

    None for anything else; `noun` is what the id is of.
    """
    several = "entries" if noun == "entry" else f"{noun}s"
    form = rf"(?:planet://{several}/|{noun})?[ _]*(?:id)?[ :=#]*\[?([0-9]{{1,18}})\]?"
    found = re.fullmatch(form, text, re.IGNORECASE)
    return found[1] if found else None
