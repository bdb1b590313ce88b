"""The nearest vectors are found, few or many, all of them or some."""

import random
from collections.abc import Sequence

import pytest

from tests.support.toy_model import with_model

pytestmark = with_model

LENGTH = 384


def vectors(count: int, *, seed: int = 1) -> list[tuple[int, bytes]]:
    chance = random.Random(seed)
    return [(number, chance.randbytes(LENGTH)) for number in range(1, count + 1)]


def cosine(one: bytes, other: bytes) -> float:
    numbers = [list(memoryview(each).cast("b")) for each in (one, other)]
    product = sum(a * b for a, b in zip(*numbers, strict=True))
    lengths = [sum(value * value for value in each) ** 0.5 for each in numbers]
    return float(product / (lengths[0] * lengths[1]))


@pytest.mark.parametrize("parts", [1, 7])
@pytest.mark.parametrize("among", [None, {3, 5, 8, 13, 21, 34}])
def test_the_nearest_are_those_of_the_smallest_angle(parts: int, among: set[int] | None) -> None:
    from planet_mcp.embedding import Nearest

    rows, wanted = vectors(300), vectors(1, seed=2)[0][1]
    nearest = Nearest()
    for begin in range(0, 300, 300 // parts):
        nearest.add(rows[begin : begin + 300 // parts])
    found = nearest.compared(wanted, read_whole=lambda _: []).nearest(most=5, among=among)
    chosen = [row for row in rows if among is None or row[0] in among]
    best = sorted(chosen, key=lambda row: -cosine(wanted, row[1]))[:5]
    assert [each.id for each in found] == [row[0] for row in best]
    assert found[0].likeness == pytest.approx(cosine(wanted, best[0][1]), abs=1e-5)


def test_of_very_many_only_the_signs_are_kept_and_the_best_are_read_again() -> None:
    from planet_mcp.embedding import Nearest

    rows = vectors(3_000)
    by_id = dict(rows)
    asked: list[int] = []

    def read_whole(ids: Sequence[int]) -> list[tuple[int, bytes]]:
        asked.extend(ids)
        return [(each, by_id[each]) for each in ids if each != 7]  # deleted meanwhile

    nearest = Nearest(most_whole=500)
    nearest.add(rows[:400])
    nearest.add(rows[400:])
    found = nearest.compared(rows[41][1], read_whole=read_whole).nearest(most=3)
    assert found[0].id == 42
    assert found[0].likeness == pytest.approx(1.0)
    assert len(asked) == 1_000
    gone = nearest.compared(rows[6][1], read_whole=read_whole)
    assert gone.nearest(most=3, among={7}) == []


def test_what_is_near_for_a_reason_stands_out() -> None:
    from planet_mcp.embedding import Nearest

    for most_whole in (5_000, 100):
        rows, nearest = vectors(1_000), Nearest(most_whole=most_whole)
        nearest.add(rows)

        def read_whole(ids: Sequence[int]) -> list[tuple[int, bytes]]:
            return [row for row in vectors(1_000) if row[0] in ids]

        like_one = nearest.compared(rows[3][1], read_whole=read_whole)
        like_none = nearest.compared(vectors(1, seed=5)[0][1], read_whole=read_whole)
        near = [each.id for each in like_one.nearest(most=9) if like_one.outstanding(each) > 5]
        assert near == [4]
        assert not [each for each in like_none.nearest(most=9) if like_none.outstanding(each) > 5]


def test_many_that_are_near_stand_out_all() -> None:
    from planet_mcp.embedding import Nearest

    same = vectors(1, seed=3)[0][1]
    nearest = Nearest()
    nearest.add([*vectors(600), *((number, same) for number in range(1_000, 1_400))])
    found = nearest.compared(same, read_whole=lambda _: [])
    assert sum(found.outstanding(each) > 5 for each in found.nearest(most=1_000)) == 400
