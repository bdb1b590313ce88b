"""The parts of SQL that several queries share, and what aliases mean in all of them.

| alias   | row                                                                               |
|---------|-----------------------------------------------------------------------------------|
| `e`     | an entry: the one that a query is about, or shows                                 |
| `s`     | the entry by which a list orders a story: its first one; in a list of some feeds, |
|         | the first one that these have of it                                               |
| `first` | the first entry of e's story: its row holds what is true of the whole story       |
| `d`     | a duplicate: any entry of the story of `e` or `s`, these included                 |
| `c`     | the contents of `e`: title, texts, authors, tags                                  |
| `a`     | the article of `e`: the page that was fetched for it                              |
| `f`     | the feed of `e`, or that of `d` where a query names the feeds of duplicates       |

`story_id` of every entry is the id of its story's first entry. The row of that one has in
`representative_id` the entry that represents the story, and in `story_title` the story's title
where the representative has none of its own.
"""

from collections.abc import Callable, Collection

# The condition that an entry, named as the query names it, is one of those that were chosen.
Chosen = Callable[[str], str]


def of_feeds(ids: Collection[int]) -> Chosen:
    """Choose the entries of some feeds."""
    listed = ", ".join(str(int(each)) for each in ids)
    # With one feed, an index has its entries in their order.
    among = f"= {listed}" if len(ids) == 1 else f"IN ({listed})"
    return lambda entry: f"{entry}.feed_id {among}"


def ids_of(name: str) -> str:
    """Return the set of ids, as for IN, in the JSON list that is bound to a name, or to `?`."""
    return f"(SELECT CAST(value AS BIGINT) FROM json_each({name}))"


def of_topic(entry: str) -> str:
    """Choose the entries that match the FTS5 expression `:topic`."""
    return f"{entry}.id IN (SELECT rowid FROM entries_index(:topic))"


def in_story(story_id: str, entry: str = "d") -> str:
    """Return the condition that an entry is in a story; both are named as the query names them.

    Nearly all stories have one entry, which is found by its id. The others are found by the index
    of the entries that are not the first of their stories; hence two parts, each with an index.
    """
    return (
        f"({entry}.id = {story_id}"
        f" OR ({entry}.story_id = {story_id} AND {entry}.story_id <> {entry}.id))"
    )


# The ids of all entries of the stories that are given as a JSON list, by the same two indexes.
IN_STORIES = f"""(
    SELECT id FROM entries WHERE id IN {ids_of(":stories")}
    UNION ALL SELECT id FROM entries
    WHERE story_id IN {ids_of(":stories")} AND story_id <> id
)"""
FIRST = "s.story_id = s.id AND s.feed_id IS NOT NULL"
# What a feed held when it was first read, and gave no date for, stands on no day.
HAS_DAY = "NOT (s.archived AND s.undated)"
ON_A_DAY = f"{FIRST} AND {HAS_DAY}"
# The first entry of a story that was news. Where the archive of a feed has the story, readers were
# not told of it by that.
FIRST_NEWS = f"""
    NOT s.archived AND s.feed_id IS NOT NULL AND (s.story_id = s.id OR NOT EXISTS (
        SELECT 1 FROM entries AS d
        WHERE {in_story("s.story_id")} AND NOT d.archived AND d.id < s.id
    ))
"""
# When `e` was published; without a date of its own, when its story was. NULL where no feed said.
PUBLISHED = "coalesce(e.credible_date, CASE WHEN NOT s.undated THEN s.ordered_at END)"
# The title of `e`; of one that has none, the title of its story.
SHOWN_TITLE = """CASE WHEN e.title_derived THEN coalesce(
    (SELECT first.story_title FROM entries AS first WHERE first.id = e.story_id), c.title
) ELSE c.title END"""


def first_of(chosen: Chosen) -> str:
    """Return the condition that `s` is the first chosen entry of its story."""
    return f"""
    {chosen("s")} AND NOT EXISTS (
        SELECT 1 FROM entries AS d
        WHERE {in_story("s.story_id")} AND {chosen("d")} AND d.id < s.id
    )
"""


def first_news_of(chosen: Chosen) -> str:
    """Return the condition that `s` is the first chosen entry of its story that was news."""
    return f"""
    NOT s.archived AND {chosen("s")} AND NOT EXISTS (
        SELECT 1 FROM entries AS d
        WHERE {in_story("s.story_id")} AND {chosen("d")} AND NOT d.archived AND d.id < s.id
    )
"""


def representative_of(chosen: Chosen) -> str:
    """Return the id of the fullest chosen entry of the story of `s`."""
    return f"""(
    SELECT d.id FROM entries AS d
    WHERE {in_story("s.story_id")} AND {chosen("d")}
    ORDER BY d.words DESC, d.id LIMIT 1
)"""
