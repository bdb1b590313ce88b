"""What a person or an agent types → what it is about, as strings for SQLite FTS5.

No string is an error (sqlite.org/fts5.html, section 3).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from planet_mcp.store.search.courtesy import without_courtesy
from planet_mcp.store.search.names import (
    address_in,
    has_number,
    is_name,
    named_by_number,
    words_of_address,
)
from planet_mcp.store.search.titles import keys_of_titles
from planet_mcp.store.search.typed import MAX_TERMS, Term, read_typed
from planet_mcp.store.search.words import (
    appended,
    forms,
    fts_string,
    joined,
    others,
    parts_of,
    spellings,
    splits,
)
from planet_mcp.text import leads_to_topic, named_by_signs, pieces, wording_of, words_in

# The longest query whose words are tried in other spellings, joined and split.
MOST_SPELLED = 3
# How often a repeated word of a query counts.
MOST_TIMES = 3
# The longest query that is looked for as a phrase too: its words may be one name.
MOST_IN_PHRASE = 3
# How many words may stand between two that count as together.
_BETWEEN = 5


@dataclass(frozen=True, slots=True)
class Topic:
    """What a text may have at one place of the query: any of `spellings` will do.

    `guesses` are further ways to spell it, of which few occur anywhere, and `others` those by other
    rules, which count where more wrote so. `pieces` are the words of a name or phrase; they are
    `parts`, and may be found instead, where nobody wrote it as a whole.
    It was said `times` times. `plain` is its text when it was typed as one bare word.
    """

    spellings: tuple[str, ...]
    guesses: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    pieces: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    times: int = 1
    plain: str | None = None
    is_quoted: bool = False

    @property
    def expression(self) -> str:
        """Return the FTS5 expression for any of its spellings."""
        return " OR ".join(self.spellings)


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked for.

    An entry answers by its `topics`; `hints` are words of asking, which rank and need not be
    there. `names` are strings of FTS5 for names, of one word or several, `numbered` those with a
    number as they were typed, `addresses` what may be the address of an entry or a site, and
    `titles` the keys of what may be an entry's whole title. Of a text that is `is_pasted`, as its
    lines show, the quotes are not the reader's. `exclude` matches what must not appear. `empty` is
    true when there was nothing to search for at all; a query of signs alone is not empty, but has
    no topic. `words` are what a match may show, in lower case; `left_out` words were too many.
    """

    topics: tuple[Topic, ...]
    hints: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    numbered: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    titles: tuple[int, ...] = ()
    exclude: str | None = None
    empty: bool = False
    is_pasted: bool = False
    words: tuple[str, ...] = ()
    left_out: int = 0

    @property
    def strict(self) -> str | None:
        """Return an expression for all topics; None if there are none."""
        return " AND ".join(f"({topic.expression})" for topic in self.topics) or None

    @property
    def relaxed(self) -> str | None:
        """Return an expression for any of the topics; None when that is the same as all."""
        parts = [part for topic in self.topics for part in topic.parts]
        some = list(dict.fromkeys([*(topic.expression for topic in self.topics), *parts]))
        return " OR ".join(some) if len(some) > 1 else None

    @property
    def required(self) -> str | None:
        """Return an expression for all phrases in quotes, which are meant as they are."""
        quotes = [] if self.is_pasted else [t.expression for t in self.topics if t.is_quoted]
        return " AND ".join(quotes) or None

    @property
    def is_one_word(self) -> bool:
        """Return whether one word or phrase in one spelling is all that is looked for."""
        return len(self.topics) == 1 and len(self.topics[0].spellings) == 1

    @property
    def pairs(self) -> list[tuple[Topic, Topic]]:
        """Return the neighbours among the words of a sentence."""
        pairs = pairwise(self.topics) if len(self.topics) > MOST_IN_PHRASE else ()
        return [pair for pair in pairs if all(topic.plain is not None for topic in pair)]

    @property
    def together(self) -> str | None:
        """Return an expression for the words side by side; None where that says nothing."""
        words = [topic.spellings[0] for topic in self.topics if topic.plain is not None]
        if len(words) != len(self.topics) or len(words) <= 1:
            return None
        if len(words) <= MOST_IN_PHRASE:
            return " + ".join(words)
        return f"NEAR({' '.join(words)}, {_BETWEEN * (len(words) - 1)})"


def compile_query(typed: str) -> Query:
    """Find out what was asked for."""
    read = read_typed(typed)
    groups = without_courtesy(typed, read.groups)
    stated, hints = _stated(groups)
    titles = tuple(dict.fromkeys(keys_of_titles(typed, groups, stated)))
    left_out = len(stated[MAX_TERMS:])
    del stated[MAX_TERMS:], hints[MAX_TERMS:]
    alike = defaultdict[tuple[object, ...], list[list[Term]]](list)
    for group in stated:
        alike[tuple((term.text.lower(), term.plain) for term in group)].append(group)
    topics = _topics([each[-1] for each in alike.values()], [len(each) for each in alike.values()])
    return Query(
        topics=tuple(topics),
        hints=tuple(dict.fromkeys(spelled for term in hints for spelled in spellings(term.text))),
        names=tuple(dict.fromkeys(map(_any_form, _names(stated)))),
        numbered=tuple(dict.fromkeys(name for name in _names(stated) if has_number(name))),
        addresses=tuple(filter(None, (address_in(t.text) for g in stated for t in g))),
        titles=titles,
        exclude=" OR ".join(map(_string, read.excluded)) or None,
        empty=read.is_blank or (not read.groups and bool(read.excluded)),
        is_pasted="\n" in typed.strip(),
        words=tuple(dict.fromkeys(word for g in stated for t in g for word in _shown(t.text))),
        left_out=left_out,
    )


def _string(term: Term) -> str:
    return fts_string(term.text, prefix=term.is_prefix)


def _stated(groups: Sequence[list[Term]]) -> tuple[list[list[Term]], list[Term]]:
    """Tell what a query is about from the words of asking, if it has more than those.

    In a sentence these are at its beginning and end. A few words without one may mean any of them:
    they are hints.
    """
    wording = wording_of(term.plain for group in groups for term in group if term.plain)
    said = [group for group in groups if not _is_all(group, wording.sentences)]
    about = [group for group in said if not _is_all(group, wording.asking)]
    if not about:
        return said or list(groups), []
    # Before `about` a word of asking is no topic, whatever else of the question stands around it.
    leading = max((at for at, group in enumerate(groups) if _leads(group)), default=0)
    asked = [group for group in groups[:leading] if group in said and group not in about]
    if asked and about[-1] in groups[leading:]:
        said = [group for group in said if group not in asked]
    if len(said) == len(groups) <= MOST_SPELLED:
        return about, [term for group in said if group not in about for term in group]
    first, last = said.index(about[0]), len(said) - said[::-1].index(about[-1])
    return said[first:last], []


def _is_all(group: Sequence[Term], words: frozenset[str]) -> bool:
    return all(term.is_one_of(words) for term in group)


def _leads(group: Sequence[Term]) -> bool:
    return len(group) == 1 and leads_to_topic(group[0].plain or "")


def _topics(groups: Sequence[Sequence[Term]], times: Sequence[int]) -> Iterator[Topic]:
    guesses = _guesses(groups)
    for group, count, guessed in zip(groups, times, guesses, strict=True):
        spelled = [each for term in group for each in _spellings(term)]
        yield Topic(
            tuple(dict.fromkeys(spelled)),
            guesses=tuple(dict.fromkeys(guessed)),
            others=tuple(other for term in group if term.plain for other in others(term.plain)),
            pieces=tuple(dict.fromkeys(part for term in group for part in parts_of(_said(term)))),
            times=min(count, MOST_TIMES),
            plain=group[0].plain if len(group) == 1 else None,
            is_quoted=len(group) == 1 and group[0].is_quoted,
        )


def _said(term: Term) -> str:
    """Return the text whose words may be found instead; of an address, the end alone says much."""
    address = address_in(term.text)
    return (address and words_of_address(address)) or term.text


def _spellings(term: Term) -> list[str]:
    if not term.plain:
        return [_string(term)]
    said = _said(term)
    return [*spellings(term.plain), *(forms(said) if said != term.text else ())]


def _guesses(groups: Sequence[Sequence[Term]]) -> list[list[str]]:
    """Spell neighbours as one word, and words as two, where the query is short enough for that."""
    guesses: list[list[str]] = [[] for _ in groups]
    plain = [group[0].plain if len(group) == 1 else None for group in groups]
    is_short = len(groups) <= MOST_SPELLED
    for at, (first, second) in enumerate(pairwise(plain)):
        if first and second:
            run = appended(first, second) or (joined(first, second) if is_short else [])
            guesses[at] += run
            guesses[at + 1] += run
    if not is_short:
        return guesses
    for found, group in zip(guesses, groups, strict=True):
        found += [split for term in group if term.plain for split in splits(term.plain)]
    return guesses


def _names(groups: Sequence[Sequence[Term]]) -> Iterator[str]:
    """Return the names in a query: of one word, or of a word and its number: `PEP 701`."""
    for group in groups:
        yield from (t.plain for t in group if t.plain and is_name(t.plain))
    for first, second in pairwise(groups):
        if len(first) == len(second) == 1 and first[0].at + 1 == second[0].at:
            name = named_by_number(first[0].plain, second[0].plain)
            if name:
                yield name


def _any_form(name: str) -> str:
    """Return an expression for a name, but for the words that one with humps is made of."""
    found = spellings(name)[:1] if named_by_signs(name) else forms(name)
    return found[0] if len(found) == 1 else f"({' OR '.join(found)})"


def _shown(text: str) -> Iterator[str]:
    words = words_in(text)
    yield from words
    yield from (piece for piece in pieces(text) if piece not in words)
