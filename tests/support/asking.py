"""Requests of methods that the SDK's client has no function for."""

from typing import Any

from mcp import Client
from mcp_types import Request
from pydantic import BaseModel


class Answer(BaseModel, extra="allow"):
    """A result as it is on the wire."""


async def ask(client: Client, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the result of any request."""
    request = Request[dict[str, Any], str](method=method, params=params or {})
    return (await client.session.send_request(request, Answer)).model_extra or {}
