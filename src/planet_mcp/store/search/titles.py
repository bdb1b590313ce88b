"""Which parts of a query may be the whole title of an entry (pure)."""

from collections.abc import Iterator, Sequence

from planet_mcp.store.search.typed import Term
from planet_mcp.text import STOP_WORDS, words_in

# How many words before and after what a query is about may be of a title, or of asking.
MOST_ASKING = 12
# In a question that has other words, too, a title has so many words, and so many that tell.
_LEAST_WORDS, _LEAST_TELLING, _MOST_WORDS = 3, 2, 24


def may_be_titles(
    typed: str, groups: Sequence[list[Term]], stated: Sequence[list[Term]]
) -> Iterator[str]:
    """Yield all of a query, it with less words of asking, and its parts, the longest first.

    What a query is about are its `stated` groups. A title of a word or two is often only mentioned:
    which web frameworks are fast?
    """
    yield typed
    if stated and len(groups) <= 2 * MOST_ASKING:
        first, last = groups.index(stated[0]), groups.index(stated[-1])
        begins = [group[0].begin for group in groups[: first + 1]][-MOST_ASKING:]
        ends = [group[-1].begin + len(group[-1].text) for group in groups[last:]][:MOST_ASKING]
        yield from (typed[begin:end] for begin in begins for end in reversed(ends))
    words = words_in(typed)[: _MOST_WORDS + 1] if "\n" not in typed.strip() else []
    if len(words) > _MOST_WORDS:
        return
    for length in range(len(words) - 1, _LEAST_WORDS - 1, -1):
        for begin in range(len(words) - length + 1):
            part = words[begin : begin + length]
            if sum(word.lower() not in STOP_WORDS for word in part) >= _LEAST_TELLING:
                yield " ".join(part)
