"""What a person or an agent types → expressions for SQLite FTS5 (sqlite.org/fts5.html, section 3).

Understood are words, `"a phrase"`, `word*`, `-word` and `a OR b` (which binds its neighbours);
every other character is literal, and no string is an error.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from planet_mcp.errors import ArgumentError

MAX_TERMS = 48

_TOKEN = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_WORD = re.compile(r"[^\W_]+")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True)
class Query:
    """The FTS5 expressions for a query.

    `strict` asks for all words, `relaxed` for any of them (None when that is the same), `exclude`
    matches what must not appear. `empty` is true when there was nothing to search for at all;
    a query of signs alone is not empty, but its `strict` is None: it can match nothing. `words`
    are what a match may show, in lower case.
    """

    strict: str | None
    relaxed: str | None
    exclude: str | None
    empty: bool
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Term:
    text: str
    prefix: bool = False

    def __str__(self) -> str:
        return f'"{self.text}"{"*" if self.prefix else ""}'


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
        if token["minus"]:
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
    return str(_Term(typed.replace("\0", " ").replace('"', " ")))


def _term(token: re.Match[str]) -> _Term | None:
    phrase, word = token["phrase"], token["word"]
    text = phrase if phrase is not None else word
    if not _LETTER_OR_DIGIT.search(text):
        return None
    prefix = phrase is None and text.endswith("*")
    return _Term(text.rstrip("*") if prefix else text, prefix=prefix)


def _query(groups: Sequence[Sequence[_Term]], excluded: Sequence[_Term], *, empty: bool) -> Query:
    strict = " AND ".join(f"({_any(group)})" for group in groups)
    relaxed = _any([term for group in groups for term in group]) if len(groups) > 1 else None
    return Query(
        strict=strict or None,
        relaxed=relaxed,
        exclude=_any(excluded) or None,
        empty=empty or (not groups and bool(excluded)),
        words=tuple(
            dict.fromkeys(
                word.lower()
                for group in groups
                for term in group
                for word in _WORD.findall(term.text)
            )
        ),
    )


def _any(terms: Sequence[_Term]) -> str:
    return " OR ".join(map(str, terms))
