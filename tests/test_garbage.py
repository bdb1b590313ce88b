"""Python's collector, which stops all threads while it looks."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from planet_mcp.garbage import uncollected

MANY = 100_000


@pytest.fixture
def looks() -> Iterator[list[int]]:
    found: list[int] = []

    def note(phase: str, info: dict[str, Any]) -> None:
        if phase == "start":
            found.append(info["generation"])

    gc.callbacks.append(note)
    yield found
    gc.callbacks.remove(note)


def test_the_values_of_a_long_document_are_not_looked_through_and_go_when_unused(
    looks: list[int],
) -> None:
    before = gc.get_freeze_count()
    with uncollected():
        with uncollected():
            values = [[number] for number in range(MANY)]
        assert not gc.isenabled()
    assert gc.isenabled()
    assert not looks
    assert gc.get_freeze_count() - before >= MANY
    del values
    assert gc.get_freeze_count() - before < MANY


def test_other_values_are_looked_through(looks: list[int]) -> None:
    values = [[number] for number in range(MANY)]
    assert len(values) == MANY
    assert looks
