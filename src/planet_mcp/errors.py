"""Every error that planet-mcp raises on purpose.

PlanetError
├── SettingsError            a flag or environment variable is wrong
├── ArgumentError            a tool argument is wrong: unknown feed, bad date, foreign cursor
├── ListError                a document that lists feeds cannot be read
│   ├── OpmlError            an OPML document
│   └── PlanetIniError       the config.ini of a Planet
├── HostFileError            an MCP host's configuration cannot be read or written
├── PublishError             pages cannot be written as files
├── ModelError               a model of meaning cannot be fetched, loaded or run
├── StoreError               the database cannot be opened or written
│   ├── NewerDatabaseError   it was written by a newer planet-mcp
│   ├── ForeignDatabaseError it belongs to another program or is damaged
│   ├── DamagedDatabaseError its content contradicts itself
│   ├── DatabaseBusyError    another process holds it
│   ├── DatabaseAccessError  this user may not open or write it
│   ├── DiskError            the disk is full or fails
│   └── SlowQueryError       a question was stopped after its time
├── FetchError               a URL could not be fetched
│   ├── BlockedUrlError      the URL itself is not allowed
│   ├── BlockedAddressError  the host's address is not public
│   ├── TooLargeError        the body is over the limit
│   ├── UnreachableError     nobody answers at its address
│   ├── DeadlineError        no complete answer in time
│   ├── TooManyRedirectsError
│   ├── PausedError          its domain asked us to wait, so that it was not asked
│   └── BadResponseError     an HTTP error status or a broken answer
└── DocumentError            a fetched document is of no use
    ├── NotAFeedError        it is something else than a feed
    └── ParseFailedError     the parser failed or ran out of memory
        └── ParserDiedError  its process hung, crashed or flooded us, and was replaced

The text of each error says what is wrong and what to do next; `code` names the kind for programs.
No text shows the secrets that addresses carry, and none is longer than a page.
"""

import re
from http import HTTPStatus
from typing import ClassVar

_USER_INFO = re.compile(r"(?<=://)[^\s/?#@\\\"'<>]{1,500}@")
# What the last word of a parameter's name says: `access_token`, `apikey`, `X-Amz-Signature`.
_SECRET = re.compile(
    r"(?<=[?&;#])((?:[\w.~-]|%\w\w){0,60}"
    r"(?:token|key|secret|auth|password|passwd|pass|pwd|signature|sig|credentials?|jwt)"
    r"(?:%5D|\])?)=[^\s&;#\"'<>()]+",
    re.IGNORECASE,
)


_BEGINNING, _END = 3_000, 800


def redacted(text: str) -> str:
    """Return a text, or a URL, without the user names and secret parameters of URLs in it."""
    if "=" not in text and "@" not in text:
        return text
    return _SECRET.sub(r"\1=…", _USER_INFO.sub("…@", text))


class PlanetError(Exception):
    """Root of all errors that planet-mcp raises on purpose."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str = "") -> None:
        # Secrets go at once, since each of these texts ends in an answer, in the log or in the
        # store.
        super().__init__(redacted(_shortened(message)))


def store_problem(error: BaseException) -> str:
    """Return in words what is wrong with the store, if an error, or a group of them, says it."""
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(store_problem, error.exceptions)), "")
    return str(error) if isinstance(error, StoreError) else ""


def _shortened(message: str) -> str:
    """Cut out the middle of a text that quotes a stranger at length; what to do stands last."""
    if len(message) <= _BEGINNING + _END:
        return message
    return f"{message[:_BEGINNING]} […] {message[-_END:]}"


class SettingsError(PlanetError):
    """A flag or an environment variable has a value that is not allowed."""

    code = "settings"


class ArgumentError(PlanetError):
    """A value given by the caller of a tool or command cannot be used."""

    code = "argument"


class ListError(PlanetError):
    """A document that lists feeds is malformed or holds no subscriptions.

    `line` is the line of the document that could not be read, where one is known.
    """

    code = "list"

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


class OpmlError(ListError):
    """An OPML document is malformed or holds no subscriptions."""

    code = "opml"


class PlanetIniError(ListError):
    """The configuration of a Planet is malformed or holds no subscriptions."""

    code = "planet_ini"


class HostFileError(PlanetError):
    """An MCP host's configuration cannot be read, understood or written."""

    code = "host_file"


class ThemeError(PlanetError):
    """A template of the operator's own is wrong."""

    code = "theme"


class PublishError(PlanetError):
    """Pages cannot be written as files."""

    code = "publish"


class ModelError(PlanetError):
    """A model that makes vectors of texts cannot be fetched, loaded or run."""

    code = "model"


class StoreError(PlanetError):
    """The database cannot be opened, read or written."""

    code = "store"


class NewerDatabaseError(StoreError):
    """The database was written by a newer version of planet-mcp."""

    code = "newer_database"


class ForeignDatabaseError(StoreError):
    """The file is not a planet-mcp database, or is damaged."""

    code = "foreign_database"


class DamagedDatabaseError(StoreError):
    """The content of the database is damaged or contradicts itself."""

    code = "damaged_database"


class DatabaseBusyError(StoreError):
    """Another process holds the database for longer than we wait."""

    code = "database_busy"


class DatabaseAccessError(StoreError):
    """The file system does not let this user open or write the database."""

    code = "database_access"


class DiskError(StoreError):
    """The disk is full, over a quota, or failing."""

    code = "disk"


class SlowQueryError(StoreError):
    """A question would have taken longer than any may."""

    code = "slow_query"


class StaleViewError(StoreError):
    """A replica has not come so far yet, or cannot be read now: the primary is to be asked."""

    code = "stale_view"


class LateAnswerError(PlanetError):
    """Another process has taken over what this one was about to store."""

    code = "late_answer"


class FetchError(PlanetError):
    """A URL could not be fetched; `redirected` says that it was one where another led to."""

    code = "fetch_failed"
    redirected = False


class BlockedUrlError(FetchError):
    """The URL is not one that planet-mcp fetches."""

    code = "blocked_url"


class BlockedAddressError(FetchError):
    """The host resolves to an address that is not public."""

    code = "blocked_address"


class TooLargeError(FetchError):
    """The body is larger than the limit; `beginning` and `end` are what was read of it, if any."""

    code = "too_large"

    def __init__(self, message: str, *, beginning: bytes = b"", end: bytes = b"") -> None:
        super().__init__(message)
        self.beginning = beginning
        self.end = end


class UnreachableError(FetchError):
    """The host has no address, or nobody answers there: its fault, or that of our own network."""

    code = "unreachable"


class DeadlineError(FetchError):
    """No complete answer arrived in time."""

    code = "deadline"


class TooManyRedirectsError(FetchError):
    """The redirects did not end."""

    code = "too_many_redirects"


class PausedError(FetchError):
    """The URL's domain asked us to wait, for `seconds` from now, so nothing was asked of it."""

    code = "paused"

    def __init__(self, message: str, *, domain: str, seconds: float) -> None:
        super().__init__(message)
        self.domain = domain
        self.seconds = seconds


class BadResponseError(FetchError):
    """The server answered with an error status, or not with proper HTTP.

    `status` is the HTTP status where there was one, and `host` who answered it; `retry_after` the
    seconds the server asked to wait (RFC 9110, section 10.2.3); `is_limit` says that other fields
    of the answer call it one to too many requests.
    """

    code = "bad_response"

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        host: str = "",
        retry_after: int | None = None,
        is_limit: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.host = host
        self.retry_after = retry_after
        self.is_limit = is_limit

    @property
    def asks_for_a_pause(self) -> bool:
        """Return whether the server is busy (RFC 6585, section 4; RFC 9110, section 15.6.4).

        Several hosts say so by 403, which is a limit if the answer says when to come again.
        """
        return self.status in {429, 503} or (
            self.status == HTTPStatus.FORBIDDEN and (self.is_limit or bool(self.retry_after))
        )


class DocumentError(PlanetError):
    """A fetched document is of no use."""

    code = "document"


class NotAFeedError(DocumentError):
    """The document is not a feed."""

    code = "not_a_feed"


class ParseFailedError(DocumentError):
    """The parser failed on the document or ran out of memory."""

    code = "parse_failed"


class ParserDiedError(ParseFailedError):
    """The document cost the parser its process: it hung, crashed, or answered without end."""
