"""The list of feeds: brief enough to see all of a planet, and complete where that is asked for."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from planet_mcp.models import FeedStatus, Subscription
from planet_mcp.planet import Answer, FeedsResult, Reading
from planet_mcp.planet.feed_list import list_feeds
from planet_mcp.requests import FeedQuery
from planet_mcp.store import Store
from planet_mcp.store.db import Connection
from tests.support.river import made, record

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
FEEDS, DEAD = 567, 30


@pytest.fixture(scope="module")
def planet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """As many feeds as Planet Python has, all with entries; some are gone, some fail."""
    store = Store(tmp_path_factory.mktemp("feeds") / "planet.sqlite")
    subscriptions = [
        Subscription(
            f"https://blog{number}.example.org/feeds/python/atom.xml",
            f"A Pythonista's Blog {number}",
            f"https://blog{number}.example.org/",
            ("Core", "Web", None)[number % 3],
        )
        for number in range(FEEDS)
    ]
    store.feeds.subscribe(subscriptions, due_at=NOW)
    with store.database.writing() as connection:
        _age(connection)
    yield store
    store.close()


def _age(connection: Connection) -> None:
    """Let the feeds be as they are after a year: checks of so many would take half a minute."""
    day, now = 86_400, int(NOW.timestamp())
    connection.execute(
        "UPDATE feeds SET succeeded_at = ?, checked_at = ?, entries = 20 + id % 30, "
        "newest_entry = ? - id % 90 * ?",
        (now, now, now, day),
    )
    connection.execute("UPDATE feeds SET gone = 2 WHERE id <= ?", (DEAD,))
    connection.execute(
        "UPDATE feeds SET errors = 9, problem = url || ' could not be reached: no such host.' "
        "WHERE id BETWEEN 100 AND 159"
    )


def ask(store: Store, query: FeedQuery) -> Answer[FeedsResult]:
    with store.view():
        return list_feeds(Reading(store, NOW), query)


def structure_chars(answer: Answer[FeedsResult]) -> int:
    return len(json.dumps(answer.result.structured(), ensure_ascii=False, separators=(",", ":")))


def test_all_feeds_of_a_planet_are_seen_in_three_calls_and_fifty_thousand_characters(
    planet: Store,
) -> None:
    answers = [ask(planet, FeedQuery(limit=200))]
    while cursor := answers[-1].result.next_cursor:
        answers.append(ask(planet, FeedQuery(limit=200, cursor=cursor)))

    seen = [feed.feed_id for answer in answers for feed in answer.result.feeds]
    assert (len(answers), len(set(seen)), len(seen)) == (3, FEEDS, FEEDS)
    for chars in (lambda each: len(each.text), structure_chars):
        assert sum(map(chars, answers)) <= 50_000
        assert chars(answers[0]) <= 16_000


def test_the_feeds_of_one_state_are_a_short_call(planet: Store) -> None:
    gone = ask(planet, FeedQuery(status="gone"))
    assert max(len(gone.text), structure_chars(gone)) <= 3_000
    assert gone.text.count(" · gone") == gone.result.total == len(gone.result.feeds) == DEAD


def test_a_long_list_says_which_facts_its_rows_leave_out_and_its_text_has_them(
    planet: Store,
) -> None:
    long = ask(planet, FeedQuery(limit=200))
    assert long.result.left_out == (
        'status where it is ok, entries, group, newest_entry; list_feeds(detail="full") has all.'
    )
    of = {feed.feed_id: feed for feed in long.result.feeds}
    whole = {
        feed.feed_id: feed
        for feed in ask(planet, FeedQuery(limit=200, detail="full")).result.feeds
        if feed.feed_id in of
    }
    for number, feed in whole.items():
        assert of[number].status == (None if feed.status is FeedStatus.OK else feed.status)
        day = (feed.newest_entry or "")[:10]
        short = of[number]
        assert (short.newest_entry, short.group, short.entries) == (None, None, None)
        problem = f" · {of[number].problem}" if feed.problem else ""
        group = f" · group {feed.group}" if feed.group else ""
        line = f"- [{number}] {feed.title} · {feed.entries} · {day} · {feed.status}{problem}{group}"
        assert line in long.text.split("\n")

    by_entries = ask(planet, FeedQuery(sort="entries", limit=200)).result
    assert all(feed.entries for feed in by_entries.feeds)
    assert structure_chars(ask(planet, FeedQuery(sort="entries", limit=200))) <= 16_000


def test_a_short_list_leaves_nothing_out(planet: Store) -> None:
    for query in (FeedQuery(limit=10), FeedQuery(limit=10, status="failing"), FeedQuery("none")):
        result = ask(planet, query).result
        assert result.left_out is None
        assert all(feed.status and feed.entries for feed in result.feeds)


def test_counts_are_of_all_states_whichever_is_listed(planet: Store) -> None:
    counts = {"ok": FEEDS - DEAD - 60, "failing": 60, "dormant": 0, "gone": DEAD, "new": 0}
    for query in (FeedQuery(), FeedQuery(status="gone"), FeedQuery("pythonista", limit=1)):
        assert ask(planet, query).result.structured()["counts"] == counts
    of_group = ask(planet, FeedQuery(group="core")).result
    assert sum(of_group.counts.values()) == of_group.total == FEEDS // 3


def test_groups_are_named_with_their_counts_where_a_list_begins(planet: Store) -> None:
    first = ask(planet, FeedQuery())
    assert [(each.group, each.feeds) for each in first.result.groups or []] == [
        ("Core", FEEDS // 3),
        ("Web", FEEDS // 3),
    ]
    assert f"Groups: Core {FEEDS // 3}, Web {FEEDS // 3}\n" in first.text
    assert ask(planet, FeedQuery(cursor=first.result.next_cursor)).result.groups is None


def test_a_full_row_has_addresses_and_times(planet: Store) -> None:
    (brief,) = ask(planet, FeedQuery("blog 120")).result.feeds
    (full,) = ask(planet, FeedQuery("blog 120", detail="full")).result.feeds

    assert brief.feed_url is brief.site_url is brief.checked_at is brief.next_check_at is None
    assert full.feed_url == "https://blog120.example.org/feeds/python/atom.xml"
    assert (full.site_url, full.checked_at) == ("https://blog120.example.org/", "2026-11-22T09:00Z")
    assert full.next_check_at
    assert (brief.title, brief.entries) == (full.title, full.entries)
    assert full.problem == f"{full.feed_url} could not be reached: no such host."
    assert brief.problem == "Could not be reached: no such host."


def test_a_feed_that_was_never_read_is_new_until_it_was(tmp_path: Path) -> None:
    store = Store(tmp_path / "planet.sqlite")
    store.feeds.subscribe([Subscription("https://blog.example.org/feed")], due_at=NOW)
    (unread,) = ask(store, FeedQuery(status="new")).result.feeds
    entry = made("1", "One", url=None, published=NOW, text="Text.", derived=False)
    record(store, unread.feed_id, [entry], now=NOW + timedelta(hours=1))
    read = ask(store, FeedQuery()).result
    store.close()

    assert unread.status is FeedStatus.NEW
    assert [feed.status for feed in read.feeds] == [FeedStatus.OK]
    assert read.counts[FeedStatus.NEW] == 0


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("новости", ["Новости: Café"]),
        ("CAFE", ["Новости: Café"]),
        ("https://www.other.example/", ["Other-Things"]),
        ("other things", ["Other-Things"]),
        ("#2", ["Other-Things"]),
        ("example", ["Other-Things", "Новости: Café"]),
        ("things of cafe", []),
    ],
)
def test_a_list_is_narrowed_by_what_people_call_feeds(
    tmp_path: Path, query: str, titles: list[str]
) -> None:
    store = Store(tmp_path / "planet.sqlite")
    named = [
        Subscription("https://news.example/f", "Новости: Café", None, None),
        Subscription("https://other.example/f", "Other-Things", "https://other.example/", None),
    ]
    store.feeds.subscribe(named, due_at=NOW)

    for detail in ("brief", "full"):
        found = ask(store, FeedQuery(query, detail=detail)).result.feeds
        assert [feed.title for feed in found] == titles
    store.close()
