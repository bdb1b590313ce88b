"""Posts of a period, and those before → what several feeds talk about, best first (pure).

A topic is a page that they link to, an entry among these, or words that their titles share within
a month and that are rare otherwise. It counts by the number of different voices, and by how unusual
that number is.
"""

import math
import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from planet_mcp.planet.little_words import LITTLE_WORDS
from planet_mcp.store import TalkedPost

# Two who link to one page agree on more than two whose titles have a word in common.
LEAST_LINKING, LEAST_NAMING, LEAST_IN_TITLES = 2, 3, 2
# Two voices are enough for a page that one feed linked to before, five for one that fifteen did.
LEAST_SCORE = 1.2
# How many times more often than before two words must be named; a single word, which says less.
LEAST_LIFT, LEAST_LIFT_OF_ONE = 4.0, 12.0
# What part of the voices that name a subject must have it in a title: words of every day mostly
# stand in texts.
TITLED = 0.6
# Over a longer time, many use a word of every day; what is talked about is named at one time.
AT_ONE_TIME = timedelta(days=31)
# Where other times have fewer posts than FEW_BEFORE, a word that more than the part MOST_COMMON of
# the voices name, and more than ALWAYS_FEW, is no topic: it is what the whole planet is about.
FEW_BEFORE, MOST_COMMON, ALWAYS_FEW = 30, 0.34, 5
# A link that a larger part of all posts have, and at least LEAST_POSTS, stands below each of them.
EVERYWHERE, LEAST_POSTS = 0.8, 5
# Two topics are one if they share this part of the smaller one's posts: the better is shown.
SAME = 0.5
_EXCERPT_CHARS = 300
_WORD = re.compile(r"[^\W_]+(?:[.+#/'\u2019-][^\W_]+)*[+#]*")
_OWN_SIDE = re.compile(r"/([@~][^/?#]+)")


@dataclass(frozen=True, slots=True)
class Topic:
    """What several voices talk about: the page of a key, or a subject that words name."""

    key: int | None
    subject: str
    voices: int
    score: float
    posts: tuple[TalkedPost, ...]


@dataclass(frozen=True, slots=True)
class Past:
    """What is known from before: other posts, habits of linking by feed, and feeds by page."""

    posts: Sequence[TalkedPost]
    habits: Mapping[int, Counter[int]]
    linked: Mapping[int, int]


def shared_links(posts: Sequence[TalkedPost]) -> dict[int, list[TalkedPost]]:
    """Return the posts about each page that different voices link to, its own post included."""
    linking: defaultdict[int, list[TalkedPost]] = defaultdict(list)
    for post in posts:
        for key in post.links - {post.key}:
            linking[key].append(post)
    for post in posts:
        if post.key is not None and post.key in linking:
            linking[post.key].append(post)
    return {key: found for key, found in linking.items() if len(voices_of(found)) >= LEAST_LINKING}


def topics(posts: Sequence[TalkedPost], past: Past) -> list[Topic]:
    """Return the topics of a period, the best first, each once."""
    found = [*_linked(posts, past), *_named(posts, past)]
    chosen: list[Topic] = []
    for topic in sorted(found, key=lambda each: (-each.score, -each.voices, each.subject)):
        if not any(_is_same(topic, other) for other in chosen):
            chosen.append(topic)
    return chosen


def voices_of(posts: Iterable[TalkedPost]) -> set[str]:
    """Return who speaks in posts: feeds of one site are one voice, people on a platform are not."""
    return {_voice(post) for post in posts}


def _voice(post: TalkedPost) -> str:
    own = _OWN_SIDE.search(post.url or "")
    return f"{post.host}/{own[1]}" if own else post.host


def _linked(posts: Sequence[TalkedPost], past: Past) -> Iterable[Topic]:
    for key, found in shared_links(posts).items():
        everywhere = len(found) > max(len(posts) * EVERYWHERE, LEAST_POSTS - 1)
        about = [
            post
            for post in found
            if post.key == key or not _is_habit(post, key, past, everywhere=everywhere)
        ]
        voices = len(voices_of(about))
        if voices >= LEAST_LINKING and any(post.key != key for post in about):
            # A page that was always linked to is no news, however many do.
            score = voices**2 / (voices + past.linked.get(key, 0))
            if score >= LEAST_SCORE:
                yield Topic(key, "", voices, 2 * score, _each_once(about))


def _is_habit(post: TalkedPost, key: int, past: Past, *, everywhere: bool) -> bool:
    """Return whether a feed links to a page in most posts; of its only one, all others tell."""
    counts = past.habits.get(post.feed_id, Counter())
    return counts[key] > counts[0] / 2 if counts[0] > 1 else everywhere


def _named(posts: Sequence[TalkedPost], past: Past) -> Iterable[Topic]:
    naming: defaultdict[str, list[TalkedPost]] = defaultdict(list)
    titling: defaultdict[str, set[int]] = defaultdict(set)
    for post in posts:
        for term in _terms(post):
            naming[term].append(post)
        for term in _title_terms(post):
            titling[term].add(post.id)
    candidates = {
        term: densest
        for term, found in naming.items()
        if len(titling[term]) >= LEAST_IN_TITLES
        and _is_subject(term, densest := _at_one_time(found), titling[term])
    }
    for term, weight in _unusual(candidates, naming, posts, past).items():
        found = candidates[term]
        titled = len(_titled(found, titling[term]))
        score = weight * (len(voices_of(found)) + titled) / (2 if " " in term else 3)
        yield Topic(None, _as_written(term, found), len(voices_of(found)), score, _each_once(found))


def _is_subject(term: str, found: Sequence[TalkedPost], titling: Collection[int]) -> bool:
    """Return whether enough voices name a term, and enough of them in a title."""
    voices, titled = len(voices_of(found)), len(_titled(found, titling))
    return (
        voices >= LEAST_NAMING
        and titled >= (LEAST_IN_TITLES if " " in term else LEAST_NAMING)
        and titled >= voices * TITLED / (1 + term.count(" "))
    )


def _titled(found: Sequence[TalkedPost], titling: Collection[int]) -> set[str]:
    return voices_of(post for post in found if post.id in titling)


def _at_one_time(found: Sequence[TalkedPost]) -> Sequence[TalkedPost]:
    """Return those of some posts that stand nearest to each other in time, by voices."""
    dated = sorted(found, key=_time)
    if not dated or _time(dated[-1]) - _time(dated[0]) <= AT_ONE_TIME:
        return dated
    densest: Sequence[TalkedPost] = ()
    most = end = 0
    for begin, post in enumerate(dated):
        while end < len(dated) and _time(dated[end]) - _time(post) <= AT_ONE_TIME:
            end += 1
        voices = len(voices_of(dated[begin:end])) if end - begin > most else 0
        if voices > most:
            densest, most = dated[begin:end], voices
    return densest


def _time(post: TalkedPost) -> datetime:
    return post.published or post.first_seen_at


def _unusual(
    candidates: Mapping[str, Sequence[TalkedPost]],
    naming: Mapping[str, Sequence[TalkedPost]],
    posts: Sequence[TalkedPost],
    past: Past,
) -> dict[str, float]:
    """Return the terms that are named much more often than at other times, and how unusual it is.

    `candidates` are the posts of a month that name a term, `naming` those of the whole period.
    """
    earlier = past.posts if candidates else ()
    before = Counter(term for post in earlier for term in _terms(post) & candidates.keys())
    times, everyone = sorted(map(_time, posts)), len(voices_of(posts))
    most = min(max(everyone * MOST_COMMON, ALWAYS_FEW), everyone * EVERYWHERE)
    unusual = {}
    for term, found in candidates.items():
        voices = len(voices_of(found))
        there = bisect_right(times, _time(found[0]) + AT_ONE_TIME)
        there -= bisect_left(times, _time(found[-1]) - AT_ONE_TIME)
        elsewhere = len(past.posts) + len(posts) - there
        if elsewhere < FEW_BEFORE:
            if voices <= most:
                unusual[term] = 1.0
            continue
        named = before[term] + len(naming[term]) - len(found)
        lift = voices * (elsewhere + 1) / ((named + 0.1) * there)
        if lift >= (LEAST_LIFT if " " in term else LEAST_LIFT_OF_ONE):
            unusual[term] = min(math.log10(lift), 1.5)
    return unusual


def _terms(post: TalkedPost) -> set[str]:
    """Return the words of a post, and pairs of them, that may name a subject."""
    return _title_terms(post) | _terms_in(post.excerpt[:_EXCERPT_CHARS])


def _title_terms(post: TalkedPost) -> set[str]:
    return set() if post.untitled else _terms_in(post.title)


def _terms_in(text: str) -> set[str]:
    words = [
        word.removesuffix("'s").removesuffix("\u2019s") for word in _WORD.findall(text.casefold())
    ]
    terms = {word for word in words if _may_name(word)}
    terms.update(
        f"{first} {second}"
        for first, second in pairwise(words)
        if first not in LITTLE_WORDS and second not in LITTLE_WORDS
    )
    return terms


def _may_name(word: str) -> bool:
    return len(word) > 2 and word not in LITTLE_WORDS and not word.isdigit()  # noqa: PLR2004


def _as_written(term: str, posts: Sequence[TalkedPost]) -> str:
    """Return a term as most titles spell it."""
    pattern = re.compile(rf"(?<!\w){re.escape(term)}(?!\w)".replace(r"\ ", r"\s+"), re.IGNORECASE)
    spelled = Counter(found[0] for post in posts if (found := pattern.search(post.title)))
    return spelled.most_common(1)[0][0] if spelled else term


def _each_once(posts: Sequence[TalkedPost]) -> tuple[TalkedPost, ...]:
    """Return posts by id, the newest of each voice before the second of any."""
    in_turn: list[tuple[int, int, TalkedPost]] = []
    seen: Counter[str] = Counter()
    for post in sorted({post.id: post for post in posts}.values(), key=lambda each: -each.id):
        voice = _voice(post)
        in_turn.append((seen[voice], -post.id, post))
        seen[voice] += 1
    return tuple(post for _, _, post in sorted(in_turn, key=lambda each: each[:2]))


def _is_same(topic: Topic, other: Topic) -> bool:
    mine, theirs = _ids(topic.posts), _ids(other.posts)
    return len(mine & theirs) >= SAME * min(len(mine), len(theirs))


def _ids(posts: Collection[TalkedPost]) -> set[int]:
    return {post.id for post in posts}
