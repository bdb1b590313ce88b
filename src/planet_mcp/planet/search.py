"""A search over all entries: a request → filters and a query → hits that fit an answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import partial
from typing import Any

from planet_mcp.errors import ArgumentError
from planet_mcp.meaning import NOT_ASKED, Understood
from planet_mcp.models import QuestionVector
from planet_mcp.periods import parse_since, parse_until
from planet_mcp.planet import cursors, fitting
from planet_mcp.planet.answers import Answer, SearchHit, SearchResult
from planet_mcp.planet.authors import MOST_READ, no_such_author
from planet_mcp.planet.cursors import Position
from planet_mcp.planet.elsewhere import found_without
from planet_mcp.planet.markdown import named, search_text
from planet_mcp.planet.reading import Budget, Reading
from planet_mcp.planet.spelling import FEW_FOUND, Respelled, begun, respelled
from planet_mcp.planet.spoken_author import spoken_author
from planet_mcp.planet.spoken_period import (
    SpokenPeriod,
    is_of_title,
    spoken_period,
    stated_dates,
    within,
)
from planet_mcp.planet.tags import no_such_tag
from planet_mcp.requests import DEFAULT_HITS, SearchRequest, given, selection
from planet_mcp.store import (
    ENOUGH,
    MAX_TERMS,
    Filters,
    Found,
    Hit,
    Query,
    bare_words,
    compile_query,
)
from planet_mcp.text import only_asks
from planet_mcp.times import stamp
from planet_mcp.urls import host_of

MOST_TIMES = 1_000
RELAXED = "No entry has all these words; these have some of them{or_meant}, best first."
FEW_STRICT = (
    "Only {count} of these {have} all the words; "
    "the others have some of them{or_meant}, best first."
)
TOO_LONG = f"The query is long: only its first {MAX_TERMS} telling words were searched."
# What is said besides where some hits have none of the words.
MEANT = " or mean the like"
PARTLY = "So far {count} of {of} entries are searched by meaning, too."
LOADING = "Not all entries are searched by meaning yet: ask again in a moment."
OF_ANY_TIME = "These are of any time; for {period}: {call}."
BY_AUTHOR = 'Shown is what "{author}" wrote; of anyone: {call}.'
NO_WORDS = (
    "The query has no letters or digits to search for; without it the newest are listed: {call}."
)


@dataclass(frozen=True, slots=True)
class SearchAnswer(Answer[SearchResult]):
    """An answer, and the request that it is to: what was asked for, as far as that was meant.

    A period that its question says is left out of it, and words that no entry has are others.
    `proposal` is a query with what many entries have in the place of a word that few have.
    """

    searched: SearchRequest
    proposal: str | None = None


def search_entries(
    reading: Reading, request: SearchRequest, understood: Understood = NOT_ASKED
) -> SearchAnswer:
    """Search entries by their words, and by what the query means as far as that is known.

    Raises:
        ArgumentError: The feed is not known, or the cursor or another argument is not usable.
    """
    position, budget = reading.position(request), Budget.of(request.limit, default=DEFAULT_HITS)
    search = partial(_searched, reading, position, understood.vector, limit=budget.items)
    of_author, asked = _of_author(reading, request, position)
    of_period, searched = _without_period(reading, asked, position, search)
    searched, spelled = _as_meant(reading, searched, position, search)
    found, by_time = searched.found, searched.by_time
    remark = _remark(reading, asked, searched.query, found) or _why_nothing(
        reading, asked, position, found
    )
    meant = _of_meaning(reading, understood, found)
    notice = reading.with_notice(of_author, of_period, *spelled.remarks, remark, meant)
    title = _title(request.query, by_time=by_time)

    def build(count: int) -> Answer[SearchResult]:
        hits = found.hits[:count]
        left = found.more or len(found.hits) > count
        after = _after(position, hits, by_time=by_time) if left else None
        result = SearchResult(
            hits=[_search_hit(hit) for hit in hits],
            total=found.total,
            next_cursor=cursors.encode(after, selection(request)) if after else None,
            notice=notice,
        )
        more = reading.more("search_entries", request, result.next_cursor)
        return Answer(result, search_text(result, title=title, more=more))

    answer, _ = fitting.largest(build, upto=len(found.hits), budget=budget.chars)
    return SearchAnswer(answer.result, answer.text, searched.request, spelled.proposal)


def times_of(reading: Reading, request: SearchRequest) -> list[datetime]:
    """Return when the stories were that a search finds, of so many that were stored last.

    Raises:
        ArgumentError: As `search_entries`.
    """
    query = compile_query(request.query)
    if not query.topics:
        return []
    position = reading.position(replace(request, cursor=None))
    filters = _filters(reading, request, position, exclude=query.exclude)
    return reading.store.search.times(query, filters, most=MOST_TIMES)


@dataclass(frozen=True, slots=True)
class _Searched:
    request: SearchRequest
    query: Query
    found: Found
    by_time: bool


def _searched(
    reading: Reading,
    position: Position,
    question: QuestionVector | None,
    request: SearchRequest,
    *,
    limit: int,
) -> _Searched:
    query = compile_query(request.query)
    filters = _filters(reading, request, position, exclude=query.exclude)
    by_time = query.empty or (request.sort == "newest" and bool(query.topics))
    find = _newest if by_time else partial(_best, question=question)
    return _Searched(request, query, find(reading, query, filters, position, limit=limit), by_time)


def _without_period(
    reading: Reading,
    request: SearchRequest,
    position: Position,
    search: Callable[[SearchRequest], _Searched],
) -> tuple[str | None, _Searched]:
    """Search without the period that a question says; return the call that asks for it, too."""
    said = spoken_period(request.query)
    if said is None or _is_title(reading, request, position, said):
        return _of_dates(reading, request), search(request)
    searched = search(replace(request, query=said.rest))
    if request.since or request.until:
        return None, searched
    call = reading.language.call("search_entries", within(request, said))
    if only_asks(word for word, _ in bare_words(said.rest)) and not request.author:
        only = {"feed": request.feed} if request.feed else {}
        call = reading.language.call("latest_entries", {"since": said.since, **only})
    return OF_ANY_TIME.format(period=said.words, call=call), searched


def _of_dates(reading: Reading, request: SearchRequest) -> str | None:
    """Return the call that asks for the dates that a question says."""
    said = stated_dates(request.query, now=reading.now)
    if said is None or request.since or request.until:
        return None
    narrowed = replace(request, query=said.rest, limit=None, cursor=None)
    call = reading.language.call("search_entries", {**given(narrowed), **said.dates})
    return OF_ANY_TIME.format(period=said.words, call=call)


def _of_author(
    reading: Reading, request: SearchRequest, position: Position
) -> tuple[str | None, SearchRequest]:
    """Search for what is by the author whom a question names, if that finds anything."""
    if request.author:
        return None, request
    is_author = partial(reading.store.search.has_author, snapshot=position.snapshot)
    said = spoken_author(request.query, is_author)
    if said is None:
        return None, request
    has_topic = not only_asks(word for word, _ in bare_words(said.rest))
    narrowed = replace(request, query=said.rest if has_topic else "", author=said.name)
    begin = replace(position, shown=frozenset(), last=None)
    if not _searched(reading, begin, None, narrowed, limit=1).found.strict:
        return None, request
    anyone = replace(request, query=said.anyone, limit=None, cursor=None)
    call = reading.language.call("search_entries", given(anyone))
    return BY_AUTHOR.format(author=said.name, call=call), narrowed


def _is_title(
    reading: Reading, request: SearchRequest, position: Position, said: SpokenPeriod
) -> bool:
    """Return whether the title of the best hit has the period, which so belongs to a name."""
    # To ask the index for titles is much cheaper than to rank.
    if not reading.store.search.has_titled(said.words, snapshot=position.snapshot):
        return False
    # The same for each page of the answer, so not only of what is not shown yet.
    begin = replace(position, shown=frozenset(), last=None)
    first = _searched(reading, begin, None, request, limit=1).found.hits
    return bool(first) and is_of_title(said, request.query, first[0].title)


def _as_meant(
    reading: Reading,
    searched: _Searched,
    position: Position,
    search: Callable[[SearchRequest], _Searched],
) -> tuple[_Searched, Respelled]:
    """Search for what was meant in place of words that no entry has, where little was found."""
    asked = searched.request
    if searched.query.empty or searched.found.strict >= FEW_FOUND:
        return searched, Respelled(asked.query)
    found_any = searched.found.total > 0
    spelled = respelled(reading, asked, snapshot=position.snapshot, some_found=found_any)
    if not found_any and not spelled.remarks:
        spelled = begun(reading, asked)
    if spelled.query != asked.query:
        searched = search(replace(asked, query=spelled.query))
    return searched, spelled


def _filters(
    reading: Reading, request: SearchRequest, position: Position, *, exclude: str | None
) -> Filters:
    """Return the store's filters: those of the request, read where the store has other values."""
    values: dict[str, Any] = {
        **given(request),
        "snapshot": position.snapshot,
        "feeds": reading.feeds(request),
        "since": parse_since(request.since, now=position.now) if request.since else None,
        "until": parse_until(request.until, now=position.now) if request.until else None,
        "exclude": exclude,
    }
    known = {field.name for field in fields(Filters)}
    filters = Filters(**{name: value for name, value in values.items() if name in known})
    if filters.since and filters.until and filters.since >= filters.until:
        raise ArgumentError(
            f"since={request.since!r} is not before until={request.until!r}: an empty period."
        )
    return filters


def _best(
    reading: Reading,
    query: Query,
    filters: Filters,
    position: Position,
    *,
    limit: int,
    question: QuestionVector | None,
) -> Found:
    if not query.topics:
        return Found([], 0, more=False, strict=0)
    return reading.store.search.best(
        query, filters, shown=position.shown, limit=limit, now=position.now, question=question
    )


def _newest(
    reading: Reading, query: Query, filters: Filters, position: Position, *, limit: int
) -> Found:
    return reading.store.search.newest(query, filters, before=position.last, limit=limit)


def _remark(reading: Reading, request: SearchRequest, query: Query, found: Found) -> str | None:
    """Return what the reader should know about how the words of a query were found."""
    if query.empty:
        return None
    if not query.topics:
        newest = given(replace(request, query="", sort="relevance", cursor=None))
        return NO_WORDS.format(call=reading.language.call("search_entries", newest))
    remarks = [TOO_LONG] if query.left_out else []
    if found.strict < min(found.total, ENOUGH):
        have = "has" if found.strict == 1 else "have"
        text = FEW_STRICT if found.strict else RELAXED
        or_meant = MEANT if any(hit.is_by_meaning for hit in found.hits) else ""
        remarks.append(text.format(count=found.strict, have=have, or_meant=or_meant))
    return " ".join(remarks) or None


def _of_meaning(reading: Reading, understood: Understood, found: Found) -> str | None:
    """Return why a search by meaning found less than it could."""
    if understood.vector is None:
        return understood.notice
    if found.are_loading:
        return LOADING
    encoded = reading.store.vectors.encoded(understood.vector.model)
    return None if encoded.is_complete else PARTLY.format(count=encoded.entries, of=encoded.of)


def _why_nothing(
    reading: Reading, request: SearchRequest, position: Position, found: Found
) -> str | None:
    """Return which filter left nothing, where nothing was found."""
    if found.total:
        return None
    of_tag, are_near, of_author = None, False, None
    if request.tag:
        of_tag, are_near = no_such_tag(reading.store.entries.tags(), request.tag)
    search, author = reading.store.search, request.author
    if author and not search.has_author(author, snapshot=position.snapshot):
        of_author = no_such_author(author, partial(search.authors_with, most=MOST_READ))

    def find(wider: SearchRequest) -> Found:
        return _searched(reading, position, None, wider, limit=1).found

    # Where nothing is near, there is what the other words find.
    is_enough = are_near or of_author is not None
    elsewhere = None if is_enough else found_without(request, find, reading.language)
    return " ".join(filter(None, (of_tag, of_author, elsewhere))) or None


def _after(position: Position, hits: Sequence[Hit], *, by_time: bool) -> Position:
    if by_time:
        last = hits[-1]
        return replace(position, last=(int(last.ordered_at.timestamp()), last.first_id))
    return replace(position, shown=position.shown | {hit.first_id for hit in hits})


def _title(query: str, *, by_time: bool) -> str:
    order = "newest first" if by_time else "best first"
    return f" for {named(query[:200])}, {order}" if query.strip() else f", {order}"


def _search_hit(hit: Hit) -> SearchHit:
    return SearchHit(
        entry_id=hit.id,
        title=hit.title,
        feed=hit.feed or host_of(hit.url or "") or "web page",
        feed_id=hit.feed_id,
        url=hit.url,
        author=", ".join(hit.authors) or None,
        published=stamp(hit.published) if hit.published else None,
        first_seen=None if hit.published else stamp(hit.first_seen_at),
        updated=stamp(hit.revised_at) if hit.revised_at else None,
        snippet=hit.snippet,
        words=hit.words,
        also_in=list(hit.also_in) or None,
        match="meaning" if hit.is_by_meaning else None,
    )
