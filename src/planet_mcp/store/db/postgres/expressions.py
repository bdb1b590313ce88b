"""Expressions of FTS5 (sqlite.org/fts5.html, section 3) as tsquery, as far as we write them (pure).

They have strings with `*` and `+`, NEAR, AND, OR, brackets, and columns before a string or
brackets. NEAR asks for all of its words, however far apart: there it only ranks.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from planet_mcp.store.db.postgres.words import LONGEST, WEIGHTS, quoted, words_of

_TOKEN = re.compile(r'\s*(?:("[^"]*")(\*)?|(\{[^}]*\}|\w+)\s*:|(AND|OR|NEAR|[()+,])|(\d+))')
# Stands for a string without words, which matches nothing.
_NOTHING = "'\x01'"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A string of an expression: its own text, and as tsquery; `is_word` if it is one word."""

    text: str
    query: str
    is_word: bool


@lru_cache(maxsize=2_000)
def as_tsquery(expression: str) -> str:
    """Return an expression as tsquery."""
    return _Reader(expression).any_of("")


@lru_cache(maxsize=2_000)
def leaves(expression: str) -> tuple[Leaf, ...]:
    """Return the strings of an expression, each as often as it stands there."""
    reader = _Reader(expression)
    reader.any_of("")
    return tuple(reader.leaves)


class _Reader:
    """Reads an expression from left to right."""

    def __init__(self, expression: str) -> None:
        self._tokens = [each.groups() for each in _TOKEN.finditer(expression)]
        self._at = 0
        self.leaves: list[Leaf] = []

    def any_of(self, weights: str) -> str:
        parts = [self._all_of(weights)]
        while self._takes("OR"):
            parts.append(self._all_of(weights))
        return parts[0] if len(parts) == 1 else f"({' | '.join(parts)})"

    def _all_of(self, weights: str) -> str:
        parts = [self._one(weights)]
        while self._takes("AND"):
            parts.append(self._one(weights))
        return parts[0] if len(parts) == 1 else f"({' & '.join(parts)})"

    def _one(self, weights: str) -> str:
        if self._takes("("):
            inner = self.any_of(weights)
            self._takes(")")
            return inner
        if self._takes("NEAR"):
            return self._near(weights)
        if self._next()[2] is not None:
            return self._one(_weights(str(self._step()[2])))
        return self._phrase(weights)

    def _near(self, weights: str) -> str:
        self._takes("(")
        parts = []
        while self._next()[0] is not None:
            parts.append(self._phrase(weights))
        while not self._takes(")"):
            self._step()
        return f"({' & '.join(parts)})"

    def _phrase(self, weights: str) -> str:
        text, prefix = self._string()
        said = text
        words = [*words_of(text.strip('"'))]
        while self._takes("+"):
            text, prefix = self._string()
            words += words_of(text.strip('"'))
            said = f"{said} + {text}"
        marks = [weights] * (len(words) - 1) + [("*" if prefix else "") + weights]
        each = [
            f"{quoted(word)}:{mark}" if mark else quoted(word)
            for word, mark in zip(words, marks, strict=False)
        ]
        is_held = words and all(len(word.encode()) <= LONGEST for word in words)
        query = " <-> ".join(each) if is_held else _NOTHING
        self.leaves.append(Leaf(f"{said}{prefix or ''}", query, len(words) == 1))
        return f"({query})" if len(words) > 1 else query

    def _string(self) -> tuple[str, str | None]:
        text, prefix, *_ = self._step()
        if text is None:
            raise ValueError("no expression of FTS5 that is written here")
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


def _weights(columns: str) -> str:
    def each() -> Iterator[str]:
        for name in re.findall(r"\w+", columns):
            yield WEIGHTS[name]

    return "".join(sorted(set(each())))
