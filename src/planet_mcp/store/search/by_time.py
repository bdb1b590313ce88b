"""The newest stories that match: walked through or sorted.

| entries that match                         | strategy       |
|--------------------------------------------|----------------|
| up to `SearchLimits.chosen`, or some feeds | `sort_by_time` |
| more, or every entry                       | `walk_by_time` |

Above each is its statement as SQLite gets it in the commonest case, here for the word python in a
database of 17,603 entries. Aliases are those of `planet_mcp.store.sql`.
"""

from planet_mcp.store.search.plan import SearchPlan, Source

# The time and the id of the last story that was shown.
SortKey = tuple[int, int]


def newest(
    plan: SearchPlan, match: str | None, before: SortKey | None, most: int
) -> tuple[list[int], int]:
    """Return the newest stories that match, of those before a (time, id), and how many match."""
    expression = plan.filters.expression(match)
    frequent = plan.is_in_more(expression, plan.limits.chosen)
    if frequent:
        expression = plan.within_feeds(expression)
    if plan.filters.feeds is None and (frequent or not expression):
        counted = plan.matching(expression) if expression else plan.stories()
        return walk_by_time(plan, expression, before, most), plan.count(counted)
    counted = plan.matching(expression) if expression else plan.stories_of_feeds()
    return sort_by_time(plan, expression, before, most), plan.count(counted)


# SELECT s.id
# FROM entries AS s CROSS JOIN entries AS e
# WHERE e.id = s.id AND s.story_id = s.id AND +e.id <= 17603
# AND (EXISTS (SELECT 1 FROM entries_index('("python")') WHERE entries_index.rowid = e.id)
#      OR EXISTS (… the same of another entry `d` of the story))
# ORDER BY s.ordered_at DESC, s.id DESC LIMIT 11
def walk_by_time(plan: SearchPlan, expression: str, before: SortKey | None, most: int) -> list[int]:
    """Walk through the stories from the newest on, until enough of them match.

    Each is looked up in the index: the next one with a frequent word is never far.
    """
    return _by_time(plan, plan.stories(expression), before, most)


# SELECT s.id
# FROM entries_index('("python")') JOIN entries AS e ON e.id = entries_index.rowid
# JOIN entries AS s ON s.id = e.story_id
# WHERE +e.id <= 17603 GROUP BY s.id
# ORDER BY s.ordered_at DESC, s.id DESC LIMIT 11
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
