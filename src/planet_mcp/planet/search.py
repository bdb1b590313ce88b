"""Lists of feeds and search, from the store alone, page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from planet_mcp.errors import ArgumentError
from planet_mcp.models import Feed, FeedStatus
from planet_mcp.planet import cursors, fitting
from planet_mcp.planet.answers import (
    Answer,
    FeedRow,
    FeedsResult,
    SearchHit,
    SearchResult,
)
from planet_mcp.planet.cursors import Position
from planet_mcp.planet.lookup import find_feed
from planet_mcp.planet.markdown import call, feeds_text, quoted, search_text
from planet_mcp.store import FeedSort, Filters, Found, Hit, Query, Store, compile_query, phrase
from planet_mcp.times import parse_since, parse_until, stamp
from planet_mcp.urls import host_of

DEFAULT_FEEDS = 50
DEFAULT_HITS = 10

SearchSort = Literal["relevance", "newest"]
RELAXED = "No entry has all these words; these have some of them, best first."
FEW_STRICT = "Only {count} of these have all the words; the others have some of them, best first."
NO_WORDS = "The query has no letters or digits to search for."


@dataclass(frozen=True, slots=True)
class Budget:
    """How many items were asked for, and the characters they may take.

    Who names a number gets it as far as any answer may grow; otherwise answers stay small.
    """

    items: int
    chars: int

    @classmethod
    def of(cls, limit: int | None, *, default: int) -> "Budget":
        """Return the budget for a limit that may have been left open."""
        if limit is None:
            return cls(default, fitting.DEFAULT_CHARS)
        return cls(limit, fitting.MAX_CHARS)


def start(
    store: Store, cursor: str | None, arguments: Mapping[str, object], *, now: datetime
) -> Position:
    """Return where a list goes on: at its cursor, or from now at the beginning.

    Raises:
        ArgumentError: The cursor is damaged or belongs to other arguments.
    """
    if cursor:
        return cursors.decode(cursor, arguments)
    return Position(now=now, snapshot=store.entries.newest_id())


class Reading:
    """Reads one store. Blocking; every method is a few short queries."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def feed(self, wanted: int | str, *, now: datetime) -> Feed:
        """Find a feed whose entries may be in the corpus.

        Raises:
            ArgumentError: None or several fit.
        """
        return find_feed(self._store.feeds.known(now=now), wanted)

    def list_feeds(
        self,
        *,
        query: str,
        status: FeedStatus | None,
        sort: FeedSort,
        limit: int | None,
        cursor: str | None,
        notice: str | None,
        now: datetime,
    ) -> Answer[FeedsResult]:
        """List feeds, without those that earlier parts of the list showed."""
        arguments = {"query": query, "status": status, "sort": sort}
        position = start(self._store, cursor, arguments, now=now)
        budget = Budget.of(limit, default=DEFAULT_FEEDS)
        page = self._store.feeds.page(
            query=query,
            status=status,
            sort=sort,
            shown=position.shown,
            limit=budget.items + 1,
            now=now,
        )

        def build(count: int) -> Answer[FeedsResult]:
            feeds = page.feeds[:count]
            shown = position.shown | {feed.id for feed in feeds}
            left = len(page.feeds) > count
            following = cursors.encode(replace(position, shown=shown), arguments) if left else None
            result = FeedsResult(
                feeds=[_feed_row(feed) for feed in feeds],
                total=page.total,
                next_cursor=following,
                notice=notice,
            )
            asked = {
                "query": query or None,
                "status": status and status.value,
                "sort": sort if sort != "title" else None,
                "limit": limit,
                "cursor": following,
            }
            more = call("list_feeds", asked) if left else None
            title = f" that are {status.value}" if status else ""
            return Answer(result, feeds_text(result, title=title, more=more))

        upto = min(len(page.feeds), budget.items)
        return fitting.largest(build, upto=upto, budget=budget.chars)[0]

    def search(  # noqa: PLR0913
        self,
        *,
        query: str,
        feed: int | str | None,
        author: str | None,
        tag: str | None,
        since: str | None,
        until: str | None,
        sort: SearchSort,
        limit: int | None,
        cursor: str | None,
        notice: str | None,
        now: datetime,
    ) -> Answer[SearchResult]:
        """Search entries: all words first, any of them when that finds nothing."""
        arguments = {
            "query": query or None,
            "feed": feed,
            "author": author,
            "tag": tag,
            "since": since,
            "until": until,
            "sort": sort if sort != "relevance" else None,
        }
        position = start(self._store, cursor, arguments, now=now)
        budget = Budget.of(limit, default=DEFAULT_HITS)
        compiled = compile_query(query)
        filters = Filters(
            snapshot=position.snapshot,
            feed_id=self.feed(feed, now=now).id if feed is not None else None,
            author=phrase(author, name="author") if author else None,
            tag=phrase(tag, name="tag") if tag else None,
            since=parse_since(since, now=position.now) if since else None,
            until=parse_until(until, now=position.now) if until else None,
            exclude=compiled.exclude,
        )
        if filters.since and filters.until and filters.since >= filters.until:
            raise ArgumentError(f"since={since!r} is not before until={until!r}: an empty period.")
        by_time = compiled.empty or (sort == "newest" and compiled.strict is not None)
        found, remark = self._found(
            compiled, filters, position, by_time=by_time, limit=budget.items
        )
        notices = [text for text in (notice, remark) if text]

        def build(count: int) -> Answer[SearchResult]:
            hits = found.hits[:count]
            left = found.more or len(found.hits) > count
            following = (
                cursors.encode(_after(position, hits, by_time=by_time), arguments) if left else None
            )
            result = SearchResult(
                hits=[_search_hit(hit) for hit in hits],
                total=found.total,
                next_cursor=following,
                notice=" ".join(notices) or None,
            )
            asked = {**arguments, "limit": limit, "cursor": following}
            more = call("search_entries", asked) if left else None
            return Answer(
                result,
                search_text(result, title=_search_title(query, by_time=by_time), more=more),
            )

        return fitting.largest(build, upto=len(found.hits), budget=budget.chars)[0]

    def _found(
        self, query: Query, filters: Filters, position: Position, *, by_time: bool, limit: int
    ) -> tuple[Found, str | None]:
        """Look with all words, then with any; says what the reader should know about that."""
        if query.strict is None and not query.empty:
            return Found([], 0, more=False, strict=0), NO_WORDS
        search = self._store.search
        if by_time:
            found = search.newest(query, filters, before=position.last, limit=limit)
        else:
            found = search.best(query, filters, shown=position.shown, limit=limit, now=position.now)
        if query.empty or found.total == found.strict:
            return found, None
        return found, FEW_STRICT.format(count=found.strict) if found.strict else RELAXED


def _after(position: Position, hits: Sequence[Hit], *, by_time: bool) -> Position:
    if by_time:
        last = hits[-1]
        return replace(position, last=(int(last.ordered_at.timestamp()), last.first_id))
    return replace(position, shown=position.shown | {hit.first_id for hit in hits})


def _search_title(query: str, *, by_time: bool) -> str:
    order = "newest first" if by_time else "best first"
    return f'for "{quoted(query)[:200]}", {order}' if query.strip() else order


def _search_hit(hit: Hit) -> SearchHit:
    return SearchHit(
        entry_id=hit.id,
        title=hit.title,
        feed=hit.feed or host_of(hit.url or "") or "web page",
        feed_id=hit.feed_id,
        url=hit.url,
        author=", ".join(hit.authors) or None,
        published=stamp(hit.published_at),
        updated=stamp(hit.revised_at) if hit.revised_at else None,
        snippet=hit.snippet,
        words=hit.words,
        also_in=list(hit.also_in) or None,
    )


def _feed_row(feed: Feed) -> FeedRow:
    return FeedRow(
        feed_id=feed.id,
        title=feed.title,
        feed_url=feed.url,
        site_url=feed.site_url,
        entries=feed.entries,
        newest_entry=stamp(feed.newest_entry) if feed.newest_entry else None,
        status=feed.status,
        problem=feed.problem,
        warning=feed.warning if not feed.problem else None,
        checked_at=stamp(feed.checked_at) if feed.checked_at else None,
        next_check_at=stamp(feed.next_check_at),
    )
