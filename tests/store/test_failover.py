"""A primary that is lost, and a replica that lags: what readers were told stays true."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest

from planet_mcp.errors import DatabaseAccessError, SettingsError, StoreError
from planet_mcp.planet import OccurrenceQuery, Planet
from planet_mcp.requests import ArrivalsRequest, CatchUpRequest, LatestRequest, SearchRequest
from planet_mcp.settings import load
from planet_mcp.store import DatabaseLimits, Limits, Store
from planet_mcp.urls import ServerAddress
from tests.conftest import planet_of
from tests.store.test_database import NOW, entry, fill
from tests.support.commands import command
from tests.support.postgres import Pair, new_database, raw_connection, running_pair

pytestmark = pytest.mark.anyio

_HASTY = Limits(database=DatabaseLimits(connect_seconds=0.05))


@contextmanager
def _filled() -> Iterator[Pair]:
    with running_pair() as both:
        with closing(Store(both.primary)) as store:
            fill(store, entry("one"), entry("two"))
        both.wait_for_standby()
        yield both


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Return servers of which a test stops one."""
    with _filled() as both:
        yield both


@pytest.fixture(scope="module")
def steady() -> Iterator[Pair]:
    """Return servers that go on."""
    with _filled() as both:
        yield both


async def _since(planet: Planet, watermark: str) -> tuple[list[str], str]:
    result = (await planet.latest_entries(LatestRequest(watermark=watermark))).result
    titles = [each.title for day in result.days for feed in day.feeds for each in feed.entries]
    return titles, result.watermark


async def test_no_reader_misses_what_comes_after_entries_that_were_lost(pair: Pair) -> None:
    async with planet_of(database=pair.both.uri) as planet:
        name = planet.store.identity()
        pair.cut_off()
        fill(planet.store, entry("lost"))
        lost, watermark = await _since(planet, f"{name}-2")
        assert (len(lost), watermark) == (1, f"{name}-3")
        arrived = await planet.arrivals(OccurrenceQuery(ArrivalsRequest(), f"{name}-2", limit=9))

        pair.fail_over()

        # Even before anything is written, that this reader had more is no fault of its own.
        assert (await _since(planet, watermark))[0] == []
        assert fill(planet.store, entry("three"), entry("four")) == 2
        titles, after = await _since(planet, watermark)
        assert len(titles) == 2
        assert (await _since(planet, after))[0] == []
        later = await planet.arrivals(OccurrenceQuery(ArrivalsRequest(), arrived.cursor, limit=9))
        assert [each.data["entry_id"] for each in later.occurrences] == [100_003, 100_004]
        assert (await planet.search_entries(SearchRequest())).result.total == 4
        fill(planet.store, entry("five"))
        assert planet.store.entries.newest_id() == 100_005
        assert planet.store.health.problems() == []


def test_ids_go_on_without_a_gap_where_no_primary_was_lost(steady: Pair) -> None:
    with closing(Store(steady.primary)) as store:
        last = store.entries.newest_id()
        fill(store, entry(f"after {last}"))
        assert store.entries.newest_id() == last + 1


async def test_answers_are_read_from_a_replica_and_never_go_back(pair: Pair) -> None:
    async with planet_of(database=pair.primary.uri, database_replica=pair.standby.uri) as planet:
        name = planet.store.identity()
        with raw_connection(pair.standby) as raw:
            raw.execute("SELECT pg_wal_replay_pause()")
        fill(planet.store, entry("three"))

        assert (await planet.search_entries(SearchRequest())).result.total == 2
        assert (await _since(planet, f"{name}-1"))[1] == f"{name}-2"
        # Told by the primary, and so is what comes after it.
        assert (await planet.catch_up(CatchUpRequest())).result.watermark == f"{name}-3"
        assert await _since(planet, f"{name}-3") == ([], f"{name}-3")
        told = await planet.arrivals(OccurrenceQuery(ArrivalsRequest(), f"{name}-3", limit=9))
        assert (told.cursor, told.truncated) == (f"{name}-3", False)

        with raw_connection(pair.standby) as raw:
            raw.execute("SELECT pg_wal_replay_resume()")
        pair.wait_for_standby()
        assert (await planet.search_entries(SearchRequest())).result.total == 3
        pair.second.stop()
        fill(planet.store, entry("four"))
        assert (await planet.search_entries(SearchRequest())).result.total == 4


async def test_answers_go_on_from_the_replica_while_there_is_no_primary(pair: Pair) -> None:
    async with planet_of(database=pair.primary.uri, database_replica=pair.standby.uri) as planet:
        assert await planet.why_not_writable() is None
        with closing(Store(pair.primary)) as other:
            assert other.sharing
            assert other.sharing.lease().acquire()
            pair.wait_for_standby()
            pair.first.stop()
            assert (await planet.search_entries(SearchRequest())).result.total == 2
            # Who refreshes is read from there, too, for which nobody waits.
            assert (await planet.status()).result.refresher == "running"
            assert "cannot be used" in (await planet.why_not_writable() or "")


def test_a_server_that_starts_again_is_waited_for_and_one_that_is_away_for_a_moment(
    pair: Pair,
) -> None:
    with (
        closing(Store(pair.primary)) as patient,
        closing(Store(pair.primary, limits=_HASTY)) as hasty,
    ):
        pair.first.stop()
        with ThreadPoolExecutor() as threads:
            waiting = threads.submit(patient.entries.newest_id)
            for _ in range(2):
                with pytest.raises(DatabaseAccessError, match="cannot be used"):
                    hasty.entries.newest_id()
            pair.first.start()
            assert waiting.result() == 2
        assert hasty.entries.newest_id() == 2
        assert fill(hasty, entry("three")) == 1


def test_a_standby_is_only_read_and_a_doctor_says_so(steady: Pair) -> None:
    with (
        closing(Store(steady.standby)) as store,
        pytest.raises(DatabaseAccessError, match="only read"),
    ):
        store.feeds.seed([], now=NOW)
    done = command("doctor", database=steady.standby.uri)
    assert done.code == 1
    assert "is a standby, which is only read" in done.stdout


def test_a_server_with_another_planet_is_no_replica(steady: Pair) -> None:
    with pytest.raises(StoreError, match="has another planet"):
        Store(steady.primary, replica=new_database())


def test_a_replica_that_is_away_at_first_is_waited_for_by_nobody(steady: Pair) -> None:
    nobody = ServerAddress("postgresql://127.0.0.1:1/planet?connect_timeout=2")
    with closing(Store(steady.primary, replica=nobody)) as store, store.view():
        assert store.entries.newest_id() >= 2


def test_a_replica_of_a_file_is_refused_and_no_password_is_shown() -> None:
    with pytest.raises(SettingsError, match="no server that it follows"):
        load(database="planet.sqlite", database_replica="postgresql://u:swordfish@h/p")
    with pytest.raises(SettingsError, match="give the address of a server") as raised:
        load(database="postgresql://h/p", database_replica="pg://u:swordfish@h/p")
    assert "swordfish" not in str(raised.value)
