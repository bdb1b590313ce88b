"""What callers ask the planet for: made once at each edge, and passed on whole (pure).

A field is written here alone. It is an argument of the tool, with its description and bounds; an
option of the command; for a search a field of the page's form; part of what a cursor is bound to;
and it is spelled out in the call that gets the rest of an answer.
"""

from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import Field as Described
from pydantic.fields import FieldInfo

MAX_QUERY = 10_000
DEFAULT_HITS, MOST_HITS = 10, 50
DEFAULT_FEEDS, MOST_FEEDS = 50, 200
DEFAULT_TOPICS, MOST_TOPICS = 10, 30
# So many feeds may be named at once.
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
        description="Only this feed, or these: feed_id, feed URL, site URL, title or a unique part "
        "of these."
    ),
]
_Group = Annotated[str | None, Described(description="Only the feeds of this group (folder).")]
_Detail = Annotated[Detail, Described(description="How much of each entry, as far as it fits.")]
_MaxChars = Annotated[int, Described(ge=1000, le=MOST_CHARS, description="Size of the answer.")]
_Cursor = Annotated[
    str | None,
    Described(description="next_cursor of an earlier answer, with otherwise the same arguments."),
]


def _limit(default: int, most: int) -> Any:
    # None stands for the default, so that a limit that was asked for can be told from it.
    text = f"How many at most; without it, {default} or as many of them as fit a small answer."
    return Annotated[
        int | None,
        Described(ge=1, le=most, description=text, json_schema_extra={"default": default}),
    ]


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A search over all entries."""

    query: Annotated[
        str, Described(description="What to look for; any text is fine.", max_length=MAX_QUERY)
    ] = ""
    feed: _Feed = None
    group: _Group = None
    author: Annotated[str | None, Described(description="Only by this author.")] = None
    tag: Annotated[str | None, Described(description="Only with this tag.")] = None
    since: Annotated[
        str | None,
        Described(
            description="Beginning of the period: 2026-11-22, 2026-11, an ISO 8601 time, an age "
            "such as 7d, or `last week`."
        ),
    ] = None
    until: Annotated[
        str | None,
        Described(description="End of the period, like since; a day, month or year is included."),
    ] = None
    sort: Annotated[
        SearchSort,
        Described(description="Best match first (recent ones preferred), or newest first."),
    ] = "relevance"
    limit: _limit(DEFAULT_HITS, MOST_HITS) = None  # type: ignore[valid-type]
    cursor: _Cursor = None


@dataclass(frozen=True, slots=True)
class LatestRequest:
    """What is new in a period, or what was stored since a watermark."""

    since: Annotated[
        str, Described(description="Beginning of the period; ignored with a watermark.")
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

    reader: Annotated[
        str, Described(description="Name of who catches up, kept by the server.", max_length=100)
    ] = "default"
    feed: _Feed = None
    group: _Group = None
    topic: Annotated[
        str, Described(description="Only what has these words.", max_length=MAX_QUERY)
    ] = ""
    detail: _Detail = "excerpts"
    max_chars: _MaxChars = DEFAULT_CHARS
    restart: Annotated[
        str | None, Described(description="Set the reader back to then, such as 7d.")
    ] = None
    cursor: _Cursor = None


@dataclass(frozen=True, slots=True)
class TrendingRequest:
    """What several feeds talk about."""

    since: Annotated[str, Described(description="Beginning of the period.")] = "7d"
    group: _Group = None
    limit: _limit(DEFAULT_TOPICS, MOST_TOPICS) = None  # type: ignore[valid-type]

    @property
    def feed(self) -> None:
        """Return that no feed is named: one alone makes no trend."""


@dataclass(frozen=True, slots=True)
class FeedQuery:
    """A list of the feeds that are followed."""

    query: Annotated[
        str, Described(description="Only feeds with this in title or URL.", max_length=200)
    ] = ""
    status: Annotated[
        Literal["any", "ok", "failing", "dormant", "gone", "new"],
        Described(
            description="dormant: nothing new for 180 days; gone: the server said so (410); new: "
            "not read yet."
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
