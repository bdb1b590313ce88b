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

# As much as over HTTP: to parse a hostile megabyte takes the event loop half a second.
MAX_LINE = 2**20


class RefusedLineError(Exception):
    """A line is no message; `answer` says so to its sender."""

    def __init__(self, code: int, problem: str, number: RequestId | None = None) -> None:
        super().__init__(problem)
        error = ErrorData(code=code, message=problem)
        self.answer = JSONRPCError(jsonrpc="2.0", id=number, error=error)


def too_long() -> RefusedLineError:
    """Return the error for a line over the limit."""
    return RefusedLineError(INVALID_REQUEST, f"A message may have at most {MAX_LINE:,} bytes")


def read_message(line: bytes) -> JSONRPCMessage:
    """Read a message from a line.

    Raises:
        RefusedLineError: It is none.
    """
    try:
        message = jsonrpc_message_adapter.validate_json(line, by_name=False)
    except ValidationError as error:
        raise _refusal(line, error) from None
    # A request whose id is null or a fraction would pass for a notification and get no answer.
    if isinstance(message, JSONRPCNotification) and b'"id"' in line and "id" in json.loads(line):
        raise RefusedLineError(INVALID_REQUEST, "The id of a request is a string or an integer")
    return message


def _refusal(line: bytes, error: ValidationError) -> RefusedLineError:
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if problem["type"] == "json_invalid":
        return RefusedLineError(PARSE_ERROR, problem["msg"])
    found = json.loads(line)
    if isinstance(found, list):
        text = "Batches are not supported: send one message a line"
        return RefusedLineError(INVALID_REQUEST, text)
    # The id of a response is one of ours: an answer to it would be taken for another request's.
    number = found.get("id") if isinstance(found, dict) and "method" in found else None
    return RefusedLineError(
        INVALID_REQUEST,
        "The line is no JSON-RPC 2.0 message",
        number if isinstance(number, str | int) and not isinstance(number, bool) else None,
    )


def write_message(message: JSONRPCMessage) -> bytes:
    """Write a message as a line."""
    return message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"
