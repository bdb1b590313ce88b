"""One ranking of the entries that have words of a query: the best candidates with their scores.

The score is bm25 over all words (Robertson and Zaragoza, The Probabilistic Relevance Framework,
2009), more where a name stands as it was typed, where the words stand together, and where the
title has all of them. It is made inside SQLite, which brings out the best alone.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import NamedTuple

from planet_mcp.store.search.plan import RANKING, SearchPlan
from planet_mcp.store.search.query import MOST_SPELLED, Query, Topic
from planet_mcp.store.search.written import begun, gains, is_capital_name, is_signed_name, signed
from planet_mcp.store.sql import ids_of
from planet_mcp.text import humps

# If fewer entries have all words of a query, those that have some of them follow.
ENOUGH = 10
# In the texts of how many of the best capitals are looked for.
LOOKED_INTO = 100
# What a score is multiplied with, where the title has all words or a name, or they are together.
_TITLED, _TITLED_NAME, _TOGETHER, _COMPLETE = 1.8, 1.3, 1.3, 1.3
MOST_WITH_BONUS, MOST_NAMES = 2_000, 4
# What two neighbours of a sentence count for side by side, as a part of one word: 0.10 to 0.85
# (Metzler and Croft, A Markov Random Field Model for Term Dependencies, 2005).
_NEIGHBOURS = 0.12
# A word that no more entries have may be one that is mostly written as two.
_RARE = 50
# Entries without a date may be of any age: they count as two years older than they are here.
AGES_FROM = f"""CASE WHEN e.undated THEN e.first_seen_at - {2 * 365 * 86_400}
    ELSE e.ordered_at END"""


class Candidate(NamedTuple):
    """A story that may answer: its time in seconds since 1970, and how well it matches.

    `entry` is the one that matches best. A higher score is better; age has no part in it.
    """

    story: int
    entry: int
    time: int
    score: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """The best candidates, the best first, one for each story; and how many stories match.

    `total` and `strict`, the number of those that have all words, are at most `MOST_COUNTED`.
    """

    candidates: list[Candidate]
    total: int
    strict: int


@dataclass(frozen=True, slots=True)
class _Bonus:
    """What is added to the score of the entries that match, or what it is multiplied with.

    `ids` are the newest of these entries, as a JSON list; None where each tells it by itself.
    """

    expression: str
    times: float = 1.0
    plus: float = 0.0
    ids: str | None = None


@dataclass(frozen=True, slots=True)
class _Scoring:
    """What a score is made of, besides bm25, in which each word was `counted` so many times.

    Those that are scored pass the condition `newest`.
    """

    bonuses: list[_Bonus]
    counted: int
    newest: str = ""


def spell(plan: SearchPlan, query: Query) -> Query:
    """Leave only such spellings of a query's words as the index has, as far as it has any."""
    topics = tuple(_known(plan, topic) for topic in query.topics)
    return replace(query, topics=topics)


def rank(plan: SearchPlan, query: Query, most: int) -> Ranking:
    """Return at most `most` of the entries that answer a query whose spellings are known."""
    strict = plan.within_feeds(plan.filters.expression(query.strict))
    have_all = plan.count_matching(strict) if query.relaxed else None
    if have_all is None or (len(query.topics) == 2 and have_all >= ENOUGH):  # noqa: PLR2004
        found, rare, rest = strict, [query.strict or ""], [*query.hints]
    else:
        rare, rest = _choosing(plan, query, most)
        found = plan.within_feeds(plan.filters.expression(_with_quotes(plan, query, _any(rare))))
    # Words that need not be there are counted twice; so are the others: once where they choose.
    ranked = f"({found}) AND ({_any([*rare, *rest, *rest])})" if rest else found
    bonuses = _held(plan, (each for each in _bonuses(plan, query) if each.expression != found))
    is_one_word = ranked == strict and query.is_one_word
    titled = _titled(plan, ranked, bonuses[0], most) if is_one_word and len(bonuses) == 1 else []
    newest = plan.newest_scored(ranked, [] if found == strict else rare)
    scoring = _Scoring(bonuses, counted=2 if rest else 1, newest=newest)
    candidates = titled or _candidates(plan, ranked, scoring, most)
    if newest and len(candidates) < most // 4:
        # What was frequent once may have become rare.
        newest, scoring = "", replace(scoring, newest="")
        candidates = _candidates(plan, ranked, scoring, most)
    candidates = _as_written(plan, query, _side_by_side(plan, query, candidates))
    candidates = _begun_with_name(plan, query, candidates)
    total = have_all if found == strict else None
    if total is None:
        are_all = not newest and len(candidates) < min(most, plan.limits.ranked)
        total = len(candidates) if are_all else plan.count_matching(found)
    return Ranking(candidates, max(total, have_all or 0), total if have_all is None else have_all)


def _as_written(plan: SearchPlan, query: Query, candidates: list[Candidate]) -> list[Candidate]:
    """Score those of the best higher that write names as they were typed: Go, `is_open`."""
    words = [topic.plain for topic in query.topics if topic.plain]
    capitals = [word for word in words if is_capital_name(word)]
    names = [word for word in words if is_signed_name(word)]
    is_short = len(words) <= MOST_SPELLED
    # Names in camel case count only in short queries: GitHub or JavaScript in a sentence say
    # little.
    humped = [word for word in words if is_short and len(humps(word)) > 1]
    if capitals and is_short:
        gained = gains(plan, capitals, [each.entry for each in candidates[:LOOKED_INTO]])
    elif names or humped:
        entries = [each.entry for each in candidates]
        written = [*names, *humped][:MOST_NAMES]
        gained = signed(plan, written, entries, is_short=is_short and bool(names))
    else:
        return candidates
    return _multiplied(candidates, gained)


def _begun_with_name(
    plan: SearchPlan, query: Query, candidates: list[Candidate]
) -> list[Candidate]:
    """Score those of the best higher whose title begins with a name: that is what it names."""
    if not query.numbered:
        return candidates
    entries = [each.entry for each in candidates[: LOOKED_INTO // 2]]
    return _multiplied(candidates, begun(plan, query.numbered[:MOST_NAMES], entries))


def _multiplied(candidates: list[Candidate], gained: Mapping[int, float]) -> list[Candidate]:
    scored = [each._replace(score=each.score * gained.get(each.entry, 1)) for each in candidates]
    return sorted(scored, key=_score_of, reverse=True)


def _with_quotes(plan: SearchPlan, query: Query, wanted: str) -> str:
    """Ask for what was quoted, too, if any entry has all of it: a title may be quoted wrongly."""
    quotes = query.required
    return f"({wanted}) AND {quotes}" if quotes and plan.frequency(quotes) else wanted


def _known(plan: SearchPlan, topic: Topic) -> Topic:
    own = plan.frequency(topic.expression)
    guesses = (guess for guess in topic.guesses if _is_likely(plan, guess, own))
    # Written by other rules a word is rarer or more frequent: bm25 counts a rare one for more.
    others = (other for other in topic.others if plan.frequency(other) > own)
    spellings = tuple(dict.fromkeys([*topic.spellings, *guesses, *others]))
    # The pieces of a name are other words, where anyone wrote the name itself.
    parts = () if any(map(plan.frequency, spellings)) else topic.pieces
    return replace(topic, spellings=spellings, guesses=(), others=(), parts=parts)


def _is_likely(plan: SearchPlan, guess: str, own: int) -> bool:
    """Return whether a word is written so, too; two words are chance beside a common one."""
    if " " in guess and own > _RARE:
        return False
    return plan.frequency(guess) > 0


def _choosing(plan: SearchPlan, query: Query, most: int) -> tuple[list[str], list[str]]:
    """Return the rarest words, which choose the entries, and others by which these are ranked.

    Words of more than half of all entries rank nothing by bm25, and are left out.
    """
    counted = sorted((plan.frequency(term), term) for term in _terms(query))
    rare: list[str] = []
    rest: list[str] = []
    read = 0
    for count, term in counted:
        within = plan.limits.chosen if read >= most else plan.limits.ranked
        if not rare or plan.is_narrow or (not rest and read + count <= within):
            rare.append(term)
        elif count <= plan.filters.snapshot // 2 and read + count <= RANKING * plan.limits.ranked:
            rest.append(term)
        read += count
    return rare, [*rest, *query.hints]


def _terms(query: Query) -> Iterator[str]:
    for topic in query.topics:
        yield from [topic.expression] * topic.times
        yield from topic.parts


def _any(expressions: Sequence[str]) -> str:
    return " OR ".join(expressions)


def _bonuses(plan: SearchPlan, query: Query) -> Iterator[_Bonus]:
    # A name with humps is indexed as its words, too, which others may have.
    humped = [t.spellings[0] for t in query.topics if t.plain and len(humps(t.plain)) > 1]
    for name in [*query.names, *humped][:MOST_NAMES]:
        yield _Bonus(name, plus=_rarity(plan, plan.frequency(name)))
    for name in query.names[:MOST_NAMES]:
        yield _Bonus(f"heading : {name}", times=_TITLED_NAME)
    if query.strict:
        yield _Bonus(f"heading : ({query.strict})", times=_TITLED)
    if query.together:
        yield _Bonus(query.together, times=_TOGETHER)
    if len(query.topics) == 2 and query.strict:  # noqa: PLR2004
        yield _Bonus(plan.filters.expression(query.strict), times=_COMPLETE)


def _rarity(plan: SearchPlan, entries: int) -> float:
    """Return the weight that bm25 gives to what so many entries have."""
    return max(math.log((plan.filters.snapshot + 0.5) / (entries + 0.5)), 0.0)


def _side_by_side(plan: SearchPlan, query: Query, candidates: list[Candidate]) -> list[Candidate]:
    """Score those of the best higher that have neighbours of a sentence side by side."""
    gained: Counter[int] = Counter()
    among = {each.entry for each in candidates}
    for pair in query.pairs:
        # What is in more entries is slow to look for beside another, and says little.
        if min(plan.frequency(topic.expression) for topic in pair) > MOST_WITH_BONUS:
            continue
        beside = " + ".join(topic.spellings[0] for topic in pair)
        having = json.loads(plan.ids(beside, MOST_WITH_BONUS))
        weight = _NEIGHBOURS * _rarity(plan, len(having))
        gained.update(dict.fromkeys(among.intersection(having), weight))
    if not gained:
        return candidates
    scored = [each._replace(score=each.score + gained[each.entry]) for each in candidates]
    return sorted(scored, key=_score_of, reverse=True)


def _candidates(plan: SearchPlan, expression: str, scoring: _Scoring, most: int) -> list[Candidate]:
    """Score all entries that match, and return the best, one for each story.

    SELECT e.story_id, e.id, e.ordered_at, m.score FROM (
        SELECT entries_index.rowid AS id, -bm25(entries_index, 3.0, …) / 1
               * CASE WHEN entries_index.rowid IN (SELECT …) THEN 1.8 ELSE 1 END AS score
        FROM entries_index('"python"') WHERE entries_index.rowid <= 17603
        ORDER BY score DESC LIMIT 200
    ) AS m CROSS JOIN entries AS e WHERE e.id = m.id
    """
    source = plan.ranked(expression)
    score, values = _score(plan, expression, scoring)
    scored = f"{source.sql}{scoring.newest}"
    is_part = not scoring.newest and plan.is_in_more(expression, plan.limits.ranked)
    if is_part:
        scored += f" ORDER BY entries_index.rowid DESC LIMIT {plan.limits.ranked}"
    matches = f"SELECT entries_index.rowid AS id, {score} AS score {plan.held(scored)}"
    if is_part:
        matches = f"SELECT id, score FROM ({matches})"
    rows = plan.rows(
        f"SELECT e.story_id, e.id, {AGES_FROM}, m.score "
        f"FROM ({matches} ORDER BY score DESC LIMIT {most}) AS m "
        "CROSS JOIN entries AS e WHERE e.id = m.id",
        {**source.values, **values},
    )
    return _best_first(map(Candidate._make, rows))


def _titled(plan: SearchPlan, expression: str, titled: _Bonus, most: int) -> list[Candidate]:
    """Return the best of all that have a word by scoring those that have it in the title alone.

    Nothing, where another may be among them. How often an entry has a word adds ever less to its
    score, and no entry comes up to that of endless times; most with the word in the title exceed
    it by their bonus.

    SELECT e.story_id, e.id, e.ordered_at, m.score, m.score >= m.highest FROM (
        SELECT entries_index.rowid AS id, -bm25(entries_index, 3.0, …) * 1.8 AS score,
               -bm25(entries_index, 1e12, …) AS highest
        FROM entries_index('"python"') WHERE entries_index.rowid <= 17603
        AND +entries_index.rowid IN (SELECT …) ORDER BY score DESC LIMIT 200
    ) AS m CROSS JOIN entries AS e WHERE e.id = m.id
    """
    if titled.ids is None or titled.ids.count(",") < most - 1:
        return []
    # By an author or with a tag, few have a word that many have.
    if not plan.is_in_more(expression, most):
        return []
    source = plan.ranked(expression)
    rows = plan.rows(
        f"SELECT e.story_id, e.id, {AGES_FROM}, m.score, m.score >= m.highest FROM ("
        f"SELECT entries_index.rowid AS id, {plan.score(expression)} * {titled.times} AS score, "
        f"{plan.highest_score(expression)} AS highest {source.sql} "
        f"AND +entries_index.rowid IN {ids_of(':titled')} "
        f"ORDER BY score DESC LIMIT {most}"
        ") AS m CROSS JOIN entries AS e WHERE e.id = m.id",
        {**source.values, "titled": titled.ids},
    )
    is_sure = len(rows) == most and all(row[-1] for row in rows)
    return _best_first(Candidate(*row[:-1]) for row in rows) if is_sure else []


def _best_first(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return the best candidate of each story, the best first."""
    found: dict[int, Candidate] = {}
    for candidate in sorted(candidates, key=_score_of, reverse=True):
        found.setdefault(candidate.story, candidate)
    return [*found.values()]


def _held(plan: SearchPlan, bonuses: Iterable[_Bonus]) -> list[_Bonus]:
    """Find the entries that have bonuses, unless each tells it; leave out a bonus of none."""
    found = (
        each
        if plan.has(each.expression)
        else replace(each, ids=plan.ids(plan.within_feeds(each.expression), MOST_WITH_BONUS))
        for each in bonuses
    )
    return [each for each in found if each.ids != "[]"]


def _score(plan: SearchPlan, expression: str, scoring: _Scoring) -> tuple[str, dict[str, object]]:
    added, multiplied = [f"{plan.score(expression)} / {scoring.counted}"], list[str]()
    values: dict[str, object] = {}
    for number, bonus in enumerate(scoring.bonuses):
        values[f"bonus{number}"] = bonus.ids
        among_these = f"entries_index.rowid IN {ids_of(f':bonus{number}')}"
        has_bonus = plan.has(bonus.expression) or among_these
        if bonus.plus:
            added.append(f"CASE WHEN {has_bonus} THEN {bonus.plus} ELSE 0 END")
        else:
            multiplied.append(f"CASE WHEN {has_bonus} THEN {bonus.times} ELSE 1 END")
    return " * ".join([f"({' + '.join(added)})", *multiplied]), values


_score_of = attrgetter("score")
