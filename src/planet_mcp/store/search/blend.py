"""How much meaning counts in a question, and one ranking of words and meaning together (pure)."""

import re
from collections.abc import Mapping, Sequence

from planet_mcp.store.search.near import NearStory
from planet_mcp.text import humps

# The share of meaning in a score. A name is to be found as it is written: vectors of names say
# little, and a sentence around it changes that only in part.
BY_WORDS, BY_BOTH, BY_MEANING = 0.0, 0.3, 0.6
# Up to so many words are a name, if one of them is.
NAME_WORDS = 3

_WORD = re.compile(r"[^\s]*\w[^\s]*")
_AROUND = " \t\n.,;:!?…()[]{}<>'\u2018\u2019\u201c\u201d"
_NAME = re.compile(r"[\d_.+#@:/\\=*<>$%&~^|]")

# The id of a story, a time in seconds since 1970, and a rank by bm25: negative, lower is better.
Match = tuple[int, int, float]
# The same with a score: higher is better.
Scored = tuple[int, int, float]


def share_of_meaning(typed: str) -> float:
    """Return how much meaning counts beside the words of a question, from 0 to 1."""
    words = [word.strip(_AROUND) for word in _WORD.findall(typed) if not word.startswith("-")]
    if len(words) <= 1 or '"' in typed:
        return BY_WORDS
    if any(_NAME.search(word) for word in words):
        return BY_WORDS if len(words) <= NAME_WORDS else BY_BOTH
    if len(words) <= NAME_WORDS and any(len(humps(word)) > 1 for word in words):
        return BY_WORDS
    return BY_MEANING


def blended(
    words: Sequence[Match],
    near: Sequence[NearStory],
    likeness: Mapping[int, float],
    *,
    share: float,
) -> list[Scored]:
    """Score all stories that have words or are near, each by both.

    `likeness` has what is known of the stories with words. Ranks count as parts of the best one,
    likenesses as parts of the way from the worst to the best of all.
    """
    times = {each.story: each.time for each in near}
    ranks: dict[int, float] = {}
    # The best of a story comes last here, as less is better.
    for story, time, rank in sorted(words, key=lambda match: -match[2]):
        ranks[story], times[story] = rank, time
    best = min(ranks.values(), default=0.0) or -1.0
    known = {**likeness, **{each.story: each.likeness for each in near}}
    least, most = min(known.values(), default=0.0), max(known.values(), default=0.0)
    scored = []
    for story, time in times.items():
        by_words = ranks.get(story, 0.0) / best
        # What has no vector yet is judged by its words alone.
        of_all = (known[story] - least) / ((most - least) or 1.0) if story in known else by_words
        scored.append((story, time, (1 - share) * by_words + share * of_all))
    return scored
