"""What is searched in place of words that no entry has, and what is said of those that few have."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from planet_mcp.planet.reading import Reading
from planet_mcp.requests import SearchRequest, given
from planet_mcp.store import bare_words
from planet_mcp.text import wording_of

# Up to how many hits a word may be misspelt: of more, none is.
FEW_FOUND = 10
MOST_LOOKED_UP = 12
NONE_HAS = 'No entry has "{typed}"; shown is "{meant}".'
NONE_AS_A_WHOLE = 'No entry has "{typed}"; shown is what has words that begin so: {meant}.'
FEW_HAVE = 'Few entries have "{typed}", many "{meant}": {call}.'


@dataclass(frozen=True, slots=True)
class Respelled:
    """A query in which words that no entry has are what was probably meant, and remarks on that.

    `proposal` is the query with what many entries have in the place of a word that few have.
    """

    query: str
    remarks: tuple[str, ...] = ()
    proposal: str | None = None


def respelled(
    reading: Reading, request: SearchRequest, *, snapshot: int, some_found: bool
) -> Respelled:
    """Return a query as it was probably meant, of which little was found as it was typed.

    `some_found` says that any of its words was.
    """
    words = dict.fromkeys(word for word, _ in bare_words(request.query))
    # What no entry has of a question in another language asks, rather than is misspelt.
    if some_found and not wording_of(words).is_english:
        return Respelled(request.query)
    meant = {
        word: near
        for word in [*words][:MOST_LOOKED_UP]
        if (near := reading.store.spelling.meant(word, snapshot=snapshot))
    }
    if not meant:
        return Respelled(request.query)
    others = {typed: near.word for typed, near in meant.items() if not near.typed_in}
    shown = _with(request.query, others)
    remarks = [NONE_HAS.format(typed=typed, meant=word) for typed, word in others.items()]
    proposed = None
    for typed, near in [each for each in meant.items() if each[1].typed_in][:1]:
        proposed = _with(shown, {typed: near.word})
        arguments = given(replace(request, query=proposed, cursor=None))
        call = reading.language.call("search_entries", arguments)
        remarks.append(FEW_HAVE.format(typed=typed, meant=near.word, call=call))
    return Respelled(shown, tuple(remarks), proposed)


def begun(reading: Reading, request: SearchRequest) -> Respelled:
    """Return a query none of whose words any entry has, by what some words begin with.

    Compounds and other endings: German `Datenbank`, Greek `κώδικα`, Polish `pamięć`.
    """
    words = [*dict.fromkeys(word for word, _ in bare_words(request.query))][:MOST_LOOKED_UP]
    begins = {word: begin for word in words if (begin := reading.store.spelling.beginning(word))}
    meant = {word: f"{begin}*" for word, begin in begins.items()}
    remarks = [NONE_AS_A_WHOLE.format(typed=typed, meant=begin) for typed, begin in meant.items()]
    return Respelled(_with(request.query, meant), tuple(remarks))


def _with(query: str, meant: Mapping[str, str]) -> str:
    """Put words in the places of others."""
    parts, end = [], 0
    for word, begin in bare_words(query):
        if word in meant:
            parts += [query[end:begin], meant[word]]
            end = begin + len(word)
    return "".join([*parts, query[end:]])
