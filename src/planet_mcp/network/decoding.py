"""Bodies: read within their limits, and their one content coding undone (RFC 9110, section 8.4)."""

import re
import zlib
from collections.abc import Iterable

import anyio
import httpx

from planet_mcp.errors import BadResponseError, TooLargeError
from planet_mcp.network.limits import Limits

_GZIP_MAGIC = b"\x1f\x8b"
# The window that zlib takes for each.
_CODINGS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_CODING_NAME = re.compile(r"[a-z0-9-]{1,16}")


async def read_body(name: str, response: httpx.Response, limits: Limits) -> bytes:
    """Return the body of an answer, decoded; `name` is what errors call its URL.

    Raises:
        TooLargeError: It is larger than `limits.body`, packed or unpacked.
        BadResponseError: It is damaged or cut, or encoded in a way that was not asked for.
    """
    _check_length(name, response.headers, limits)
    inflate = _decoder(name, response.headers.get("content-encoding", ""), limits)
    body, wire = bytearray(), 0
    async for chunk in response.aiter_raw(65_536):
        wire += len(chunk)
        if wire > limits.body:
            raise too_large(name, limits)
        for piece in inflate(chunk):
            body += piece
            if len(body) > limits.body:
                raise too_large(name, limits)
            await anyio.lowlevel.checkpoint()
    if not inflate.complete:
        raise BadResponseError(f"{name} ended in the middle of its compressed body.")
    return bytes(body)


def too_large(name: str, limits: Limits) -> TooLargeError:
    """Return the error for a document that is larger than the limit."""
    return TooLargeError(f"{name} is larger than {limits.body / 2**20:g} MB.")


def _check_length(name: str, headers: httpx.Headers, limits: Limits) -> None:
    length = headers.get("content-length", "")
    if length and "transfer-encoding" in headers:
        # A proxy on the way may have taken the other one (RFC 9112, section 6.1).
        raise BadResponseError(f"{name} says in two ways how long its body is.")
    if length.isdecimal() and int(length) > limits.body:
        raise too_large(name, limits)


def _decoder(name: str, codings: str, limits: Limits) -> "Inflate":
    named = [item.strip().lower() for item in codings.split(",")]
    wanted = [item for item in named if item not in {"", "identity"}]
    if len(wanted) > 1 or (wanted and wanted[0] not in _CODINGS):
        words = ", ".join(item if _CODING_NAME.fullmatch(item) else "?" for item in wanted[:3])
        raise BadResponseError(f"{name} is encoded as {words!r}, which was not asked for.")
    return Inflate(wanted[0] if wanted else None, max_members=limits.gzip_members)


class Inflate:
    """Undoes one content coding in steps of at most 64 KiB, so that a bomb is seen in time."""

    STEP = 65_536

    def __init__(self, coding: str | None, *, max_members: int) -> None:
        self._coding = coding
        self._engine = zlib.decompressobj(_CODINGS[coding]) if coding else None
        self._max_members = max_members
        self._started = False
        self._members = 1
        self._over = False
        # The first half of the magic number of another member, if it is one.
        self._half = b""

    @property
    def complete(self) -> bool:
        """Return whether what was read so far is a whole body."""
        return self._engine is None or self._engine.eof or not self._started

    def __call__(self, chunk: bytes) -> Iterable[bytes]:
        """Decode the next chunk.

        Raises:
            BadResponseError: It is damaged, or the body has too many members.
        """
        if self._engine is None:
            yield chunk
            return
        data, full = self._half + chunk, False
        self._half = b""
        # A full piece may leave more inside the engine although all input is taken.
        while data or full:
            if self._engine.eof:
                data = self._next_member(data)
                if not data:
                    return
            piece = self._step(data)
            yield piece
            full = len(piece) == self.STEP
            data = self._engine.unconsumed_tail or self._engine.unused_data

    def _next_member(self, data: bytes) -> bytes:
        """Begin the next member, as a gzip file may have several (RFC 1952, section 2.2).

        What comes after the last one is dropped.
        """
        if not self._over and data == _GZIP_MAGIC[:1]:
            self._half = data
            return b""
        if self._over or self._coding == "deflate" or not data.startswith(_GZIP_MAGIC):
            self._over = True
            return b""
        self._members += 1
        if self._members > self._max_members:
            raise BadResponseError(f"The compressed body has over {self._max_members} parts.")
        self._engine = zlib.decompressobj(_CODINGS["gzip"])
        return data

    def _step(self, chunk: bytes) -> bytes:
        try:
            return self._decompress(chunk)
        except zlib.error as error:
            raise BadResponseError(f"The compressed body is damaged: {error}.") from error

    def _decompress(self, chunk: bytes) -> bytes:
        assert self._engine is not None  # noqa: S101 - narrows for the type checker
        first, self._started = not self._started, True
        try:
            return self._engine.decompress(chunk, self.STEP)
        except zlib.error:
            if not first or self._coding != "deflate":
                raise
            # Half of the web means raw deflate by "deflate" (RFC 9110, section 8.4.1.2).
            self._engine = zlib.decompressobj(-15)
            return self._engine.decompress(chunk, self.STEP)
