"""The words of texts and of expressions as PostgreSQL's index has them.

SQLite's own tokenizer makes them, so that both engines find the same: each text goes through an
index in memory, whose terms are read (sqlite.org/fts5.html, section 7).
"""

import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache

from planet_mcp.store.db.schema import TOKENIZE

# The columns in the order of positions, each with its weight: heading, authors, tags, feed, terms,
# text. PostgreSQL has four weights.
COLUMNS = ("heading", "authors", "tags", "feed", "terms", "text")
WEIGHTS = dict(zip(COLUMNS, "ABCDDD", strict=True))
# The words of short columns are there once more, after a mark of the column: so the index knows
# which entries have them there, and no entry is looked into.
MARKS = {"heading": "\x01", "authors": "\x02", "tags": "\x03", "feed": "\x04"}
# What a tsvector bounds (postgresql.org/docs/current/textsearch-limitations.html).
_LAST_POSITION, _MOST_POSITIONS, _MOST_BYTES = 16_383, 255, 900_000
# A longer word is neither stored nor found.
LONGEST = 2_000
# Between columns, so that no phrase goes from one to the next, nor what is near together.
_GAP = 250


class _Tokenizer:
    """An index in memory, for one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        columns = ", ".join(COLUMNS)
        self._connection.executescript(
            f"""
            CREATE VIRTUAL TABLE texts USING fts5({columns}, content = '', tokenize = "{TOKENIZE}");
            CREATE VIRTUAL TABLE terms USING fts5vocab(texts, instance);
            """
        )

    def terms(self, rows: Iterable[Sequence[str]]) -> dict[int, list[tuple[str, str, int]]]:
        """Return of each row, by its place, the terms with their column and offset in it."""
        found: dict[int, list[tuple[str, str, int]]] = defaultdict(list)
        with self._lock, self._connection as connection:
            connection.executemany(
                f"INSERT INTO texts (rowid, {', '.join(COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?, ?)",
                ((place, *row) for place, row in enumerate(rows)),
            )
            for term, place, column, offset in connection.execute("SELECT * FROM terms"):
                found[place].append((term, column, offset))
            connection.execute("INSERT INTO texts (texts) VALUES ('delete-all')")
        return found


_tokenizer = _Tokenizer()


def vectors(rows: Sequence[Sequence[str]]) -> list[tuple[int, str]]:
    """Return for each row of texts how many words it has, and its tsvector as text."""
    found = _tokenizer.terms(rows)
    return [_vector(found.get(place, [])) for place in range(len(rows))]


def _vector(terms: list[tuple[str, str, int]]) -> tuple[int, str]:
    lengths: dict[str, int] = defaultdict(int)
    for _, column, offset in terms:
        lengths[column] = max(lengths[column], offset + 1)
    begins, begin = {}, 1
    for column in COLUMNS:
        begins[column] = begin
        begin += lengths[column] + _GAP
    positions: dict[str, list[str]] = defaultdict(list)
    left = _MOST_BYTES
    for term, column, offset in sorted(terms, key=lambda each: begins[each[1]] + each[2]):
        at = min(begins[column] + offset, _LAST_POSITION)
        for word in (term, f"{MARKS[column]}{term}") if column in MARKS else (term,):
            left -= 2 if word in positions else len(word.encode()) + 8
            if left < 0 or len(word.encode()) > LONGEST:
                continue
            if len(positions[word]) < _MOST_POSITIONS:
                positions[word].append(f"{at}{WEIGHTS[column]}")
    return len(terms), " ".join(f"{quoted(term)}:{','.join(at)}" for term, at in positions.items())


@lru_cache(maxsize=5_000)
def words_of(text: str) -> tuple[str, ...]:
    """Return the terms of a text in their order."""
    terms = _tokenizer.terms([("", "", "", "", "", text)]).get(0, [])
    return tuple(term for term, _, _ in sorted(terms, key=lambda each: each[2]))


def quoted(term: str) -> str:
    """Return a term as tsvector and tsquery write it."""
    return "'" + term.replace("\\", "\\\\").replace("'", "''") + "'"
