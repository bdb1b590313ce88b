"""A line ⇄ a message, and what is answered to a line that is none."""

import json

from mcp_types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    RequestId,
    jsonrpc_message_adapter,
)
from pydantic import ValidationError

# The most bytes of a line, as of a body over HTTP: parsing a hostile megabyte holds the event loop
# up for half a second.
MAX_LINE = 2**20
# Bytes that may stand around a message, which is in braces and begins or ends with none of them.
_PADDING = b"\xef\xbb\xbf\0 \t\r\n"


class RefusedLineError(Exception):
    """A line is no message; `answer` says so to its sender."""

    def __init__(self, code: int, problem: str, number: RequestId | None = None) -> None:
        super().__init__(problem)
        error = ErrorData(code=code, message=problem)
        self.answer = JSONRPCError(jsonrpc="2.0", id=number, error=error)


def too_long() -> RefusedLineError:
    """Return the error for a line over the limit."""
    return RefusedLineError(INVALID_REQUEST, f"A message may have at most {MAX_LINE:,} bytes")


def without_padding(line: bytes) -> bytes:
    """Return a line without what other programs put around a message; nothing, if it is blank.

    That is a byte order mark, the carriage return of Windows, and the NUL that ends a string in C.
    """
    return line.strip(_PADDING)


def read_message(line: bytes) -> JSONRPCMessage:
    """Read a message from a line.

    Raises:
        RefusedLineError: It is none.
    """
    try:
        return _message(line)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if problem["type"] != "json_invalid":
        raise _refusal(line)
    try:
        return _message(_mended(line))
    except (ValueError, RecursionError):
        raise RefusedLineError(PARSE_ERROR, problem["msg"]) from None


def _message(line: bytes) -> JSONRPCMessage:
    message = jsonrpc_message_adapter.validate_json(line, by_name=False)
    if isinstance(message, JSONRPCNotification) and b'"id"' in line:
        _refuse_request_without_id(message, json.loads(line))
    return message


def _refuse_request_without_id(message: JSONRPCNotification, found: dict[str, object]) -> None:
    """Refuse a request whose id is null or a fraction: as a notification it would get no answer.

    A notification with `"id": null` comes from serialisers that write every field.
    """
    is_notification = message.method.startswith("notifications/") and found.get("id") is None
    if "id" in found and not is_notification:
        raise RefusedLineError(INVALID_REQUEST, "The id of a request is a string or an integer")


def _mended(line: bytes) -> bytes:
    """Return a line of JSON without what no JSON may have but some programs write.

    That is half of a surrogate pair, where a text was cut, bytes that are no UTF-8, and control
    characters as they are.

    Raises:
        ValueError: It is not JSON all the same.
    """
    found = json.loads(line.decode("utf-8", "replace"), strict=False)
    return json.dumps(found, ensure_ascii=False).encode("utf-8", "replace")


def _refusal(line: bytes) -> RefusedLineError:
    found = json.loads(line)
    if isinstance(found, list):
        text = "Batches are not supported: send one message a line"
        return RefusedLineError(INVALID_REQUEST, text)
    # A response is not answered: its id is that of a request of ours, which the client may use too.
    number = found.get("id") if isinstance(found, dict) and "method" in found else None
    return RefusedLineError(
        INVALID_REQUEST,
        "The line is no JSON-RPC 2.0 message",
        number if isinstance(number, str | int) and not isinstance(number, bool) else None,
    )


def write_message(message: JSONRPCMessage) -> bytes:
    """Write a message as a line."""
    return message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"
