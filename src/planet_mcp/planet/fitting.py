"""Answers that keep to a number of characters (pure)."""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple, TypeVar

from planet_mcp.planet.answers import Answer, Result

MIN_TEXT_CHARS = 40
# What a text adds besides itself: `,"excerpt":` with the blanks that `Result.json_chars` counts.
_KEY_CHARS = 13

ResultT = TypeVar("ResultT", bound=Result)

_json_string = json.JSONEncoder(ensure_ascii=False).encode


class Size(NamedTuple):
    """The characters of an answer, or of a part of it, in both of its forms."""

    markdown: int
    json: int

    def plus(self, other: "Size") -> "Size":
        """Return the size of both parts together."""
        return Size(self.markdown + other.markdown, self.json + other.json)

    def minus(self, other: "Size") -> "Size":
        """Return what is left without a part of it."""
        return Size(self.markdown - other.markdown, self.json - other.json)

    def left_of(self, budget: int) -> "Size":
        """Return what this size leaves of a budget; a negative number when it is over."""
        return Size(budget - self.markdown, budget - self.json)


def size(answer: Answer[Result]) -> int:
    """Return the characters of an answer: of its Markdown or its JSON, whichever is longer."""
    return max(measure(answer))


def measure(answer: Answer[Result]) -> Size:
    """Return the size of an answer."""
    return Size(len(answer.text), answer.result.json_chars())


def lines_chars(lines: Iterable[str]) -> int:
    """Return the characters of lines with their ends."""
    return sum(len(line) + 1 for line in lines)


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


def leading(
    build: Callable[[int], Answer[ResultT]],
    sizes: Callable[[], Sequence[Size]],
    *,
    upto: int,
    budget: int,
) -> Answer[ResultT]:
    """Build the answer of as many of the first `upto` items as keep to the budget; at least of 1.

    Where it is not that of all, the `sizes` of the items are added up: to build answers until one
    fits takes many times as long. What stands around the items may grow with their number.
    """
    whole = build(upto)
    if upto <= 1 or size(whole) <= budget:
        return whole
    items = sizes()
    sums = [*accumulate(items, Size.plus)]
    space = items[0].plus(measure(build(1)).left_of(budget))
    count = bisect_right(sums, 0, key=lambda total: -min(space.minus(total)))
    while count > 1:
        answer = build(count)
        if size(answer) <= budget:
            return answer
        count -= 1
    return build(1)


def share(
    texts: Sequence[str], *, space: Size, most: int, lines: Callable[[str], list[str]]
) -> int:
    """Return to how many characters each text is cut so that all fit; 0 when there is no space.

    `lines` writes a text as Markdown. Every text gets the same, up to `most`, and what short ones
    leave goes to the longer ones.
    """
    longest = min(most, max(map(len, texts), default=0))
    tried = range(MIN_TEXT_CHARS, max(longest, MIN_TEXT_CHARS) + 1)
    fitting = bisect_left(tried, True, key=lambda chars: not _fit(texts, chars, space, lines))
    return tried[fitting - 1] if fitting else 0


def cut(text: str, chars: int) -> str:
    """Return a text of at most so many characters, whole or up to a blank."""
    if len(text) <= chars:
        return text
    head = text[: chars - 1]
    return (head.rsplit(" ", 1)[0] or head) + "…"


def _fit(texts: Sequence[str], chars: int, space: Size, lines: Callable[[str], list[str]]) -> bool:
    markdown, structured = space
    for text in texts:
        shown = cut(text, chars)
        if shown:
            markdown -= lines_chars(lines(shown))
            structured -= _KEY_CHARS + _string_chars(shown)
        if markdown < 0 or structured < 0:
            return False
    return markdown >= 0 and structured >= 0


def _string_chars(text: str) -> int:
    """Return the characters of a text in JSON, counted as in `Result.json_chars`."""
    encoded = _json_string(text)
    return len(encoded) + encoded.count('":') + encoded.count(',"')
