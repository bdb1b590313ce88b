"""Full-text search: the best or the newest of the stories that have words of a query."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, combinations
from operator import itemgetter
from pathlib import Path

from planet_mcp.models import QuestionVector
from planet_mcp.store.db import Connection, Engine, split_names, to_time
from planet_mcp.store.search.addresses import Addresses
from planet_mcp.store.search.blend import BY_WORDS, OUTSTANDING, ranked, share_of_meaning
from planet_mcp.store.search.by_time import newest
from planet_mcp.store.search.filters import Filters
from planet_mcp.store.search.hits import Hit, read_hits
from planet_mcp.store.search.near import NearStory, Neighbours, without_words
from planet_mcp.store.search.plan import Frequencies, SearchLimits, SearchPlan
from planet_mcp.store.search.query import Query
from planet_mcp.store.search.ranking import Candidate, rank, spell
from planet_mcp.store.search.words import fts_string

CANDIDATES = 200
MERGED_PAGES = 50

_YEAR = timedelta(days=365)
# What is left of the score of something very old: less for a word or two, as news are looked for,
# than for a name or a question that says what it is about.
_FLOOR, _FLOOR_OF_QUESTIONS = 0.5, 0.9
MOST_OF_NEWS = 2


@dataclass(frozen=True, slots=True)
class Found:
    """The stories that a search shows, how many match, and whether more are left.

    `total` is at most `MOST_COUNTED`; `strict` is how many of them have all the words. With
    `are_loading`, not all vectors were compared yet.
    """

    hits: list[Hit]
    total: int
    more: bool
    strict: int
    are_loading: bool = False


class Search:
    """Search over the entries of one database; `vectors` is a file to share their vectors in."""

    def __init__(
        self, database: Engine, limits: SearchLimits | None = None, *, vectors: Path | None = None
    ) -> None:
        self._database = database
        self._limits = limits or SearchLimits()
        self._frequencies = Frequencies()
        self._addresses = Addresses()
        self._neighbours = Neighbours(vectors, is_writable=not database.read_only)

    def best(
        self,
        query: Query,
        filters: Filters,
        *,
        shown: Collection[int],
        limit: int,
        now: datetime,
        question: QuestionVector | None = None,
    ) -> Found:
        """Return the best stories that are not in `shown`, by how well they match and their age.

        An entry or a site whose address was given, or an entry by its whole title, comes before
        what has words of it. Where it is known what the query means, stories of that meaning take
        part.
        """
        with self._database.reading() as connection:
            plan = self._plan(connection, filters)
            addressed = self._addresses.stories(plan, query.addresses, CANDIDATES)
            titled = plan.stories_titled(query.titles, CANDIDATES)
            known = spell(plan, query)
            ranking = rank(plan, known, CANDIDATES + 2 * len(shown))
            near, parts = self._by_words_and_meaning(
                connection, known, ranking.candidates, filters=filters, question=question
            )
            ordered = chain.from_iterable(by_score_and_age(part, known, now) for part in parts)
            chosen = dict.fromkeys([*addressed, *titled, *ordered])
            left = [story for story in chosen if story not in shown]
            page = left[:limit]
            by_meaning = without_words(plan, known, near, page)
            hits = read_hits(
                connection, page, words=query.words, feeds=filters.feeds, by_meaning=by_meaning
            )
        total = max(ranking.total, len(chosen))
        are_loading = bool(question) and self._neighbours.are_loading
        return Found(hits, total, len(left) > limit, ranking.strict, are_loading)

    def _by_words_and_meaning(
        self,
        connection: Connection,
        known: Query,
        candidates: Sequence[Candidate],
        *,
        filters: Filters,
        question: QuestionVector | None,
    ) -> tuple[Sequence[NearStory], list[list[Candidate]]]:
        """Return what is near in meaning, and the rankings with it, one to follow the other."""
        share = share_of_meaning(known)
        # So many that come first by their words leave no place for others.
        is_full = share == BY_WORDS and len(candidates) >= CANDIDATES
        asked = None if is_full else question
        look = self._neighbours.look(connection, asked, filters) if asked else None
        near = look.near if look else []
        likeness = look.likeness(candidates) if look and share else {}
        return near, ranked(candidates, near, likeness, share=share)

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
            plan = self._plan(connection, filters)
            known = spell(plan, query)
            chosen, total = newest(plan, known.strict, before, limit + 1)
            strict = total
            if not total and known.relaxed:
                chosen, total = newest(plan, known.relaxed, before, limit + 1)
            hits = read_hits(connection, chosen[:limit], words=query.words, feeds=filters.feeds)
        return Found(hits, total, more=len(chosen) > limit, strict=strict)

    # SELECT s.id, s.ordered_at FROM (
    #     SELECT e.story_id FROM entries_index('("python")')
    #     JOIN entries AS e ON e.id = entries_index.rowid WHERE +e.id <= 17603
    #     ORDER BY entries_index.rowid DESC LIMIT 2000
    # ) AS m JOIN entries AS s ON s.id = m.story_id
    def times(self, query: Query, filters: Filters, *, most: int) -> list[datetime]:
        """Return the times of the stories with all words, or any, that were stored last."""
        with self._database.reading() as connection:
            plan = self._plan(connection, filters)
            known = spell(plan, query)
            for match in filter(None, (known.strict, known.relaxed)):
                expression = plan.within_feeds(filters.expression(match))
                source, newest = plan.matching(expression), plan.newest_scored(expression, [])
                rows = plan.rows(
                    f"SELECT s.id, s.ordered_at FROM (SELECT e.story_id {source.sql}{newest} "
                    f"ORDER BY entries_index.rowid DESC LIMIT {most}) AS m "
                    "JOIN entries AS s ON s.id = m.story_id",
                    source.values,
                )
                if rows:
                    break
        return [to_time(time) for time in dict(rows).values()]

    # SELECT e.story_id FROM (
    #     SELECT rowid FROM entries_index('heading : (("a" AND "b") OR …)')
    #     ORDER BY rowid DESC LIMIT 12
    # ) AS m JOIN entries AS e ON e.id = m.rowid WHERE e.feed_id IS NOT NULL
    def titled(self, words: Sequence[str], *, least: int, limit: int) -> list[int]:
        """Return the stories stored last whose titles have so many of some words, or the only one.

        Words are of letters and digits.
        """
        together = combinations(map(fts_string, words), min(least, len(words)))
        expression = " OR ".join(f"({' AND '.join(each)})" for each in together if each)
        if not expression:
            return []
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT e.story_id FROM (SELECT rowid FROM entries_index(:match) "
                f"ORDER BY rowid DESC LIMIT {int(limit)}) AS m "
                "JOIN entries AS e ON e.id = m.rowid WHERE e.feed_id IS NOT NULL",
                {"match": f"heading : ({expression})"},
            ).fetchall()
        return [*dict.fromkeys(row[0] for row in rows)]

    def meant_alike(self, entry_id: int, *, model: str, limit: int) -> list[Hit]:
        """Return the other stories whose vectors are nearest to that of an entry's beginning.

        None, where it has none of this model. Near is only what is so by more than chance.

        SELECT v.vector, e.story_id FROM vectors AS v JOIN entries AS e ON e.id = v.entry_id
        WHERE v.entry_id = 7 AND v.part = 0 AND v.model = '0c8a…'
        """
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT v.vector, e.story_id FROM vectors AS v JOIN entries AS e "
                "ON e.id = v.entry_id WHERE v.entry_id = ? AND v.part = 0 AND v.model = ?",
                (entry_id, model),
            ).fetchone()
            if row is None:
                return []
            vector, own = row
            (newest,) = connection.execute("SELECT max(id) FROM entries").fetchone()
            question = QuestionVector(model, vector)
            look = self._neighbours.look(connection, question, Filters(newest))
            near = look.near if look else []
            stories = [each.story for each in near if each.outstanding > OUTSTANDING]
            others = [story for story in stories if story != own][:limit]
            return read_hits(connection, others, words=(), feeds=None)

    def has_titled(self, words: str, *, snapshot: int) -> bool:
        """Return whether any entry has these words side by side in its title."""
        return self._has(f"heading : {fts_string(words)}", Filters(snapshot))

    def has_author(self, name: str, *, snapshot: int) -> bool:
        """Return whether any entry is by someone of this name, or with it as a part."""
        return self._has(Filters(snapshot, author=name).expression(None), Filters(snapshot))

    def _has(self, expression: str, filters: Filters) -> bool:
        with self._database.reading() as connection:
            return self._plan(connection, filters).frequency(expression) > 0

    # SELECT c.authors FROM (
    #     SELECT rowid FROM entries_index('authors : ("ada" OR "holm")')
    #     ORDER BY rowid DESC LIMIT 500
    # ) AS m JOIN contents AS c ON c.entry_id = m.rowid
    def authors_with(self, words: Sequence[str], *, most: int) -> list[str]:
        """Return the authors of the entries stored last by someone with any of these words."""
        expression = " OR ".join(map(fts_string, words))
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT c.authors FROM (SELECT rowid FROM entries_index(:match) "
                f"ORDER BY rowid DESC LIMIT {int(most)}) AS m "
                "JOIN contents AS c ON c.entry_id = m.rowid",
                {"match": f"authors : ({expression})"},
            ).fetchall()
        return [*dict.fromkeys(name for row in rows for name in split_names(row[0]))]

    # SELECT rowid FROM entries_index('(tags : "python")')
    def tagged(self, tag: str) -> set[int]:
        """Return the ids of all entries that a search for a tag finds."""
        expression = Filters(0, tag=tag).expression(None)
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT rowid FROM entries_index(:match)", {"match": expression}
            )
            return {row[0] for row in rows}

    def _plan(self, connection: Connection, filters: Filters) -> SearchPlan:
        return SearchPlan(connection, filters, self._limits, self._frequencies)

    def merge_index(self) -> bool:
        """Merge some segments of the index, a short transaction's worth; False when all is done.

        Each feed leaves a segment of its own, and a search looks into all of them
        (sqlite.org/fts5.html, section 6.8).
        """
        with self._database.writing() as connection:
            return connection.merge_index(MERGED_PAGES)


def by_score_and_age(candidates: Sequence[Candidate], query: Query, now: datetime) -> list[int]:
    """Order stories by score and age: of an old one's score a part is left."""
    is_news = len(query.topics) <= MOST_OF_NEWS and not query.names
    floor = _FLOOR if is_news else _FLOOR_OF_QUESTIONS
    moment, year = now.timestamp(), _YEAR.total_seconds()

    def aged(score: float, time: int) -> float:
        age = min(time - moment, 0.0) / year
        return score * (floor + (1 - floor) * math.exp(age))

    scored = [(aged(score, time), story) for story, _, time, score in candidates]
    return [story for _, story in sorted(scored, key=itemgetter(0), reverse=True)]
