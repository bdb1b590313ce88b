"""Expressions of FTS5 (sqlite.org/fts5.html, section 3) as tsquery, as far as we write them (pure).

They have strings with `*` and `+`, NEAR, NOT, AND, OR, brackets, and columns before a string or
brackets. A NEAR stands alone, or with AND: tsquery has but all of its words, whose places are
looked at besides.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from planet_mcp.store.db.postgres.words import LONGEST, MARKS, WEIGHTS, quoted, words_of

_TOKEN = re.compile(r'\s*(?:("[^"]*")(\*)?|(\{[^}]*\}|\w+)\s*:|(AND|OR|NOT|NEAR|[()+,])|(\d+))')
_COLUMN = re.compile(r"\w+")
_UNKNOWN = "no expression of FTS5 that is written here"
Columns = Sequence[str]
# Stands for a string without words, which matches nothing.
_NOTHING = "'\x05'"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A string of an expression: its own text, as tsquery, and the words of that."""

    text: str
    query: str
    words: tuple[str, ...]

    @property
    def is_word(self) -> bool:
        """Return whether it is one word."""
        return len(self.words) == 1


@dataclass(frozen=True, slots=True)
class Compiled:
    """An expression: as tsquery, its strings, each as often as it stands there, and its NEAR.

    `near` is how many words may be between the outermost, and the words.
    """

    query: str
    leaves: tuple[Leaf, ...]
    near: tuple[str, ...] | None


@lru_cache(maxsize=2_000)
def compiled(expression: str) -> Compiled:
    """Return what an expression is on PostgreSQL.

    Raises:
        ValueError: It has what is not written here.
    """
    reader = _Reader(expression)
    query = reader.any_of(())
    reader.end()
    return Compiled(query, tuple(reader.leaves), reader.near)


class _Reader:
    """Reads an expression from left to right."""

    def __init__(self, expression: str) -> None:
        self._tokens = [each.groups() for each in _TOKEN.finditer(expression)]
        self._at = 0
        self.leaves: list[Leaf] = []
        self.near: tuple[str, ...] | None = None

    def end(self) -> None:
        """Make sure that nothing was passed over."""
        if self._at < len(self._tokens):
            raise ValueError(_UNKNOWN)

    def any_of(self, columns: Columns) -> str:
        parts = [self._all_of(columns)]
        while self._takes("OR"):
            parts.append(self._all_of(columns))
        return parts[0] if len(parts) == 1 else f"({' | '.join(parts)})"

    def _all_of(self, columns: Columns) -> str:
        parts = [self._without(columns)]
        while self._takes("AND"):
            parts.append(self._without(columns))
        return parts[0] if len(parts) == 1 else f"({' & '.join(parts)})"

    def _without(self, columns: Columns) -> str:
        wanted = self._one(columns)
        while self._takes("NOT"):
            number = len(self.leaves)
            wanted = f"({wanted} & !({self._one(columns)}))"
            # What an entry must not have says nothing of how well it matches.
            del self.leaves[number:]
        return wanted

    def _one(self, columns: Columns) -> str:
        if self._takes("("):
            inner = self.any_of(columns)
            self._takes(")")
            return inner
        if self._takes("NEAR"):
            return self._near(columns)
        if self._next()[2] is not None:
            return self._one(_COLUMN.findall(str(self._step()[2])))
        return self._phrase(columns)

    def _near(self, columns: Columns) -> str:
        self._takes("(")
        parts, words = [], list[str]()
        while (text := self._next()[0]) is not None:
            words += words_of(text.strip('"'))
            parts.append(self._phrase(columns))
        self._takes(",")
        self.near = (str(self._step()[4]), *dict.fromkeys(words))
        self._takes(")")
        return f"({' & '.join(parts)})"

    def _phrase(self, columns: Columns) -> str:
        text, prefix = self._string()
        said = text
        words = [*words_of(text.strip('"'))]
        while self._takes("+"):
            text, prefix = self._string()
            words += words_of(text.strip('"'))
            said = f"{said} + {text}"
        is_held = words and all(len(word.encode()) < LONGEST for word in words)
        ways = [([f"{mark}{word}" for word in words], weights) for mark, weights in _ways(columns)]
        query = " | ".join(_beside(*way, prefix or "") for way in ways) if is_held else _NOTHING
        marked = tuple(word for way, _ in ways for word in way)
        leaf = Leaf(f"{said}{prefix or ''}", query, marked)
        self.leaves.append(leaf)
        return query if leaf.is_word else f"({query})"

    def _string(self) -> tuple[str, str | None]:
        text, prefix, *_ = self._step()
        if text is None:
            raise ValueError(_UNKNOWN)
        return text, prefix

    def _next(self) -> tuple[str | None, ...]:
        return self._tokens[self._at] if self._at < len(self._tokens) else (None,) * 5

    def _step(self) -> tuple[str | None, ...]:
        found = self._next()
        self._at += 1
        return found

    def _takes(self, sign: str) -> bool:
        if self._next()[3] != sign:
            return False
        self._at += 1
        return True


def _ways(columns: Columns) -> list[tuple[str, str]]:
    """Return the marks and weights by which words are found in some columns, or anywhere."""
    marked = [(MARKS[column], "") for column in columns if column in MARKS]
    others = {WEIGHTS[column] for column in columns if column not in MARKS}
    return [*marked, *(("", weight) for weight in others)] or [("", "")]


def _beside(words: Sequence[str], weight: str, prefix: str) -> str:
    """Return the tsquery of words side by side, of which the last one may be a beginning."""
    marks = [weight] * (len(words) - 1) + [f"{prefix}{weight}"]
    each = zip(words, marks, strict=False)
    return " <-> ".join(f"{quoted(word)}:{mark}" if mark else quoted(word) for word, mark in each)
