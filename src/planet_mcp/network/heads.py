"""Mending the heads of answers, in which some lines are no header fields, as browsers read them.

h11 refuses an answer for one such line (RFC 9112, section 5). Neglected servers send them for
years: a blank before the colon or the name, a line without a colon, a control character.
"""

import re

_TOKEN = re.compile(rb"[-!#$%&'*+.^_`|~0-9a-zA-Z]+")
# The characters that h11 refuses in a value. What else may be wrong with validators and types is
# seen where these are read.
_CONTROLS = re.compile(rb"[\x00\x0b\x0c\r]")
_INFORMATIONAL = re.compile(rb"HTTP/\d\.\d 1\d\d\b")


class HeadMender:
    """Mends the head of an answer line by line as it comes, and passes on all that follows it."""

    def __init__(self) -> None:
        self._rest = b""
        self._status: bytes | None = None
        # Whether the last field was passed on, and with it the lines that continue it; None before
        # the first.
        self._continues: bool | None = None
        self._over = False

    def __call__(self, data: bytes) -> bytes:
        """Return what can be passed on so far; no data means that no more will come."""
        if self._over or not data:
            rest, self._rest = self._rest, b""
            return rest + data
        *lines, self._rest = (self._rest + data).split(b"\n")
        passed = bytearray()
        for number, line in enumerate(lines, start=1):
            passed += self._line(line)
            if self._is_over():
                body, self._rest = b"\n".join([*lines[number:], self._rest]), b""
                return bytes(passed) + body
        return bytes(passed)

    def _is_over(self) -> bool:
        return self._over

    def _line(self, line: bytes) -> bytes:
        line = line.removesuffix(b"\r")
        if self._status is None:
            self._status = line
        elif not line:
            self._end()
        else:
            line = self._field(line)
            if not line:
                return b""
        return line + b"\r\n"

    def _end(self) -> None:
        self._over = not _INFORMATIONAL.match(self._status or b"")
        self._status = self._continues = None

    def _field(self, line: bytes) -> bytes:
        """Return a header field as it was meant; nothing if it is none."""
        if line[:1] in {b" ", b"\t"} and self._continues is not None:
            return _CONTROLS.sub(b" ", line) if self._continues else b""
        name, colon, value = line.partition(b":")
        name = name.strip(b" \t")
        self._continues = bool(colon and _TOKEN.fullmatch(name))
        return name + b":" + _CONTROLS.sub(b" ", value) if self._continues else b""
