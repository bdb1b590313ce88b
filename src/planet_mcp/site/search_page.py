"""The page of a search: a form → a request → hits, or words about what is wrong with the form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from markupsafe import Markup
from pydantic import TypeAdapter, ValidationError

from planet_mcp.errors import ArgumentError
from planet_mcp.meaning import NOT_ASKED, Understood
from planet_mcp.planet import (
    Reading,
    SearchHit,
    search_entries,
    times_of,
)
from planet_mcp.requests import SearchRequest, described
from planet_mcp.site.content import marked
from planet_mcp.site.language import PageLanguage
from planet_mcp.site.spans import Span, spans
from planet_mcp.store import Store

HITS = 20
LONGEST_VALUE = 1_000
# The fields of a request that do not narrow the search. All others do, and are fields of the form.
_NO_FILTERS = {"query", "sort", "limit", "cursor"}
FILTERS = [name for name in described(SearchRequest) if name not in _NO_FILTERS]
_HINTS = {
    "feed": "title, address or number",
    "group": "folder of feeds",
    "since": "2026-11-22, 7d or last week",
    "until": "2026-11-28 or 2026-11",
}
_SINCE = ("today", "7d", "this month", "last month", "this year", "last year")
# Up to how many feeds and tags the form offers: more would make the page too large.
MOST_FEEDS, MOST_TAGS = 700, 50
_REQUEST = TypeAdapter(SearchRequest)


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of the form that narrows the search, as it was filled in, with what may be chosen."""

    name: str
    label: str
    hint: str
    value: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundHit:
    """A hit and its snippet with the matches marked."""

    hit: SearchHit
    snippet: Markup


@dataclass(frozen=True, slots=True)
class SearchView:
    """What a search found; `problem` says what is wrong with the form.

    `form` has what was filled in, by the names of `SearchRequest`, `choices` what may be chosen
    for its fields. `proposals` are other spellings of the words.
    """

    form: Mapping[str, str]
    hits: tuple[FoundHit, ...] = ()
    total: int = 0
    next_cursor: str | None = None
    notice: str | None = None
    problem: str | None = None
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    proposals: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()

    @property
    def ids(self) -> list[int]:
        """Return the ids of the entries that were found."""
        return [found.hit.entry_id for found in self.hits]

    @property
    def query(self) -> str:
        """Return the words that are searched for."""
        return self.form.get("query", "")

    @property
    def sort(self) -> str:
        """Return the order of the hits."""
        return self.form.get("sort", "relevance")

    @property
    def is_narrowed(self) -> bool:
        """Return whether more was filled in than words."""
        return bool(self.form.keys() - {"query"})

    @property
    def filters(self) -> list[FormField]:
        """Return the fields that narrow the search."""
        return [
            FormField(
                name=name,
                label=name.replace("_", " ").capitalize(),
                hint=_HINTS.get(name, ""),
                value=self.form.get(name, ""),
                choices=self.choices.get(name, ()),
            )
            for name in FILTERS
        ]

    @property
    def parameters(self) -> dict[str, str]:
        """Return the form as parameters of an address."""
        return {"q" if name == "query" else name: value for name, value in self.form.items()}

    @property
    def feed_parameters(self) -> dict[str, str]:
        """Return the form as the feed of the search has it, which is always newest first."""
        return {name: value for name, value in self.parameters.items() if name != "sort"}


def search_view(
    store: Store,
    query: Mapping[str, str],
    *,
    now: datetime,
    understood: Understood = NOT_ASKED,
) -> SearchView:
    """Return what the tool's own search finds for a form; wrong values are said, not raised."""
    form = {name: query.get(name, "").strip()[:LONGEST_VALUE] for name in FILTERS}
    form = {"query": query.get("q", "").strip()[:LONGEST_VALUE], **form}
    form = {name: value for name, value in form.items() if value}
    if not form:
        return SearchView(form)
    if query.get("sort") == "newest":
        form["sort"] = "newest"
    try:
        cursor = query.get("cursor") or None
        request = _REQUEST.validate_python({**form, "limit": HITS, "cursor": cursor})
        return _found(Reading(store, now, language=PageLanguage()), form, request, understood)
    except ValidationError as error:
        wrong = dict.fromkeys(str(item["loc"][0]).replace("_", " ") for item in error.errors())
        return SearchView(form, problem=f"Not understood: {', '.join(wrong)}.")
    except ArgumentError as error:
        return SearchView(form, problem=str(error))


def choices_of(store: Store) -> dict[str, tuple[str, ...]]:
    """Return what may be chosen for the fields of the form."""
    feeds = store.feeds.titles()
    return {
        "feed": tuple(dict.fromkeys(feeds)) if len(feeds) <= MOST_FEEDS else (),
        "group": tuple(store.feeds.groups()),
        "tag": tuple(islice(store.entries.tags(), MOST_TAGS)),
        "since": _SINCE,
        "until": _SINCE,
    }


def _found(
    reading: Reading, form: Mapping[str, str], request: SearchRequest, understood: Understood
) -> SearchView:
    answer = search_entries(reading, request, understood)
    result = answer.result
    return SearchView(
        form,
        tuple(FoundHit(hit, marked(hit.snippet)) for hit in result.hits),
        result.total,
        result.next_cursor,
        result.notice,
        proposals=(answer.proposal,) if answer.proposal else (),
        spans=() if request.cursor else spans(times_of(reading, answer.searched)),
    )
