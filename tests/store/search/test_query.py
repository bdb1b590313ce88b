"""What is typed becomes expressions that SQLite FTS5 accepts and that find what was meant."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planet_mcp.errors import ArgumentError
from planet_mcp.store.db.schema import TOKENIZE
from planet_mcp.store.search.filters import phrase
from planet_mcp.store.search.query import compile_query
from planet_mcp.store.search.typed import MAX_TERMS
from planet_mcp.text import index_terms, indexed

# The tokenizer of the real index, and its columns.
INDEX = f"""
CREATE VIRTUAL TABLE texts USING fts5 (
    title, authors, tags, terms, text, tokenize = "{TOKENIZE}"
)
"""
DOCUMENTS = {
    1: "asyncio task groups in Python 3.11",
    2: "groups of tasks: asyncio, trio and anyio",
    3: "the C++ bindings and NEAR misses",
    4: "title: authors AND tags, OR NOT",
    5: "Grüße aus Zürich",
}

_TYPED = (
    st.text()
    | st.text("\"*-+^:(){}[]'\\.,;ORNDEAT ab\0\n", max_size=40)
    | st.lists(
        st.sampled_from(
            [
                "OR",
                "AND",
                "NOT",
                "NEAR(",
                "a",
                '"',
                '"b c"',
                "-d",
                "-",
                "e*",
                "*",
                "t:f",
                "{g",
                "\0",
            ]
        ),
        max_size=60,
    ).map(" ".join)
)


@pytest.fixture(scope="module")
def index() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(INDEX)
        connection.executemany(
            "INSERT INTO texts (rowid, terms, text) VALUES (?, ?, ?)",
            [(number, index_terms(text), indexed(text)) for number, text in DOCUMENTS.items()],
        )
        yield connection


def matching(index: sqlite3.Connection, expression: str | None) -> set[int]:
    if expression is None:
        return set()
    rows = index.execute("SELECT rowid FROM texts WHERE texts MATCH ?", (expression,))
    return {number for (number,) in rows}


def found(index: sqlite3.Connection, typed: str) -> set[int]:
    query = compile_query(typed)
    return matching(index, query.strict) - matching(index, query.exclude)


# ------------------------------------------------------------------------------ no string is wrong
@given(_TYPED)
def test_every_text_becomes_something_that_fts5_accepts(
    index: sqlite3.Connection, typed: str
) -> None:
    query = compile_query(typed)

    every = matching(index, query.strict)
    some = matching(index, query.relaxed)
    matching(index, query.exclude)
    assert every <= some or query.relaxed is None
    assert not (query.empty and query.strict)


@given(st.text().filter(lambda text: any(c.isalnum() for c in text)))
def test_every_name_becomes_a_phrase_that_fts5_accepts(
    index: sqlite3.Connection, typed: str
) -> None:
    matching(index, phrase(typed, "author"))
    matching(index, f"authors : {phrase(typed, 'author')}")


_WORDS = st.text("abcxyzABCäßłé日本語คที่한0189'.:/+()^{}_,*", min_size=1, max_size=12).filter(
    lambda word: any(c.isalnum() for c in word) and not word.endswith("*")
)


@given(st.lists(_WORDS, min_size=1, max_size=MAX_TERMS).filter(lambda words: "OR" not in words))
def test_a_text_is_found_by_all_of_its_own_words(words: list[str]) -> None:
    typed = " ".join(words)
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(INDEX)
        connection.execute(
            "INSERT INTO texts (rowid, terms, text) VALUES (7, ?, ?)",
            (indexed(index_terms(typed)), indexed(typed)),
        )

        assert found(connection, typed) == {7}


def test_a_very_long_query_is_cut_to_what_fts5_can_take(index: sqlite3.Connection) -> None:
    query = compile_query("asyncio " * 10_000)

    assert matching(index, query.strict) == {1, 2}
    assert query.strict is not None
    every = compile_query(" ".join(f"word{number}" for number in range(10_000))).strict or ""
    assert every.count(" AND ") == MAX_TERMS - 1


@pytest.mark.parametrize("quotes", ['"' * 10_001, '" ' * 10_001])
def test_nothing_but_quotes_is_an_empty_query(quotes: str) -> None:
    assert compile_query(quotes).empty


# ------------------------------------------------------------------------------ what the signs mean
@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("asyncio", {1, 2}),
        ("ASYNCIO", {1, 2}),
        ("asyncio trio", {2}),
        ("asyncio curio", set()),
        ('"task groups"', {1}),
        ('"groups task"', set()),
        ('"task groups', {1}),
        ('asyncio"task groups"', {1}),
        ("asyn*", {1, 2}),
        ("asyn", set()),
        *((typed, {1, 2}) for typed in ("(asyn*)", "asyn*,", "asyn*?")),
        *((typed, set()) for typed in ("asyn(*)", "asyn*)x")),
        ('"asyn*"', set()),
        ("a*yncio", set()),
        ("trio OR python", {1, 2}),
        ("groups trio OR python", {1, 2}),
        ("trio OR python groups", {1, 2}),
        ('trio OR "python 3"', {1, 2}),
        ("zürich OR trio OR python", {1, 2, 5}),
        ("trio or python", set()),
        ("OR trio", {2}),
        ("trio OR", {2}),
        ("trio OR OR python", {1, 2}),
        ("trio OR -python", {2}),
        ("asyncio -python", {2}),
        ('asyncio -"of tasks"', {1}),
        ("asyncio -pyt*", {2}),
        ("asyncio -py*", {1, 2}),
        ("asyncio -trio -python", set()),
        ("trio -R", set()),
        ("zurich", {5}),
        ("C++", {3}),
        ("task-groups", {1}),
        ("3.11", {1}),
        ("title:asyncio", {1, 2}),
        ("title:", {4}),
        ("(asyncio)", {1, 2}),
        ("NEAR(asyncio trio)", set()),
        ("NEAR", {3}),
        ("AND NOT", {4}),
        ("asyncio NOT trio", {1}),
        ("asyncio AND NOT trio", {1}),
        ("asyncio AND trio", {2}),
        ("OR AND NOT", {4}),
        ('asyncio NOT "task groups"', {2}),
        ("asyncio NOT -trio", {1}),
        # Without anything before it, after a word of asking and before another word in capitals,
        # it is none of ours: `does NOT work`, `NOT NULL`.
        ("NOT authors", {4}),
        ("authors OR NOT tags", set()),
        ("tags AND NOT OR", {4}),
        ("misses is NOT near", set()),
        ("asyncio NOT", set()),
        ('"OR"', {4}),
        ("+ asyncio", {1, 2}),
        ("*", set()),
        ("+++", set()),
        ("\0asyncio\0", {1, 2}),
        ("**asyncio**", {1, 2}),
        ("„task groups“", {1}),
        ("「groups of」", {2}),
        ("\u2039task groups\u203a, trio", set()),
    ],
)
def test_a_query_finds_what_a_person_means(
    index: sqlite3.Connection, typed: str, numbers: set[int]
) -> None:
    assert found(index, typed) == numbers


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("asyncio curio", {1, 2}),
        ("zürich misses curio", {3, 5}),
        ("trio OR curio zürich", {2, 5}),
        ('"task groups" nothing', {1}),
    ],
)
def test_a_relaxed_query_finds_any_of_the_words(
    index: sqlite3.Connection, typed: str, numbers: set[int]
) -> None:
    query = compile_query(typed)

    assert matching(index, query.strict) == set()
    assert matching(index, query.relaxed) == numbers


@pytest.mark.parametrize("typed", ["a", '"a b"', "a OR b", "a -bc", "a*", "-ab", "+", ""])
def test_a_single_group_has_nothing_to_relax(typed: str) -> None:
    assert compile_query(typed).relaxed is None


@pytest.mark.parametrize("typed", ["", " ", "\n\t", '"', '" "', "-ab", '-ab -"b c"', "- -ab"])
def test_a_query_without_anything_to_find_is_empty(typed: str) -> None:
    query = compile_query(typed)

    assert query.empty
    assert query.strict is None


def test_an_empty_query_can_still_exclude(index: sqlite3.Connection) -> None:
    assert matching(index, compile_query("-asyncio -zürich").exclude) == {1, 2, 5}


@pytest.mark.parametrize("typed", ["+", "...", "OR", "-", "*", "🐍", "_"])
def test_a_query_of_signs_alone_finds_nothing_but_is_not_empty(typed: str) -> None:
    query = compile_query(typed)

    assert not query.empty
    assert (query.strict, query.relaxed, query.exclude) == (None, None, None)


@pytest.mark.parametrize("typed", ["", " ", "...", '""', "\0", "🐍"])
def test_a_name_of_signs_alone_is_refused(typed: str) -> None:
    with pytest.raises(ArgumentError, match=r"^tag=.* no letters or digits"):
        phrase(typed, "tag")


@pytest.mark.parametrize(
    ("typed", "numbers"), [("Task Groups", {1}), ('task "groups"', {1}), ("groups task", set())]
)
def test_a_name_is_found_as_a_phrase(
    index: sqlite3.Connection, typed: str, numbers: Iterable[int]
) -> None:
    assert matching(index, phrase(typed, "author")) == numbers
