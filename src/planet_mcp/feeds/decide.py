"""What an update of a feed comes to: the facts and the answer → a plan (pure).

Here is the whole policy, in the order in which it is applied: whether the document is refused,
what it says of the feed, when the feed is checked next, whether it is followed elsewhere from now
on, and what becomes of each entry.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from planet_mcp.errors import BadResponseError, DocumentError, FetchError, NotAFeedError
from planet_mcp.feeds import redirects, schedule
from planet_mcp.feeds.archive import archive_of, claimed_at
from planet_mcp.models import (
    Answered,
    Document,
    DomainPause,
    EntryChange,
    FactsWanted,
    Feed,
    FeedFacts,
    FeedPlan,
    Gone,
    NewEntry,
    NotModified,
    ParsedFeed,
    Postponement,
    RecognisedEntry,
    RekeyedEntry,
    RevisedEntry,
    Validators,
)
from planet_mcp.text import title_key
from planet_mcp.urls import canonical

RHYTHM_ENTRIES = 10
UNSURE = "?"


@dataclass(frozen=True, slots=True)
class NewDocument:
    """The feed answered with a document that is not the one it had before."""

    document: Document
    parsed: ParsedFeed


@dataclass(frozen=True, slots=True)
class SameDocument:
    """The feed answered that it has not changed, or with the same bytes again."""

    reply: Document | NotModified


@dataclass(frozen=True, slots=True)
class NoDocument:
    """The check failed; `proposal` is another feed that the site links to, where one was found.

    `pause` is there when the feed's domain asked us to wait.
    """

    error: FetchError | DocumentError
    proposal: str | None = None
    pause: DomainPause | None = None


@dataclass(frozen=True, slots=True)
class Deferred:
    """The feed is to be checked later, for no fault of its own; `problem` says why.

    One that was asked for has it noted, unless it is failing: who lists the feeds sees it.
    """

    until: datetime
    problem: str
    was_asked: bool = True


Answer = NewDocument | SameDocument | NoDocument | Deferred


@dataclass(frozen=True, slots=True)
class Moment:
    """When a decision is made, and a random number in [0, 1) that spreads what follows."""

    now: datetime
    jitter: float = 0.0


def digest_of(document: Document) -> str:
    """Return the SHA-256 of what is here of a document, in hexadecimal digits."""
    return sha256(document.body + document.end).hexdigest()


def facts_wanted(answer: Answer) -> FactsWanted:
    """Return what has to be read of the store to decide what an answer comes to."""
    match answer:
        case NewDocument(document, parsed):
            return FactsWanted(parsed.entries, target=document.moved_to, dates=RHYTHM_ENTRIES)
        case SameDocument(reply):
            return FactsWanted(target=reply.moved_to, dates=RHYTHM_ENTRIES)
        case NoDocument(pause=pause):
            return FactsWanted(domain=pause.domain if pause else None)
        case Deferred():
            return FactsWanted()


def decide(facts: FeedFacts, answer: Answer, moment: Moment) -> FeedPlan:
    """Return what an answer of a feed comes to."""
    match answer:
        case NewDocument():
            refusal = _refusal(facts, answer)
            if refusal:
                return _failed(facts, NoDocument(refusal), moment)
            return _updated(facts, answer, moment)
        case SameDocument():
            return _unchanged(facts, answer, moment)
        case NoDocument():
            return _failed(facts, answer, moment)
        case Deferred(until, problem, was_asked):
            before = facts.feed
            noted = problem if was_asked and not before.errors else before.problem
            feed = replace(before, next_check_at=max(before.next_check_at, until), problem=noted)
            return FeedPlan(feed, facts.change_token, moment.now, answered=None)


# A document


def _refusal(facts: FeedFacts, answer: NewDocument) -> NotAFeedError | None:
    """Return why a document is not taken for the feed's; None when it is."""
    return _another_feed(facts, answer)


def _another_feed(facts: FeedFacts, answer: NewDocument) -> NotAFeedError | None:
    """Refuse what a redirect leads to when it has another title and none of the entries."""
    feed, document = facts.feed, answer.document
    if canonical(document.url) == canonical(feed.url) or not feed.entries:
        return None
    if title_key(answer.parsed.title or "") == title_key(feed.title) or _shares_entries(facts):
        return None
    return NotAFeedError(
        f"{feed.url} now leads to another feed, {document.url}, which has none of its "
        "entries. If that is right, add that address and remove this one."
    )


def _updated(facts: FeedFacts, answer: NewDocument, moment: Moment) -> FeedPlan:
    document, parsed = answer.document, answer.parsed
    dates = (*facts.dates, *_credible_dates(parsed, moment.now))
    feed = _scheduled(_described(facts.feed, answer), document, dates, moment)
    if _shares_entries(facts):
        feed = _adopted(facts, feed)
    changes = tuple(_changes(facts, parsed, moment.now))
    return FeedPlan(feed, facts.change_token, moment.now, Answered.DOCUMENT, changes)


def _unchanged(facts: FeedFacts, answer: SameDocument, moment: Moment) -> FeedPlan:
    feed = _scheduled(facts.feed, answer.reply, facts.dates, moment)
    is_304 = isinstance(answer.reply, NotModified)
    answered = Answered.NOT_MODIFIED if is_304 else Answered.DOCUMENT
    # What is stored came from there, so it is the same feed.
    return FeedPlan(_adopted(facts, feed), facts.change_token, moment.now, answered)


def _described(feed: Feed, answer: NewDocument) -> Feed:
    """Take over what the document says of the feed; what it does not say stays as it was."""
    parsed, document = answer.parsed, answer.document
    described = replace(
        feed,
        own_title=_or_before(parsed.title, feed.own_title),
        site_url=_or_before(parsed.site_url, feed.site_url),
        description=_or_before(parsed.description, feed.description),
        language=_or_before(parsed.language, feed.language),
        image_url=_or_before(parsed.image_url, feed.image_url),
    )
    return replace(
        described,
        # These are about the document itself, or wishes that may be withdrawn.
        hub_url=parsed.hub_url,
        hints=parsed.hints,
        warning=_cut_warning(document) if document.is_cut else parsed.warning,
        body_hash=_body_hash(feed, answer),
        not_modified=0,
    )


def _cut_warning(document: Document) -> str:
    read = "beginning and end are" if document.end else "beginning is"
    return f"It is larger than {len(document.body) / 2**20:g} MB: only its {read} read"


def _body_hash(feed: Feed, answer: NewDocument) -> str:
    """Return what a document is known by; with a prefix if its end may be missing.

    What was cut on its way is asked for again, as a whole. What comes so twice is so at its source.
    """
    digest = digest_of(answer.document)
    if not answer.parsed.truncated or answer.document.is_cut or feed.body_hash == UNSURE + digest:
        return digest
    return UNSURE + digest


def _or_before(said: str | None, before: str | None) -> str | None:
    return before if said is None else said


def _scheduled(
    feed: Feed, reply: Document | NotModified, dates: Iterable[datetime], moment: Moment
) -> Feed:
    """Plan the next check of a feed that answered, and note where it redirects to for good."""
    now, validators = moment.now, reply.validators
    newest = sorted({*dates})[-RHYTHM_ENTRIES:]
    next_check_at = schedule.after_success(
        newest,
        now=now,
        wish=_seconds(reply.fresh_for),
        hints=feed.hints,
        conditional=bool(validators.etag or validators.last_modified),
        jitter=moment.jitter,
    )
    is_304 = isinstance(reply, NotModified)
    counted = replace(
        feed,
        not_modified=feed.not_modified + is_304,
        whole_at=feed.whole_at if is_304 else now,
        overdue_at=schedule.overdue_at(newest),
    )
    is_whole = not (feed.body_hash or UNSURE).startswith(UNSURE)
    is_believed = is_whole and not (is_304 and _is_suspect(counted, newest, now))
    return replace(
        counted,
        checked_at=now,
        succeeded_at=now,
        next_check_at=next_check_at,
        validators=validators if is_believed else Validators(validators.url),
        redirect=redirects.after_answer(feed.redirect, reply.moved_to, now=now),
        errors=0,
        gone=Gone.NO,
        problem=None,
        proposal=None,
    )


def _is_suspect(feed: Feed, newest: Sequence[datetime], now: datetime) -> bool:
    return schedule.is_to_be_sent_whole(
        newest, now=now, whole_at=feed.whole_at, not_modified=feed.not_modified
    )


def _adopted(facts: FeedFacts, feed: Feed) -> Feed:
    """Follow a feed at the target of its redirect, if that is sure and no other feed is there."""
    redirect = feed.redirect
    if redirect is None or not redirects.is_for_good(redirect) or facts.is_target_followed:
        return feed
    return replace(feed, url=redirect.url, redirect=None)


# Its entries


def _shares_entries(facts: FeedFacts) -> bool:
    """Return whether the document has an entry that the feed is known to have, or to have had."""
    return any(found.id is not None or found.deleted_from for found in facts.entries)


def _changes(facts: FeedFacts, parsed: ParsedFeed, now: datetime) -> Iterator[EntryChange]:
    cut = parsed.entries[-1].key if parsed.truncated and parsed.entries else None
    archive = archive_of(facts, parsed, now)
    # Documents begin with the newest: of entries of one time, the newest shall have the last id.
    for found in reversed(facts.entries):
        change: EntryChange | None = None
        if found.id is None:
            change = _new(found, archive.get(found.entry.key), facts.kept_since, now)
        elif found.entry.key != cut:
            change = _revision(found, found.id, now)
        if change:
            yield change


def _new(
    found: RecognisedEntry, archived_at: datetime | None, kept_since: datetime | None, now: datetime
) -> NewEntry | None:
    """Add an entry, unless it would be deleted for its age again; one without a date has none."""
    claimed = claimed_at(found.entry, now)
    if kept_since and (found.deleted_from or claimed or now) < kept_since:
        return None
    return NewEntry(
        found.entry,
        archived_at or claimed or now,
        undated=claimed is None,
        archived=archived_at is not None,
    )


def _revision(found: RecognisedEntry, entry_id: int, now: datetime) -> EntryChange | None:
    if found.has_other_text:
        # With another key the feed changed its ids or addresses, which is no revision of its posts.
        return RevisedEntry(entry_id, found.entry, None if found.has_other_key else now)
    if found.has_other_key or found.has_other_date:
        return RekeyedEntry(entry_id, found.entry)
    return None


def _credible_dates(parsed: ParsedFeed, now: datetime) -> list[datetime]:
    return [at for entry in parsed.entries if (at := claimed_at(entry, now))]


# A failure


def _failed(facts: FeedFacts, answer: NoDocument, moment: Moment) -> FeedPlan:
    feed, error, now = facts.feed, answer.error, moment.now
    gone = _gone(feed, error, now)
    failed = replace(
        feed,
        checked_at=now,
        next_check_at=_after_failure(feed, answer, gone, moment),
        errors=feed.errors + 1,
        gone=gone,
        problem=_problem(answer),
        proposal=answer.proposal,
    )
    postponement = Postponement(facts.neighbours, answer.pause) if answer.pause else None
    return FeedPlan(failed, facts.change_token, now, Answered.FAILURE, postponement=postponement)


def _gone(feed: Feed, error: FetchError | DocumentError, now: datetime) -> Gone:
    if not (isinstance(error, BadResponseError) and error.status == schedule.GONE_STATUS):
        return Gone.NO
    said_before = feed.gone is not Gone.NO
    if feed.gone is Gone.CONFIRMED or schedule.is_gone(
        said_before=said_before, checked_at=feed.checked_at, now=now
    ):
        return Gone.CONFIRMED
    return Gone.SAID_ONCE


def _after_failure(feed: Feed, answer: NoDocument, gone: Gone, moment: Moment) -> datetime:
    """Return when to try again: later and later."""
    now, jitter = moment.now, moment.jitter
    if gone is not Gone.NO:
        return schedule.after_gone(confirmed=gone is Gone.CONFIRMED, now=now, jitter=jitter)
    error, pause = answer.error, answer.pause
    retry_after = error.retry_after if isinstance(error, BadResponseError) else None
    wish = pause.until - now if pause else _seconds(retry_after)
    return schedule.after_failure(
        errors=feed.errors + 1, now=now, wish=wish, hints=feed.hints, jitter=jitter
    )


def _problem(answer: NoDocument) -> str:
    if answer.proposal is None:
        return str(answer.error)
    return (
        f"{answer.error} Its site links a feed at {answer.proposal}: "
        "add that one, and remove this one."
    )


def _seconds(count: int | None) -> timedelta | None:
    return None if count is None else timedelta(seconds=count)
