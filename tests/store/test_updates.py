"""Plans are written when they were made from what holds still, and else not at all."""

import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from planet_mcp.errors import StoreError
from planet_mcp.feeds import Failed, Moment, NewDocument, record_answer
from planet_mcp.models import (
    Answered,
    Document,
    FactsWanted,
    FeedFacts,
    FeedPlan,
    NewEntry,
    ParsedFeed,
    Subscription,
    Validators,
)
from planet_mcp.store import Store
from planet_mcp.store.updates import Updates
from tests.store.test_database import NOW, URL, entry, fill, found
from tests.support.recording import record_document

LATER = NOW + timedelta(days=1)
TARGET = "https://elsewhere.example.org/feed"


def facts_of(store: Store) -> FeedFacts:
    facts = store.updates.facts(1, FactsWanted(), now=NOW)
    assert facts is not None
    return facts


def plan_from(facts: FeedFacts, url: str = URL) -> FeedPlan:
    """Plan to add an entry, and to follow the feed at an address."""
    change = NewEntry(entry("planned", "planned text"), NOW)
    feed = replace(facts.feed, url=url)
    return FeedPlan(feed, facts.change_token, NOW, Answered.DOCUMENT, (change,))


def test_a_plan_is_written_once(database: Path) -> None:
    store = Store(database)
    fill(store, entry("a"))
    plan = plan_from(facts_of(store))

    written, again = store.updates.apply(plan), store.updates.apply(plan)

    assert written is not None
    assert (written.entries, again, found(store, "planned")) == (2, None, 1)
    store.close()


def test_a_plan_is_void_once_another_process_has_changed_the_feed(database: Path) -> None:
    store, other = Store(database), Store(database)
    fill(store, entry("a"))
    for change in (
        lambda: fill(other, entry("b")),
        lambda: other.feeds.unsubscribe([1], delete_entries=True),
    ):
        plan = plan_from(facts_of(store))
        change()
        assert store.updates.apply(plan) is None
    assert found(store, "planned") == 0
    for each in (store, other):
        each.close()


def test_a_plan_is_void_once_another_feed_is_followed_at_the_new_address(database: Path) -> None:
    store = Store(database)
    fill(store, entry("a"))
    plan = plan_from(facts_of(store), TARGET)
    store.feeds.subscribe([Subscription(f"{TARGET}#top")], due_at=NOW)

    assert store.updates.apply(plan) is None
    assert store.feeds.get([1], now=NOW)[1].url == URL
    store.close()


def test_an_update_is_decided_again_when_the_feed_has_changed_meanwhile(database: Path) -> None:
    store, other = Store(database), Store(database)
    fill(store, entry("a"))

    class LateUpdates(Updates):
        """Lets another process store the new entry between the read and the write, once."""

        raced = False

        def facts(self, feed_id: int, wanted: FactsWanted, *, now: datetime) -> FeedFacts | None:
            known = super().facts(feed_id, wanted, now=now)
            if not self.raced:
                self.raced = True
                fill(other, entry("new", "quick fox"))
            return known

    store.updates = LateUpdates(store.database, None)

    new = record_document(
        store, 1, ParsedFeed("Blog", None, None, None, (entry("new"),)), now=LATER
    )

    assert new == 0
    assert store.feeds.get([1], now=LATER)[1].entries == 2
    for each in (store, other):
        each.close()


def test_a_feed_that_was_removed_while_it_was_checked_takes_nothing_in(database: Path) -> None:
    store = Store(database)
    fill(store, entry("a"))
    feed = store.feeds.get([1], now=NOW)[1]
    store.feeds.unsubscribe([1], delete_entries=True)
    parsed = ParsedFeed("Blog", None, None, None, (entry("late", "late text"),))
    answer = NewDocument(Document(URL, b"<rss/>", "text/xml", Validators(URL)), parsed)

    result = record_answer(store, feed, answer, Moment(LATER))

    assert isinstance(result, Failed)
    assert found(store, "late") == 0
    store.close()


def long_plan(store: Store, *names: str) -> FeedPlan:
    facts = facts_of(store)
    changes = tuple(NewEntry(entry(name, f"planned {name}"), NOW) for name in names)
    feed = replace(facts.feed, own_title="Renamed", succeeded_at=LATER)
    return FeedPlan(feed, facts.change_token, NOW, Answered.DOCUMENT, changes)


def test_a_long_document_is_written_in_parts_and_counts_as_read_with_the_last(
    database: Path,
) -> None:
    store, other = Store(database), Store(database)
    fill(store, entry("a"))
    updates = Updates(store.database, None, entries_at_once=2)
    plan = long_plan(store, *"bcdef")

    written = updates.apply(plan)

    assert written is not None
    assert (written.entries, written.title, written.succeeded_at) == (6, "Renamed", LATER)
    assert found(other, "planned") == 5
    assert found(other, "renamed") == 6
    assert updates.apply(plan) is None
    for each in (store, other):
        each.close()


def test_a_long_document_that_was_cut_off_is_read_again(database: Path) -> None:
    store = Store(database)
    fill(store, entry("a"))
    before = facts_of(store).feed
    *first, last = (plan := long_plan(store, *"bcdef")).changes
    assert isinstance(last, NewEntry)
    broken = replace(last, entry=replace(last.entry, key=None))  # type: ignore[arg-type]

    with pytest.raises((StoreError, sqlite3.Error)):
        Updates(store.database, None, entries_at_once=2).apply(
            replace(plan, changes=(*first, broken))
        )

    feed = facts_of(store).feed
    assert (found(store, "planned"), feed.entries) == (4, 5)
    assert (feed.body_hash, feed.succeeded_at) == (before.body_hash, before.succeeded_at)
    assert store.updates.apply(long_plan(store, "f")) is not None
    store.close()
