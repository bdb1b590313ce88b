"""What a document says, read out of its format but not vetted yet."""

from dataclasses import dataclass, field
from datetime import datetime

from planet_mcp.models import PollingHints


@dataclass(frozen=True, slots=True)
class RawText:
    """A text with the media type it claims and the base that `xml:base` gives its links."""

    value: str
    type: str = "text/plain"
    base: str = ""


@dataclass(frozen=True, slots=True)
class RawEnclosure:
    """A file that comes with an entry; everything is as written."""

    url: str
    type: str = ""
    length: str = ""
    duration: str = ""
    medium: str = ""


@dataclass(frozen=True, slots=True)
class RawDescribed:
    """A picture or recording that comes with an entry, and what is said of it."""

    url: str
    caption: str
    is_picture: bool = True


@dataclass(frozen=True, slots=True)
class RawChapter:
    """Where a part of a recording begins, as written; `link` is empty where there is none."""

    start: str
    title: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class RawEntry:
    """An entry; `id` and `link` are as written, resolved against nothing but `xml:base`.

    `permalink` is the id where that is called the address of a page. The dates are what it claims,
    credible or not; `duration` is how long its recording plays.
    """

    id: str
    link: str
    title: RawText
    texts: tuple[RawText, ...]
    authors: tuple[str, ...]
    tags: tuple[str, ...]
    published: datetime | None
    updated: datetime | None
    enclosures: tuple[RawEnclosure, ...] = ()
    duration: str = ""
    permalink: str = ""
    described: tuple[RawDescribed, ...] = ()
    chapters: tuple[RawChapter, ...] = ()


@dataclass(frozen=True, slots=True)
class RawFeed:
    """A feed; `problem` says what of it had to be repaired or skipped.

    `images` are the addresses of what may be shown for it, the best first; `truncated` says that
    the document ends in the middle; `updated` is its own date, credible or not.
    """

    title: str
    link: str
    description: str
    language: str
    authors: tuple[str, ...]
    entries: tuple[RawEntry, ...] = ()
    problem: str | None = None
    images: tuple[str, ...] = ()
    hub: str = ""
    truncated: bool = False
    hints: PollingHints = field(default_factory=PollingHints)
    updated: datetime | None = None
