"""Which parts of a query may be the whole title of an entry (pure)."""

from collections.abc import Iterator, Sequence

from planet_mcp.store.search.typed import Term
from planet_mcp.text import STOP_WORDS, key_of_words, title_key, words_in, words_of_title

# How many words before and after what a query is about may be of a title, or of asking.
MOST_ASKING = 12
# In a question that has other words, too, a title has so many words, and so many that tell.
_LEAST_WORDS, _LEAST_TELLING, _MOST_WORDS = 3, 2, 24


def keys_of_titles(
    typed: str, groups: Sequence[list[Term]], stated: Sequence[list[Term]]
) -> Iterator[int]:
    """Yield the keys of all of a query, of it with less words of asking, then of its parts.

    What a query is about are its `stated` groups; the longest part is the first. A title of a word
    or two is often only mentioned: which web frameworks are fast?
    """
    for part in (typed, *_without_asking(typed, groups, stated)):
        key = title_key(part)
        if key is not None:
            yield key
    if "\n" not in typed.strip():
        yield from map(key_of_words, _parts(_words(typed)))


def _without_asking(
    typed: str, groups: Sequence[list[Term]], stated: Sequence[list[Term]]
) -> Iterator[str]:
    # What has so many words is among the parts, whatever stands around it.
    if not 0 < len(stated) < _LEAST_WORDS or len(groups) > 2 * MOST_ASKING:
        return
    first, last = groups.index(stated[0]), groups.index(stated[-1])
    begins = [group[0].begin for group in groups[: first + 1]][-MOST_ASKING:]
    ends = [group[-1].begin + len(group[-1].text) for group in groups[last:]][:MOST_ASKING]
    yield from (typed[begin:end] for begin in begins for end in reversed(ends))


def _words(typed: str) -> list[str]:
    """Return the words of a query, parted where a script without spaces begins or ends."""
    words = words_of_title(typed)
    return words if typed.isascii() else [part for word in words for part in words_in(word)]


def _parts(words: Sequence[str]) -> Iterator[Sequence[str]]:
    if len(words) > _MOST_WORDS:
        return
    telling = [word not in STOP_WORDS for word in words]
    for length in range(len(words) - 1, _LEAST_WORDS - 1, -1):
        for begin in range(len(words) - length + 1):
            if sum(telling[begin : begin + length]) >= _LEAST_TELLING:
                yield words[begin : begin + length]
