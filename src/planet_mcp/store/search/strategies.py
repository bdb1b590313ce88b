"""The ways in which a search reads the index, by what was asked for and how many entries match.

| asked for | matches                                  | strategy       |
|-----------|------------------------------------------|----------------|
| best      | up to `SearchLimits.ranked`              | `rank_all`     |
| best      | more, in a period that has few entries   | `probe_period` |
| best      | more                                     | `rank_newest`  |
| newest    | up to `SearchLimits.ranked`, some feeds  | `sort_by_time` |
| newest    | more, or every entry                     | `walk_by_time` |

Above each is its statement as SQLite gets it in the commonest case, here for the word python in a
database of 17,603 entries. Aliases are those of `planet_mcp.store.sql`.
"""

from collections.abc import Sequence

from planet_mcp.store.search.plan import MOST_COUNTED, Match, SearchPlan, Source

# To look one entry up costs as much as to read past a few hundred.
_PROBE_COST = 500
# Columns: heading, authors, tags, feed, terms, text. A word in the title says more than one in the
# text.
_RANK = "bm25(entries_index, 3.0, 2.0, 2.0, 1.0, 1.0, 1.0)"
# Entries without a date may be of any age: they count as two years older than they are here.
AGES_FROM = f"""CASE WHEN e.undated THEN e.first_seen_at - {2 * 365 * 86_400}
    ELSE e.ordered_at END"""
# Entries without a rank are ordered by age alone.
_NO_RANK = -1.0

# The time and the id of the last story that was shown.
SortKey = tuple[int, int]


def best(plan: SearchPlan, match: str, most: int) -> tuple[list[Match], int]:
    """Return the best matches, the best first, and how many stories match."""
    expression = plan.filters.expression(match)
    if not plan.is_frequent(expression):
        return rank_all(plan, expression, most)
    entries = plan.few_of_period()
    if entries is not None:
        return probe_period(plan, expression, entries)
    return rank_newest(plan, plan.within_feeds(expression), most)


def newest(
    plan: SearchPlan, match: str | None, before: SortKey | None, most: int
) -> tuple[list[int], int]:
    """Return the newest stories that match, of those before a (time, id), and how many match."""
    expression = plan.filters.expression(match)
    frequent = plan.is_frequent(expression)
    if frequent:
        expression = plan.within_feeds(expression)
    if plan.filters.feeds is None and (frequent or not expression):
        counted = plan.matching(expression) if expression else plan.stories()
        return walk_by_time(plan, expression, before, most), plan.count(counted)
    counted = plan.matching(expression) if expression else plan.stories_of_feeds()
    return sort_by_time(plan, expression, before, most), plan.count(counted)


# SELECT e.story_id, e.ordered_at, bm25(entries_index, 3.0, 2.0, 2.0, 1.0, 1.0, 1.0) AS rank
# FROM entries_index JOIN entries AS e ON e.id = entries_index.rowid
# WHERE entries_index MATCH '(("python"))' AND +e.id <= 17603
# ORDER BY rank LIMIT 200
def rank_all(plan: SearchPlan, expression: str, most: int) -> tuple[list[Match], int]:
    """Rank every match by bm25."""
    source = plan.matching(expression)
    rows = plan.rows(
        f"SELECT e.story_id, {AGES_FROM}, {_RANK} AS rank {source.sql} ORDER BY rank LIMIT {most}",
        source.values,
    )
    return rows, _stories(rows) if len(rows) < most else plan.count(source)


# SELECT e.story_id, e.ordered_at, bm25(entries_index, 3.0, 2.0, 2.0, 1.0, 1.0, 1.0)
# FROM entries_index JOIN entries AS e ON e.id = entries_index.rowid
# WHERE entries_index MATCH '(("python"))' AND +e.id <= 17603
# ORDER BY entries_index.rowid DESC LIMIT 4000
#
# and the same with MATCH 'heading : ((("python")))' and LIMIT 1000
def rank_newest(plan: SearchPlan, expression: str, most: int) -> tuple[list[Match], int]:
    """Rank the newest of many matches, and the newest of those by title."""
    rows = _newest_ranked(plan, expression, plan.limits.ranked)
    if len(rows) < plan.limits.ranked:
        return rows[:most], min(_stories(rows), MOST_COUNTED)
    rows += _newest_ranked(plan, f"heading : ({expression})", plan.limits.ranked_by_title)
    found: dict[int, Match] = {}
    for row in rows:
        found[row[0]] = min(row, found.get(row[0], row), key=_rank_of)
    return sorted(found.values(), key=_rank_of)[:most], plan.count(plan.matching(expression))


def _newest_ranked(plan: SearchPlan, expression: str, most: int) -> list[Match]:
    source = plan.matching(expression)
    order = f"ORDER BY entries_index.rowid DESC LIMIT {most}"
    rows: list[Match] = plan.rows(
        f"SELECT e.story_id, {AGES_FROM}, {_RANK} {source.sql} {order}", source.values
    )
    return sorted(rows, key=_rank_of)


# SELECT 1 FROM entries_index WHERE entries_index MATCH '(("python"))' AND rowid = 17603
def probe_period(
    plan: SearchPlan, expression: str, entries: Sequence[tuple[int, int, int]]
) -> tuple[list[Match], int]:
    """Look which of a period's few entries match; without a rank: the word is in most of all."""
    matching = _matching_ids(plan, expression, [entry for entry, _, _ in entries])
    rows = [(story, time, _NO_RANK) for entry, story, time in entries if entry in matching]
    return rows, min(_stories(rows), MOST_COUNTED)


def _matching_ids(plan: SearchPlan, expression: str, ids: Sequence[int]) -> set[int]:
    """Return which of these entries match: each looked up, or all read between the first and last.

    Whichever costs less.
    """
    probe = "SELECT rowid FROM entries_index WHERE entries_index MATCH :match AND rowid"
    values: dict[str, object] = {"match": expression}
    if len(ids) * _PROBE_COST <= plan.filters.snapshot:
        return {entry for entry in ids if plan.rows(f"{probe} = :id", {**values, "id": entry})}
    values |= {"first": min(ids), "last": max(ids)}
    return {entry for (entry,) in plan.rows(f"{probe} BETWEEN :first AND :last", values)}


# SELECT s.id
# FROM entries AS s CROSS JOIN entries AS e ON e.id = s.id
# WHERE s.story_id = s.id AND +e.id <= 17603
# AND EXISTS (SELECT 1 FROM entries_index
#             WHERE entries_index MATCH '(("python"))' AND entries_index.rowid = e.id)
# ORDER BY s.ordered_at DESC, s.id DESC LIMIT 11
def walk_by_time(plan: SearchPlan, expression: str, before: SortKey | None, most: int) -> list[int]:
    """Walk through the stories from the newest on, until enough of them match.

    Each is looked up in the index: the next one with a frequent word is never far.
    """
    return _by_time(plan, plan.stories(expression), before, most)


# SELECT s.id
# FROM entries_index JOIN entries AS e ON e.id = entries_index.rowid
# JOIN entries AS s ON s.id = e.story_id
# WHERE entries_index MATCH '(("python"))' AND +e.id <= 17603
# GROUP BY s.id ORDER BY s.ordered_at DESC, s.id DESC LIMIT 11
def sort_by_time(plan: SearchPlan, expression: str, before: SortKey | None, most: int) -> list[int]:
    """Sort all stories that match by time; without an expression, all of the filters' feeds."""
    source = plan.matching_stories(expression) if expression else plan.stories_of_feeds()
    return _by_time(plan, source, before, most, group="GROUP BY s.id")


def _by_time(
    plan: SearchPlan, source: Source, before: SortKey | None, most: int, *, group: str = ""
) -> list[int]:
    # A walk has no GROUP BY: it stops at its limit, and grouping would read all there is.
    time, story = before or (0, 0)
    left = "AND (s.ordered_at, s.id) < (:time, :id)" if before else ""
    rows = plan.rows(
        f"SELECT s.id {source.sql} {left} {group} "
        f"ORDER BY s.ordered_at DESC, s.id DESC LIMIT {most}",
        {**source.values, "time": time, "id": story},
    )
    return [story for (story,) in rows]


def _rank_of(match: Match) -> float:
    return match[2]


def _stories(matches: Sequence[Match]) -> int:
    return len({story for story, _, _ in matches})
