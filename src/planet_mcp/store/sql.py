"""The parts of SQL that several queries share, and what aliases mean in all of them.

| alias   | row                                                                               |
|---------|-----------------------------------------------------------------------------------|
| `e`     | an entry: the one that a query is about, or shows                                 |
| `s`     | the entry by which a list orders a story: its first one; in a list of one feed,   |
|         | the first one that this feed has of it                                            |
| `first` | the first entry of e's story: its row holds what is true of the whole story       |
| `d`     | a duplicate: any entry of the story of `e` or `s`, these included                 |
| `c`     | the contents of `e`: title, texts, authors, tags                                  |
| `a`     | the article of `e`: the page that was fetched for it                              |
| `f`     | the feed of `e`, or that of `d` where a query names the feeds of duplicates       |

`story_id` of every entry is the id of its story's first entry. The row of that one has in
`representative_id` the entry that represents the story, and in `story_title` the story's title
where the representative has none of its own.
"""


def in_story(story_id: str, entry: str = "d") -> str:
    """Return the condition that an entry is in a story; both are named as the query names them.

    Nearly all stories have one entry, which is found by its id. The others are found by the index
    of the entries that are not the first of their stories; hence two parts, each with an index.
    """
    return (
        f"({entry}.id = {story_id}"
        f" OR ({entry}.story_id = {story_id} AND {entry}.story_id <> {entry}.id))"
    )


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
FIRST_NEWS_OF_FEED = f"""
    NOT s.archived AND s.feed_id = :feed_id AND NOT EXISTS (
        SELECT 1 FROM entries AS d
        WHERE {in_story("s.story_id")} AND d.feed_id = :feed_id AND NOT d.archived AND d.id < s.id
    )
"""
FIRST_OF_FEED = f"""
    s.feed_id = :feed_id AND NOT EXISTS (
        SELECT 1 FROM entries AS d
        WHERE {in_story("s.story_id")} AND d.feed_id = :feed_id AND d.id < s.id
    )
"""
# The id of the fullest entry that a feed has of the story of `s`.
REPRESENTATIVE_IN_FEED = f"""(
    SELECT d.id FROM entries AS d
    WHERE {in_story("s.story_id")} AND d.feed_id = :feed_id
    ORDER BY d.words DESC, d.id LIMIT 1
)"""
# When `e` was published; without a date of its own, when its story was. NULL where no feed said.
PUBLISHED = "coalesce(e.credible_date, CASE WHEN NOT s.undated THEN s.ordered_at END)"
# The title of `e`; of one that has none, the title of its story.
SHOWN_TITLE = """CASE WHEN e.title_derived THEN coalesce(
    (SELECT first.story_title FROM entries AS first WHERE first.id = e.story_id), c.title
) ELSE c.title END"""
