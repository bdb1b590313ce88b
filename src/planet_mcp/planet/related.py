"""Which other entries an article's readers may want: those that share most words of its title."""

import re

from planet_mcp.planet.reading import Reading
from planet_mcp.store import Filters, Headline, Hit, Store, compile_query
from planet_mcp.text import STOP_WORDS

MOST_RELATED, LOOKED_AT = 3, 12
# How many words of a title are looked for: the longest, which say most.
MOST_WORDS = 4
# How many words two titles must share: one is chance, unless a title has no other.
LEAST_SHARED = 2

_WORD = re.compile(r"[^\W_]{3,}")


def titled_alike(store: Store, entry_id: int, title: str) -> list[Headline]:
    """Return up to three other stories whose titles share most words with that of an entry.

    Unlike `related_entries` it reads no texts, as pages of entries are asked for again and again.
    """
    wanted = _words(title)
    longest = sorted(wanted, key=lambda word: (-len(word), word))[:MOST_WORDS]
    own = store.entries.story_of(entry_id)
    found = store.search.titled(longest, least=LEAST_SHARED, limit=LOOKED_AT)
    alike = store.browsing.headlines([story for story in found if story != own])
    return sorted(alike, key=lambda each: -len(wanted & _words(each.title)))[:MOST_RELATED]


def related_entries(reading: Reading, entry_id: int, title: str) -> list[Hit]:
    """Return up to three other stories than that of an entry, the likest first."""
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
    return [hit for hit in likest if shared[hit.id] >= least and hit.feed_id][:MOST_RELATED]


def _words(text: str) -> set[str]:
    return {word for word in _WORD.findall(text.casefold()) if word not in STOP_WORDS}
