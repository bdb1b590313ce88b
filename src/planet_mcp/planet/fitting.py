"""Answers that keep to a number of characters (pure)."""

from bisect import bisect_right
from collections.abc import Callable
from typing import TypeVar

from planet_mcp.planet.answers import Answer, Result

DEFAULT_CHARS = 8_000
MAX_CHARS = 40_000

ResultT = TypeVar("ResultT", bound=Result)


def size(answer: Answer[Result]) -> int:
    """Return the characters of an answer: of its Markdown or its JSON, whichever is longer."""
    return max(len(answer.text), answer.result.json_chars())


def largest(
    build: Callable[[int], Answer[ResultT]], *, upto: int, budget: int
) -> tuple[Answer[ResultT], int]:
    """Build the largest answer of at most `upto` that keeps to the budget; at least that of 1.

    `build` must give longer answers for larger numbers.
    """
    whole = build(upto)
    if upto <= 1 or size(whole) <= budget:
        return whole, upto
    fitting = bisect_right(range(upto), budget, lo=1, key=lambda count: size(build(count))) - 1
    count = max(fitting, 1)
    return build(count), count
