"""What is searched in place of words that no entry has, and what is said of those that few have."""

import re
from dataclasses import dataclass, replace

from planet_mcp.planet.reading import Reading
from planet_mcp.requests import SearchRequest, given

# Where more is found, nothing was misspelt.
FEW_FOUND = 10
MOST_LOOKED_UP = 12
NONE_HAS = 'No entry has "{typed}"; shown is "{meant}".'
FEW_HAVE = 'Few entries have "{typed}", many "{meant}": {call}.'

# Words as the search reads them; what is in quotes, left out or a prefix is meant as it is.
_CHUNK = re.compile(r'-?"[^"]*"?|[^\s"]+')
_BARE = re.compile(r"[(\[{<'`]*([A-Za-z]+)[)\]}>'`,;:!?.]*")


@dataclass(frozen=True, slots=True)
class Respelled:
    """A query in which words that no entry has are what was probably meant, and remarks on that."""

    query: str
    remarks: tuple[str, ...] = ()


def respelled(reading: Reading, request: SearchRequest, *, snapshot: int) -> Respelled:
    """Return a query as it was probably meant, of which little was found as it was typed."""
    shown, few, remarks = request.query, [], []
    for typed in _bare_words(request.query):
        meant = reading.store.spelling.meant(typed, snapshot=snapshot)
        if meant and meant.typed_in:
            few.append((typed, meant.word))
        elif meant:
            shown = _with(shown, typed, meant.word)
            remarks.append(NONE_HAS.format(typed=typed, meant=meant.word))
    for typed, meant_word in few[:1]:
        arguments = given(replace(request, query=_with(shown, typed, meant_word), cursor=None))
        call = reading.language.call("search_entries", arguments)
        remarks.append(FEW_HAVE.format(typed=typed, meant=meant_word, call=call))
    return Respelled(shown, tuple(remarks))


def _bare_words(query: str) -> list[str]:
    bare = (_BARE.fullmatch(chunk) for chunk in _CHUNK.findall(query))
    return [*dict.fromkeys(each[1] for each in bare if each)][:MOST_LOOKED_UP]


def _with(query: str, typed: str, meant: str) -> str:
    """Put a word in the place of another, but for what is in quotes, left out or part of a word."""
    pattern = rf"""(-?"[^"]*"?)|(?<![^\s(\[{{<'`]){typed}(?![\w*'-])"""
    return re.sub(pattern, lambda found: found[1] or meant, query)
