"""Cursors give back where a list was left, and only to the call that made the list."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planet_mcp.errors import ArgumentError
from planet_mcp.planet.cursors import Position, decode, encode

NOW = datetime(2026, 11, 22, 12, 30, 15, tzinfo=UTC)
ARGUMENTS: dict[str, object] = {"tool": "search_entries", "query": "asyncio", "limit": 10}

_NOWS = st.integers(0, 2**37).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
_IDS = st.integers(1, 2**53)
_SEEN = st.tuples(st.integers(-(2**40), 2**40), _IDS)
_POSITIONS = (
    st.builds(Position, _NOWS, st.integers(0, 2**53))
    | st.builds(Position, _NOWS, _IDS, last=_SEEN)
    | st.builds(Position, _NOWS, _IDS, shown=st.frozensets(_IDS, min_size=1))
)
_ARGUMENTS = st.dictionaries(st.text(), st.none() | st.integers() | st.text() | st.dates())


@given(_POSITIONS, _ARGUMENTS)
def test_a_cursor_gives_back_its_position(position: Position, arguments: dict[str, object]) -> None:
    cursor = encode(position, arguments)

    assert decode(cursor, arguments) == position
    assert decode(f" {cursor}\n", dict(reversed(arguments.items()))) == position


@given(_POSITIONS, _ARGUMENTS)
def test_a_cursor_is_one_word_that_needs_no_escaping(
    position: Position, arguments: dict[str, object]
) -> None:
    characters = set(encode(position, arguments))

    assert characters <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"tool": "latest_entries", "query": "asyncio", "limit": 10},
        {"tool": "search_entries", "query": "trio", "limit": 10},
        {"tool": "search_entries", "query": "asyncio", "limit": 11},
        {"tool": "search_entries", "query": "asyncio", "limit": "10"},
        {"tool": "search_entries", "query": "asyncio", "limit": 10, "feed": None},
    ],
)
def test_a_cursor_of_other_arguments_is_refused(other: dict[str, object]) -> None:
    cursor = encode(Position(NOW, 100, last=(5, 6)), ARGUMENTS)

    with pytest.raises(ArgumentError, match="other arguments"):
        decode(cursor, other)


def test_the_fraction_of_a_second_does_not_count() -> None:
    later = NOW.replace(microsecond=999_999)

    assert decode(encode(Position(later, 1), ARGUMENTS), ARGUMENTS) == Position(NOW, 1)


@pytest.mark.parametrize(
    "rest",
    [
        "",
        ".",
        ".1.",
        ".1",
        ".x.1",
        ".1.x",
        ".1.2.x.y",
        ".1.2.3.",
        ".1.2.A",
        ".1.2.ä",
        ".9999999999999999.1",
        f".{'9' * 400}.1",
        f".{'9' * 5_000}.1",
    ],
)
def test_a_damaged_cursor_is_refused(rest: str) -> None:
    mark = encode(Position(NOW, 1), ARGUMENTS).split(".")[0]

    with pytest.raises(ArgumentError, match=r"damaged.* copy next_cursor exactly"):
        decode(mark + rest, ARGUMENTS)


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(ArgumentError):
        decode(text, ARGUMENTS)


def test_a_cursor_after_three_pages_of_fifty_is_short() -> None:
    shown = frozenset(range(100_000, 100_000 + 150 * 120, 120))
    cursor = encode(Position(NOW, 200_000, shown=shown), ARGUMENTS)

    assert len(shown) == 150
    assert len(cursor) < 250


def test_a_cursor_by_time_is_short() -> None:
    assert len(encode(Position(NOW, 200_000, last=(1_790_000_000, 199_999)), ARGUMENTS)) < 50


def test_two_positions_have_two_cursors() -> None:
    position = Position(NOW, 5, shown=frozenset({1, 2}))

    cursors = {
        encode(item, ARGUMENTS)
        for item in (
            position,
            replace(position, shown=frozenset({1, 3})),
            replace(position, shown=frozenset({1})),
            replace(position, snapshot=6),
            replace(position, shown=frozenset()),
            replace(position, shown=frozenset(), last=(1, 2)),
        )
    }

    assert len(cursors) == 6


@pytest.mark.parametrize(
    "position",
    [Position(NOW, 100, last=(1_790_000_000, 1234)), Position(NOW, 100, shown=frozenset({5, 99}))],
    ids=["last", "shown"],
)
def test_a_cursor_that_lost_its_last_character_is_refused(position: Position) -> None:
    with pytest.raises(ArgumentError, match="damaged"):
        decode(encode(position, ARGUMENTS)[:-1], ARGUMENTS)
