"""What an update comes to, as a decision without a store, a web or a clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planet_mcp.errors import BadResponseError, UnreachableError
from planet_mcp.feeds.decide import (
    Answer,
    Deferred,
    Moment,
    NewDocument,
    NoDocument,
    SameDocument,
    decide,
    digest_of,
    facts_wanted,
)
from planet_mcp.feeds.redirects import CHECKS
from planet_mcp.feeds.schedule import GONE_INTERVAL, MAX_INTERVAL, MIN_INTERVAL
from planet_mcp.feeds.warnings import warning_of
from planet_mcp.models import (
    Answered,
    Content,
    Document,
    DomainPause,
    Feed,
    FeedFacts,
    FeedStatus,
    FormerAddress,
    Gone,
    NewEntry,
    NotModified,
    ParsedEntry,
    ParsedFeed,
    RecognisedEntry,
    Redirect,
    RekeyedEntry,
    RevisedEntry,
    Validators,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
URL, TARGET = "https://a.example/feed", "https://b.example/feed"
FEED = Feed(
    id=1,
    url=URL,
    title="Gardening",
    status=FeedStatus.OK,
    entries=3,
    newest_entry=NOW - DAY,
    former=(),
    as_of=NOW,
    group=None,
    next_check_at=NOW - timedelta(minutes=1),
    checked_at=NOW - DAY,
    succeeded_at=NOW - DAY,
    own_title="Gardening",
    description="Of gardens",
    validators=Validators(URL, '"1"'),
    body_hash="1",
)


def entry(key: str, published: datetime | None = NOW - DAY) -> ParsedEntry:
    return ParsedEntry(
        key=key,
        url=f"https://a.example/{key}",
        title=key,
        title_derived=False,
        authors=(),
        tags=(),
        published=published,
        updated=None,
        content=Content("text", "text", "text", 1),
        teaser=False,
        fingerprint=key,
    )


def facts(*entries: RecognisedEntry, feed: Feed = FEED, **more: Any) -> FeedFacts:
    return FeedFacts(feed, ("token",), entries, **more)


def document(
    *entries: ParsedEntry, url: str = URL, moved_to: str | None = None, **more: Any
) -> NewDocument:
    values = {"title": "Gardening", "site_url": None, "description": None, "language": None, **more}
    body = Document(url, b"<rss/>", "text/xml", Validators(url, '"2"'), moved_to=moved_to)
    return NewDocument(body, ParsedFeed(entries=entries, **values))


def refused(status: int, pause: timedelta | None = None) -> NoDocument:
    error = BadResponseError("It said no.", status=status, host="a.example")
    return NoDocument(error, pause=DomainPause("a.example", NOW + pause) if pause else None)


# ------------------------------------------------------------------------------ all answers

_MOMENTS = st.timedeltas(timedelta(days=-400), timedelta(days=2)).map(lambda age: NOW + age)
_REDIRECTS = st.none() | st.builds(
    Redirect, st.sampled_from([TARGET, URL]), st.integers(1, 5), _MOMENTS
)
_FEEDS = st.builds(
    replace,
    st.just(FEED),
    errors=st.integers(0, 40),
    gone=st.sampled_from(Gone),
    redirect=_REDIRECTS,
    checked_at=st.none() | st.timedeltas(timedelta(0), timedelta(days=9)).map(lambda a: NOW - a),
    succeeded_at=st.none() | st.timedeltas(timedelta(0), timedelta(days=99)).map(lambda a: NOW - a),
)
_ENTRIES = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.none() | _MOMENTS), unique_by=lambda each: each[0]
).map(lambda made: [entry(*each) for each in made])
_RECOGNISED = st.builds(
    RecognisedEntry,
    st.just(entry("x")),
    st.none() | st.integers(1, 9),
    has_other_key=st.booleans(),
    has_other_date=st.booleans(),
    has_other_text=st.booleans(),
    deleted_from=st.none() | _MOMENTS,
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[FeedFacts, Answer]:
    """Make facts and an answer that belong together."""
    feed, entries = draw(_FEEDS), draw(_ENTRIES)
    moved_to = draw(st.none() | st.just(TARGET))
    found = [replace(draw(_RECOGNISED), entry=each) for each in entries]
    answers: list[Answer] = [
        document(
            *entries,
            url=moved_to or URL,
            moved_to=moved_to,
            title=draw(st.none() | st.sampled_from(["Gardening", "Casino"])),
            truncated=draw(st.booleans()),
        ),
        SameDocument(NotModified(Validators(URL, '"1"'), moved_to=moved_to)),
        refused(draw(st.sampled_from([404, 410, 429, 500, 503])), draw(st.none() | st.just(HOUR))),
        NoDocument(UnreachableError("Nobody answers.")),
        Deferred(draw(_MOMENTS), "Later.", was_asked=draw(st.booleans())),
    ]
    answer = draw(st.sampled_from(answers))
    known = facts(
        *(found if isinstance(answer, NewDocument) else ()),
        feed=feed,
        dates=tuple(draw(st.lists(_MOMENTS, max_size=10))),
        kept_since=draw(st.none() | _MOMENTS),
        is_target_followed=draw(st.booleans()),
        neighbours=(2, 3),
    )
    return known, answer


@given(cases(), st.floats(0, 1, exclude_max=True))
def test_every_answer_plans_the_next_check_neither_at_once_nor_never(
    case: tuple[FeedFacts, Answer], jitter: float
) -> None:
    known, answer = case
    plan = decide(known, answer, Moment(NOW, jitter))

    assert plan.change_token == known.change_token
    if isinstance(answer, Deferred):
        assert plan.feed.next_check_at == max(known.feed.next_check_at, answer.until)
    else:
        latest = GONE_INTERVAL if plan.feed.gone is Gone.CONFIRMED else MAX_INTERVAL
        assert MIN_INTERVAL <= plan.feed.next_check_at - NOW <= latest * 1.1


@given(cases())
def test_what_fails_or_is_put_off_takes_nothing_away(case: tuple[FeedFacts, Answer]) -> None:
    known, answer = case
    before, plan = known.feed, decide(known, answer, Moment(NOW))

    if isinstance(answer, Deferred):
        assert plan.answered is None
        noted = answer.problem if answer.was_asked and not before.errors else before.problem
        at = plan.feed.next_check_at
        assert plan.feed == replace(before, next_check_at=at, problem=noted)
    elif plan.answered is Answered.FAILURE:
        assert plan.changes == ()
        assert plan.feed.problem
        assert plan.feed.errors == before.errors + 1
        for kept in ("url", "validators", "body_hash", "own_title", "hints", "redirect"):
            assert getattr(plan.feed, kept) == getattr(before, kept)
    else:
        assert (plan.feed.errors, plan.feed.problem, plan.feed.gone) == (0, None, Gone.NO)


@given(cases())
def test_each_entry_is_added_or_changed_once_or_left(case: tuple[FeedFacts, Answer]) -> None:
    known, answer = case
    changes = decide(known, answer, Moment(NOW)).changes
    found = {each.entry.key: each for each in known.entries}

    keys = [change.entry.key for change in changes]
    # The oldest first: the newest shall have the last id.
    assert keys == [key for key in reversed(found) if key in keys]
    for change in changes:
        each = found[change.entry.key]
        match change:
            case NewEntry(_, ordered_at, undated):
                assert each.id is None
                assert ordered_at <= NOW
                assert undated or each.entry.published
                said = each.deleted_from or (NOW if undated else ordered_at)
                assert known.kept_since is None or said >= known.kept_since
            case RevisedEntry(entry_id, _, revised_at):
                assert (each.id, each.has_other_text) == (entry_id, True)
                assert (revised_at is None) == each.has_other_key
            case RekeyedEntry(entry_id, _):
                assert (each.id, each.has_other_text) == (entry_id, False)


@given(cases())
def test_a_feed_is_followed_elsewhere_only_when_that_is_sure_and_it_is_the_same(
    case: tuple[FeedFacts, Answer],
) -> None:
    known, answer = case
    plan = decide(known, answer, Moment(NOW))

    if plan.feed.url != known.feed.url:
        assert plan.feed.url == facts_wanted(answer).target == TARGET
        assert plan.feed.redirect is None
        assert known.feed.redirect
        assert known.feed.redirect.checks >= CHECKS - 1
        assert not known.is_target_followed
        assert isinstance(answer, SameDocument) or any(
            each.id or each.deleted_from for each in known.entries
        )


# ------------------------------------------------------------------------------ one by one


@pytest.mark.parametrize(
    ("found", "title", "refuses"),
    [
        (RecognisedEntry(entry("a")), "Casino", True),
        (RecognisedEntry(entry("a")), "gardening!", False),
        (RecognisedEntry(entry("a"), 7), "Casino", False),
        (RecognisedEntry(entry("a"), deleted_from=NOW - DAY), "Casino", False),
    ],
    ids=["another", "same title", "same entry", "entry that it had"],
)
def test_a_redirect_to_another_feed_is_refused(
    found: RecognisedEntry, title: str, refuses: bool
) -> None:
    plan = decide(facts(found), document(found.entry, url=TARGET, title=title), Moment(NOW))

    assert (plan.answered is Answered.FAILURE) == refuses
    assert (TARGET in (plan.feed.problem or "")) == refuses


def test_what_a_document_does_not_say_stays() -> None:
    said = document(entry("a"), title=None, language="en")

    feed = decide(facts(RecognisedEntry(entry("a"), 7)), said, Moment(NOW)).feed

    assert (feed.own_title, feed.description, feed.language) == ("Gardening", "Of gardens", "en")
    assert feed.body_hash == digest_of(said.document)


def test_an_entry_that_was_cut_is_not_revised_and_its_document_is_asked_for_again() -> None:
    found = [RecognisedEntry(entry(key), n, has_other_text=True) for n, key in enumerate("ab", 1)]

    plan = decide(facts(*found), document(entry("a"), entry("b"), truncated=True), Moment(NOW))

    assert [change.entry.key for change in plan.changes] == ["a"]
    assert plan.feed.validators == Validators(URL)


def test_what_is_cut_twice_in_the_same_way_is_so_at_its_source() -> None:
    answer = document(entry("a"), truncated=True)

    once = decide(facts(), answer, Moment(NOW)).feed
    twice = decide(facts(feed=once), answer, Moment(NOW)).feed
    other = decide(
        facts(feed=once),
        replace(answer, document=replace(answer.document, body=b"<r")),
        Moment(NOW),
    ).feed

    assert (once.validators, other.validators) == (Validators(URL), Validators(URL))
    assert (twice.validators, twice.body_hash) == (
        Validators(URL, '"2"'),
        digest_of(answer.document),
    )


def test_a_feed_over_the_limit_is_known_by_its_beginning_and_says_so() -> None:
    whole = document(entry("a"), truncated=True)

    feed = decide(
        facts(), replace(whole, document=replace(whole.document, is_cut=True)), Moment(NOW)
    ).feed

    assert feed.validators == Validators(URL, '"2"')
    assert "only its beginning is read" in (feed.warning or "")


@pytest.mark.parametrize("hours_apart", [0, 1, 24, 72])
def test_a_feed_that_is_never_modified_is_asked_without_conditions_now_and_then(
    hours_apart: int,
) -> None:
    feed, now, whole = replace(FEED, whole_at=NOW), NOW, []
    for number in range(1, 31):
        now += hours_apart * HOUR
        asked = feed.validators
        reply = NotModified(Validators(URL, '"1"'))
        body = Document(URL, b"<rss/>", "text/xml", Validators(URL, '"1"'))
        answer = SameDocument(reply if asked == Validators(URL, '"1"') else body)
        whole += [number] * isinstance(answer.reply, Document)
        feed = decide(facts(feed=feed, dates=(NOW - DAY,)), answer, Moment(now)).feed

    assert whole[0] <= 11
    assert len(whole) <= 1 + 30 * hours_apart / 48


def test_a_pause_is_kept_for_all_feeds_of_the_domain() -> None:
    answer = refused(429, 30 * HOUR)
    assert facts_wanted(answer).domain == "a.example"

    plan = decide(facts(neighbours=(2, 3)), answer, Moment(NOW))

    assert plan.postponement
    assert plan.postponement.feed_ids == (2, 3)
    assert plan.postponement.pause.until == NOW + 30 * HOUR
    assert plan.feed.next_check_at >= NOW + 30 * HOUR


def test_a_warning_names_where_a_feed_came_from_for_a_month() -> None:
    moved = replace(FEED, former=(FormerAddress("https://old.example/", NOW - 29 * DAY),))

    assert "https://old.example/" in (warning_of(moved) or "")
    assert warning_of(replace(moved, as_of=NOW + 2 * DAY)) is None
