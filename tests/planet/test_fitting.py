"""The largest answer that keeps to a number of characters."""

import json

from hypothesis import given
from hypothesis import strategies as st

from planet_mcp.planet.answers import ABOUT, AddedFeed, AddResult, Answer
from planet_mcp.planet.fitting import Size, largest, leading, size


def answer(lengths: list[int]) -> Answer[AddResult]:
    results = [AddedFeed(url="u" * length, outcome="added") for length in lengths]
    return Answer(AddResult(results=results), "t" * sum(lengths))


def test_the_size_is_that_of_the_longer_form() -> None:
    result = AddResult(results=[AddedFeed(url="ä" * 10, outcome="added")])
    structured = len(
        json.dumps(
            {"about": ABOUT, "results": [{"url": "ä" * 10, "outcome": "added"}]}, ensure_ascii=False
        )
    )

    assert size(Answer(result, "")) == structured
    assert size(Answer(result, "x" * structured)) == structured
    assert size(Answer(result, "x" * 5_000)) == 5_000


@given(st.lists(st.integers(0, 60), min_size=1, max_size=40), st.integers(0, 3_000))
def test_the_largest_answer_that_fits_is_built_and_at_least_that_of_one(
    lengths: list[int], budget: int
) -> None:
    built, count = largest(
        lambda number: answer(lengths[:number]), upto=len(lengths), budget=budget
    )

    fitting = [n for n in range(1, len(lengths) + 1) if size(answer(lengths[:n])) <= budget]
    assert count == max(fitting, default=1)
    assert built == answer(lengths[:count])


@given(st.lists(st.integers(0, 60), min_size=1, max_size=40), st.integers(0, 3_000))
def test_added_up_sizes_lead_to_the_same_answer_in_three_tries(
    lengths: list[int], budget: int
) -> None:
    built: list[int] = []

    def build(number: int) -> Answer[AddResult]:
        built.append(number)
        whole = answer(lengths[:number])
        # What stands around the items grows with them, as a cursor does.
        return Answer(whole.result, whole.text + "c" * (number // 8))

    rows = answer(lengths).result.results
    items = [Size(length, row.json_chars() + 1) for length, row in zip(lengths, rows, strict=True)]

    found = leading(build, lambda: items, upto=len(items), budget=budget)

    tries = len(built)
    assert found == largest(build, upto=len(lengths), budget=budget)[0]
    assert tries <= 4 or not all(lengths)


def test_an_answer_without_items_is_built_as_it_is() -> None:
    assert leading(lambda number: answer([9] * number), list, upto=0, budget=1) == answer([])
    assert largest(lambda number: answer([9] * number), upto=0, budget=1) == (answer([]), 0)


@given(st.integers(2, 5_000), st.integers(0, 300_000))
def test_few_answers_are_built_on_the_way(upto: int, budget: int) -> None:
    built: list[int] = []

    def build(number: int) -> Answer[AddResult]:
        built.append(number)
        return Answer(AddResult(results=[]), "x" * 200 * number)

    _, count = largest(build, upto=upto, budget=budget)

    assert count == min(max(budget // 200, 1), upto)
    assert len(built) <= upto.bit_length() + 2
    assert min(built) >= 1
