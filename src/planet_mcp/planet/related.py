"""Which other entries an article's readers may want.

Those that share most words of its title, and where there are vectors those that mean the like.
"""

import re
from collections import Counter
from collections.abc import Sequence

from planet_mcp.planet.reading import Reading
from planet_mcp.store import Filters, Headline, Hit, Store, compile_query
from planet_mcp.text import STOP_WORDS

MOST_RELATED, LOOKED_AT, MOST_MEANT = 3, 12, 6
# How many words of a title are looked for: the longest, which say most.
MOST_WORDS = 4
# How many words two titles must share: one is chance, unless a title has no other.
LEAST_SHARED = 2
# How little more the first of a list counts than the next ones.
_RANKS = 60

_WORD = re.compile(r"[^\W_]{3,}")


def related_headlines(
    store: Store, entry_id: int, title: str, *, model: str | None
) -> list[Headline]:
    """Return up to three other stories that are related to an entry, the likest first.

    Unlike `related_entries` it looks for words in titles alone, as pages of entries are asked for
    again and again.
    """
    alike = {each.entry_id: each for each in _titled_alike(store, entry_id, title)}
    meant = {
        hit.id: Headline(hit.id, hit.feed_id, hit.feed or "", hit.title, hit.ordered_at)
        for hit in _meant_alike(store, entry_id, model)
        if hit.feed_id
    }
    known = alike | meant
    return [known[each] for each in _together([*alike], [*meant])]


def related_entries(reading: Reading, entry_id: int, title: str, *, model: str | None) -> list[Hit]:
    """Return up to three other stories than that of an entry, the likest first."""
    alike = {hit.id: hit for hit in _worded_alike(reading, entry_id, title)}
    meant = {hit.id: hit for hit in _meant_alike(reading.store, entry_id, model) if hit.feed_id}
    known = alike | meant
    return [known[each] for each in _together([*alike], [*meant])]


def _together(alike: Sequence[int], meant: Sequence[int]) -> list[int]:
    """Return the first of two lists: what is in both, and then of each in turn.

    It is reciprocal rank fusion (Cormack, Clarke and Büttcher 2009), as likenesses of titles and of
    vectors cannot be compared.
    """
    scores: Counter[int] = Counter()
    for listed in (meant, alike):
        scores.update({each: 1 / (_RANKS + rank) for rank, each in enumerate(listed)})
    return [each for each, _ in scores.most_common(MOST_RELATED)]


def _meant_alike(store: Store, entry_id: int, model: str | None) -> list[Hit]:
    return store.search.meant_alike(entry_id, model=model, limit=MOST_MEANT) if model else []


def _titled_alike(store: Store, entry_id: int, title: str) -> list[Headline]:
    wanted = _words(title)
    longest = sorted(wanted, key=lambda word: (-len(word), word))[:MOST_WORDS]
    own = store.entries.story_of(entry_id)
    found = store.search.titled(longest, least=LEAST_SHARED, limit=LOOKED_AT)
    alike = store.browsing.headlines([story for story in found if story != own])
    return sorted(alike, key=lambda each: -len(wanted & _words(each.title)))


def _worded_alike(reading: Reading, entry_id: int, title: str) -> list[Hit]:
    wanted = _words(title)
    if not wanted:
        return []
    query = compile_query(" OR ".join(sorted(wanted)))
    if query.strict is None:
        return []
    filters = Filters(reading.store.entries.newest_id())
    own = reading.store.entries.story_of(entry_id)
    found = reading.store.search.best(query, filters, shown={own}, limit=LOOKED_AT, now=reading.now)
    least = min(LEAST_SHARED, len(wanted))
    shared = {hit.id: len(wanted & _words(f"{hit.title} {hit.snippet}")) for hit in found.hits}
    # Sorted by Python, so that equals stay in the order of the search.
    likest = sorted(found.hits, key=lambda hit: -shared[hit.id])
    return [hit for hit in likest if shared[hit.id] >= least and hit.feed_id]


def _words(text: str) -> set[str]:
    return {word for word in _WORD.findall(text.casefold()) if word not in STOP_WORDS}
