"""Processes of one database share its vectors in a file beside it, which may be gone or damaged."""

import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from planet_mcp.models import QuestionVector
from planet_mcp.planet import Planet
from planet_mcp.store import Filters, Store, compile_query
from tests.support.documents import NOW, Post, rss, whole
from tests.support.site import Site
from tests.support.toy_model import with_model

pytestmark = [pytest.mark.anyio, with_model]

ENTRIES, PARTS, LENGTH = 41, 100, 384
POSTS = [Post(f"Note {number}", whole(f"Nothing of note, {number}.")) for number in range(ENTRIES)]


@pytest.fixture
async def path(planet: Planet, site: Site) -> Path:
    """Return a database whose entries have no vectors yet."""
    await planet.add_feeds([site.add("/feed", rss(POSTS))])
    file = planet.store.path
    assert isinstance(file, Path)
    return file


def shared(path: Path) -> Path:
    return path.with_name(f"{path.name}-vectors")


@contextmanager
def process(path: Path) -> Iterator[Store]:
    """Open the database as another process does, which remembers nothing."""
    store = Store(path)
    try:
        yield store
    finally:
        store.close()


def fill(
    store: Store, *, model: str = "one", seed: int = 1, parts: int = PARTS, most: int = ENTRIES
) -> dict[int, bytes]:
    """Give entries vectors by chance; return one of each."""
    chance = random.Random(seed)
    waiting = store.vectors.waiting(model, limit=most)
    drawn = {each.id: [chance.randbytes(LENGTH) for _ in range(parts)] for each in waiting}
    store.vectors.save(model, waiting, drawn)
    return {entry: vectors[-1] for entry, vectors in drawn.items()}


def nearest(store: Store, vector: bytes, *, model: str = "one") -> list[int]:
    query, filters = compile_query("quokkas elsewhere"), Filters(store.entries.newest_id())
    question = QuestionVector(model, vector)
    found = store.search.best(query, filters, shown=(), limit=1, now=NOW, question=question)
    assert not found.are_loading
    return [hit.id for hit in found.hits]


def finds_all(store: Store, vectors: dict[int, bytes], *, model: str = "one") -> bool:
    """Return whether entries are found by their vectors: some, and the last one."""
    some = [*list(vectors.items())[:-1:8], *list(vectors.items())[-1:]]
    return all(nearest(store, own, model=model) == [entry] for entry, own in some)


async def test_who_asks_first_writes_a_file_for_all_that_nobody_else_may_read(path: Path) -> None:
    with process(path) as store:
        vectors = fill(store)
        assert finds_all(store, vectors)
    written = shared(path).read_bytes()
    assert shared(path).stat().st_mode & 0o777 == 0o600
    with process(path) as store:
        assert finds_all(store, vectors)
    assert shared(path).read_bytes() == written
    assert [each.name for each in path.parent.glob("*.part")] == []


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "a byte is another": lambda whole: whole[:9_000] + bytes([whole[9_000] ^ 1]) + whole[9_001:],
    "the end is missing": lambda whole: whole[:-1],
    "there is more": lambda whole: whole + b"\0" * 8,
    "only the head is there": lambda whole: whole[:256],
    "it is empty": lambda whole: b"",
    "it is no such file": lambda whole: b"[]" * 500,
    "its head has other sizes": lambda whole: whole.replace(b'"size": 384', b'"size": 768', 1),
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_file_is_made_anew(path: Path, damage: str) -> None:
    with process(path) as store:
        vectors = fill(store)
        assert finds_all(store, vectors)
    written = shared(path).read_bytes()
    shared(path).write_bytes(DAMAGES[damage](written))
    with process(path) as store:
        assert finds_all(store, vectors)
    assert shared(path).read_bytes() == written


async def test_what_came_since_is_found_beside_what_is_in_the_file(path: Path) -> None:
    with process(path) as first:
        vectors = fill(first, parts=105, most=ENTRIES - 1)
        assert finds_all(first, vectors)
        written = shared(path).read_bytes()
        with process(path) as second:
            vectors |= fill(second, seed=2)
            assert len(vectors) == ENTRIES
            assert finds_all(second, vectors)
        assert finds_all(first, vectors)
    # So few are not worth another file.
    assert shared(path).read_bytes() == written


async def test_many_that_came_since_are_worth_another_file(path: Path) -> None:
    with process(path) as first:
        fill(first, parts=300, most=ENTRIES // 2)
        nearest(first, b"\1" * LENGTH)
        before = shared(path).stat().st_size
        vectors = fill(first, parts=300, seed=2)
        assert finds_all(first, vectors)
    assert shared(path).stat().st_size > 1.5 * before


async def test_another_models_vectors_are_not_taken_for_this_ones(path: Path) -> None:
    with process(path) as store:
        assert finds_all(store, fill(store))
    with process(path) as store:
        vectors = fill(store, model="other", seed=2)
        assert finds_all(store, vectors, model="other")
    with process(path) as store:
        assert finds_all(store, vectors, model="other")


async def test_a_file_of_what_the_database_was_before_it_was_restored_is_not_used(
    path: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.sqlite"
    shutil.copy(path, copy)
    with process(path) as store:
        assert finds_all(store, fill(store))
    shutil.copy(copy, path)
    with process(path) as store:
        vectors = fill(store, seed=3)  # with the ids that were given before
        assert finds_all(store, vectors)


async def test_a_file_of_which_much_was_deleted_is_made_anew(path: Path) -> None:
    with process(path) as store:
        vectors = fill(store, parts=200)
        assert finds_all(store, vectors)
        with store.database.writing() as connection:
            connection.execute("DELETE FROM vectors WHERE entry_id % 4 = 0")
    before = shared(path).stat().st_size
    left = {entry: own for entry, own in vectors.items() if entry % 4}
    with process(path) as store:
        assert finds_all(store, left)
    assert shared(path).stat().st_size < before


async def test_few_vectors_need_no_file_and_a_stale_one_is_removed(path: Path) -> None:
    shared(path).write_bytes(b"what was left of another planet")
    with process(path) as store:
        assert finds_all(store, fill(store, parts=2))
    assert not shared(path).exists()


async def test_where_no_file_can_be_each_process_has_vectors_of_its_own(path: Path) -> None:
    shared(path).mkdir()
    with process(path) as store:
        assert finds_all(store, fill(store))
    assert [*shared(path).iterdir()] == []
    assert [each.name for each in path.parent.glob("*.part")] == []


def test_very_many_vectors_are_shared_as_signs(tmp_path: Path) -> None:
    from planet_mcp.embedding import Nearest, read_mapped, write_mapped

    chance = random.Random(5)
    rows = [(number, chance.randbytes(LENGTH)) for number in range(1, 2_001)]
    by_id, file = dict(rows), tmp_path / "vectors"

    def read_whole(ids: Sequence[int]) -> list[tuple[int, bytes]]:
        return [(each, by_id[each]) for each in ids]

    written = Nearest(most_whole=500)
    written.add(rows)
    write_mapped(file, written, of="a planet")
    assert file.stat().st_size < 2_100 * (8 + LENGTH // 8)
    mapped = read_mapped(file, of="a planet", read_whole=read_whole)
    assert mapped
    mapped.add([(2_001, rows[0][1])])
    by_id[2_001] = rows[0][1]
    found = mapped.compared(rows[0][1], read_whole=read_whole).nearest(most=2)
    assert [each.id for each in found] == [2_001, 1]
    assert read_mapped(file, of="another planet", read_whole=read_whole) is None
