"""Which other entries an article's readers may want: those that share most words of its title."""

import re

from planet_mcp.planet.reading import Reading
from planet_mcp.store import Filters, Hit, SearchLimits, compile_query
from planet_mcp.text import STOP_WORDS

MOST_RELATED, LOOKED_AT = 3, 12
# One word in common is chance, unless the title has no other.
LEAST_SHARED = 2

_WORD = re.compile(r"[^\W_]{3,}")


def related_entries(
    reading: Reading, entry_id: int, title: str, limits: SearchLimits | None = None
) -> list[Hit]:
    """Return up to three other stories than that of an entry, the likest first.

    Within narrower limits than those of the store, it is found sooner, and less surely.
    """
    wanted = _words(title)
    if not wanted:
        return []
    query = compile_query(" OR ".join(sorted(wanted)))
    if query.strict is None:
        return []
    filters = Filters(reading.store.entries.newest_id())
    own = reading.store.entries.story_of(entry_id)
    search = reading.store.search.within(limits) if limits else reading.store.search
    found = search.best(query, filters, shown={own}, limit=LOOKED_AT, now=reading.now)
    least = min(LEAST_SHARED, len(wanted))
    shared = {hit.id: len(wanted & _words(f"{hit.title} {hit.snippet}")) for hit in found.hits}
    # Sorted by Python, so that equals stay in the order of the search.
    likest = sorted(found.hits, key=lambda hit: -shared[hit.id])
    return [hit for hit in likest if shared[hit.id] >= least and hit.feed_id][:MOST_RELATED]


def _words(text: str) -> set[str]:
    return {word for word in _WORD.findall(text.casefold()) if word not in STOP_WORDS}
