"""What a body is, whatever its media type says: a page, text, source code, or nothing to read."""

import re
from enum import StrEnum
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from planet_mcp.errors import DocumentError
from planet_mcp.text.from_html import one_line


class BodyKind(StrEnum):
    """How a body is read."""

    PAGE = "page"
    TEXT = "text"
    CODE = "code"


class SniffedBody(NamedTuple):
    """How to read a body; `language` is that of source code."""

    kind: BodyKind
    language: str = ""


_PAGE, _TEXT = SniffedBody(BodyKind.PAGE), SniffedBody(BodyKind.TEXT)
_HTML_TYPES = frozenset(("text/html", "application/xhtml+xml"))
_TEXT_TYPES = frozenset(("text/markdown", "text/x-markdown", "text/x-rst"))
_UNSTATED = frozenset(
    ("", "text/plain", "application/octet-stream", "binary/octet-stream", "application/unknown")
)
_CODE_TYPES = frozenset(
    """
    json ld+json x-ndjson yaml x-yaml toml xml rss+xml atom+xml javascript x-javascript ecmascript
    typescript x-sh x-python sql graphql x-httpd-php x-tex
    """.split()
)
_SUBTYPES = {
    "x-yaml": "yaml",
    "x-sh": "sh",
    "x-script.python": "python",
    "ecmascript": "javascript",
    "x-c++": "cpp",
    "x-csrc": "c",
    "x-c++src": "cpp",
    "x-chdr": "c",
    "x-ndjson": "jsonl",
    "x-httpd-php": "php",
    "comma-separated-values": "csv",
    "tab-separated-values": "tsv",
    "x-diff": "diff",
    "x-patch": "diff",
}
_PROSE_ENDINGS = frozenset((".md", ".markdown", ".mdown", ".mkd", ".rst", ".txt", ".text", ".adoc"))
_ENDINGS = {
    ".bash": "bash",
    ".bat": "bat",
    ".c": "c",
    ".cfg": "ini",
    ".clj": "clojure",
    ".cpp": "cpp",
    ".cs": "csharp",
    ".css": "css",
    ".csv": "csv",
    ".diff": "diff",
    ".el": "elisp",
    ".erl": "erlang",
    ".ex": "elixir",
    ".exs": "elixir",
    ".go": "go",
    ".h": "c",
    ".hpp": "cpp",
    ".hs": "haskell",
    ".ini": "ini",
    ".ipynb": "json",
    ".java": "java",
    ".js": "javascript",
    ".json": "json",
    ".jsonl": "jsonl",
    ".jsx": "jsx",
    ".kt": "kotlin",
    ".lua": "lua",
    ".mjs": "javascript",
    ".ml": "ocaml",
    ".patch": "diff",
    ".php": "php",
    ".pl": "perl",
    ".ps1": "powershell",
    ".py": "python",
    ".pyi": "python",
    ".r": "r",
    ".rb": "ruby",
    ".rs": "rust",
    ".scala": "scala",
    ".scss": "scss",
    ".sh": "sh",
    ".sql": "sql",
    ".swift": "swift",
    ".tex": "tex",
    ".toml": "toml",
    ".ts": "typescript",
    ".tsv": "tsv",
    ".tsx": "tsx",
    ".vue": "vue",
    ".xml": "xml",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".zig": "zig",
}
_MAGIC = (
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x89PNG", "a PNG image"),
    (b"GIF8", "a GIF image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"RIFF", "an image or a recording"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"ID3", "an audio file"),
    (b"OggS", "an audio file"),
    (b"fLaC", "an audio file"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"\x7fELF", "a program"),
    (b"{\\rtf", "an RTF document"),
    (b"\xd0\xcf\x11\xe0", "an office document"),
)
_FAMILIES = {"image": "an image", "audio": "an audio file", "video": "a video", "font": "a font"}
_TYPES = {
    "application/pdf": "a PDF document",
    "application/zip": "an archive",
    "application/gzip": "an archive",
    "application/epub+zip": "a book (EPUB)",
}
_HTML_START = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_FEED_START = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<[!?][^>]{0,2000}>\s*){0,9}<(?:rss|feed|rdf:RDF)\b",
    re.IGNORECASE,
)
_BOM = b"\xef\xbb\xbf"
_WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff")
_LOOK_AT = 4096
_LONGEST_TITLE = 200


def sniff_body(body: bytes, *, url: str, media_type: str) -> SniffedBody:
    """Return how to read a body.

    Raises:
        DocumentError: It is a file that holds no text, or a feed.
    """
    head = body[:_LOOK_AT].removeprefix(_BOM)
    _refuse_binary(head, body, url, media_type)
    if media_type in _HTML_TYPES or _HTML_START.match(head):
        return _PAGE
    if _FEED_START.match(head):
        raise DocumentError(
            f"{url} is a feed, not an article. Add it as a subscription, or take an entry of it."
        )
    if media_type in _UNSTATED:
        return _by_ending(url) or (_TEXT if media_type else _PAGE)
    return _by_type(media_type, url) or _refused(body, url, media_type, _named(media_type))


def _refuse_binary(head: bytes, body: bytes, url: str, media_type: str) -> None:
    for start, name in _MAGIC:
        if head.startswith(start):
            _refused(body, url, media_type, name)
    if media_type in _UNSTATED and b"\0" in head and not head.startswith(_WIDE_BOMS):
        _refused(body, url, media_type, "a binary file")


def _refused(body: bytes, url: str, media_type: str, name: str) -> SniffedBody:
    stated = f"{one_line(media_type, limit=80)}, " if media_type else ""
    raise DocumentError(
        f"{url} is {name} ({stated}{_size(len(body))}), not a web page or text: there is no "
        "article to read. Look for a page that describes it, or give the user the link."
    )


def _size(length: int) -> str:
    for unit, size in (("MB", 1_000_000), ("kB", 1000)):
        if length >= size:
            return f"{length / size:.1f} {unit}"
    return f"{length} bytes"


def _named(media_type: str) -> str:
    family = media_type.partition("/")[0]
    return _TYPES.get(media_type) or _FAMILIES.get(family) or "a file"


def _by_type(media_type: str, url: str) -> SniffedBody | None:
    family, _, subtype = media_type.partition("/")
    if media_type in _TEXT_TYPES:
        return _TEXT
    plain = subtype in _CODE_TYPES or subtype.endswith(("+json", "+xml", "+yaml"))
    if family == "text" or (family == "application" and plain):
        return _by_ending(url) or SniffedBody(BodyKind.CODE, _language(subtype))
    return None


def _by_ending(url: str) -> SniffedBody | None:
    ending = PurePosixPath(file_name(url)).suffix.lower()
    if ending in _PROSE_ENDINGS:
        return _TEXT
    return SniffedBody(BodyKind.CODE, _ENDINGS[ending]) if ending in _ENDINGS else None


def _language(subtype: str) -> str:
    for suffix in ("json", "xml", "yaml"):
        if subtype.endswith(f"+{suffix}"):
            return suffix
    language = _SUBTYPES.get(subtype) or subtype.removeprefix("x-")
    return language if re.fullmatch(r"[a-z0-9]{1,20}", language) else ""


def file_name(url: str) -> str:
    """Return the last part of a URL's path."""
    try:
        path = unquote(urlsplit(url).path)
    except ValueError:
        return ""
    return one_line(path.rstrip("/").rpartition("/")[2], limit=_LONGEST_TITLE)
