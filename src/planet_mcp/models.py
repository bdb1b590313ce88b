"""The frozen values that pass between the modules; no behaviour beyond what they say themselves.

What a feed claims keeps Atom's names (`published`, `updated`); what planet-mcp observed ends in
`_at`. All times are aware UTC.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum


@dataclass(frozen=True, slots=True)
class Subscription:
    """One feed of a list of feeds."""

    url: str
    title: str | None = None
    site_url: str | None = None


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
    the way was permanent (301, 308); `fresh_for` how many seconds the server calls it fresh.
    """

    url: str
    body: bytes
    content_type: str
    validators: Validators
    moved_to: str | None = None
    fresh_for: int | None = None


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
    beginning of the text, `words` its length, `hosts` where its links lead, sorted.
    """

    markdown: str
    text: str
    excerpt: str
    words: int
    hosts: tuple[str, ...] = ()


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
    document ends in the middle, so its last entry may be cut.
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
class SubscriptionList:
    """The feeds of a document that lists them; `reading_lists` are the lists that it refers to."""

    subscriptions: tuple[Subscription, ...]
    reading_lists: tuple[str, ...] = ()


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
    TOLD_ONCE = 1
    CONFIRMED = 2


class FeedStatus(StrEnum):
    """How a subscription is doing."""

    OK = "ok"
    FAILING = "failing"
    DORMANT = "dormant"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Move:
    """A permanent redirect that a feed answers with, and on how many checks a day apart."""

    url: str
    checks: int
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed as it is stored; `title` is never empty (it falls back to the URL).

    `former_urls` are where it was followed before it moved; `proposal` is the feed that its site
    links to while this one is not found any more.
    """

    id: int
    url: str
    title: str
    site_url: str | None
    entries: int
    newest_entry: datetime | None
    status: FeedStatus
    problem: str | None
    warning: str | None
    errors: int
    gone: Gone
    validators: Validators | None
    body_hash: str | None
    hints: PollingHints
    move: Move | None
    proposal: str | None
    former_urls: tuple[str, ...]
    checked_at: datetime | None
    next_check_at: datetime
