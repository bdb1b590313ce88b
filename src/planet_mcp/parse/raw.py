"""What a document says, read out of its format but not judged yet."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RawText:
    """A text with the media type it claims and the base that `xml:base` gives its links."""

    value: str
    type: str = "text/plain"
    base: str = ""


@dataclass(frozen=True, slots=True)
class RawEntry:
    """An entry; `id` and `link` are as written, resolved against nothing but `xml:base`."""

    id: str
    link: str
    title: RawText
    texts: tuple[RawText, ...]
    authors: tuple[str, ...]
    tags: tuple[str, ...]
    published: datetime | None
    updated: datetime | None


@dataclass(frozen=True, slots=True)
class RawFeed:
    """A feed; `problem` says what of it had to be repaired or skipped."""

    title: str
    link: str
    description: str
    language: str
    authors: tuple[str, ...]
    entries: tuple[RawEntry, ...]
    problem: str | None = None
