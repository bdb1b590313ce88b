"""Full-text search: all words first, then most of them; best or newest first."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from planet_mcp.store.db import Database
from planet_mcp.store.search.filters import Filters
from planet_mcp.store.search.hits import Hit, read_hits
from planet_mcp.store.search.plan import Match, SearchLimits, SearchPlan
from planet_mcp.store.search.query import Query
from planet_mcp.store.search.strategies import best, newest

CANDIDATES = 200
# A question asks for more words than any text needs to have.
QUESTION_WORDS = 4
ENOUGH = 10
MERGED_PAGES = 50

_YEAR = timedelta(days=365)
# What is left of the rank of something very old: less for a word or two, as news are looked for,
# than for a question that says what it is about.
_FLOOR, _FLOOR_OF_QUESTIONS = 0.4, 0.7


@dataclass(frozen=True, slots=True)
class Found:
    """The stories that a search shows, how many match, and whether more are left.

    `total` is at most `MOST_COUNTED`; `strict` is how many of them have all the words.
    """

    hits: list[Hit]
    total: int
    more: bool
    strict: int


class Search:
    """Search over the entries of one database."""

    def __init__(self, database: Database, limits: SearchLimits | None = None) -> None:
        self._database = database
        self._limits = limits or SearchLimits()

    def best(
        self,
        query: Query,
        filters: Filters,
        *,
        shown: Collection[int],
        limit: int,
        now: datetime,
    ) -> Found:
        """Return the best stories that are not in `shown`: those with all words, then with any.

        The best matches by bm25 are ordered anew by match and age: a story of today counts 2.5
        times one that is many years old.
        """
        most = CANDIDATES + 2 * len(shown)
        floor = _FLOOR_OF_QUESTIONS if _is_question(query) else _FLOOR
        with self._database.reading() as connection:
            plan = SearchPlan(connection, filters, self._limits)
            matches, strict = best(plan, query.strict or "", most)
            chosen, total = _blended(matches, floor, now), strict
            if _is_to_relax(query, strict):
                relaxed, total = best(plan, plan.selective_terms(query.any_of), most)
                chosen += _blended(relaxed, floor, now)
            left = [story for story in dict.fromkeys(chosen) if story not in shown]
            hits = read_hits(connection, left[:limit], words=query.words, feeds=filters.feeds)
        return Found(hits, max(total, strict), more=len(left) > limit, strict=strict)

    def newest(
        self,
        query: Query,
        filters: Filters,
        *,
        before: tuple[int, int] | None,
        limit: int,
    ) -> Found:
        """Return the newest stories with all words, or with any where no story has all.

        `before` is the (time, id) of the last story that was shown already.
        """
        with self._database.reading() as connection:
            plan = SearchPlan(connection, filters, self._limits)
            chosen, total = newest(plan, query.strict, before, limit + 1)
            strict = total
            if not total and len(query.any_of) > 1:
                chosen, total = newest(plan, query.relaxed, before, limit + 1)
            hits = read_hits(connection, chosen[:limit], words=query.words, feeds=filters.feeds)
        return Found(hits, total, more=len(chosen) > limit, strict=strict)

    def merge_index(self) -> bool:
        """Merge some segments of the index, a short transaction's worth; False when all is done.

        Each feed leaves a segment of its own, and a search looks into all of them
        (sqlite.org/fts5.html, section 6.8).
        """
        with self._database.writing() as connection:
            before = connection.total_changes
            connection.execute(
                "INSERT INTO entries_index (entries_index, rank) VALUES ('merge', ?)",
                (MERGED_PAGES,),
            )
            return connection.total_changes - before > 1


def _is_to_relax(query: Query, strict: int) -> bool:
    """Return whether entries with some of the words are to follow those with all."""
    is_one_word = len(query.any_of) <= 1
    return not is_one_word and (not strict or (_is_question(query) and strict < ENOUGH))


def _is_question(query: Query) -> bool:
    return len(query.any_of) >= QUESTION_WORDS


def _blended(matches: Sequence[Match], floor: float, now: datetime) -> list[int]:
    """Order the stories of matches by rank and age; of the rank of an old one `floor` is left."""
    moment, year = now.timestamp(), _YEAR.total_seconds()
    # bm25 is negative, and lower is better; so the best come first.
    scored = sorted(
        (rank * (floor + (1 - floor) * math.exp(min(time - moment, 0.0) / year)), story)
        for story, time, rank in matches
    )
    return list(dict.fromkeys(story for _, story in scored))
