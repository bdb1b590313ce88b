"""How much meaning counts in a question, and one ranking by words and meaning together (pure)."""

from collections.abc import Mapping, Sequence

from planet_mcp.store.search.near import NearStory
from planet_mcp.store.search.query import Query
from planet_mcp.store.search.ranking import Candidate
from planet_mcp.text import humps

# The share of meaning in a score. A name is found as it is written: its vector says little, and a
# sentence around it changes that only in part.
BY_WORDS, BY_BOTH, BY_MEANING = 0.0, 0.3, 0.6
# Up to so many words are a name, if one of them is.
NAME_WORDS = 3
# How many standard deviations nearer than most an entry without the words has to be: so near is
# none of thousands by chance.
OUTSTANDING = 4.0


def share_of_meaning(query: Query) -> float:
    """Return how much meaning counts beside the words of a question, from 0 to 1."""
    topics = query.topics
    # With operators (quotes, a prefix, one OR other) a query is meant by the letter.
    if len(topics) <= 1 or any(topic.plain is None for topic in topics):
        return BY_WORDS
    if query.names:
        return BY_WORDS if len(topics) <= NAME_WORDS else BY_BOTH
    # Names in camel case count only in short queries: MacBook or GitHub in a sentence say little.
    has_humps = any(len(humps(topic.plain or "")) > 1 for topic in topics)
    return BY_WORDS if has_humps and len(topics) <= NAME_WORDS else BY_MEANING


def ranked(
    words: Sequence[Candidate],
    near: Sequence[NearStory],
    likeness: Mapping[int, float],
    *,
    share: float,
) -> list[list[Candidate]]:
    """Return the candidates of a query in one ranking, or what is near after what has words.

    `likeness` has what is known of the stories with words that are not near.
    """
    if not near:
        return [[*words]]
    if share == BY_WORDS:
        had = {each.story for each in words}
        more = [each for each in near if each.outstanding > OUTSTANDING and each.story not in had]
        return [[*words], [each.as_candidate() for each in more]]
    return [blended(words, near, likeness, share=share)]


def blended(
    words: Sequence[Candidate],
    near: Sequence[NearStory],
    likeness: Mapping[int, float],
    *,
    share: float,
) -> list[Candidate]:
    """Score all stories that have words or are near, each by both.

    Scores count as parts of the best one, likenesses as parts of the way from the worst to the
    best of all.
    """
    known = {**likeness, **{each.story: each.likeness for each in near}}
    best = max((each.score for each in words), default=0.0) or 1.0
    least, most = min(known.values(), default=0.0), max(known.values(), default=0.0)
    had = {each.story for each in words}
    only_near = [each.as_candidate() for each in near if each.story not in had]

    def score(story: int, by_words: float) -> float:
        # What has no vector yet counts by its words alone, as it does where nothing has one.
        own = known.get(story)
        by_meaning = by_words if own is None else (own - least) / ((most - least) or 1.0)
        return (1 - share) * by_words + share * by_meaning

    return [
        *(Candidate(*each[:3], score(each.story, each.score / best)) for each in words),
        *(Candidate(*each[:3], score(each.story, 0.0)) for each in only_near),
    ]
