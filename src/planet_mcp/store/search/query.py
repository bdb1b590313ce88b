"""What a person or an agent types → expressions for SQLite FTS5 (sqlite.org/fts5.html, section 3).

Understood are words, `"a phrase"`, `word*`, `-word` and `a OR b` (which binds its neighbours);
every other character is literal, and no string is an error.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from planet_mcp.errors import ArgumentError
from planet_mcp.text import STOP_WORDS, humps, named_by_signs, pieces, sought, words_in

MAX_TERMS = 48
# Longer questions are not about how one name is spelled.
MOST_SPELLED = 6
MOST_SPLIT, SHORTEST_SPLIT, LONGEST_SPLIT = 3, 5, 24

_TOKEN = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_WORD = re.compile(r"[^\W_]+")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_LETTERS = re.compile(r"[a-zA-Z]+")
_HYPHENATED = re.compile(r"[a-zA-Z]+(?:[-_'\u2019][a-zA-Z]+)+")


@dataclass(frozen=True, slots=True)
class Query:
    """The FTS5 expressions for a query.

    `strict` asks for all selective terms, `any_of` holds an expression for each of them
    and for the parts of compound names, `exclude` matches what must not appear.
    `empty` is true when there was nothing to search for at all; a query of signs alone is not
    empty, but its `strict` is None: it can match nothing. `words` are what a match may show, in
    lower case.
    """

    strict: str | None
    any_of: tuple[str, ...]
    exclude: str | None
    empty: bool
    words: tuple[str, ...] = ()

    @property
    def relaxed(self) -> str | None:
        """Return an expression for any of the words; None when that is the same as all."""
        return " OR ".join(self.any_of) if len(self.any_of) > 1 else None


@dataclass(frozen=True, slots=True)
class _Term:
    """One word or phrase; `plain` says that it was typed as a bare word."""

    text: str
    prefix: bool = False
    plain: bool = False

    def __str__(self) -> str:
        return fts_string(self.text, prefix=self.prefix)


def fts_string(text: str, *, prefix: bool = False) -> str:
    """Return the FTS5 string that finds a text as the index has it; a prefix: what begins so."""
    words, is_open = sought(text)
    return f'"{words}"{"*" if prefix or is_open else ""}'


def compile_query(typed: str) -> Query:
    """Turn what was typed into FTS5 expressions."""
    groups: list[list[_Term]] = []
    excluded: list[_Term] = []
    joining = False
    tokens = list(_TOKEN.finditer(typed.replace("\0", " ")))[:MAX_TERMS]
    for token in tokens:
        if token["word"] == "OR" and not token["minus"]:
            joining = bool(groups)
            continue
        term = _term(token)
        if term is None:
            continue
        # `-R` is an option of some program, and no word to leave out.
        if token["minus"] and len(term.text) > 1:
            excluded.append(term)
        elif joining:
            groups[-1].append(term)
        else:
            groups.append([term])
        joining = False
    return _query(groups, excluded, empty=not typed.replace('"', " ").strip())


def phrase(typed: str, *, name: str) -> str:
    """Turn a name into an FTS5 string.

    Raises:
        ArgumentError: It has no letters or digits to look for.
    """
    if not _LETTER_OR_DIGIT.search(typed):
        raise ArgumentError(f"{name}={typed!r} has no letters or digits to look for.")
    return fts_string(typed.replace("\0", " ").replace('"', " "))


def _term(token: re.Match[str]) -> _Term | None:
    phrase, word = token["phrase"], token["word"]
    text = phrase if phrase is not None else word
    if not _LETTER_OR_DIGIT.search(text):
        return None
    prefix = phrase is None and text.endswith("*")
    plain = phrase is None and not prefix
    return _Term(text.rstrip("*") if prefix else text, prefix=prefix, plain=plain)


def _query(groups: Sequence[Sequence[_Term]], excluded: Sequence[_Term], *, empty: bool) -> Query:
    terms = _selective(groups)
    wanted = [" OR ".join(spellings) for spellings in _spelled(terms)]
    strict = " AND ".join(f"({each})" for each in wanted)
    together = _phrase_of(terms)
    return Query(
        strict=f"({together}) OR ({strict})" if together else strict or None,
        any_of=tuple(
            dict.fromkeys([*(part for group in terms for part in _parts(group)), *_runs(terms)])
        ),
        exclude=" OR ".join(map(str, excluded)) or None,
        empty=empty or (not groups and bool(excluded)),
        words=tuple(dict.fromkeys(word for group in terms for word in _shown(group))),
    )


def _selective(groups: Sequence[Sequence[_Term]]) -> list[Sequence[_Term]]:
    """Leave out repetitions, and what questions are made of but not what they are about."""
    distinct = list({tuple(map(str, group)): group for group in groups}.values())
    selective = [group for group in distinct if not all(map(_is_stop_word, group))]
    return selective or distinct


def _is_stop_word(term: _Term) -> bool:
    return term.plain and term.text.strip("?!.,;:'()").lower() in STOP_WORDS


def _spelled(groups: Sequence[Sequence[_Term]]) -> list[list[str]]:
    """Return for each group the FTS5 strings of all that it may be spelled as."""
    found = [[spelling for term in group for spelling in _spellings(term)] for group in groups]
    if len(groups) <= MOST_SPELLED:
        for (first, before), (second, after) in pairwise(zip(groups, found, strict=True)):
            joined = _joined(first, second)
            if joined:
                before.append(joined)
                after.append(joined)
    if len(groups) <= MOST_SPLIT:
        for group, spellings in zip(groups, found, strict=True):
            spellings += [split for term in group for split in _splits(term)]
    return [list(dict.fromkeys(spellings)) for spellings in found]


def _spellings(term: _Term) -> Iterator[str]:
    """Spell a word as typed, and as the index may have it: `free-threading`, `TaskGroup`, `C++`."""
    signed = named_by_signs(term.text) if term.plain else []
    if signed:
        yield from (f'"{name}"' for name in signed)
        return
    yield str(term)
    if term.plain and _HYPHENATED.fullmatch(term.text):
        yield f'"{"".join(_WORD.findall(term.text))}"'
    parts = humps(term.text) if term.plain and term.text.isalnum() else ()
    if len(parts) > 1:
        yield f'"{" ".join(parts)}"'


def _parts(group: Sequence[_Term]) -> Iterator[str]:
    """Return what a text may have of a group to be found by any word: parts of a name, too."""
    yield " OR ".join(spelling for term in group for spelling in _spellings(term))
    for term in group:
        words = pieces(term.text)
        if term.plain and len(words) > 1 and not named_by_signs(term.text):
            yield from map(fts_string, words)


def _runs(groups: Sequence[Sequence[_Term]]) -> Iterator[str]:
    """Spell neighbours of a short question as one word each."""
    if len(groups) <= MOST_SPELLED:
        for first, second in pairwise(groups):
            joined = _joined(first, second)
            if joined:
                yield joined


def _joined(first: Sequence[_Term], second: Sequence[_Term]) -> str | None:
    """Spell two neighbours as one word, as `free threading` is by some."""
    words = [term.text for term in (*first, *second) if term.plain]
    if len(words) == len(first) + len(second) == 2 and all(map(_LETTERS.fullmatch, words)):  # noqa: PLR2004
        return f'"{"".join(words)}"'
    return None


def _splits(term: _Term) -> list[str]:
    """Spell one word as two, wherever it may be: only one of these phrases occurs anywhere."""
    word = term.text
    if not (
        term.plain and _LETTERS.fullmatch(word) and SHORTEST_SPLIT <= len(word) <= LONGEST_SPLIT
    ):
        return []
    return [f'"{word[:cut]} {word[cut:]}"' for cut in range(2, len(word) - 1)]


def _phrase_of(groups: Sequence[Sequence[_Term]]) -> str | None:
    """Return two or three words as a phrase, which is what so few words mean most often."""
    if not 2 <= len(groups) <= 3 or not all(len(group) == 1 for group in groups):  # noqa: PLR2004
        return None
    terms = [group[0] for group in groups]
    if not all(term.plain for term in terms):
        return None
    return f'"{" ".join(term.text for term in terms)}"'


def _shown(group: Sequence[_Term]) -> Iterator[str]:
    for term in group:
        words = words_in(term.text)
        yield from words
        yield from (piece for piece in pieces(term.text) if piece not in words)
