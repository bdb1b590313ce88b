"""Bodies: read within their limits, and their one content coding undone (RFC 9110, section 8.4).

We ask for gzip and deflate. Brotli, which some servers send to everyone, is read too, as is a gzip
file that is served as what it is; a word that names no coding (`UTF-8`, `none`) says nothing.
"""

import zlib
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

import anyio
import httpx

from planet_mcp.errors import BadResponseError, TooLargeError
from planet_mcp.network.limits import Limits

if TYPE_CHECKING:
    from brotli import Decompressor

Progress = Callable[[int], object]

_GZIP_MAGIC = b"\x1f\x8b"
# `wbits` of `zlib.decompressobj`, which names the format: 31 is gzip, 15 is zlib.
_CODINGS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_GZIP_FILE = _GZIP_MAGIC + b"\x08"
# Seconds of a fetch's time that are kept for what follows the body.
_SPARE_SECONDS = 2.0
# The other codings in IANA's registry (RFC 9110, section 16.6.1).
_UNREADABLE = frozenset("aes128gcm compress x-compress dcb dcz exi pack200-gzip zstd".split())


async def read_body(
    name: str,
    response: httpx.Response,
    limits: Limits,
    *,
    cut: bool = False,
    progress: Progress = lambda _: None,
) -> bytes:
    """Return the body of an answer, decoded; `name` is what errors call its URL.

    Without `cut`, nothing is read of a body whose Content-Length is over the limit. `progress` is
    called with the number of bytes so far.

    Raises:
        TooLargeError: It is larger than `limits.body`. It has the beginning of the body, and with
            `cut` its end, if that came soon.
        BadResponseError: It is damaged or cut, or encoded in a way that was not asked for.
    """
    _check_length(name, response.headers)
    if not cut and _promised(response.headers) > limits.body:
        raise too_large(name, limits)
    until = anyio.current_time() + limits.seconds - _SPARE_SECONDS
    body, end, most = bytearray(), b"", limits.passed_over if cut else limits.body
    async with aclosing(_pieces(name, response, limits, most=most)) as pieces:
        async for piece in pieces:
            body += piece
            progress(len(body))
            if len(body) > limits.body:
                break
        else:
            return bytes(body)
        # A failure in the rest of the body is ignored: its beginning can be read.
        with suppress(Exception):
            if cut and _promised(response.headers) <= limits.passed_over:
                end = await _end(pieces, body[limits.body :], limits, until=until)
    raise too_large(name, limits, bytes(body[: limits.body]), end)


async def _pieces(
    name: str, response: httpx.Response, limits: Limits, *, most: int
) -> AsyncGenerator[bytes, None]:
    """Decode a body piece by piece, of which at most so many bytes are sent."""
    codings, wire = response.headers.get("content-encoding", ""), 0
    inflate = _decoder(name, codings, b"", limits)
    async for chunk in response.aiter_raw(65_536):
        if not wire:
            inflate = _decoder(name, codings, chunk, limits)
        wire += len(chunk)
        if wire > most:
            raise too_large(name, limits)
        for piece in inflate(chunk):
            yield piece
            await anyio.lowlevel.checkpoint()
    if not inflate.complete:
        raise BadResponseError(f"{name} ended in the middle of its compressed body.")


async def _end(
    pieces: AsyncGenerator[bytes, None], last: bytearray, limits: Limits, *, until: float
) -> bytes:
    """Return the end of a body whose beginning was read; empty if it is late or too far away."""
    read = limits.body + len(last)
    with anyio.move_on_after(until - anyio.current_time()):
        async for piece in pieces:
            read += len(piece)
            if read > limits.passed_over:
                return b""
            last += piece
            if len(last) > 2 * limits.end:
                del last[: -limits.end]
        return bytes(last[-limits.end :])
    return b""


def too_large(name: str, limits: Limits, beginning: bytes = b"", end: bytes = b"") -> TooLargeError:
    """Return the error for a document that is larger than the limit."""
    reason = f"{name} is larger than {limits.body / 2**20:g} MB."
    return TooLargeError(reason, beginning=beginning, end=end)


def _check_length(name: str, headers: httpx.Headers) -> None:
    if headers.get("content-length") and "transfer-encoding" in headers:
        # A proxy on the way may have gone by the other length (RFC 9112, section 6.1).
        raise BadResponseError(f"{name} says in two ways how long its body is.")


def _promised(headers: httpx.Headers) -> int:
    length = headers.get("content-length", "")
    return int(length) if length.isdecimal() else 0


def _decoder(name: str, codings: str, beginning: bytes, limits: Limits) -> "Inflate | Brotli":
    named = [item.strip().lower() for item in codings.split(",")]
    wanted = [item for item in named if item in _CODINGS or item in _UNREADABLE | {"br"}]
    if len(wanted) > 1 or (wanted and wanted[0] in _UNREADABLE):
        raise BadResponseError(
            f"{name} is encoded as {', '.join(wanted[:3])!r}, which was not asked for. Only its "
            "publisher can mend that, and until then it cannot be read."
        )
    if wanted == ["br"]:
        return Brotli()
    coding = wanted[0] if wanted else "gzip" if beginning.startswith(_GZIP_FILE) else None
    return Inflate(coding, max_members=limits.gzip_members)


class Brotli:
    """Undoes brotli (RFC 7932) in steps of about 64 KiB, so that a bomb is seen in time."""

    STEP = 65_536

    def __init__(self) -> None:
        self._engine: Decompressor | None = None

    @property
    def complete(self) -> bool:
        """Return whether what was read so far is a whole body."""
        return self._engine is None or self._engine.is_finished()

    def __call__(self, chunk: bytes) -> Iterable[bytes]:
        """Decode the next chunk.

        Raises:
            BadResponseError: It is damaged.
        """
        import brotli  # deferred: few servers send it unasked

        if self._engine is None:
            self._engine = brotli.Decompressor()
        try:
            piece = b"" if self._engine.is_finished() else self._step(self._engine, chunk)
            while piece:
                yield piece
                piece = b"" if self._engine.is_finished() else self._step(self._engine, b"")
        except brotli.error as error:
            raise BadResponseError("The compressed body is damaged: it is no brotli.") from error

    def _step(self, engine: "Decompressor", data: bytes) -> bytes:
        piece: bytes = engine.process(data, output_buffer_limit=self.STEP)
        return piece


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
        # The last byte, where it may be the first of the two with which a gzip member begins.
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
        # After a full piece there may be more, although zlib took all input: it holds output back.
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
            # "deflate" may also mean raw deflate, without zlib's head (RFC 9110, section 8.4.1.2).
            self._engine = zlib.decompressobj(-15)
            return self._engine.decompress(chunk, self.STEP)
