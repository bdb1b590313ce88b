"""feedparser's parsers, made to go on after errors, and to read elements that they do not (pure).

A handler of feedparser may fail on an odd document with nearly any error: that costs its element
and no more. The description of a file that comes with an entry stays with that file; feedparser
would take it for the entry's own words.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar
from xml.sax.expatreader import ExpatParser

from feedparser.api import LooseFeedParser, StrictFeedParser

_DECLARATION = b"<?xml version='1.0' encoding='utf-8'?>\n"
_BUFFER = 65_536
_ENTRIES = frozenset({"entry", "item"})
_NAMESPACES = {
    "http://www.w3.org/2007/app": "app",
    "http://purl.org/atom/app#": "app",
    "https://podcastindex.org/namespace/1.0": "podcast",
    "https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md": "podcast",
}


@dataclass(frozen=True, slots=True)
class Parsed:
    """What feedparser makes of a document, in its own terms; `error` is why it was salvaged."""

    feed: dict[str, Any]
    entries: list[dict[str, Any]]
    version: str
    error: Exception | None


class _Forgiving:
    """What both parsers do beyond feedparser's: its handlers are methods by the elements' names."""

    namespaces = StrictFeedParser.namespaces | _NAMESPACES
    _matchnamespaces: ClassVar[dict[str, str]] = {}
    _get_context: Callable[[], dict[str, Any]]
    push: Callable[[str, int], None]
    pop: Callable[[str], str | None]
    guidislink: bool
    depth: int
    incontent: int
    resolve_relative_uris = sanitize_html = False
    failed: Exception | None = None
    file: dict[str, Any] | None = None

    def unknown_starttag(self, tag: str, attrs: Any) -> None:
        handle = partial(super().unknown_starttag, tag, attrs)  # type: ignore[misc]
        self.failed = _failure_of(handle) or self.failed

    def unknown_endtag(self, tag: str) -> None:
        outside = self.depth - 1
        failure = _failure_of(partial(super().unknown_endtag, tag))  # type: ignore[misc]
        if failure:
            self.failed, self.depth = failure, outside

    def _end_guid(self) -> None:
        super()._end_guid()  # type: ignore[misc]
        self._get_context().setdefault("is_permalink", self.guidislink)

    _end_id = _end_guid

    def _start_dcterms_modified(self, _: dict[str, Any]) -> None:
        self.push("revised", 0)

    def _end_dcterms_modified(self) -> None:
        # Beside it `dc:date` is when an entry was published; feedparser keeps one of the two.
        self._get_context()["revised"] = self.pop("revised") or ""

    def _start_media_content(self, attributes: dict[str, Any]) -> None:
        super()._start_media_content(attributes)  # type: ignore[misc]
        self.file = attributes

    def _end_media_content(self) -> None:
        self.file = None

    def _start_media_description(self, _: dict[str, Any]) -> None:
        self.push("media_description", 0)

    def _end_media_description(self) -> None:
        described = self._get_context() if self.file is None else self.file
        described.setdefault("media_description", self.pop("media_description") or "")

    def _start_media_text(self, _: dict[str, Any]) -> None:
        self.push("media_text", 0)

    def _end_media_text(self) -> None:
        text = self.pop("media_text") or ""
        # `<media:text>` is the transcript of a recording (Media RSS), or the caption of a picture.
        if (
            self.file is not None
            and "image" in f"{self.file.get('type')} {self.file.get('medium')}"
        ):
            self.file.setdefault("media_description", text)

    def _start_podcast_transcript(self, attributes: dict[str, Any]) -> None:
        self._get_context().setdefault("podcast_files", []).append(attributes)

    _start_podcast_chapters = _start_podcast_transcript


class _Strict(_Forgiving, StrictFeedParser):  # type: ignore[misc]
    pass


class _Loose(_Forgiving, LooseFeedParser):  # type: ignore[misc]
    def unknown_starttag(self, tag: str, attrs: Any) -> None:
        # A text ends where an entry begins, even if it was never closed: entries are in no text.
        if self.incontent and tag.rpartition(":")[2] in _ENTRIES:
            self.incontent = 0
            self.contentparams.clear()
            self.elementstack.clear()
        super().unknown_starttag(tag, attrs)


class _Reader(ExpatParser):
    """Reads XML, and hands each text over in one piece instead of line by line."""

    def __init__(self) -> None:
        # Entities need no guard: no DOCTYPE, which could declare one, comes as far as here.
        super().__init__(namespaceHandling=1)

    def reset(self) -> None:
        super().reset()
        expat: Any = self._parser  # type: ignore[attr-defined]
        expat.buffer_text, expat.buffer_size = True, _BUFFER


def run(text: str) -> Parsed:
    """Read a document without declaration or DOCTYPE, in which all is repaired.

    Its links are not resolved, on purpose: ids would change when the feed moves.
    """
    strict = _Strict("", None, "utf-8")
    reader = _Reader()
    reader.setContentHandler(strict)
    reader.setErrorHandler(strict)
    body = io.BytesIO(_DECLARATION + text.encode("utf-8", "replace"))
    malformed = _failure_of(partial(reader.parse, body))
    if not malformed:
        return Parsed(strict.feeddata, strict.entries, strict.version, strict.failed)
    loose = _Loose("", None, "utf-8", {})
    _failure_of(partial(loose.feed, text))
    return Parsed(loose.feeddata, loose.entries, loose.version, strict.exc or malformed)


def _failure_of(call: Callable[[], object]) -> Exception | None:
    try:
        call()
    except MemoryError:
        raise
    # feedparser fails on broken documents with nearly any error.
    except Exception as error:  # noqa: BLE001
        return error
    return None
