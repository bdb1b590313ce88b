"""The frozen values that pass between the modules; no behaviour beyond what they say themselves.

What a feed claims keeps Atom's names (`published`, `updated`); what planet-mcp observed ends in
`_at`. All times are aware UTC.
"""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Literal, NamedTuple


@dataclass(frozen=True, slots=True)
class Subscription:
    """One feed of a list of feeds; `group` is the folder that it stands in, `face` a picture."""

    url: str
    title: str | None = None
    site_url: str | None = None
    group: str | None = None
    face: str = ""


@dataclass(frozen=True, slots=True)
class NotTaken:
    """What a list of feeds names, but cannot be followed; `url` as the list has it."""

    name: str
    reason: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Validators:
    """Opaque strings for a conditional GET (RFC 9110, section 8.8), sent back as they came.

    `url` is where they came from: after redirects they mean nothing anywhere else.
    """

    url: str
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """The body of a successful fetch.

    `url` is where the body finally came from; `moved_to` is the target when every redirect on
    the way was permanent (301, 308); `fresh_for` how many seconds the server calls it fresh;
    `is_cut` says that the body is only the beginning of one that is over the limit, of which `end`
    is the end, if it came; `refresh` is the header field of that name, `redirects` how many there
    were on the way.
    """

    url: str
    body: bytes
    content_type: str
    validators: Validators
    moved_to: str | None = None
    fresh_for: int | None = None
    is_cut: bool = False
    end: bytes = b""
    refresh: str = ""
    redirects: int = 0


@dataclass(frozen=True, slots=True)
class NotModified:
    """The server said 304: what is stored is current; the fields mean the same as a document's."""

    validators: Validators
    moved_to: str | None = None
    fresh_for: int | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """HTML after conversion, ready to store.

    `markdown` is what a reader gets, `text` what is indexed (no URLs, no markup), `excerpt` the
    beginning of the text, `words` its length; `flaws` counts the details that could not be
    converted, of which only the words are left.
    """

    markdown: str
    text: str
    excerpt: str
    words: int
    flaws: int = 0


# How pages show the images of entries: as links, from our own server, or from where they are.
ImageMode = Literal["off", "proxy", "direct"]
# What a picture is shown as: in the text of an entry, or as the face of a feed.
PictureKind = Literal["text", "face"]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of nothing but its pixels, as WebP in base64; its size is in pixels."""

    width: int
    height: int
    code: str

    @property
    def body(self) -> bytes:
        """Return its bytes."""
        return base64.b64decode(self.code)


@dataclass(frozen=True, slots=True)
class PictureKey:
    """Which picture is meant: of a text by its address's `link_key`, of a feed by its id."""

    kind: PictureKind
    number: int


@dataclass(frozen=True, slots=True)
class Vectors:
    """What texts mean, in their order: 8-bit numbers in base64, as long as the model makes them."""

    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuestionVector:
    """What a question means: a vector of 8-bit numbers, by the model of this id."""

    model: str
    vector: bytes


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that comes with an entry, as a podcast's recording (RSS 2.0, `<enclosure>`).

    `length` is in bytes, `seconds` how long it plays; both as claimed.
    """

    url: str
    type: str | None = None
    length: int | None = None
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class ParsedEntry:
    """One entry of a feed document, normalised.

    `key` identifies it within its feed; `fingerprint` changes when anything a reader sees
    changes; `teaser` says that the content is only the beginning of the article. `published` is
    what the feed claims, credible or not (see `times.is_credible`). `signature` finds texts that
    are nearly the same (see `likeness.signature`).
    """

    key: str
    url: str | None
    title: str
    title_derived: bool
    authors: tuple[str, ...]
    tags: tuple[str, ...]
    published: datetime | None
    updated: datetime | None
    content: Content
    teaser: bool
    fingerprint: str
    enclosures: tuple[Enclosure, ...] = ()
    signature: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class PollingHints:
    """How often a feed asks to be read, in its own words.

    `interval` is in seconds, the longest of `ttl` (RSS 2.0) and `sy:updatePeriod` (RSS 1.0
    Syndication); `skip_hours` are hours of the day in UTC, 0 to 23; `skip_days` days of the week,
    Monday is 0.
    """

    interval: int | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed document, normalised; `warning` says what was wrong with it but could be salvaged.

    `hub_url` is the WebSub hub that it names (W3C WebSub, section 4); `truncated` says that the
    document ends in the middle, so its last entry may be cut. `updated` is the feed's own date as
    it claims it, credible or not.
    """

    title: str | None
    site_url: str | None
    description: str | None
    language: str | None
    entries: tuple[ParsedEntry, ...]
    warning: str | None = None
    image_url: str | None = None
    hub_url: str | None = None
    hints: PollingHints = PollingHints()
    truncated: bool = False
    updated: datetime | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A feed that a page points to."""

    url: str
    title: str | None = None


@dataclass(frozen=True, slots=True)
class FeedLinks:
    """The feeds that a page points to, most likely first; empty when it names none.

    `candidates` are those that it declares, `anchors` what else looks like a link to a feed.
    """

    candidates: tuple[Candidate, ...]
    anchors: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class PageRedirect:
    """What a page comes to that only sends its readers on to another address."""

    url: str


@dataclass(frozen=True, slots=True)
class SubscriptionList:
    """The feeds of a document that lists them; `reading_lists` are the lists that it refers to.

    `not_taken` are the first of the `not_taken_total` that are no feeds; `repeated` counts those
    that stand there once more; `warning` says what was wrong with the document but was mended.
    """

    subscriptions: tuple[Subscription, ...]
    reading_lists: tuple[str, ...] = ()
    not_taken: tuple[NotTaken, ...] = ()
    not_taken_total: int = 0
    repeated: int = 0
    warning: str | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """The article found on a web page."""

    title: str
    authors: tuple[str, ...]
    published: datetime | None
    content: Content


class Gone(IntEnum):
    """Whether a feed's server says that the feed is gone for good (410)."""

    NO = 0
    SAID_ONCE = 1
    CONFIRMED = 2


class FeedStatus(StrEnum):
    """How a subscription is doing; `DORMANT_AFTER` without a new entry it is dormant.

    One that was never read is new.
    """

    OK = "ok"
    FAILING = "failing"
    DORMANT = "dormant"
    GONE = "gone"
    NEW = "new"


DORMANT_AFTER = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Redirect:
    """A permanent redirect that a feed answers with, and on how many checks a day apart."""

    url: str
    checks: int
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class FormerAddress:
    """Where a feed was followed until it was adopted at the target of a permanent redirect."""

    url: str
    left_at: datetime


@dataclass(frozen=True, slots=True)
class FeedName:
    """What a feed can be called by; `former` are its earlier addresses in canonical form."""

    id: int
    title: str
    url: str
    site_url: str | None = None
    group: str | None = None
    former: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed as it is stored.

    The first fields say how it was at the moment `as_of`; those from `next_check_at` on are what
    its checks have come to. `title` is never empty: the label of the subscription, or else
    `own_title`, or else the URL. `group` is the folder that it stands in. `former` are the
    addresses at which it was followed, the last one first; `warning` says what was wrong with its
    document but could be salvaged; `proposal` is the feed that its site links to while this one is
    not found any more. `body_hash` is the SHA-256 of its last document in hexadecimal digits, empty
    when that has to be read again, and with `?` in front when its end may be missing;
    `whole_at` is when it came, `not_modified` how many answers of 304 there were since it last
    differed; from `overdue_at` on it is silent for much longer than between its newest entries.
    """

    id: int
    url: str
    title: str
    group: str | None
    status: FeedStatus
    entries: int
    newest_entry: datetime | None
    former: tuple[FormerAddress, ...]
    as_of: datetime
    next_check_at: datetime
    checked_at: datetime | None = None
    succeeded_at: datetime | None = None
    errors: int = 0
    gone: Gone = Gone.NO
    problem: str | None = None
    warning: str | None = None
    proposal: str | None = None
    redirect: Redirect | None = None
    validators: Validators | None = None
    body_hash: str | None = None
    whole_at: datetime | None = None
    not_modified: int = 0
    overdue_at: datetime | None = None
    own_title: str | None = None
    site_url: str | None = None
    description: str | None = None
    language: str | None = None
    image_url: str | None = None
    hub_url: str | None = None
    hints: PollingHints = PollingHints()


class BriefFeed(NamedTuple):
    """A feed as far as a brief list has it; its fields are those of `Feed`."""

    id: int
    url: str
    title: str
    group: str | None
    status: FeedStatus
    entries: int
    newest_entry: datetime | None
    problem: str | None


# One update of a feed: what is read of it, what is decided, and how its server answered.


@dataclass(frozen=True, slots=True)
class DomainPause:
    """Until when a registrable domain asked not to be asked.

    `times` is how many pauses there were without a feed of it that answered in between.
    """

    domain: str
    until: datetime
    times: int = 1


@dataclass(frozen=True, slots=True)
class Turn:
    """What is known, where several processes share it, of when a registrable domain may be asked.

    With `held_until` it may be asked now, and is kept for who asks until then at most; else it is
    to be looked at again in `wait` seconds. What is left of its pause is `paused` seconds, which
    are negative when it is over, and `pauses` is how many there were without an answer between.
    """

    domain: str
    held_until: datetime | None = None
    wait: float = 0.0
    paused: float = 0.0
    pauses: int = 0


@dataclass(frozen=True, slots=True)
class FactsWanted:
    """What is to be read for the decision about a feed, beside the feed itself.

    `entries` are those of its document, to be recognised; `target` is where it redirects to for
    good, `domain` a registrable domain that asked for a pause; `dates` is how many dates of its
    newest entries are needed.
    """

    entries: tuple[ParsedEntry, ...] = ()
    target: str | None = None
    domain: str | None = None
    dates: int = 0


@dataclass(frozen=True, slots=True)
class RecognisedEntry:
    """An entry of a feed document and the stored one that it is; `id` is None when it is new.

    `entry` has the key under which it is to be stored. The `has_other_…` compare it with the
    stored one. `deleted_from` is the time that it was ordered by before it was deleted for its age.
    """

    entry: ParsedEntry
    id: int | None = None
    has_other_key: bool = False
    has_other_date: bool = False
    has_other_text: bool = False
    deleted_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class FeedFacts:
    """All that a decision about a feed needs of the store, read at one moment.

    `entries` are those of the document that were `wanted`, each key once, in its order; `dates`
    those of the feed's newest entries, deleted ones included. Entries older than `kept_since` are
    not stored (None: all are). `neighbours` are the ids of the other feeds of the wanted domain.
    `change_token` differs once anything that is stored of the feed has changed.
    """

    feed: Feed
    change_token: tuple[object, ...]
    entries: tuple[RecognisedEntry, ...] = ()
    dates: tuple[datetime, ...] = ()
    kept_since: datetime | None = None
    is_target_followed: bool = False
    neighbours: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to be added; `ordered_at` is the time that it is ordered by for good.

    `undated` says that this is no date that the feed gave; `archived` that the entry is no news,
    since the feed held it before (see `feeds.archive`).
    """

    entry: ParsedEntry
    ordered_at: datetime
    undated: bool = False
    archived: bool = False


@dataclass(frozen=True, slots=True)
class RekeyedEntry:
    """An entry whose feed gave it another key or date, and changed nothing that a reader sees."""

    id: int
    entry: ParsedEntry


@dataclass(frozen=True, slots=True)
class RevisedEntry:
    """An entry that has changed; without `revised_at` it is not shown as revised."""

    id: int
    entry: ParsedEntry
    revised_at: datetime | None


EntryChange = NewEntry | RekeyedEntry | RevisedEntry


class Answered(StrEnum):
    """How a feed's server answered: with a document, with 304, or not as it should.

    The values are columns of the table `traffic`.
    """

    DOCUMENT = "documents"
    NOT_MODIFIED = "not_modified"
    FAILURE = "failures"


@dataclass(frozen=True, slots=True)
class Postponement:
    """The feeds of a domain that are not to be checked before its pause is over."""

    feed_ids: tuple[int, ...]
    pause: DomainPause


@dataclass(frozen=True, slots=True)
class FeedPlan:
    """What an update of a feed comes to, to be written in one transaction at the moment `now`.

    `feed` is the feed as it is to be; with another URL it is followed there from now on. `changes`
    are in the order in which they are to be written. The plan is void once the `change_token` of
    the facts that it was made from is not that of the feed any more.
    """

    feed: Feed
    change_token: tuple[object, ...]
    now: datetime
    answered: Answered | None
    changes: tuple[EntryChange, ...] = ()
    postponement: Postponement | None = None
