"""bm25 as SQL, made of what PostgreSQL's ranks say of each word (pure).

Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009; with the numbers of FTS5
(sqlite.org/fts5.html, section 5.1.1), so that both engines rank alike.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence

from planet_mcp.store.db.postgres.expressions import Compiled, Leaf

_K1, _B = 1.2, 0.75
# The sum of 1/n², by which `ts_rank` divides (postgresql.org/docs, textsearch-controls, 12.3.3).
_WHOLE = math.pi**2 / 6
# Of the places in text, terms and feed; tags; authors; heading. Besides what all places count,
# those in the heading count for two more, and those in tags and authors for one.
_ALL, _MORE = "{1,1,1,1}", "{0,0.72,0.72,1}"
# A word of a tsquery that may have any weight.
_WORD, _IN_SUCH = re.compile(r"('(?:[^']|'')*')(?!:)"), r"\1:ABC"


def bm25(
    leaves: Sequence[Leaf], frequency: Callable[[str], int], *, entries: int, usual_size: float
) -> str:
    """Return the SQL of how well a row of `entries_index` matches, whose words are `held`.

    Each rank is made once: OFFSET keeps PostgreSQL from writing an inner SELECT into the outer one.
    """
    found = Counter(leaves)
    times = ", ".join(f"{_times(leaf)} AS times{at}" for at, leaf in enumerate(found))
    length = f"{_K1 * (1 - _B)} + {_K1 * _B / usual_size} * entries_index.size AS length"
    parts = (
        f"{said * _rarity(frequency(leaf.text), entries) * (_K1 + 1)}"
        f" * times{at} / (times{at} + length)"
        for at, (leaf, said) in enumerate(found.items())
    )
    return f"""CAST((
        SELECT {" + ".join(parts)} FROM (
            SELECT {times}, {length} OFFSET 0
        ) AS counted
    ) AS DOUBLE PRECISION)"""


def held(source: str) -> str:
    """Return a source of `entries_index` whose words are fetched and unpacked once for each row."""
    return f"""FROM (
        SELECT entries_index.rowid, entries_index.size,
               setweight(entries_index.words, 'D', '{{}}') AS words
        {source} OFFSET 0
    ) AS entries_index"""


def condition(expression: Compiled) -> str:
    """Return the SQL of whether a row of `entries_index` matches."""
    matches = f"entries_index.words @@ {as_tsquery(expression.query)}"
    if expression.near is None:
        return matches
    near = ", ".join(as_text(each) for each in expression.near)
    return f"{matches} AND are_near(entries_index.words, ARRAY[{near}])"


def as_tsquery(query: str) -> str:
    """Return a tsquery as SQL."""
    return f"CAST({as_text(query)} AS tsquery)"


def as_text(text: str) -> str:
    """Return a text as SQL."""
    return "'{}'".format(text.replace("'", "''"))


def highest(leaves: Sequence[Leaf], frequency: Callable[[str], int], *, entries: int) -> str:
    """Return the SQL of what no score comes up to."""
    return str(sum(_rarity(frequency(leaf.text), entries) for leaf in leaves) * (_K1 + 1))


def _rarity(count: int, entries: int) -> float:
    """Return what a word that so many entries have says of one (the IDF of bm25)."""
    return max(math.log((max(entries, count) - count + 0.5) / (count + 0.5)), 1e-6)


def _times(leaf: Leaf) -> str:
    """Return how often an entry has a word or phrase, in the heading for three.

    `ts_rank` of a word is the sum of 1/n² of its first places, over that of all: about
    1 - 1/(1.645 n). `ts_rank_cd` of a phrase is how often it is there.
    """
    query = as_tsquery(leaf.query)
    if not leaf.is_word:
        every, more = (
            f"ts_rank_cd('{weights}', entries_index.words, {query})" for weights in (_ALL, _MORE)
        )
        # To rank a phrase costs five times as much as to see that it is in no such place.
        counts_more = f"entries_index.words @@ {as_tsquery(_WORD.sub(_IN_SUCH, leaf.query))}"
        return f"{every} + CASE WHEN {counts_more} THEN 2 * {more} ELSE 0 END"
    every, more = (
        # A beginning of words is ranked as each of them, which may come to more than a whole.
        f"coalesce(1 / ({_WHOLE} * (1 / nullif(least({rank}, 0.998), 0) - 1)), 0)"
        for rank in (
            f"ts_rank('{weights}', entries_index.words, {query})" for weights in (_ALL, _MORE)
        )
    )
    return f"{every} + 2 * {more}"
